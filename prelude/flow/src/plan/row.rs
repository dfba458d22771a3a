//! The columns of the engine itself.

use crate::error::{Error, Result};
use polars::prelude::{PlSmallStr, Schema};

/// How the names of columns begin that are made on the way. No table may have such a column, so that none is mistaken for
/// one of the user's.
pub const RESERVED: &str = "__recoil_";

/// The name of the column of row numbers of the source, which is computed when a query asks for it and never stored.
pub const ROW: &str = "__recoil_row__";

/// Refuses a column of a table, or one that a clause makes, under a name of the engine's.
pub(crate) fn refuse_reserved(name: &str) -> Result<()> {
    if name.starts_with(RESERVED) {
        let text = format!("column `{name}`: names that begin with `{RESERVED}` are the engine's own; rename it");
        return Err(Error::request(text));
    }
    Ok(())
}

/// Refuses a table with such a column.
pub(crate) fn refuse_reserved_in(schema: &Schema) -> Result<()> {
    schema.iter_names().map(PlSmallStr::as_str).try_for_each(refuse_reserved)
}
