//! The tree's own record: entries, clusters, branches.

use super::branch::Branch;
use super::leaf::Leaf;
use crate::error::{Error, Result};
use crate::stream::{Cursor, Pointer, Pointers};
use std::collections::HashMap;

/// What a tree says of itself.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub entries: u64,
    /// Rows per cluster, or bytes when negative.
    pub flush: i64,
    /// Ends of ranges of clusters, and rows per cluster in each.
    pub ranges: Vec<(i64, i64)>,
    pub branches: Vec<Branch>,
    pub leaves: Vec<Leaf>,
}

/// Objects that may be pointed at.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub leaves: HashMap<u32, usize>,
}

/// Whether objects of a class are trees.
pub(crate) fn is_tree(class: &str) -> bool {
    matches!(class, "TTree" | "TNtuple" | "TNtupleD" | "TChain")
}

impl Record {
    pub(crate) fn parse(class: &str, bytes: &[u8], base: u16) -> Result<Self> {
        let mut cursor = Cursor::new(bytes);
        let mut header = cursor.header()?;
        if class != "TTree" {
            header = cursor.header()?;
        }
        let mut record = Self::default();
        let branches = record.fixed(header.version, &mut cursor);
        branches.map_err(|error| error.at(cursor.at() as u64))?;
        let mut pointers = Pointers::new(base);
        super::branch::array(&mut cursor, &mut pointers, &mut record, &mut Known::default(), None, 0)?;
        Ok(record)
    }

    /// Everything before the branches.
    fn fixed(&mut self, version: u16, cursor: &mut Cursor) -> Result<()> {
        cursor.named()?;
        (0..3).try_for_each(|_| cursor.pass())?;
        let old = version <= 5;
        self.entries = if old { float(cursor.f64()?)? } else { count(cursor.i64()?)? };
        cursor.skip(24)?;
        cursor.skip(if version >= 18 { 8 } else { 0 })?;
        cursor.skip(if version >= 16 { 8 } else { 0 })?;
        cursor.skip(12)?;
        cursor.skip(if version >= 17 { 4 } else { 0 })?;
        let ranges = if version >= 19 { cursor.count(16, "ranges of clusters")? } else { 0 };
        if old {
            cursor.skip(if version > 4 { 16 } else { 12 })?;
        } else {
            cursor.skip(32)?;
        }
        self.flush = if version >= 18 { cursor.i64()? } else { 0 };
        cursor.skip(if old { 4 } else { 8 })?;
        if version >= 19 {
            cursor.skip(1)?;
            let ends = (0..ranges).map(|_| cursor.i64()).collect::<Result<Vec<_>>>()?;
            cursor.skip(1)?;
            let sizes = (0..ranges).map(|_| cursor.i64()).collect::<Result<Vec<_>>>()?;
            self.ranges = ends.into_iter().zip(sizes).collect();
        }
        if version >= 20 {
            cursor.pass()?;
        }
        Ok(())
    }
}

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

/// Calls `each` for what the pointers of an array point at; goes behind each whatever `each` has read.
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
