use crate::parquet::{Compression, WriteOptions};
use crate::{Source, chain, csv, open, parquet, root};
use polars::prelude::*;
use segment::Scalar;
use std::fs::File;
use std::path::PathBuf;

fn frame(rows: usize) -> DataFrame {
    let text: Vec<_> = (0..rows).map(|row| (row % 7 != 0).then(|| format!("name{}", row % 5))).collect();
    let holes: Vec<_> = (0..rows).map(|row| (row % 3 != 0).then_some(row as f64)).collect();
    let f64s: Vec<_> = (0..rows).map(|row| if row % 11 == 0 { f64::NAN } else { row as f64 * 0.5 }).collect();
    df!(
        "a" => f64s,
        "b" => (0..rows).map(|row| row as f32).collect::<Vec<_>>(),
        "i" => (0..rows).map(|row| row as i32 - 50).collect::<Vec<_>>(),
        "u" => (0..rows).map(|row| row as u32).collect::<Vec<_>>(),
        "l" => (0..rows).map(|row| row as i64 * 1_000_000_007).collect::<Vec<_>>(),
        "small" => (0..rows).map(|row| (row % 100) as i8).collect::<Vec<_>>(),
        "holes" => holes,
        "text" => text,
        "yes" => (0..rows).map(|row| row % 2 == 0).collect::<Vec<_>>(),
        "day" => times(rows, &DataType::Date),
        "ms" => times(rows, &DataType::Datetime(TimeUnit::Milliseconds, None)),
        "ns" => times(rows, &DataType::Datetime(TimeUnit::Nanoseconds, None)),
    )
    .unwrap()
}

fn times(rows: usize, dtype: &DataType) -> Series {
    let physical = Series::new("".into(), (0..rows as i64).map(|row| row * 86_399).collect::<Vec<_>>());
    physical.cast(&dtype.to_physical()).unwrap().cast(dtype).unwrap()
}

fn names(frame: &DataFrame) -> Vec<PlSmallStr> {
    frame.get_column_names_owned()
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data")).join(name)
}

#[test]
fn parquet_gives_back_what_was_written_whatever_the_compression_and_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let frame = frame(10_000);
    for compression in [Compression::None, Compression::Lz4, Compression::Zstd] {
        let path = folder.path().join("a.parquet");
        let options = WriteOptions { compression, row_group: 4_096, ..WriteOptions::default() };
        let size = parquet::write(&path, &frame, &options).unwrap();
        assert_eq!(size, path.metadata().unwrap().len());
        let source = parquet::open(&path).unwrap();
        assert_eq!(source.schema(), frame.schema());
        assert_eq!(
            source.segments().iter().map(|s| s.rows.clone()).collect::<Vec<_>>(),
            [0..4096, 4096..8192, 8192..10_000]
        );
        for (number, info) in source.segments().iter().enumerate() {
            let all = source.read(number, &names(&frame), 0..info.len()).unwrap();
            assert!(all.equals_missing(&frame.slice(info.rows.start as i64, info.len())), "{compression:?} {number}");
            let part = source.read(number, &names(&frame)[..2], 100..1_700).unwrap();
            assert!(part.equals_missing(&all.select(["a", "b"]).unwrap().slice(100, 1_600)));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no part file is left");
    }
}

#[test]
fn single_rows_are_picked_from_pages_of_every_kind() {
    let folder = tempfile::tempdir().unwrap();
    let rows = 300_000;
    let frame = frame(rows);
    let every: Vec<IdxSize> = (0..200_000).step_by(4_801).collect();
    let wanted = [vec![], vec![0], vec![199_999], vec![5, 6, 7, 150_000], every, (100_000..140_000).collect()];
    for compression in [Compression::None, Compression::Lz4, Compression::Zstd] {
        let path = folder.path().join("a.parquet");
        let options = WriteOptions { compression, row_group: 200_000, ..WriteOptions::default() };
        parquet::write(&path, &frame, &options).unwrap();
        let source = parquet::open(&path).unwrap();
        for rows in &wanted {
            let picked = source.pick(0, &names(&frame), rows).unwrap();
            let at = IdxCa::from_slice("".into(), rows);
            assert!(picked.equals_missing(&frame.take(&at).unwrap()), "{compression:?} {rows:?}");
        }
    }
}

