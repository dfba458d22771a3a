//! Compilers that wait for the next cells of the session, started while the user thinks.

use crate::cell::compile::plan::{Compiled, Waiting, Wish};
use crate::cell::compile::waiting::{clear, go_on};
use std::process::Child;

/// So many compilers wait: one for cells that make variables, one for others, and one for those of another optimisation.
const MOST: usize = 3;

/// The compilers that wait. They end when this is dropped.
#[derive(Default)]
pub(super) struct Waiters {
    all: Vec<(Wish, Waiting, Child)>,
    /// What the latest cells wanted, the latest first.
    wishes: Vec<Wish>,
    started: u64,
}

impl Waiters {
    /// Those that can be given a cell.
    pub fn ready(&self) -> Vec<Waiting> {
        self.all.iter().map(|(_, waiting, _)| waiting.clone()).collect()
    }

    /// Learns from a compilation; `None` when it did not come to its end, and nobody knows what it has used.
    pub fn settle(&mut self, compiled: Option<&Compiled>) {
        let Some(compiled) = compiled else { return self.end() };
        for wish in compiled.wishes.iter().rev() {
            self.wishes.retain(|other| other != wish);
            self.wishes.insert(0, wish.clone());
        }
        self.wishes.truncate(MOST);
        for mut one in std::mem::take(&mut self.all) {
            let (wish, waiting, child) = &mut one;
            let used = compiled.given_to.as_ref() == Some(&waiting.name);
            let lives = matches!(child.try_wait(), Ok(None));
            if lives && !used && self.wishes.contains(wish) {
                self.all.push(one);
            } else {
                end(one);
            }
        }
    }

    /// Starts those that are missing, and has the others go on that the last cell has held up.
    pub fn prepare(&mut self) {
        self.all.iter().for_each(|(_, _, child)| go_on(child));
        for wish in &self.wishes {
            if self.all.iter().any(|(other, _, _)| other == wish) {
                continue;
            }
            self.started += 1;
            // Without one the cell has its rustc started for it.
            if let Ok((waiting, child)) = wish.start(format!("waiting-{}", self.started)) {
                self.all.push((wish.clone(), waiting, child));
            }
        }
    }

    /// Ends all of them.
    pub fn end(&mut self) {
        std::mem::take(&mut self.all).into_iter().for_each(end);
    }
}

impl Drop for Waiters {
    fn drop(&mut self) {
        self.end();
    }
}

fn end((wish, waiting, mut child): (Wish, Waiting, Child)) {
    // It may have ended already.
    let _ = child.kill();
    let _ = child.wait();
    clear(&wish, &waiting);
}
