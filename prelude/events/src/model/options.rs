//! How a recording is read, and what there is to know about one.

use std::path::PathBuf;

use crate::model::columns::Geometry;
use crate::model::format::{Detection, Format};
use crate::model::units::TimeUnit;

/// How polarity is given out.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let options = events::ReadOptions { polarity: events::PolarityRule::Signed, ..Default::default() };
/// let signed = Recording::from_bytes_with("run.dat", bytes, options)?;
/// assert_eq!(signed.read()?.polarity, [-1, 1, -1, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PolarityRule {
    /// As the tools of the format do: -1 and +1 for EVT2, EVT2.1 and EVT3, what the file stores for all others
    /// (0 and 1 in binary formats, either in HDF5 and text).
    #[default]
    Native,
    /// -1 and +1.
    Signed,
    /// 0 and 1.
    Unsigned,
}

/// Which time is 0.
///
/// ```
/// assert_eq!(events::ReadOptions::default().time, events::TimeRule::Raw);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeRule {
    /// As in the file.
    #[default]
    Raw,
    /// What the vendor's tools subtract is subtracted: the first time base in EVT2 and EVT2.1, the one before it in EVT3,
    /// `t_offset` in HDF5; the time of the first event in all other formats.
    Shifted,
}

/// Are the axes turned?
///
/// ```
/// assert_eq!(events::ReadOptions::default().flip, events::Flip::None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Flip {
    /// x and y as in the file.
    #[default]
    None,
    /// x counts from the left and y from the top: both axes are mirrored, except x where it counts from the left in the
    /// file (ES; AEDAT of jAER with a DVS128 or DVS640). Needs a known geometry.
    Jaer,
}

/// Where indices are kept.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let options = events::ReadOptions { index_cache: events::IndexCache::Off, ..Default::default() };
/// assert_eq!(Recording::from_bytes_with("run.dat", bytes, options)?.count()?, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IndexCache {
    /// In the user's cache folder.
    #[default]
    User,
    /// Beside the file, as `<name>.index`.
    Beside,
    /// In this folder.
    Folder(PathBuf),
    /// Nowhere.
    Off,
}

/// How a file is to be read. The default reads every known file as it is.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let options = events::ReadOptions { lenient: true, ..events::ReadOptions::default() };
/// assert!(Recording::from_bytes_with("run.dat", bytes, options)?.options().lenient);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The format, when the content is not to be asked.
    pub format: Option<Format>,
    /// Polarity.
    pub polarity: PolarityRule,
    /// Time.
    pub time: TimeRule,
    /// Axes.
    pub flip: Flip,
    /// Skip what is damaged and count it, instead of an error.
    pub lenient: bool,
    /// The chip of an AEDAT 2 recording, such as `DVS128` or `DAVIS346`, instead of the one its header names.
    pub chip: Option<String>,
    /// Order of the columns of a text file, such as `t x y p`.
    pub columns: Option<String>,
    /// Unit of the time column of text and HDF5 files, instead of the one that a heading, an attribute or the numbers tell.
    pub time_unit: Option<TimeUnit>,
    /// Size of the sensor, when the file does not say it.
    pub geometry: Option<Geometry>,
    /// Where the index is kept.
    pub index_cache: IndexCache,
    /// Bytes per block; 0 chooses.
    pub block_bytes: u64,
    /// Threads that decode; 0: as many as there are.
    pub threads: usize,
}

impl ReadOptions {
    /// All that may change what is read, as one text. Every field is named here: a new one does not compile before it is
    /// decided whether it belongs.
    pub(crate) fn identity(&self) -> String {
        let Self {
            format,
            polarity,
            time,
            flip,
            lenient,
            chip,
            columns,
            time_unit,
            geometry,
            block_bytes,
            // Where an index is kept and how many threads work changes nothing.
            index_cache: _,
            threads: _,
        } = self;
        format!(
            "{format:?} {polarity:?} {time:?} {flip:?} {lenient} {chip:?} {columns:?} {time_unit:?} {geometry:?} {block_bytes}"
        )
    }
}

/// What there is to know about a recording.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let info: events::Info = recording.info()?;
/// assert_eq!((info.events, info.on, info.time), (4, Some(2), Some((100, 130))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Format and what gave it away.
    pub detection: Detection,
    /// Size of the sensor.
    pub geometry: Option<Geometry>,
    /// Number of events.
    pub events: u64,
    /// Number of ON events, where they were counted.
    pub on: Option<u64>,
    /// Least and greatest time of any event, microseconds.
    pub time: Option<(i64, i64)>,
    /// Events per second.
    pub rate: f64,
    /// Triggers.
    pub triggers: u64,
    /// What a user should hear.
    pub warnings: Vec<String>,
    /// What else the header says.
    pub metadata: Vec<(String, String)>,
}

impl Info {
    /// Length in microseconds.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.info()?.duration_us(), 30);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn duration_us(&self) -> i64 {
        self.time.map_or(0, |(first, last)| last.saturating_sub(first))
    }
}

/// A block of a recording: what can be read on its own.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let blocks: Vec<events::BlockInfo> = recording.blocks()?;
/// assert_eq!((blocks[0].rows, blocks[0].time), ((0, 4), Some((100, 130))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockInfo {
    /// Events of the recording, from 0.
    pub rows: (u64, u64),
    /// Bytes of the file, from its start.
    pub bytes: (u64, u64),
    /// Least and greatest time of its events, microseconds; `None` when it has no events.
    pub time: Option<(i64, i64)>,
}
