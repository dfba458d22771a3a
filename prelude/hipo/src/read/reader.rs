//! Readers: a file's dictionary, its index, and events one after the other or by number.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::container::header::{FileHeader, HEADER_BYTES};
use crate::container::index::{CutTail, ReaderIndex, by_walking, from_trailer};
use crate::container::record::Record;
use crate::content::dictionary::Dictionary;
use crate::content::event::Event;
use crate::model::error::{Error, Fault, Result};
use crate::model::schema::Schema;
use crate::read::scratch::Spare;
use crate::stream::{LocalFile, Stream};

/// How to open a file.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let options = hipo::ReaderOptions::default().record_tags([1]);
/// assert_eq!(hipo::Reader::open_with(&path, &options)?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReaderOptions {
    record_tags: Option<Vec<i64>>,
}

impl ReaderOptions {
    /// Only records of these tags; others are never read.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let options = hipo::ReaderOptions::default().record_tags([0, 1]);
    /// assert_eq!(hipo::Reader::open_with(&path, &options)?.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn record_tags(mut self, tags: impl IntoIterator<Item = i64>) -> Self {
        self.record_tags = Some(tags.into_iter().collect());
        self
    }
}

/// An open HIPO file. It is not changed by reading: threads may share it.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("run.hipo");
/// let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?;
/// let mut writer = hipo::Writer::builder().schema(schema)?.create(&path)?;
/// let mut particles = writer.bank("REC::Particle", 2)?;
/// particles.put("pid", 0, 11)?;
/// particles.put("px", 0, 0.5)?;
/// writer.write(hipo::EventBuilder::new().add_bank(&particles)?)?;
/// writer.finish()?;
///
/// let reader = hipo::Reader::open(&path)?;
/// let particle = reader.bank("REC::Particle")?;
/// let mut events = reader.events();
/// while let Some(event) = events.next()? {
///     let particles = event.bank(&particle)?;
///     assert_eq!(particles.get("pid", 0)?.as_i64(), Some(11));
/// }
/// assert_eq!(reader.read_columns("REC::Particle", &["px"])?.columns[0].values, hipo::Numbers::F32(vec![0.5, 0.0]));
/// # Ok(())
/// # }
/// ```
pub struct Reader {
    stream: Arc<dyn Stream>,
    header: FileHeader,
    dictionary: Dictionary,
    config: BTreeMap<String, String>,
    index: ReaderIndex,
    cut_tail: Option<CutTail>,
    /// What was found out about the trailer's index.
    note: Option<String>,
    decompressions: AtomicU64,
    spare: Spare,
}

