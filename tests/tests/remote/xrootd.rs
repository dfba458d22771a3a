//! Over XRootD, from Debian's server: plain, with a login, and through a manager that sends us on.

use super::{alone, answer, files, refused, stored, together};
use recoil_tests::skipped;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server of its own folder; it ends with this.
struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Server {
    /// Serves copies of the test's files, with more settings; `None`, said visibly, where there is no server.
    fn start(test: &str, settings: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        for file in std::fs::read_dir(files()).expect("files") {
            let file = file.expect("a file").path();
            std::fs::copy(&file, folder.path().join(file.file_name().expect("a name"))).expect("a copy");
        }
        let admin = folder.path().join("admin");
        std::fs::create_dir_all(&admin).expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let config = format!(
            "all.export {at}\nall.adminpath {admin}\nall.pidpath {admin}\nxrd.port {port}\nxrd.network nodnr\n{settings}\n",
            at = folder.path().display(),
            admin = admin.display(),
        );
        std::fs::write(admin.join("server.cfg"), config).expect("a file");
        let mut command = Command::new("xrootd");
        command.arg("-c").arg(admin.join("server.cfg")).arg("-l").arg(admin.join("log")).stdin(Stdio::null());
        // It does not run as root.
        if nobody(folder.path()) {
            command.args(["-R", "nobody"]);
        }
        let child = match command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
            Ok(child) => child,
            Err(error) => {
                skipped(test, &format!("no server of XRootD ({error}); Debian's package is xrootd-server"));
                return None;
            }
        };
        let server = Self { child, port, folder };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "the server does not begin: {}", server.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    fn url(&self, name: &str) -> String {
        format!("root://127.0.0.1:{}/{}/{name}", self.port, self.folder.path().display())
    }

    fn log(&self) -> String {
        let admin = self.folder.path().join("admin");
        std::fs::read_to_string(admin.join("log")).unwrap_or_else(|error| error.to_string())
    }
}

/// Lets the user `nobody` read a folder, if we are root.
fn nobody(folder: &Path) -> bool {
    // SAFETY: the call only asks for a number.
    let root = unsafe { libc::geteuid() } == 0;
    if root {
        let owned = Command::new("chown").args(["-R", "nobody"]).arg(folder).status();
        assert!(owned.is_ok_and(|status| status.success()), "chown");
    }
    root
}

#[test]
fn only_the_columns_of_a_query_are_fetched() {
    let _turn = alone();
    let Some(server) = Server::start("remote xrootd", "") else { return };
    for name in ["plain.parquet", "zstd.parquet", "tree.root", "batches.arrow", "text.csv"] {
        let local = files().join(name);
        let before = remote::counts();
        let found = answer(&server.url(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let bytes = remote::counts().bytes - before.bytes;
        assert_eq!(found, answer(&local.display().to_string()).unwrap(), "{name}");
        let wanted = if name == "text.csv" { std::fs::metadata(&local).unwrap().len() } else { stored(&local) };
        println!("{name}: {bytes} bytes for {wanted}");
        assert!(bytes * 10 <= wanted * 11, "{name}: {bytes} bytes for columns of {wanted}");
    }
    let file = recoil_xrootd::File::open(&server.url("tree.root").parse().unwrap(), &recoil_xrootd::Options::default())
        .unwrap();
    assert_eq!(file.size(), std::fs::metadata(files().join("tree.root")).unwrap().len());
}

#[test]
fn folders_and_globs_are_listed() {
    let _turn = together();
    let Some(server) = Server::start("remote xrootd globs", "") else { return };
    let data = data::load(server.url("*.parquet")).unwrap();
    assert_eq!(data.processes()[..], ["plain", "zstd"]);
    assert_eq!(data.query("x3 > 0.25").count().unwrap() % 2, 0);
    let error = refused(&server.url("*.feather"));
    assert!(error.contains("matches nothing"), "{error}");
    // The folder of the server's own files has no table in it.
    let folder = data::load(server.url("")).unwrap();
    assert_eq!(folder.processes()[..], ["batches", "plain", "text", "tree", "zstd"]);
}

#[test]
fn servers_that_want_a_name_or_send_us_on_are_understood() {
    let _turn = together();
    let settings = "xrootd.seclib libXrdSec.so\nsec.protocol unix\nsec.protbind * only unix";
    let Some(server) = Server::start("remote xrootd unix", settings) else { return };
    let at = server.folder.path().display();
    let settings = format!("all.export {at}\nxrootd.redirect 127.0.0.1:{} all", server.port);
    let Some(manager) = Server::start("remote xrootd redirect", &settings) else { return };
    let local = answer(&files().join("tree.root").display().to_string()).unwrap();
    for port in [server.port, manager.port] {
        let found = answer(&format!("root://127.0.0.1:{port}/{at}/tree.root"));
        assert_eq!(found.unwrap_or_else(|error| panic!("{error}\n{}", server.log())), local);
    }
}

#[test]
fn what_goes_wrong_is_said_in_the_servers_words() {
    let _turn = together();
    let Some(server) = Server::start("remote xrootd errors", "") else { return };
    let says = |url: &str, words: &[&str]| {
        let error = answer(url).unwrap_err().to_string();
        words.iter().for_each(|word| assert!(error.contains(word), "`{word}` is not said in: {error}"));
    };
    says(&server.url("none.root"), &["no such file", "none.root", "not found"]);
    says("root://127.0.0.1:port//a.root", &["port is no number"]);
    says("roots://me:secret@host//a.root", &["`roots://` cannot be read"]);
    let url = server.url("tree.root");
    let data = data::load(&url).unwrap();
    drop(server);
    let error = data.hist("x1", 10).unwrap_err().to_string();
    assert!(error.contains("attempts") && error.contains("tree.root"), "{error}");
}
