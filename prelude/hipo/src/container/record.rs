//! Records: the unit of reading and decompressing.

use crate::container::compression::Compression;
use crate::container::header::{HEADER_BYTES, RecordHeader};
use crate::content::event::{Event, Origin};
use crate::model::error::{Fault, Place, Result};
use crate::stream::Stream;

/// One decompressed record. Made once and filled again and again: its memory is that of the largest record.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let mut record = hipo::Record::new();
/// reader.load(0, &mut record)?;
/// assert_eq!(record.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Record {
    file: String,
    number: usize,
    position: u64,
    header: Option<RecordHeader>,
    stored: Vec<u8>,
    body: Vec<u8>,
    /// Where each event starts in `body`, and after the last one where it ends.
    bounds: Vec<usize>,
}

impl Default for Record {
    fn default() -> Self {
        Self::new()
    }
}

impl Record {
    /// An empty one.
    ///
    /// ```
    /// assert!(hipo::Record::new().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self {
            file: String::new(),
            number: 0,
            position: 0,
            header: None,
            stored: Vec::new(),
            body: Vec::new(),
            bounds: vec![0],
        }
    }

    /// Reads and decompresses the record at `position`; errors count it as number `number`, from 0.
    ///
    /// # Errors
    /// When the stream fails or the record is damaged; the record is empty then.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let mut record = hipo::Record::new();
    /// record.load(&**reader.stream(), reader.index().records()[1].position, 1)?;
    /// assert_eq!((record.number(), record.len()), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(&mut self, stream: &dyn Stream, position: u64, number: usize) -> Result<()> {
        if self.file != stream.name() {
            self.file = stream.name().into();
        }
        (self.number, self.position, self.header) = (number, position, None);
        self.bounds.clear();
        self.bounds.push(0);
        match self.fill(stream) {
            Ok(()) => Ok(()),
            Err(fault) => {
                self.header = None;
                self.bounds.truncate(1);
                Err(fault.at(self.place()))
            }
        }
    }

    fn fill(&mut self, stream: &dyn Stream) -> Result<(), Fault> {
        let header = read_header(stream, self.position)?;
        let compression = Compression::from_code(header.compression())?;
        let skipped = 4 * u64::from(header.header_words);
        let mut length = usize::try_from(header.length() - skipped)
            .map_err(|_| Fault::Damaged(format!("a record of {} bytes", header.length())))?;
        if matches!(compression, Compression::Lz4 | Compression::Lz4High) {
            length = length.saturating_sub(header.bit_info.compressed_pad() as usize);
        }
        let start = self.position + skipped;
        let stored = match stream.bytes(start, length) {
            Some(bytes) => bytes,
            None => {
                if self.stored.len() < length {
                    self.stored.resize(length, 0);
                }
                stream.read_at(start, &mut self.stored[..length])?;
                &self.stored[..length]
            }
        };
        compression.unpack(stored, header.body_length(), &mut self.body)?;
        index_events(&header, &self.body, &mut self.bounds)?;
        self.header = Some(header);
        Ok(())
    }

    /// The record's place in its file.
    pub(crate) fn place(&self) -> Place {
        Place { file: self.file.clone(), record: Some(self.number + 1), offset: Some(self.position), event: None }
    }

    /// Its header; `None` before the first load and after a failed one.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let mut record = hipo::Record::new();
    /// # reader.load(0, &mut record)?;
    /// assert_eq!(record.header().unwrap().event_count, 2);
    /// assert!(hipo::Record::new().header().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn header(&self) -> Option<&RecordHeader> {
        self.header.as_ref()
    }

    /// Its number in the file, from 0.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let mut record = hipo::Record::new();
    /// # reader.load(0, &mut record)?;
    /// assert_eq!(record.number(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// Its absolute position in the file.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let mut record = hipo::Record::new();
    /// # reader.load(0, &mut record)?;
    /// assert_eq!(record.position(), reader.index().records()[0].position);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Number of events.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let mut record = hipo::Record::new();
    /// # reader.load(0, &mut record)?;
    /// assert_eq!(record.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Whether it has none.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let mut record = hipo::Record::new();
    /// # reader.load(0, &mut record)?;
    /// assert!(!record.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The event number `index`, from 0.
    ///
    /// # Errors
    /// When there is none, or it is shorter than its header.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let mut record = hipo::Record::new();
    /// # reader.load(0, &mut record)?;
    /// assert_eq!(record.event(1)?.tag(), 0);
    /// assert!(record.event(2).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn event(&self, index: usize) -> Result<Event<'_>> {
        let (Some(header), Some(bytes)) = (&self.header, self.event_bytes(index)) else {
            let fault = Fault::Argument(format!("no event {index}, there are {}", self.len()));
            return Err(fault.at(self.place()));
        };
        Event::new(bytes, header.order, self.origin(index))
    }

    /// The bytes of an event as the index bounds them, unchecked. `None` beyond the last.
    #[must_use]
    pub(crate) fn event_bytes(&self, index: usize) -> Option<&[u8]> {
        let (start, end) = (self.bounds.get(index)?, self.bounds.get(index + 1)?);
        self.body.get(*start..*end)
    }

    pub(crate) fn origin(&self, event: usize) -> Origin<'_> {
        Origin { file: &self.file, record: self.number, offset: self.position, event }
    }

    /// The decompressed body: index, user header, events. Longer than the record when an earlier one was.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Where in the body the event `index` starts; the caller has had the event.
    pub(crate) fn event_start(&self, index: usize) -> usize {
        self.bounds[index]
    }

    /// The events in order.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let mut record = hipo::Record::new();
    /// # reader.load(0, &mut record)?;
    /// assert_eq!(record.events().count(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn events(&self) -> impl Iterator<Item = Result<Event<'_>>> {
        (0..self.len()).map(|index| self.event(index))
    }

    /// Bytes after the last event that no event owns: more than 0 is odd.
    pub(crate) fn unclaimed(&self) -> u64 {
        let end = self.bounds.last().copied().unwrap_or(0) as u64;
        self.header.as_ref().map_or(0, |header| header.body_length().saturating_sub(end))
    }
}

