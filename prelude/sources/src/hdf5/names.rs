//! What pandas and PyTables write down beside their tables: lists of names as pickles, types as words.

use polars::prelude::{DataType, TimeUnit};

/// The texts in a pickle of protocol 0, which is text: `(lp0\nVx\np1\naVy\np2\na.` holds `x` and `y`.
pub(super) fn unpickled(pickle: &str) -> Vec<String> {
    let text = |line: &str| {
        // Opcodes of the line before may stand at its beginning: `aVy`.
        let at = line.find('V')?;
        let before = &line[..at];
        before.chars().all(|code| "(laNts".contains(code)).then(|| unescaped(&line[at + 1..]))
    };
    pickle.lines().filter_map(text).collect()
}

/// A text as Python's `raw-unicode-escape` writes it.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        out.push_str(&rest[..at]);
        let code =
            rest.get(at + 2..at + 6).and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        match code {
            Some(code) => {
                out.push(code);
                rest = &rest[at + 6..];
            }
            None => {
                out.push_str("\\u");
                rest = &rest[at + 2..];
            }
        }
    }
    out + rest
}

/// What whole numbers mean, by the type that pandas gave the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Themselves.
    Plain,
    Truth,
    /// Times, in units that are so many of the unit of the column.
    Time(TimeUnit, i64),
    /// Differences of times.
    Span(TimeUnit, i64),
    /// Numbers of categories, which stand elsewhere.
    Category,
    /// Texts, of which one stands for those that are missing.
    Text,
}

impl Meaning {
    /// By the words of pandas: `datetime64[us]`, `bool`, `float64`.
    pub(super) fn of(dtype: &str) -> Self {
        let unit =
            match dtype.split_once('[').map(|(_, unit)| unit.trim_end_matches(']').split(',').next().unwrap_or("")) {
                Some("us") => (TimeUnit::Microseconds, 1),
                Some("ms") => (TimeUnit::Milliseconds, 1),
                Some("s") => (TimeUnit::Milliseconds, 1000),
                _ => (TimeUnit::Nanoseconds, 1),
            };
        match dtype {
            "bool" => Self::Truth,
            _ if dtype.starts_with("datetime64") => Self::Time(unit.0, unit.1),
            _ if dtype.starts_with("timedelta64") => Self::Span(unit.0, unit.1),
            _ => Self::Plain,
        }
    }

    /// The type of such a column, of one that is stored as another.
    pub(super) fn dtype(self, stored: DataType) -> DataType {
        match self {
            Self::Truth => DataType::Boolean,
            Self::Time(unit, _) => DataType::Datetime(unit, None),
            Self::Span(unit, _) => DataType::Duration(unit),
            Self::Plain | Self::Category | Self::Text => stored,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_from_pickles() {
        assert_eq!(unpickled("(lp0\nVx\np1\naVVy\np2\na."), ["x", "Vy"]);
        assert_eq!(unpickled("(lp0\n(I1\n(lp1\nVn\\u00f6\np2\naVs s\np3\natp9\na."), ["nö", "s s"]);
        assert_eq!(unpickled("(lp0\n."), [""; 0]);
        assert_eq!(unpickled("(lp0\nVa\\u12\np1\na."), ["a\\u12"]);
    }

    #[test]
    fn types_are_told_by_their_words() {
        assert_eq!(Meaning::of("datetime64[us]"), Meaning::Time(TimeUnit::Microseconds, 1));
        assert_eq!(Meaning::of("datetime64"), Meaning::Time(TimeUnit::Nanoseconds, 1));
        assert_eq!(Meaning::of("datetime64[s, UTC]"), Meaning::Time(TimeUnit::Milliseconds, 1000));
        assert_eq!(Meaning::of("timedelta64[ms]"), Meaning::Span(TimeUnit::Milliseconds, 1));
        assert_eq!((Meaning::of("bool"), Meaning::of("float64")), (Meaning::Truth, Meaning::Plain));
    }
}
