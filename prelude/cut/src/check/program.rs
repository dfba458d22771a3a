//! A checked cut: an arena of typed nodes, equal nodes stored once.

use crate::check::domain::{Domain, DomainId, Kind, ROWS, Seen};
use crate::check::functions::Name;
use crate::check::members::InList;
use crate::check::text::{TextMap, TextTest};
use crate::check::types::Type;
use crate::syntax::expr::{Binary, Compare};
use crate::value::{Body, UserFunction, Value};
use polars::prelude::{DataType, PlSmallStr};
use std::collections::HashMap;
use std::sync::Arc;

pub(crate) type Id = usize;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Op {
    Column(usize),
    Literal(Value),
    /// The same truth for every row, although it was written with a column.
    Constant(bool),
    /// Never `In`/`NotIn`.
    Compare(Compare, Class, Id, Id),
    IsIn(Id, InList),
    IsMissing(Id),
    And(Vec<Id>),
    Or(Vec<Id>),
    Xor(Id, Id),
    Not(Id),
    Arithmetic(Binary, Id, Id),
    Neg(Id),
    Abs(Id),
    Invert(Id),
    Function(Name, Vec<Id>),
    /// Smallest (`false`) or largest (`true`).
    Extreme(bool, Vec<Id>),
    Where(Id, Id, Id),
    TextTest(TextTest, Id),
    TextMap(TextMap, Id),
    TextLength(Id),
    /// One number for the whole table.
    Reduce(Reduce, Id),
    External(UserFunction, Vec<Id>),
    /// Objects and structs: the values of a column that holds lists, or of a field of the structs in it.
    Leaf(usize, Option<Arc<str>>),
    /// A value of the parent of the node's domain for each of its lanes.
    Expand(Id),
    /// The positions of the node's domain in the one it is made from; of combinations the first, second or third.
    Lane(usize),
    /// Values at positions of their domain.
    Gather(Id, Id),
    /// The values of several domains one after another; missing where a domain has none.
    Join(Vec<Option<Id>>),
    /// The values of the objects of a combination.
    Interleave(Vec<Id>),
    /// The position of an element: its index, the first position, and the one after the last. An index that is `counted`
    /// may count from the end; one that was computed may not.
    At {
        counted: bool,
        index: Id,
        start: Id,
        end: Id,
    },
    /// Where the list of a lane begins in a domain.
    Start(DomainId),
    /// Where it ends.
    End(DomainId),
    /// How many lanes of a domain there are.
    Length(DomainId),
    Fold(Fold, Id),
    /// The position that has the lowest (`false`) or highest (`true`) key.
    Best {
        largest: bool,
        key: Id,
        position: Id,
    },
    Sort(Id),
    /// Whether there is an object at a position.
    Present(Id),
    /// Whether two positions are the same, and there is an object.
    Same(Id, Id),
    /// A quantity of four-vectors, from their components.
    Vector(Quantity, Vec<Id>),
}

/// How a list becomes one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fold {
    Sum,
    Mean,
    Min,
    Max,
    Count,
    Any,
    All,
}

/// What is computed of four-vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Quantity {
    /// The square root of E² − p², with its sign; of E and p of any number of vectors.
    Mass,
    /// An angle between -π and π.
    Wrapped,
    /// The component along x of a length and an angle, and along y.
    AlongX,
    AlongY,
    /// The component along the beam of a transverse momentum and a pseudorapidity.
    AlongZ,
    /// The energy of a momentum and a mass.
    Energy,
    /// √(x² + y² + ..)
    Length,
    /// The angle between two momenta.
    Angle,
    /// The components of a vector where another is at rest: of x, y, z, E of both.
    BoostX,
    BoostY,
    BoostZ,
    BoostE,
    /// √(2 a b (1 − cos φ)) of two transverse momenta and the angle between them.
    TransverseMass,
}

/// As what two sides are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    Bool,
    I64,
    U64,
    /// u64 on the left and a signed integer on the right.
    Mixed,
    F32,
    F64,
    /// Decimals and integers of 128 bits, digit for digit.
    Exact,
    /// Times, or durations, of any units.
    Time,
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reduce {
    Mean,
    Sum,
    Min,
    Max,
    Std,
    Median,
}

impl Reduce {
    /// The reduction that a method asks for.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "mean" => Self::Mean,
            "sum" => Self::Sum,
            "min" => Self::Min,
            "max" => Self::Max,
            "std" => Self::Std,
            "median" => Self::Median,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub op: Op,
    pub dtype: Type,
    /// The same for all rows.
    pub constant: bool,
    /// Whether a table is looked up in it, which may have no value for a row.
    pub fallible: bool,
    /// How many nodes use it.
    pub uses: u32,
    pub domain: DomainId,
}

