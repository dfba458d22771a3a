//! Chunks as the writers of others make them: a dictionary, pages that number its entries until it gets long, and plain ones.

use super::*;
use bytemuck::Pod;
use polars_parquet::parquet::CowBuffer;
use polars_parquet::parquet::encoding::hybrid_rle::encode;
use polars_parquet::parquet::page::{DataPage, DataPageHeader, DataPageHeaderV1, DictPage, FormatEncoding, Page};
use polars_parquet::write::{
    CompressedPage, CompressionOptions, DynIter, DynStreamingIterator, FileWriter, StatisticsOptions, Version,
    WriteOptions, compress, fallible_streaming_iterator,
};
use segment::random::SplitMix64;
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

/// How a chunk is cut into pages.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// Rows of a page.
    rows: usize,
    /// Entries of the dictionary at most.
    entries: usize,
    optional: bool,
    compression: CompressionOptions,
}

fn bytes_of<T: Pod>(values: &[T]) -> Vec<u8> {
    bytemuck::cast_slice(values).to_vec()
}

fn pages<T: Pod>(values: &[T], cut: Cut, descriptor: &polars_parquet::parquet::metadata::Descriptor) -> Vec<Page> {
    let (mut numbers, mut entries) = (HashMap::<Vec<u8>, u32>::new(), Vec::<T>::new());
    let mut pages = Vec::new();
    for values in values.chunks(cut.rows) {
        let mut page = Vec::new();
        if cut.optional {
            let mut levels = Vec::new();
            encode::<u32, _, _>(&mut levels, values.iter().map(|_| 1), 1).unwrap();
            page.extend_from_slice(&(levels.len() as u32).to_le_bytes());
            page.extend_from_slice(&levels);
        }
        let coded = entries.len() < cut.entries;
        if coded {
            let of = |value: &T| {
                *numbers.entry(bytes_of(&[*value])).or_insert_with(|| {
                    entries.push(*value);
                    entries.len() as u32 - 1
                })
            };
            let all: Vec<u32> = values.iter().map(of).collect();
            let bits = 32 - all.iter().max().unwrap().leading_zeros();
            page.push(bits as u8);
            encode::<u32, _, _>(&mut page, all.into_iter(), bits).unwrap();
        } else {
            page.extend_from_slice(&bytes_of(values));
        }
        let header = DataPageHeaderV1 {
            num_values: values.len() as i32,
            encoding: if coded { FormatEncoding::RLE_DICTIONARY } else { FormatEncoding::PLAIN },
            definition_level_encoding: FormatEncoding::RLE,
            repetition_level_encoding: FormatEncoding::RLE,
            statistics: None,
        };
        let (header, page) = (DataPageHeader::V1(header), CowBuffer::Owned(page));
        pages.push(Page::Data(DataPage::new(header, page, descriptor.clone(), values.len())));
    }
    if !entries.is_empty() {
        let dictionary = DictPage::new(CowBuffer::Owned(bytes_of(&entries)), entries.len(), false);
        pages.insert(0, Page::Dict(dictionary));
    }
    pages
}

/// The four columns of a row group, with whatever in them repeats and does not.
struct Table {
    noise: Vec<f64>,
    few: Vec<i64>,
    short: Vec<f32>,
    counts: Vec<u32>,
}

impl Table {
    fn new(rows: usize, seed: u64) -> Self {
        let mut random = SplitMix64::new(seed);
        let mut draw = move || random.next();
        Self {
            noise: (0..rows).map(|_| (draw() >> 11) as f64 / 1e9).collect(),
            few: (0..rows).map(|_| (draw() % 700) as i64 * 1_000_003).collect(),
            short: (0..rows).map(|_| (draw() >> 40) as f32 * 0.5).collect(),
            counts: (0..rows).map(|row| (row / 50) as u32).collect(),
        }
    }

    fn frame(&self) -> DataFrame {
        df!("noise" => &self.noise, "few" => &self.few, "short" => &self.short, "counts" => &self.counts).unwrap()
    }

    fn write(&self, path: &Path, cuts: [Cut; 4]) {
        let frame = self.frame();
        let field = |(column, cut): (&Column, Cut)| {
            let dtype = column.dtype().to_arrow(CompatLevel::newest());
            (column.name().clone(), ArrowField::new(column.name().clone(), dtype, cut.optional))
        };
        let fields = frame.columns().iter().zip(cuts).map(field).collect();
        let options = WriteOptions {
            statistics: StatisticsOptions::empty(),
            version: Version::V1,
            compression: CompressionOptions::Uncompressed,
            data_page_size: None,
        };
        let mut file = FileWriter::try_new(File::create(path).unwrap(), fields, options).unwrap();
        let descriptors: Vec<_> =
            file.parquet_schema().columns().iter().map(|column| column.descriptor.clone()).collect();
        let all = [
            pages(&self.noise, cuts[0], &descriptors[0]),
            pages(&self.few, cuts[1], &descriptors[1]),
            pages(&self.short, cuts[2], &descriptors[2]),
            pages(&self.counts, cuts[3], &descriptors[3]),
        ];
        let packed = |(pages, cut): (Vec<Page>, Cut)| {
            pages.into_iter().map(|page| compress(page, Vec::new(), cut.compression).unwrap()).collect()
        };
        let packed: Vec<Vec<CompressedPage>> = all.into_iter().zip(cuts).map(packed).collect();
        let leaves = packed.iter().map(|pages| {
            Ok(DynStreamingIterator::new(fallible_streaming_iterator::convert(pages.iter().map(PolarsResult::Ok))))
        });
        file.write(self.noise.len() as u64, DynIter::new(leaves)).unwrap();
        file.end(None).unwrap();
    }
}

