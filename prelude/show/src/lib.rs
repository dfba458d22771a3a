//! Room `show`: what a value looks like.
//!
//! A value that implements [`Display`] becomes a [`Bundle`]: bodies by mime type, always with `text/plain`.
//!
//! Must not know: sockets, clocks, terminals, how numbers were made.

mod bundle;
mod font;
mod frame;
mod label;
mod plot;
mod progress;
pub mod raster;
pub mod report;
mod table;
pub mod text;
pub mod theme;
pub mod variables;
mod wrap;

pub use bundle::{Bundle, Display};
pub use frame::{ColumnProfile, Profile, frame, schema};
pub use plot::{
    Figure, Interactive, Part, Parts, Plot, correlation, curve, cutflow, efficiency, figure, histogram, overlay,
    points, scatter, stack,
};
pub use progress::progress;
pub use report::Report;
pub use table::{Cell, Heading, Table};
pub use wrap::{Html, Latex, Markdown, Png, Svg};