#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub nodes: Vec<Node>,
    pub domains: Vec<Domain>,
    pub columns: Vec<PlSmallStr>,
    pub dtypes: Vec<DataType>,
    index: HashMap<String, Vec<Id>>,
}

impl Default for Program {
    fn default() -> Self {
        let rows = Domain { parent: ROWS, kind: Kind::Rows, whole: false, seen: Seen::default() };
        Self { nodes: Vec::new(), domains: vec![rows], columns: Vec::new(), dtypes: Vec::new(), index: HashMap::new() }
    }
}

impl Program {
    /// Whether it has values of objects.
    pub fn has_lists(&self) -> bool {
        self.domains.len() > 1
    }

    /// Adds a column of the table, or finds it.
    pub fn column(&mut self, name: &PlSmallStr, dtype: &DataType) -> usize {
        self.columns.iter().position(|known| known == name).unwrap_or_else(|| {
            self.columns.push(name.clone());
            self.dtypes.push(dtype.clone());
            self.columns.len() - 1
        })
    }

    /// Adds a node, or finds the equal one.
    pub fn push(&mut self, op: Op, dtype: Type, domain: DomainId) -> Id {
        let constant = match &op {
            op if op.is_list() => false,
            Op::Column(_) | Op::Constant(_) => false,
            Op::Literal(_) | Op::Reduce(..) => true,
            op => op.inputs().iter().all(|id| self.nodes[*id].constant),
        };
        let looks_up = matches!(&op, Op::External(UserFunction(Body::Table(_)), _));
        let fallible = looks_up || op.inputs().iter().any(|id| self.nodes[*id].fallible);
        // The printed form only narrows the search; equality decides.
        let candidates = self.index.entry(key(&op)).or_default();
        let equal = |node: &Node| node.op == op && node.dtype == dtype && node.domain == domain;
        if let Some(id) = candidates.iter().find(|id| equal(&self.nodes[**id])) {
            return *id;
        }
        let id = self.nodes.len();
        candidates.push(id);
        for input in op.inputs() {
            self.nodes[input].uses += 1;
        }
        self.nodes.push(Node { op, dtype, constant, fallible, uses: 0, domain });
        id
    }

    pub fn op(&self, id: Id) -> &Op {
        &self.nodes[id].op
    }

    pub fn dtype(&self, id: Id) -> &Type {
        &self.nodes[id].dtype
    }

    /// The literal a node is.
    pub fn value(&self, id: Id) -> Option<&Value> {
        if let Op::Literal(value) = self.op(id) { Some(value) } else { None }
    }
}

fn key(op: &Op) -> String {
    match op {
        Op::IsIn(input, members) => format!("in {input} {}", members.len()),
        Op::Literal(Value::Text(text)) => format!("text {text}"),
        Op::External(_, inputs) => format!("external {inputs:?}"),
        op => format!("{op:?}"),
    }
}

impl Op {
    pub fn inputs(&self) -> Vec<Id> {
        match self {
            Self::Column(_)
            | Self::Literal(_)
            | Self::Constant(_)
            | Self::Leaf(..)
            | Self::Lane(_)
            | Self::Start(_)
            | Self::End(_)
            | Self::Length(_) => vec![],
            Self::Compare(_, _, a, b)
            | Self::Xor(a, b)
            | Self::Arithmetic(_, a, b)
            | Self::Gather(a, b)
            | Self::Same(a, b)
            | Self::Best { key: a, position: b, .. } => vec![*a, *b],
            Self::Join(parts) => parts.iter().flatten().copied().collect(),
            Self::IsIn(a, _)
            | Self::IsMissing(a)
            | Self::Not(a)
            | Self::Neg(a)
            | Self::Abs(a)
            | Self::Invert(a)
            | Self::TextTest(_, a)
            | Self::TextMap(_, a)
            | Self::TextLength(a)
            | Self::Reduce(_, a)
            | Self::Expand(a)
            | Self::Fold(_, a)
            | Self::Sort(a)
            | Self::Present(a) => vec![*a],
            Self::And(all)
            | Self::Or(all)
            | Self::Function(_, all)
            | Self::Extreme(_, all)
            | Self::Interleave(all)
            | Self::Vector(_, all)
            | Self::External(_, all) => all.clone(),
            Self::Where(a, b, c) | Self::At { index: a, start: b, end: c, .. } => vec![*a, *b, *c],
        }
    }

