//! Over XRootD, from Debian's server: plain, with a login, encrypted, with a token, and through a manager that sends us on.

use super::{alone, answer, files, refused, stored, together};
use recoil_tests::cases::project;
use recoil_tests::certificate::certificate;
use recoil_tests::proxy::Proxy;
use recoil_tests::python::environment;
use recoil_tests::running::Running;
use recoil_tests::skipped;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A server of its own folder; it ends with this.
struct Server {
    _process: Running,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    /// Serves copies of the test's files, with more settings, in which `ADMIN` is the server's own folder; `None`, said visibly,
    /// where there is no server.
    fn start(test: &str, settings: &str) -> Option<Self> {
        Self::start_with(test, settings, |_| Some(()))
    }

    /// The same; before it starts, `prepare` may put files into the server's own folder.
    fn start_with(test: &str, settings: &str, prepare: impl FnOnce(&Path) -> Option<()>) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        for file in std::fs::read_dir(files()).expect("files") {
            let file = file.expect("a file").path();
            std::fs::copy(&file, folder.path().join(file.file_name().expect("a name"))).expect("a copy");
        }
        let admin = folder.path().join("admin");
        std::fs::create_dir_all(&admin).expect("a folder");
        prepare(&admin)?;
        if settings.contains("xrd.tls ") {
            let made = certificate(test)?;
            std::fs::copy(&made.certificate, admin.join("certificate.pem")).expect("a copy");
            std::fs::copy(&made.key, admin.join("key.pem")).expect("a copy");
        }
        let settings = settings.replace("ADMIN", &admin.display().to_string());
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let config = format!(
            "all.export {at}\nall.adminpath {admin}\nall.pidpath {admin}\nxrd.port {port}\nxrd.network nodnr\n{settings}\n",
            at = folder.path().display(),
            admin = admin.display(),
        );
        std::fs::write(admin.join("server.cfg"), config).expect("a file");
        let mut command = Command::new("xrootd");
        command.arg("-c").arg(admin.join("server.cfg")).arg("-l").arg(admin.join("log")).stdin(Stdio::null());
        command.env("XDG_CACHE_HOME", &admin);
        // It asks for the names of the machine's addresses before it logs a line. A resolver that does not answer would hold
        // it for 10 s for each of them.
        command.env("RES_OPTIONS", "timeout:1 attempts:1");
        // It does not run as root.
        if nobody(folder.path()) {
            command.args(["-R", "nobody"]);
        }
        let mut process = match Running::start(command.stdout(Stdio::null()).stderr(Stdio::null())) {
            Ok(process) => process,
            Err(error) => {
                skipped(test, &format!("no server of XRootD ({error}); Debian's package is xrootd-server"));
                return None;
            }
        };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = process.child().try_wait().expect("a state");
            if ended.is_some() || begun.elapsed() > Duration::from_secs(120) {
                let log = std::fs::read_to_string(admin.join("log")).unwrap_or_else(|error| error.to_string());
                panic!("the server does not begin after {:?}, ended: {ended:?}\n{log}", begun.elapsed());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Self { _process: process, port, folder })
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
fn a_query_needs_few_ways_to_the_server_and_back() {
    let _turn = alone();
    let Some(server) = Server::start("remote xrootd ways", "") else { return };
    let proxy = Proxy::start(server.port);
    let url = |name: &str| server.url(name).replace(&format!(":{}", server.port), &format!(":{}", proxy.port()));
    // From the first file on it is known that this server wants no proof.
    answer(&url("text.csv")).unwrap();
    let one_way = Duration::from_millis(250);
    let column = |path: &str| data::load(path).and_then(|data| data.hist("x5", (50, 0.0, 1.0))).unwrap().counts();
    for name in ["plain.parquet", "tree.root"] {
        let begun = Instant::now();
        let expected = column(&files().join(name).display().to_string());
        let local = begun.elapsed();
        let before = proxy.line.connections.load(Ordering::Relaxed);
        proxy.line.one_way.store(one_way.as_millis() as u64, Ordering::Relaxed);
        let begun = Instant::now();
        let found = column(&url(name));
        let ways = begun.elapsed().saturating_sub(local).as_secs_f64() / (2.0 * one_way.as_secs_f64());
        proxy.line.one_way.store(0, Ordering::Relaxed);
        let connections = proxy.line.connections.load(Ordering::Relaxed) - before;
        println!("{name}: {ways:.2} ways to the server and back, {connections} connections");
        assert_eq!(found, expected, "{name}");
        // Login and opening, the ends of the file, the columns. The proxy takes connections at once.
        assert!(ways < 4.0 && connections == 1, "{name}: {ways} ways over {connections} connections");
    }
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
    says(&server.url("tree.root").replace("root://", "roots://"), &["no encrypted connection"]);
    let url = server.url("tree.root");
    let data = data::load(&url).unwrap();
    drop(server);
    let error = data.hist("x1", 10).unwrap_err().to_string();
    assert!(error.contains("attempts") && error.contains("tree.root"), "{error}");
}

#[test]
fn connections_that_break_at_any_byte_do_not_change_the_answer() {
    let _turn = together();
    let Some(server) = Server::start("remote xrootd broken", "") else { return };
    let proxy = Proxy::start(server.port);
    let names = ["plain.parquet", "zstd.parquet", "tree.root"];
    let locals = names.map(|name| answer(&files().join(name).display().to_string()).unwrap());
    let mut passes = 0;
    while proxy.line.broken.load(Ordering::Relaxed) < 50 {
        let at = passes % names.len();
        // As many bytes as a pass reads: a break comes in the login, in the directory of the file, or inside a column.
        proxy.line.break_next(4, if passes % 2 == 0 { 2_000 } else { 1_500_000 });
        let url = server.url(names[at]).replace(&format!(":{}", server.port), &format!(":{}", proxy.port()));
        match answer(&url) {
            Ok(found) => assert_eq!(found, locals[at], "{} in pass {passes}", names[at]),
            Err(error) => assert!(error.to_string().contains("cannot be reached"), "{error}"),
        }
        passes += 1;
        assert!(passes < 200, "the line does not break connections");
    }
    println!("50 broken connections in {passes} passes");
}

/// Where the server finds the certificate that it shows.
const TLS: &str = "xrd.tls ADMIN/certificate.pem ADMIN/key.pem\nxrd.tlsca noverify\n";

#[test]
fn connections_are_encrypted_where_the_server_or_the_address_wants_that() {
    let _turn = alone();
    let local = answer(&files().join("tree.root").display().to_string()).unwrap();
    // The server asks for it before the login, behind it, for everything, or not at all.
    for wants in ["capable login", "capable session", "all", "none"] {
        let Some(server) = Server::start("remote xrootd tls", &format!("{TLS}xrootd.tls {wants}\n")) else { return };
        for scheme in ["root://", "roots://"] {
            let found = answer(&server.url("tree.root").replace("root://", scheme));
            let found = found.unwrap_or_else(|error| panic!("{wants} {scheme}: {error}\n{}", server.log()));
            assert_eq!(found, local, "{wants} {scheme}");
        }
        let elsewhere = server.url("tree.root").replace("root://127.0.0.1", "roots://127.0.0.2");
        let error = refused(&elsewhere);
        assert!(error.contains("no encrypted connection") && error.contains("ertificate"), "{error}");
    }
}

#[test]
fn a_token_is_sent_over_encrypted_connections_only() {
    let _turn = alone();
    let test = "remote xrootd token";
    let packages = ["gcp-storage-emulator==2026.7.19", "cryptography==50.0.2"];
    let Some(python) = environment(test, "google", &packages) else { return };
    let mut libraries = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    if !libraries.any(|folder| folder.path().join("libXrdAccSciTokens-5.so").exists()) {
        return skipped(test, "the server knows no tokens; Debian's package is xrootd-scitokens-plugins");
    }
    let mut token = String::new();
    let prepare = |admin: &Path| {
        let mut command = Command::new(python);
        let script = project().join("tests/tests/peers/bearer.py");
        let output = command.arg(script).arg(admin).stdin(Stdio::null()).output().expect("Python runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let known = "[Global]\naudience = tests\n[Issuer tests]\nissuer = https://tests.invalid\nbase_path = /\n";
        std::fs::write(admin.join("tokens.cfg"), known).expect("a file");
        Some(())
    };
    let settings = format!(
        "{TLS}xrootd.tls capable login\nxrootd.seclib libXrdSec.so\nsec.protocol ztn\nsec.protbind * only ztn\n\
         ofs.authorize\nofs.authlib libXrdAccSciTokens.so config=ADMIN/tokens.cfg\n"
    );
    let Some(server) = Server::start_with(test, &settings, prepare) else { return };
    let url = server.url("tree.root").replace("root://", "roots://");
    let with = |token: &str| {
        // SAFETY: the test is alone, so no other thread reads the environment; those that wait for servers never do.
        unsafe { std::env::set_var("BEARER_TOKEN", token) };
        let found = answer(&url);
        // SAFETY: as above.
        unsafe { std::env::remove_var("BEARER_TOKEN") };
        found.map_err(|error| error.to_string())
    };
    let found = with(&token).unwrap_or_else(|error| panic!("{error}\n{}", server.log()));
    assert_eq!(found, answer(&files().join("tree.root").display().to_string()).unwrap());
    assert!(refused(&url).contains("BEARER_TOKEN"));
    // The end of the signature is another one.
    let other = format!(
        "{}{}",
        &token[..token.len() - 9],
        if token.ends_with("AAAAAAAAA") { "BBBBBBBBB" } else { "AAAAAAAAA" }
    );
    let error = with(&other).unwrap_err();
    assert!(error.contains("may not be read") && !error.contains(&other), "{error}");
}
