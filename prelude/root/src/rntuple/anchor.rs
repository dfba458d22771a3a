//! The anchor: where header and footer are.

use crate::block::xxh3;
use crate::error::{Error, Result};
use crate::stream::Cursor;
use std::ops::Range;

/// Position, stored bytes and bytes when unpacked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blob {
    pub at: u64,
    pub stored: u64,
    pub plain: u64,
}

impl Blob {
    /// Where it is in the file.
    pub(crate) fn range(&self) -> Range<u64> {
        self.at..self.at.saturating_add(self.stored)
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Anchor {
    pub header: Blob,
    pub footer: Blob,
    /// A blob above this is in several parts.
    pub most: u64,
}

/// Bytes of the fields that the checksum is of.
const FIELDS: usize = 64;

impl Anchor {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let mut cursor = Cursor::new(bytes);
        cursor.header()?;
        let fields = cursor.clone().take(FIELDS, "the anchor of an ntuple")?;
        let (epoch, major, minor) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
        cursor.skip(2)?;
        if epoch != 1 {
            return Err(Error::unknown(format!(
                "an RNTuple of version {epoch}.{major}.{minor}, which was never released; write it again with ROOT 6.34 or newer"
            )));
        }
        let mut blob =
            || -> Result<Blob> { Ok(Blob { at: cursor.u64()?, stored: cursor.u64()?, plain: cursor.u64()? }) };
        let (header, footer) = (blob()?, blob()?);
        let most = cursor.u64()?;
        if cursor.left() >= 8 && cursor.u64()? != xxh3(fields) {
            return Err(Error::damaged("the checksum of the anchor does not fit"));
        }
        Ok(Self { header, footer, most })
    }
}
