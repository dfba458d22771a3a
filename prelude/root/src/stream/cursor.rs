//! Reads numbers and texts one after another; never behind the end.

use crate::error::{Error, Result};

/// Reads one record from its beginning.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// How an object begins: its version, and where it ends if it says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub version: u16,
    pub end: Option<usize>,
}

const COUNTED: u32 = 0x4000_0000;

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {
        $(#[allow(dead_code)]
        pub(crate) fn $name(&mut self) -> Result<$type> {
            const BYTES: usize = size_of::<$type>();
            let bytes = self.take(BYTES, stringify!($type))?;
            let mut array = [0; BYTES];
            array.copy_from_slice(bytes);
            Ok(<$type>::from_be_bytes(array))
        })*
    };
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Goes to a position that was said by the bytes themselves: behind where it is and not behind the end.
    pub(crate) fn go(&mut self, to: usize) -> Result<()> {
        if to < self.at || to > self.bytes.len() {
            return Err(Error::short("an object", to as u64, self.bytes.len() as u64));
        }
        self.at = to;
        Ok(())
    }

    /// Goes back (or on) to a position at which it has been before.
    pub(crate) fn back(&mut self, to: usize) {
        self.at = to.min(self.bytes.len());
    }

    pub(crate) fn take(&mut self, bytes: usize, what: &'static str) -> Result<&'a [u8]> {
        let Some(found) = self.bytes[self.at..].get(..bytes) else {
            return Err(Error::short(what, bytes as u64, self.left() as u64));
        };
        self.at += bytes;
        Ok(found)
    }

    pub(crate) fn skip(&mut self, bytes: usize) -> Result<()> {
        self.take(bytes, "an object").map(|_| ())
    }

    numbers!(u8: u8, u16: u16, i16: i16, u32: u32, i32: i32, i64: i64, u64: u64, f64: f64);

    /// A count of things of at least `each` bytes, all of which must be left.
    pub(crate) fn count(&mut self, each: usize, what: &'static str) -> Result<usize> {
        let count = self.i32()?;
        let need = u64::try_from(count).ok().and_then(|count| count.checked_mul(each as u64));
        match need {
            Some(need) if need <= self.left() as u64 => Ok(count as usize),
            _ => Err(Error::short(what, need.unwrap_or(u64::MAX), self.left() as u64)),
        }
    }

    /// The bytes of a text: a length of one byte, or 255 and a length of four.
    pub(crate) fn text_bytes(&mut self) -> Result<&'a [u8]> {
        let short = self.u8()?;
        let length = if short == 255 { self.u32()? as usize } else { usize::from(short) };
        self.take(length, "a text")
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        self.text_bytes().map(latin)
    }

    /// The bytes up to a zero, and over it.
    pub(crate) fn until_zero(&mut self) -> Result<String> {
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().position(|byte| *byte == 0) else {
            return Err(Error::damaged("a class name does not end"));
        };
        self.at += length + 1;
        Ok(latin(&rest[..length]))
    }

    /// The beginning of an object: a byte count and a version, or a version alone.
    pub(crate) fn header(&mut self) -> Result<Header> {
        let start = self.at;
        let count = self.u32()?;
        if count & COUNTED != 0 {
            let end = start + 4 + (count & !COUNTED) as usize;
            let version = self.u16()?;
            if end > self.bytes.len() || end < self.at {
                return Err(Error::short("an object", (count & !COUNTED).into(), (self.bytes.len() - start) as u64));
            }
            return Ok(Header { version, end: Some(end) });
        }
        self.at = start;
        Ok(Header { version: self.u16()?, end: None })
    }

    /// Goes behind an object whose header has been read.
    pub(crate) fn finish(&mut self, header: Header) -> Result<()> {
        header.end.map_or(Ok(()), |end| self.go(end))
    }

    /// Passes over an object with a byte count.
    pub(crate) fn pass(&mut self) -> Result<()> {
        let header = self.header()?;
        match header.end {
            Some(end) => self.go(end),
            None => Err(Error::damaged("an object without a byte count")),
        }
    }

    /// TObject: what every class has; nothing in it is wanted.
    pub(crate) fn object(&mut self) -> Result<()> {
        let version = self.u16()?;
        if version & 0x4000 != 0 {
            self.skip(4)?;
        }
        self.skip(4)?;
        if self.u32()? & 0x10 != 0 {
            self.skip(2)?;
        }
        Ok(())
    }

    /// TNamed: name and title.
    pub(crate) fn named(&mut self) -> Result<(String, String)> {
        let header = self.header()?;
        self.object()?;
        let named = (self.text()?, self.text()?);
        self.finish(header)?;
        Ok(named)
    }
}

/// Bytes as text: UTF-8, else each byte the character of its number, so that none gets lost.
pub(crate) fn latin(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
