//! The lanes of domains for a block of rows.

use crate::check::domain::{Domain, DomainId, Kind, ROWS};
use crate::check::program::Id;
use crate::evaluate::evaluator::Evaluator;
use crate::evaluate::frame::{Frame, Generator, offsets};
use crate::evaluate::gather::NOWHERE;
use crate::evaluate::objects::positions;
use std::rc::Rc;

impl<'p, 'a> Evaluator<'p, 'a> {
    /// How many lanes of a domain are looked at.
    pub(super) fn lanes_of(&mut self, domain: DomainId) -> usize {
        if domain == ROWS { self.height() } else { self.frame(domain).lanes }
    }

    /// The lanes of a domain that are looked at: all for those of its parent, unless it comes in parts.
    pub(super) fn frame(&mut self, domain: DomainId) -> Rc<Frame> {
        if let Some(frame) = &self.frames[domain] {
            return frame.clone();
        }
        let made = self.make_frame(domain).unwrap_or_else(|| {
            self.stop(segment::Error::request("more than four thousand million combinations at once"));
            let parent = self.program.domains[domain].parent;
            Frame::new(vec![0; self.lanes_of(parent) + 1], vec![Vec::new().into(); 3])
        });
        self.saw(domain, &made);
        let frame = Rc::new(made);
        self.frames[domain] = Some(frame.clone());
        frame
    }

    /// Counts objects, combinations, and what is combined with each of something else. Objects of rows that are looked at
    /// once more, because few are left, are counted already.
    pub(super) fn saw(&self, domain: DomainId, frame: &Frame) {
        let one = &self.program.domains[domain];
        let counts = match one.kind {
            Kind::Objects { .. } => self.chosen.is_none(),
            Kind::Combinations { .. } => true,
            Kind::Items { outer, .. } => outer != one.parent,
            _ => false,
        };
        if counts {
            one.seen.add(frame.lanes);
        }
    }

    pub(super) fn stop(&mut self, error: segment::Error) {
        self.stopped.get_or_insert(error);
    }

    fn make_frame(&mut self, domain: DomainId) -> Option<Frame> {
        let program = self.program;
        let Domain { parent, kind, .. } = &program.domains[domain];
        match kind {
            Kind::Rows => Some(Frame::new(vec![0], vec![])),
            Kind::Objects { .. } => self.objects(domain),
            Kind::Items { of, outer } if outer == parent => {
                let bounds = self.bounds(*of, *outer);
                Some(Frame::new(bounds.to_vec(), vec![]))
            }
            Kind::Items { .. } | Kind::Combinations { .. } => self
                .generator(domain)
                .next(NOWHERE as usize)
                .or_else(|| Some(Frame::new(vec![0], vec![Vec::new().into(); 3]))),
            Kind::Filter { of, mask } => Some(self.kept(*of, *mask)),
            Kind::Slice { of, from, to } => {
                let bounds = self.bounds(*of, *parent);
                let mut positions = Vec::new();
                let lengths = bounds.windows(2).map(|bounds| {
                    let (start, length) = (bounds[0], i64::from(bounds[1] - bounds[0]));
                    let place = |at: Option<i64>, open: i64| {
                        let at = at.unwrap_or(open);
                        (if at < 0 { at + length } else { at }).clamp(0, length)
                    };
                    let (from, to) = (place(*from, 0), place(*to, length));
                    positions.extend((from..to).map(|at| start + at as u32));
                    (to - from).max(0) as usize
                });
                let offsets = offsets(lengths)?;
                Some(Frame::new(offsets, vec![positions.into()]))
            }
            Kind::Concat(parts) => {
                let bounds: Vec<_> = parts.iter().map(|part| self.bounds(*part, *parent)).collect();
                let length = |row: usize| -> usize {
                    bounds.iter().map(|bounds| (bounds[row + 1] - bounds[row]) as usize).sum()
                };
                let offsets = offsets((0..self.lanes_of(*parent)).map(length))?;
                Some(Frame::new(offsets, vec![]))
            }
            Kind::InList(ids) => {
                let lanes: Vec<_> = ids.iter().map(|id| self.lane(*id)).collect();
                let all: Vec<_> = lanes.iter().map(|lane| positions(lane)).collect();
                let length = |row: usize| if all.iter().all(|of| of[row] != NOWHERE) { ids.len() } else { 0 };
                let offsets = offsets((0..self.lanes_of(*parent)).map(length))?;
                Some(Frame::new(offsets, vec![]))
            }
            Kind::Sorted(of) => Some(Frame::new(self.bounds(*of, *parent).to_vec(), vec![])),
        }
    }

