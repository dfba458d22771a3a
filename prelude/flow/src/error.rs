/// What can go wrong in a query.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A selection or expression that does not fit.
    #[error(transparent)]
    Cut(#[from] cut::Error),
    /// A file, a column, a request, an interrupt.
    #[error(transparent)]
    Segment(#[from] segment::Error),
}

/// A result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl From<polars::prelude::PolarsError> for Error {
    fn from(error: polars::prelude::PolarsError) -> Self {
        Self::Segment(error.into())
    }
}

impl Error {
    /// The error for a request without meaning.
    pub fn request(message: impl Into<String>) -> Self {
        Self::Segment(segment::Error::Request(message.into()))
    }

    /// Whether the user asked to stop.
    pub fn is_interrupt(&self) -> bool {
        matches!(self, Self::Segment(segment::Error::Interrupted))
    }
}
