use std::fmt;

/// What can go wrong with an axis, a histogram or a fit.
///
/// ```
/// # use hist::Axis;
/// let error = Axis::regular(0, 0.0, 1.0).unwrap_err();
/// assert!(matches!(error, hist::Error::Axis(_)), "{error}");
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An axis that cannot be: no bins, edges that do not increase, a range that is not finite.
    #[error("{0}")]
    Axis(String),
    /// Columns, weights or samples that do not fit the histogram.
    #[error("{0}")]
    Fill(String),
    /// Two histograms whose axes or storages differ.
    #[error("these histograms cannot be combined: {0}")]
    Different(String),
    /// A bin, an axis or a process that is not there.
    #[error("{0}")]
    Missing(String),
    /// Text that is not a histogram in the UHI format, or not one that can be read.
    #[error("this is not a histogram in the UHI format (version 1): {place}: {message}")]
    Format {
        /// Where in the document, as a path such as `axes[0].edges`.
        place: String,
        /// What is wrong there.
        message: String,
    },
    /// A format that cannot be written, and what to do instead.
    #[error("{0}")]
    Export(String),
    /// An invalid fit, or one that found no minimum.
    #[error("{0}")]
    Fit(String),
    /// What other rooms report: a column that is not there, an interrupt.
    #[error(transparent)]
    Segment(#[from] segment::Error),
}

/// A result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn axis(message: impl fmt::Display) -> Self {
        Self::Axis(message.to_string())
    }

    pub(crate) fn fill(message: impl fmt::Display) -> Self {
        Self::Fill(message.to_string())
    }

    pub(crate) fn format(place: impl fmt::Display, message: impl fmt::Display) -> Self {
        Self::Format { place: place.to_string(), message: message.to_string() }
    }
}

impl From<polars::prelude::PolarsError> for Error {
    fn from(error: polars::prelude::PolarsError) -> Self {
        Self::Segment(error.into())
    }
}
