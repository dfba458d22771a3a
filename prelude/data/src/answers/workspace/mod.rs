//! From histograms with systematic variations to a workspace of a fit: what is odd is said first, then HistFactory JSON for
//! pyhf, or cards and shapes for combine.
//!
//! In come histograms and the names of what is free in the fit, out go files. It must not read rows.

mod check;
mod combine;
mod model;
mod pyhf;

pub(super) use check::odd;
pub use check::{Finding, Findings};
pub(super) use model::effect;
pub use model::{Workspace, workspace};
