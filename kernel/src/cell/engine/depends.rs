//! Which of the notebook's items a cell uses, directly or through other items.

use crate::cell::report::diagnose::ItemOrigin;
use crate::cell::source::definitions::item_name;
use crate::cell::source::parsed::words;
use std::collections::BTreeSet;
use syn::Item;

/// Names of the items that code with these words uses, each with the number of the cell that defines it. An `impl` is
/// used with its type or its trait; a `use` with any of its names, and one of everything (`use polars::prelude::*`)
/// always.
pub(super) fn items(origins: &[ItemOrigin], code: &BTreeSet<String>) -> Vec<(String, u32)> {
    let described: Vec<_> = origins.iter().map(|origin| (origin.cell, Described::new(&origin.now().text))).collect();
    let mut reached = code.clone();
    let mut found: Vec<Option<String>> = vec![None; described.len()];
    loop {
        let before = found.iter().flatten().count();
        for (place, (_, item)) in described.iter().enumerate().filter(|(_, (_, item))| item.is_there()) {
            if found[place].is_none()
                && let Some(name) = item.used_by(&reached)
            {
                found[place] = Some(name);
                reached.extend(item.words.iter().cloned());
            }
        }
        if found.iter().flatten().count() == before {
            break;
        }
    }
    found.into_iter().zip(described).filter_map(|(name, (cell, _))| Some((name?, cell))).collect()
}

/// An item, as far as its use can be told.
#[derive(Default)]
struct Described {
    /// Using any of these names uses it.
    names: BTreeSet<String>,
    /// What it uses in turn.
    words: BTreeSet<String>,
    /// Whether everything uses it.
    everywhere: bool,
}

impl Described {
    fn new(text: &str) -> Self {
        let words = words(text);
        let (names, everywhere) = match syn::parse_str::<Item>(text) {
            Ok(Item::Impl(_)) => (self::words(text.split('{').next().unwrap_or_default()), false),
            Ok(Item::Use(_)) => (words.clone(), text.contains('*')),
            _ => (item_name(text).into_iter().collect(), false),
        };
        // A macro that makes items has no name of its own, nor do items that cannot be told: all cells are taken to use them.
        Self { everywhere: everywhere || names.is_empty(), names, words }
    }

    fn is_there(&self) -> bool {
        !self.words.is_empty()
    }

    fn used_by(&self, reached: &BTreeSet<String>) -> Option<String> {
        const OF_ALL: [&str; 12] =
            ["impl", "for", "use", "pub", "crate", "self", "super", "std", "core", "where", "dyn", "mut"];
        let named = self.names.iter().find(|name| reached.contains(*name) && !OF_ALL.contains(&name.as_str()));
        named.cloned().or_else(|| self.everywhere.then(|| self.names.last().cloned().unwrap_or_else(|| "items".into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::source::edits::Source;

    fn used(items: &[&str], code: &str) -> Vec<(String, u32)> {
        let origin =
            |(cell, text): (u32, &&str)| ItemOrigin { cell, item: Source::new(text, 0, text.len(), &[]), left: None };
        let origins: Vec<_> = (1..).zip(items).map(origin).collect();
        super::items(&origins, &words(code))
    }

    #[test]
    fn items_are_found_through_others() {
        let items = ["fn a() -> f64 { b() }", "fn b() -> f64 { C }", "const C: f64 = 1.0;", "fn d() {}"];
        let cells = |code: &str| used(&items, code).into_iter().map(|(_, cell)| cell).collect::<Vec<_>>();
        assert_eq!(cells("a()"), [1, 2, 3]);
        assert_eq!(cells("d()"), [4]);
        assert!(cells("e()").is_empty());
        assert_eq!(used(&["struct P;", "impl P { fn n(&self) {} }"], "P.n()"), [("P".into(), 1), ("P".into(), 2)]);
        assert_eq!(used(&["use std::fmt;", "use polars::prelude::*;"], "fmt::Write").len(), 2);
        assert_eq!(used(&["use std::fmt;"], "std::mem::drop(1)").len(), 0);
    }
}
