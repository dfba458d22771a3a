//! Chunks whose pages the library's decoder would take for something else, as it understands them: not compressed,
//! without bytes behind the last value, bytes of fixed length one after another.
//!
//! Some writers compress a page as several gzip members, of which the library reads the first; some leave padding
//! behind the values of a page, which it takes for values; and it does not know BYTE_STREAM_SPLIT for bytes.

use super::pages::{levels, present, run_length_coded};
use polars::prelude::*;
use polars_parquet::parquet::compression::{Compression, DecompressionContext, decompress};
use polars_parquet::parquet::page::FormatEncoding;
use polars_parquet::parquet::read::PageMetaData;
use polars_parquet::read::{ColumnChunkMetadata, PhysicalType};
use polars_parquet_format::PageHeader;
use polars_parquet_format::thrift::protocol::{TCompactInputProtocol, TCompactOutputProtocol};
use std::cell::RefCell;
use std::io::{Cursor, Read};
use zstd::zstd_safe::{DCtx, ResetDirective};

/// What a chunk is after [`chunk`].
pub(super) fn metadata(chunk: &ColumnChunkMetadata) -> PageMetaData {
    PageMetaData::new(0, chunk.num_values(), Compression::Uncompressed, chunk.descriptor().descriptor.clone())
}

/// The pages of a chunk, each with its own lengths. `compressed` says that pages are compressed even where they say that they
/// are not.
pub(super) fn chunk(bytes: &[u8], chunk: &ColumnChunkMetadata, compressed: bool) -> PolarsResult<Vec<u8>> {
    let mut packed = Vec::with_capacity(bytes.len() * 2);
    let (mut at, mut values) = (0, 0);
    while at < bytes.len() && values < chunk.num_values() {
        let mut cursor = Cursor::new(&bytes[at..]);
        let mut protocol = TCompactInputProtocol::new(&mut cursor, bytes.len());
        let wrong = |error: String| polars_err!(ComputeError: "a page has no header: {error}");
        let mut header = PageHeader::read_from_in_protocol(&mut protocol).map_err(|error| wrong(error.to_string()))?;
        let body = at + cursor.position() as usize;
        let length = usize::try_from(header.compressed_page_size).ok();
        let stored = length.and_then(|length| bytes.get(body..body.checked_add(length)?));
        let stored = stored.ok_or_else(|| wrong("it reaches behind the chunk".to_owned()))?;
        at = body + stored.len();
        if let Some(second) = header.data_page_header_v2.as_mut().filter(|_| compressed) {
            second.is_compressed = Some(true);
        }
        let mut page = unpacked(stored, &header, chunk.compression())?;
        page.truncate(used(&page, &header, chunk).unwrap_or(page.len()));
        joined(&mut page, &mut header, chunk);
        values += header.data_page_header.as_ref().map_or(0, |first| i64::from(first.num_values));
        if let Some(second) = &mut header.data_page_header_v2 {
            values += i64::from(second.num_values);
            second.is_compressed = Some(false);
        }
        let size = i32::try_from(page.len()).map_err(|error| wrong(error.to_string()))?;
        (header.compressed_page_size, header.uncompressed_page_size) = (size, size);
        let mut out = TCompactOutputProtocol::new(&mut packed);
        header.write_to_out_protocol(&mut out).map_err(|error| wrong(error.to_string()))?;
        packed.extend_from_slice(&page);
    }
    Ok(packed)
}

/// That the levels of a chunk are as many as its values, and that its first value begins a row: the library takes levels that
/// are missing for zero, and a first row that begins before the chunk for one that begins in it. Of columns without lists only
/// the first page is looked at, which those levels fill that a writer forgets.
///
/// # Errors
/// What is wrong with the levels.
pub(super) fn has_all_levels(bytes: &[u8], chunk: &ColumnChunkMetadata) -> PolarsResult<()> {
    let descriptor = &chunk.descriptor().descriptor;
    let (repetition, definition) = (descriptor.max_rep_level, descriptor.max_def_level);
    if repetition == 0 && definition == 0 {
        return Ok(());
    }
    let (mut at, mut values) = (0, 0);
    while at < bytes.len() && values < chunk.num_values() {
        let mut cursor = Cursor::new(&bytes[at..]);
        let mut protocol = TCompactInputProtocol::new(&mut cursor, bytes.len());
        // What has no header is told by whoever decodes it.
        let Ok(header) = PageHeader::read_from_in_protocol(&mut protocol) else { return Ok(()) };
        let body = at + cursor.position() as usize;
        let length = usize::try_from(header.compressed_page_size).ok();
        let Some(stored) = length.and_then(|length| bytes.get(body..body.checked_add(length)?)) else { return Ok(()) };
        at = body + stored.len();
        let count = match (&header.data_page_header, &header.data_page_header_v2) {
            (Some(first), _) => first.num_values,
            (_, Some(second)) => second.num_values,
            _ => continue,
        };
        let beginning = if repetition == 0 { of_levels(stored, &header, chunk.compression()) } else { None };
        let whole = || unpacked(stored, &header, chunk.compression()).ok();
        let Some(page) = beginning.or_else(whole) else { return Ok(()) };
        if let Some([of_lists, present]) = levels_of(&page, &header, [repetition, definition])
            && !(has_levels(of_lists, repetition, count, values == 0) && has_levels(present, definition, count, false))
        {
            polars_bail!(ComputeError: "the levels of a page do not say what belongs to its {count} values");
        }
        values += i64::from(count);
        if repetition == 0 {
            break;
        }
    }
    Ok(())
}

