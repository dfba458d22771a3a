//! Servers that are not there, refuse, or go away: one message each, and the next query may go well.

use super::{alone, files, local, ordered, same, spark, together};
use data::Server;
use polars::prelude::IntoLazy;
use recoil_tests::proxy::Proxy;
use recoil_tests::sail::Sail;
use segment::work::{Listener, Progress};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn message(url: &str) -> String {
    local().on(url).count().unwrap_err().to_string()
}

#[test]
fn an_address_is_checked_before_anything_is_sent() {
    let _turn = together();
    let error = message("sc://spark.example:15002/;token=secret");
    assert!(error.contains("use_ssl=true") && !error.contains("secret"), "{error}");
    assert!(message("http://spark.example").contains("sc://"));
}

#[test]
fn nobody_is_there() {
    let _turn = together();
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = message(&format!("sc://127.0.0.1:{port}"));
    assert!(error.contains("cannot be reached") && error.contains(&port.to_string()), "{error}");
    assert!(!error.contains("under the paths"), "the files are not to blame: {error}");
}

/// A server that gives the same bytes to everybody.
fn answering(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut first = [0; 1024];
            let read = stream.read(&mut first);
            if read.is_ok() && stream.write_all(bytes).is_ok() {
                std::thread::sleep(Duration::from_millis(300));
            }
        }
    });
    format!("sc://127.0.0.1:{port}")
}

#[test]
fn who_speaks_another_protocol_is_no_server() {
    let _turn = together();
    for bytes in [&b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..], b"", b"SSH-2.0-OpenSSH_9.2\r\n"] {
        let start = Instant::now();
        let error = message(&answering(bytes));
        assert!(error.contains("cannot be reached") || error.contains("no usable"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}

#[test]
fn a_server_that_is_killed_is_told_and_another_one_at_its_place_is_used() {
    let _turn = together();
    let Some(sail) = Sail::start("killed", 0) else { return };
    let (port, server) = (sail.port, ordered(&sail.url()));
    let there = local().on(&server);
    let rows = there.count().unwrap();
    sail.end();
    let error = there.hist("w", (10, 0.0, 2.0)).unwrap_err().to_string();
    assert!(error.contains("cannot be reached"), "{error}");
    let Some(_again) = Sail::start_at("killed", 0, port) else { return };
    assert_eq!(there.count().unwrap(), rows, "a new session on the new server");
}

#[test]
fn a_network_that_is_lost_is_told_and_may_come_back() {
    let _turn = together();
    let Some(sail) = Sail::start("lost network", 0) else { return };
    let proxy = Proxy::start(sail.port);
    let there = local().on(ordered(&format!("sc://127.0.0.1:{}", proxy.port())));
    let rows = there.count().unwrap();
    // Closed connections are told at once; with a silent network it takes until the server has not answered for 30 s.
    for (lost, patience) in [(&proxy.line.closed, 10), (&proxy.line.silent, 50)] {
        lost.store(true, Ordering::Relaxed);
        let begun = Instant::now();
        let error = there.hist("w", (10, 0.0, 2.0)).unwrap_err().to_string();
        assert!(error.contains("cannot be reached") && error.lines().count() == 1, "{error}");
        assert!(begun.elapsed() < Duration::from_secs(patience), "{:?}", begun.elapsed());
        lost.store(false, Ordering::Relaxed);
        assert_eq!(there.count().unwrap(), rows, "the next query");
    }
}

/// Counts, bins and rows while connections break: what comes is right, or one error. How often there was an answer.
fn broken(name: &str, port: u16, parameters: &str, breaks: u64, order: &[&str]) -> usize {
    let proxy = Proxy::start(port);
    let server = Server::at(&format!("sc://127.0.0.1:{}{parameters}", proxy.port())).expect("an address");
    let there = local().on(if order.is_empty() { server } else { server.ordered_by(order.iter().copied()) });
    let here = local();
    let (rows, bins) = (here.collect().unwrap(), here.hist("w", (50, 0.0, 2.0)).unwrap().counts());
    let pass = || -> data::Result<()> {
        let found = there.hist("w", (50, 0.0, 2.0))?;
        assert_eq!(found.counts(), bins, "{name}: bins");
        let found = there.collect()?;
        same(&found, &rows).unwrap_or_else(|why| panic!("{name}: {why}"));
        Ok(())
    };
    pass().unwrap_or_else(|error| panic!("{name}: {error}"));
    let bytes = proxy.line.answered.load(Ordering::Relaxed);
    let (mut passes, mut answers) = (0, 0);
    while proxy.line.broken.load(Ordering::Relaxed) < breaks {
        proxy.line.break_next(2, bytes / 2);
        match pass() {
            Ok(()) => answers += 1,
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains("cannot be reached") && error.lines().count() == 1, "{name}: {error}");
            }
        }
        passes += 1;
        assert!(passes < 4 * breaks, "{name}: connections do not break");
    }
    println!(
        "{name}: {breaks} connections broken in {passes} passes of {bytes} bytes, {answers} of which had an answer"
    );
    answers
}

