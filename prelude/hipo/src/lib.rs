//! Room `hipo`.
