//! Envelopes and frames: what header, footer and lists of pages are wrapped in.

use super::anchor::Blob;
use crate::block::{unpack, xxh3};
use crate::error::{Error, Result};
use crate::file::Bytes;

/// A cursor over little-endian numbers.
#[derive(Debug)]
pub(crate) struct Little<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A frame: where it ends, and how many items a list has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub end: usize,
    pub items: usize,
}

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {
        $(pub(crate) fn $name(&mut self) -> Result<$type> {
            let bytes = self.take(size_of::<$type>())?;
            let mut array = [0; size_of::<$type>()];
            array.copy_from_slice(bytes);
            Ok(<$type>::from_le_bytes(array))
        })*
    };
}

impl<'a> Little<'a> {
    fn take(&mut self, bytes: usize) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let Some(found) = rest.get(..bytes) else {
            return Err(Error::short("the description of an ntuple", bytes as u64, rest.len() as u64));
        };
        self.at += bytes;
        Ok(found)
    }

    numbers!(u16: u16, u32: u32, i32: i32, u64: u64, i64: i64, f64: f64);

    pub(crate) fn text(&mut self) -> Result<String> {
        let length = self.u32()? as usize;
        self.take(length).map(crate::stream::latin)
    }

    /// A frame of either kind; its size is that of all of it.
    pub(crate) fn frame(&mut self) -> Result<Frame> {
        let start = self.at;
        let size = self.i64()?;
        let end = usize::try_from(size.unsigned_abs()).ok().and_then(|size| start.checked_add(size));
        let end = end.filter(|end| *end <= self.bytes.len() && *end >= self.at);
        let end = end.ok_or_else(|| {
            Error::short("a part of an ntuple", size.unsigned_abs(), (self.bytes.len() - start) as u64)
        })?;
        let items = if size < 0 { self.u32()? as usize } else { 0 };
        // Every item has at least a byte.
        if items > end.saturating_sub(self.at) {
            return Err(Error::short("a list in an ntuple", items as u64, end.saturating_sub(self.at) as u64));
        }
        Ok(Frame { end, items })
    }

    pub(crate) fn go(&mut self, frame: Frame) -> Result<()> {
        if frame.end < self.at {
            return Err(Error::damaged("a part of an ntuple is longer than it says"));
        }
        self.at = frame.end;
        Ok(())
    }

    /// Position and stored size.
    pub(crate) fn locator(&mut self) -> Result<(u64, u64)> {
        let start = self.at;
        let size = self.i32()?;
        if size >= 0 {
            return Ok((self.u64()?, size as u64));
        }
        let kind = (size as u32 & 0x7fff_ffff) >> 24;
        if kind > 1 {
            return Err(Error::unknown(format!("values in a storage of kind {kind}, which is not a file")));
        }
        let stored = self.u64()?;
        let at = self.u64()?;
        self.go(Frame {
            end: start.saturating_add((size & 0xffff) as usize).clamp(self.at, self.bytes.len()),
            items: 0,
        })?;
        Ok((at, stored))
    }

    /// Flags of features; none is known, so none may be set.
    pub(crate) fn features(&mut self, whose: &str) -> Result<()> {
        for word in 0.. {
            let flags = self.i64()?;
            let known = flags & i64::MAX;
            if known != 0 {
                let bit = known.trailing_zeros() + word * 63;
                return Err(Error::unknown(format!(
                    "the {whose} of the ntuple needs feature flag {bit}, which this reader does not know"
                )));
            }
            if flags >= 0 {
                break;
            }
        }
        Ok(())
    }
}

/// Reads a blob and unpacks it.
pub(crate) fn blob(bytes: &Bytes, blob: Blob, most: u64, what: &'static str) -> Result<Vec<u8>> {
    let size = |size: u64| usize::try_from(size).ok().filter(|size| *size < 1 << 31);
    let (Some(stored), Some(plain)) = (size(blob.stored), size(blob.plain)) else {
        return Err(Error::damaged(format!("{what} of {} bytes", blob.plain)).at(blob.at));
    };
    let stored = match most {
        1.. if blob.stored > most => parts(bytes, blob, most, what)?,
        _ => bytes.get(blob.at, stored, what)?,
    };
    let mut out = Vec::new();
    unpack(&stored, plain, &mut out).map(<[u8]>::to_vec).map_err(|error| error.at(blob.at))
}

/// A blob that is stored in several parts, as one of more than `most` bytes is: all but the last have `most` bytes, and the
/// first ends with the positions of the others.
fn parts(bytes: &Bytes, blob: Blob, most: u64, what: &'static str) -> Result<Vec<u8>> {
    const POSITION: u64 = 8;
    if blob.stored > bytes.length() {
        return Err(Error::short(what, blob.stored, bytes.length()).at(blob.at));
    }
    let others = |number: u64| (number - 1).saturating_mul(POSITION);
    let mut number = blob.stored.div_ceil(most);
    // The positions may need a part more.
    if others(number) > number * most - blob.stored {
        number += 1;
    }
    let Some(inside) = most.checked_sub(others(number)) else {
        return Err(Error::damaged(format!("{what} in {number} parts of {most} bytes")).at(blob.at));
    };
    let mut all = bytes.get(blob.at, most as usize, what)?;
    let positions = all.split_off(inside as usize);
    for position in positions.as_chunks::<{ POSITION as usize }>().0 {
        let left = (blob.stored - all.len() as u64).min(most);
        all.extend(bytes.get(u64::from_le_bytes(*position), left as usize, what)?);
    }
    Ok(all)
}

/// The inside of an envelope of a kind (1 header, 2 footer, 3 list of pages), and its checksum.
pub(crate) fn open<'a>(bytes: &'a [u8], kind: u64, what: &'static str) -> Result<(Little<'a>, u64)> {
    let Some((inside, sum)) = bytes.split_last_chunk::<8>() else {
        return Err(Error::short(what, 16, bytes.len() as u64));
    };
    let sum = u64::from_le_bytes(*sum);
    if xxh3(inside) != sum {
        return Err(Error::damaged(format!("the checksum of {what} does not fit its bytes")));
    }
    let mut little = Little { bytes: inside, at: 0 };
    let head = little.u64()?;
    if head & 0xffff != kind || head >> 16 != bytes.len() as u64 {
        return Err(Error::damaged(format!("{what} of kind {} and {} bytes", head & 0xffff, head >> 16)));
    }
    Ok((little, sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_that_are_not_known_are_refused_by_number() {
        let of = |words: &[i64]| {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            Little { bytes: &bytes, at: 0 }.features("header").map_err(|error| error.to_string())
        };
        assert_eq!(of(&[0]), Ok(()));
        // A set sign says that another word follows.
        assert_eq!(of(&[i64::MIN, 0]), Ok(()));
        let flag = |number: u32| {
            format!("the header of the ntuple needs feature flag {number}, which this reader does not know")
        };
        assert_eq!(of(&[0b1000]), Err(flag(3)));
        assert_eq!(of(&[i64::MIN, 0b10]), Err(flag(64)));
    }
}
