//! Files over HTTP and XRootD with 20 ms from question to answer, beside uproot: `cargo bench --locked --bench remote`.
//!
//! A histogram of one column of eight, of 300 MB of noise as Parquet and as ROOT. Servers are on this machine; a proxy holds
//! every byte back for 10 ms in each direction. Medians of five, two threads; nothing is kept on disk. Without Debian's
//! xrootd-server or Python, what needs them is left out, and that is said.

use polars::prelude::*;
use recoil_tests::python::environment;
use recoil_tests::server::Server;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
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
    let (_, address) = http.url("").split_once("://").map(|(a, b)| (a.to_owned(), b.to_owned())).expect("an address");
    let near = far(address.trim_end_matches('/').to_owned());
    let xrootd = xrootd(folder.path());
    println!("{:14} {:>8} {:>8} {:>8} {:>8} {:>8}  seconds, MB", "", "local", "http", "MB", "root", "MB");
    for name in ["plain.parquet", "zstd.parquet", "tree.root"] {
        let (local, answer) = median(&folder.path().join(name).display().to_string());
        let over = |url: String| {
            let before = remote::counts().bytes;
            let (seconds, found) = median(&url);
            assert_eq!(found, answer, "{url}");
            let bytes = (remote::counts().bytes - before) as f64 / (RUNS + 1) as f64 / 1e6;
            format!("{seconds:8.3} {bytes:8.1}")
        };
        let by_http = over(format!("http://127.0.0.1:{near}/{name}"));
        let by_root = xrootd.as_ref().map_or_else(String::new, |(_, port)| {
            over(format!("root://127.0.0.1:{port}/{}/{name}", folder.path().display()))
        });
        println!("{name:14} {local:8.3} {by_http} {by_root}");
    }
    uproot(&format!("http://127.0.0.1:{near}/tree.root"));
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
}

fn median(path: &str) -> (f64, u64) {
    let mut times: Vec<(f64, u64)> = (0..=RUNS)
        .map(|_| {
            let start = Instant::now();
            let hist = data::load(path).expect("a table").hist("x5", (50, 0.0, 0.5)).expect("a histogram");
            (start.elapsed().as_secs_f64(), hist.counts().iter().sum::<f64>() as u64)
        })
        .skip(1)
        .collect();
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    times[RUNS / 2]
}

/// A port behind which an address is farther away.
fn far(address: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let Ok(far) = TcpStream::connect(&address) else { continue };
            let (near_too, far_too) = (near.try_clone().expect("a socket"), far.try_clone().expect("a socket"));
            pump(near, far);
            pump(far_too, near_too);
        }
    });
    port
}

/// Hands on what comes, a while later.
fn pump(mut from: TcpStream, mut to: TcpStream) {
    from.set_nodelay(true).ok();
    to.set_nodelay(true).ok();
    let (sender, late) = channel::<(Instant, Vec<u8>)>();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 256 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now() + ONE_WAY, buffer[..read].to_vec())).is_err() {
                break;
            }
        }
    });
    std::thread::spawn(move || {
        for (when, bytes) in late {
            std::thread::sleep(when.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        to.shutdown(Shutdown::Write).ok();
    });
}

/// The server of a folder, ended with the answer, and a port behind which it is farther away.
fn xrootd(folder: &Path) -> Option<(Ended, u16)> {
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
    let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let Ok(child) = started else {
        println!("no xrootd: left out");
        return None;
    };
    let ended = Ended(child);
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "xrootd does not begin");
        std::thread::sleep(Duration::from_millis(50));
    }
    Some((ended, far(format!("127.0.0.1:{port}"))))
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn uproot(url: &str) {
    let packages = ["uproot==5.7.7", "fsspec==2026.9.0", "aiohttp==3.14.5", "requests==2.34.2"];
    let Some(python) = environment("bench remote", "remote", &packages) else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peers/remote_uproot.py");
    let output = Command::new(python).arg(script).args([url, &RUNS.to_string()]).output().expect("Python runs");
    println!("uproot, http: {}", String::from_utf8_lossy(&output.stdout).trim());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
