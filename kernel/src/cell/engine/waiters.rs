//! Compilers that wait for the cells of the session, started while the user thinks.

use crate::cell::compile::plan::{Compiled, Waiting, Wish};
use crate::cell::compile::waiting::{clear, go_on};
use std::process::Child;

/// So many compilers wait at most.
const MOST: usize = 3;

/// A compiler that waits, and what it is of use for.
type One = (Wish, Waiting, Child);

/// The compilers that wait. They end when this is dropped.
#[derive(Default)]
pub(super) struct Waiters {
    all: Vec<One>,
    /// What the latest cells wanted, the latest first.
    wishes: Vec<Wish>,
    started: u64,
}

impl Waiters {
    /// Those that can be given a cell.
    pub fn ready(&self) -> Vec<Waiting> {
        self.all.iter().map(|(_, waiting, _)| waiting.clone()).collect()
    }

    /// Learns from a compilation; `None` when it did not come to its end, and somebody may still compile it.
    pub fn settle(&mut self, compiled: Option<&Compiled>) {
        let Some(compiled) = compiled else { return self.keep(0) };
        for wish in compiled.wishes.iter().rev() {
            self.wishes.retain(|other| other != wish);
            self.wishes.insert(0, wish.clone());
        }
        self.wishes.truncate(MOST);
        self.keep(MOST);
    }

    /// Keeps those for so many of the latest wishes, and ends the others.
    pub fn keep(&mut self, many: usize) {
        let wanted = &self.wishes[..self.wishes.len().min(many)];
        for mut one in std::mem::take(&mut self.all) {
            let lives = matches!(one.2.try_wait(), Ok(None));
            if lives && wanted.contains(&one.0) {
                self.all.push(one);
            } else {
                end(one);
            }
        }
    }

    /// Starts the one for a cell like the last one, if it is missing.
    pub fn prepare_latest(&mut self) {
        if let Some(latest) = self.wishes.first().cloned() {
            self.start(latest);
        }
    }

    /// Starts those that are missing, and has the others go on that the last cell has held up.
    pub fn prepare(&mut self) {
        self.all.iter().for_each(|(_, _, child)| go_on(child));
        for wish in self.wishes.clone() {
            self.start(wish);
        }
    }

    fn start(&mut self, wish: Wish) {
        if self.all.iter().any(|(other, _, _)| *other == wish) {
            return;
        }
        self.started += 1;
        // Without one the cell has its rustc started for it.
        if let Ok((waiting, child)) = wish.start(format!("waiting-{}", self.started)) {
            self.all.push((wish, waiting, child));
        }
    }
}

impl Drop for Waiters {
    fn drop(&mut self) {
        self.keep(0);
    }
}

fn end((wish, waiting, mut child): One) {
    // It may have ended already.
    let _ = child.kill();
    let _ = child.wait();
    clear(&wish, &waiting);
}
