//! The xz container: a header, blocks of LZMA2 with a checksum each, an index that is not needed.
//!
//! Read here because the container of the library asks for a feature of `sha2` that would build a part of Polars again.

use crate::error::{Error, Result};
use lzma_rust2::Lzma2Reader;
use std::io::Read;

const MAGIC: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0];
/// Bytes of the checksum of a block, by the kind of check.
const CHECKS: [usize; 16] = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const CRC32: usize = 1;
/// The filter LZMA2.
const LZMA2: u64 = 0x21;

/// Fills `out` with what is in `body`.
pub(super) fn unpack(body: &[u8], out: &mut [u8]) -> Result<()> {
    let short = || Error::short("an xz block", 12, body.len() as u64);
    let (header, mut rest) = body.split_at_checked(12).ok_or_else(short)?;
    if !header.starts_with(MAGIC) || crc(&header[6..8]) != word(&header[8..]) {
        return Err(Error::damaged("an xz block without its header"));
    }
    let check = usize::from(header[7] & 15);
    let mut done = 0;
    while done < out.len() {
        let (dictionary, data) = block(rest)?;
        let before = data.len();
        let mut input = data;
        // No distance is longer than what there is, whatever the header says.
        let dictionary = dictionary.min(out.len().max(4096) as u32);
        let mut reader = Lzma2Reader::new(&mut input, dictionary, None);
        let start = done;
        loop {
            let wrong = |error: std::io::Error| Error::damaged(format!("an xz block cannot be decoded ({error})"));
            match reader.read(&mut out[done..]).map_err(wrong)? {
                0 => break,
                read => done += read,
            }
        }
        drop(reader);
        if done == start {
            return Err(Error::damaged("an xz block has fewer bytes than it says"));
        }
        if check == CRC32 {
            // The end of the data, when all of `out` was filled before it came.
            let used = before - input.len();
            let end = if data.get(used) == Some(&0) && done == out.len() { used + 1 } else { used };
            let fits = |used: usize| {
                let sum = data.get(used.next_multiple_of(4)..)?.get(..CHECKS[check])?;
                Some(word(sum) == crc(&out[start..done]))
            };
            if fits(used) != Some(true) && fits(end) != Some(true) {
                return Err(Error::damaged("the checksum of an xz block does not fit its bytes"));
            }
        }
        rest = data
            .get((before - input.len()).next_multiple_of(4)..)
            .and_then(|rest| rest.get(CHECKS[check]..))
            .unwrap_or_default();
    }
    Ok(())
}

/// The size of the dictionary, and what follows the header of a block.
fn block(bytes: &[u8]) -> Result<(u32, &[u8])> {
    let wrong = || Error::damaged("the header of an xz block");
    let size = match bytes.first() {
        Some(0) | None => return Err(Error::damaged("an xz block has fewer bytes than it says")),
        Some(size) => (usize::from(*size) + 1) * 4,
    };
    let (header, data) = bytes.split_at_checked(size).ok_or_else(wrong)?;
    let (fields, sum) = header.split_at(size - 4);
    let flags = fields[1];
    if crc(fields) != word(sum) || flags & 3 != 0 {
        return Err(wrong());
    }
    let mut fields = &fields[2..];
    for size in [0x40, 0x80] {
        if flags & size != 0 {
            number(&mut fields).ok_or_else(wrong)?;
        }
    }
    match (number(&mut fields), number(&mut fields), fields.first()) {
        (Some(LZMA2), Some(1), Some(40)) => Ok((u32::MAX, data)),
        (Some(LZMA2), Some(1), Some(bits @ 0..40)) => Ok(((2 | u32::from(bits & 1)) << (bits / 2 + 11), data)),
        _ => Err(wrong()),
    }
}

/// A number in parts of seven bits.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn word(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
