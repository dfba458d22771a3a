//! Room `belle2`: all that is known of Belle II; no other room knows it.
//!
//! [`names`] of processes, [`luminosity`] tables, the columns that name an [`event`], and the
//! [`escape`] codes of column names. In come texts, out go names,
//! numbers and errors with the nearest right thing. It knows no frame, file format or engine.

pub mod escape;
pub mod event;
pub mod luminosity;
pub mod names;
