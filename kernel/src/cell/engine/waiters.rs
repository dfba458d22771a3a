//! Compilers that wait for the next cells of the session, started while the user thinks.

use super::starter::{One, Starter};
use crate::cell::compile::plan::{Compiled, Waiting, Wish};
use crate::cell::compile::waiting::{clear, go_on};

/// So many compilers wait at most.
const MOST: usize = 3;
/// So many of them for a cell like the last one: another cell may come before new ones are there.
const ALIKE: usize = 2;

/// The compilers that wait. They end when this is dropped.
#[derive(Default)]
pub(super) struct Waiters {
    all: Vec<One>,
    /// What the latest cells wanted, the latest first.
    wishes: Vec<Wish>,
    started: u64,
    /// The one that was given a cell, whatever came of that.
    spent: Option<String>,
    starter: Option<Starter>,
}

impl Waiters {
    /// Those that can be given a cell.
    pub fn ready(&self) -> Vec<Waiting> {
        self.all.iter().map(|(_, waiting, _)| waiting.clone()).collect()
    }

    /// Notes one that cannot be given a cell any more.
    pub fn note_spent(&mut self, name: Option<String>) {
        self.spent = name.or(self.spent.take());
    }

    /// Starts another one as soon as what this returns is called, on any thread.
    pub fn order(&mut self) -> impl FnOnce(Wish) + Send + use<> {
        self.starter = self.starter.take().or_else(Starter::new);
        self.started += 1;
        let order = self.starter.as_ref().map(|starter| starter.order(format!("waiting-{}", self.started)));
        move |wish| {
            if let Some(order) = order {
                order(wish);
            }
        }
    }

    /// Learns from a compilation; `None` when it did not come to its end, and nobody knows what it has used.
    pub fn settle(&mut self, compiled: Option<&Compiled>) {
        let Some(compiled) = compiled else { return self.end() };
        self.all.extend(self.starter.iter().flat_map(Starter::started));
        for wish in compiled.wishes.iter().rev() {
            self.wishes.retain(|other| other != wish);
            self.wishes.insert(0, wish.clone());
        }
        self.wishes.truncate(MOST);
        let spent = self.spent.take();
        for mut one in std::mem::take(&mut self.all) {
            let (wish, waiting, child) = &mut one;
            let used = [&compiled.given_to, &spent].into_iter().flatten().any(|name| *name == waiting.name);
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
        for wish in self.wishes.clone() {
            self.start(&wish, 1);
        }
        if let Some(latest) = self.wishes.first().filter(|_| self.wishes.len() < MOST).cloned() {
            self.start(&latest, ALIKE);
        }
    }

    /// Starts compilers until there are so many of a kind.
    fn start(&mut self, wish: &Wish, many: usize) {
        for _ in self.all.iter().filter(|(other, _, _)| other == wish).count()..many {
            self.started += 1;
            // Without one the cell has its rustc started for it.
            if let Ok((waiting, child)) = wish.start(format!("waiting-{}", self.started)) {
                self.all.push((wish.clone(), waiting, child));
            }
        }
    }

    /// Ends all of them.
    pub fn end(&mut self) {
        self.all.extend(self.starter.iter().flat_map(Starter::started));
        std::mem::take(&mut self.all).into_iter().for_each(end);
    }
}

impl Drop for Waiters {
    fn drop(&mut self) {
        self.end();
    }
}

fn end((wish, waiting, mut child): One) {
    // It may have ended already.
    let _ = child.kill();
    let _ = child.wait();
    clear(&wish, &waiting);
}
