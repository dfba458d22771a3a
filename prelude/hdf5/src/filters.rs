//! The filters of HDF5 chunks that tables and event files use, undone.

use std::io::Read;

use crate::blosc;
use crate::shuffle::unshuffle;

/// A filter of a dataset: its registered number and parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Its number.
    pub id: u16,
    /// Its parameters.
    pub data: Vec<u32>,
}

/// Undoes a filter of the caller's own: the packed bytes, and where the others go.
pub(crate) type Undo = fn(&[u8], &mut Vec<u8>) -> Result<(), String>;

const DEFLATE: u16 = 1;
const SHUFFLE: u16 = 2;
const FLETCHER32: u16 = 3;
const LZF: u16 = 32000;
const BLOSC: u16 = 32001;
const LZ4: u16 = 32004;
const ZSTD: u16 = 32015;

/// Refuses datasets with a filter that is known neither here nor to the caller, before anything is read.
pub(crate) fn check(filters: &[Filter], own: Option<(u16, Undo)>) -> Result<(), String> {
    let known = |id: u16| {
        matches!(id, DEFLATE | SHUFFLE | FLETCHER32 | LZF | BLOSC | LZ4 | ZSTD) || own.is_some_and(|(own, _)| own == id)
    };
    match filters.iter().find(|filter| !known(filter.id)) {
        Some(filter) => Err(format!("the HDF5 filter {}", filter.id)),
        None => Ok(()),
    }
}

/// Undoes all filters of a chunk, last first; `mask` has a bit for each that was not applied, `size` is what must come out.
pub(crate) fn undo(
    (filters, own): (&[Filter], Option<(u16, Undo)>),
    mask: u32,
    packed: &[u8],
    size: usize,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    out.clear();
    out.extend_from_slice(packed);
    let mut other = Vec::new();
    for (number, filter) in filters.iter().enumerate().rev() {
        if mask >> number & 1 == 1 {
            continue;
        }
        other.clear();
        match filter.id {
            DEFLATE => inflate(out, size, &mut other)?,
            SHUFFLE => unshuffle(out, filter.data.first().copied().unwrap_or(1) as usize, &mut other),
            FLETCHER32 => {
                let (data, sum) = out.split_last_chunk::<4>().ok_or("a chunk shorter than its checksum")?;
                if fletcher32(data) != u32::from_le_bytes(*sum) {
                    return Err("a chunk whose checksum is wrong".to_string());
                }
                other.extend_from_slice(data);
            }
            LZF => lzf(out, size, &mut other)?,
            BLOSC => blosc::decode(out, size, &mut other)?,
            LZ4 => lz4(out, size, &mut other)?,
            ZSTD => {
                let reader = zstd::Decoder::new(&out[..]).map_err(|error| error.to_string())?;
                reader.take(size as u64 + 1).read_to_end(&mut other).map_err(|error| format!("zstd: {error}"))?;
            }
            id => match own {
                Some((own, undo)) if own == id => undo(out, &mut other)?,
                _ => return Err(format!("the HDF5 filter {id}")),
            },
        }
        std::mem::swap(out, &mut other);
    }
    Ok(())
}

fn inflate(packed: &[u8], size: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let reader = flate2::read::ZlibDecoder::new(packed);
    reader.take(size as u64 + 1).read_to_end(out).map(|_| ()).map_err(|error| format!("gzip: {error}"))
}

/// Checksum of HDF5: pairs of bytes, most significant first.
fn fletcher32(data: &[u8]) -> u32 {
    let (mut low, mut high) = (0u32, 0u32);
    for pair in data.chunks(2) {
        let word = u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |&byte| u32::from(byte));
        low = (low + word) % 65535;
        high = (high + low) % 65535;
    }
    high << 16 | low
}

/// Filter 32004: sizes in big-endian, then blocks of LZ4.
fn lz4(packed: &[u8], size: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let cut = || "an LZ4 chunk that is cut".to_string();
    let (total, rest) = packed.split_first_chunk::<8>().ok_or_else(cut)?;
    let (block, mut rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
    let (total, block) = (u64::from_be_bytes(*total), u32::from_be_bytes(*block) as usize);
    if total > size as u64 || block == 0 {
        return Err(format!("an LZ4 chunk of {total} bytes, {size} fit"));
    }
    let total = total as usize;
    while out.len() < total {
        let (length, after) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let length = u32::from_be_bytes(*length) as usize;
        let (data, after) = after.split_at_checked(length).ok_or_else(cut)?;
        let want = block.min(total - out.len());
        if length == want {
            out.extend_from_slice(data);
        } else {
            let from = out.len();
            out.resize(from + want, 0);
            let got =
                lz4_flex::block::decompress_into(data, &mut out[from..]).map_err(|error| format!("LZ4: {error}"))?;
            if got != want {
                return Err(format!("an LZ4 block of {got} bytes, {want} are needed"));
            }
        }
        rest = after;
    }
    Ok(())
}

/// Filter 32000: literal runs and references back of at most 8 KiB.
fn lzf(packed: &[u8], size: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let cut = || "an LZF chunk that is cut".to_string();
    let mut rest = packed.iter();
    while let Some(&control) = rest.next() {
        let control = usize::from(control);
        if control < 32 {
            let literal = rest.as_slice().get(..control + 1).ok_or_else(cut)?;
            out.extend_from_slice(literal);
            rest = rest.as_slice()[control + 1..].iter();
        } else {
            let mut length = control >> 5;
            if length == 7 {
                length += usize::from(*rest.next().ok_or_else(cut)?);
            }
            let back = ((control & 31) << 8 | usize::from(*rest.next().ok_or_else(cut)?)) + 1;
            let start = out.len().checked_sub(back).ok_or("an LZF reference before the start")?;
            for place in start..start + length + 2 {
                out.push(out[place]);
            }
        }
        if out.len() > size {
            return Err(format!("an LZF chunk of more than {size} bytes"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lzf_repeats() {
        let mut out = Vec::new();
        // "abc", then 4 bytes from 3 back.
        lzf(&[2, b'a', b'b', b'c', 2 << 5, 2], 100, &mut out).unwrap();
        assert_eq!(out, b"abcabca");
        assert!(lzf(&[1 << 5, 9], 100, &mut Vec::new()).is_err());
    }
}
