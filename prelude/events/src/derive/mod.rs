//! What is made of events: arrays to look at or to train with, and filters.
//!
//! Events enter chunk by chunk; nothing here knows a file.

pub(crate) mod filter;
pub(crate) mod represent;
