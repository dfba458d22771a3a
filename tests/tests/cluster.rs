//! Queries on a cluster: the same answers as on this machine, or a clear error.
//!
//! The server is Sail from PyPI. With `RECOIL_SPARK=pypi`, as in `.ci/run`, the same tests run on Apache Spark from PyPI, too, and
//! with `RECOIL_SPARK=sc://..` on the server there.

#[path = "cluster/chains.rs"]
mod chains;
#[path = "cluster/faults.rs"]
mod faults;
#[path = "cluster/meaning.rs"]
mod meaning;

use data::Server;
use polars::prelude::*;
use recoil_tests::running::Folder;
use recoil_tests::sail::Sail;
use recoil_tests::spark::Spark;
use std::path::Path;
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

const MC: &str = "P16M16rd_mc_mumu_p16_v1";
const DATA: &str = "P16M16rd_data_p16_v2";
/// Rows of a file.
const ROWS: usize = 4_000;

/// One test tells all work of the program to stop.
static TURN: RwLock<()> = RwLock::new(());

fn together() -> RwLockReadGuard<'static, ()> {
    TURN.read().unwrap_or_else(PoisonError::into_inner)
}

fn alone() -> RwLockWriteGuard<'static, ()> {
    TURN.write().unwrap_or_else(PoisonError::into_inner)
}

/// A server with a name for messages; it runs until the program ends.
struct Under {
    name: &'static str,
    server: Server,
}

/// The servers on which a test runs; none, said visibly, where none can be had.
fn servers(test: &str) -> Vec<Under> {
    static SAIL: OnceLock<Option<Sail>> = OnceLock::new();
    let mut all = Vec::new();
    if let Some(sail) = SAIL.get_or_init(|| Sail::start("cluster", 0)) {
        all.push(Under { name: "Sail", server: ordered(&sail.url()) });
    } else {
        recoil_tests::skipped(test, "there is no Sail");
    }
    // Spark numbers the rows of files itself.
    all.extend(spark(test).map(|url| Under { name: "Spark", server: Server::at(&url).expect("an address") }));
    all
}

/// The address of the Spark that was asked for; one for all tests, since it takes long to start.
fn spark(test: &str) -> Option<String> {
    static SPARK: OnceLock<Option<Spark>> = OnceLock::new();
    match std::env::var("RECOIL_SPARK").ok().filter(|asked| !asked.is_empty())? {
        asked if asked == "pypi" => SPARK.get_or_init(|| Spark::start(test)).as_ref().map(Spark::url),
        url => Some(url),
    }
}

/// The servers on which each operator is tried: Spark also without ANSI, where it answers NULL instead of with errors.
fn servers_with_and_without_errors(test: &str) -> Vec<Under> {
    let mut all = servers(test);
    let lax = all.iter().filter(|under| under.name == "Spark").map(|Under { server, .. }| Under {
        name: "Spark without ANSI",
        server: server.setting("spark.sql.ansi.enabled", "false"),
    });
    let lax: Vec<_> = lax.collect();
    all.extend(lax);
    all
}

/// A server for tables whose rows are numbered by a column.
fn ordered(url: &str) -> Server {
    Server::at(url).expect("an address").ordered_by(["row"])
}

/// Two processes of two files each, as a folder.
fn files() -> &'static Path {
    static FILES: OnceLock<Folder> = OnceLock::new();
    FILES.get_or_init(|| write(Folder::until_exit())).path()
}

fn write(folder: Folder) -> Folder {
    for (process, from) in [(MC, 0), (DATA, 7 * ROWS)] {
        let below = folder.path().join(process);
        std::fs::create_dir(&below).expect("a folder");
        for part in 0..2 {
            let frame = frame(from + part * ROWS, part * ROWS);
            let path = below.join(format!("part-{part}.parquet"));
            let options = sources::parquet::WriteOptions { row_group: 1_500, ..Default::default() };
            sources::parquet::write(path, &frame, &options).expect("a file");
        }
    }
    folder
}

/// A number between 0 and 1 that looks random.
fn random(seed: usize, row: usize) -> f64 {
    let mixed = ((row * 16 + seed) as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64 / (1_u64 << 53) as f64
}

fn frame(seed: usize, first: usize) -> DataFrame {
    let rows = || seed..seed + ROWS;
    let events = |row: usize| (first + row - seed) / 3;
    df!(
        "row" => rows().map(|row| (first + row - seed) as i64).collect::<Vec<_>>(),
        "__run__" => rows().map(|row| (events(row) / 100) as i32).collect::<Vec<_>>(),
        "__event__" => rows().map(|row| events(row) as u32).collect::<Vec<_>>(),
        "x" => rows().map(|row| match row % 97 {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            _ => 4.0 * random(1, row) - 1.0,
        }).collect::<Vec<_>>(),
        // Few values, so that candidates are often equally good.
        "chi" => rows().map(|row| (row % 53 != 0).then(|| (4.0 * random(2, row)).floor())).collect::<Vec<_>>(),
        "w" => rows().map(|row| 0.5 + random(3, row)).collect::<Vec<_>>(),
        "f" => rows().map(|row| (random(4, row) * 3.0) as f32).collect::<Vec<_>>(),
        "n" => rows().map(|row| (row % 11) as i16 - 5).collect::<Vec<_>>(),
        "good" => rows().map(|row| (row % 31 != 0).then_some(row % 3 == 0)).collect::<Vec<_>>(),
        "kind" => rows().map(|row| ["gamma", "K_S0", "π+"][row % 3]).collect::<Vec<_>>(),
    )
    .expect("a frame")
}

fn local() -> data::Data {
    data::load(files()).expect("the files")
}

/// Whether two numbers are the same but for the order in which they were added up.
fn near(one: f64, other: f64) -> bool {
    one == other || one.is_nan() && other.is_nan() || (one - other).abs() <= 1e-12 * one.abs().max(other.abs())
}

fn all_near(one: &[f64], other: &[f64]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| near(*one, *other))
}

/// Whether two frames hold the same, numbers but for their last digits.
fn same(one: &DataFrame, other: &DataFrame) -> Result<(), String> {
    if one.schema() != other.schema() || one.height() != other.height() {
        return Err(format!("{:?} x {} and {:?} x {}", one.schema(), one.height(), other.schema(), other.height()));
    }
    for (a, b) in one.columns().iter().zip(other.columns()) {
        let equal = match a.dtype().is_float() {
            true => {
                let values = |column: &Column| -> Vec<f64> {
                    let column = column.cast(&DataType::Float64).expect("numbers");
                    column.f64().expect("numbers").iter().map(|value| value.unwrap_or(f64::NAN)).collect()
                };
                all_near(&values(a), &values(b))
            }
            false => a.as_materialized_series().equals_missing(b.as_materialized_series()),
        };
        if !equal {
            return Err(format!("column {}:\n{a:?}\n{b:?}", a.name()));
        }
    }
    Ok(())
}
