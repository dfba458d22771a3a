//! Pages of numbers in a file: where they are, and whether their values lie in them as they lie in memory.

use polars::prelude::*;
use polars_arrow::bitmap::MutableBitmap;
use polars_parquet::parquet::encoding::Encoding;
use polars_parquet::parquet::page::{DataPage, DataPageHeader, FormatEncoding};
use polars_parquet_format::PageHeader;
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use recoil_bytes::Bytes;
use std::io::Cursor;

/// Bytes in which the header of a page ends, unless its statistics are very long.
const HEAD: usize = 1_024;

/// A page of data in a file.
#[derive(Clone, Copy)]
pub(super) struct PageAt {
    /// Where its header begins, its body begins, and it ends.
    pub(super) head: u64,
    pub(super) body: u64,
    pub(super) end: u64,
    pub(super) values: usize,
    /// Bytes of the body when decompressed, when it is of the first version and PLAIN, with run-length coded levels.
    pub(super) plain: Option<usize>,
    /// The same when its values are numbers of entries of a dictionary.
    pub(super) coded: Option<usize>,
    /// Whether repetition levels, where there are any, are run-length coded too.
    pub(super) repetition: bool,
}

impl PageAt {
    /// The page that begins at `at`; `None` where that is no page of data, or has a header that is not understood.
    pub(super) fn find(file: &Bytes, at: u64, end: u64) -> PolarsResult<Option<Self>> {
        let Some((header, body)) = header(file, at, end)? else { return Ok(None) };
        let count = match (&header.data_page_header, &header.data_page_header_v2) {
            (Some(first), None) => first.num_values,
            (None, Some(second)) => second.num_values,
            _ => return Ok(None),
        };
        let (Ok(values), Ok(stored), Ok(size)) = (
            usize::try_from(count),
            u64::try_from(header.compressed_page_size),
            usize::try_from(header.uncompressed_page_size),
        ) else {
            return Ok(None);
        };
        let first = header.data_page_header.as_ref();
        let repetition = first.is_some_and(|header| header.repetition_level_encoding == FormatEncoding::RLE);
        let encoding = first.filter(|header| header.definition_level_encoding == FormatEncoding::RLE);
        let encoding = encoding.map(|header| header.encoding);
        let of = |wanted: &[FormatEncoding]| encoding.filter(|one| wanted.contains(one)).map(|_| size);
        let plain = of(&[FormatEncoding::PLAIN]);
        let coded = of(&[FormatEncoding::RLE_DICTIONARY, FormatEncoding::PLAIN_DICTIONARY]);
        let page = Self { head: at, body, end: body + stored, values, plain, coded, repetition };
        // A page without values would never come to an end.
        Ok((page.end <= end && values > 0).then_some(page))
    }
}

/// The header of the page that begins at `at`, and where its body begins; `None` where it is not understood.
fn header(file: &Bytes, at: u64, end: u64) -> PolarsResult<Option<(PageHeader, u64)>> {
    let mut bytes = [0; HEAD];
    let bytes = &mut bytes[..HEAD.min((end - at) as usize)];
    file.read_at(at, bytes)?;
    let mut cursor = Cursor::new(&*bytes);
    let mut protocol = TCompactInputProtocol::new(&mut cursor, HEAD);
    let header = PageHeader::read_from_in_protocol(&mut protocol).ok();
    Ok(header.map(|header| (header, at + cursor.position())))
}

/// A page in a file with the entries that pages behind it number.
#[derive(Clone, Copy)]
pub(super) struct DictionaryAt {
    /// Where its body begins, and it ends.
    pub(super) body: u64,
    pub(super) end: u64,
    pub(super) entries: usize,
    /// Bytes of the body when decompressed.
    pub(super) size: usize,
}

