//! Over HTTP, from a server that does what it should.

use super::{ROWS, alone, answer, files, stored, together};
use recoil_tests::server::Server;
use std::sync::atomic::Ordering;

#[test]
fn only_the_columns_of_a_query_are_fetched() {
    let _turn = together();
    let server = Server::start(files());
    for name in ["plain.parquet", "zstd.parquet", "tree.root"] {
        let local = files().join(name);
        server.taken();
        let remote = answer(&server.url(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (bytes, requests) = server.taken();
        assert_eq!(remote, answer(&local.display().to_string()).unwrap(), "{name}");
        let (wanted, all) = (stored(&local), std::fs::metadata(&local).unwrap().len());
        println!("{name}: {bytes} bytes in {requests} requests for {wanted} of {all}");
        assert!(wanted * 3 < all, "{name}: two columns of eight are {wanted} of {all}");
        assert!(bytes * 10 <= wanted * 11, "{name}: {bytes} bytes for columns of {wanted}");
        assert!(requests < 40, "{name}: {requests} requests");
    }
}

#[test]
fn whatever_the_format_the_rows_are_the_same() {
    let _turn = together();
    let server = Server::start(files());
    for name in ["plain.parquet", "zstd.parquet", "tree.root", "tree.root:tree", "batches.arrow", "text.csv"] {
        let local = data::load(files().join(name)).unwrap();
        let remote = data::load(server.url(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(remote.columns()[..], local.columns()[..], "{name}");
        assert_eq!(remote.count().unwrap(), local.count().unwrap(), "{name}");
        let rows = |data: &data::Data| data.query("x1 < 0.01").select(["x0", "x7"]).collect().unwrap();
        assert!(rows(&remote).equals_missing(&rows(&local)), "{name}");
        assert!(rows(&remote).height() > 50, "{name}");
    }
}

#[test]
fn a_server_that_sends_whole_files_is_good_for_small_ones() {
    let _turn = together();
    let server = Server::start(files());
    server.behaviour.whole.store(true, Ordering::Relaxed);
    let path = files().join("plain.parquet").display().to_string();
    assert_eq!(answer(&server.url("plain.parquet")).unwrap(), answer(&path).unwrap());
    assert_eq!(server.taken().1, 1, "it is fetched once");
}

#[test]
fn a_process_is_called_as_its_file_and_what_is_secret_is_not_shown() {
    let _turn = together();
    let server = Server::start(files());
    let url = server.url("plain.parquet?X-Amz-Signature=secret");
    let data = data::load(url.replace("http://", "http://me:secret@")).unwrap();
    assert_eq!(data.processes()[..], ["plain"]);
    let plan = data.query("x1 > 1").explain().unwrap();
    let shown = format!("{} {}", plan.0, data.query("y > 1").count().unwrap_err());
    assert!(!shown.contains("secret"), "{shown}");
    assert_eq!(data.query("x0 >= 0").count().unwrap(), ROWS as u64);
    server.behaviour.version.fetch_add(1, Ordering::Relaxed);
    let error = data.hist("x1", 10).unwrap_err().to_string();
    assert!(error.contains("has changed") && error.contains("plain.parquet?…") && !error.contains("secret"), "{error}");
}

/// Every column of every segment, as far as it can be read.
fn everything(path: &str) -> Vec<polars::prelude::DataFrame> {
    let source = sources::open(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let columns: Vec<_> = source.schema().iter_names().cloned().collect();
    let read = |at: usize| source.read(at, &columns, 0..source.segments()[at].len());
    (0..source.segments().len()).map(|at| read(at).unwrap_or_else(|error| panic!("{path}: {error}"))).collect()
}

#[test]
fn lists_ntuples_and_many_types_are_the_same_from_elsewhere() {
    let _turn = together();
    let apache = recoil_tests::cases::apache();
    let folder = apache.path();
    let roots = ["Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root", "uproot-small-dy-withoffsets.root"];
    for name in roots {
        std::fs::copy(recoil_tests::cases::project().join("tests/data").join(name), folder.join(name)).unwrap();
    }
    let server = Server::start(folder);
    let pages = ["parquet-testing/data/datapage_v2.snappy.parquet", "parquet-testing/data/nulls.snappy.parquet"];
    for name in roots.into_iter().chain(pages) {
        let local = folder.join(name);
        let (here, there) = (everything(&local.display().to_string()), everything(&server.url(name)));
        assert!(!here.is_empty() && here.len() == there.len(), "{name}");
        here.iter().zip(&there).for_each(|(here, there)| assert!(here.equals_missing(there), "{name}"));
    }
}

#[test]
fn hipo_files_and_recordings_are_read_from_elsewhere() {
    use banks::WriteHipo;
    let _turn = together();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let data = data::Data::from_frames([("table", super::frame(30_000))]).unwrap();
    data.select(["x0", "x1"]).write_hipo(at("a.hipo"), "TEST::bank", 900, 1).unwrap();
    let clicks = |row: i64| (row * 10, row * 7 % 640, row * 3 % 480, if row % 2 == 0 { 1 } else { -1 });
    let rows: Vec<(i64, i64, i64, i32)> = (0..100_000).map(clicks).collect();
    let frame = polars::df!(
        "t" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "x" => rows.iter().map(|row| row.1 as u16).collect::<Vec<_>>(),
        "y" => rows.iter().map(|row| row.2 as u16).collect::<Vec<_>>(),
        "polarity" => rows.iter().map(|row| row.3 as i8).collect::<Vec<_>>(),
    )
    .unwrap();
    recordings::write_events(&frame, at("a.raw"), 640, 480).unwrap();
    let server = Server::start(folder.path());
    let hist = |path: &str| {
        let hist = banks::hipo(path)?.bank("TEST::bank").query("x0 > 0.5").hist("x1", (20, 0.0, 1.0))?;
        data::Result::Ok((hist.entries(), hist.counts()))
    };
    assert_eq!(hist(&server.url("a.hipo")).unwrap(), hist(&at("a.hipo")).unwrap());
    let error = hist(&server.url("none.hipo")).unwrap_err().to_string();
    assert!(error.contains("none.hipo") && error.contains("404"), "{error}");
    let count = |path: &str| recordings::events(path)?.query("x < 100 & polarity > 0").count();
    assert_eq!(count(&server.url("a.raw?token=secret")).unwrap(), count(&at("a.raw")).unwrap());
}

#[test]
fn what_was_fetched_is_kept_as_long_as_the_file_is_the_same() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    // SAFETY: the test is alone, so no other thread reads the environment; those that wait for servers never do.
    unsafe { std::env::set_var("RECOIL_REMOTE_CACHE", folder.path()) };
    let server = Server::start(files());
    let local = answer(&files().join("zstd.parquet").display().to_string()).unwrap();
    let url = server.url("zstd.parquet");
    // Nobody waits for the disk: after a while, everything but the first bytes comes from it.
    let kept = (0..100).any(|_| {
        server.taken();
        assert_eq!(answer(&url).unwrap(), local);
        std::thread::sleep(std::time::Duration::from_millis(50));
        server.taken().0 <= 32 << 10
    });
    assert!(kept, "it is fetched every time");
    server.behaviour.version.fetch_add(1, Ordering::Relaxed);
    server.taken();
    assert_eq!(answer(&url).unwrap(), local);
    assert!(server.taken().0 > stored(&files().join("zstd.parquet")), "another version is fetched");
    // SAFETY: as above.
    unsafe { std::env::remove_var("RECOIL_REMOTE_CACHE") };
}