    /// The objects of the rows of the block.
    fn objects(&mut self, domain: DomainId) -> Option<Frame> {
        let bounds = self.lists.domains.get(&domain)?.as_slice();
        let length = |row: usize| (bounds[self.start + row + 1] - bounds[self.start + row]) as usize;
        let Some(chosen) = self.chosen else {
            return Some(Frame::new(offsets((0..self.rows).map(length))?, vec![]));
        };
        let first = bounds[self.start];
        let mut positions: Vec<u32> = Vec::new();
        for row in chosen {
            let row = self.start + *row as usize;
            positions.extend((bounds[row] - first) as u32..(bounds[row + 1] - first) as u32);
        }
        Some(Frame::new(offsets(chosen.iter().map(|row| length(*row as usize)))?, vec![positions.into()]))
    }

    /// The lanes of a domain that have a mark.
    fn kept(&mut self, of: DomainId, mask: Id) -> Frame {
        let frame = self.frame(of);
        let mut marks = vec![0; frame.lanes];
        self.condition(mask, false, &mut marks);
        let kept = crate::evaluate::kernel::positions(&marks);
        let mut at = 0;
        let offsets = frame.offsets.iter().map(|end| {
            while kept.get(at).is_some_and(|position| position < end) {
                at += 1;
            }
            at as u32
        });
        Frame::new(offsets.collect(), vec![kept.into()])
    }

    /// Where the lanes of a domain begin for each lane of a domain around it, and where the last ends.
    pub(super) fn bounds(&mut self, domain: DomainId, outer: DomainId) -> Rc<[u32]> {
        let mut path = vec![domain];
        let mut at = self.program.domains[domain].parent;
        while at != outer {
            path.push(at);
            at = self.program.domains[at].parent;
        }
        let mut bounds: Option<Rc<[u32]>> = None;
        for step in path.into_iter().rev() {
            let inner = self.frame(step).offsets.clone();
            bounds = Some(match bounds {
                None => inner,
                Some(bounds) => bounds.iter().map(|at| inner[*at as usize]).collect(),
            });
        }
        bounds.unwrap_or_else(|| Vec::new().into())
    }

    /// What makes the lanes of items or combinations.
    pub(super) fn generator(&mut self, domain: DomainId) -> Generator {
        let program = self.program;
        let Domain { parent, kind, .. } = &program.domains[domain];
        match kind {
            Kind::Items { of, outer } => {
                let bounds = self.bounds(*of, *outer);
                let rows = self.ancestors(*parent, *outer);
                Generator::new(rows.iter().map(|row| (bounds[*row as usize], bounds[*row as usize + 1])).collect(), 1)
            }
            Kind::Combinations { of, size } => {
                let bounds = self.bounds(*of, *parent);
                Generator::new(bounds.windows(2).map(|bounds| (bounds[0], bounds[1])).collect(), *size)
            }
            _ => Generator::new(Vec::new(), 1),
        }
    }

    /// The lane of a domain around it to which each lane belongs.
    fn ancestors(&mut self, domain: DomainId, outer: DomainId) -> Rc<[u32]> {
        if domain == outer {
            return (0..self.lanes_of(domain) as u32).collect();
        }
        let own = self.frame(domain).parents();
        let parent = self.program.domains[domain].parent;
        if parent == outer {
            return own;
        }
        let above = self.ancestors(parent, outer);
        own.iter().map(|lane| above[*lane as usize]).collect()
    }
}