impl Reader {
    /// Opens a local file: header, dictionary and index are read, records are not.
    ///
    /// # Errors
    /// When it is not a HIPO file, or its header, dictionary or trailer is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(hipo::Reader::open(&path)?.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, &ReaderOptions::default())
    }

    /// Opens a local file with options.
    ///
    /// # Errors
    /// As [`Reader::open`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let options = hipo::ReaderOptions::default().record_tags([0]);
    /// assert_eq!(hipo::Reader::open_with(&path, &options)?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_with(path: impl AsRef<Path>, options: &ReaderOptions) -> Result<Self> {
        let path = path.as_ref();
        let stream = LocalFile::open(path).map_err(|error| Error::in_file(&path.display().to_string(), error))?;
        Self::from_stream(Arc::new(stream), options)
    }

    /// Opens anything that has bytes.
    ///
    /// # Errors
    /// As [`Reader::open`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let file = hipo::MemoryFile::new("a message", std::fs::read(&path)?);
    /// let reader = hipo::Reader::from_stream(std::sync::Arc::new(file), &hipo::ReaderOptions::default())?;
    /// assert_eq!(reader.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_stream(stream: Arc<dyn Stream>, options: &ReaderOptions) -> Result<Self> {
        let header = read_file_header(&*stream)?;
        let (dictionary, config) = read_dictionary(&*stream, &header)?;
        let Found { mut index, cut_tail, note } = find_records(&*stream, &header)?;
        if let Some(tags) = &options.record_tags {
            index = index.filtered(|entry| tags.contains(&entry.tag));
        }
        Ok(Self {
            stream,
            header,
            dictionary,
            config,
            index,
            cut_tail,
            note,
            decompressions: AtomicU64::new(0),
            spare: Spare::default(),
        })
    }

    /// How errors name the file.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert!(reader.name().ends_with("run.hipo"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        self.stream.name()
    }

    /// The bytes behind it.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.stream().length(), std::fs::metadata(&path)?.len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stream(&self) -> &Arc<dyn Stream> {
        &self.stream
    }

    /// The file header.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.header().bit_info.version(), 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn header(&self) -> &FileHeader {
        &self.header
    }

    /// The schemas.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.dictionary().schemas()[0].name(), "REC::Particle");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// The schema of a bank.
    ///
    /// # Errors
    /// When the dictionary has none of this name.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.bank("REC::Particle")?.item(), 31);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bank(&self, name: &str) -> Result<Arc<Schema>> {
        self.dictionary.get(name).cloned().map_err(|fault| Error::in_file(self.name(), fault))
    }

    /// The user configuration: texts by key.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.config()["note"], "a test");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn config(&self) -> &BTreeMap<String, String> {
        &self.config
    }

    /// Where the records are; only those of the wanted tags.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.index().records().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn index(&self) -> &ReaderIndex {
        &self.index
    }

    /// Number of events.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> u64 {
        self.index.events()
    }

    /// Whether it has no events.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert!(!reader.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is behind the last whole record, when the writer was killed and the file ends inside a record.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert!(reader.cut_tail().is_none(), "the file was closed");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn cut_tail(&self) -> Option<&CutTail> {
        self.cut_tail.as_ref()
    }

    /// What a user should know although the file can be read: that it was never closed, and what is lost of it.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert!(reader.notes().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.header.trailer_position == 0 {
            let (records, events) = (self.index.records().len(), self.len());
            let name = self.name();
            notes.push(format!("{name}: never closed by its writer; {records} records, {events} events are whole"));
        }
        notes.extend(self.note.iter().map(|note| format!("{}: {note}", self.name())));
        if let Some(tail) = &self.cut_tail {
            notes.push(format!(
                "{}: record {} at byte {} is cut and left out ({} bytes): {}",
                self.name(),
                tail.record,
                tail.offset,
                tail.bytes,
                tail.why
            ));
        }
        notes
    }

    pub(crate) fn spare(&self) -> &Spare {
        &self.spare
    }

    /// How many records were decompressed so far: each once per pass, none that nothing asked for.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let before = reader.decompressions();
    /// reader.read_columns("REC::Particle", &["pid"])?;
    /// assert_eq!(reader.decompressions() - before, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn decompressions(&self) -> u64 {
        self.decompressions.load(Ordering::Relaxed)
    }

    /// Reads the record number `number` (from 0) into `record`.
    ///
    /// # Errors
    /// When it is damaged, or is not what the index says.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let mut record = hipo::Record::new();
    /// reader.load(1, &mut record)?;
    /// assert_eq!(record.event(0)?.tag(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(&self, number: usize, record: &mut Record) -> Result<()> {
        let Some(entry) = self.index.records().get(number) else {
            let count = self.index.records().len();
            return Err(Error::in_file(self.name(), Fault::Argument(format!("no record {number}, there are {count}"))));
        };
        self.decompressions.fetch_add(1, Ordering::Relaxed);
        let held = self.stream.hold(entry.position, entry.length);
        let _held = held.map_err(|error| Error::in_file(self.name(), error))?;
        record.load(&*self.stream, entry.position, number)?;
        let stated = record.header().map(|header| (header.length(), u64::from(header.event_count)));
        if stated != Some((entry.length, entry.events)) {
            let (length, events) = stated.unwrap_or_default();
            let what = format!(
                "the record has {length} bytes and {events} events, the trailer's index says {} and {}",
                entry.length, entry.events
            );
            return Err(Fault::Damaged(what).at(record.place()));
        }
        Ok(())
    }

    /// A cursor over the events, at the first.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.events().position(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn events(&self) -> Events<'_> {
        Events { reader: self, record: Record::new(), loaded: None, next: 0, tags: None }
    }
}

/// A cursor over a file's events. It holds one decompressed record and reads the next when it is needed.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let mut events: hipo::Events = reader.events();
/// let mut tags = Vec::new();
/// while let Some(event) = events.next()? {
///     tags.push(event.tag());
/// }
/// assert_eq!(tags, [0, 0, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Events<'r> {
    reader: &'r Reader,
    record: Record,
    loaded: Option<usize>,
    next: u64,
    tags: Option<Vec<i32>>,
}

