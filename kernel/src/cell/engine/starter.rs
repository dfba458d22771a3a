//! A thread that starts compilers while the engine's own waits for a cell.
//!
//! Cells that are run together leave no time between them, but the next one can be prepared for when one is compiled and still
//! runs. A compiler ends with the thread that has started it, so this one lasts as long as the session.

use crate::cell::compile::plan::{Waiting, Wish};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// A compiler that waits.
pub(super) type One = (Wish, Waiting, Child);

/// The thread, and what it has been asked for.
pub(super) struct Starter {
    wishes: Sender<(Wish, String)>,
    started: Receiver<Option<One>>,
    asked: Arc<AtomicUsize>,
}

impl Starter {
    /// `None` when the system gives no thread.
    pub fn new() -> Option<Self> {
        let (wishes, inbox) = channel::<(Wish, String)>();
        let (answers, started) = channel();
        let serve = move || {
            for (wish, name) in inbox {
                let one = wish.start(name).ok().map(|(waiting, child)| (wish, waiting, child));
                if answers.send(one).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("recoil-starter".into()).spawn(serve).ok()?;
        Some(Self { wishes, started, asked: Arc::default() })
    }

    /// Has one started by whoever calls what this returns.
    pub fn order(&self, name: String) -> impl FnOnce(Wish) + Send + use<> {
        let (wishes, asked) = (self.wishes.clone(), self.asked.clone());
        move |wish| {
            if wishes.send((wish, name)).is_ok() {
                asked.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// Those that were ordered since this was called last.
    pub fn started(&self) -> Vec<One> {
        let many = self.asked.swap(0, Ordering::SeqCst);
        (0..many).filter_map(|_| self.started.recv().ok().flatten()).collect()
    }
}
