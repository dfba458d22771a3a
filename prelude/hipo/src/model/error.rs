//! What can be wrong, and where.

use std::fmt;

/// A place in a file: everything that is known of it.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let error = hipo::Reader::open(folder.path().join("no such file.hipo")).err().unwrap();
/// let place: &hipo::Place = &error.place;
/// assert!(place.file.ends_with("no such file.hipo") && place.record.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, as the caller named it.
    pub file: String,
    /// The record, counted from 1 in file order.
    pub record: Option<usize>,
    /// The absolute byte offset in the file.
    pub offset: Option<u64>,
    /// The event of the record, counted from 1.
    pub event: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(record) = self.record {
            write!(f, ": record {record}")?;
        }
        if let Some(offset) = self.offset {
            write!(f, "{} at byte {offset}", if self.record.is_some() { "" } else { ":" })?;
        }
        if let Some(event) = self.event {
            write!(f, ", event {event}")?;
        }
        Ok(())
    }
}

/// What is wrong.
///
/// ```
/// let fault = hipo::Schema::parse("no schema").unwrap_err();
/// assert!(matches!(fault, hipo::Fault::Schema(_)), "{fault}");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The system refused.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Not a HIPO file at all.
    #[error("not a HIPO file: {why}")]
    NotHipo {
        /// What was found instead.
        why: String,
    },
    /// The file contradicts itself or ends too early.
    #[error("damaged: {0}")]
    Damaged(String),
    /// Something that stock HIPO does not have.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// A schema that cannot be understood.
    #[error("schema: {0}")]
    Schema(String),
    /// The dictionary has no such bank or the bank no such column.
    #[error("no {what} `{name}`{suggestion}")]
    Unknown {
        /// "bank" or "column of BANK".
        what: String,
        /// The name that was asked for.
        name: String,
        /// "; did you mean `x`?" or the names there are.
        suggestion: String,
    },
    /// The caller asked for something impossible.
    #[error("{0}")]
    Argument(String),
    /// The caller stopped the work.
    #[error("stopped")]
    Stopped,
}

impl Fault {
    /// This fault at a place.
    pub(crate) fn at(self, place: Place) -> Error {
        Error { place: Box::new(place), fault: self }
    }

    pub(crate) fn unknown<'a>(what: impl Into<String>, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Unknown { what: what.into(), name: name.into(), suggestion: suggestion(name, known) }
    }

    fn help(&self) -> Option<&'static str> {
        match self {
            Self::Damaged(_) => {
                Some("`recoil hipo check FILE` lists all faults, `recoil hipo salvage FILE NEW` keeps what is whole")
            }
            _ => None,
        }
    }
}

/// A fault and its place.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let error: hipo::Error = reader.bank("REC::Particles").unwrap_err();
/// assert!(error.to_string().contains("REC::Particle"), "the nearest name");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Error {
    /// Where.
    pub place: Box<Place>,
    /// What.
    pub fault: Fault,
}

impl Error {
    /// An error that stops a read from inside a callback.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let error = reader.scan(&hipo::ColumnQuery::new(), |_| Err(hipo::Error::stopped())).unwrap_err();
    /// assert!(matches!(error.fault, hipo::Fault::Stopped));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stopped() -> Self {
        Fault::Stopped.at(Place::default())
    }

    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Fault::Argument(message.into()).at(Place::default())
    }

    pub(crate) fn in_file(file: &str, fault: impl Into<Fault>) -> Self {
        fault.into().at(Place { file: file.into(), ..Place::default() })
    }

    /// Whether the file is damaged (as against the caller being wrong or the system refusing).
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert!(!reader.bank("no such bank").unwrap_err().is_damage());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self.fault, Fault::Damaged(_) | Fault::NotHipo { .. })
    }
}

impl From<Fault> for Error {
    /// A fault whose place is not in a file.
    fn from(fault: Fault) -> Self {
        fault.at(Place::default())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.to_string();
        if place.is_empty() {
            write!(f, "{}", self.fault)?;
        } else {
            write!(f, "{place}: {}", self.fault)?;
        }
        match self.fault.help() {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            Fault::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// "; did you mean `x`?" for the nearest known name, else the first names there are.
fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let nearest = known.iter().map(|candidate| (distance(name, candidate), *candidate)).min();
    match nearest {
        None => "; there are none".into(),
        Some((distance, candidate)) if distance <= name.len().max(candidate.len()) / 3 + 1 => {
            format!("; did you mean `{candidate}`?")
        }
        Some(_) => {
            let more = if known.len() > 12 { ", ..." } else { "" };
            format!("; there are {}{more}", known[..known.len().min(12)].join(", "))
        }
    }
}

/// Edit distance over bytes, upper and lower case alike.
fn distance(left: &str, right: &str) -> usize {
    let (left, right) = (left.to_ascii_lowercase(), right.to_ascii_lowercase());
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_where_what_and_what_to_do() {
        let place = Place { file: "run.hipo".into(), record: Some(2), offset: Some(7164), event: Some(3) };
        let message = Fault::Damaged("the LZ4 block is broken".into()).at(place).to_string();
        assert!(
            message.starts_with("run.hipo: record 2 at byte 7164, event 3: damaged: the LZ4 block is broken\n  help: ")
        );
        assert_eq!(
            Error::in_file("a", Fault::unknown("bank", "REC::Particl", ["REC::Particle", "RUN::config"])).to_string(),
            "a: no bank `REC::Particl`; did you mean `REC::Particle`?"
        );
    }
}
