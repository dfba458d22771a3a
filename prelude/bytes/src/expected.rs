//! Parts of a file that will be asked for soon, and that are fetched meanwhile.

use crate::gather::overlap;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Parts that were not asked for after this time are dropped.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that are expected at a time.
const MOST: u64 = 256 << 20;

/// All that is expected; `T` is what was fetched.
#[derive(Debug)]
pub(crate) struct Expected<T> {
    all: Mutex<Vec<Entry<T>>>,
}

#[derive(Debug)]
struct Entry<T> {
    ranges: Vec<Range<u64>>,
    since: Instant,
    place: Arc<Place<T>>,
}

/// Where what is fetched is put.
#[derive(Debug)]
pub(crate) struct Place<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
}

#[derive(Debug)]
enum State<T> {
    UnderWay,
    Done(Option<T>),
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Default for Expected<T> {
    fn default() -> Self {
        Self { all: Mutex::default() }
    }
}

impl<T> Expected<T> {
    /// Notes that these ranges are going to be fetched, and answers where to put them; `None` when that is too much, or some
    /// of them are expected already.
    pub(crate) fn note(&self, ranges: &[Range<u64>]) -> Option<Arc<Place<T>>> {
        let length = |ranges: &[Range<u64>]| ranges.iter().map(|range| range.end - range.start).sum::<u64>();
        let mut all = locked(&self.all);
        all.retain(|entry| entry.since.elapsed() < PATIENCE);
        let known = all.iter().any(|entry| overlap(&entry.ranges, ranges));
        if known || all.iter().map(|entry| length(&entry.ranges)).sum::<u64>() + length(ranges) > MOST {
            return None;
        }
        let place = Arc::new(Place { state: Mutex::new(State::UnderWay), ready: Condvar::new() });
        all.push(Entry { ranges: ranges.to_vec(), since: Instant::now(), place: place.clone() });
        Some(place)
    }

    /// Takes what was expected of these ranges; waits for what is under way. What failed is not among it: the caller tries
    /// it again, and tells.
    pub(crate) fn take(&self, ranges: &[Range<u64>]) -> Vec<T> {
        let taken: Vec<Entry<T>> = locked(&self.all).extract_if(.., |entry| overlap(&entry.ranges, ranges)).collect();
        taken.into_iter().filter_map(|entry| entry.place.wait()).collect()
    }
}

impl<T> Place<T> {
    /// Puts what was fetched, or that it failed.
    pub(crate) fn put(&self, fetched: Option<T>) {
        *locked(&self.state) = State::Done(fetched);
        self.ready.notify_all();
    }

    fn wait(&self) -> Option<T> {
        let mut state = locked(&self.state);
        loop {
            match &mut *state {
                State::Done(fetched) => return fetched.take(),
                State::UnderWay => state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_is_taken_once() {
        let expected = Expected::default();
        let place = expected.note(&[0..10, 20..30]).unwrap();
        assert!(expected.note(&[25..26]).is_none(), "it is expected already");
        assert!(expected.note(&[100..MOST + 100]).is_none(), "too much");
        let putting = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            place.put(Some("fetched"));
        });
        assert_eq!(expected.take(&[12..15]), Vec::<&str>::new());
        assert_eq!(expected.take(&[29..50]), ["fetched"]);
        assert_eq!(expected.take(&[29..50]), Vec::<&str>::new());
        putting.join().unwrap();
        expected.note(&[0..10]).unwrap().put(None);
        assert_eq!(expected.take(&[0..1]), Vec::<&str>::new(), "it failed");
    }
}
