//! What can go wrong, said so that one can act on it: what, where (file, byte offset), what to do.

use std::path::PathBuf;

use crate::model::format::Format;

/// Everything this room can fail with.
///
/// ```
/// use events::{EventError, Recording};
/// let error = Recording::from_bytes("run.raw", b"no recording".to_vec()).unwrap_err();
/// assert!(matches!(error, EventError::Unknown { .. }), "{error}");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was being done, such as `open`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason the system gave.
        source: std::io::Error,
    },
    /// The bytes at `offset` are not what the format says they must be.
    #[error("{}: {format} is damaged at byte {offset}: {what}; {hint}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The format it was read as.
        format: Format,
        /// Byte offset in the file.
        offset: u64,
        /// What is wrong there.
        what: String,
        /// What can be done about it.
        hint: String,
    },
    /// No known format fits the first bytes.
    #[error("{}: not an event file known here: {reason}", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What was looked at.
        reason: String,
    },
    /// The format is known, this variant of it cannot be read or written.
    #[error("{}: {what} is not supported; {hint}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The variant.
        what: String,
        /// What can be done about it.
        hint: String,
    },
    /// A file with data in it gave no event at all.
    #[error("{}: {bytes} bytes of {format} data hold no event; {hint}", path.display())]
    NoEvents {
        /// The file.
        path: PathBuf,
        /// The format it was read as.
        format: Format,
        /// Bytes after the header.
        bytes: u64,
        /// What can be done about it.
        hint: String,
    },
    /// The answer would not fit in the memory allowed.
    #[error(
        "{events} events need {needed_mb} MB, {budget_mb} MB are allowed; stream them, take a time slice, or raise `memory_limit_mb`"
    )]
    Memory {
        /// How many events were asked for.
        events: u64,
        /// What they need, in MB.
        needed_mb: u64,
        /// What is allowed, in MB.
        budget_mb: u64,
    },
    /// An argument that cannot be right.
    #[error("{0}")]
    Argument(String),
    /// Events that the chosen format cannot store.
    #[error("{format} cannot store event {row}: {what}")]
    Unwritable {
        /// The format being written.
        format: Format,
        /// Number of the event, from 0.
        row: u64,
        /// Which limit it breaks.
        what: String,
    },
    /// Somebody asked to stop.
    #[error("interrupted after {events} events")]
    Cancelled {
        /// Events delivered until then.
        events: u64,
    },
}

/// The result of this room.
pub type Result<T> = std::result::Result<T, EventError>;

impl EventError {
    pub(crate) fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}
