use polars::prelude::PlSmallStr;

/// Columns that order a table: first the time (or whatever is sorted), then inner levels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    /// Names, the outermost level first. Every segment carries them.
    pub columns: Vec<PlSmallStr>,
    /// Whether the outermost level is known to ascend (`Some(false)`: known not to).
    pub sorted: Option<bool>,
}

impl Index {
    /// One column, ascending.
    pub fn ascending(column: impl Into<PlSmallStr>) -> Self {
        Self { columns: vec![column.into()], sorted: Some(true) }
    }

    /// The outermost level.
    pub fn outer(&self) -> Option<&PlSmallStr> {
        self.columns.first()
    }
}
