//! Rows by two integers: the index of a tree, by which ROOT finds the row of a friend.

use segment::{Error, Result};

/// Which row of a table has which two integers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// What the first integer is: the name of a column, or an expression.
    pub major: String,
    /// The same for the second; `0` when there is none.
    pub minor: String,
    /// Both integers and the row; rows of the same integers in the order in which they are to be found.
    keys: Vec<(i64, i64, u64)>,
}

impl Lookup {
    /// A lookup of rows, which may come in any order.
    pub(crate) fn new(major: String, minor: String, mut keys: Vec<(i64, i64, u64)>) -> Self {
        keys.sort_by_key(|(major, minor, _)| (*major, *minor));
        Self { major, minor, keys }
    }

    /// The first row that has both integers.
    pub(crate) fn row(&self, major: i64, minor: i64) -> Option<u64> {
        let at = self.keys.partition_point(|(first, second, _)| (*first, *second) < (major, minor));
        self.keys.get(at).filter(|(first, second, _)| (*first, *second) == (major, minor)).map(|(.., row)| *row)
    }

    /// The lookup of tables one after another, each with its name and its number of rows; `None` when no table has one.
    ///
    /// # Errors
    /// Some tables have one and others have none, or have one of other columns.
    pub(crate) fn chained(parts: Vec<(&str, u64, Option<Self>)>) -> Result<Option<Self>> {
        let mut whole: Option<Self> = None;
        let mut start = 0;
        let without = parts.iter().find(|(_, _, lookup)| lookup.is_none()).map(|(name, ..)| *name);
        for (name, rows, lookup) in &parts {
            let Some(lookup) = lookup else { continue };
            if let Some(without) = without {
                return Err(Error::request(format!("{name} has an index and {without} has none; build it for all")));
            }
            let moved = lookup.keys.iter().map(|(major, minor, row)| (*major, *minor, row + start));
            match &mut whole {
                None => whole = Some(Self { keys: moved.collect(), ..lookup.clone() }),
                Some(whole) if (&whole.major, &whole.minor) == (&lookup.major, &lookup.minor) => {
                    whole.keys.extend(moved)
                }
                Some(whole) => {
                    return Err(Error::request(format!(
                        "{name} has an index of `{}` and `{}`, others have one of `{}` and `{}`",
                        lookup.major, lookup.minor, whole.major, whole.minor
                    )));
                }
            }
            start += rows;
        }
        Ok(whole.map(|whole| Self::new(whole.major, whole.minor, whole.keys)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(keys: &[(i64, i64, u64)]) -> Lookup {
        Lookup::new("run".into(), "event".into(), keys.to_vec())
    }

    #[test]
    fn rows_are_found_behind_the_tables_before() {
        let parts = vec![("a", 3, Some(of(&[(1, 5, 2), (1, 4, 0)]))), ("b", 2, Some(of(&[(1, 4, 1), (0, 0, 0)])))];
        let found = Lookup::chained(parts).unwrap().unwrap();
        let row = |major, minor| found.row(major, minor);
        assert_eq!([row(1, 5), row(1, 4), row(0, 0), row(1, 6), row(9, 9)], [Some(2), Some(0), Some(3), None, None]);
        assert_eq!(Lookup::chained(vec![("a", 3, None), ("b", 1, None)]).unwrap(), None);
    }

    #[test]
    fn tables_must_have_the_same_index() {
        let error = Lookup::chained(vec![("a", 1, None), ("b", 1, Some(of(&[])))]).unwrap_err().to_string();
        assert!(error.contains("b has an index and a has none"), "{error}");
        let other = Lookup::new("event".into(), "0".into(), Vec::new());
        let error = Lookup::chained(vec![("a", 1, Some(of(&[]))), ("b", 1, Some(other))]).unwrap_err().to_string();
        assert!(error.contains("`event` and `0`") && error.contains("`run`"), "{error}");
    }
}
