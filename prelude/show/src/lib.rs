//! Room `show`: what a value looks like.
//!
//! In comes a value: a frame, a histogram, a table of anything, a report of work, a piece of text. Out goes a
//! [`Bundle`]: bodies by mime type, always with `text/plain` that says as much as the picture does.
//!
//! * [`Display`] is the one trait; [`Table`] and [`Plot`] are what the rooms above build.
//! * A plot is a description. The SVG, the words and the interactive chart are made from it, so they agree.
//! * Pictures have attributes only, their own opaque page, and exist for light and dark themes ([`theme`] says why).
//! * Tables set no colours and keep their meaning when a style sheet is taken away.
//! * Nothing fails to display: what cannot be drawn says so in words.
//!
//! It must not know sockets, clocks and terminals, nor how the numbers were made.

mod bundle;
mod font;
mod frame;
mod label;
mod origin;
mod plot;
mod png;
mod progress;
pub mod raster;
pub mod report;
mod table;
pub mod text;
pub mod theme;
pub mod variables;
mod wrap;

pub use bundle::{Bundle, Display};
pub use frame::{ColumnProfile, Profile, cells, frame, schema};
pub use plot::{
    Covariances, Figure, Grid, Interactive, IntoPlot, Page, Part, Parts, Plot, Spread, bin_names, correlation,
    correlations, covariance, curve, curves, cutflow, efficiency, figure, grid, histogram, merit, overlay, pixels,
    points, scatter, stack, unfolded, values,
};
/// What [`figure`] draws with: `use plotters::prelude::*`.
pub use plotters;
pub use progress::progress;
pub use report::Report;
pub use table::{Cell, Heading, Table};
pub use wrap::{Html, Latex, Markdown, Png, Svg};
