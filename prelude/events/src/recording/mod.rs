//! A file of events: opened, understood, and asked.
//!
//! A path and options enter; events, an index and a report leave. In the order of the data: `detect` and `open` choose the
//! decoder, `file` is what is open, `slot` decodes one block, `pipeline` many at once, `pass` accounts for them in order,
//! `collect` and `stream` hand them out. It knows nothing of what is made of the events.

mod cache;
pub(crate) mod chunks;
mod collect;
mod detect;
mod file;
mod foreign;
mod index;
mod info;
mod open;
mod pass;
mod pipeline;
mod slot;
pub(crate) mod stream;
mod windows;

use std::path::Path;
use std::sync::Arc;

use crate::bytes::Bytes;
use crate::model::columns::{Events, Geometry, Trigger};
use crate::model::error::{EventError, Result};
use crate::model::format::{Detection, Format};
use crate::model::options::{BlockInfo, ReadOptions};
use crate::model::report::Report;
use crate::model::select::Selection;
use file::OpenFile;
use index::BlockEntry;
use pass::Pass;
use stream::EventStreamer;

/// An open recording. Nothing is decoded until something is asked. Clones share the file and what is known of it.
///
/// ```
#[doc = include_str!("../example.txt")]
/// assert_eq!(recording.slice(110, 130)?.t, [110, 120]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Recording {
    file: Arc<OpenFile>,
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recording({}, {})", self.path().display(), self.format())
    }
}

