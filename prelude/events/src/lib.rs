//! Event-camera files: every format, streamed, correct to the microsecond.
//!
//! **In**: bytes of a file that are never trusted. **Out**: [`Events`], plain columns (t in microseconds, x, y, polarity)
//! that can be moved into a dataframe without a copy, or an [`EventError`] that names the file, the byte and what to do.
//! This room knows no dataframe, no plot and no notebook.
//!
//! The way of the bytes: [`Recording::open`] tells the format from the content and cuts the file into blocks;
//! a decoder per format turns a block into columns; a pass decodes blocks in parallel and puts right what one block cannot know
//! (overflows of the clock before it); [`EventStreamer`] hands them out in order, in chunks that fit the memory.
//! The first pass leaves an index (time, rows and decoder state of every block), which is kept for the next time:
//! from then on a time slice decodes only the blocks it needs.
//!
//! ```
//! let mut events = events::Events::default();
//! for k in 0..1000 {
//!     events.push(k * 10, (k % 640) as u16, (k % 480) as u16, (k % 2) as i8);
//! }
//! let file = events::write::evt2(&events, Some(events::Geometry { width: 640, height: 480 }))?;
//! let recording = events::Recording::from_bytes("made.raw", file)?;
//! assert_eq!(recording.format(), events::Format::Evt2);
//! let slice = recording.slice(1000, 2000)?;
//! assert_eq!((slice.len(), slice.t[0]), (100, 1000));
//! # Ok::<(), events::EventError>(())
//! ```

mod bytes;
mod codec;
mod decode;
mod derive;
mod hdf5;
mod model;
mod recording;
pub mod write;

pub use derive::filter::{PixelCounts, RefractoryFilter};
pub use derive::represent::{EventFrame, Grid, StackedHistogram, TimeSurface, VoxelGrid};
pub use hdf5::decode_ecf_chunk;
pub use model::columns::{BYTES_PER_EVENT, Events, Geometry, TimeJump, Trigger};
pub use model::error::{EventError, Result};
pub use model::format::{Detection, Format};
pub use model::memory::{FixedMemory, MemoryProbe, SystemMemory};
pub use model::options::{BlockInfo, Flip, IndexCache, Info, PolarityRule, ReadOptions, TimeRule};
pub use model::progress::{Cancel, Progress};
pub use model::report::Report;
pub use model::select::{PolaritySelection, Roi, Selection, Window};
pub use model::units::TimeUnit;
pub use recording::Recording;
pub use recording::chunks::Chunks;
pub use recording::stream::{EventStreamer, Mode, StreamPlan};

#[cfg(test)]
mod tests;