/// The beginning of a page of the first version without lists, up to the end of its levels: most of a page is behind them, and
/// is decompressed by whoever decodes it. `None` where the whole page has to be looked at.
fn of_levels(stored: &[u8], header: &PageHeader, codec: Compression) -> Option<Vec<u8>> {
    thread_local! {
        static CONTEXT: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
    }
    if codec != Compression::Zstd || header.data_page_header.is_none() {
        return None;
    }
    let size = usize::try_from(header.uncompressed_page_size).ok()?;
    CONTEXT.with_borrow_mut(|context| {
        context.reset(ResetDirective::SessionOnly).ok()?;
        let mut decoder = zstd::Decoder::with_context(stored, context);
        let mut page = vec![0; size_of::<u32>()];
        decoder.read_exact(&mut page).ok()?;
        let length = u32::from_le_bytes(*page.first_chunk()?) as usize;
        let read = decoder.take(length.min(size) as u64).read_to_end(&mut page).ok()?;
        (read == length).then_some(page)
    })
}

/// The bytes of the levels of lists and of those of nulls; `None` where they are coded in a way of old.
fn levels_of<'p>(page: &'p [u8], header: &PageHeader, most: [i16; 2]) -> Option<[&'p [u8]; 2]> {
    if let Some(second) = &header.data_page_header_v2 {
        let length = |length: i32| usize::try_from(length).ok();
        let (of_lists, rest) = page.split_at_checked(length(second.repetition_levels_byte_length)?)?;
        return Some([of_lists, rest.get(..length(second.definition_levels_byte_length)?)?]);
    }
    let first = header.data_page_header.as_ref()?;
    let coded = [first.repetition_level_encoding, first.definition_level_encoding];
    let (mut rest, mut found) = (page, [&[][..]; 2]);
    for ((most, coded), found) in most.into_iter().zip(coded).zip(&mut found) {
        if most > 0 {
            if coded != FormatEncoding::RLE {
                return None;
            }
            (*found, rest) = levels(rest)?;
        }
    }
    Some(found)
}

/// Whether levels up to `most` are there for so many values, and the first of them is 0 where it must be.
fn has_levels(levels: &[u8], most: i16, count: i32, first_is_zero: bool) -> bool {
    if most == 0 || count <= 0 {
        return true;
    }
    let bits = 16 - most.leading_zeros() as usize;
    run_length_coded(levels, bits, count as usize).is_some_and(|first| !first_is_zero || first == 0)
}

/// The body of a page, decompressed.
fn unpacked(stored: &[u8], header: &PageHeader, codec: Compression) -> PolarsResult<Vec<u8>> {
    let wrong = |error: String| polars_err!(ComputeError: "a page cannot be decompressed: {error}");
    let size = usize::try_from(header.uncompressed_page_size).map_err(|error| wrong(error.to_string()))?;
    // The levels of the second version are never compressed.
    let second = header.data_page_header_v2.as_ref();
    let before = second.map_or(0, |second| {
        i64::from(second.definition_levels_byte_length) + i64::from(second.repetition_levels_byte_length)
    });
    let before = usize::try_from(before).ok().filter(|&before| before <= stored.len() && before <= size);
    let before = before.ok_or_else(|| wrong("its levels are longer than it is".to_owned()))?;
    let plain = codec == Compression::Uncompressed || second.is_some_and(|second| second.is_compressed == Some(false));
    if plain {
        return Ok(stored.to_vec());
    }
    let mut page = stored[..before].to_vec();
    let stored = &stored[before..];
    if codec == Compression::Gzip {
        let members = flate2::read::MultiGzDecoder::new(stored);
        // No more than the page says, however much is packed.
        members.take((size - before) as u64 + 1).read_to_end(&mut page)?;
    } else {
        page.resize(size, 0);
        if !stored.is_empty() {
            let mut context = DecompressionContext::Unset;
            decompress(codec, stored, &mut page[before..], &mut context)?;
        }
    }
    if page.len() == size { Ok(page) } else { Err(wrong(format!("{} bytes, not {size}", page.len()))) }
}

