//! What some writers state wrongly of their pages, told by the name and version that they leave in the footer.
//!
//! None of this is guessed from the bytes: a page is read in another way than it says only where its writer is known to have
//! said it wrongly.

use polars_parquet::parquet::compression::Compression;
use polars_parquet::read::{ColumnChunkMetadata, FileMetadata};
use std::ops::Range;

/// Whether bytes lie behind the values of a page: all pages of this writer are padded.
pub(super) fn pads(writer: Option<&str>, chunk: &ColumnChunkMetadata) -> bool {
    writer.is_some_and(|writer| writer.starts_with("fastparquet")) && chunk.descriptor().descriptor.max_rep_level == 0
}

/// Whether pages of the second version are compressed although they say that they are not (ARROW-10353).
pub(super) fn forgets_compression(writer: Option<&str>) -> bool {
    writer.and_then(|writer| version(writer, "parquet-cpp")).is_some_and(|version| version < [2, 0, 0])
}

/// The most bytes by which the size of a chunk is too small: the header of its dictionary was forgotten (PARQUET-816).
pub(super) fn forgotten_bytes(writer: Option<&str>) -> u64 {
    const MOST: u64 = 100;
    let forgets = writer.is_some_and(|writer| match version(writer, "parquet-mr") {
        Some(version) => version < [1, 2, 9],
        None => writer.trim() == "parquet-mr",
    });
    if forgets { MOST } else { 0 }
}

/// Whether Polars' own scan, which does not know what stands here, would refuse the pages of a file or read them otherwise:
/// padding is taken for values, and of several gzip members the first is read.
pub(super) fn is_misread(metadata: &FileMetadata) -> bool {
    let writer = metadata.created_by.as_deref();
    let odd = |chunk: &ColumnChunkMetadata| {
        chunk.compression() == Compression::Gzip || chunk.dictionary_page_offset() == Some(0)
    };
    let mut chunks = metadata.row_groups.iter().flat_map(|group| group.parquet_columns());
    writer.is_some_and(|writer| writer.starts_with("fastparquet"))
        || forgets_compression(writer)
        || forgotten_bytes(writer) > 0
        || chunks.any(odd)
}

/// Where the pages of a chunk are. No page begins before the first four bytes of a file: a dictionary at 0 is none.
pub(super) fn range(chunk: &ColumnChunkMetadata) -> Range<u64> {
    let stated = chunk.byte_range();
    match (chunk.dictionary_page_offset(), u64::try_from(chunk.data_page_offset())) {
        (Some(0), Ok(start)) => start..start + (stated.end - stated.start),
        _ => stated,
    }
}

/// The version in `parquet-cpp version 1.5.1-SNAPSHOT`, of the writer of this name.
fn version(writer: &str, name: &str) -> Option<[u32; 3]> {
    let mut parts = writer.strip_prefix(name)?.trim_start().strip_prefix("version ")?.split(['.', '-', ' ', '+']);
    let mut next = || parts.next()?.parse().ok();
    Some([next()?, next()?, next().unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_are_known_by_name_and_version() {
        assert!(forgets_compression(Some("parquet-cpp version 1.5.1-SNAPSHOT")));
        assert!(!forgets_compression(Some("parquet-cpp version 2.0.0")));
        assert!(!forgets_compression(Some("parquet-cpp-arrow version 1.0.0")));
        assert!(!forgets_compression(None));
        assert_eq!(forgotten_bytes(Some("parquet-mr")), 100);
        assert_eq!(forgotten_bytes(Some("parquet-mr version 1.2.8 (build 1)")), 100);
        assert_eq!(
            forgotten_bytes(Some("parquet-mr version 1.13.1 (build db4183109d5b734ec5930d870cdae161e408ddba)")),
            0
        );
        assert_eq!(forgotten_bytes(Some("parquet-mr compatible")), 0);
    }
}
