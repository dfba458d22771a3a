//! Marks in generated code, by which the compiler's answers are understood.

/// Marks lines that put a variable into the store at the end of a cell. The variable's index follows.
pub(crate) const PUT: &str = "/*recoil put ";
/// Marks lines that put a variable back which the cell only used.
pub(crate) const KEEP: &str = "/*recoil keep ";
/// Marks lines that take a variable out of the store.
pub(crate) const TAKE: &str = "/*recoil take ";
/// Stands in front of the user's statements.
pub(crate) const BODY: &str = "/*recoil cell*/";
/// Begins the name of a macro around the call of one that makes items; see [`super::super::compile::canonical`].
pub(crate) const MADE: &str = "macro_rules! recoil_items_";
/// Stands in front of the call.
pub(crate) const MADE_OPEN: &str = "{ () => { ";
/// Stands behind it.
pub(crate) const MADE_CLOSE: &str = " } }";