/// Puts the bytes of each value together, of pages that have all first bytes first, then all second ones, and so on.
fn joined(page: &mut [u8], header: &mut PageHeader, chunk: &ColumnChunkMetadata) {
    let PhysicalType::FixedLenByteArray(width) = chunk.physical_type() else { return };
    let first = header.data_page_header.as_mut().map(|first| &mut first.encoding);
    let Some(encoding) = first.or(header.data_page_header_v2.as_mut().map(|second| &mut second.encoding)) else {
        return;
    };
    let split = *encoding == FormatEncoding::BYTE_STREAM_SPLIT;
    let plain = split.then_some(FormatEncoding::PLAIN);
    let Some(start) = values_at(page, header, chunk).filter(|_| split) else { return };
    let values = &mut page[start..];
    if width == 0 || !values.len().is_multiple_of(width) {
        return;
    }
    let (streams, count) = (values.to_vec(), values.len() / width);
    for (row, value) in values.chunks_exact_mut(width).enumerate() {
        value.iter_mut().enumerate().for_each(|(at, byte)| *byte = streams[at * count + row]);
    }
    if let (Some(first), Some(plain)) = (header.data_page_header.as_mut(), plain) {
        first.encoding = plain;
    }
    if let (Some(second), Some(plain)) = (header.data_page_header_v2.as_mut(), plain) {
        second.encoding = plain;
    }
}

/// Where the levels of a page end, by the lengths that it states.
fn values_at(page: &[u8], header: &PageHeader, chunk: &ColumnChunkMetadata) -> Option<usize> {
    if let Some(second) = &header.data_page_header_v2 {
        let length = i64::from(second.definition_levels_byte_length) + i64::from(second.repetition_levels_byte_length);
        return usize::try_from(length).ok().filter(|&length| length <= page.len());
    }
    let descriptor = &chunk.descriptor().descriptor;
    let mut rest = page;
    for levels_of in [descriptor.max_rep_level, descriptor.max_def_level] {
        if levels_of > 0 {
            rest = levels(rest)?.1;
        }
    }
    Some(page.len() - rest.len())
}

/// The bytes of a page up to the last value, for values of fixed length that lie one after another; `None` for others.
fn used(page: &[u8], header: &PageHeader, chunk: &ColumnChunkMetadata) -> Option<usize> {
    let descriptor = &chunk.descriptor().descriptor;
    let first = header.data_page_header.as_ref().filter(|first| first.encoding == FormatEncoding::PLAIN)?;
    let count = usize::try_from(first.num_values).ok()?;
    let (before, count) = match descriptor.max_def_level {
        0 => (0, count),
        1 if first.definition_level_encoding == FormatEncoding::RLE => {
            let (levels, rest) = levels(page)?;
            (page.len() - rest.len(), present(levels, count)?)
        }
        _ => return None,
    };
    let values = match chunk.physical_type() {
        PhysicalType::Boolean => count.div_ceil(8),
        PhysicalType::Int32 | PhysicalType::Float => count.checked_mul(4)?,
        PhysicalType::Int64 | PhysicalType::Double => count.checked_mul(8)?,
        PhysicalType::Int96 => count.checked_mul(12)?,
        PhysicalType::FixedLenByteArray(width) => count.checked_mul(width)?,
        PhysicalType::ByteArray => return None,
    };
    before.checked_add(values).filter(|&end| end <= page.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn all_members_of_a_page_are_unpacked_and_no_more_than_it_says() {
        let member = |bytes: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        let stored = [member(b"abc"), member(b"defg")].concat();
        let header = |size| PageHeader {
            type_: polars_parquet_format::PageType::DATA_PAGE,
            uncompressed_page_size: size,
            compressed_page_size: stored.len() as i32,
            crc: None,
            data_page_header: None,
            index_page_header: None,
            dictionary_page_header: None,
            data_page_header_v2: None,
        };
        assert_eq!(unpacked(&stored, &header(7), Compression::Gzip).unwrap(), b"abcdefg");
        assert!(unpacked(&stored, &header(6), Compression::Gzip).is_err());
        assert!(unpacked(&stored, &header(8), Compression::Gzip).is_err());
    }
}
