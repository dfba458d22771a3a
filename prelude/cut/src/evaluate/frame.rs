//! The lanes of a domain for a block of rows: how many belong to each lane of the parent, and where they come from.

use crate::evaluate::gather::NOWHERE;
use std::cell::OnceCell;
use std::rc::Rc;

/// Lanes of combinations that are looked at together.
pub(crate) const LANES: usize = 8 * 1024;

#[derive(Debug)]
pub(crate) struct Frame {
    pub lanes: usize,
    /// Where the lanes of each lane of the parent begin, and where the last ends.
    pub offsets: Rc<[u32]>,
    /// Positions in the domain it is made from; of combinations one for each object. Empty: the lanes themselves.
    pub positions: Vec<Rc<[u32]>>,
    parents: OnceCell<Rc<[u32]>>,
    /// Of lanes of several domains: where each is when those of one domain are followed by those of the next.
    places: OnceCell<Rc<[u32]>>,
}

impl Frame {
    pub fn new(offsets: Vec<u32>, positions: Vec<Rc<[u32]>>) -> Self {
        let lanes = offsets.last().map_or(0, |last| *last as usize);
        Self { lanes, offsets: offsets.into(), positions, parents: OnceCell::new(), places: OnceCell::new() }
    }

    /// The lane of the parent to which each lane belongs.
    pub fn parents(&self) -> Rc<[u32]> {
        let made = || {
            let mut parents = Vec::with_capacity(self.lanes);
            for (lane, bounds) in self.offsets.windows(2).enumerate() {
                parents.extend(std::iter::repeat_n(lane as u32, (bounds[1] - bounds[0]) as usize));
            }
            parents.into()
        };
        self.parents.get_or_init(made).clone()
    }

    /// Where each lane is among those of several domains one after another, which begin at these places for each lane of the
    /// parent.
    pub fn places(&self, parts: &[Rc<[u32]>]) -> Rc<[u32]> {
        let made = || {
            let mut places = Vec::with_capacity(self.lanes);
            let mut base = 0;
            let bases = parts.iter().map(|bounds| {
                base += bounds.last().copied().unwrap_or(0);
                base - bounds.last().copied().unwrap_or(0)
            });
            let bases: Vec<u32> = bases.collect();
            for row in 0..self.offsets.len() - 1 {
                for (bounds, base) in parts.iter().zip(&bases) {
                    places.extend(base + bounds[row]..base + bounds[row + 1]);
                }
            }
            places.into()
        };
        self.places.get_or_init(made).clone()
    }
}

/// Offsets of lengths; `None` when there are more lanes than positions.
pub(crate) fn offsets(lengths: impl Iterator<Item = usize>) -> Option<Vec<u32>> {
    let mut offsets = vec![0];
    let mut end = 0_usize;
    for length in lengths {
        end += length;
        offsets.push(u32::try_from(end).ok().filter(|end| *end < NOWHERE)?);
    }
    Some(offsets)
}

/// Makes items and combinations, as many at a time as are wanted.
pub(crate) struct Generator {
    /// For each lane of the parent the first position, and the one after the last.
    ranges: Vec<(u32, u32)>,
    /// 1: items; 2: pairs; 3: triples.
    size: usize,
    lane: usize,
    /// The next combination of the lane, or none before its first.
    next: Option<[u32; 3]>,
}

impl Generator {
    pub fn new(ranges: Vec<(u32, u32)>, size: usize) -> Self {
        Self { ranges, size, lane: 0, next: None }
    }

    /// The next lanes; `None` after the last.
    pub fn next(&mut self, most: usize) -> Option<Frame> {
        if self.lane >= self.ranges.len() {
            return None;
        }
        let mut positions: Vec<Vec<u32>> = vec![Vec::new(); self.size];
        let mut offsets = Vec::with_capacity(self.ranges.len() + 1);
        offsets.resize(self.lane + 1, 0);
        while self.lane < self.ranges.len() && positions[0].len() < most {
            let (start, end) = self.ranges[self.lane];
            if self.size > 1 && self.next.is_none() && fits(end - start, self.size, most - positions[0].len()) {
                all(start, end, &mut positions);
            } else if self.size == 1 {
                self.items(start, end, most, &mut positions[0]);
            } else {
                self.combinations(start, end, most, &mut positions);
            }
            if self.next.is_none() {
                self.lane += 1;
                offsets.push(positions[0].len() as u32);
            }
        }
        let made = positions[0].len() as u32;
        offsets.resize(self.ranges.len() + 1, made);
        Some(Frame::new(offsets, positions.into_iter().map(Into::into).collect()))
    }

