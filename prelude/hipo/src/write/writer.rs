//! Writers: events into records by tag, records into a file that appears whole or not at all.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::container::builder::{MAX_BYTES, MAX_EVENTS, RecordBuilder};
use crate::container::compression::Compression;
use crate::container::header::{BitInfo, FileHeader};
use crate::container::index::{IndexEntry, index_schema};
use crate::content::bank::BankBuilder;
use crate::content::dictionary::Dictionary;
use crate::content::event::Event;
use crate::content::event_builder::{EventBuilder, little_endian};
use crate::content::structure::Numbers;
use crate::model::error::{Error, Fault, Result};
use crate::model::order::ByteOrder;
use crate::model::schema::{MAX_STRUCTURE, Schema};
use crate::model::threads::default_threads;

/// What a file is to be like. Schemas are fixed when it is created.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let builder: hipo::WriterBuilder = hipo::Writer::builder().limits(1000, 1 << 20);
/// assert!(builder.create(folder.path().join("new.hipo")).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct WriterBuilder {
    dictionary: Dictionary,
    config: BTreeMap<String, String>,
    compression: Compression,
    max_events: usize,
    max_bytes: usize,
    threads: usize,
}

impl Default for WriterBuilder {
    fn default() -> Self {
        Self {
            dictionary: Dictionary::default(),
            config: BTreeMap::new(),
            compression: Compression::default(),
            max_events: MAX_EVENTS,
            max_bytes: MAX_BYTES,
            threads: default_threads(),
        }
    }
}

impl WriterBuilder {
    /// With one more schema.
    ///
    /// # Errors
    /// When its name is taken by another layout.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// let builder = hipo::Writer::builder().schema(schema)?;
    /// assert!(builder.schema(hipo::Schema::parse("{REC::Particle/300/31}{other/F}")?).is_err(), "the name is taken");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn schema(mut self, schema: impl Into<Arc<Schema>>) -> Result<Self> {
        self.dictionary.add(schema)?;
        Ok(self)
    }

    /// With all schemas of a dictionary.
    ///
    /// # Errors
    /// When a name is taken by another layout.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let writer = hipo::Writer::builder().dictionary(reader.dictionary())?.create(folder.path().join("new.hipo"))?;
    /// assert!(writer.bank("REC::Particle", 1).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dictionary(mut self, dictionary: &Dictionary) -> Result<Self> {
        self.dictionary = self.dictionary.union(dictionary)?;
        Ok(self)
    }

    /// With a text of the user configuration.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// hipo::Writer::builder().config("note", "hello").create(folder.path().join("new.hipo"))?.finish()?;
    /// assert_eq!(hipo::Reader::open(folder.path().join("new.hipo"))?.config()["note"], "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn config(mut self, key: &str, value: &str) -> Self {
        self.config.insert(key.into(), value.into());
        self
    }

    /// With this compression instead of LZ4, the only one C++ can read.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let builder = hipo::Writer::builder().compression(hipo::Compression::None);
    /// assert!(builder.create(folder.path().join("new.hipo"))?.finish().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Records end at this many events or bytes instead of 100,000 or 8 MiB.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let mut writer = hipo::Writer::builder().limits(1, 1 << 20).create(folder.path().join("new.hipo"))?;
    /// for _ in 0..3 {
    ///     writer.write(&mut hipo::EventBuilder::new())?;
    /// }
    /// assert_eq!(writer.finish()?.records, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn limits(mut self, max_events: usize, max_bytes: usize) -> Self {
        (self.max_events, self.max_bytes) = (max_events, max_bytes);
        self
    }

    /// Compresses this many records at once; 8 MiB of memory each.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let writer = hipo::Writer::builder().threads(2).create(folder.path().join("new.hipo"))?;
    /// assert_eq!(writer.finish()?.events, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Creates the file. It appears under its name when it is finished; until then its bytes are beside it.
    ///
    /// # Errors
    /// When the system refuses.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert!(hipo::Writer::builder().create(folder.path().join("no folder/new.hipo")).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(self, path: impl AsRef<Path>) -> Result<Writer> {
        Writer::create(path.as_ref(), self)
    }
}

/// What was written.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let fresh = hipo::Writer::builder().dictionary(reader.dictionary())?.create(folder.path().join("new.hipo"))?;
/// let summary: hipo::WriteSummary = fresh.finish()?;
/// assert_eq!((summary.events, summary.records), (0, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteSummary {
    /// Number of events.
    pub events: u64,
    /// Number of records.
    pub records: usize,
    /// Length of the file in bytes.
    pub bytes: u64,
}

/// Writes a HIPO file. Dropped unfinished, it leaves nothing behind.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let mut writer = hipo::Writer::builder().dictionary(reader.dictionary())?.create(folder.path().join("new.hipo"))?;
/// let particles = writer.bank("REC::Particle", 1)?;
/// writer.write(hipo::EventBuilder::new().add_bank(&particles)?)?;
/// assert_eq!(writer.finish()?.events, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Writer {
    path: PathBuf,
    partial: PathBuf,
    file: Option<BufWriter<File>>,
    builder: WriterBuilder,
    header: FileHeader,
    open: BTreeMap<i64, RecordBuilder>,
    full: Vec<RecordBuilder>,
    index: Vec<IndexEntry>,
    position: u64,
}

