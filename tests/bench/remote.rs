//! Files over HTTP and XRootD with 20 ms from question to answer, beside uproot: `cargo bench --locked --bench remote`.
//!
//! A histogram of one column of eight, of 300 MB of noise as Parquet and as ROOT. Servers are on this machine; a proxy holds
//! every byte back for 10 ms in each direction. Medians of five, two threads; nothing is kept on disk. It fails where more
//! than 1.1 times the bytes of the column are fetched, or where it takes longer than twice the time on this machine and ten
//! times 20 ms. Without Debian's xrootd-server or Python, what needs them is left out, and that is said.

use polars::prelude::*;
use recoil_tests::proxy::Proxy;
use recoil_tests::python::environment;
use recoil_tests::running::Running;
use recoil_tests::server::Server;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const ROWS: usize = 4_700_000;
const COLUMNS: usize = 8;
const RUNS: usize = 5;
const ONE_WAY: Duration = Duration::from_millis(10);

fn main() {
    // SAFETY: nothing else runs yet.
    unsafe { std::env::set_var("RAYON_NUM_THREADS", "2") };
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path());
    let http = Server::start(folder.path());
    let near = far(http.port());
    let xrootd = xrootd(folder.path());
    let mut missed = Vec::new();
    println!("| file | local s | over | s | at most s | bytes | at most bytes |\n|---|---|---|---|---|---|---|");
    for name in ["plain.parquet", "zstd.parquet", "tree.root"] {
        let path = folder.path().join(name);
        let at = folder.path().display();
        let local = median(|run| format!("{at}/{run}-{name}"));
        let (most, enough) = (stored(&path) * 11 / 10, 2.0 * local.0 + 10.0 * 2.0 * ONE_WAY.as_secs_f64());
        let mut over = |scheme: &str, place: String| {
            let before = remote::counts().bytes;
            let (seconds, found) = median(|run| format!("{place}/{run}-{name}"));
            assert_eq!(found, local.1, "{place}");
            let bytes = (remote::counts().bytes - before) / (RUNS as u64 + 1);
            println!("| {name} | {:.3} | {scheme} | {seconds:.3} | {enough:.3} | {bytes} | {most} |", local.0);
            if bytes > most || seconds > enough {
                missed.push(format!("{name} over {scheme}"));
            }
        };
        over("HTTP", format!("http://127.0.0.1:{}", near.port()));
        if let Some((_, proxy)) = &xrootd {
            over("XRootD", format!("root://127.0.0.1:{}/{at}", proxy.port()));
        }
    }
    uproot("http", &format!("http://127.0.0.1:{}/tree.root", near.port()));
    assert!(missed.is_empty(), "more than was allowed: {}", missed.join(", "));
}

/// A port behind which a server is farther away.
fn far(port: u16) -> Proxy {
    let proxy = Proxy::start(port);
    proxy.line.one_way.store(ONE_WAY.as_millis() as u64, Ordering::Relaxed);
    proxy
}

/// Bytes on disk of the column.
fn stored(path: &Path) -> u64 {
    let source = sources::open(path).expect("the file");
    (0..source.segments().len()).map(|segment| source.stored(segment, &["x5".into()])).sum()
}

fn write(folder: &Path) {
    let column = |at: usize| {
        let value = |row: usize| {
            let mixed = ((row * COLUMNS + at) as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64 / (1_u64 << 53) as f64
        };
        Column::new(format!("x{at}").into(), (0..ROWS).map(value).collect::<Vec<_>>())
    };
    let frame = DataFrame::new(ROWS, (0..COLUMNS).map(column).collect()).expect("a frame");
    use sources::parquet::{Compression, WriteOptions};
    for (name, compression) in [("plain.parquet", Compression::None), ("zstd.parquet", Compression::Zstd)] {
        let options = WriteOptions { compression, ..WriteOptions::default() };
        sources::parquet::write(folder.join(name), &frame, &options).expect("a file");
    }
    let path = folder.join("tree.root");
    let mut tree =
        sources::root::Writer::create(path, frame.schema(), sources::root::Compression::Lz4).expect("a file");
    for start in (0..ROWS).step_by(200_000) {
        tree.push(&frame.slice(start as i64, 200_000)).expect("rows");
    }
    tree.finish().expect("a tree");
    for name in ["plain.parquet", "zstd.parquet", "tree.root"] {
        for run in 0..=RUNS {
            std::fs::hard_link(folder.join(name), folder.join(format!("{run}-{name}"))).expect("another name");
        }
    }
}

/// The median of seconds, and how many entries there are; each run opens the file by another name, so that nothing of it is
/// known.
fn median(path: impl Fn(usize) -> String) -> (f64, u64) {
    let mut times: Vec<(f64, u64)> = (0..=RUNS)
        .map(|run| {
            let path = path(run);
            let start = Instant::now();
            let hist = data::load(&path).expect("a table").hist("x5", (50, 0.0, 0.5)).expect("a histogram");
            (start.elapsed().as_secs_f64(), hist.counts().iter().sum::<f64>() as u64)
        })
        .skip(1)
        .collect();
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    times[RUNS / 2]
}

/// The server of a folder, ended with the answer, and a port behind which it is farther away.
fn xrootd(folder: &Path) -> Option<(Running, Proxy)> {
    let admin = tempfile::tempdir().expect("a folder").keep();
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let (at, to) = (folder.display(), admin.display());
    let config = format!("all.export {at}\nall.adminpath {to}\nall.pidpath {to}\nxrd.port {port}\nxrd.network nodnr\n");
    std::fs::write(admin.join("server.cfg"), config).expect("a file");
    for folder in [folder, &admin] {
        Command::new("chown").args(["-R", "nobody"]).arg(folder).status().ok();
    }
    let mut command = Command::new("xrootd");
    command.arg("-c").arg(admin.join("server.cfg")).arg("-l").arg(admin.join("log")).args(["-R", "nobody"]);
    let started = Running::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
    let Ok(server) = started else {
        println!("no xrootd: left out");
        return None;
    };
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "xrootd does not begin");
        std::thread::sleep(Duration::from_millis(50));
    }
    Some((server, far(port)))
}

fn uproot(over: &str, url: &str) {
    let packages = ["uproot==5.7.7", "fsspec==2026.9.0", "aiohttp==3.14.5", "requests==2.34.2"];
    let Some(python) = environment("bench remote", "remote", &packages) else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peers/remote_uproot.py");
    let output = Command::new(python).arg(script).args([url, &RUNS.to_string()]).output().expect("Python runs");
    println!("uproot, {over}: {}", String::from_utf8_lossy(&output.stdout).trim());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
