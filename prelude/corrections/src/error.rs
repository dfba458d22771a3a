/// Why a table of corrections cannot be used.
///
/// ```
/// assert!(matches!(corrections::Set::read(b"no JSON"), Err(corrections::Error::Json(_))));
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The text is no JSON.
    #[error("no table of corrections: {0}")]
    Json(String),
    /// JSON that is no correction: the place in it, and what is wrong there.
    #[error("{place}: {reason}")]
    Content {
        /// The way to the place: `corrections[0] (sf).data.content[3]`.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// No correction has this name.
    #[error("no correction `{name}`; the file has {known}")]
    Name {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Rows that make no table.
    #[error("{0}")]
    Rows(String),
}

/// A result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a table has no value for some inputs, in words.
///
/// ```
/// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
/// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
/// # let set = corrections::Set::read(text.as_bytes())?;
/// # let sf = set.get("sf")?;
/// let wrong: corrections::Outside = sf.value(&[]).unwrap_err();
/// assert!(matches!(wrong, corrections::Outside::Inputs(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Outside {
    /// A value that is in no bin, where the table says that this is an error.
    #[error("`{input}` is {value}, {} the bins of the table, which {} at {edge}", if *.above { "above" } else { "below" }, if *.above { "end" } else { "begin" })]
    Bins {
        /// The name of the input.
        input: String,
        /// Its value.
        value: f64,
        /// Whether it lies above the bins, not below.
        above: bool,
        /// The end of the bins.
        edge: f64,
    },
    /// A cell for which the rows of a table say nothing.
    #[error("the table has no row for {0}")]
    Cell(String),
    /// A key that is not in the table, which has no default.
    #[error("`{input}` is {value}, and the table has {known}")]
    Key {
        /// The name of the input.
        input: String,
        /// Its value.
        value: String,
        /// The keys that there are.
        known: String,
    },
    /// Inputs of another number or type.
    #[error("{0}")]
    Inputs(String),
}

impl Error {
    pub(crate) fn at(place: &str, reason: impl Into<String>) -> Self {
        Self::Content { place: place.to_owned(), reason: reason.into() }
    }
}

/// A list for a message, of which not more than a few are shown.
pub(crate) fn some_of(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<String> = names.into_iter().collect();
    let shown = names.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "nothing".to_owned(),
        count if count > 8 => format!("{shown} and {} more", count - 8),
        _ => shown,
    }
}
