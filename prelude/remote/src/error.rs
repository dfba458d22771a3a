//! What can go wrong with a file that is elsewhere.

use std::io;

/// Why a remote file cannot be read. Messages do not name the file; the caller adds its name.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// What should be an address is none.
    #[error("not an address of a file: {why}")]
    Address {
        /// What is wrong with it.
        why: String,
    },
    /// The file is not there.
    #[error("no such file: {why}")]
    Missing {
        /// What the server says.
        why: String,
    },
    /// The server does not let us.
    #[error("may not be read: {why}")]
    Refused {
        /// What the server says, and what to do.
        why: String,
    },
    /// The file is no longer what it was when it was opened.
    #[error("the file has changed since it was opened; load it again")]
    Changed,
    /// The server cannot do what reading parts of a file needs.
    #[error("cannot be read from there: {why}")]
    Unable {
        /// What it lacks, and what to do.
        why: String,
    },
    /// No answer, a connection that breaks, a server that is not well: tried again as often as is sensible.
    #[error("cannot be reached ({attempts} attempts): {why}; try again later")]
    Lost {
        /// How often it was tried.
        attempts: u32,
        /// What happened at last.
        why: String,
    },
    /// The user stopped it.
    #[error("interrupted")]
    Interrupted,
}

impl From<RemoteError> for io::Error {
    fn from(error: RemoteError) -> Self {
        let kind = match &error {
            RemoteError::Address { .. } => io::ErrorKind::InvalidInput,
            RemoteError::Missing { .. } => io::ErrorKind::NotFound,
            RemoteError::Refused { .. } => io::ErrorKind::PermissionDenied,
            RemoteError::Unable { .. } => io::ErrorKind::Unsupported,
            RemoteError::Changed | RemoteError::Lost { .. } | RemoteError::Interrupted => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