    /// The same operation on other nodes.
    pub fn with_inputs(&self, new: impl Fn(Id) -> Id) -> Self {
        let all = |ids: &Vec<Id>| ids.iter().map(|id| new(*id)).collect();
        match self {
            Self::Column(_)
            | Self::Literal(_)
            | Self::Constant(_)
            | Self::Leaf(..)
            | Self::Lane(_)
            | Self::Start(_)
            | Self::End(_)
            | Self::Length(_) => self.clone(),
            Self::Expand(a) => Self::Expand(new(*a)),
            Self::Gather(a, b) => Self::Gather(new(*a), new(*b)),
            Self::Join(parts) => Self::Join(parts.iter().map(|part| part.map(&new)).collect()),
            Self::Interleave(ids) => Self::Interleave(all(ids)),
            Self::At { counted, index, start, end } => {
                Self::At { counted: *counted, index: new(*index), start: new(*start), end: new(*end) }
            }
            Self::Fold(fold, a) => Self::Fold(*fold, new(*a)),
            Self::Best { largest, key, position } => {
                Self::Best { largest: *largest, key: new(*key), position: new(*position) }
            }
            Self::Sort(a) => Self::Sort(new(*a)),
            Self::Present(a) => Self::Present(new(*a)),
            Self::Same(a, b) => Self::Same(new(*a), new(*b)),
            Self::Vector(quantity, ids) => Self::Vector(*quantity, all(ids)),
            Self::Compare(op, class, a, b) => Self::Compare(*op, *class, new(*a), new(*b)),
            Self::IsIn(a, members) => Self::IsIn(new(*a), members.clone()),
            Self::IsMissing(a) => Self::IsMissing(new(*a)),
            Self::And(ids) => Self::And(all(ids)),
            Self::Or(ids) => Self::Or(all(ids)),
            Self::Xor(a, b) => Self::Xor(new(*a), new(*b)),
            Self::Not(a) => Self::Not(new(*a)),
            Self::Arithmetic(op, a, b) => Self::Arithmetic(*op, new(*a), new(*b)),
            Self::Neg(a) => Self::Neg(new(*a)),
            Self::Abs(a) => Self::Abs(new(*a)),
            Self::Invert(a) => Self::Invert(new(*a)),
            Self::Function(name, ids) => Self::Function(*name, all(ids)),
            Self::Extreme(largest, ids) => Self::Extreme(*largest, all(ids)),
            Self::Where(a, b, c) => Self::Where(new(*a), new(*b), new(*c)),
            Self::TextTest(test, a) => Self::TextTest(test.clone(), new(*a)),
            Self::TextMap(change, a) => Self::TextMap(*change, new(*a)),
            Self::TextLength(a) => Self::TextLength(new(*a)),
            Self::Reduce(reduce, a) => Self::Reduce(*reduce, new(*a)),
            Self::External(function, ids) => Self::External(function.clone(), all(ids)),
        }
    }

    /// The domain that it looks at, apart from those of its inputs.
    pub fn looks_at(&self) -> Option<DomainId> {
        match self {
            Self::Start(domain) | Self::End(domain) | Self::Length(domain) => Some(*domain),
            _ => None,
        }
    }

    /// The same operation on another domain.
    pub fn with_domain(self, new: impl Fn(DomainId) -> DomainId) -> Self {
        match self {
            Self::Start(domain) => Self::Start(new(domain)),
            Self::End(domain) => Self::End(new(domain)),
            Self::Length(domain) => Self::Length(new(domain)),
            other => other,
        }
    }

    /// Whether it goes from one domain to another, or belongs to objects.
    pub fn is_list(&self) -> bool {
        matches!(
            self,
            Self::Leaf(..)
                | Self::Expand(_)
                | Self::Lane(_)
                | Self::Gather(..)
                | Self::Join(_)
                | Self::Interleave(_)
                | Self::Start(_)
                | Self::End(_)
                | Self::Length(_)
                | Self::Fold(..)
                | Self::Best { .. }
                | Self::Sort(_)
        )
    }

    /// Whether the result is plainly true or false, never missing.
    pub fn is_predicate(&self) -> bool {
        matches!(
            self,
            Self::Compare(..)
                | Self::IsIn(..)
                | Self::IsMissing(_)
                | Self::And(_)
                | Self::Or(_)
                | Self::Xor(..)
                | Self::Not(_)
                | Self::TextTest(..)
                | Self::Constant(_)
                | Self::Present(_)
                | Self::Same(..)
        )
    }
}
