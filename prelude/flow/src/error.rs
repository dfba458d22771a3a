/// What can go wrong in a query.
///
/// ```
/// let error = flow::Error::request("there is no such column");
/// assert_eq!(error.to_string(), "there is no such column");
/// ```
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
    ///
    /// ```
    /// assert!(flow::Error::request("two tables").to_string().contains("two tables"));
    /// ```
    pub fn request(message: impl Into<String>) -> Self {
        Self::Segment(segment::Error::Request(message.into()))
    }

    /// Whether the user asked to stop.
    ///
    /// ```
    /// assert!(!flow::Error::request("two tables").is_interrupt());
    /// ```
    pub fn is_interrupt(&self) -> bool {
        matches!(self, Self::Segment(segment::Error::Interrupted))
    }
}
