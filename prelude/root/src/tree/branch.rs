//! Branches: leaves, and where the baskets are.

use super::array::{count, float, objects};
use super::basket::{self, Disk};
use super::record::{Branch, Known, Record};
use crate::error::{Error, Result};
use crate::stream::{Cursor, Pointer, Pointers};

/// Branches in branches that are followed.
const DEPTH: usize = 64;

/// Reads an array of branches into the record.
pub(super) fn array(
    cursor: &mut Cursor,
    pointers: &mut Pointers,
    record: &mut Record,
    known: &mut Known,
    parent: Option<usize>,
    depth: usize,
) -> Result<()> {
    objects(cursor, pointers, &mut |cursor, pointers, pointer| {
        let Pointer::New { class, end, .. } = &pointer else { return Ok(()) };
        let number = record.branches.len();
        record.branches.push(Branch { sort: class.to_string(), parent, ..Branch::default() });
        if depth > DEPTH {
            record.branches[number].broken = Some(Error::damaged("branches in branches without end"));
        } else if let Err(error) = read(class, cursor, pointers, record, known, number, depth) {
            // Without its end nobody knows where the next branch begins.
            if end.is_none() {
                return Err(error);
            }
            record.branches[number].broken = Some(error);
        }
        Ok(())
    })
}

fn read(
    class: &str,
    cursor: &mut Cursor,
    pointers: &mut Pointers,
    record: &mut Record,
    known: &mut Known,
    number: usize,
    depth: usize,
) -> Result<()> {
    if class == "TBranch" {
        return plain(cursor, pointers, record, known, number, depth);
    }
    let header = cursor.header()?;
    plain(cursor, pointers, record, known, number, depth)?;
    if class == "TBranchElement" {
        let branch = &mut record.branches[number];
        branch.class = cursor.text()?;
        branch.parent_class = cursor.text()?;
        cursor.text_bytes()?;
        cursor.skip(4)?;
        branch.version = if header.version >= 10 { cursor.u16()?.into() } else { cursor.i32()? };
        (branch.id, branch.kind, branch.streamer) = (cursor.i32()?, cursor.i32()?, cursor.i32()?);
    } else if class == "TBranchObject" {
        record.branches[number].class = cursor.text()?;
    }
    cursor.finish(header)
}

fn plain(
    cursor: &mut Cursor,
    pointers: &mut Pointers,
    record: &mut Record,
    known: &mut Known,
    number: usize,
    depth: usize,
) -> Result<()> {
    let header = cursor.header()?;
    let (name, title) = cursor.named()?;
    (record.branches[number].name, record.branches[number].title) = (name, title);
    if header.version > 7 {
        cursor.pass()?;
    }
    let (written, most) = counters(header.version, cursor, &mut record.branches[number])?;
    let before = record.branches.len();
    array(cursor, pointers, record, known, Some(number), depth + 1)?;
    let inner = record.branches[before..].iter().filter(|branch| branch.parent == Some(number)).count();
    record.branches[number].children = inner;
    let mut leaves = Vec::new();
    objects(cursor, pointers, &mut |cursor, pointers, pointer| {
        if let Some(leaf) = super::leaf::read(cursor, pointers, record, known, &pointer, 0)? {
            record.leaves[leaf].branch = Some(number);
            leaves.push(leaf);
        }
        Ok(())
    })?;
    let branch = &mut record.branches[number];
    branch.leaves = leaves;
    objects(cursor, pointers, &mut |cursor, _, pointer| {
        if let Pointer::New { class, .. } = &pointer
            && &**class == "TBasket"
            && let Some(embedded) = basket::embedded(cursor)?
        {
            branch.embedded.push(embedded);
        }
        Ok(())
    })?;
    tables(header.version, cursor, written, most, branch)?;
    cursor.finish(header)
}

/// Baskets written, and length of the tables of baskets.
fn counters(version: u16, cursor: &mut Cursor, branch: &mut Branch) -> Result<(usize, usize)> {
    cursor.skip(8)?;
    branch.offsets = cursor.i32()?;
    let written = cursor.u32()? as usize;
    let most;
    if version >= 10 {
        cursor.skip(8)?;
        if version >= 13 {
            cursor.pass()?;
        }
        cursor.skip(4)?;
        most = cursor.u32()? as usize;
        cursor.skip(4)?;
        branch.entries = count(cursor.i64()?)?;
        cursor.skip(if version >= 11 { 24 } else { 16 })?;
    } else {
        cursor.skip(8)?;
        most = cursor.u32()? as usize;
        cursor.skip(if version > 6 { 4 } else { 0 })?;
        branch.entries = float(cursor.f64()?)?;
        cursor.skip(16)?;
    }
    Ok((written, most))
}

/// Sizes, first entries and positions of the baskets.
fn tables(version: u16, cursor: &mut Cursor, written: usize, most: usize, branch: &mut Branch) -> Result<()> {
    let new = version >= 10;
    // Sizes, entries and positions have at least four bytes each.
    if most.saturating_mul(12) > cursor.left() {
        return Err(Error::short("the tables of baskets", most as u64 * 12, cursor.left() as u64));
    }
    cursor.skip(1)?;
    let sizes = (0..most).map(|_| cursor.u32()).collect::<Result<Vec<_>>>()?;
    cursor.skip(1)?;
    let wide = |cursor: &mut Cursor, wide: bool| if wide { cursor.u64() } else { cursor.u32().map(u64::from) };
    let firsts = (0..most).map(|_| wide(cursor, new)).collect::<Result<Vec<_>>>()?;
    let flag = cursor.u8()?;
    let seeks = (0..most).map(|_| wide(cursor, new || flag == 2)).collect::<Result<Vec<_>>>()?;
    branch.file = cursor.text()?;
    let number = seeks.iter().take(written).take_while(|seek| **seek != 0).count();
    branch.baskets = (0..number).map(|i| Disk { first: firsts[i], seek: seeks[i], bytes: sizes[i] }).collect();
    if branch.baskets.windows(2).any(|pair| pair[0].first > pair[1].first)
        || firsts.first().is_some_and(|first| *first != 0)
    {
        return Err(Error::damaged("the first entries of the baskets do not rise from 0"));
    }
    let next = firsts.get(number).copied().filter(|next| branch.baskets.last().is_some_and(|last| *next > last.first));
    branch.disk_end = if number == 0 { Some(0) } else { next };
    Ok(())
}
