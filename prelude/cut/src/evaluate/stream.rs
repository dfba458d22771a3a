//! Nodes that go from one domain to another, and domains that come in parts: of combinations only some are looked at at
//! a time, so that an event with a million triples needs no memory for them.

use crate::check::domain::{DomainId, Kind, ROWS};
use crate::check::program::{Id, Op};
use crate::check::types::Type;
use crate::evaluate::evaluator::Evaluator;
use crate::evaluate::fold::{self, State};
use crate::evaluate::frame::LANES;
use crate::evaluate::gather::{gather, joined, merged};
use crate::evaluate::lane::{Data, Lane};
use crate::evaluate::objects::positions;
use std::rc::Rc;

/// What is done with the lanes of each part.
type Use<'u, 'p, 'a> = &'u mut dyn FnMut(&mut Evaluator<'p, 'a>);

impl<'p, 'a> Evaluator<'p, 'a> {
    /// The values of a node that looks at other domains than its own.
    pub(super) fn list_lane(&mut self, id: Id) -> Rc<Lane<'a>> {
        let program = self.program;
        let (dtype, domain) = (program.dtype(id), program.nodes[id].domain);
        match program.op(id) {
            Op::Leaf(..) => Rc::new(self.leaf_lane(id)),
            Op::Expand(input) => {
                let lane = self.lane(*input);
                if matches!(lane.data, Data::One(_)) && lane.valid.is_none() {
                    return lane;
                }
                if matches!(lane.data, Data::One(_)) {
                    let lanes = vec![0; self.lanes_of(domain)];
                    return Rc::new(gather(&lane, dtype, &lanes));
                }
                let parents = self.frame(domain).parents();
                Rc::new(gather(&lane, dtype, &parents))
            }
            Op::Lane(at) => Rc::new(Lane::new(Data::U32(self.lane_positions(domain, *at).to_vec().into()))),
            Op::Gather(values, position) => self.gathered(*values, *position, dtype),
            Op::Join(parts) => Rc::new(self.join(parts, dtype, domain)),
            Op::Interleave(parts) => Rc::new(self.interleave(parts, dtype, domain)),
            Op::Start(of) | Op::End(of) => {
                let bounds = self.bounds(*of, domain);
                let from = usize::from(matches!(program.op(id), Op::End(_)));
                let values = bounds[from..bounds.len() - 1 + from].to_vec();
                Rc::new(Lane::new(Data::U32(values.into())))
            }
            Op::Sort(input) => {
                let Kind::Sorted(of) = program.domains[domain].kind else { return Rc::new(Lane::marks(vec![])) };
                let bounds = self.bounds(of, program.domains[domain].parent);
                let lane = self.lane(*input);
                Rc::new(gather(&lane, dtype, &fold::order(&lane, dtype, &bounds)))
            }
            _ => self.fold(id),
        }
    }

    fn leaf_lane(&mut self, id: Id) -> Lane<'a> {
        let lists = self.lists;
        let Some((column, offsets)) = lists.leaves.get(&id) else { return Lane::marks(vec![]) };
        if offsets.is_none() {
            return column.load(self.start, self.rows, self.chosen);
        }
        let first = lists.first(id, self.start);
        let last = lists.first(id, self.start + self.rows);
        let chosen = self.chosen.is_some().then(|| self.frame(self.program.nodes[id].domain).positions[0].clone());
        if last == first {
            return column.empty();
        }
        column.load(first, last - first, chosen.as_deref())
    }

    /// Positions of the lanes of a domain in the one it is made from.
    fn lane_positions(&mut self, domain: DomainId, at: usize) -> Rc<[u32]> {
        let lanes = self.lanes_of(domain);
        if domain == ROWS || matches!(self.program.domains[domain].kind, Kind::Objects { .. }) {
            return (0..lanes as u32).collect();
        }
        let frame = self.frame(domain);
        frame.positions.get(at).cloned().unwrap_or_else(|| (0..lanes as u32).collect())
    }

    fn gathered(&mut self, values: Id, position: Id, dtype: &Type) -> Rc<Lane<'a>> {
        let program = self.program;
        if let Op::Lane(_) = program.op(position)
            && program.is_identity(program.nodes[position].domain)
        {
            return self.lane(values);
        }
        // Positions of lanes one to one are the positions.
        if let Op::Lane(_) = program.op(values)
            && program.is_identity(program.nodes[values].domain)
        {
            return self.lane(position);
        }
        let at = self.lane(position);
        let lane = self.lane(values);
        Rc::new(gather(&lane, dtype, positions(&at)))
    }

    /// The values of several domains, for each lane of the parent one after another.
    fn join(&mut self, parts: &[Option<Id>], dtype: &Type, domain: DomainId) -> Lane<'a> {
        let program = self.program;
        let Kind::Concat(domains) = &program.domains[domain].kind else { return Lane::marks(vec![]) };
        let parent = program.domains[domain].parent;
        let bounds: Vec<_> = domains.iter().map(|part| self.bounds(*part, parent)).collect();
        let lanes: Vec<_> = parts.iter().map(|part| part.map(|id| self.lane(id))).collect();
        let found: Vec<_> = lanes.iter().map(Option::as_deref).collect();
        if let Some(joined) = joined(&found, &self.frame(domain).places(&bounds)) {
            return joined;
        }
        let mut places = Vec::with_capacity(self.lanes_of(domain));
        for row in 0..self.lanes_of(parent) {
            for (part, bounds) in bounds.iter().enumerate() {
                places.extend((bounds[row]..bounds[row + 1]).map(|at| (part as u32, at)));
            }
        }
        merged(&found, dtype, &places)
    }

    /// The values of the objects of combinations.
    fn interleave(&mut self, parts: &[Id], dtype: &Type, domain: DomainId) -> Lane<'a> {
        let lanes: Vec<_> = parts.iter().map(|id| self.lane(*id)).collect();
        let parents = self.frame(domain).parents();
        let size = parts.len();
        let places: Vec<_> = parents.iter().enumerate().map(|(at, lane)| ((at % size) as u32, *lane)).collect();
        let lanes: Vec<_> = lanes.iter().map(|lane| Some(&**lane)).collect();
        merged(&lanes, dtype, &places)
    }

    /// A fold, and those that are made in the same pass.
    fn fold(&mut self, id: Id) -> Rc<Lane<'a>> {
        let program = self.program;
        let Some((layout, at)) = self.lists.layout.and_then(|layout| Some((layout, *layout.passes.get(&id)?))) else {
            return Rc::new(Lane::marks(vec![]));
        };
        let pass = &layout.all[at];
        let (from, to) = (pass.from, pass.to);
        if let Op::Length(domain) = program.op(id)
            && program.is_anchored(to, program.anchor(*domain))
        {
            let bounds = self.bounds(*domain, to);
            let lengths = bounds.windows(2).map(|bounds| bounds[1] - bounds[0]).collect();
            return Rc::new(Lane::new(Data::U32(lengths)));
        }
        // One by one where all lanes are there anyway.
        let ids: &[Id] = if program.is_anchored(to, program.anchor(from)) { &[id] } else { &pass.folds };
        let lanes = self.lanes_of(to);
        let mut states: Vec<State> = ids.iter().map(|id| State::new(program, *id, lanes)).collect();
        self.stream(from, to, &pass.before, &mut |evaluator| {
            let bounds = evaluator.bounds(from, to);
            for (state, id) in states.iter_mut().zip(ids) {
                match evaluator.program.op(*id) {
                    Op::Fold(_, value) => {
                        let lane = evaluator.lane(*value);
                        state.take(&lane, &bounds);
                    }
                    Op::Best { key, position, .. } => {
                        let (key, position) = (evaluator.lane(*key), evaluator.lane(*position));
                        state.take_best(&key, positions(&position), &bounds);
                    }
                    _ => state.count(&bounds),
                }
            }
        });
        let mut wanted = None;
        for (state, made) in states.into_iter().zip(ids) {
            let lane = Rc::new(state.finish());
            self.shared[*made] = Some(lane.clone());
            if *made == id {
                wanted = Some(lane);
            }
        }
        wanted.unwrap_or_else(|| Rc::new(Lane::marks(vec![])))
    }

    /// Goes through the lanes of a domain that belong to those of `to`, part by part.
    pub(super) fn stream(&mut self, from: DomainId, to: DomainId, before: &[Id], each: Use<'_, 'p, 'a>) {
        let program = self.program;
        if from == to {
            return each(self);
        }
        let anchor = program.anchor(from);
        if program.is_anchored(to, anchor) {
            self.frame(from);
            return each(self);
        }
        if from == anchor {
            let parent = program.domains[from].parent;
            return self.stream(parent, to, before, &mut |evaluator| evaluator.parts(from, before, each));
        }
        // Its lanes are some of those of the anchor, or belong to them.
        self.stream(anchor, to, before, &mut |evaluator| {
            evaluator.frame(from);
            each(evaluator);
        });
    }

    /// Goes through items or combinations for the lanes of the parent that are looked at.
    fn parts(&mut self, domain: DomainId, before: &[Id], each: Use<'_, 'p, 'a>) {
        let program = self.program;
        for id in before {
            // What is outside of these lanes, and can be computed now.
            let anchor = program.anchor(program.nodes[*id].domain);
            if program.is_anchored(program.domains[domain].parent, anchor) {
                self.lane(*id);
            }
        }
        let mut generator = self.generator(domain);
        while let Some(frame) = generator.next(LANES) {
            if let Err(error) = segment::work::check() {
                self.stop(error);
            }
            if self.stopped.is_some() {
                break;
            }
            self.go_stale(domain);
            self.saw(domain, &frame);
            self.frames[domain] = Some(Rc::new(frame));
            each(self);
        }
        self.go_stale(domain);
        self.frames[domain] = None;
    }

    /// Forgets what depends on the lanes of a domain.
    fn go_stale(&mut self, domain: DomainId) {
        let Some(layout) = self.lists.layout else { return };
        let (domains, nodes) = &layout.stale[domain];
        domains.iter().for_each(|domain| self.frames[*domain] = None);
        nodes.iter().for_each(|id| self.shared[*id] = None);
    }
}
