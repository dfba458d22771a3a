//! What an interrupt stops, and what it leaves alone.

use super::Notebook;
use recoil_kernel::evaluator::{Evaluator, Outcome, Stream};
use recoil_tests::kernel;
use std::time::{Duration, Instant};

fn interrupted(notebook: &Notebook, code: &str) {
    let start = Instant::now();
    match notebook.disturbed(code, |evaluator| evaluator.interrupt()) {
        Outcome::Failed(failure) => assert_eq!(failure.name, "Interrupted", "{code}\n{failure:?}"),
        done => panic!("{code}\n{done:?}"),
    }
    assert_eq!(notebook.value("kept.len()"), "3", "{code}");
    assert!(start.elapsed() < Duration::from_secs(20), "{code}");
}

/// evcxr: an interrupt ends the process, and all variables with it.
#[test]
fn an_interrupt_keeps_the_variables_wherever_the_cell_waits() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    notebook.value("let kept = vec![1, 2, 3];");
    std::fs::write(cache.path().join("in_file.rs"), "pub fn forever() { println!(\"ready\"); loop {} }")
        .expect("writes");
    notebook.value(&format!("%cd {}", cache.path().display()));
    notebook.value("mod in_file;");
    for code in [
        "in_file::forever();",
        "let r = tokio::spawn(async { println!(\"ready\"); loop { tokio::task::yield_now().await; } #[allow(unreachable_code)] () }).await; println!(\"{}\", r.is_err());",
        "println!(\"ready\"); let mut x = 0u64; (0u64..).for_each(|i| x = x.wrapping_add(i));",
        "println!(\"ready\"); (0u64..).map(|i| i * 2).filter(|i| i % 2 == 1).next();",
        "use std::thread::sleep;\nprintln!(\"ready\"); sleep(std::time::Duration::from_secs(600));",
        "let (sender, receiver) = std::sync::mpsc::channel::<u8>(); println!(\"ready\"); receiver.recv()?; sender.send(1)?;",
        "let (sender, receiver) = std::sync::mpsc::channel::<u8>(); println!(\"ready\"); for byte in receiver { println!(\"{byte}\"); } sender.send(1)?;",
        "let (sender, receiver) = std::sync::mpsc::channel::<u8>(); println!(\"ready\"); for byte in &receiver { println!(\"{byte}\"); } sender.send(1)?;",
        "let (sender, receiver) = std::sync::mpsc::channel::<u8>(); println!(\"ready\"); for byte in receiver.iter() { println!(\"{byte}\"); } sender.send(1)?;",
        "println!(\"ready\"); std::process::Command::new(\"sleep\").arg(\"600\").status()?;",
        "println!(\"ready\"); let mut child = std::process::Command::new(\"sleep\").arg(\"600\").spawn()?; child.wait()?;",
        "println!(\"ready\"); std::net::TcpListener::bind(\"127.0.0.1:0\")?.accept()?;",
        "println!(\"ready\"); let t = std::thread::spawn(|| loop { std::thread::sleep(std::time::Duration::from_millis(1)); }); t.join().ok();",
        "use std::thread::sleep as nap;\nprintln!(\"ready\"); nap(std::time::Duration::from_secs(600));",
        "use std::thread as th;\nprintln!(\"ready\"); th::sleep(std::time::Duration::from_secs(600));",
        "println!(\"ready\"); std::process::Command::new(\"sh\").args([\"-c\", \"sleep 600; true\"]).output()?;",
        "!echo ready; sleep 600",
        "!echo ready; (sleep 600; true) | cat",
    ] {
        interrupted(&notebook, code);
    }
}

