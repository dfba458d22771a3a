//! A file of events: opened, understood, and asked.

mod info;
mod windows;

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use crate::bytes::Bytes;
use crate::cache::{IndexCache, Key};
use crate::codec::Codec;
use crate::columns::{Events, Geometry, Trigger};
use crate::error::{EventError, Result};
use crate::format::{self, Detection, Format};
use crate::index::BlockIndex;
use crate::open::{key_of, open_codec};
use crate::options::{BlockInfo, ReadOptions, TimeRule};
use crate::pass::{Pass, Report};
use crate::select::Selection;
use crate::stream::EventStreamer;

/// The index, and whether one was looked for.
#[derive(Default)]
struct Known {
    index: Option<Arc<BlockIndex>>,
    looked: bool,
}

/// An open recording. Nothing is decoded until something is asked. Clones share the file and what is known of it.
#[derive(Clone)]
pub struct Recording {
    inner: Arc<Inner>,
}

struct Inner {
    bytes: Bytes,
    detection: Detection,
    codec: Box<dyn Codec>,
    geometry: Option<Geometry>,
    metadata: Vec<(String, String)>,
    options: ReadOptions,
    index: Mutex<Known>,
    shift: OnceLock<i64>,
    key: Key,
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
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, ReadOptions::default())
    }

    /// Opens a file in another way than the default.
    ///
    /// # Errors
    /// As [`Recording::open`].
    pub fn open_with(path: impl AsRef<Path>, options: ReadOptions) -> Result<Self> {
        Self::build(Bytes::open(path.as_ref())?, options)
    }

    /// A recording that is in memory already; `name` is for messages.
    ///
    /// # Errors
    /// As [`Recording::open`].
    pub fn from_bytes(name: impl AsRef<Path>, bytes: Vec<u8>) -> Result<Self> {
        Self::from_bytes_with(name, bytes, ReadOptions::default())
    }

    /// A recording in memory, read in another way than the default.
    ///
    /// # Errors
    /// As [`Recording::open`].
    pub fn from_bytes_with(name: impl AsRef<Path>, bytes: Vec<u8>, options: ReadOptions) -> Result<Self> {
        Self::build(Bytes::from_memory(name.as_ref(), bytes), options)
    }

    fn build(bytes: Bytes, options: ReadOptions) -> Result<Self> {
        let detection = match options.format {
            Some(format) => Detection { format, reason: "as asked for".to_string() },
            None => format::detect(&bytes)?,
        };
        if let Some(Geometry { width, height }) = options.geometry
            && (width == 0 || height == 0)
        {
            return Err(EventError::Argument(format!("a sensor of {width}x{height} pixels: both must be positive")));
        }
        let opened = open_codec(&bytes, detection, &options)?;
        // Tools that do not know the size write zeros.
        let geometry = opened.geometry.filter(|size| size.width > 0 && size.height > 0);
        let key = key_of(&bytes, opened.detection.format, &options)?;
        let inner = Inner {
            bytes,
            detection: opened.detection,
            codec: opened.codec,
            geometry: options.geometry.or(geometry),
            metadata: opened.metadata,
            options,
            index: Mutex::default(),
            shift: OnceLock::new(),
            key,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.inner.bytes.path()
    }

    /// The format.
    pub fn format(&self) -> Format {
        self.inner.detection.format
    }

    /// The format and what gave it away.
    pub fn detection(&self) -> &Detection {
        &self.inner.detection
    }

    /// Size of the sensor, when the file or the options say it.
    pub fn geometry(&self) -> Option<Geometry> {
        self.inner.geometry
    }

    /// What the header says, key and value in file order.
    pub fn metadata(&self) -> &[(String, String)] {
        &self.inner.metadata
    }

    /// How it is read.
    pub fn options(&self) -> &ReadOptions {
        &self.inner.options
    }

    /// All events in memory.
    ///
    /// # Errors
    /// When the file is damaged, or the events do not fit the free memory.
    pub fn read(&self) -> Result<Events> {
        self.stream().collect()
    }

    /// The events with `start <= t < end`, microseconds.
    ///
    /// # Errors
    /// As [`Recording::read`].
    pub fn slice(&self, start: i64, end: i64) -> Result<Events> {
        self.select(Selection { time: Some((start, end)), ..Selection::default() })
    }

    /// The events that are wanted.
    ///
    /// # Errors
    /// As [`Recording::read`].
    pub fn select(&self, selection: Selection) -> Result<Events> {
        if selection.time.is_some() {
            // Worth its price: from now on only the blocks that are needed are decoded.
            self.index()?;
        }
        self.stream().select(selection).collect()
    }

    /// All triggers, in time order of the file.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn triggers(&self) -> Result<Vec<Trigger>> {
        let shift = self.shift()?;
        let mut found: Vec<Trigger> = self
            .inner
            .codec
            .triggers()
            .iter()
            .map(|trigger| Trigger { t: trigger.t.saturating_sub(shift), ..*trigger })
            .collect();
        let nothing_in_stream = self.known_index().is_some_and(|index| index.report.triggers == 0);
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
    pub fn report(&self) -> Result<Report> {
        Ok(self.index()?.report.clone())
    }

    /// Events in order, in chunks that fit the memory.
    pub fn stream(&self) -> EventStreamer<'_> {
        EventStreamer::new(self)
    }

    /// Makes the index if there is none, and says how many blocks it has.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn build_index(&self) -> Result<usize> {
        Ok(self.index()?.entries.len())
    }

    /// All blocks, in file order, with their events and times.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn blocks(&self) -> Result<Vec<BlockInfo>> {
        let (index, shift) = (self.index()?, self.shift()?);
        let mut row = 0;
        let block = |(number, entry): (usize, &crate::index::BlockEntry)| {
            let span = self.inner.codec.span(number);
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
    pub fn read_block(&self, block: usize) -> Result<Events> {
        self.index()?;
        if block >= self.inner.codec.blocks() {
            return Err(EventError::Argument(format!("block {block}: there are {}", self.inner.codec.blocks())));
        }
        let mut pass = Pass::over(self, vec![block], Selection::all());
        let events = pass.next()?.map(|slot| std::mem::take(&mut slot.events));
        Ok(events.unwrap_or_default())
    }

    /// Does it know where in the file every time is?
    pub fn has_index(&self) -> bool {
        self.known_index().is_some()
    }

    pub(crate) fn index(&self) -> Result<Arc<BlockIndex>> {
        if let Some(index) = self.known_index() {
            return Ok(index);
        }
        let mut pass = Pass::new(self, Selection::all());
        while pass.next()?.is_some() {}
        // A recording without a single block has nothing to be indexed.
        Ok(self.known_index().unwrap_or_default())
    }

    pub(crate) fn codec(&self) -> &dyn Codec {
        self.inner.codec.as_ref()
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.inner.bytes
    }

    pub(crate) fn threads(&self) -> usize {
        if self.inner.options.threads > 0 { self.inner.options.threads } else { rayon::current_num_threads() }
    }

    /// The index of this session or of one before.
    pub(crate) fn known_index(&self) -> Option<Arc<BlockIndex>> {
        let mut known = self.inner.index.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.index.is_none() && !known.looked && !self.inner.bytes.in_memory() {
            known.looked = true;
            let kept = self.inner.options.index_cache.load(self.path(), self.inner.key);
            known.index = kept.filter(|kept| kept.entries.len() == self.inner.codec.blocks()).map(Arc::new);
        }
        known.index.clone()
    }

    pub(crate) fn keep_index(&self, made: BlockIndex) {
        if !self.inner.bytes.in_memory() && self.inner.bytes.len() >= self.smallest_cached() {
            self.inner.options.index_cache.store(self.path(), self.inner.key, &made);
        }
        self.inner.index.lock().unwrap_or_else(std::sync::PoisonError::into_inner).index = Some(Arc::new(made));
    }

    /// Small files are decoded faster than an index is found; a folder of one's own gets all of them.
    fn smallest_cached(&self) -> u64 {
        if self.inner.options.index_cache == IndexCache::User { 16 << 20 } else { 0 }
    }

    /// What is subtracted from all times.
    pub(crate) fn shift(&self) -> Result<i64> {
        if self.inner.options.time == TimeRule::Raw {
            return Ok(0);
        }
        if let Some(shift) = self.shift_if_known() {
            return Ok(shift);
        }
        let raw = Self::build_again(self)?;
        let first = raw.first_time()?.unwrap_or(0);
        Ok(*self.inner.shift.get_or_init(|| first))
    }

    pub(crate) fn shift_if_known(&self) -> Option<i64> {
        match self.inner.options.time {
            TimeRule::Raw => Some(0),
            TimeRule::Shifted => {
                let told = self.inner.codec.shift().or_else(|| self.inner.shift.get().copied());
                // An index of an earlier session tells the time of the first event, too.
                told.or_else(|| self.known_index()?.first_time())
            }
        }
    }

    /// The same file with the times it has.
    fn build_again(&self) -> Result<Self> {
        let options = ReadOptions { time: TimeRule::Raw, ..self.inner.options.clone() };
        let bytes = if self.inner.bytes.in_memory() {
            Bytes::from_memory(self.path(), self.inner.bytes.head(0, self.inner.bytes.len())?)
        } else {
            Bytes::open(self.path())?
        };
        Self::build(bytes, options)
    }

    fn first_time(&self) -> Result<Option<i64>> {
        let mut pass = Pass::new(self, Selection::all());
        while let Some(slot) = pass.next()? {
            if let Some(&t) = slot.events.t.first() {
                return Ok(Some(t));
            }
        }
        Ok(None)
    }
}
