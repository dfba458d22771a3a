//! Room `data`: what the physicist types.
//!
//! [`names`] reads process names.

pub mod names;
pub mod toy;

mod discover;
