//! What shares out morsels, and workers that sometimes have no memory and sometimes fail.

#[path = "../../../prelude/flow/src/run/queue.rs"]
pub(crate) mod queue;

use queue::{Queue, Turn};
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const MORSELS: usize = 6;
const UNITS: usize = 2;

/// A morsel in work: the units that are left of it.
type Units = std::ops::Range<usize>;

struct Stage {
    queue: Queue<Units, usize>,
    /// Morsels that fail at their last unit.
    failing: BTreeSet<usize>,
    done: Mutex<Vec<(usize, usize)>>,
}

/// Works as a worker of a stage does; one that may go home gives back what it has no memory for.
fn work(stage: &Stage, may_go: bool) {
    while let Some(turn) = stage.queue.take() {
        let (at, mut units) = match turn {
            Turn::New(at) => (at, 0..UNITS),
            Turn::Rest(at, units) => (at, units),
        };
        while let Some(unit) = units.next() {
            if !stage.queue.wants(at) {
                break;
            }
            if may_go && thread_rng().gen_range(0..6) == 0 {
                return stage.queue.give_back(at, unit..units.end);
            }
            thread::yield_now();
            if stage.failing.contains(&at) && unit + 1 == UNITS {
                stage.queue.fail(at, at);
                break;
            }
            stage.done.lock().expect("held by nobody that fails").push((at, unit));
        }
    }
}

/// Every unit before the first failure is done once, and the first failure in the order of the rows is the one that is
/// reported.
pub fn morsels_are_worked_on_once_and_the_first_failure_is_reported() {
    let failing = (0..MORSELS).filter(|_| thread_rng().gen_range(0..4) == 0).collect();
    let stage = Arc::new(Stage { queue: Queue::new(0, MORSELS), failing, done: Mutex::default() });
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let stage = stage.clone();
            thread::spawn(move || work(&stage, true))
        })
        .collect();
    work(&stage, false);
    workers.into_iter().for_each(|worker| worker.join().expect("no worker fails"));
    // What the others gave back after this thread had left.
    work(&stage, false);
    let done = stage.done.lock().expect("all have ended").clone();
    let once: BTreeSet<_> = done.iter().copied().collect();
    assert_eq!(once.len(), done.len(), "no unit twice: {done:?}");
    let first = stage.failing.first().copied();
    for morsel in 0..first.unwrap_or(MORSELS) {
        assert!((0..UNITS).all(|unit| once.contains(&(morsel, unit))), "morsel {morsel} of {done:?}");
    }
    assert_eq!(stage.queue.failure(), first);
}
