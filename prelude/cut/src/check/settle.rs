//! Where a node lives: its inputs are brought to one domain, or two lists do not fit together.

use crate::check::checker::{Checked, Checker, Noted};
use crate::check::domain::{DomainId, Kind, ROWS};
use crate::check::program::{Id, Op};
use crate::check::types::Type;
use crate::error::{Problem, Span};
use crate::value::Value;

impl Checker<'_> {
    /// Adds a node; what has only literals below it becomes one. Inputs of outer domains are repeated for the innermost.
    pub fn push(&mut self, op: Op, dtype: Type) -> Id {
        let inputs = op.inputs();
        if !inputs.is_empty() && inputs.iter().all(|id| self.program.value(*id).is_some()) {
            let id = self.program.push(op, dtype.clone(), ROWS);
            return match (self.fold)(&self.program, id) {
                Some(value) => {
                    let dtype = if let Value::Decimal(_, scale) = value { Type::Exact(scale) } else { dtype };
                    self.program.push(Op::Literal(value), dtype, ROWS)
                }
                None => id,
            };
        }
        if !self.program.has_lists() {
            return self.program.push(op, dtype, ROWS);
        }
        let Ok(target) = self.meet(&op, &inputs) else {
            // The problem is noted, so nobody will evaluate this.
            return self.program.push(Op::Literal(Value::Null), dtype, ROWS);
        };
        let moved: Vec<(Id, Id)> = inputs.iter().map(|id| (*id, self.bring(*id, target))).collect();
        let find = |id: Id| moved.iter().find(|(old, _)| *old == id).map_or(id, |(_, new)| *new);
        self.push_once_per_object(op.with_inputs(find), dtype, target)
    }

    /// What depends on one object alone is computed for each object, not for each combination that it is in.
    fn push_once_per_object(&mut self, op: Op, dtype: Type, target: DomainId) -> Id {
        let mut common: Option<(Id, DomainId)> = None;
        let mut values: Vec<(Id, Id)> = Vec::new();
        for id in op.inputs() {
            match *self.program.op(id) {
                Op::Gather(value, position) if self.always_there(position) => {
                    let found = (position, self.program.nodes[value].domain);
                    if common.get_or_insert(found) != &found {
                        return self.program.push(op, dtype, target);
                    }
                    values.push((id, value));
                }
                _ if self.is_everywhere(id) => values.push((id, id)),
                _ => return self.program.push(op, dtype, target),
            }
        }
        let Some((position, domain)) = common else { return self.program.push(op, dtype, target) };
        if !matches!(self.program.domains[domain].kind, Kind::Objects { .. } | Kind::Concat(_)) {
            return self.program.push(op, dtype, target);
        }
        let find = |id: Id| values.iter().find(|(old, _)| *old == id).map_or(id, |(_, new)| *new);
        let inner = self.program.push(op.with_inputs(find), dtype.clone(), domain);
        self.program.push(Op::Gather(inner, position), dtype, target)
    }

    /// Whether a position is one of an object that is there.
    fn always_there(&self, position: Id) -> bool {
        match *self.program.op(position) {
            Op::Lane(_) => true,
            Op::Gather(inner, at) => self.always_there(inner) && self.always_there(at),
            Op::Expand(inner) => self.always_there(inner),
            _ => false,
        }
    }

    /// Whether it is one value, which needs no lane.
    pub fn is_everywhere(&self, id: Id) -> bool {
        match self.program.op(id) {
            Op::Literal(Value::Null) => false,
            Op::Literal(_) | Op::Reduce(..) => true,
            _ => false,
        }
    }

    pub fn domain_of(&self, id: Id) -> DomainId {
        self.program.nodes[id].domain
    }

    /// Whether a domain is what is looked at here, or around it; else its lanes are a list.
    pub fn in_scope(&self, domain: DomainId) -> bool {
        self.program.within(self.here, domain)
    }

    /// The domain in scope for whose lanes a domain is a list.
    pub fn outer_of(&self, mut domain: DomainId) -> DomainId {
        while !self.in_scope(domain) {
            domain = self.program.domains[domain].parent;
        }
        domain
    }

    /// The domain in which an operation on these nodes is done.
    fn meet(&mut self, op: &Op, inputs: &[Id]) -> Checked<DomainId> {
        let mut deepest = ROWS;
        let mut lists: Vec<(DomainId, Id)> = Vec::new();
        for &id in inputs.iter().filter(|id| !self.is_everywhere(**id)) {
            let domain = self.domain_of(id);
            if self.in_scope(domain) {
                if self.program.depth(domain) > self.program.depth(deepest) {
                    deepest = domain;
                }
            } else if !lists.iter().any(|(known, _)| *known == domain) {
                lists.push((domain, id));
            }
        }
        match *lists.as_slice() {
            [] => Ok(deepest),
            [(list, _)] if self.bracket == Some((self.here, list)) => Ok(self.here),
            [(list, _)] if self.program.within(list, deepest) => Ok(list),
            [(list, _)] => {
                let outer = self.outer_of(list);
                self.program.whole(list, outer);
                Ok(self.program.domain(deepest, Kind::Items { of: list, outer }))
            }
            [(one, a), (other, b), ..] => self.different(op, (one, a), (other, b)),
        }
    }

    /// Brings a node to a domain in which [`Checker::meet`] found it to fit.
    pub fn bring(&mut self, id: Id, target: DomainId) -> Id {
        let (domain, dtype) = (self.domain_of(id), self.dtype(id));
        if domain == target || self.is_everywhere(id) {
            return id;
        }
        if !self.program.within(target, domain) {
            let lane = self.program.push(Op::Lane(0), Type::Position, target);
            return self.gather(id, lane);
        }
        let mut path = vec![target];
        let mut at = self.program.domains[target].parent;
        while at != domain {
            path.push(at);
            at = self.program.domains[at].parent;
        }
        path.into_iter().rev().fold(id, |id, step| self.program.push(Op::Expand(id), dtype.clone(), step))
    }

    /// The same with a lane of its own, also for literals.
    pub fn spread(&mut self, id: Id, target: DomainId) -> Id {
        if self.is_everywhere(id) && target != ROWS {
            let dtype = self.dtype(id);
            return self.program.push(Op::Expand(id), dtype, target);
        }
        self.bring(id, target)
    }

    /// Values at positions; positions of positions become one.
    pub fn gather(&mut self, value: Id, position: Id) -> Id {
        if self.is_everywhere(value) {
            return value;
        }
        let (dtype, domain) = (self.dtype(value), self.domain_of(position));
        if let Op::Gather(inner, first) = *self.program.op(value) {
            let both = self.gather(first, position);
            return self.program.push(Op::Gather(inner, both), dtype, domain);
        }
        self.program.push(Op::Gather(value, position), dtype, domain)
    }

    fn different<T>(&mut self, op: &Op, (one, a): (DomainId, Id), (other, b): (DomainId, Id)) -> Checked<T> {
        let everything: Span = 0..self.text.len();
        let place = |id: &Id| self.places.get(id).cloned().unwrap_or_else(|| everything.clone());
        let (first, second) = (place(&a), place(&b));
        let (left, right) = (self.collection_name(one), self.collection_name(other));
        let problem = if left.is_some() && left == right {
            let name = left.unwrap_or_default();
            let reason = format!("a part of `{name}` and all of it have different lengths");
            Problem::new(reason, first).help("write one selection, and use its name or text on both sides")
        } else {
            let help = match (&left, &right) {
                (Some(left), Some(right)) => self.for_all_pairs(op, (left, &first), (right, &second)),
                _ => "write them as one list".to_owned(),
            };
            Problem::new("lists of different collections", first).help(help)
        };
        self.add(problem.and(second));
        Err(Noted)
    }

    fn for_all_pairs(&self, op: &Op, (left, first): (&str, &Span), (right, second): (&str, &Span)) -> String {
        let renamed = |name: &str, span: &Span, new: &str| {
            let field = self.text.get(span.clone())?.strip_prefix(name)?.strip_prefix('.')?.to_owned();
            let plain = field.chars().all(|c| c == '_' || c.is_alphanumeric());
            plain.then(|| format!("{new}.{field}"))
        };
        match (op, renamed(left, first, "a"), renamed(right, second, "b")) {
            (Op::Compare(sign, ..), Some(a), Some(b)) => {
                format!("for all pairs: any({a} {} {b} for a in {left} for b in {right})", sign.symbol())
            }
            _ => format!("for all pairs write `for a in {left} for b in {right}`"),
        }
    }

    /// The name of the collection that the lanes of a domain are objects of.
    fn collection_name(&self, domain: DomainId) -> Option<String> {
        if let Some(found) = self.collections.iter().find(|collection| collection.domain == domain) {
            return Some(found.name.to_string());
        }
        let kind = &self.program.domains[domain].kind;
        match kind.others().first() {
            Some(of) => self.collection_name(*of),
            None => None,
        }
    }
}
