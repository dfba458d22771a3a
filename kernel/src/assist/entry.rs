//! One line of the index.

use serde::{Deserialize, Serialize};

/// Something that can be called or named.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The type or trait it belongs to; empty for free items.
    pub owner: String,
    pub name: String,
    /// `method`, `function`, `struct`, `enum`, `trait`, `macro`.
    pub kind: String,
    pub signature: String,
    pub docs: String,
    /// Where its source is.
    pub file: String,
    pub lines: (usize, usize),
    /// Whether it belongs to the prelude's own rooms.
    pub own: bool,
}
