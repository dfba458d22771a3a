//! Record builders: events gathered until they are a record.

use crate::container::compression::Compression;
use crate::container::header::{BitInfo, HEADER_BYTES, RecordHeader};
use crate::model::error::Fault;
use crate::model::order::ByteOrder;

/// A record is written when it has this many events,
pub const MAX_EVENTS: usize = 100_000;
/// or this many bytes of events.
pub const MAX_BYTES: usize = 8 << 20;

/// Gathers events of one tag.
///
/// ```
/// let mut record = hipo::RecordBuilder::new(0);
/// record.push(&[0; 16])?;
/// assert_eq!(record.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RecordBuilder {
    tag: i64,
    max_events: usize,
    max_bytes: usize,
    lengths: Vec<u8>,
    data: Vec<u8>,
}

impl RecordBuilder {
    /// An empty record of this tag that is full at 100,000 events or 8 MiB.
    ///
    /// ```
    /// assert_eq!(hipo::RecordBuilder::new(7).tag(), 7);
    /// ```
    #[must_use]
    pub fn new(tag: i64) -> Self {
        Self::with_limits(tag, MAX_EVENTS, MAX_BYTES)
    }

    /// An empty record that is full at `max_events` events or `max_bytes` bytes of them; at least one event fits always.
    #[must_use]
    pub(crate) fn with_limits(tag: i64, max_events: usize, max_bytes: usize) -> Self {
        Self { tag, max_events: max_events.max(1), max_bytes, lengths: Vec::new(), data: Vec::new() }
    }

    /// Whether an event of `length` bytes still fits. An empty record takes any.
    ///
    /// ```
    /// let mut record = hipo::RecordBuilder::new(0);
    /// assert!(record.fits(hipo::MAX_BYTES + 1), "an empty record takes any");
    /// record.push(&[0; 16])?;
    /// assert!(!record.fits(hipo::MAX_BYTES));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn fits(&self, length: usize) -> bool {
        self.is_empty() || (self.len() < self.max_events && self.data.len() + length <= self.max_bytes)
    }

    /// Appends an event's bytes.
    ///
    /// # Errors
    /// When the event has 2 GiB or more, which no compression takes.
    ///
    /// ```
    /// let mut record = hipo::RecordBuilder::new(0);
    /// record.push(&[0; 16])?;
    /// assert!(!record.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn push(&mut self, event: &[u8]) -> Result<(), Fault> {
        let total = self.data.len() + self.lengths.len() + 4 + event.len();
        let length = i32::try_from(total).ok().and(u32::try_from(event.len()).ok()).ok_or_else(|| {
            Fault::Argument(format!("an event of {} bytes: a record holds less than 2 GiB", event.len()))
        })?;
        self.lengths.extend_from_slice(&length.to_le_bytes());
        self.data.extend_from_slice(event);
        Ok(())
    }

    /// Number of events.
    ///
    /// ```
    /// assert_eq!(hipo::RecordBuilder::new(0).len(), 0);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.lengths.len() / 4
    }

    /// Whether there are none.
    ///
    /// ```
    /// assert!(hipo::RecordBuilder::new(0).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// The tag of the record.
    ///
    /// ```
    /// assert_eq!(hipo::RecordBuilder::new(7).tag(), 7);
    /// ```
    #[must_use]
    pub fn tag(&self) -> i64 {
        self.tag
    }

    /// Empties it, keeping its memory.
    ///
    /// ```
    /// let mut record = hipo::RecordBuilder::new(7);
    /// record.push(&[0; 16])?;
    /// record.clear();
    /// assert_eq!((record.len(), record.tag()), (0, 7));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear(&mut self) {
        self.lengths.clear();
        self.data.clear();
    }

    /// The record as it is stored. `number` is the one in its header.
    ///
    /// # Errors
    /// When the compression fails.
    ///
    /// ```
    /// let mut record = hipo::RecordBuilder::new(0);
    /// record.push(&[0; 16])?;
    /// let bytes = record.build(1, hipo::Compression::Lz4)?;
    /// assert_eq!(hipo::RecordHeader::parse(&bytes)?.event_count, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build(&self, number: u32, compression: Compression) -> Result<Vec<u8>, Fault> {
        let mut body = Vec::with_capacity(self.lengths.len() + self.data.len());
        body.extend_from_slice(&self.lengths);
        body.extend_from_slice(&self.data);
        let stored = compression.pack(&body)?;
        let pad = (4 - stored.len() % 4) % 4;
        let words = (stored.len() + pad) / 4;
        // The words fit: a body has less than 2 GiB. Java and C++ take uncompressed bytes' pad from bits 22-23.
        let pads = if compression == Compression::None { (pad as u32) << 22 } else { (pad as u32) << 24 };
        let compressed_words = if compression == Compression::None { 0 } else { words as u32 };
        let header = RecordHeader {
            record_words: (words + HEADER_BYTES / 4) as u32,
            number,
            header_words: 14,
            event_count: self.len() as u32,
            index_length: self.lengths.len() as u32,
            bit_info: BitInfo(4 << 28 | pads | 6),
            user_header_length: 0,
            data_length: self.data.len() as u32,
            compression_word: u32::from(compression.code()) << 28 | compressed_words,
            tag: self.tag,
            user_register: 0,
            order: ByteOrder::Little,
        };
        let mut out = header.to_bytes();
        out.extend_from_slice(&stored);
        out.resize(out.len() + pad, 0);
        Ok(out)
    }
}
