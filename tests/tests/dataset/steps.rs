//! Steps of whole tables, and what is written and read again.

use data::{Data, JsonLines, Loader, cumulative_sum, load, rank, row_number};
use flow::{count, sum};
use polars::prelude::*;

fn frame() -> DataFrame {
    df!(
        "run" => [1_i64, 1, 2, 2, 3], "x" => [0.5, f64::NAN, 2.0, -1.0, 8.0], "n" => [5_i64, 4, 3, 2, 1],
        "s" => [Some("a,b"), Some("\"q\""), None, Some("line\nend"), Some("ü")]
    )
    .unwrap()
}

fn data() -> Data {
    Data::from_frames([("p", frame())]).unwrap()
}

#[test]
fn a_step_over_all_rows_goes_on_as_a_chain() {
    let data = data();
    let best = data.sorted("n").query("n > 1").head(2).collect().unwrap();
    assert_eq!(best.column("n").unwrap().i64().unwrap().to_vec(), [Some(2), Some(3)]);
    let largest = data.largest(2, "x").define("y", "x * 2").column("y").unwrap();
    assert_eq!(largest, [16.0, 4.0]);
    assert_eq!(data.distinct("run").count().unwrap(), 3);
    let windows = data.window("run", [cumulative_sum("n").alias("c"), row_number().alias("i")]);
    assert_eq!(windows.query("i == 1").column("c").unwrap(), [9.0, 5.0]);
    assert_eq!(windows.weight("n").group_by("i").agg([count("n")]).unwrap().height(), 2);
    assert!(data.window((), [rank("x").alias("r")]).column("r").unwrap()[1].is_nan());
    let error = data.window("run", [cumulative_sum("s")]).count().unwrap_err().to_string();
    assert!(error.contains("`s` is str"), "{error}");
    let error = data.window("run", [cumulative_sum("x").alias("run")]).count().unwrap_err().to_string();
    assert!(error.contains("two columns"), "{error}");
    assert!(data.sorted("nobody").count().unwrap_err().to_string().contains("nobody"));
    assert!(data.asof_join(&df!("s" => ["a"], "v" => [1]).unwrap(), "s").count().is_err());
}

/// A sum of integers that does not fit is an error, in windows too.
#[test]
fn no_cumulative_sum_wraps() {
    let frame = df!("i" => [i64::MAX, 1]).unwrap();
    let data = Data::from_frames([("p", frame)]).unwrap();
    assert!(data.window((), [cumulative_sum("i").alias("c")]).collect().is_err());
    assert!(data.define("j", "i + i").collect().unwrap_err().to_string().contains("does not fit in 64 bits"));
    assert_eq!(data.query("i + i > 9223372036854775807").count().unwrap(), 1);
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = data();
    for ending in ["csv", "arrow"] {
        let path = folder.path().join(format!("x.{ending}"));
        let rows = if ending == "csv" { data.write_csv(&path) } else { data.write_arrow(&path) };
        assert_eq!(rows.unwrap(), 5);
        let read = load(&path).unwrap().collect().unwrap();
        assert!(read.equals_missing(&frame()), "{ending}: {read}");
    }
    let path = folder.path().join("by_run");
    assert_eq!(data.write_parquet_by(&path, "run").unwrap(), 5);
    assert!(path.join("run=2/part-00000.parquet").exists());
    let read = load(&path).unwrap();
    assert_eq!(read.processes().len(), 1);
    let read = read.select(["run", "x", "n", "s"]).collect().unwrap();
    assert!(read.equals_missing(&frame()), "{read}");
    assert!(data.write_parquet_by(&path, "run").unwrap_err().to_string().contains("not empty"));
    assert!(data.write_parquet_by(folder.path().join("y"), "x").unwrap_err().to_string().contains("names no folder"));
    let lists = df!("l" => [Series::new("".into(), [1])]).unwrap();
    let lists = Data::from_frames([("p", lists)]).unwrap();
    assert!(lists.write_csv(folder.path().join("l.csv")).unwrap_err().to_string().contains("no text table holds"));
}

#[test]
fn lines_of_json_are_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.jsonl");
    std::fs::write(&path, "{\"a\": 1, \"p\": {\"q\": 2}}\n{\"a\": 2.5}\n").unwrap();
    let data = Loader::new(&path).json(JsonLines::new().flatten()).load().unwrap();
    assert_eq!((data.count().unwrap(), data.query("`p.q` == 2").count().unwrap()), (2, 1));
    assert_eq!(data.query("a > 2").count().unwrap(), 1);
}

#[test]
fn the_rows_of_a_bin_are_those_that_were_filled() {
    let data = data();
    let h = data.hist("x * 2", (4, -4.0, 20.0)).unwrap();
    let mut all = 0;
    for bin in 0..4 {
        let rows = h.rows_of(bin).unwrap();
        assert_eq!(rows.height() as f64, h.counts()[bin], "bin {bin}");
        assert_eq!(rows.width(), 4);
        all += rows.height();
    }
    assert_eq!(all, 4, "a missing value is in no bin");
    let two = data.hist2d("n", (5, 0.5, 5.5), "run", (3, 0.5, 3.5)).unwrap();
    assert_eq!(two.rows_of((2, 1)).unwrap().column("n").unwrap().i64().unwrap().get(0), Some(3));
    assert!(h.rows_of(4).unwrap_err().to_string().contains("no bin 4"));
    assert!(h.rows_of((0, 0)).is_err());
}

/// Times of `+05:30`, as pyarrow writes them: a text is a time by those clocks, in derived columns too or not at all.
#[test]
fn a_text_is_a_time_by_the_clocks_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.arrow");
    let zone = ArrowDataType::Timestamp(polars::prelude::ArrowTimeUnit::Microsecond, Some("+05:30".into()));
    write_times(&path, zone, vec![0, 3_600_000_000]);
    let data = load(&path).unwrap();
    assert_eq!(data.query("t == '1970-01-01 05:30'").count().unwrap(), 1);
    assert_eq!(data.rename([("t", "u")]).query("u > '1970-01-01 06:00'").count().unwrap(), 1);
    assert_eq!(data.query("t == '1970-01-01 00:00+00:00'").count().unwrap(), 1);
    let error = data.define("u", "where(t > t, t, t)").query("u > '1970-01-01'").count().unwrap_err().to_string();
    assert!(error.contains("no zone with a name"), "{error}");
    assert_eq!(data.group_by("t").agg([sum("n")]).unwrap().height(), 2);
}

fn write_times(path: &std::path::Path, dtype: ArrowDataType, values: Vec<i64>) {
    use polars_arrow::array::PrimitiveArray;
    use polars_arrow::io::ipc::write::{FileWriter, WriteOptions};
    use polars_arrow::record_batch::RecordBatchT;
    let fields =
        [ArrowField::new("t".into(), dtype.clone(), true), ArrowField::new("n".into(), ArrowDataType::Int64, true)];
    let schema: std::sync::Arc<ArrowSchema> =
        std::sync::Arc::new(fields.into_iter().map(|field| (field.name.clone(), field)).collect());
    let times = PrimitiveArray::<i64>::from_vec(values.clone()).to(dtype).boxed();
    let numbers = PrimitiveArray::<i64>::from_vec(values).boxed();
    let batch = RecordBatchT::new(2, schema.clone(), vec![times, numbers]);
    let mut writer =
        FileWriter::try_new(std::fs::File::create(path).unwrap(), schema, None, WriteOptions { compression: None })
            .unwrap();
    writer.write(&batch, None).unwrap();
    writer.finish().unwrap();
}
