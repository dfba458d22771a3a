//! Room `data`: what the physicist types.
//!
//! [`load`] opens a directory of processes as [`Data`], the lazy dict; a [`Group`] is some of them with a chain of steps
//! over their rows. Terminals read: they lower the chain to a plan of the room `flow`, run it once for all results
//! asked for, and give histograms, frames, counts, cutflows, each with a report.
//!
//! Storeys, each importing only from those before it: `steps` (what was asked, as a value), `lower` (a plan for each process, checked),
//! `answers` (the terminals). `algebra` puts groups together.
//!
//! In comes what a cell says, out goes what `show` displays. What is known of Belle II comes from the
//! room `belle2`. It knows no sockets.

mod algebra;
mod answers;
mod catalog;
mod dataset;
mod discover;
mod error;
mod events_data;
mod events_display;
mod events_loader;
mod events_picture;
mod events_source;
#[cfg(test)]
mod events_tests;
mod events_write;
mod group;
mod hipo_choice;
mod hipo_files;
mod hipo_frame;
mod hipo_source;
#[cfg(test)]
mod hipo_tests;
mod hipo_write;
mod lower;
mod settings;
mod steps;

pub use answers::cutflow::{Cutflow, Left};
pub use answers::grouping::GroupedBy;
pub use answers::histogram::Histogram;
pub use answers::listing::Listing;
pub use dataset::{Data, Loader, load, load_belle2_vpho_integrated};
pub use discover::DiscoverError;
pub use error::{Error, Result};
pub use events_data::{EventData, events};
pub use events_display::{EventGrid, EventInfo};
pub use events_loader::EventLoader;
pub use events_picture::{EventPicture, EventPlayer};
pub use events_write::write_events;
pub use group::Group;
pub use hipo_files::{Bank, Hipo, hipo};
pub use hipo_write::write_hipo;
pub use steps::booking::{Booking, IntoBooking, IntoBookings};
pub use steps::chain::{Highest, Lowest, Order};
pub use steps::rows::{Names, RowClosure};
pub use steps::selection::{Predicate, Selection};
