//! Baskets: the bytes of some entries of a branch, on disk or in the tree's own record.

use crate::block::unpack;
use crate::error::{Error, Result};
use crate::file::{Bytes, Key};
use crate::stream::Cursor;
use std::sync::Arc;

/// A basket on disk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disk {
    pub first: u64,
    pub seek: u64,
    /// Bytes of the record; 0 when the branch does not know.
    pub bytes: u32,
}

/// A basket that was in memory when the tree was written.
#[derive(Debug, Clone)]
pub(crate) struct Embedded {
    pub entries: u64,
    pub data: Arc<Vec<u8>>,
    pub starts: Option<Arc<Vec<u32>>>,
}

/// A basket that has been read.
#[derive(Debug)]
pub(crate) struct Basket<'a> {
    pub entries: u64,
    pub data: &'a [u8],
    /// Where each entry begins, and where the last ends; not there when all entries have the same size, or when it is
    /// to be computed from counts.
    pub starts: Option<Vec<u32>>,
}

/// Buffers that are used again for each basket.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    stored: Vec<u8>,
    plain: Vec<u8>,
}

/// Entries, last byte and a flag stand at the end of the key.
const TAIL: usize = 9;
/// Flags from here say that offsets are to be computed.
const COMPUTED: u8 = 80;

/// Reads the basket that is embedded in the record of its branch. `None` when there is none.
pub(super) fn embedded(cursor: &mut Cursor) -> Result<Option<Embedded>> {
    let key = Key::any(cursor)?;
    cursor.skip(6)?;
    if cursor.i32()? < 0 {
        cursor.skip(1)?;
    }
    let (entries, last, flag) = (cursor.u32()? as usize, cursor.u32()? as usize, cursor.u8()?);
    let header = usize::from(key.header);
    if entries == 0 || last < header {
        return Ok(None);
    }
    let mut starts = None;
    let (computed, flag) = if flag >= COMPUTED { (true, flag - COMPUTED) } else { (false, flag) };
    if !computed && flag != 0 && flag % 10 != 2 {
        let number = cursor.count(4, "offsets of a basket")?;
        let table = cursor.take(number * 4, "offsets of a basket")?;
        starts = Some(Arc::new(offsets(table, entries, header, last - header)?));
        if flag > 20 && flag < 40 {
            let number = cursor.count(4, "displacements of a basket")?;
            cursor.skip(number * 4)?;
        }
    }
    if flag != 1 && flag <= 10 {
        return Ok(None);
    }
    let data = Arc::new(cursor.take(last, "a basket")?[header..].to_vec());
    Ok(Some(Embedded { entries: entries as u64, data, starts }))
}

/// Reads a basket on disk.
pub(super) fn read<'a>(bytes: &Bytes, disk: Disk, scratch: &'a mut Scratch) -> Result<Basket<'a>> {
    let place = |error: Error| error.at(disk.seek);
    let size = if disk.bytes == 0 { Key::read(bytes, disk.seek)?.size } else { disk.bytes.into() };
    bytes.read(disk.seek, size as usize, "a basket", &mut scratch.stored)?;
    let key = Key::parse(&mut Cursor::new(&scratch.stored)).map_err(place)?;
    let header = usize::from(key.header);
    if key.size > size || header < key.words + TAIL {
        return Err(place(Error::damaged(format!(
            "a basket of {} bytes, {header} of them header, where {size} are",
            key.size
        ))));
    }
    let mut tail = Cursor::new(&scratch.stored[header - TAIL..]);
    let (entries, last) = (tail.u32()? as usize, tail.u32()? as usize);
    let stored = &scratch.stored[header..key.size as usize];
    let object = key.object as usize;
    let plain = unpack(stored, object, &mut scratch.plain).map_err(place)?;
    let Some((data, table)) = last.checked_sub(header).and_then(|border| plain.split_at_checked(border)) else {
        let text = format!("a basket whose values end at byte {last} of {}", header + plain.len());
        return Err(place(Error::damaged(text)));
    };
    let starts = match table {
        [] => None,
        [_, _, _, _, table @ ..] => Some(offsets(table, entries, header, data.len()).map_err(place)?),
        _ => return Err(place(Error::short("offsets of a basket", 4, table.len() as u64))),
    };
    Ok(Basket { entries: entries as u64, data, starts })
}

/// Entries of a basket on disk.
pub(super) fn entries(bytes: &Bytes, disk: Disk) -> Result<u64> {
    let key = Key::read(bytes, disk.seek)?;
    let Some(tail) = usize::from(key.header).checked_sub(TAIL) else {
        return Err(Error::damaged("a basket without a header").at(disk.seek));
    };
    let tail = bytes.get(disk.seek + tail as u64, 4, "the header of a basket")?;
    Cursor::new(&tail).u32().map(u64::from)
}

/// A table of offsets, counted from the key, as offsets into the data; the end of the last entry is the end of the data.
fn offsets(table: &[u8], entries: usize, header: usize, end: usize) -> Result<Vec<u32>> {
    let Some(table) = entries.checked_mul(4).and_then(|bytes| table.get(..bytes)) else {
        return Err(Error::short("offsets of a basket", entries as u64 * 4, table.len() as u64));
    };
    let (table, _) = table.as_chunks::<4>();
    let mut starts = Vec::with_capacity(entries + 1);
    // A table that falls wraps around and is then too large.
    starts.extend(table.iter().map(|one| u32::from_be_bytes(*one).wrapping_sub(header as u32)));
    starts.push(end as u32);
    if starts.windows(2).any(|pair| pair[0] > pair[1]) {
        return Err(Error::damaged("the offsets of a basket do not rise, or lie outside of it"));
    }
    Ok(starts)
}
