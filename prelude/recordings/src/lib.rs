//! Room `recordings`: event cameras in a cell.
//!
//! [`events()`] opens a recording; it is also a [`data::Group`] of one table, made with the facade's public constructors, so
//! that all steps and terminals work. In come paths and frames, out go tables, pictures and files. How a format is decoded
//! belongs to the crate `events`.

mod display;
mod grid;
mod info;
mod loader;
mod picture;
mod pictures;
mod recording;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub use ::events::{Geometry, IndexCache, RefractoryFilter, TimeUnit};
pub use grid::EventGrid;
pub use info::EventInfo;
pub use loader::{EventLoader, events};
pub use picture::{EventPicture, EventPlayer};
pub use recording::EventData;
pub use write::write_events;
