//! The error of a room.

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error;

pub type Result<T> = std::result::Result<T, Error>;
