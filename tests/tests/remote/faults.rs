//! Servers and connections that fail: the right answer, or one clear error, never a wrong number.

use super::{alone, answer, files, together};
use recoil_tests::server::Server;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

fn local(name: &str) -> (u64, Vec<f64>) {
    answer(&files().join(name).display().to_string()).unwrap()
}

#[test]
fn connections_that_break_at_any_byte_do_not_change_the_answer() {
    let _turn = together();
    let server = Server::start(files());
    let names = ["plain.parquet", "zstd.parquet", "tree.root"];
    let locals = names.map(local);
    let mut passes = 0;
    while server.behaviour.broken.load(Ordering::Relaxed) < 50 {
        server.behaviour.cuts.store(4, Ordering::Relaxed);
        let at = passes % names.len();
        match answer(&server.url(names[at])) {
            Ok(found) => assert_eq!(found, locals[at], "{} in pass {passes}", names[at]),
            Err(error) => assert!(error.to_string().contains("cannot be reached"), "{error}"),
        }
        passes += 1;
        assert!(passes < 200, "the server does not break connections");
    }
    println!("50 broken answers in {passes} passes");
}

#[test]
fn a_server_that_is_unwell_is_asked_again() {
    let _turn = together();
    let server = Server::start(files());
    server.behaviour.unwell.store(3, Ordering::Relaxed);
    assert_eq!(answer(&server.url("plain.parquet")).unwrap(), local("plain.parquet"));
    server.behaviour.unwell.store(1_000, Ordering::Relaxed);
    let error = answer(&server.url("plain.parquet")).unwrap_err().to_string();
    assert!(error.contains("503") && error.contains("attempts") && error.contains("plain.parquet"), "{error}");
}

#[test]
fn what_cannot_go_well_is_said_at_once() {
    let _turn = together();
    let server = Server::start(files());
    let begun = Instant::now();
    let says = |url: &str, words: &[&str]| {
        let error = answer(url).unwrap_err().to_string();
        words.iter().for_each(|word| assert!(error.contains(word), "`{word}` is not said in: {error}"));
        assert_eq!(error.lines().count(), 1, "{error}");
    };
    says(&server.url("none.parquet"), &["no such file", "404", "none.parquet"]);
    says(&server.url("some.hipo"), &["hipo("]);
    says(&server.url(""), &["nothing to read"]);
    server.behaviour.status.store(403, Ordering::Relaxed);
    says(&server.url("plain.parquet"), &["may not be read", "403"]);
    server.behaviour.status.store(0, Ordering::Relaxed);
    says("ftp://host/plain.parquet", &["`ftp://` cannot be read", "https://"]);
    says("http://", &["empty host"]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    server.behaviour.shifted.store(true, Ordering::Relaxed);
    says(&server.url("plain.parquet"), &["another part", "attempts"]);
    let gone = server.url("plain.parquet");
    drop(server);
    says(&gone, &["no connection", "attempts"]);
}

#[test]
fn a_slow_server_is_left_when_the_user_wants_to_stop() {
    let _turn = alone();
    let server = Server::start(files());
    let data = data::load(server.url("tree.root")).unwrap();
    server.behaviour.latency.store(4_000, Ordering::Relaxed);
    let begun = Instant::now();
    let stop = std::thread::spawn(|| {
        std::thread::sleep(Duration::from_millis(300));
        segment::work::interrupt(true);
    });
    let error = data.hist("x1", 10).unwrap_err().to_string();
    stop.join().unwrap();
    segment::work::interrupt(false);
    assert!(error.contains("interrupted"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}
