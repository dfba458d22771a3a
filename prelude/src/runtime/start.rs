//! The beginning of a worker, and the thread that hands the kernel's messages to whom they concern. This file knows every
//! other one; [`super::link`] knows none of them.

use super::link::{Link, PANICS, Seen, open, send};
use super::threads;
use port::{ToKernel, ToWorker};
use segment::lock;
use std::os::unix::net::UnixStream;

/// Connects to the kernel; the worker's host calls it once, before the first cell. Returns 0 when it worked.
#[unsafe(no_mangle)]
pub extern "C" fn recoil_worker_start() -> i32 {
    match std::panic::catch_unwind(start) {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => {
            eprintln!("cannot reach the kernel: {error}");
            1
        }
        Err(_) => 2,
    }
}

fn start() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::var_os("RECOIL_SOCKET").ok_or("RECOIL_SOCKET is not set")?;
    let socket = UnixStream::connect(path)?;
    let mut reader = socket.try_clone()?;
    let link = open(socket);
    send(&ToKernel::Hello);
    let listener = std::thread::Builder::new().name("recoil-port".into());
    listener.spawn(move || {
        while let Ok(Some(message)) = port::receive(&mut reader) {
            take(link, message);
        }
        // The kernel is gone: nobody will ever read a result again.
        std::process::exit(0);
    })?;
    let cells = std::thread::current().id();
    std::panic::set_hook(Box::new(move |panic| note_panic(panic, cells)));
    super::progress::listen();
    super::link::flush_while_running()?;
    Ok(())
}

/// What a message from the kernel means.
fn take(link: &Link, message: ToWorker) {
    let mut inbox = lock(&link.inbox);
    match message {
        ToWorker::Begin { token, cell, allow_stdin, origin } => {
            segment::record::set_origin(&origin);
            inbox.begins.push_back((token, cell, allow_stdin));
        }
        ToWorker::Heard => inbox.heard += 1,
        ToWorker::Answer(answer) => inbox.answers.push_back(answer),
        ToWorker::Errand { token, errand } => {
            threads::runs(token);
            segment::work::interrupt(inbox.cancelled == Some(token));
            super::errand::start(token, errand);
        }
        ToWorker::Forget(names) => super::store::forget(names),
        ToWorker::Comm { id, event } => super::widget::heard(id, event),
        ToWorker::Cancel { token } => {
            inbox.cancelled = Some(token);
            if threads::running() == token {
                segment::work::interrupt(true);
            }
        }
    }
    drop(inbox);
    link.arrived.notify_all();
}

/// Panics on the thread that runs cells become the cell's error; so do those of the pools it waits for.
/// Any other thread's panic is printed, as always in Rust.
fn note_panic(panic: &std::panic::PanicHookInfo<'_>, cells: std::thread::ThreadId) {
    let thread = std::thread::current();
    let message = panic.payload_as_str().unwrap_or("a panic without a text").to_owned();
    let place = panic.location().map(super::ending::here);
    if thread.id() == cells || rayon::current_thread_index().is_some() {
        lock(&PANICS).push(Seen { message, place });
    } else {
        let name = thread.name().unwrap_or("unnamed");
        let place = panic.location().map_or_else(String::new, super::places::of);
        eprintln!("thread `{name}` panicked{place}: {message}");
    }
}
