//! The bytes that a request is going to read, for the system to read them ahead.

use super::Parquet;
use crate::ahead::read_ahead;
use polars::prelude::PlSmallStr;
use polars_parquet::parquet::compression::Compression;
use std::fs::File;
use std::ops::Range;

impl Parquet {
    /// Lets the system read ahead the pages of some columns in which some rows of a row group lie.
    pub(super) fn ahead(&self, segment: usize, columns: &[PlSmallStr], rows: &Range<usize>) {
        let all = self.head.segments[segment].len();
        // Where there is nothing to decode, reading is all that is done, and two who read are in each other's way.
        let chunks = columns.iter().flat_map(|name| self.chunks(segment, name));
        let chunks = chunks.filter(|chunk| chunk.compression() != Compression::Uncompressed);
        let parts: Vec<_> = chunks.map(|chunk| part(&chunk.byte_range(), rows, all)).collect();
        if parts.is_empty() {
            return;
        }
        if let Some(Ok(file)) = self.file.path().map(File::open) {
            read_ahead(file, parts);
        }
    }
}

/// The part of a chunk in which some of `all` rows lie, if all are equally long.
fn part(chunk: &Range<u64>, rows: &Range<usize>, all: usize) -> Range<u64> {
    let length = u128::from(chunk.end - chunk.start);
    let at = |row: usize| chunk.start + (length * row.min(all) as u128 / all.max(1) as u128) as u64;
    at(rows.start)..at(rows.end)
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn rows_lie_in_a_part_of_their_chunk() {
        assert_eq!(part(&(1_000..3_000), &(0..10), 10), 1_000..3_000);
        assert_eq!(part(&(1_000..3_000), &(2..5), 10), 1_400..2_000);
        assert_eq!(part(&(1_000..3_000), &(10..20), 10), 3_000..3_000);
        assert_eq!(part(&(1_000..3_000), &(0..0), 0), 1_000..1_000);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_columns_of_a_row_group_that_are_expected_are_read_ahead() {
        use crate::Source;
        use crate::ahead::tests::{arrives, cached, evict, folder};
        use polars::prelude::*;
        let folder = folder();
        let path = folder.path().join("a.parquet");
        let values = |seed: u64| {
            (0..120_000_u64)
                .map(|row| (row * 7_919 + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) as f64)
                .collect::<Vec<_>>()
        };
        let frame = df!("x" => values(1), "y" => values(2), "z" => values(3)).unwrap();
        let options = super::super::WriteOptions {
            row_group: 60_000,
            compression: super::super::Compression::Zstd,
            ..Default::default()
        };
        super::super::write(&path, &frame, &options).unwrap();
        let source = super::super::open(&path).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        if !evict(&file) {
            return eprintln!("skipped: files of this folder cannot leave the page cache");
        }
        let bytes = |segment, name| source.chunks(segment, name)[0].byte_range();
        source.expect(1, &["z".into()], 0..60_000);
        let wanted = bytes(1, "z");
        assert!(arrives(&file, &wanted, ((wanted.end - wanted.start) / 4_096) as usize));
        // Pages at the border of two chunks belong to both.
        assert!(cached(&file, bytes(0, "x")) + cached(&file, bytes(1, "x")) <= 2, "nothing else");
        let read = source.read(1, &["x".into(), "z".into()], 0..60_000).unwrap();
        assert!(read.equals(&frame.slice(60_000, 60_000).select(["x", "z"]).unwrap()), "what was read ahead is right");
    }
}
