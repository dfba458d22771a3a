//! Why a dataset cannot be read.

/// Why a dataset cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What the file says cannot be.
    #[error("{0}")]
    Damaged(String),
    /// A kind of dataset that is not known here.
    #[error("{0}")]
    Unsupported(String),
    /// What `hdf5-pure` cannot read: damage, or a newer kind of file.
    #[error("a dataset cannot be read ({0})")]
    Unreadable(String),
}

/// What the functions of this room answer.
pub type Result<T> = std::result::Result<T, Error>;