impl DictionaryAt {
    /// The dictionary that begins at `at`; `None` where there is none, or its entries do not lie in it one after another.
    pub(super) fn find(file: &Bytes, at: u64, end: u64) -> PolarsResult<Option<Self>> {
        let Some((header, body)) = header(file, at, end)? else { return Ok(None) };
        let Some(dictionary) = header.dictionary_page_header else { return Ok(None) };
        let plain = [FormatEncoding::PLAIN, FormatEncoding::PLAIN_DICTIONARY].contains(&dictionary.encoding);
        let (Ok(entries), Ok(stored), Ok(size)) = (
            usize::try_from(dictionary.num_values),
            u64::try_from(header.compressed_page_size),
            usize::try_from(header.uncompressed_page_size),
        ) else {
            return Ok(None);
        };
        let found = Self { body, end: body + stored, entries, size };
        Ok((plain && found.end <= end).then_some(found))
    }
}

/// The value bytes of a page: `count` values and no null, or `None`.
///
/// Every length is the one that the page states. Bytes after the last value are ignored: some writers pad.
pub(super) fn plain_values<T>(page: &DataPage, count: usize, optional: bool) -> Option<&[u8]> {
    if cfg!(target_endian = "big") || page.encoding() != Encoding::Plain {
        return None;
    }
    let buffer = page.buffer();
    let values = match page.header() {
        DataPageHeader::V1(_) if !optional => buffer,
        DataPageHeader::V1(_) => {
            if page.definition_level_encoding() != Encoding::Rle {
                return None;
            }
            let (levels, values) = levels(buffer)?;
            all_present(levels, count).then_some(values)?
        }
        DataPageHeader::V2(header) => {
            let length = usize::try_from(header.definition_levels_byte_length).ok()?;
            let present = if optional { all_present(buffer.get(..length)?, count) } else { length == 0 };
            let whole = header.num_nulls == 0 && header.repetition_levels_byte_length == 0;
            (present && whole && usize::try_from(header.num_rows) == Ok(count)).then_some(buffer.get(length..)?)?
        }
    };
    values.get(..count.checked_mul(size_of::<T>())?)
}

