//! Errors of rooms.

use std::fmt;

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The user has asked to stop.
    Interrupted,
}

/// The error of a query.
pub type PolarsError = fmt::Error;

pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Error {}
