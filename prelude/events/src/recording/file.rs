//! The open file: its bytes, how they are decoded, how they are read, and what is known of it by now.
//!
//! Passes, pipelines and streams take it; it knows none of them.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::bytes::Bytes;
use crate::codec::Codec;
use crate::model::columns::Geometry;
use crate::model::error::{EventError, Result};
use crate::model::format::{Detection, Format};
use crate::model::options::{Flip, IndexCache, ReadOptions, TimeRule};
use crate::recording::cache::Key;
use crate::recording::detect;
use crate::recording::index::BlockIndex;
use crate::recording::open::{key_of, open_codec};

/// The index, and whether one was looked for.
#[derive(Default)]
struct Known {
    index: Option<Arc<BlockIndex>>,
    looked: bool,
}

/// An open file of events.
pub(crate) struct OpenFile {
    bytes: Bytes,
    detection: Detection,
    codec: Box<dyn Codec>,
    geometry: Option<Geometry>,
    metadata: Vec<(String, String)>,
    options: ReadOptions,
    index: Mutex<Known>,
    /// Time of the first event, when it had to be decoded.
    first_time: OnceLock<i64>,
    key: Key,
}

impl OpenFile {
    /// Looks at the content of a file and chooses its decoder.
    pub(crate) fn build(bytes: Bytes, options: ReadOptions) -> Result<Self> {
        let detection = match options.format {
            Some(format) => Detection { format, reason: "as asked for".to_string() },
            None => detect::detect(&bytes)?,
        };
        if let Some(Geometry { width, height }) = options.geometry
            && (width == 0 || height == 0)
        {
            return Err(EventError::Argument(format!("a sensor of {width}x{height} pixels: both must be positive")));
        }
        let opened = open_codec(&bytes, detection, &options)?;
        // Tools that do not know the size write zeros.
        let geometry = opened.geometry.filter(|size| size.width > 0 && size.height > 0);
        let geometry = options.geometry.or(geometry);
        if options.flip != Flip::None && geometry.is_none() {
            return Err(EventError::Argument(format!(
                "{}: flipped axes need the size of the sensor, which the file does not say; give it with `geometry`",
                bytes.path().display()
            )));
        }
        let key = key_of(&bytes, opened.detection.format, &options)?;
        Ok(Self {
            bytes,
            detection: opened.detection,
            codec: opened.codec,
            geometry,
            metadata: opened.metadata,
            options,
            index: Mutex::default(),
            first_time: OnceLock::new(),
            key,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.bytes.path()
    }

    pub(crate) fn format(&self) -> Format {
        self.detection.format
    }

    pub(crate) fn detection(&self) -> &Detection {
        &self.detection
    }

    pub(crate) fn geometry(&self) -> Option<Geometry> {
        self.geometry
    }

    pub(crate) fn metadata(&self) -> &[(String, String)] {
        &self.metadata
    }

    pub(crate) fn options(&self) -> &ReadOptions {
        &self.options
    }

    pub(crate) fn codec(&self) -> &dyn Codec {
        self.codec.as_ref()
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(crate) fn threads(&self) -> usize {
        if self.options.threads > 0 { self.options.threads } else { rayon::current_num_threads() }
    }

    /// The index of this session or of one before.
    pub(crate) fn known_index(&self) -> Option<Arc<BlockIndex>> {
        let mut known = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if known.index.is_none() && !known.looked && self.may_keep_index() {
            known.looked = true;
            let kept = self.options.index_cache.load(self.path(), self.key);
            known.index = kept.filter(|kept| kept.entries.len() == self.codec.blocks()).map(Arc::new);
        }
        known.index.clone()
    }

    pub(crate) fn keep_index(&self, made: BlockIndex) {
        if self.may_keep_index() && self.bytes.len() >= self.smallest_cached() {
            self.options.index_cache.store(self.path(), self.key, &made);
        }
        self.index.lock().unwrap_or_else(PoisonError::into_inner).index = Some(Arc::new(made));
    }

    /// A file in memory is nowhere, and beside one that is elsewhere nothing can be kept.
    fn may_keep_index(&self) -> bool {
        let elsewhere = self.bytes.is_elsewhere();
        let lasts = !elsewhere || self.bytes.identity().is_some();
        !self.bytes.in_memory() && lasts && !(elsewhere && self.options.index_cache == IndexCache::Beside)
    }

    /// Small files are decoded faster than an index is found; a folder of one's own gets all of them.
    fn smallest_cached(&self) -> u64 {
        if self.options.index_cache == IndexCache::User { 16 << 20 } else { 0 }
    }

    /// What is subtracted from all times; `None` when it is the time of the first event, and that is not known yet.
    pub(crate) fn known_shift(&self) -> Option<i64> {
        match self.options.time {
            TimeRule::Raw => Some(0),
            TimeRule::Shifted => {
                let told = self.codec.shift().or_else(|| self.first_time.get().copied());
                // An index of an earlier session tells the time of the first event, too.
                told.or_else(|| self.known_index()?.first_time())
            }
        }
    }

    /// Keeps the time of the first event, which was decoded.
    pub(crate) fn keep_first_time(&self, t: i64) -> i64 {
        *self.first_time.get_or_init(|| t)
    }
}
