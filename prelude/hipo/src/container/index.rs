//! The reader index: where the records are and how many events come before each.

use crate::container::header::FileHeader;
use crate::container::record::{Record, read_header};
use crate::model::error::{Error, Fault, Result};
use crate::model::order::ByteOrder;
use crate::model::schema::{ColumnType, Schema};
use crate::stream::Stream;

/// Numbers of the index bank in the trailer.
pub(crate) const INDEX_NUMBERS: (u16, u8) = (32111, 1);

/// One record of a file.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let first: &hipo::IndexEntry = &reader.index().records()[0];
/// assert_eq!((first.events, first.tag), (2, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// Absolute byte offset.
    pub position: u64,
    /// Length in bytes, header included.
    pub length: u64,
    /// Number of events.
    pub events: u64,
    /// The tag its events share.
    pub tag: i64,
    /// The second user register.
    pub user_register: i64,
}

/// Where a file's records are.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let index: &hipo::ReaderIndex = reader.index();
/// assert_eq!((index.records().len(), index.events()), (2, 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReaderIndex {
    entries: Vec<IndexEntry>,
    /// Events before each record, and at the end all.
    cumulative: Vec<u64>,
}

impl ReaderIndex {
    pub(crate) fn new(entries: Vec<IndexEntry>) -> Self {
        let mut cumulative = Vec::with_capacity(entries.len() + 1);
        cumulative.push(0);
        let mut total = 0_u64;
        for entry in &entries {
            total += entry.events;
            cumulative.push(total);
        }
        Self { entries, cumulative }
    }

    /// The records in file order.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.index().records()[1].tag, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn records(&self) -> &[IndexEntry] {
        &self.entries
    }

    /// Number of events in all records.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.index().events(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn events(&self) -> u64 {
        self.cumulative.last().copied().unwrap_or(0)
    }

    /// Number of events before record `record`.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.index().first_event(1), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn first_event(&self, record: usize) -> u64 {
        self.cumulative.get(record).copied().unwrap_or_else(|| self.events())
    }

    /// The record of event number `event` (from 0) and the event's place in it.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.index().find(2), Some((1, 0)));
    /// assert_eq!(reader.index().find(3), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn find(&self, event: u64) -> Option<(usize, usize)> {
        if event >= self.events() {
            return None;
        }
        let record = self.cumulative.partition_point(|first| *first <= event) - 1;
        usize::try_from(event - self.cumulative[record]).ok().map(|inside| (record, inside))
    }

    /// Without the records `keep` does not want.
    pub(crate) fn filtered(&self, keep: impl Fn(&IndexEntry) -> bool) -> Self {
        Self::new(self.entries.iter().filter(|entry| keep(entry)).cloned().collect())
    }
}

/// The layout of the index bank; it is in no dictionary.
pub(crate) fn index_schema() -> Result<Schema, Fault> {
    Schema::new("file::index", INDEX_NUMBERS.0, INDEX_NUMBERS.1)?
        .column("position", ColumnType::I64, 1)?
        .column("length", ColumnType::I32, 1)?
        .column("entries", ColumnType::I32, 1)?
        .column("userWordOne", ColumnType::I64, 1)?
        .column("userWordTwo", ColumnType::I64, 1)
}

/// Reads the index from the trailer.
pub(crate) fn from_trailer(stream: &dyn Stream, header: &FileHeader) -> Result<ReaderIndex> {
    let mut trailer = Record::new();
    let describe = |error: Error| Error {
        place: Box::new(crate::model::error::Place { record: None, ..*error.place }),
        fault: match error.fault {
            Fault::Damaged(what) => Fault::Damaged(format!("the trailer (record index): {what}")),
            other => other,
        },
    };
    trailer.load(stream, header.trailer_position, 0).map_err(describe)?;
    let schema = index_schema().map_err(|fault| Error::in_file(stream.name(), fault))?;
    let mut entries = Vec::new();
    for event in trailer.events() {
        let bank = event.map_err(describe)?;
        let bank = bank.bank(&schema).map_err(describe)?;
        for row in 0..bank.rows() {
            let word = |column: usize| bank.at(column, row).and_then(|number| number.as_i64());
            let entry = entry(stream, header, [word(0), word(1), word(2), word(3), word(4)]);
            entries.push(entry.map_err(|fault| {
                let place = crate::model::error::Place { record: Some(row + 1), ..trailer.place() };
                fault.at(place)
            })?);
        }
    }
    Ok(ReaderIndex::new(entries))
}

