//! What is worth knowing of decoded columns, gathered while they are still in the nearest cache.

use crate::model::columns::Events;
use crate::model::wide::wide;

/// A step back in time: row of the event after it, and the two times.
pub(crate) type Step = (usize, i64, i64);

/// What a decoder has seen of the events it has just added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) on: u64,
    pub(crate) max_x: u16,
    pub(crate) max_y: u16,
    /// Does time step back among them, or from the event before them?
    pub(crate) back: bool,
}

/// Statistics of the events of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stats {
    /// Events seen.
    rows: usize,
    pub(crate) on: u64,
    pub(crate) max_x: u16,
    pub(crate) max_y: u16,
    pub(crate) steps_back: u64,
    pub(crate) first_step: Option<Step>,
    pub(crate) largest_step: Option<Step>,
}

impl Stats {
    /// Looks at the events that were added since the last call.
    pub(crate) fn look(&mut self, events: &Events) {
        let from = self.rows;
        let (x, y, polarity) = (&events.x[from..], &events.y[from..], &events.polarity[from..]);
        // The step from the last event seen to the first new one counts, too.
        let t = &events.t[from.saturating_sub(1)..];
        let seen = wide(|| Seen { max_x: largest(x), max_y: largest(y), on: ons(polarity), back: any_step_back(t) });
        self.take(events, seen);
    }

    /// Takes the word of a decoder that has looked at all events since the last call.
    pub(crate) fn take(&mut self, events: &Events, seen: Seen) {
        self.max_x = self.max_x.max(seen.max_x);
        self.max_y = self.max_y.max(seen.max_y);
        self.on += seen.on;
        if seen.back {
            let first = self.rows.saturating_sub(1);
            self.steps(&events.t[first..], first);
        }
        self.rows = events.len();
    }

    /// The rare case: the steps one by one.
    #[cold]
    fn steps(&mut self, t: &[i64], first_row: usize) {
        for (row, pair) in t.windows(2).enumerate() {
            if pair[1] < pair[0] {
                let step = (first_row + row + 1, pair[0], pair[1]);
                self.steps_back += 1;
                self.first_step.get_or_insert(step);
                if self
                    .largest_step
                    .is_none_or(|largest| step.1.saturating_sub(step.2) > largest.1.saturating_sub(largest.2))
                {
                    self.largest_step = Some(step);
                }
            }
        }
    }
}

#[inline(always)]
fn largest(places: &[u16]) -> u16 {
    places.iter().fold(0, |most, &place| place.max(most))
}

#[inline(always)]
fn ons(polarity: &[i8]) -> u64 {
    // Bytes are summed as bytes, as many as cannot overflow.
    polarity.chunks(255).map(|part| u64::from(part.iter().map(|&p| u8::from(p > 0)).sum::<u8>())).sum()
}

#[inline(always)]
fn any_step_back(t: &[i64]) -> bool {
    let Some(later) = t.get(1..) else { return false };
    t.iter().zip(later).fold(false, |back, (before, after)| back | (after < before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_in_parts_see_what_one_look_sees() {
        let mut events = Events::default();
        let mut seen = Stats::default();
        let times = [5, 6, 6, 4, 9, 1, 1, 2];
        for (k, &t) in times.iter().enumerate() {
            events.push(t, k as u16, 10, (k % 2) as i8);
            if k % 3 == 0 {
                seen.look(&events);
            }
        }
        seen.look(&events);
        assert_eq!((seen.on, seen.max_x, seen.max_y, seen.steps_back), (4, 7, 10, 2));
        assert_eq!(seen.first_step, Some((3, 6, 4)));
        assert_eq!(seen.largest_step, Some((5, 9, 1)));
    }
}
