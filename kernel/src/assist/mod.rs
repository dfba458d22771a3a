//! What the user sees while typing: completion, inspection, and whether a cell is complete. It works while a cell
//! runs, from a copy of what is known of the notebook, and never touches the worker or evcxr.

mod assistant;
mod context;
mod entry;
mod index;
mod probe;
mod standard;
mod tokens;

pub(crate) use assistant::Assistant;
pub(crate) use tokens::completeness;
