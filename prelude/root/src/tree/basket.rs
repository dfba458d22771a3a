//! Baskets: the bytes of some entries of a branch, on disk or in the tree's own record.

use crate::block::{unpack, unpack_to};
use crate::columns::turn;
use crate::error::{Error, Result};
use crate::file::{Bytes, Key};
use crate::stream::Cursor;
use rayon::prelude::*;
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

/// What the header of a basket on disk says.
struct Head {
    /// Bytes of the header itself.
    header: usize,
    /// Bytes of the record.
    size: usize,
    /// Bytes behind the header, unpacked.
    object: usize,
    entries: usize,
    /// Where the values end, counted from the beginning of the header.
    last: usize,
}

impl Head {
    /// Of a record of `size` bytes, from its first bytes.
    fn parse(stored: &[u8], size: u64) -> Result<Self> {
        let key = Key::parse(&mut Cursor::new(stored))?;
        let header = usize::from(key.header);
        if key.size > size || header < key.words + TAIL {
            return Err(Error::damaged(format!(
                "a basket of {} bytes, {header} of them header, where {size} are",
                key.size
            )));
        }
        let Some(tail) = stored.get(header - TAIL..) else {
            return Err(Error::short("the header of a basket", header as u64, stored.len() as u64));
        };
        let mut tail = Cursor::new(tail);
        let (entries, last) = (tail.u32()? as usize, tail.u32()? as usize);
        Ok(Self { header, size: key.size as usize, object: key.object as usize, entries, last })
    }

    /// Whether behind the header there are values of so many bytes, and nothing else.
    fn has_only(&self, values: usize) -> bool {
        self.object == values && self.last == self.header + values
    }
}

/// Bytes of the record of a basket.
fn size(bytes: &Bytes, disk: Disk) -> Result<u64> {
    if disk.bytes == 0 { Ok(Key::read(bytes, disk.seek)?.size) } else { Ok(disk.bytes.into()) }
}

/// Reads the record of a basket.
fn record(bytes: &Bytes, disk: Disk, size: u64, scratch: &mut Scratch) -> Result<Head> {
    bytes.read(disk.seek, size as usize, "a basket", &mut scratch.stored)?;
    Head::parse(&scratch.stored, size)
}

/// Reads a basket on disk.
pub(super) fn read<'a>(bytes: &Bytes, disk: Disk, scratch: &'a mut Scratch) -> Result<Basket<'a>> {
    let head = record(bytes, disk, size(bytes, disk)?, scratch)?;
    unpacked(&head, scratch)
}

fn unpacked<'a>(head: &Head, scratch: &'a mut Scratch) -> Result<Basket<'a>> {
    let stored = &scratch.stored[head.header..head.size];
    let plain = unpack(stored, head.object, &mut scratch.plain)?;
    let Some((data, table)) = head.last.checked_sub(head.header).and_then(|border| plain.split_at_checked(border))
    else {
        let text = format!("a basket whose values end at byte {} of {}", head.last, head.header + plain.len());
        return Err(Error::damaged(text));
    };
    let starts = match table {
        [] => None,
        [_, _, _, _, table @ ..] => Some(offsets(table, head.entries, head.header, data.len())?),
        _ => return Err(Error::short("offsets of a basket", 4, table.len() as u64)),
    };
    Ok(Basket { entries: head.entries as u64, data, starts })
}

/// A basket whose values were to be put into a place.
pub(super) enum Placed<'a> {
    /// They are there; how many entries they are.
    There(u64),
    /// It has something else than values of that many bytes.
    Other(Basket<'a>),
}

/// Reads a basket on disk whose values fill `out`, without a copy in between: a stored one from the file, a compressed one
/// from its decoder. The values are numbers of so many bytes, and are turned into those of the machine.
pub(super) fn read_to<'a>(
    bytes: &Bytes,
    disk: Disk,
    scratch: &'a mut Scratch,
    width: usize,
    out: &mut [u8],
) -> Result<Placed<'a>> {
    let size = size(bytes, disk)?;
    // The header that it has if it is stored as it is.
    let header = (size as usize).checked_sub(out.len()).filter(|header| *header <= Key::USUAL);
    if let Some(header) = header {
        bytes.read(disk.seek, header, "the header of a basket", &mut scratch.stored)?;
        if let Ok(head) = Head::parse(&scratch.stored, size)
            && head.header == header
            && head.size as u64 == size
            && head.has_only(out.len())
        {
            stored(bytes, disk.seek + header as u64, width, out)?;
            return Ok(Placed::There(head.entries as u64));
        }
    }
    let head = record(bytes, disk, size, scratch)?;
    if !head.has_only(out.len()) {
        return unpacked(&head, scratch).map(Placed::Other);
    }
    unpack_to(&scratch.stored[head.header..head.size], out)?;
    turn(width, out);
    Ok(Placed::There(head.entries as u64))
}

/// Reads values that are stored as they are, piece by piece: each is turned while the caches of its thread still have it.
fn stored(bytes: &Bytes, at: u64, width: usize, out: &mut [u8]) -> Result<()> {
    /// A multiple of all widths that is less than a core's own cache.
    const PIECE: usize = 128 << 10;
    out.par_chunks_mut(PIECE).enumerate().try_for_each(|(number, piece)| {
        bytes.fill(at + (number * PIECE) as u64, "a basket", piece)?;
        turn(width, piece);
        Ok(())
    })
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
