//! Which morsel a worker takes next, what was given back, and what has failed: what the workers of a stage share beside
//! what is joined.

use crate::sync::{AtomicUsize, Mutex, Ordering};

/// The morsels of a stage, taken in order; `M` is a morsel in work and `E` why one failed.
pub(crate) struct Queue<M, E> {
    count: usize,
    next: AtomicUsize,
    /// Morsels from this one on are wanted no more.
    end: AtomicUsize,
    given_back: Mutex<Vec<(usize, M)>>,
    failed: Mutex<Option<(usize, E)>>,
}

/// What a worker takes.
pub(crate) enum Turn<M> {
    /// A morsel that nobody has begun.
    New(usize),
    /// The rest of one that was given back.
    Rest(usize, M),
}

impl<M, E> Queue<M, E> {
    /// Morsels from `first` on, of so many.
    pub fn new(first: usize, count: usize) -> Self {
        Self {
            count,
            next: AtomicUsize::new(first),
            end: AtomicUsize::new(usize::MAX),
            given_back: Mutex::new(Vec::new()),
            failed: Mutex::new(None),
        }
    }

    /// What to work on next; `None` when there is nothing more that is wanted.
    pub fn take(&self) -> Option<Turn<M>> {
        loop {
            let rest = self.given_back.lock().pop();
            match rest {
                Some((at, rest)) if self.wants(at) => return Some(Turn::Rest(at, rest)),
                Some(_) => {}
                None => break,
            }
        }
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        (at < self.count && self.wants(at)).then_some(Turn::New(at))
    }

    /// The first morsel that nobody has begun.
    pub fn next(&self) -> usize {
        self.next.load(Ordering::Relaxed).min(self.count)
    }

    /// Leaves the rest of a morsel to others.
    pub fn give_back(&self, at: usize, rest: M) {
        self.given_back.lock().push((at, rest));
    }

    /// Whether the answer still depends on this morsel.
    pub fn wants(&self, at: usize) -> bool {
        at < self.end.load(Ordering::Relaxed)
    }

    /// Ends all work: there is enough, or nothing can be saved.
    pub fn close(&self) {
        self.end.store(0, Ordering::Relaxed);
    }

    /// Morsels before this one are still worked on, so that the first error in the order of the rows is reported, in
    /// whichever order threads come to theirs.
    pub fn fail(&self, at: usize, error: E) {
        self.end.fetch_min(at, Ordering::Relaxed);
        let mut failed = self.failed.lock();
        if failed.as_ref().is_none_or(|(other, _)| at < *other) {
            *failed = Some((at, error));
        }
    }

    /// The first failure in the order of the rows.
    pub fn failure(&self) -> Option<E> {
        self.failed.lock().take().map(|(_, error)| error)
    }
}
