//! Threads that answer everything but cells: one for completion and inspection, one for quick questions, and
//! one for each subshell. Within a lane, requests keep their order.

use crate::lock::lock;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

/// Work of one request.
pub(crate) type Work = Box<dyn FnOnce() + Send>;

/// The lanes by name; those of subshells carry their id.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<BTreeMap<String, Sender<Work>>>);

/// Prefix of the lanes that are not subshells (whose ids are UUIDs).
const OWN: &str = "main-";

impl Lanes {
    /// Does work on a lane of the main shell.
    pub(crate) fn main(&self, name: &str, work: Work) {
        let name = format!("{OWN}{name}");
        let mut lanes = lock(&self.0);
        let lane = lanes.entry(name).or_insert_with_key(|name| start(name));
        let _ = lane.send(work);
    }

    /// Does work on the lane of a subshell; gives it back when there is no such subshell.
    pub(crate) fn subshell(&self, id: &str, work: Work) -> Result<(), Work> {
        match lock(&self.0).get(id) {
            Some(lane) => lane.send(work).map_err(|error| error.0),
            None => Err(work),
        }
    }

    /// Makes a subshell; returns its id.
    pub(crate) fn create(&self) -> String {
        let id = uuid::Uuid::new_v4().to_string();
        lock(&self.0).insert(id.clone(), start(&id));
        id
    }

    /// Ends a subshell when its work is done; says whether there was one.
    pub(crate) fn delete(&self, id: &str) -> bool {
        !id.starts_with(OWN) && lock(&self.0).remove(id).is_some()
    }

    /// Ids of the subshells.
    pub(crate) fn list(&self) -> Vec<String> {
        lock(&self.0).keys().filter(|name| !name.starts_with(OWN)).cloned().collect()
    }

    /// Whether there is such a subshell.
    pub(crate) fn has(&self, id: &str) -> bool {
        !id.starts_with(OWN) && lock(&self.0).contains_key(id)
    }
}

fn start(name: &str) -> Sender<Work> {
    let (sender, works) = channel::<Work>();
    let thread = std::thread::Builder::new().name(format!("recoil-{}", &name[..name.len().min(10)]));
    let run = move || works.into_iter().for_each(|work| work());
    if let Err(error) = thread.spawn(run) {
        tracing::error!(%error, name, "cannot start a thread");
    }
    sender
}