impl Writer {
    /// What a file is to be like.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let writer = hipo::Writer::builder().config("note", "empty").create(folder.path().join("new.hipo"))?;
    /// assert!(writer.dictionary().schemas().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn builder() -> WriterBuilder {
        WriterBuilder::default()
    }

    fn create(path: &Path, builder: WriterBuilder) -> Result<Self> {
        let name = path.display().to_string();
        let partial = partial_path(path).map_err(|fault| Error::in_file(&name, fault))?;
        let file = File::create_new(&partial).map_err(|error| Error::in_file(&partial.display().to_string(), error))?;
        let mut writer = Self {
            path: path.into(),
            partial,
            file: Some(BufWriter::with_capacity(1 << 20, file)),
            builder,
            header: new_header(),
            open: BTreeMap::new(),
            full: Vec::new(),
            index: Vec::new(),
            position: 0,
        };
        let begun = writer.write_front();
        begun.map_err(|fault| Error::in_file(&name, fault))?;
        Ok(writer)
    }

    /// The header and the dictionary.
    fn write_front(&mut self) -> Result<(), Fault> {
        let mut record = RecordBuilder::with_limits(0, usize::MAX, usize::MAX);
        for mut event in self.builder.dictionary.to_events(&self.builder.config)? {
            record.push(event.finish()?)?;
        }
        let record = record.build(0, Compression::None)?;
        self.header.user_header_length = u32::try_from(record.len())
            .map_err(|_| Fault::Argument(format!("a dictionary of {} bytes", record.len())))?;
        let header = self.header.to_bytes();
        self.put(&header)?;
        self.put(&record)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if let Some(file) = &mut self.file {
            file.write_all(bytes)?;
            self.position += bytes.len() as u64;
        }
        Ok(())
    }

    /// The schemas of the file.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let writer = hipo::Writer::builder().dictionary(reader.dictionary())?.create(folder.path().join("new.hipo"))?;
    /// assert_eq!(writer.dictionary().schemas().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dictionary(&self) -> &Dictionary {
        &self.builder.dictionary
    }

    /// A bank of the dictionary with `rows` rows of zeros, to be filled.
    ///
    /// # Errors
    /// When there is no such schema, or the rows are too many.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let writer = hipo::Writer::builder().dictionary(reader.dictionary())?.create(folder.path().join("new.hipo"))?;
    /// assert_eq!(writer.bank("REC::Particle", 3)?.rows(), 3);
    /// assert!(writer.bank("no such bank", 3).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bank(&self, name: &str, rows: usize) -> Result<BankBuilder> {
        let found = self.builder.dictionary.get(name).and_then(|schema| BankBuilder::new(schema, rows));
        found.map_err(|fault| self.locate(fault))
    }

    /// Writes an event, into a record of its tag.
    ///
    /// # Errors
    /// When the system refuses, or the event is too long.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let mut writer = hipo::Writer::builder().create(folder.path().join("new.hipo"))?;
    /// writer.write(hipo::EventBuilder::new().add_text(1, 2, "hello")?)?;
    /// assert_eq!(writer.finish()?.events, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write(&mut self, event: &mut EventBuilder) -> Result<()> {
        let tag = i64::from(event.tag());
        let written = event.finish().and_then(|bytes| self.push(tag, bytes));
        written.map_err(|fault| self.locate(fault))
    }

    /// Writes an event as it was read, tag and mask kept. A big-endian one is turned, with the banks of `dictionary`.
    ///
    /// # Errors
    /// As [`Writer::write`], and when a big-endian event holds a bank that is not in the dictionary.
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
    /// let skim = folder.path().join("skim.hipo");
    /// let mut writer = hipo::Writer::builder().dictionary(reader.dictionary())?.create(&skim)?;
    /// let mut events = reader.events().with_tags([1]);
    /// while let Some(event) = events.next()? {
    ///     writer.write_event(&event)?;
    /// }
    /// writer.finish()?;
    /// assert_eq!(hipo::Reader::open(&skim)?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_event(&mut self, event: &Event<'_>) -> Result<()> {
        let mut copy = little_endian(event, &self.builder.dictionary)?;
        self.write(&mut copy)
    }

    /// Writes an event's bytes, which are whole and little-endian.
    pub(crate) fn write_bytes(&mut self, tag: i32, event: &[u8]) -> Result<()> {
        self.push(i64::from(tag), event).map_err(|fault| self.locate(fault))
    }

    fn push(&mut self, tag: i64, event: &[u8]) -> Result<(), Fault> {
        let (max_events, max_bytes) = (self.builder.max_events, self.builder.max_bytes);
        let fresh = || RecordBuilder::with_limits(tag, max_events, max_bytes);
        let record = self.open.entry(tag).or_insert_with(fresh);
        if !record.fits(event.len()) {
            let full = std::mem::replace(record, fresh());
            self.full.push(full);
        }
        record.push(event)?;
        if self.full.len() >= self.builder.threads {
            self.flush_full()?;
        }
        Ok(())
    }

    /// Compresses the full records side by side and writes them in order.
    fn flush_full(&mut self) -> Result<(), Fault> {
        let full = std::mem::take(&mut self.full);
        let first = u32::try_from(self.index.len() + 1).unwrap_or(u32::MAX);
        let compression = self.builder.compression;
        let build = |number: usize| full[number].build(first.saturating_add(number as u32), compression);
        let mut built = Vec::with_capacity(full.len());
        crate::model::threads::ordered(
            full.len(),
            self.builder.threads,
            || (),
            |(), task| Ok(build(task)?),
            |record| {
                built.push(record);
                Ok(())
            },
        )
        .map_err(|error| error.fault)?;
        for (builder, record) in full.iter().zip(&built) {
            self.index.push(IndexEntry {
                position: self.position,
                length: record.len() as u64,
                events: builder.len() as u64,
                tag: builder.tag(),
                user_register: 0,
            });
            self.put(record)?;
        }
        Ok(())
    }

    /// Ends all records, tag 0 first, writes the trailer, and gives the file its name.
    ///
    /// # Errors
    /// When the system refuses; nothing is left behind then.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let new = folder.path().join("new.hipo");
    /// let writer = hipo::Writer::builder().create(&new)?;
    /// assert!(!new.exists(), "the file appears when it is finished");
    /// writer.finish()?;
    /// assert!(new.exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn finish(mut self) -> Result<WriteSummary> {
        self.close().map_err(|fault| self.locate(fault))
    }

    fn close(&mut self) -> Result<WriteSummary, Fault> {
        let mut open = std::mem::take(&mut self.open);
        self.full.extend(open.remove(&0));
        self.full.extend(open.into_values());
        self.full.retain(|record| !record.is_empty());
        while !self.full.is_empty() {
            let later = self.full.split_off(self.full.len().min(self.builder.threads));
            self.flush_full()?;
            self.full = later;
        }
        let trailer = self.position;
        let events = self.index.iter().map(|entry| entry.events).sum();
        if let Some(record) = trailer_record(&self.index)? {
            self.put(&record)?;
            self.header.trailer_position = trailer;
        }
        let summary = WriteSummary { events, records: self.index.len(), bytes: self.position };
        if let Some(mut file) = self.file.take() {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&self.header.to_bytes())?;
            let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.sync_all()?;
        }
        std::fs::rename(&self.partial, &self.path)?;
        Ok(summary)
    }

    fn locate(&self, fault: Fault) -> Error {
        Error::in_file(&self.path.display().to_string(), fault)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // After a rename there is nothing under this name; a failure to remove leaves a file that no reader looks for.
        let _ = std::fs::remove_file(&self.partial);
    }
}