    fn items(&mut self, start: u32, end: u32, most: usize, out: &mut Vec<u32>) {
        let from = self.next.map_or(start, |next| next[0]);
        let room = u32::try_from(most - out.len()).unwrap_or(u32::MAX);
        let to = end.min(from.saturating_add(room));
        out.extend(from..to.max(from));
        self.next = (to < end).then_some([to, 0, 0]);
    }

    fn combinations(&mut self, start: u32, end: u32, most: usize, out: &mut [Vec<u32>]) {
        let size = self.size as u32;
        if end - start < size {
            self.next = None;
            return;
        }
        let mut now = self.next.unwrap_or([start, start + 1, start + 2]);
        while out[0].len() < most {
            // The last object runs to the end; then the ones before it step.
            let last = self.size - 1;
            let room = u32::try_from(most - out[0].len()).unwrap_or(u32::MAX);
            let to = end.min(now[last].saturating_add(room));
            let count = (to - now[last]) as usize;
            out[last].extend(now[last]..to);
            for (out, at) in out.iter_mut().zip(now).take(last) {
                out.extend(std::iter::repeat_n(at, count));
            }
            now[last] = to;
            if to < end {
                break;
            }
            let Some(stepped) = step(now, end, self.size) else {
                self.next = None;
                return;
            };
            now = stepped;
        }
        self.next = Some(now);
    }
}

/// Whether all combinations of so many objects are no more than there is room for.
fn fits(objects: u32, size: usize, room: usize) -> bool {
    let (mut many, mut left) = (1_u64, u64::from(objects));
    for at in 1..=size as u64 {
        many = many.saturating_mul(left) / at;
        left = left.saturating_sub(1);
    }
    many <= room as u64
}

/// All pairs or triples of the positions from one to another.
fn all(start: u32, end: u32, out: &mut [Vec<u32>]) {
    match out {
        [first, second] => {
            for i in start..end {
                for j in i + 1..end {
                    first.push(i);
                    second.push(j);
                }
            }
        }
        [first, second, third] => {
            for i in start..end {
                for j in i + 1..end {
                    for k in j + 1..end {
                        first.push(i);
                        second.push(j);
                        third.push(k);
                    }
                }
            }
        }
        _ => {}
    }
}

/// The combination after those whose last object has come to the end.
fn step(mut now: [u32; 3], end: u32, size: usize) -> Option<[u32; 3]> {
    let mut at = size - 1;
    while at > 0 {
        at -= 1;
        let behind = (size - 1 - at) as u32;
        if now[at] + 1 + behind < end {
            now[at] += 1;
            for next in at + 1..size {
                now[next] = now[next - 1] + 1;
            }
            return Some(now);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(ranges: &[(u32, u32)], size: usize, most: usize) -> Vec<(usize, Vec<u32>)> {
        let mut generator = Generator::new(ranges.to_vec(), size);
        let mut made = Vec::new();
        while let Some(frame) = generator.next(most) {
            assert!(frame.lanes <= most);
            for (lane, parent) in frame.parents().iter().enumerate() {
                made.push((*parent as usize, frame.positions.iter().map(|positions| positions[lane]).collect()));
            }
        }
        made
    }

    #[test]
    fn combinations_are_the_same_in_parts_of_any_size() {
        let ranges = [(0, 0), (0, 5), (5, 6), (6, 8), (8, 8), (8, 12)];
        for size in 1..=3 {
            let mut expected = Vec::new();
            for (lane, (start, end)) in ranges.iter().enumerate() {
                for i in *start..*end {
                    if size == 1 {
                        expected.push((lane, vec![i]));
                    }
                    for j in i + 1..*end {
                        if size == 2 {
                            expected.push((lane, vec![i, j]));
                        }
                        for k in j + 1..*end {
                            if size == 3 {
                                expected.push((lane, vec![i, j, k]));
                            }
                        }
                    }
                }
            }
            for most in [1, 2, 3, 7, 1000] {
                assert_eq!(all(&ranges, size, most), expected, "{size} {most}");
            }
        }
    }
}
