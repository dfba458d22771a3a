//! What the user sees while typing: completion, inspection, and whether a cell is complete. It works while a cell
//! runs, from a copy of what is known of the notebook, and never touches the worker or evcxr.

mod assistant;
mod chain;
mod context;
mod entry;
mod exports;
mod index;
mod inspect;
pub(crate) mod language;
mod modules;
mod pages;
mod probe;
mod rank;
mod scan;
mod snapshot;
mod standard;
mod texts;
mod tokens;

use crate::install::prelude::Prelude;

pub(crate) use assistant::Assistant;
pub(crate) use tokens::completeness;

/// Makes the index of names and documentation beside the prelude, if it is not there yet.
pub(crate) fn prepare(prelude: &Prelude) {
    index::Index::load(prelude);
}
