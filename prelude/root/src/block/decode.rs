//! Blocks into bytes, by the algorithm that each names.

use super::{xxh64, xz};
use crate::error::{Error, Result};
use std::cell::RefCell;

/// Two letters, a version, and two sizes of three bytes, little-endian.
const HEADER: usize = 9;

/// What an algorithm makes at most of one byte: zstd has 128 kB of one repeated byte in four bytes.
const RATIO: u64 = 1 << 16;

/// Whether so many bytes can be stored in so few. What is claimed beyond that is damaged, and no memory is asked for it.
pub(crate) fn can_hold(stored: u64, plain: u64) -> bool {
    plain <= stored.saturating_mul(RATIO)
}

thread_local! {
    static ZSTD: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
    static ZLIB: RefCell<Option<flate2::Decompress>> = const { RefCell::new(None) };
}

/// The `size` bytes of a record that is stored in `stored`. They stand in `out`, which only grows, so that memory that is
/// used again is not cleared again.
///
/// # Errors
/// Blocks that end too early, sizes that do not fit, an unknown algorithm, an error of its decoder.
pub(crate) fn unpack<'a>(stored: &'a [u8], size: usize, out: &'a mut Vec<u8>) -> Result<&'a [u8]> {
    if stored.len() == size {
        return Ok(stored);
    }
    let mut blocks = Blocks { rest: stored, missing: size };
    while let Some(next) = blocks.next()? {
        let done = size - blocks.missing;
        if out.len() < done {
            out.resize(done, 0);
        }
        next.decode(&mut out[done - next.plain..done])?;
    }
    Ok(&out[..size])
}

/// The same into `out`, whose length is the size.
///
/// # Errors
/// As [`unpack`]; the contents of `out` are unspecified then.
pub(crate) fn unpack_to(stored: &[u8], out: &mut [u8]) -> Result<()> {
    if stored.len() == out.len() {
        out.copy_from_slice(stored);
        return Ok(());
    }
    let mut blocks = Blocks { rest: stored, missing: out.len() };
    while let Some(next) = blocks.next()? {
        let done = out.len() - blocks.missing;
        next.decode(&mut out[done - next.plain..done])?;
    }
    Ok(())
}

/// The blocks of a record, as far as they are needed.
struct Blocks<'a> {
    rest: &'a [u8],
    /// Bytes that are still to come out of them.
    missing: usize,
}

struct Block<'a> {
    algorithm: [u8; 2],
    body: &'a [u8],
    plain: usize,
}

impl<'a> Blocks<'a> {
    fn next(&mut self) -> Result<Option<Block<'a>>> {
        if self.missing == 0 {
            return Ok(None);
        }
        let Some((header, body)) = self.rest.split_at_checked(HEADER) else {
            return Err(Error::short("the header of a compressed block", HEADER as u64, self.rest.len() as u64));
        };
        let number =
            |at: usize| usize::from(header[at]) | usize::from(header[at + 1]) << 8 | usize::from(header[at + 2]) << 16;
        let (packed, plain) = (number(3), number(6));
        let Some((body, after)) = body.split_at_checked(packed) else {
            return Err(Error::short("a compressed block", packed as u64, body.len() as u64));
        };
        if plain == 0 || plain > self.missing {
            return Err(Error::damaged(format!("a block of {plain} bytes where {} are missing", self.missing)));
        }
        self.rest = after;
        self.missing -= plain;
        Ok(Some(Block { algorithm: [header[0], header[1]], body, plain }))
    }
}

impl Block<'_> {
    fn decode(&self, out: &mut [u8]) -> Result<()> {
        block(self.algorithm, self.body, out)
    }
}

fn block(algorithm: [u8; 2], body: &[u8], out: &mut [u8]) -> Result<()> {
    match &algorithm {
        b"ZL" => zlib(body, out),
        b"ZS" => zstandard(body, out),
        b"L4" => lz4(body, out),
        b"XZ" => xz::unpack(body, out),
        b"CS" => deflate(body, out),
        other => Err(Error::unknown(format!(
            "a block compressed with `{}`, which is none of ZL, ZS, L4, XZ and CS: the file is damaged or of a newer kind",
            other.escape_ascii()
        ))),
    }
}

fn wrong(name: &str, error: impl std::fmt::Display) -> Error {
    Error::damaged(format!("a {name} block cannot be decoded ({error})"))
}

fn whole(name: &str, written: usize, out: &[u8]) -> Result<()> {
    if written == out.len() {
        return Ok(());
    }
    Err(Error::damaged(format!("a {name} block has {written} bytes instead of {}", out.len())))
}

fn zlib(body: &[u8], out: &mut [u8]) -> Result<()> {
    ZLIB.with_borrow_mut(|slot| inflate(slot.get_or_insert_with(|| flate2::Decompress::new(true)), true, body, out))
}

fn deflate(body: &[u8], out: &mut [u8]) -> Result<()> {
    inflate(&mut flate2::Decompress::new(false), false, body, out)
}

fn inflate(decoder: &mut flate2::Decompress, header: bool, body: &[u8], out: &mut [u8]) -> Result<()> {
    decoder.reset(header);
    decoder.decompress(body, out, flate2::FlushDecompress::Finish).map_err(|error| wrong("zlib", error))?;
    whole("zlib", decoder.total_out() as usize, out)
}

fn zstandard(body: &[u8], out: &mut [u8]) -> Result<()> {
    ZSTD.with_borrow_mut(|slot| {
        let decoder = match slot {
            Some(decoder) => decoder,
            None => slot.insert(zstd::bulk::Decompressor::new().map_err(|error| wrong("zstd", error))?),
        };
        let written = decoder.decompress_to_buffer(body, out).map_err(|error| wrong("zstd", error))?;
        whole("zstd", written, out)
    })
}

fn lz4(body: &[u8], out: &mut [u8]) -> Result<()> {
    let Some((sum, body)) = body.split_at_checked(8) else {
        return Err(Error::short("the checksum of an lz4 block", 8, body.len() as u64));
    };
    let mut stored = [0; 8];
    stored.copy_from_slice(sum);
    if u64::from_be_bytes(stored) != xxh64(body) {
        return Err(Error::damaged("the checksum of an lz4 block does not fit its bytes"));
    }
    let size = i32::try_from(out.len()).map_err(|error| wrong("lz4", error))?;
    let written = lz4::block::decompress_to_buffer(body, Some(size), out).map_err(|error| wrong("lz4", error))?;
    whole("lz4", written, out)
}