fn entry(stream: &dyn Stream, header: &FileHeader, words: [Option<i64>; 5]) -> Result<IndexEntry, Fault> {
    let [Some(position), Some(length), Some(events), Some(tag), Some(user_register)] = words else {
        return Err(Fault::Damaged("the index bank of the trailer is cut".into()));
    };
    let unsigned = |what: &str, value: i64| {
        u64::try_from(value).map_err(|_| Fault::Damaged(format!("the trailer's index says its {what} is {value}")))
    };
    let (position, length) = (unsigned("position", position)?, unsigned("length", length)?);
    let events = unsigned("number of events", events)?;
    let inside = position.checked_add(length).is_some_and(|end| end <= stream.length());
    // Every event has a length word in the record; gzip, the best of the compressions, shrinks by 1032 at most.
    let possible = events <= length.saturating_mul(1032) / 4;
    if !inside || !possible || position < header.dictionary_position() {
        return Err(Fault::Damaged(format!(
            "the trailer's index says the record is at byte {position}, {length} bytes long, with {events} events; \
             the file has {} bytes",
            stream.length()
        )));
    }
    Ok(IndexEntry { position, length, events, tag, user_register })
}

/// What is behind the last whole record of a file that was never closed.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let mut bytes = std::fs::read(&path)?;
/// # bytes[40..48].fill(0); // where the trailer is: nowhere
/// # let end = reader.index().records()[1].position as usize + 20;
/// std::fs::write(&path, &bytes[..end])?; // as a writer leaves it that was killed
/// let reader = hipo::Reader::open(&path)?;
/// let tail: &hipo::CutTail = reader.cut_tail().unwrap();
/// assert_eq!((reader.len(), tail.bytes), (2, 20));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutTail {
    /// Number of the record that is cut, counted from 1.
    pub record: usize,
    /// Where it starts.
    pub offset: u64,
    /// Bytes from there to the end of the file.
    pub bytes: u64,
    /// What is wrong with it.
    pub why: String,
}

impl ReaderIndex {
    /// Whether its records lie one behind the other from the dictionary to the trailer, as all writers put them.
    pub(crate) fn is_complete(&self, header: &FileHeader) -> bool {
        let mut spans: Vec<(u64, u64)> = self.entries.iter().map(|entry| (entry.position, entry.length)).collect();
        spans.sort_unstable();
        let end = spans.iter().try_fold(header.data_position(), |end, (position, length)| {
            (*position == end).then_some(position + length)
        });
        // A trailer in front of its records would be a layout that nobody writes: nothing is known of it.
        end == Some(header.trailer_position) || header.trailer_position < header.data_position()
    }
}

/// Walks the records of a file without trailer, or up to it. A tail that is cut is told, damage before the end is an error.
pub(crate) fn by_walking(stream: &dyn Stream, header: &FileHeader) -> Result<(ReaderIndex, Option<CutTail>)> {
    let mut entries: Vec<IndexEntry> = Vec::new();
    let mut position = header.data_position();
    let end = if header.trailer_position == 0 { stream.length() } else { header.trailer_position.min(stream.length()) };
    while position < end {
        match read_header(stream, position) {
            Ok(record) => {
                entries.push(IndexEntry {
                    position,
                    length: record.length(),
                    events: record.event_count.into(),
                    tag: record.tag,
                    user_register: record.user_register,
                });
                position += record.length();
            }
            Err(Fault::Damaged(why)) if is_cut(stream, position) => {
                let bytes = stream.length() - position;
                let tail = CutTail { record: entries.len() + 1, offset: position, bytes, why };
                return Ok((ReaderIndex::new(entries), Some(tail)));
            }
            Err(fault) => {
                let place = crate::model::error::Place {
                    file: stream.name().into(),
                    record: Some(entries.len() + 1),
                    offset: Some(position),
                    event: None,
                };
                return Err(fault.at(place));
            }
        }
    }
    Ok((ReaderIndex::new(entries), None))
}

/// Whether the file ends inside the record at `position`, as against the record being wrong.
fn is_cut(stream: &dyn Stream, position: u64) -> bool {
    let left = stream.length() - position;
    let mut magic = [0; 4];
    if left < 32 {
        return true;
    }
    let both = [ByteOrder::Little, ByteOrder::Big];
    stream.read_at(position + 28, &mut magic).is_ok()
        && both.into_iter().any(|order| order.u32(&magic, 0) == crate::container::header::MAGIC)
}