#[test]
fn values_come_from_dictionaries_and_plain_pages_of_every_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let mut random = SplitMix64::new(11);
    let mut one_of = |most: usize| random.next() as usize % most;
    let codecs = [CompressionOptions::Zstd(None), CompressionOptions::Snappy, CompressionOptions::Lz4Raw];
    let (mut asked, mut answered) = (0, 0);
    for round in 0..24 {
        let rows = [1, 900, 40_000, 150_000][one_of(4)];
        let cuts = std::array::from_fn(|_| Cut {
            rows: [100, 3_000, 20_000, 150_000][one_of(4)].max(rows / 100),
            entries: [0, 1, 50, 30_000, 1_000_000][one_of(5)],
            optional: one_of(3) > 0,
            compression: if one_of(4) > 0 { codecs[0] } else { codecs[one_of(3)] },
        });
        let table = Table::new(rows, round);
        table.write(&path, cuts);
        let (source, frame) = (crate::parquet::open(&path).unwrap(), table.frame());
        let names = frame.get_column_names_owned();
        let file = Bytes::open(&path).unwrap();
        let every = [1, 3, 997, rows / 2 + 1][one_of(4)];
        let picked: Vec<IdxSize> = (one_of(rows)..rows).step_by(every).map(|row| row as IdxSize).collect();
        let (from, to) = (one_of(rows), one_of(rows));
        for wanted in [Wanted::Run(0, rows), Wanted::Run(from.min(to), from.max(to)), Wanted::Rows(&picked)] {
            let decoded = source.plain(&file, 0, &names, wanted).unwrap();
            let at: Vec<IdxSize> = (0..wanted.len()).map(|at| wanted.row(at) as IdxSize).collect();
            let expected = frame.take(&IdxCa::from_vec("".into(), at)).unwrap();
            for (column, expected) in decoded.into_iter().zip(expected.columns()) {
                let column = column.expect("read the fast way");
                assert!(column.equals(expected), "{round}, {wanted:?}, {cuts:?}: {column:?} beside {expected:?}");
            }
        }
        let few: Vec<IdxSize> = picked.iter().step_by(picked.len().div_ceil(9)).copied().collect();
        let mut found = vec![None; names.len()];
        source.few(&file, 0, &names, Wanted::Rows(&few), &mut found).unwrap();
        let expected = frame.take(&IdxCa::from_vec("".into(), few.clone())).unwrap();
        for ((column, expected), cut) in found.into_iter().zip(expected.columns()).zip(cuts) {
            asked += usize::from(matches!(cut.compression, CompressionOptions::Zstd(_)));
            answered += usize::from(column.is_some());
            assert!(column.is_none_or(|column| column.equals(expected)), "{round}, {few:?}, {cuts:?}: {expected:?}");
        }
    }
    // Where a page begins with less of what it holds than it goes on with, it is read as a whole.
    assert!(answered * 10 > asked * 9 && answered <= asked, "{answered} of {asked}");
}

#[test]
fn a_page_that_is_damaged_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let cut = Cut { rows: 20_000, entries: 30_000, optional: true, compression: CompressionOptions::Zstd(None) };
    let table = Table::new(100_000, 5);
    table.write(&path, [cut; 4]);
    let frame = table.frame();
    let whole = std::fs::read(&path).unwrap();
    let source = crate::parquet::open(&path).unwrap();
    let range = source.chunks(0, "noise")[0].byte_range();
    let mut errors = 0;
    for at in (range.start..range.end).step_by(30_011) {
        let mut bytes = whole.clone();
        bytes[at as usize..at as usize + 40].fill(0xa5);
        std::fs::write(&path, &bytes).unwrap();
        let source = crate::parquet::open(&path).unwrap();
        match crate::Source::read(&source, 0, &["few".into(), "noise".into()], 0..100_000) {
            Ok(read) => assert!(read.column("few").unwrap().equals(frame.column("few").unwrap()), "another column"),
            Err(error) => {
                errors += 1;
                assert!(error.to_string().contains("column `noise`"), "{error}");
            }
        }
    }
    // Literals say nothing of themselves: most damage among them is another value.
    assert!(errors > 0);
}
