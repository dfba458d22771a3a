use crate::place::Place;
use crate::sealed::Sealed;
use polars::prelude::PolarsError;

/// What can go wrong with a table, whichever room finds it. Rooms with more to say wrap it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A column that is not there.
    #[error("no column `{name}`{}", hint(.nearest, *.columns))]
    Column {
        /// What was asked for.
        name: String,
        /// Names that look alike, best first.
        nearest: Vec<String>,
        /// How many columns there are.
        columns: usize,
    },
    /// Bytes that cannot be read as what they claim to be, or a file that cannot be read at all.
    #[error("{place}: {message}")]
    Read {
        /// Where.
        place: Sealed<Place>,
        /// What is wrong, and what to do.
        message: String,
    },
    /// Lists that are fields of one collection, and have different lengths in a row.
    #[error("row {row}: `{}` has {} values and `{}` {}, so they are not of one collection", .columns[0], .lengths[0], .columns[1], .lengths[1])]
    Lengths {
        /// The two columns.
        columns: [String; 2],
        /// How many values each has.
        lengths: [usize; 2],
        /// The row, counted from 0 in what was looked at; the engine puts the place in the file in its stead.
        row: usize,
    },
    /// An invalid request: wrong types, wrong arguments.
    #[error("{0}")]
    Request(String),
    /// The user, or the program, asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// What the frame library reports.
    #[error("{0}")]
    Frame(String),
}

/// A result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The error for a column that is not among `columns`.
    pub fn column<'a>(name: &str, columns: impl IntoIterator<Item = &'a str>) -> Self {
        let columns: Vec<_> = columns.into_iter().collect();
        let nearest = crate::nearest(name, columns.iter().copied()).into_iter().map(String::from).collect();
        Self::Column { name: name.to_owned(), nearest, columns: columns.len() }
    }

    /// The error for a place that cannot be read.
    pub fn read(place: &Place, message: impl Into<String>) -> Self {
        Self::Read { place: Sealed::new(place.clone()), message: message.into() }
    }

    /// The error for a request without meaning.
    pub fn request(message: impl Into<String>) -> Self {
        Self::Request(message.into())
    }
}

impl From<PolarsError> for Error {
    fn from(error: PolarsError) -> Self {
        Self::Frame(error.to_string())
    }
}

fn hint(nearest: &[String], columns: usize) -> String {
    match nearest {
        [] => format!(" among the {columns} columns"),
        [one] => format!("; did you mean `{one}`?"),
        many => {
            format!("; did you mean {}?", many.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn a_missing_column_suggests_the_nearest() {
        let error = Error::column("pRecol", ["pRecoil", "mu1P"]);
        assert_eq!(error.to_string(), "no column `pRecol`; did you mean `pRecoil`?");
        assert_eq!(Error::column("zz", ["pRecoil"]).to_string(), "no column `zz` among the 1 columns");
    }
}