#[test]
fn pages_that_hardly_shrink_are_stored_and_others_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = 7_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let frame = df!(
        "noise" => (0..50_000).map(|_| noise()).collect::<Vec<_>>(),
        "same" => (0..50_000).map(|row| f64::from(row / 100)).collect::<Vec<_>>(),
    )
    .unwrap();
    let path = folder.path().join("a.parquet");
    parquet::write(&path, &frame, &WriteOptions::default()).unwrap();
    let source = parquet::open(&path).unwrap();
    let stored = |name: &str| source.stored(0, &[name.into()]);
    assert!((400_000..400_500).contains(&stored("noise")), "{}", stored("noise"));
    assert!(stored("same") < 50_000, "{}", stored("same"));
    let all = source.read(0, &names(&frame), 0..50_000).unwrap();
    assert!(all.equals(&frame));
    let theirs = LazyFrame::scan_parquet(PlRefPath::new(path.to_str().unwrap()), ScanArgsParquet::default());
    assert!(theirs.unwrap().collect().unwrap().equals(&frame), "others read it too");
}

#[test]
fn parts_of_a_writer_that_was_killed_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    // No process has this number: it is beyond the largest that Linux gives.
    let dead = folder.path().join(".a.parquet.4194999.part");
    let other = folder.path().join(".b.parquet.4194999.part");
    let alive = folder.path().join(".a.parquet.1.part");
    for file in [&dead, &other, &alive] {
        std::fs::write(file, "half").unwrap();
    }
    parquet::write(&path, &frame(10), &WriteOptions::default()).unwrap();
    assert!(!dead.exists() && other.exists() && alive.exists());
}

#[test]
fn polars_own_files_are_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let mut frame = frame(3_000);
    ParquetWriter::new(File::create(&path).unwrap()).with_row_group_size(Some(1_000)).finish(&mut frame).unwrap();
    let source = open(&path).unwrap();
    let read = source.read(1, &names(&frame), 0..1_000).unwrap();
    assert!(read.equals_missing(&frame.slice(1_000, 1_000)));
}

#[test]
fn statistics_leave_nan_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    parquet::write(&path, &frame(1_000), &WriteOptions::default()).unwrap();
    let source = parquet::open(&path).unwrap();
    let known = &source.segments()[0].statistics;
    assert_eq!(
        (known.columns["u"].min.clone(), known.columns["u"].max.clone()),
        (Some(Scalar::Int(0)), Some(Scalar::Int(999)))
    );
    assert_eq!((known.columns["i"].min.clone(), known.columns["i"].nulls), (Some(Scalar::Int(-50)), Some(0)));
    assert_eq!(known.columns["a"].nans, None, "a writer does not count NaN");
    assert_eq!(known.columns["b"].max, Some(Scalar::Float(999.0)));
    assert_eq!(known.columns["holes"].nulls, Some(334));
}

#[test]
fn damage_is_an_error_with_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    parquet::write(&path, &frame(5_000), &WriteOptions::default()).unwrap();
    let bytes = std::fs::read(&path).unwrap();

    let source = parquet::open(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let error = source.read(0, &["a".into()], 0..10).unwrap_err().to_string();
    assert!(error.contains("a.parquet, row group 0") && error.contains("has changed"), "{error}");
    let error = parquet::open(&path).unwrap_err().to_string();
    assert!(error.contains("a.parquet") && error.contains("cut short"), "{error}");

    let mut broken = bytes.clone();
    broken[4..3_000].fill(0xa5);
    std::fs::write(&path, &broken).unwrap();
    let source = parquet::open(&path).unwrap();
    let error = source.read(0, &["a".into()], 0..5_000).unwrap_err().to_string();
    assert!(error.contains("column `a`") && error.contains("byte 4"), "{error}");

    std::fs::write(&path, b"").unwrap();
    assert!(parquet::open(&path).unwrap_err().to_string().contains("empty"));
    assert!(parquet::open(folder.path().join("b.parquet")).unwrap_err().to_string().contains("b.parquet"));
    assert!(open(folder.path().join("a.doc")).unwrap_err().to_string().contains("parquet, pq, arrow"));
}

