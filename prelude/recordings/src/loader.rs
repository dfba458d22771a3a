//! Recordings opened in another way than the default.

use crate::recording::EventData;
use crate::table;
use ::events::{Flip, Format, Geometry, IndexCache, PolarityRule, ReadOptions, Recording, TimeRule};
use data::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens a recording of an event camera; the format is told from its content. Nothing is decoded.
///
/// Times are microseconds. Polarity is as the tools of the format give it: -1 and +1 for EVT, as stored in all others.
///
/// ```no_run
/// let recording = recordings::events("recording.raw")?;
/// recording.slice(1_000_000, 2_000_000).roi(100, 100, 200, 200).frame()?;
/// # Ok::<(), data::Error>(())
/// ```
///
/// # Errors
/// A file that is not there, or no recording; with the reason.
#[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
pub fn events(path: impl AsRef<Path>) -> Result<EventData> {
    EventLoader::new(path).load()
}

/// A recording to be opened, with options.
///
/// ```
#[doc = include_str!("example.txt")]
/// let recording = EventLoader::new(&path).signed().index_cache(IndexCache::Off).load()?;
/// assert_eq!(recording.query("polarity < 0").count()?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is opened before .load()"]
pub struct EventLoader {
    path: PathBuf,
    options: ReadOptions,
    format: Option<String>,
}

impl EventLoader {
    /// Opens `path` when asked to.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(EventLoader::new(&path).index_cache(IndexCache::Off).load()?.count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_path_buf(), options: ReadOptions::default(), format: None }
    }

    /// The format, when the content is not to be asked: `evt2`, `evt2.1`, `evt3`, `dat`, `aedat4`, `hdf5`, `text`...
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let loader = EventLoader::new(&path).index_cache(IndexCache::Off);
    /// assert_eq!(loader.clone().format("text").load()?.count()?, 4);
    /// assert!(loader.format("evt9").load().is_err(), "there is no such format");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn format(mut self, name: impl Into<String>) -> Self {
        self.format = Some(name.into());
        self
    }

    /// Polarity as -1 and +1.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let recording = EventLoader::new(&path).signed().index_cache(IndexCache::Off).load()?;
    /// assert_eq!(recording.column("polarity")?, [-1.0, 1.0, -1.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn signed(mut self) -> Self {
        self.options.polarity = PolarityRule::Signed;
        self
    }

    /// Polarity as 0 and 1.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let recording = EventLoader::new(&path).unsigned().index_cache(IndexCache::Off).load()?;
    /// assert_eq!(recording.column("polarity")?, [0.0, 1.0, 0.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unsigned(mut self) -> Self {
        self.options.polarity = PolarityRule::Unsigned;
        self
    }

    /// Time from the start of the recording, as the vendor's tools count it.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let recording = EventLoader::new(&path).shifted().index_cache(IndexCache::Off).load()?;
    /// assert_eq!(recording.column("t")?, [0.0, 10.0, 20.0, 30.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shifted(mut self) -> Self {
        self.options.time = TimeRule::Shifted;
        self
    }

    /// x from the left and y from the top, for files whose axes run the other way; needs the size of the sensor.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let recording = EventLoader::new(&path).geometry(4, 3).flipped().index_cache(IndexCache::Off).load()?;
    /// assert_eq!(recording.column("x")?, [2.0, 1.0, 0.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn flipped(mut self) -> Self {
        self.options.flip = Flip::Jaer;
        self
    }

    /// Skips what is damaged and counts it; `info()` tells.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// std::fs::write(&path, "t,x,y,p\n1,1,2,1\nwhat is this?\n3,1,2,1\n")?;
    /// let loader = EventLoader::new(&path).index_cache(IndexCache::Off);
    /// assert!(loader.clone().load().and_then(|recording| recording.count()).is_err());
    /// assert_eq!(loader.lenient().load()?.count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lenient(mut self) -> Self {
        self.options.lenient = true;
        self
    }

    /// The chip of an AEDAT 2 recording, such as `DVS128` or `DAVIS346`, when its header names none or another.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// # let path = folder.path().join("run.aedat");
    /// # let mut bytes = b"#!AER-DAT2.0\r\n".to_vec();
    /// # (0..4_u32).for_each(|k| bytes.extend([(k * 37).to_be_bytes(), (10 * k).to_be_bytes()].concat()));
    /// # std::fs::write(&path, bytes)?;
    /// let recording = EventLoader::new(&path).chip("DVS128").index_cache(IndexCache::Off).load()?;
    /// assert_eq!(recording.count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn chip(mut self, name: impl Into<String>) -> Self {
        self.options.chip = Some(name.into());
        self
    }

    /// Order of the columns of a text file, such as `t x y p`.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// std::fs::write(&path, "3 4 1 100\n5 6 0 110\n")?;
    /// let recording = EventLoader::new(&path).columns("x y p t").index_cache(IndexCache::Off).load()?;
    /// assert_eq!(recording.column("t")?, [100.0, 110.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn columns(mut self, order: impl Into<String>) -> Self {
        self.options.columns = Some(order.into());
        self
    }

    /// Unit of the times of a text or HDF5 file.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// use recordings::TimeUnit;
    /// let recording = EventLoader::new(&path).time_unit(TimeUnit::Milliseconds).index_cache(IndexCache::Off).load()?;
    /// assert_eq!(recording.column("t")?[0], 100_000.0, "microseconds");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn time_unit(mut self, unit: ::events::TimeUnit) -> Self {
        self.options.time_unit = Some(unit);
        self
    }

    /// Size of the sensor, when the file does not say it.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let recording = EventLoader::new(&path).geometry(640, 480).index_cache(IndexCache::Off).load()?;
    /// assert_eq!(recording.frame()?.size(), (640, 480));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn geometry(mut self, width: u16, height: u16) -> Self {
        self.options.geometry = Some(Geometry { width, height });
        self
    }

    /// Where the index is kept from one session to the next.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let index = IndexCache::Folder(folder.path().join("index"));
    /// assert_eq!(EventLoader::new(&path).index_cache(index).load()?.count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn index_cache(mut self, cache: IndexCache) -> Self {
        self.options.index_cache = cache;
        self
    }

    /// Opens the recording.
    ///
    /// # Errors
    /// See [`events`](crate::events).
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert!(EventLoader::new(folder.path().join("no such file.raw")).load().is_err());
    /// assert_eq!(EventLoader::new(&path).index_cache(IndexCache::Off).load()?.count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn load(mut self) -> Result<EventData> {
        if let Some(name) = &self.format {
            let format = Format::from_name(name).ok_or_else(|| {
                let names: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
                Error::request(format!("no event format `{name}`; there are {}", names.join(", ")))
            })?;
            self.options.format = Some(format);
        }
        let recording = match sources::is_elsewhere(&self.path) {
            true => {
                let shown = sources::shown(&self.path);
                // The ending says what it is, not what the address asks of its server.
                let name = shown.strip_suffix("?…").unwrap_or(&shown);
                Recording::of(name, sources::bytes(&self.path)?, self.options)
            }
            false => Recording::open_with(&self.path, self.options),
        };
        let recording = recording.map_err(table::error)?;
        Ok(EventData::of(Arc::new(recording)))
    }
}
