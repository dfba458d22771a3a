//! Over HTTP and HTTPS from nginx, with and without connections that are kept, slowly, and through a line that breaks.

use super::{alone, answer, files, refused, stored};
use recoil_tests::certificate::certificate;
use recoil_tests::proxy::Proxy;
use recoil_tests::running::Running;
use recoil_tests::skipped;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A server of the test's files; it ends with this.
struct Nginx {
    _server: Running,
    port: u16,
    tls: u16,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// `None`, said visibly, where there is no nginx.
    fn start(test: &str) -> Option<Self> {
        let certificate = certificate(test)?;
        let folder = tempfile::tempdir().expect("a folder");
        let free = || TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let (port, tls) = (free(), free());
        let (at, files) = (folder.path().display(), files().display());
        let config = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;\n\
             events {{ worker_connections 256; }}\n\
             http {{ access_log off; default_type application/octet-stream;\n\
             client_body_temp_path {at}/a; proxy_temp_path {at}/b; fastcgi_temp_path {at}/c; uwsgi_temp_path {at}/d; \
             scgi_temp_path {at}/e;\n\
             server {{ listen 127.0.0.1:{port}; listen 127.0.0.1:{tls} ssl;\n\
             ssl_certificate {}; ssl_certificate_key {};\n\
             location /kept/ {{ alias {files}/; keepalive_timeout 60; }}\n\
             location /closed/ {{ alias {files}/; keepalive_timeout 0; }}\n\
             location /slow/ {{ alias {files}/; limit_rate 2m; }}\n\
             location /refused/ {{ return 403; }} }} }}\n",
            certificate.certificate.display(),
            certificate.key.display(),
        );
        std::fs::write(folder.path().join("nginx.conf"), config).expect("a file");
        let program = ["/usr/sbin/nginx", "nginx"]
            .into_iter()
            .find(|name| Command::new(name).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok());
        let Some(program) = program else {
            skipped(test, "no nginx; Debian's package is nginx-light");
            return None;
        };
        let mut command = Command::new(program);
        command.arg("-p").arg(folder.path()).arg("-c").arg(folder.path().join("nginx.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self { _server: Running::start(&mut command).expect("nginx starts"), port, tls, _folder: folder };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", tls)).is_err() {
            let log = || std::fs::read_to_string(server._folder.path().join("error.log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(30), "nginx does not begin: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }
}

fn local(name: &str) -> (u64, Vec<f64>) {
    answer(&files().join(name).display().to_string()).unwrap()
}

#[test]
fn connections_are_kept_where_the_server_keeps_them() {
    let _turn = alone();
    let Some(nginx) = Nginx::start("remote nginx") else { return };
    for name in ["plain.parquet", "zstd.parquet", "tree.root"] {
        let here = local(name);
        for (folder, kept) in [("kept", true), ("closed", false)] {
            let proxy = Proxy::start(nginx.port);
            let before = remote::counts();
            let there = answer(&format!("http://127.0.0.1:{}/{folder}/{name}", proxy.port())).unwrap();
            assert_eq!(there, here, "{folder} {name}");
            let (bytes, asked) = (remote::counts().bytes - before.bytes, remote::counts().questions - before.questions);
            let wanted = stored(&files().join(name));
            assert!(bytes * 10 <= wanted * 11, "{folder} {name}: {bytes} bytes for columns of {wanted}");
            let connections = proxy.line.connections.load(Ordering::Relaxed);
            println!("{folder} {name}: {asked} questions over {connections} connections");
            assert!(
                if kept { connections < asked } else { connections == asked },
                "{folder} {name}: {connections} {asked}"
            );
        }
    }
}

#[test]
fn a_certificate_that_the_user_trusts_is_enough() {
    let _turn = alone();
    let Some(nginx) = Nginx::start("remote https") else { return };
    for host in ["localhost", "127.0.0.1"] {
        for name in ["plain.parquet", "tree.root"] {
            assert_eq!(
                answer(&format!("https://{host}:{}/kept/{name}", nginx.tls)).unwrap(),
                local(name),
                "{host} {name}"
            );
        }
    }
    // The certificate names this machine otherwise.
    let error = refused(&format!("https://127.0.0.2:{}/kept/plain.parquet", nginx.tls));
    assert!(error.contains("certificate") || error.contains("no connection"), "{error}");
    let error = refused(&format!("https://127.0.0.1:{}/kept/plain.parquet", nginx.port));
    assert!(error.contains("no connection") && error.lines().count() == 1, "{error}");
}

#[test]
fn what_nginx_has_not_or_does_not_give_is_said() {
    let _turn = alone();
    let Some(nginx) = Nginx::start("remote nginx errors") else { return };
    for (path, words) in [
        ("kept/none.parquet", ["no such file", "404"]),
        ("none/plain.parquet", ["no such file", "404"]),
        ("refused/plain.parquet", ["may not be read", "403"]),
    ] {
        let error = refused(&format!("http://127.0.0.1:{}/{path}", nginx.port));
        words.iter().for_each(|word| assert!(error.contains(word), "`{word}` is not said in: {error}"));
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn slow_answers_and_answers_that_are_cut_off_are_whole_in_the_end() {
    let _turn = alone();
    let Some(nginx) = Nginx::start("remote nginx slow") else { return };
    let begun = Instant::now();
    assert_eq!(answer(&format!("http://127.0.0.1:{}/slow/plain.parquet", nginx.port)).unwrap(), local("plain.parquet"));
    assert!(begun.elapsed() > Duration::from_millis(200), "it is not slow: {:?}", begun.elapsed());
    for (port, scheme) in [(nginx.port, "http"), (nginx.tls, "https")] {
        let proxy = Proxy::start(port);
        for name in ["plain.parquet", "tree.root"] {
            proxy.line.break_next(3, 500_000);
            let found = answer(&format!("{scheme}://127.0.0.1:{}/kept/{name}", proxy.port())).unwrap();
            assert_eq!(found, local(name), "{scheme} {name}");
        }
        assert!(proxy.line.broken.load(Ordering::Relaxed) >= 4, "{scheme}: connections are not cut off");
    }
}