impl Recording {
    /// Opens a file and looks at its content.
    ///
    /// # Errors
    /// When it cannot be read, is no known format, or its header is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.dat");
    /// std::fs::write(&path, &bytes)?;
    /// assert_eq!(Recording::open(&path)?.format(), events::Format::Dat);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, ReadOptions::default())
    }

    /// Opens a file in another way than the default.
    ///
    /// # Errors
    /// As [`Recording::open`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.dat");
    /// # std::fs::write(&path, &bytes)?;
    /// let options = events::ReadOptions { index_cache: events::IndexCache::Off, ..Default::default() };
    /// assert_eq!(Recording::open_with(&path, options)?.count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_with(path: impl AsRef<Path>, options: ReadOptions) -> Result<Self> {
        Self::build(Bytes::open(path.as_ref())?, options)
    }

    /// A recording that is in memory already; `name` is for messages.
    ///
    /// # Errors
    /// As [`Recording::open`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(Recording::from_bytes("run.dat", bytes)?.count()?, 4);
    /// assert!(Recording::from_bytes("run.dat", vec![1, 2, 3]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_bytes(name: impl AsRef<Path>, bytes: Vec<u8>) -> Result<Self> {
        Self::from_bytes_with(name, bytes, ReadOptions::default())
    }

    /// A recording in memory, read in another way than the default.
    ///
    /// # Errors
    /// As [`Recording::open`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let options = events::ReadOptions { time: events::TimeRule::Raw, ..Default::default() };
    /// assert_eq!(Recording::from_bytes_with("run.dat", bytes, options)?.read()?.t[0], 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_bytes_with(name: impl AsRef<Path>, bytes: Vec<u8>, options: ReadOptions) -> Result<Self> {
        Self::build(Bytes::from_memory(name.as_ref(), bytes), options)
    }

    /// A recording whose bytes are wherever they are; `name` is for messages, and its ending counts as that of a file.
    ///
    /// # Errors
    /// As [`Recording::open`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let bytes = recoil_bytes::Bytes::memory(bytes);
    /// assert_eq!(Recording::of("run.dat", bytes, events::ReadOptions::default())?.count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(name: impl AsRef<Path>, bytes: recoil_bytes::Bytes, options: ReadOptions) -> Result<Self> {
        Self::build(Bytes::elsewhere(name.as_ref(), bytes), options)
    }

    /// What changes when the bytes change, of a file that is elsewhere; `None` for others.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.bytes_identity(), None, "it is in memory");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bytes_identity(&self) -> Option<&str> {
        self.file.bytes().identity()
    }

    fn build(bytes: Bytes, options: ReadOptions) -> Result<Self> {
        Ok(Self { file: Arc::new(OpenFile::build(bytes, options)?) })
    }

    /// The file.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.path(), std::path::Path::new("run.dat"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The format.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.format(), events::Format::Dat);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn format(&self) -> Format {
        self.file.format()
    }

    /// The format and what gave it away.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.detection().format, events::Format::Dat);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn detection(&self) -> &Detection {
        self.file.detection()
    }

    /// Size of the sensor, when the file or the options say it.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.geometry(), Some(sensor));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn geometry(&self) -> Option<Geometry> {
        self.file.geometry()
    }

    /// What the header says, key and value in file order.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert!(recording.metadata().iter().any(|(_, value)| value == "4"), "the width");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn metadata(&self) -> &[(String, String)] {
        self.file.metadata()
    }

    /// How it is read.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert!(!recording.options().lenient);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn options(&self) -> &ReadOptions {
        self.file.options()
    }

    /// All that may change what is read of the file, apart from its content: the format and every option that matters.
    /// Results of a recording are kept under this key, too.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let options = events::ReadOptions { lenient: true, ..Default::default() };
    /// assert_ne!(recording.identity(), Recording::from_bytes_with("run.dat", bytes, options)?.identity());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn identity(&self) -> String {
        format!("{:?} {}", self.format(), self.options().identity())
    }

    /// All events in memory.
    ///
    /// # Errors
    /// When the file is damaged, or the events do not fit the free memory.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.read()?, some);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(&self) -> Result<Events> {
        self.stream().collect()
    }

    /// The events with `start <= t < end`, microseconds.
    ///
    /// # Errors
    /// As [`Recording::read`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.slice(110, 130)?.t, [110, 120]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn slice(&self, start: i64, end: i64) -> Result<Events> {
        self.select(Selection { time: Some((start, end)), ..Selection::default() })
    }

    /// The events that are wanted.
    ///
    /// # Errors
    /// As [`Recording::read`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let off = events::Selection { polarity: events::PolaritySelection::Off, ..events::Selection::all() };
    /// assert_eq!(recording.select(off)?.t, [100, 120]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn select(&self, selection: Selection) -> Result<Events> {
        if selection.time.is_some() {
            // Worth its price: from now on only the blocks that are needed are decoded.
            pass::index(&self.file)?;
        }
        self.stream().select(selection).collect()
    }

    /// All triggers, in time order of the file.
    ///
    /// # Errors
    /// When the file is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert!(recording.triggers()?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn triggers(&self) -> Result<Vec<Trigger>> {
        let shift = pass::shift(&self.file)?;
        let mut found: Vec<Trigger> = self
            .file
            .codec()
            .triggers()
            .iter()
            .map(|trigger| Trigger { t: trigger.t.saturating_sub(shift), ..*trigger })
            .collect();
        let nothing_in_stream = self.file.known_index().is_some_and(|index| index.report.triggers == 0);
        if nothing_in_stream || matches!(self.format(), Format::Hdf5 | Format::Aedat4 | Format::Text | Format::Nmnist) {
            return Ok(found);
        }
        self.stream().for_each_with_triggers(|_, triggers| {
            found.extend_from_slice(triggers);
            Ok(())
        })?;
        Ok(found)
    }

    /// What a pass over the whole file noticed; makes one if there was none.
    ///
    /// # Errors
    /// When the file is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert!(recording.report()?.sorted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn report(&self) -> Result<Report> {
        Ok(pass::index(&self.file)?.report.clone())
    }

    /// Events in order, in chunks that fit the memory.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut rows = 0;
    /// recording.stream().for_each(|events| {
    ///     rows += events.len();
    ///     Ok(())
    /// })?;
    /// assert_eq!(rows, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stream(&self) -> EventStreamer<'_> {
        EventStreamer::new(&self.file)
    }

    /// Makes the index if there is none, and says how many blocks it has.
    ///
    /// # Errors
    /// When the file is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.build_index()?, recording.blocks()?.len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build_index(&self) -> Result<usize> {
        Ok(pass::index(&self.file)?.entries.len())
    }

    /// All blocks, in file order, with their events and times.
    ///
    /// # Errors
    /// When the file is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.blocks()?[0].rows, (0, 4));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn blocks(&self) -> Result<Vec<BlockInfo>> {
        let (index, shift) = (pass::index(&self.file)?, pass::shift(&self.file)?);
        let mut row = 0;
        let block = |(number, entry): (usize, &BlockEntry)| {
            let span = self.file.codec().span(number);
            let first = row;
            row += entry.rows;
            let time =
                (entry.rows > 0).then_some((entry.min_t.saturating_sub(shift), entry.max_t.saturating_sub(shift)));
            BlockInfo { rows: (first, row), bytes: (span.start, span.end), time }
        };
        Ok(index.entries.iter().enumerate().map(block).collect())
    }

    /// The events of one block. May be called from many threads at once.
    ///
    /// # Errors
    /// When the file is damaged, or there is no such block.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.read_block(0)?, some);
    /// assert!(recording.read_block(7).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_block(&self, block: usize) -> Result<Events> {
        pass::index(&self.file)?;
        if block >= self.file.codec().blocks() {
            return Err(EventError::Argument(format!("block {block}: there are {}", self.file.codec().blocks())));
        }
        let mut pass = Pass::over(&self.file, vec![block], Selection::all());
        let events = pass.next()?.map(|slot| std::mem::take(&mut slot.events));
        Ok(events.unwrap_or_default())
    }

    /// Does it know where in the file every time is?
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// recording.build_index()?;
    /// assert!(recording.has_index());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn has_index(&self) -> bool {
        self.file.known_index().is_some()
    }
}
