use super::*;
use crate::Source;
use proptest::prelude::*;

/// What a row holds: no list, or the values of one.
type Rows = Vec<Option<Vec<Option<i16>>>>;

fn lists(rows: &Rows, dtype: &DataType) -> Series {
    let one =
        |row: &Option<Vec<Option<i16>>>| row.as_ref().map(|values| Series::new("".into(), values).cast(dtype).unwrap());
    let lists: ListChunked = rows.iter().map(one).collect();
    lists.into_series().cast(&DataType::List(Box::new(dtype.clone()))).unwrap().with_name("x".into())
}

/// A file with a column of lists of each kind and one of lists of objects, in small pages.
fn file(rows: &Rows, compression: ParquetCompression) -> (tempfile::TempDir, DataFrame) {
    use DataType as D;
    let kinds = [D::Float64, D::Float32, D::Int64, D::Int32, D::UInt64, D::UInt32, D::Int16, D::Int8, D::Boolean];
    let column = |dtype: &DataType| lists(rows, dtype).with_name(dtype.to_string().into()).into_column();
    let mut columns: Vec<Column> = kinds.iter().map(column).collect();
    let plain = segment::lists::Lists::of(&lists(rows, &D::Float32)).unwrap().unwrap();
    let values = plain.values().clone().with_name("pt".into());
    let number = Series::new("id".into(), (0..values.len() as i64).collect::<Vec<_>>());
    let objects = DataFrame::new(values.len(), vec![values.into(), number.into()]).unwrap();
    columns.push(plain.column("objects", &objects.into_struct("".into()).into_series()).unwrap().into_column());
    let mut frame = DataFrame::new(rows.len(), columns).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let to = std::fs::File::create(folder.path().join("lists.parquet")).unwrap();
    let writer = ParquetWriter::new(to).with_data_page_size(Some(200)).with_compression(compression);
    writer.with_row_group_size(Some(rows.len().div_ceil(2).max(1))).finish(&mut frame).unwrap();
    (folder, frame)
}

fn compared(rows: &Rows, compression: ParquetCompression, from: usize, to: usize) -> usize {
    let (folder, frame) = file(rows, compression);
    let source = super::super::open(folder.path().join("lists.parquet")).unwrap();
    let mut fast = 0;
    let names: Vec<PlSmallStr> = frame.columns().iter().map(|column| column.name().clone()).collect();
    for (at, info) in source.segments().to_vec().iter().enumerate() {
        let (first, length) = (info.rows.start as i64, info.len());
        let (from, to) = (from % (length + 1), to % (length + 1));
        let (from, to) = (from.min(to), from.max(to));
        let picked: Vec<IdxSize> = (from..to).step_by(3).map(|row| row as IdxSize).collect();
        let together = source.read(at, &names, from..to).unwrap();
        assert!(together.equals_missing(&frame.slice(first + from as i64, to - from)), "{from}..{to}: {together}");
        for column in frame.columns() {
            let name = std::slice::from_ref(column.name());
            let read = source.read(at, name, from..to).unwrap();
            let expected = column.slice(first + from as i64, to - from);
            assert!(read.columns()[0].equals_missing(&expected), "{} {from}..{to}: {read} {expected:?}", column.name());
            let counted = segment::lists::Lists::count(expected.as_materialized_series()).unwrap();
            assert!(
                source.lengths(at, &name[0], from..to).unwrap().equals(&counted.into_column()),
                "{}",
                column.name()
            );
            let read = source.pick(at, name, &picked).unwrap();
            let rows = IdxCa::from_iter_values("".into(), picked.iter().map(|row| row + first as IdxSize));
            let expected = column.as_materialized_series().take(&rows).unwrap();
            assert!(read.columns()[0].as_materialized_series().equals_missing(&expected), "{}", column.name());
            let file = Bytes::open(&folder.path().join("lists.parquet")).unwrap();
            let field = source.head.fields.get(column.name()).unwrap();
            let chunks = source.chunks(at, column.name());
            let wish = [Wish { chunks, field }];
            let whole = super::columns(&file, &wish, Wanted::Run(0, length), length);
            assert!(whole[0].is_none() || lengths(&file, &wish[0], length).is_some());
            fast += usize::from(whole[0].is_some());
        }
    }
    fast
}

fn rows(missing: bool) -> impl Strategy<Value = Rows> {
    let value = if missing {
        prop_oneof![9 => any::<i16>().prop_map(Some), 1 => Just(None)].boxed()
    } else {
        any::<i16>().prop_map(Some).boxed()
    };
    let list = proptest::collection::vec(value, 0..9);
    let row = if missing {
        prop_oneof![9 => list.prop_map(Some), 1 => Just(None)].boxed()
    } else {
        list.prop_map(Some).boxed()
    };
    proptest::collection::vec(row, 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn lists_are_those_that_were_written(
        rows in prop_oneof![rows(false), rows(true)], from in 0usize..200, to in 0usize..200, codec in 0usize..3,
    ) {
        let compression = [ParquetCompression::Zstd(None), ParquetCompression::Uncompressed, ParquetCompression::Lz4Raw][codec];
        compared(&rows, compression, from, to);
    }
}

#[test]
fn the_fast_way_is_taken() {
    let rows: Rows = (0..500).map(|row: i16| Some((0..row % 5).map(|at| Some(row * 7 + at)).collect())).collect();
    // Nine columns and one of objects, in two row groups. The writer gives truth values, and few different numbers, other
    // encodings, which are not decoded here.
    let fast = compared(&rows, ParquetCompression::Zstd(None), 3, 240);
    println!("{fast} of 20");
    assert!(fast >= 12, "{fast}");
}

#[test]
fn null_lists_go_the_same_way() {
    let list = |row: i16| (0..row % 5).map(|at| Some(row * 7 + at)).collect();
    for every in [2, 7, 251] {
        let rows: Rows = (0..500).map(|row: i16| (row % every != 1).then(|| list(row))).collect();
        // The writer makes a definition level for objects, too, which are not null.
        let fast = compared(&rows, ParquetCompression::Zstd(None), 3, 240);
        assert!(fast >= 12, "{fast} of 20, a null list in {every}");
    }
}