/// The levels at the beginning of a page of the first version, by the length that it states before them, and the rest.
pub(super) fn levels(page: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = page.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

/// Whether run-length coded levels of one bit say `1` for all `count` values.
pub(super) fn all_present(levels: &[u8], count: usize) -> bool {
    present(levels, count) == Some(count)
}

/// For how many of `count` values run-length coded levels of one bit say `1`; `None` when they say it for fewer values, or
/// something else.
pub(super) fn present(mut levels: &[u8], count: usize) -> Option<usize> {
    let (mut seen, mut found) = (0, 0);
    while seen < count {
        let (header, rest) = varint(levels)?;
        let length = usize::try_from(header >> 1).ok()?;
        if header & 1 == 0 {
            let (&value, rest) = rest.split_first()?;
            if value > 1 || length == 0 {
                return None;
            }
            found += usize::from(value) * length.min(count - seen);
            seen = seen.checked_add(length)?;
            levels = rest;
        } else {
            let (packed, rest) = rest.split_at_checked(length).filter(|_| length > 0)?;
            let bits = length.saturating_mul(8).min(count - seen);
            let whole: u32 = packed[..bits / 8].iter().map(|byte| byte.count_ones()).sum();
            let last = packed.get(bits / 8).map_or(0, |byte| (byte & ((1 << (bits % 8)) - 1)).count_ones());
            found += (whole + last) as usize;
            seen += bits;
            levels = rest;
        }
    }
    Some(found)
}

/// Run-length coded levels of `width` bits for `count` entries, as the bit that each means; `None` where there are fewer, or
/// one means nothing.
pub(super) fn runs(
    mut levels: &[u8],
    count: usize,
    width: u32,
    meaning: impl Fn(u8) -> Option<bool>,
    out: &mut MutableBitmap,
) -> Option<()> {
    let as_stored = width == 1 && meaning(0) == Some(false) && meaning(1) == Some(true);
    let mut left = count;
    while left > 0 {
        let (header, rest) = varint(levels)?;
        let length = usize::try_from(header >> 1).ok().filter(|length| *length > 0)?;
        if header & 1 == 0 {
            let (&code, rest) = rest.split_first()?;
            let length = length.min(left);
            out.extend_constant(length, meaning(code)?);
            (levels, left) = (rest, left - length);
            continue;
        }
        let (packed, rest) = rest.split_at_checked(length.checked_mul(width as usize)?)?;
        let entries = length.saturating_mul(8).min(left);
        if as_stored {
            out.extend_from_slice(packed, 0, entries);
        } else {
            for at in 0..entries {
                let bit = at * width as usize;
                let two = u16::from(packed[bit / 8]) | u16::from(*packed.get(bit / 8 + 1).unwrap_or(&0)) << 8;
                out.push(meaning((two >> (bit % 8)) as u8 & ((1_u16 << width) - 1) as u8)?);
            }
        }
        (levels, left) = (rest, left - entries);
    }
    Some(())
}

/// The first of `count` run-length coded numbers of so many bits; `None` where there are fewer.
pub(super) fn run_length_coded(mut coded: &[u8], bits: usize, count: usize) -> Option<u32> {
    let (mut seen, mut first) = (0, None);
    while seen < count {
        let (header, rest) = varint(coded)?;
        let length = usize::try_from(header >> 1).ok().filter(|length| *length > 0)?;
        let (bytes, values) = match header & 1 {
            0 => (bits.div_ceil(8), length),
            _ => (length.checked_mul(bits)?, length.checked_mul(8)?),
        };
        // The last packed bits may be left out as far as no value needs them.
        let needed = if header & 1 == 0 { bytes } else { bytes.min(((count - seen).min(values) * bits).div_ceil(8)) };
        let run = rest.get(..needed)?;
        let low = run.iter().take(4).rev().fold(0_u32, |low, byte| low << 8 | u32::from(*byte));
        first.get_or_insert(low & (1_u32 << bits.min(31)).wrapping_sub(1));
        seen = seen.checked_add(values)?;
        coded = rest.get(bytes..).unwrap_or_default();
    }
    first
}

pub(super) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (at, &byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{all_present, levels, present, run_length_coded};

    #[test]
    fn run_length_coded_numbers_are_counted() {
        assert_eq!(run_length_coded(&[8 << 1, 2], 2, 8), Some(2));
        assert_eq!(run_length_coded(&[8 << 1, 2], 2, 9), None, "too few");
        assert_eq!(run_length_coded(&[(1 << 1) | 1, 0b1110_0101, 0b01], 2, 5), Some(1), "packed");
        assert_eq!(run_length_coded(&[(1 << 1) | 1, 0b1110_0101], 2, 5), None, "cut short");
        assert_eq!(run_length_coded(&[4 << 1, 1, 4 << 1, 0], 1, 8), Some(1));
        assert_eq!((run_length_coded(&[], 1, 1), run_length_coded(&[0, 1], 1, 1)), (None, None));
    }

    #[test]
    fn levels_are_all_present_only_when_every_one_is() {
        assert!(all_present(&[20 << 1, 1], 20), "one run");
        assert!(!all_present(&[20 << 1, 0], 20), "a run of nulls");
        assert!(all_present(&[(2 << 1) | 1, 0xff, 0x0f], 12), "packed, the end unused");
        assert!(!all_present(&[(2 << 1) | 1, 0xff, 0x07], 12), "packed, the last is null");
        assert!(!all_present(&[19 << 1, 1], 20), "too short");
        assert!(!all_present(&[0xff, 0xff], 20), "nonsense");
        assert!(!all_present(&[0, 1, 0, 1], 20), "runs of nothing");
    }

    #[test]
    fn values_that_are_present_are_counted() {
        assert_eq!(present(&[8 << 1, 0, 4 << 1, 1], 12), Some(4));
        assert_eq!(present(&[(2 << 1) | 1, 0b1010_1010, 0b0000_0101], 11), Some(6));
        assert_eq!(present(&[(2 << 1) | 1, 0b1010_1010], 11), None, "cut short");
        assert_eq!(present(&[], 0), Some(0));
    }

    #[test]
    fn levels_are_as_long_as_the_page_says() {
        assert_eq!(levels(&[2, 0, 0, 0, 6, 1, 9, 9]), Some((&[6, 1][..], &[9, 9][..])));
        assert_eq!(levels(&[9, 0, 0, 0, 6, 1]), None, "longer than the page");
        assert_eq!(levels(&[2, 0]), None);
    }
}
