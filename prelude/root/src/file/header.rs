//! The first bytes of a file.

use super::Bytes;
use crate::error::{Kind, Result};
use crate::stream::Cursor;

/// What of the header is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    /// Where the first record begins.
    pub begin: u64,
    /// Where the last record ends.
    pub end: u64,
    /// Where the record of the top directory begins.
    pub directory: u64,
    /// Position and size of the descriptions of classes; 0 when there are none.
    pub infos: (u64, u64),
}

/// More than a header of either kind has.
const MOST: usize = 80;
/// Versions above this have positions of eight bytes.
const LARGE: i32 = 1_000_000;

impl Header {
    pub(crate) fn read(bytes: &Bytes) -> Result<Self> {
        let first = bytes.up_to(0, MOST)?;
        if !first.starts_with(b"root") {
            return Err(Kind::NotRoot.into());
        }
        let mut cursor = Cursor::new(&first);
        cursor.skip(4)?;
        let large = cursor.i32()? >= LARGE;
        let begin = cursor.u32()?.into();
        let end = if large { cursor.u64()? } else { cursor.u32()?.into() };
        // Position, size and number of the free segments.
        cursor.skip(if large { 8 } else { 4 })?;
        cursor.skip(8)?;
        let name = u64::from(cursor.u32()?);
        // Size of positions, compression: a default for writers, which says nothing about what is there.
        cursor.skip(5)?;
        let infos = if large { cursor.u64()? } else { cursor.u32()?.into() };
        let infos = (infos, u64::from(cursor.u32()?));
        Ok(Self { begin, end, directory: begin + name, infos })
    }
}
