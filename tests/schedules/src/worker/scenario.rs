//! An engine that waits for its worker, and a worker that ends its cells, late ones too, or goes away.

use super::listener::{Listener, Restful};
use port::{Ending, Errand, ToKernel};
use shuttle::sync::mpsc::channel;
use shuttle::thread;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

/// No wait of these tests ends by time: the model checker has none.
const PATIENCE: Duration = Duration::from_secs(3600);

fn finished(token: u64) -> ToKernel {
    ToKernel::Finished { token, ending: ending(token), variables: Vec::new(), notes: Vec::new() }
}

/// An ending that names its cell.
fn ending(token: u64) -> Ending {
    Ending::Panicked { message: token.to_string(), place: None }
}

/// The engine learns the ending of the cell that it waits for and of no other, in whatever order messages come.
pub fn an_ending_belongs_to_its_cell() {
    let folder = tempfile::tempdir().expect("a folder");
    let (listener, mut events) = Listener::open(folder.path(), Arc::new(|_| {})).expect("a socket");
    let _worker = UnixStream::connect(&listener.socket).expect("the socket listens");
    events.accept();
    let (asked, cells) = channel();
    let hello = listener.clone();
    let engine = thread::spawn(move || {
        assert!(hello.wait_for_worker(0, PATIENCE).is_some(), "a worker has said hello");
        for token in 1..=3 {
            hello.begin(token, token as u32, false, false, String::new());
            asked.send(token).expect("the worker is there");
            if token == 2 {
                // It did not compile: whatever comes of it now is not asked for.
                hello.give_up();
                continue;
            }
            assert_eq!(hello.rest(token, PATIENCE), Restful::Yes);
            let ended = hello.finished(PATIENCE).expect("the cell has ended");
            assert_eq!(format!("{:?}", ended.ending), format!("{:?}", ending(token)));
        }
    });
    events.take(ToKernel::Hello);
    for token in cells {
        events.take(ToKernel::Started { token });
        thread::yield_now();
        events.take(finished(token));
    }
    engine.join().expect("the engine does not fail");
}

/// Work beside Rust ends with its worker.
pub fn an_errand_ends_when_the_worker_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (listener, mut events) = Listener::open(folder.path(), Arc::new(|_| {})).expect("a socket");
    let worker = UnixStream::connect(&listener.socket).expect("the socket listens");
    events.accept();
    events.take(ToKernel::Hello);
    let engine = thread::spawn(move || listener.errand(7, Errand::Folder { path: None }));
    drop(worker);
    let answered = shuttle::rand::Rng::gen_bool(&mut shuttle::rand::thread_rng(), 0.5);
    if answered {
        events.take(finished(7));
    }
    events.disconnect();
    // An ending that came before the errand was announced is that of another one.
    let learned = engine.join().expect("the engine does not fail");
    assert!(learned.is_none() || answered, "{learned:?}");
}