#[test]
fn connections_that_break_at_any_byte_do_not_change_the_answer() {
    let _turn = together();
    if let Some(sail) = Sail::start("broken connections", 0) {
        broken("Sail", sail.port, "", 50, &["row"]);
    }
    if let Some(url) = spark("broken connections") {
        let rest = url.strip_prefix("sc://127.0.0.1:").expect("a server on this machine");
        let (port, parameters) = rest.split_once('/').unwrap_or((rest, ""));
        let answers = broken("Spark", port.parse().expect("a port"), &format!("/{parameters}"), 15, &[]);
        assert!(answers > 0, "streams are taken up again where they broke");
    }
}

#[test]
fn a_token_that_the_server_does_not_know_is_refused() {
    let _turn = together();
    let Some(url) = spark("token") else { return };
    let Some((place, _)) = url.split_once("/;token=") else { return };
    for wrong in [place.to_owned(), format!("{place}/;token=secret")] {
        let error = message(&wrong);
        assert!(error.contains("refuses access") && error.contains("token="), "{error}");
        assert!(!error.contains("secret") && error.lines().count() == 1, "{error}");
    }
    assert_eq!(local().on(&url).count().unwrap(), local().count().unwrap(), "the next query goes well");
}

#[test]
fn two_workers_give_the_same() {
    let _turn = together();
    let Some(sail) = Sail::start("local-cluster", 2) else { return };
    let there = local().on(ordered(&sail.url()));
    let hist = |data: &data::Group| data.query("x > 0").weight("w").hist("x", (20, 0.0, 3.0)).unwrap();
    let (one, other) = (hist(&there), hist(&local()));
    assert_eq!(one.entries(), other.entries());
    assert!(super::all_near(&one.values(), &other.values()) && super::all_near(&one.variances(), &other.variances()));
    assert_eq!(
        there.best_candidate("chi", data::Lowest).column("row").unwrap(),
        local().best_candidate("chi", data::Lowest).column("row").unwrap()
    );
}

#[test]
fn the_order_of_rows_is_never_guessed() {
    let _turn = together();
    let Some(sail) = Sail::start("order", 0) else { return };
    let unordered = local().on(sail.url());
    for error in [
        unordered.head(3).collect().unwrap_err().to_string(),
        unordered.one_cand_only().count().unwrap_err().to_string(),
        unordered.best_candidate("chi", data::Lowest).count().unwrap_err().to_string(),
    ] {
        assert!(error.contains("the order of the rows") && error.contains("ordered_by"), "{error}");
    }
    // What needs no order goes well.
    assert_eq!(unordered.query("n > 2").collect().unwrap().height() as u64, local().query("n > 2").count().unwrap());
    let twice = Server::at(&sail.url()).unwrap().ordered_by(["n"]);
    let error = local().on(twice).head(3).collect().unwrap_err().to_string();
    assert!(error.contains("equal values"), "{error}");
}

