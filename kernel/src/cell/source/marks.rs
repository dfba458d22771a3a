//! Marks in generated code, by which the compiler's answers are understood.

/// Marks lines that put a variable into the store at the end of a cell. The variable's index follows.
pub(crate) const PUT: &str = "/*recoil put ";
/// Marks lines that put a variable back which the cell only used.
pub(crate) const KEEP: &str = "/*recoil keep ";
/// Marks lines that take a variable out of the store.
pub(crate) const TAKE: &str = "/*recoil take ";
/// Stands in front of the user's statements.
pub(crate) const BODY: &str = "/*recoil cell*/";
