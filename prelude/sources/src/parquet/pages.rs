//! Pages of numbers in a file: where they are, and whether their values lie in them as they lie in memory.

use polars::prelude::*;
use polars_parquet::parquet::encoding::Encoding;
use polars_parquet::parquet::page::{DataPage, DataPageHeader, FormatEncoding};
use polars_parquet_format::PageHeader;
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use std::fs::File;
use std::io::Cursor;
use std::os::unix::fs::FileExt;

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
    /// Bytes of the body when decompressed, when it is of the first version and PLAIN.
    pub(super) plain: Option<usize>,
}

impl PageAt {
    /// The page that begins at `at`; `None` where that is no page of data, or has a header that is not understood.
    pub(super) fn find(file: &File, at: u64, end: u64) -> PolarsResult<Option<Self>> {
        let mut bytes = [0; HEAD];
        let bytes = &mut bytes[..HEAD.min((end - at) as usize)];
        file.read_exact_at(bytes, at)?;
        let mut cursor = Cursor::new(&*bytes);
        let mut protocol = TCompactInputProtocol::new(&mut cursor, HEAD);
        let Ok(header) = PageHeader::read_from_in_protocol(&mut protocol) else { return Ok(None) };
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
        let body = at + cursor.position();
        let first = header.data_page_header.is_some_and(|header| header.encoding == FormatEncoding::PLAIN);
        let page = Self { head: at, body, end: body + stored, values, plain: first.then_some(size) };
        // A page without values would never come to an end.
        Ok((page.end <= end && values > 0).then_some(page))
    }
}

/// The value bytes of a page: `count` values and no null, or `None`.
pub(super) fn plain_values<T>(page: &DataPage, count: usize, optional: bool) -> Option<&[u8]> {
    if cfg!(target_endian = "big") || page.encoding() != Encoding::Plain {
        return None;
    }
    let buffer = page.buffer();
    let skip = match page.header() {
        DataPageHeader::V1(_) if !optional => 0,
        DataPageHeader::V1(_) => {
            let length = u32::from_le_bytes(buffer.get(..4)?.try_into().ok()?) as usize;
            if page.definition_level_encoding() != Encoding::Rle || !all_present(buffer.get(4..4 + length)?, count) {
                return None;
            }
            4 + length
        }
        DataPageHeader::V2(header) => {
            if header.num_nulls != 0 {
                return None;
            }
            let levels = header.definition_levels_byte_length.checked_add(header.repetition_levels_byte_length)?;
            usize::try_from(levels).ok()?
        }
    };
    buffer.get(skip..)?.get(..count.checked_mul(size_of::<T>())?)
}

/// Whether run-length coded levels of one bit say `1` for all `count` values.
pub(super) fn all_present(mut levels: &[u8], count: usize) -> bool {
    let mut seen = 0;
    while seen < count {
        let Some((header, rest)) = varint(levels) else { return false };
        if header & 1 == 0 {
            let Some((&value, rest)) = rest.split_first() else { return false };
            if value != 1 {
                return false;
            }
            seen += (header >> 1) as usize;
            levels = rest;
        } else {
            let bytes = (header >> 1) as usize;
            if bytes > rest.len() {
                return false;
            }
            let bits = (bytes * 8).min(count - seen);
            if (0..bits).any(|bit| rest[bit / 8] & 1 << (bit % 8) == 0) {
                return false;
            }
            seen += bytes * 8;
            levels = &rest[bytes..];
        }
    }
    true
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
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
    use super::all_present;

    #[test]
    fn levels_are_all_present_only_when_every_one_is() {
        assert!(all_present(&[20 << 1, 1], 20), "one run");
        assert!(!all_present(&[20 << 1, 0], 20), "a run of nulls");
        assert!(all_present(&[(2 << 1) | 1, 0xff, 0x0f], 12), "packed, the end unused");
        assert!(!all_present(&[(2 << 1) | 1, 0xff, 0x07], 12), "packed, the last is null");
        assert!(!all_present(&[19 << 1, 1], 20), "too short");
        assert!(!all_present(&[0xff, 0xff], 20), "nonsense");
    }
}
