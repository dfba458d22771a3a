//! Leaves: what the values of a branch are.

use super::record::{Known, Leaf, Record};
use crate::error::Result;
use crate::stream::{Cursor, Pointer, Pointers};

/// Leaves that count leaves that count leaves.
const DEPTH: usize = 16;

/// Reads the leaf that follows and gives its number.
pub(super) fn read(
    cursor: &mut Cursor,
    pointers: &mut Pointers,
    record: &mut Record,
    known: &mut Known,
    pointer: &Pointer,
    depth: usize,
) -> Result<Option<usize>> {
    let (class, end, number) = match pointer {
        Pointer::Null => return Ok(None),
        Pointer::Seen(number) => return Ok(known.leaves.get(number).copied()),
        Pointer::New { class, end, number } => (class, end, number),
    };
    let leaf = record.leaves.len();
    record.leaves.push(Leaf { class: class.to_string(), ..Leaf::default() });
    known.leaves.insert(*number, leaf);
    if class.starts_with("TLeaf") && depth < DEPTH {
        members(class, cursor, pointers, record, known, leaf, depth)?;
    }
    if let Some(end) = end {
        cursor.go(*end)?;
    }
    Ok(Some(leaf))
}

fn members(
    class: &str,
    cursor: &mut Cursor,
    pointers: &mut Pointers,
    record: &mut Record,
    known: &mut Known,
    leaf: usize,
    depth: usize,
) -> Result<()> {
    // Every kind of leaf is a TLeaf with more behind; `TLeaf` itself has one header less.
    let outer = if class == "TLeaf" { None } else { Some(cursor.header()?) };
    let header = cursor.header()?;
    let (name, title) = cursor.named()?;
    let length = cursor.i32()?;
    cursor.skip(9)?;
    let unsigned = cursor.u8()? != 0;
    let counter = pointers.next(cursor)?;
    let count = read(cursor, pointers, record, known, &counter, depth + 1)?;
    cursor.finish(header)?;
    let mut kind = 0;
    if class == "TLeafElement" {
        cursor.skip(4)?;
        kind = cursor.i32()?;
    }
    if let Some(outer) = outer {
        cursor.finish(outer)?;
    }
    let class = class.to_owned();
    record.leaves[leaf] = Leaf { class, name, title, length, unsigned, count, kind, branch: None };
    Ok(())
}