#[test]
fn a_chain_has_one_schema_or_says_who_differs() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, frame: &DataFrame| {
        let path = folder.path().join(name);
        parquet::write(&path, frame, &WriteOptions::default()).unwrap();
        open(path).unwrap()
    };
    let (one, two) = (write("1.parquet", &frame(10)), write("2.parquet", &frame(5)));
    let both = chain(vec![one.clone(), two]).unwrap();
    assert_eq!((both.rows(), both.segments()[1].rows.clone()), (15, 10..15));
    assert_eq!(both.read(1, &["u".into()], 2..4).unwrap(), df!("u" => [2u32, 3]).unwrap());
    let other = write("3.parquet", &frame(5).drop("text").unwrap());
    let mixed = chain(vec![one.clone(), other]).unwrap();
    assert!(mixed.notes().iter().any(|note| note.contains("`text` is not in") && note.contains("3.parquet")));
    let read = mixed.read(1, &["text".into(), "u".into()], 1..3).unwrap();
    assert!(read.equals_missing(&df!("text" => [None::<&str>, None], "u" => [1u32, 2]).unwrap()), "{read}");
    assert_eq!(mixed.segments()[1].statistics.columns["text"].nulls, Some(5));
    let mut narrow = frame(5);
    narrow.with_column(Column::new("a".into(), vec![1f32; 5])).unwrap();
    let mixed = chain(vec![one.clone(), write("4.parquet", &narrow)]).unwrap();
    assert_eq!(mixed.read(1, &["a".into()], 0..5).unwrap(), df!("a" => [1f64; 5]).unwrap());
    narrow.with_column(Column::new("a".into(), vec!["1"; 5])).unwrap();
    let error = chain(vec![one, write("5.parquet", &narrow)]).unwrap_err().to_string();
    assert!(error.contains("1.parquet") && error.contains("5.parquet") && error.contains("`a` is f64"), "{error}");
}

#[test]
fn arrow_and_text_tables_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut frame = frame(1_000);
    let path = folder.path().join("a.arrow");
    IpcWriter::new(File::create(&path).unwrap()).finish(&mut frame).unwrap();
    let source = open(&path).unwrap();
    assert_eq!(source.rows(), 1_000);
    let read = source.read(0, &["text".into(), "a".into()], 10..20).unwrap();
    assert!(read.equals_missing(&frame.select(["text", "a"]).unwrap().slice(10, 10)));

    let path = folder.path().join("a.csv");
    std::fs::write(&path, "x;name;n\n1.5;a;1\n;b;2\n").unwrap();
    let table = csv::open(&path, None).unwrap();
    let read = table.read(0, &names_of(&table), 0..2).unwrap();
    assert!(read.equals_missing(&df!("x" => [Some(1.5), None], "name" => ["a", "b"], "n" => [1i64, 2]).unwrap()));
    std::fs::write(&path, "").unwrap();
    assert!(csv::open(&path, None).unwrap_err().to_string().contains("empty"));
}

fn names_of(source: &dyn Source) -> Vec<PlSmallStr> {
    source.schema().iter_names_cloned().collect()
}

#[test]
fn root_trees_have_scalars_and_lists() {
    let path = data("uproot-small-dy-withoffsets.root");
    assert_eq!(root::trees(&path).unwrap(), ["tree"]);
    let source = open(&path).unwrap();
    assert!(source.schema().iter().any(|(_, dtype)| dtype == &DataType::UInt32), "{:?}", source.schema());
    assert!(source.schema().iter().any(|(_, dtype)| matches!(dtype, DataType::List(_))), "{:?}", source.schema());
    let rows = source.rows() as usize;
    assert!(rows > 0);
    let all = source.read(0, &names_of(source.as_ref()), 0..rows).unwrap();
    assert_eq!(all.height(), rows);
    let error = open(format!("{}:tre", path.display())).unwrap_err().to_string();
    assert!(error.contains("no tree `tre`") && error.contains("`tree`"), "{error}");
}

