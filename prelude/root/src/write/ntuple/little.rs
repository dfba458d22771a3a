//! Numbers, texts, frames and envelopes, little-endian.

use crate::block::xxh3;

/// Bytes of a description in the making.
#[derive(Debug, Default)]
pub(super) struct Little {
    pub bytes: Vec<u8>,
}

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {
        $(pub(super) fn $name(&mut self, value: $type) -> &mut Self {
            self.bytes.extend_from_slice(&value.to_le_bytes());
            self
        })*
    };
}

impl Little {
    numbers!(u16: u16, u32: u32, i32: i32, u64: u64, i64: i64);

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.u32(text.len() as u32).bytes.extend_from_slice(text.as_bytes());
        self
    }

    /// A record: its size, and what is in it.
    pub(super) fn record(&mut self, inside: impl FnOnce(&mut Self)) -> &mut Self {
        let at = self.bytes.len();
        self.i64(0);
        inside(self);
        let size = (self.bytes.len() - at) as i64;
        self.bytes[at..at + 8].copy_from_slice(&size.to_le_bytes());
        self
    }

    /// A list: its size, negative, the number of items, and these.
    pub(super) fn list(&mut self, items: usize, inside: impl FnOnce(&mut Self)) -> &mut Self {
        let at = self.bytes.len();
        self.i64(0).u32(items as u32);
        inside(self);
        let size = -((self.bytes.len() - at) as i64);
        self.bytes[at..at + 8].copy_from_slice(&size.to_le_bytes());
        self
    }

    /// Where bytes are: their number, and their position.
    pub(super) fn locator(&mut self, size: u32, at: u64) -> &mut Self {
        self.i32(size as i32).u64(at)
    }
}

/// An envelope of a kind (1 header, 2 footer, 3 list of pages), and its checksum.
pub(super) fn envelope(kind: u64, inside: impl FnOnce(&mut Little)) -> (Vec<u8>, u64) {
    let mut out = Little::default();
    out.u64(0);
    inside(&mut out);
    let head = kind | (out.bytes.len() as u64 + 8) << 16;
    out.bytes[..8].copy_from_slice(&head.to_le_bytes());
    let sum = xxh3(&out.bytes);
    out.u64(sum);
    (out.bytes, sum)
}
