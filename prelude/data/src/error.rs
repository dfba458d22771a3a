//! What can go wrong between what a physicist types and the answer.

use crate::discover::DiscoverError;
use belle2::luminosity::LuminosityError;
use belle2::names::NameError;

/// An error of the facade; its text is what the cell shows.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let error = data.query("y > 1").count().unwrap_err();
/// assert!(matches!(error, data::Error::Cut { .. }), "{error}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path that cannot be opened.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// A process name without meaning.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A luminosity table without what is asked.
    #[error(transparent)]
    Luminosity(#[from] LuminosityError),
    /// A group or process that is not there.
    #[error("no group or process `{name}`{hint}")]
    Group {
        /// What was asked for.
        name: String,
        /// What there is instead.
        hint: String,
    },
    /// A selection or expression that cannot be understood, with a caret under it.
    #[error("{process}{error}")]
    Cut {
        /// `in process NAME: `, when only some processes are concerned.
        process: String,
        /// The error of the language.
        error: cut::Error,
    },
    /// What the engine or a file says, with the process it happened in.
    #[error("{process}{error}")]
    Table {
        /// `in process NAME: `, or nothing.
        process: String,
        /// The error with its place.
        error: segment::Error,
    },
    /// A request without meaning.
    #[error("{0}")]
    Request(String),
}

/// A result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Whether this is the user's own interrupt.
    ///
    /// ```
    /// assert!(!data::Error::request("no such run").is_interrupt());
    /// ```
    pub fn is_interrupt(&self) -> bool {
        matches!(self, Self::Table { error: segment::Error::Interrupted, .. })
    }

    /// An error with a message of one's own: what is wrong, and what to do.
    ///
    /// ```
    /// let error = data::Error::request("run 7 has no calibration; take 6 or 8");
    /// assert_eq!(error.to_string(), "run 7 has no calibration; take 6 or 8");
    /// ```
    pub fn request(message: impl Into<String>) -> Self {
        Self::Request(message.into())
    }

    /// The same error, said of one process.
    pub(crate) fn of(self, name: &str) -> Self {
        let process = format!("in process {name}: ");
        match self {
            Self::Table { error: segment::Error::Interrupted, .. } => self,
            Self::Table { error, .. } => Self::Table { process, error },
            Self::Cut { error, .. } => Self::Cut { process, error },
            other => other,
        }
    }
}

impl Error {
    /// The same error; of a column that the table's files have, but cannot give, with the reason.
    pub(crate) fn unreadable(self, source: &dyn sources::Source) -> Self {
        let text = self.to_string();
        let meant = |column: &&sources::Unreadable| text.contains(&format!("no column `{}`", column.name));
        match source.unreadable().iter().find(meant) {
            Some(column) => Self::request(format!("{text}\nin {}: {column}", source.name())),
            None => self,
        }
    }
}

impl From<segment::Error> for Error {
    fn from(error: segment::Error) -> Self {
        Self::Table { process: String::new(), error }
    }
}

impl From<cut::Error> for Error {
    fn from(error: cut::Error) -> Self {
        Self::Cut { process: String::new(), error }
    }
}

impl From<flow::Error> for Error {
    fn from(error: flow::Error) -> Self {
        match error {
            flow::Error::Cut(error) => error.into(),
            flow::Error::Segment(error) => error.into(),
            other => Self::Request(other.to_string()),
        }
    }
}

impl From<hist::Error> for Error {
    fn from(error: hist::Error) -> Self {
        match error {
            hist::Error::Segment(error) => error.into(),
            other => Self::Request(other.to_string()),
        }
    }
}

impl From<polars::prelude::PolarsError> for Error {
    fn from(error: polars::prelude::PolarsError) -> Self {
        segment::Error::from(error).into()
    }
}