#[test]
fn root_files_of_all_compressions_and_ntuples_are_read() {
    for (file, table) in [
        ("../../prelude/root/tests/data/mixed_compression.root", "ntuple"),
        ("Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root", "Events"),
    ] {
        let source = open(format!("{}:{table}", data(file).display())).unwrap();
        assert!(source.rows() > 0 && source.notes().is_empty(), "{file}: {:?}", source.notes());
        let mut rows = 0;
        for (at, info) in source.segments().iter().enumerate() {
            assert_eq!(info.rows.start, rows);
            rows = info.rows.end;
            assert_eq!(source.read(at, &names_of(source.as_ref()), 0..info.len()).unwrap().height(), info.len());
            let middle = source.read(at, &names_of(source.as_ref()), 10..20).unwrap();
            assert_eq!(middle.height(), 10);
        }
        assert_eq!(rows, source.rows());
    }
}

#[test]
fn what_is_no_root_file_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.root");
    std::fs::write(&path, b"not a root file").unwrap();
    assert!(open(&path).unwrap_err().to_string().contains("not a ROOT file"));
    let (file, tree) = root::split(std::path::Path::new("a/RNT.root:dir/RNT:Tree;1"));
    assert_eq!((file.to_str(), tree.as_deref()), (Some("a/RNT.root"), Some("dir/RNT:Tree;1")));
}

/// Polars writes whole numbers of 128 bits as bytes of fixed length, which must not come back as bytes.
#[test]
fn whole_numbers_of_128_bits_are_numbers_with_a_sign_in_every_table() {
    let folder = tempfile::tempdir().unwrap();
    let most = i128::MAX as u128;
    let table = |last: u128| {
        let unsigned = UInt128Chunked::from_slice_options("u".into(), &[Some(1), None, Some(last)]).into_series();
        let signed = Int128Chunked::from_vec("i".into(), vec![i128::MIN, -1, i128::MAX]).into_series();
        DataFrame::new(3, vec![unsigned.into(), signed.into(), Column::new("x".into(), [0.5, 1.5, 2.5])]).unwrap()
    };
    let written = |mut frame: DataFrame| -> [Box<dyn Source>; 2] {
        let (a, b) = (folder.path().join("a.parquet"), folder.path().join("a.arrow"));
        ParquetWriter::new(File::create(&a).unwrap()).finish(&mut frame).unwrap();
        IpcWriter::new(File::create(&b).unwrap()).finish(&mut frame).unwrap();
        [Box::new(parquet::open(&a).unwrap()), Box::new(crate::arrow::open(&b).unwrap())]
    };
    let names = ["u", "i", "x"].map(PlSmallStr::from_static);
    let fits = table(most);
    let expected = fits.column("u").unwrap().cast(&DataType::Int128).unwrap();
    let memory: Box<dyn Source> = Box::new(crate::memory::Memory::new(fits.clone()).unwrap());
    for source in written(fits.clone()).into_iter().chain([memory]) {
        assert_eq!(source.unreadable(), [], "{}", source.name());
        let read = source.read(0, &names, 0..3).unwrap();
        assert!(read.column("u").unwrap().equals_missing(&expected), "{}: {read}", source.name());
        assert!(read.column("i").unwrap().equals_missing(fits.column("i").unwrap()), "{}: {read}", source.name());
        assert_eq!(source.schema().get("u"), Some(&DataType::Int128));
    }
    let beyond = table(most + 1);
    let error = crate::memory::Memory::new(beyond.clone()).unwrap_err().to_string();
    assert!(error.contains("column `u` holds whole numbers beyond 2^127"), "{error}");
    for source in written(beyond) {
        let error = source.read(0, &names[..1], 0..3).unwrap_err().to_string();
        assert!(error.contains("column `u` holds whole numbers beyond 2^127"), "{error}");
        assert_eq!(source.read(0, &names[1..], 0..3).unwrap().height(), 3, "the other columns are read");
    }
}
