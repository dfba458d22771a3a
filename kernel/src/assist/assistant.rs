//! Answers from a copy of what is known of the notebook.

use crate::cell::{Config, Known, Table};
use crate::evaluator::{Bundle, Completions};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A copy of the notebook's state.
#[derive(Debug, Default, Clone)]
struct Snapshot {
    variables: BTreeMap<String, Known>,
}

/// Completes and inspects.
pub(crate) struct Assistant {
    snapshot: Mutex<Snapshot>,
}

impl Assistant {
    pub fn new(_config: &Config, _folder: &Path) -> Self {
        Self { snapshot: Mutex::default() }
    }

    /// Takes a copy of the notebook's state; called after every cell.
    pub fn update(&self, table: &Table, _cells: &HashMap<u32, String>) {
        let snapshot = Snapshot { variables: table.known.clone() };
        *self.snapshot.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }

    pub fn complete(&self, _code: &str, _cursor: usize) -> Completions {
        Completions::default()
    }

    pub fn inspect(&self, _code: &str, _cursor: usize, _detail: u8) -> Option<Bundle> {
        None
    }
}