/// Nothing looks at the interrupt in these: they are left where they are. evcxr: an interrupt ends the process.
#[test]
fn a_cell_that_cannot_be_stopped_is_left_where_it_is() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    notebook.value("let kept = vec![1, 2, 3]; let used = vec![1]; thread_local! { static LOCAL: std::cell::Cell<u8> = std::cell::Cell::new(1); } LOCAL.set(9);");
    notebook.value(
        "fn deep(n: u64) -> u64 { if n == 0 { 0 } else { deep(n - 1).wrapping_mul(3) + deep(n - 1) % 7 } }\n\
         macro_rules! forever { () => { loop { std::hint::black_box(1); } } }",
    );
    for code in [
        "println!(\"ready\"); std::thread::park();",
        "println!(\"ready\"); std::thread::park_timeout(std::time::Duration::from_secs(600));",
        "let m = std::sync::Mutex::new(1); let a = m.lock().unwrap(); println!(\"ready\"); let b = m.lock().unwrap();",
        "let (tx, rx) = std::sync::mpsc::channel::<u8>(); println!(\"ready\"); let _ = rx.recv_timeout(std::time::Duration::from_secs(600)); tx.send(1).ok();",
        "let (tx, rx) = std::sync::mpsc::sync_channel::<u8>(0); println!(\"ready\"); tx.send(1)?; rx.recv()?;",
        "let p = (std::sync::Mutex::new(false), std::sync::Condvar::new()); println!(\"ready\"); let g = p.1.wait(p.0.lock().unwrap()).unwrap();",
        "let b = std::sync::Barrier::new(2); println!(\"ready\"); b.wait();",
        "let l = std::net::TcpListener::bind(\"127.0.0.1:0\")?; println!(\"ready\"); for s in l.incoming() { println!(\"{s:?}\"); }",
        "let u = std::net::UdpSocket::bind(\"127.0.0.1:0\")?; println!(\"ready\"); let mut b = [0u8; 4]; u.recv_from(&mut b)?;",
        "let (mut a, b) = std::io::pipe()?; println!(\"ready\"); std::io::Read::read(&mut a, &mut [0; 4])?; drop(b);",
        "println!(\"ready\"); deep(60)",
        "println!(\"ready\"); forever!();",
        // Inside of a future, which no runtime may wait for when it is given up.
        "tokio::time::sleep(std::time::Duration::from_millis(1)).await; println!(\"ready\"); std::thread::park();",
        "let h = tokio::spawn(async { 1 }); h.await?; println!(\"ready\"); deep(60)",
    ] {
        interrupted(&notebook, code);
    }
    let later = "tokio::time::sleep(std::time::Duration::from_millis(1)).await; tokio::spawn(async { 42 }).await?";
    assert_eq!(notebook.value(later), "42");
    assert_eq!(notebook.value("(kept.len(), used.len(), LOCAL.get())"), "(3, 1, 9)");
    // What the cell has taken is with it.
    match notebook.disturbed("println!(\"ready\"); std::thread::park(); used.len()", |evaluator| evaluator.interrupt())
    {
        Outcome::Failed(failure) => assert!(failure.value.contains("that it used: used; all others"), "{failure:?}"),
        done => panic!("{done:?}"),
    }
    assert_eq!(notebook.value("kept.len()"), "3");
    assert!(notebook.failure("used.len()").traceback.concat().contains("did not stop when it was interrupted"));
    // Panics, threads, errors and channels work as before.
    assert_eq!(notebook.value("std::panic::catch_unwind(|| panic!(\"x\")).is_err()"), "true");
    assert_eq!(notebook.failure("panic!(\"told\")").value, "told");
    assert_eq!(
        notebook.value("let (tx, rx) = std::sync::mpsc::channel(); std::thread::spawn(move || tx.send(5)); rx.recv_timeout(std::time::Duration::from_secs(60))?"),
        "5"
    );
    assert_eq!(notebook.value("tokio::time::sleep(std::time::Duration::from_millis(1)).await; 4"), "4");
}

#[test]
fn an_interrupt_stops_only_the_threads_of_its_cell() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    notebook.value("let kept = vec![1, 2, 3];");
    notebook.value(
        "use std::sync::atomic::{AtomicU64, Ordering::SeqCst};\nstatic TICKS: AtomicU64 = AtomicU64::new(0);\nstatic TASKS: AtomicU64 = AtomicU64::new(0);\n\
         tokio::spawn(async { loop { TASKS.fetch_add(1, SeqCst); tokio::time::sleep(std::time::Duration::from_millis(2)).await; } });\n\
         std::thread::spawn(|| loop { TICKS.fetch_add(1, SeqCst); std::thread::sleep(std::time::Duration::from_millis(2)); });",
    );
    interrupted(&notebook, "println!(\"ready\"); loop {}");
    for ticker in ["TICKS", "TASKS"] {
        let ticks = || notebook.value(&format!("{ticker}.load(SeqCst)")).parse::<u64>().expect("a number");
        let before = ticks();
        std::thread::sleep(Duration::from_millis(200));
        assert!(ticks() > before + 5, "{ticker}: the ticker of an earlier cell has stopped");
    }
}

/// evcxr: not before the end of the line.
#[test]
fn a_line_without_an_end_appears_while_the_cell_runs() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    notebook.value("1");
    let code = "print!(\"ready\"); std::thread::sleep(std::time::Duration::from_secs(600));";
    // `disturbed` waits for the word and only then interrupts.
    match notebook.disturbed(code, |evaluator| evaluator.interrupt()) {
        Outcome::Failed(failure) => assert_eq!(failure.name, "Interrupted"),
        done => panic!("{done:?}"),
    }
    assert_eq!(notebook.printed(Stream::Stdout), "ready");
}

#[test]
fn loops_over_channels_and_over_what_is_called_so_give_the_same() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    let sent =
        "let (sender, numbers) = std::sync::mpsc::channel::<i32>(); for n in 0..4 { sender.send(n)?; } drop(sender);";
    let sum = |over: &str| format!("let mut sum = 0; for n in {over} {{ sum += n; }} sum");
    assert_eq!(notebook.value(&format!("{sent} {}", sum("numbers"))), "6");
    assert_eq!(notebook.value(&format!("{sent} {}", sum("&numbers"))), "6");
    assert_eq!(notebook.value(&format!("{sent} {}", sum("numbers.iter()"))), "6");
    // A receiver of an earlier cell, which this cell does not call so.
    notebook.value(sent);
    assert_eq!(notebook.value(&sum("&numbers")), "6");
    // Words of channels, and no channel.
    assert_eq!(notebook.value(&format!("let channel = vec![1, 2, 3]; {}", sum("channel"))), "6");
    assert_eq!(notebook.value(&format!("let channel = [1, 2, 3]; {}", sum("&channel"))), "6");
    assert_eq!(notebook.value(&format!("let channel = vec![1, 2, 3]; {}", sum("channel.iter()"))), "6");
    let failure = notebook.failure("let channel = 5; for x in channel { }");
    let told = failure.traceback.join("\n");
    assert!(!told.contains("recoil_"), "{told}");
}
