//! Keys: the header that every record has.

use super::Bytes;
use crate::block::unpack;
use crate::error::{Error, Result};
use crate::stream::{Cursor, latin};

/// The header of a record.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// Bytes of the whole record.
    pub size: u64,
    /// Bytes of the object when unpacked.
    pub object: u64,
    /// Bytes of this header; the object begins behind.
    pub header: u16,
    pub cycle: i16,
    /// Where the record begins.
    pub seek: u64,
    pub class: String,
    pub name: String,
    pub title: String,
    /// Bytes up to and with the title. In baskets more follows within `header`.
    pub words: usize,
}

/// A header says its size in 15 bits.
const MOST: usize = 1 << 15;
/// Versions above this have positions of eight bytes.
const LARGE: i16 = 1000;

impl Key {
    /// Bytes that hold most headers.
    pub(crate) const USUAL: usize = 512;

    /// Reads the key of the record at `at`.
    pub(crate) fn read(bytes: &Bytes, at: u64) -> Result<Self> {
        let first = bytes.up_to(at, Self::USUAL)?;
        let key = match Self::parse(&mut Cursor::new(&first)) {
            Err(_) if first.len() == Self::USUAL => Self::parse(&mut Cursor::new(&bytes.up_to(at, MOST)?)),
            key => key,
        };
        key.map_err(|error| error.at(at))
    }

    /// Parses a key that has been written: its record is at least as long as its header.
    pub(crate) fn parse(cursor: &mut Cursor) -> Result<Self> {
        let key = Self::any(cursor)?;
        if u64::from(key.header) > key.size {
            return Err(Error::damaged(format!("a record of {} bytes, {} of them header", key.size, key.header)));
        }
        Ok(key)
    }

    /// Parses a key that may be of a record that was never written, and has no size.
    pub(crate) fn any(cursor: &mut Cursor) -> Result<Self> {
        let start = cursor.at();
        let size = cursor.i32()?;
        let version = cursor.i16()?;
        let object = cursor.i32()?;
        cursor.skip(4)?;
        let (header, cycle) = (cursor.i16()?, cursor.i16()?);
        let seek = if version > LARGE {
            let seek = cursor.u64()?;
            cursor.skip(8)?;
            seek
        } else {
            let seek = cursor.u32()?.into();
            cursor.skip(4)?;
            seek
        };
        let [class, name, title] = [cursor.text_bytes()?, cursor.text_bytes()?, cursor.text_bytes()?].map(latin);
        if size < 0 || object < 0 || header < 0 {
            return Err(Error::damaged(format!(
                "a record of {size} bytes, {header} of them header, {object} unpacked"
            )));
        }
        let words = cursor.at() - start;
        Ok(Self {
            size: size as u64,
            object: object as u64,
            header: header as u16,
            cycle,
            seek,
            class,
            name,
            title,
            words,
        })
    }

    /// The object's bytes, unpacked.
    pub(crate) fn unpacked(&self, bytes: &Bytes) -> Result<Vec<u8>> {
        let at = self.seek.saturating_add(u64::from(self.header));
        let stored = bytes.get(at, (self.size - u64::from(self.header)) as usize, "an object")?;
        let mut out = Vec::new();
        unpack(&stored, self.object as usize, &mut out).map(<[u8]>::to_vec).map_err(|error| error.at(at))
    }
}
