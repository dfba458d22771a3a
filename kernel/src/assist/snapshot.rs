//! A copy of what is known of the notebook.

use super::index::Index;
use super::rank::Used;
use super::scan::is_word;
use crate::variables::Known;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A copy of the notebook's state.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub variables: BTreeMap<String, Known>,
    /// Items of all cells, as text.
    pub items: String,
    /// How often names stand in the cells that have run.
    pub used: Used,
    /// The items as an index, made when it is first asked for.
    own: OnceLock<Index>,
}

impl Snapshot {
    /// The state after a cell with the text `code`.
    pub fn after(&self, code: &str, variables: BTreeMap<String, Known>, items: String) -> Self {
        let mut used = self.used.clone();
        for word in code.split(|c| !is_word(c)).filter(|word| word.len() > 1) {
            *used.entry(word.to_owned()).or_default() += 1;
        }
        Self { variables, items, used, own: OnceLock::new() }
    }

    fn own(&self) -> &Index {
        self.own.get_or_init(|| Index::of_notebook(&self.items))
    }

    /// What is there to call: the notebook's own items, then the prelude's and the standard library's.
    pub fn indices<'a>(&'a self, index: Option<&'a Index>) -> Vec<&'a Index> {
        [self.own()].into_iter().chain(index).collect()
    }
}
