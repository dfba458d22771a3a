//! Threads that answer everything but cells: one for completion and inspection, one for quick questions, one for those on
//! the control channel. Within a lane, requests keep their order.

use crate::lock::lock;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

/// Work of one request.
pub(crate) type Work = Box<dyn FnOnce() + Send>;

/// The lanes by name.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<BTreeMap<&'static str, Sender<Work>>>);

impl Lanes {
    /// Does work on a lane.
    pub(crate) fn send(&self, name: &'static str, work: Work) {
        let mut lanes = lock(&self.0);
        let lane = lanes.entry(name).or_insert_with(|| start(name));
        let _ = lane.send(work);
    }
}

fn start(name: &str) -> Sender<Work> {
    let (sender, works) = channel::<Work>();
    let thread = std::thread::Builder::new().name(format!("recoil-{name}"));
    let run = move || works.into_iter().for_each(|work| work());
    if let Err(error) = thread.spawn(run) {
        tracing::error!(%error, name, "cannot start a thread");
    }
    sender
}
