//! Tables that are elsewhere: the same answers as local ones, from the bytes that a query needs, or a clear error.

#[path = "remote/faults.rs"]
mod faults;
#[path = "remote/http.rs"]
mod http;
#[path = "remote/nginx.rs"]
mod nginx;
#[path = "remote/s3.rs"]
mod s3;
#[path = "remote/stores.rs"]
mod stores;
#[path = "remote/xrootd.rs"]
mod xrootd_server;

use polars::prelude::*;
use recoil_tests::running::Folder;
use std::path::Path;
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Rows of the tables.
const ROWS: usize = 400_000;
/// Columns of the tables; a query wants two of them.
const COLUMNS: usize = 8;

/// One test tells all work of the program to stop.
static TURN: RwLock<()> = RwLock::new(());

fn together() -> RwLockReadGuard<'static, ()> {
    recoil_tests::certificate::trusted();
    TURN.read().unwrap_or_else(PoisonError::into_inner)
}

fn alone() -> RwLockWriteGuard<'static, ()> {
    recoil_tests::certificate::trusted();
    TURN.write().unwrap_or_else(PoisonError::into_inner)
}

/// One table of numbers that do not compress, as Parquet (plain and zstd), ROOT, Arrow and text (fewer rows).
fn files() -> &'static Path {
    static FILES: OnceLock<Folder> = OnceLock::new();
    FILES.get_or_init(|| write(Folder::until_exit())).path()
}

fn write(folder: Folder) -> Folder {
    use sources::parquet::{Compression, WriteOptions};
    let mut frame = frame(ROWS);
    let at = |name: &str| folder.path().join(name);
    let plain = WriteOptions { compression: Compression::None, row_group: 100_000, ..WriteOptions::default() };
    sources::parquet::write(at("plain.parquet"), &frame, &plain).expect("a file");
    let zstd = WriteOptions { compression: Compression::Zstd, row_group: 150_000, ..WriteOptions::default() };
    sources::parquet::write(at("zstd.parquet"), &frame, &zstd).expect("a file");
    let mut tree = sources::root::Writer::create(at("tree.root"), frame.schema(), sources::root::Compression::Lz4)
        .expect("a ROOT file");
    tree.push(&frame).expect("rows");
    tree.finish().expect("a tree");
    let batches = std::fs::File::create(at("batches.arrow")).expect("a file");
    IpcWriter::new(batches).with_record_batch_size(Some(100_000)).finish(&mut frame).expect("an Arrow file");
    let text = std::fs::File::create(at("text.csv")).expect("a file");
    CsvWriter::new(text).finish(&mut frame.head(Some(10_000))).expect("a text table");
    folder
}

fn frame(rows: usize) -> DataFrame {
    let column = |at: usize| {
        let value = |row: usize| {
            let mixed = ((row * COLUMNS + at) as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            // Thirty bits: sums of them are exact, whatever their order.
            ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 34) as f64 / (1_u64 << 30) as f64
        };
        Column::new(format!("x{at}").into(), (0..rows).map(value).collect::<Vec<_>>())
    };
    DataFrame::new(rows, (0..COLUMNS).map(column).collect()).expect("a frame")
}

/// What a query of two columns answers: how often each bin was filled, and by how much.
fn answer(path: &str) -> data::Result<(u64, Vec<f64>)> {
    let hist = data::load(path)?.query("x3 > 0.25").weight("x3").hist("x5", (50, 0.0, 1.0))?;
    Ok((hist.entries(), hist.counts()))
}

/// Why a path does not open.
fn refused(path: &str) -> String {
    match data::load(path) {
        Ok(_) => panic!("{path} opens"),
        Err(error) => error.to_string(),
    }
}

/// Bytes on disk of the two columns.
fn stored(path: &Path) -> u64 {
    let source = sources::open(path).expect("the file");
    let columns = ["x3", "x5"].map(PlSmallStr::from_static);
    (0..source.segments().len()).map(|segment| source.stored(segment, &columns)).sum()
}