/// The header of the record at `position`, checked against the end of the file.
pub(crate) fn read_header(stream: &dyn Stream, position: u64) -> Result<RecordHeader, Fault> {
    let left = stream.length().checked_sub(position).ok_or_else(|| {
        Fault::Damaged(format!("a record must start here, but the file ends at byte {}", stream.length()))
    })?;
    let mut bytes = [0; HEADER_BYTES];
    if left < HEADER_BYTES as u64 {
        return Err(Fault::Damaged(format!("the file ends {left} bytes into a record header of {HEADER_BYTES}")));
    }
    stream.read_at(position, &mut bytes)?;
    let header = RecordHeader::parse(&bytes)?;
    if header.length() > left {
        return Err(Fault::Damaged(format!(
            "the record has {} bytes, the file ends after {left} of them",
            header.length()
        )));
    }
    Ok(header)
}

/// Sums up the event lengths at the front of a body.
fn index_events(header: &RecordHeader, body: &[u8], bounds: &mut Vec<usize>) -> Result<(), Fault> {
    let end = header.body_length();
    let mut at = header.events_start();
    bounds.clear();
    bounds.reserve(header.event_count as usize + 1);
    // Both fit: the body is in memory.
    bounds.push(at as usize);
    let lengths = &body[..4 * header.event_count as usize];
    for (number, word) in lengths.chunks_exact(4).enumerate() {
        let length = header.order.u32(word, 0);
        at += u64::from(length);
        if at > end {
            return Err(Fault::Damaged(format!(
                "event {} says it has {length} bytes and ends {} bytes behind the record's data",
                number + 1,
                at - end
            )));
        }
        bounds.push(at as usize);
    }
    Ok(())
}
