//! Texts that are not UTF-8: kept as Latin-1, and counted.

use polars::prelude::PlSmallStr;
use segment::lock;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// How many texts of a column, by segment, are not UTF-8.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    found: Mutex<BTreeMap<PlSmallStr, BTreeMap<usize, u64>>>,
}

impl Foreign {
    /// Notes how many texts among rows of a segment are not UTF-8. Rows that are read again are not counted again: of several
    /// readings of a segment the one with the most counts.
    pub(super) fn note(&self, column: &PlSmallStr, segment: usize, texts: u64) {
        if texts == 0 {
            return;
        }
        let mut found = lock(&self.found);
        let most = found.entry(column.clone()).or_default().entry(segment).or_default();
        *most = texts.max(*most);
    }

    /// A sentence for each of some columns that has such texts.
    pub(super) fn said(&self, table: &str, columns: &[PlSmallStr]) -> Vec<String> {
        let found = lock(&self.found);
        let mut said = Vec::new();
        for name in columns {
            let Some(texts) = found.get(name).map(|segments| segments.values().sum::<u64>()) else { continue };
            let (number, are) =
                if texts == 1 { ("1 text".to_owned(), "is") } else { (format!("{texts} texts"), "are") };
            said.push(format!(
                "{table}: {number} of column `{name}` {are} not UTF-8; each byte was read as the Latin-1 character of its number"
            ));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_once() {
        let foreign = Foreign::default();
        let (a, b) = (PlSmallStr::from("a"), PlSmallStr::from("b"));
        foreign.note(&a, 0, 2);
        foreign.note(&a, 0, 2);
        foreign.note(&a, 0, 1);
        foreign.note(&a, 3, 5);
        foreign.note(&b, 1, 0);
        let said = foreign.said("f.root:t", &[a, b]);
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("f.root:t: 7 texts of column `a` are not UTF-8"), "{said:?}");
    }
}
