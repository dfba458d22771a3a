//! Which rows passed which cuts: the smallest results there are, a bit per row, so that the same selection with another
//! histogram evaluates nothing and reads no column of the cut.

use parking_lot::Mutex;
use polars::prelude::*;
use sources::Identity;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A question: these cuts, of these rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    /// The segments that hold the columns of the cuts; a file that changes has other ones.
    pub identity: Identity,
    pub start: usize,
    pub rows: usize,
    /// What the cuts compute, with all their values.
    pub cuts: Arc<str>,
}

/// Its answer.
#[derive(Debug)]
pub(crate) struct Selected {
    pub mask: BooleanChunked,
    /// Rows that came to each cut, and that it left.
    pub counts: Vec<(usize, usize)>,
}

/// What it costs beside its bits.
const OVERHEAD: u64 = 256;

#[derive(Debug, Default)]
struct Inner {
    known: HashMap<Asked, (Arc<Selected>, u64)>,
    /// By the time of the last use.
    order: BTreeMap<u64, Asked>,
    serial: u64,
    bytes: u64,
    budget: u64,
}

/// Answers, within a budget of bytes; what has not been asked for longest goes first.
#[derive(Debug, Default)]
pub(crate) struct Selections(Mutex<Inner>);

impl Selections {
    pub fn set_budget(&self, bytes: u64) {
        let mut inner = self.0.lock();
        inner.budget = bytes;
        inner.shrink();
    }

    pub fn get(&self, asked: &Asked) -> Option<Arc<Selected>> {
        let mut inner = self.0.lock();
        let Inner { known, order, serial, .. } = &mut *inner;
        let (selected, last) = known.get_mut(asked)?;
        *serial += 1;
        if let Some(asked) = order.remove(last) {
            order.insert(*serial, asked);
        }
        *last = *serial;
        Some(selected.clone())
    }

    /// Whether the answer is there; asking does not count as using it.
    pub fn has(&self, asked: &Asked) -> bool {
        self.0.lock().known.contains_key(asked)
    }

    pub fn put(&self, asked: Asked, selected: Selected) {
        let mut inner = self.0.lock();
        let bytes = size(&asked);
        if bytes > inner.budget || inner.known.contains_key(&asked) {
            return;
        }
        inner.serial += 1;
        let serial = inner.serial;
        inner.order.insert(serial, asked.clone());
        inner.known.insert(asked, (Arc::new(selected), serial));
        inner.bytes += bytes;
        inner.shrink();
    }

    pub fn clear(&self) {
        let mut inner = self.0.lock();
        *inner = Inner { budget: inner.budget, ..Inner::default() };
    }
}

impl Inner {
    fn shrink(&mut self) {
        while self.bytes > self.budget {
            let Some((_, asked)) = self.order.pop_first() else { return };
            self.known.remove(&asked);
            self.bytes -= size(&asked);
        }
    }
}

fn size(asked: &Asked) -> u64 {
    asked.rows as u64 / 8 + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(start: usize, cuts: &str) -> Asked {
        Asked { identity: Identity(1), start, rows: 8_000, cuts: cuts.into() }
    }

    fn selected(left: usize) -> Selected {
        Selected { mask: BooleanChunked::full("".into(), true, 8_000), counts: vec![(8_000, left)] }
    }

    #[test]
    fn answers_are_found_again_and_the_oldest_goes_first() {
        let all = Selections::default();
        all.set_budget(3 * (1_000 + OVERHEAD));
        for start in 0..3 {
            all.put(asked(start, "x > 1"), selected(start));
        }
        assert!(all.get(&asked(0, "x > 2")).is_none(), "another cut");
        assert_eq!(all.get(&asked(0, "x > 1")).unwrap().counts, [(8_000, 0)]);
        all.put(asked(3, "x > 1"), selected(3));
        assert!(all.get(&asked(1, "x > 1")).is_none(), "asked for longest ago");
        assert!(all.get(&asked(0, "x > 1")).is_some() && all.get(&asked(3, "x > 1")).is_some());
        all.clear();
        assert!(all.get(&asked(0, "x > 1")).is_none());
    }
}
