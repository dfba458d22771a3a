//! Reading a tree's own record.

use super::array::{count, float};
use super::index::Index;
use super::record::{Known, Record};
use crate::error::{Error, Result};
use crate::stream::{Cursor, Pointer, Pointers};

/// The first version of TTree that keeps a TTreeIndex.
const FIRST_WITH_INDEX: u16 = 16;

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
        record.index = record.behind(header.version, &mut cursor, &mut pointers);
        Ok(record)
    }

    /// What stands behind the branches: leaves, aliases, older tables of an index, and the index. A tree whose index cannot be
    /// read has its rows all the same; only friends need it.
    fn behind(&self, version: u16, cursor: &mut Cursor, pointers: &mut Pointers) -> Result<Option<Index>> {
        // Before, the index was no object of its own.
        if version < FIRST_WITH_INDEX {
            return Ok(None);
        }
        cursor.pass()?;
        if let Pointer::New { end: Some(end), .. } = pointers.next(cursor)? {
            cursor.go(end)?;
        }
        for width in [8, 4] {
            let number = cursor.count(width, "an index of old")?;
            cursor.skip(number * width)?;
        }
        match pointers.next(cursor)? {
            Pointer::New { class, .. } if &*class == "TTreeIndex" => Index::read(cursor, self.entries).map(Some),
            Pointer::New { class, .. } => Err(Error::unknown(format!("its index is a {class}"))),
            Pointer::Null | Pointer::Seen(_) => Ok(None),
        }
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