fn new_header() -> FileHeader {
    FileHeader {
        id: *b"HIPO",
        file_number: 1,
        header_words: 14,
        record_count: 0,
        index_length: 0,
        bit_info: BitInfo(5 << 28 | 6),
        user_header_length: 0,
        user_register: 0,
        trailer_position: 0,
        user_integer_one: 0,
        user_integer_two: 0,
        order: ByteOrder::Little,
    }
}

/// A name beside `path` that no other writer has.
fn partial_path(path: &Path) -> Result<PathBuf, Fault> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let Some(name) = path.file_name() else {
        return Err(Fault::Argument("a file name is needed to write to".into()));
    };
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!(".{}.{}-{count}.part", name.to_string_lossy(), std::process::id());
    Ok(path.with_file_name(name))
}

/// The trailer; `None` when the index is longer than a structure can be: readers walk the records then.
fn trailer_record(index: &[IndexEntry]) -> Result<Option<Vec<u8>>, Fault> {
    let schema = Arc::new(index_schema()?);
    if index.len() > MAX_STRUCTURE / schema.row_length() {
        return Ok(None);
    }
    let number = |value: u64| i64::try_from(value).map_err(|_| Fault::Argument(format!("a file position {value}")));
    let mut bank = BankBuilder::new(&schema, index.len())?;
    for (row, entry) in index.iter().enumerate() {
        bank.put("position", row, number(entry.position)?)?;
        bank.put("length", row, number(entry.length)?)?;
        bank.put("entries", row, number(entry.events)?)?;
    }
    let tags = index.iter().map(|entry| entry.tag).collect();
    bank.put_column("userWordOne", &Numbers::I64(tags))?;
    let mut event = EventBuilder::new();
    let mut record = RecordBuilder::new(0);
    record.push(event.add_bank(&bank)?.finish()?)?;
    Ok(Some(record.build(u32::try_from(index.len() + 1).unwrap_or(u32::MAX), Compression::None)?))
}
