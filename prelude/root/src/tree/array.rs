//! Numbers and arrays of objects, as the record of a tree has them.

use crate::error::{Error, Result};
use crate::stream::{Cursor, Pointer, Pointers};

/// Entries as an integer.
pub(super) fn count(entries: i64) -> Result<u64> {
    u64::try_from(entries).map_err(|_| Error::damaged(format!("{entries} entries")))
}

/// Entries as old versions wrote them.
pub(super) fn float(entries: f64) -> Result<u64> {
    if (0.0..9e15).contains(&entries) {
        return Ok(entries as u64);
    }
    Err(Error::damaged(format!("{entries} entries")))
}

/// Calls `each` for what the pointers of an array point at; goes behind each, however much `each` has read.
pub(super) fn objects(
    cursor: &mut Cursor,
    pointers: &mut Pointers,
    each: &mut dyn FnMut(&mut Cursor, &mut Pointers, Pointer) -> Result<()>,
) -> Result<()> {
    let header = cursor.header()?;
    if header.version > 2 {
        cursor.object()?;
    }
    if header.version > 1 {
        cursor.text_bytes()?;
    }
    let number = cursor.count(4, "an array of objects")?;
    cursor.skip(4)?;
    for _ in 0..number {
        let pointer = pointers.next(cursor)?;
        let end = if let Pointer::New { end, .. } = &pointer { *end } else { None };
        each(cursor, pointers, pointer)?;
        if let Some(end) = end {
            cursor.go(end)?;
        }
    }
    cursor.finish(header)
}