#[test]
fn many_rows_are_fetched_only_when_asked_for() {
    let _turn = together();
    let Some(sail) = Sail::start("fetch", 0) else { return };
    let there = local().on(ordered(&sail.url()));
    let error = there.fetch(100).collect().unwrap_err().to_string();
    assert!(error.contains("16000 rows") || error.contains("8000 rows"), "{error}");
    assert!(error.contains(".fetch(8000)"), "{error}");
    assert_eq!(there.fetch(8_000).collect().unwrap().height(), 16_000, "of each process so many");
    assert_eq!(there.fetch(100).head(50).collect().unwrap().height(), 100);
}

#[test]
fn files_that_the_server_does_not_see_or_sees_otherwise() {
    let _turn = together();
    let Some(sail) = Sail::start("paths", 0) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    std::fs::copy(files().join(super::MC).join("part-0.parquet"), &path).unwrap();
    let data = data::load(&path).unwrap();
    // As if the server had another file there: it has fewer rows than were read when it was opened here.
    sources::parquet::write(&path, &super::frame(0, 0).head(Some(10)), &Default::default()).unwrap();
    let error = data.on(sail.url()).count().unwrap_err().to_string();
    assert!(error.contains("10 rows") && error.contains("other files"), "{error}");
    std::fs::remove_file(&path).unwrap();
    let error = data.on(sail.url()).count().unwrap_err().to_string();
    assert!(error.contains("under the paths that they have here") && error.contains("a.parquet"), "{error}");
}

/// Keeps all that is told.
#[derive(Default)]
struct Heard(Mutex<Vec<Progress>>);

impl Listener for Heard {
    fn progress(&self, progress: &Progress) {
        self.0.lock().unwrap().push(progress.clone());
    }
}

#[test]
fn the_servers_progress_is_heard() {
    let _turn = alone();
    let Some(url) = spark("progress") else { return };
    let heard = Arc::new(Heard::default());
    segment::work::listen(Some(heard.clone()));
    let there = local().on(url);
    let found = there.query("exp(sin(x)) > 0.5").group_by(["kind", "n"]).agg([flow::sum("w")]);
    segment::work::listen(None);
    found.unwrap();
    let heard = heard.0.lock().unwrap();
    let under_way = |progress: &&Progress| !progress.finished && (progress.done > 0 || progress.bytes > 0);
    let under_way: Vec<&Progress> = heard.iter().filter(under_way).collect();
    assert!(!under_way.is_empty(), "{heard:?}");
    assert!(under_way.iter().all(|told| told.total.is_none_or(|total| told.done <= total)), "{heard:?}");
    assert!(heard.iter().any(|told| told.finished), "{heard:?}");
}

#[test]
fn a_stop_ends_the_query_here_and_on_the_server() {
    let _turn = alone();
    let Some(sail) = Sail::start("stop", 0) else { return };
    let there = local().on(ordered(&sail.url()));
    there.count().unwrap();
    // Every row with every other one: it would take long.
    let table = super::frame(0, 0).select(["kind", "row"]).unwrap();
    let table = table.lazy().rename(["row"], ["other"], true).collect().unwrap();
    let long = (0..3).fold((*there).clone(), |data: data::Group, at| {
        let renamed = table.clone().lazy().rename(["other"], [format!("other{at}")], true).collect().unwrap();
        data.join(&renamed, "kind")
    });
    let worker = std::thread::spawn(move || (Instant::now(), long.agg([flow::sum("other0"), flow::max("w")])));
    std::thread::sleep(Duration::from_millis(1_500));
    segment::work::interrupt(true);
    let stopped = Instant::now();
    let (start, answer) = worker.join().unwrap();
    let took = stopped.elapsed();
    segment::work::interrupt(false);
    let error = answer.expect_err("it is stopped before its end");
    assert!(error.is_interrupt(), "after {:?}: {error}", start.elapsed());
    assert!(took < Duration::from_secs(5), "{took:?}");
    // The server is idle soon.
    let busy = |process: u32| -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let before = busy(sail.process());
        std::thread::sleep(Duration::from_secs(1));
        if busy(sail.process()) - before < 10 {
            break;
        }
        assert!(Instant::now() < deadline, "the server still works");
    }
    assert_eq!(there.count().unwrap(), local().count().unwrap(), "the next query goes well");
}