impl Events<'_> {
    /// Only events of these tags.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = std::sync::Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// # let mut writer = hipo::Writer::builder().schema(schema.clone())?.create(&path)?;
    /// # for tag in [0, 1, 0] {
    /// #     let mut particles = writer.bank("REC::Particle", 1)?;
    /// #     particles.put("pid", 0, 11)?;
    /// #     writer.write(hipo::EventBuilder::new().add_bank(&particles)?.set_tag(tag))?;
    /// # }
    /// # writer.finish()?;
    /// # let reader = hipo::Reader::open(&path)?;
    /// let mut events = reader.events().with_tags([1]);
    /// assert!(events.next()?.is_some() && events.next()?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_tags(mut self, tags: impl IntoIterator<Item = i32>) -> Self {
        self.tags = Some(tags.into_iter().collect());
        self
    }

    /// The next event; `None` after the last.
    ///
    /// # Errors
    /// When its record is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let mut events = reader.events();
    /// assert_eq!(events.next()?.map(|event| event.tag()), Some(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(
        clippy::should_implement_trait,
        reason = "the event borrows the cursor's record: no Iterator can say that"
    )]
    pub fn next(&mut self) -> Result<Option<Event<'_>>> {
        loop {
            let Some((record, inside)) = self.reader.index.find(self.next) else { return Ok(None) };
            self.next += 1;
            self.load(record)?;
            let tag = self.record.event(inside)?.tag();
            if self.tags.as_ref().is_none_or(|tags| tags.contains(&tag)) {
                return self.record.event(inside).map(Some);
            }
        }
    }

    /// The event number `event`, from 0 in file order; the cursor then is after it.
    ///
    /// # Errors
    /// When there is none, or its record is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let mut events = reader.events();
    /// assert_eq!(events.goto(2)?.tag(), 1);
    /// assert!(events.next()?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn goto(&mut self, event: u64) -> Result<Event<'_>> {
        let Some((record, inside)) = self.reader.index.find(event) else {
            let fault = Fault::Argument(format!("no event {event}, there are {}", self.reader.len()));
            return Err(Error::in_file(self.reader.name(), fault));
        };
        self.load(record)?;
        self.next = event + 1;
        self.record.event(inside)
    }

    /// Back to the first event.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = std::sync::Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// # let mut writer = hipo::Writer::builder().schema(schema.clone())?.create(&path)?;
    /// # for tag in [0, 1, 0] {
    /// #     let mut particles = writer.bank("REC::Particle", 1)?;
    /// #     particles.put("pid", 0, 11)?;
    /// #     writer.write(hipo::EventBuilder::new().add_bank(&particles)?.set_tag(tag))?;
    /// # }
    /// # writer.finish()?;
    /// # let reader = hipo::Reader::open(&path)?;
    /// let mut events = reader.events();
    /// while events.next()?.is_some() {}
    /// events.rewind();
    /// assert_eq!(events.position(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rewind(&mut self) {
        self.next = 0;
    }

    /// Number of the event that comes next.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let mut events = reader.events();
    /// events.goto(1)?;
    /// assert_eq!(events.position(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn position(&self) -> u64 {
        self.next
    }

    fn load(&mut self, record: usize) -> Result<()> {
        if self.loaded != Some(record) {
            self.loaded = None;
            self.reader.load(record, &mut self.record)?;
            self.loaded = Some(record);
        }
        Ok(())
    }
}

/// The records of a file, and how they were found.
struct Found {
    index: ReaderIndex,
    cut_tail: Option<CutTail>,
    note: Option<String>,
}

/// Finds the records by the trailer's index. It is not believed where it leaves a part of the file out: then the records
/// are walked, and those that are found count.
fn find_records(stream: &dyn Stream, header: &FileHeader) -> Result<Found> {
    if header.trailer_position == 0 {
        let (index, cut_tail) = by_walking(stream, header)?;
        return Ok(Found { index, cut_tail, note: None });
    }
    let index = from_trailer(stream, header)?;
    if index.is_complete(header) {
        return Ok(Found { index, cut_tail: None, note: None });
    }
    let (listed, events) = (index.records().len(), index.events());
    match by_walking(stream, header) {
        Ok((walked, cut_tail)) if walked.records() != index.records() => {
            let (records, all) = (walked.records().len(), walked.events());
            let note = format!(
                "the trailer's index lists {listed} records with {events} events, the file has {records} with {all}: \
                 those of the file are read"
            );
            Ok(Found { index: walked, cut_tail, note: Some(note) })
        }
        Ok(_) => Ok(Found { index, cut_tail: None, note: None }),
        // Without a single record in the index, nothing of the file would be read: that is an error, not a note.
        Err(error) if listed == 0 => Err(error),
        Err(error) => {
            let note = format!(
                "the trailer's index lists {listed} records and leaves parts of the file out, which cannot be walked ({})",
                error.fault
            );
            Ok(Found { index, cut_tail: None, note: Some(note) })
        }
    }
}

pub(crate) fn read_file_header(stream: &dyn Stream) -> Result<FileHeader> {
    let mut bytes = [0; HEADER_BYTES];
    let length = usize::try_from(stream.length()).unwrap_or(usize::MAX).min(HEADER_BYTES);
    let bytes = &mut bytes[..length];
    stream.read_at(0, bytes).map_err(|error| Error::in_file(stream.name(), error))?;
    FileHeader::parse(bytes).map_err(|fault| Error::in_file(stream.name(), fault))
}

pub(crate) fn read_dictionary(
    stream: &dyn Stream,
    header: &FileHeader,
) -> Result<(Dictionary, BTreeMap<String, String>)> {
    let (mut dictionary, mut config) = (Dictionary::default(), BTreeMap::new());
    if header.user_header_length == 0 {
        return Ok((dictionary, config));
    }
    let mut record = Record::new();
    let describe = |error: Error| Error {
        place: Box::new(crate::model::error::Place { record: None, ..*error.place }),
        fault: match error.fault {
            Fault::Damaged(what) => Fault::Damaged(format!("the dictionary record: {what}")),
            other => other,
        },
    };
    record.load(stream, header.dictionary_position(), 0).map_err(describe)?;
    for event in record.events() {
        dictionary.read_event(&event.map_err(describe)?, &mut config).map_err(describe)?;
    }
    Ok((dictionary, config))
}
