//! A checked cut: an arena of typed nodes, equal nodes stored once.

use crate::check::functions::Name;
use crate::check::members::Members;
use crate::check::text::{TextMap, TextTest};
use crate::check::types::Type;
use crate::syntax::expr::{Binary, Compare};
use crate::value::{Function, Value};
use polars::prelude::{DataType, PlSmallStr};
use std::collections::HashMap;

pub(crate) type Id = usize;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Op {
    Column(usize),
    Literal(Value),
    /// The same truth for every row, although it was written with a column.
    Constant(bool),
    /// Never `In`/`NotIn`.
    Compare(Compare, Class, Id, Id),
    IsIn(Id, Members),
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
    External(Function, Vec<Id>),
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
    /// Times, or durations, of whatever units.
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
    /// How many nodes use it.
    pub uses: u32,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Program {
    pub nodes: Vec<Node>,
    pub columns: Vec<PlSmallStr>,
    pub dtypes: Vec<DataType>,
    index: HashMap<String, Vec<Id>>,
}

impl Program {
    /// Adds a node, or finds the equal one.
    pub fn push(&mut self, op: Op, dtype: Type) -> Id {
        let constant = match &op {
            Op::Column(_) | Op::Constant(_) => false,
            Op::Literal(_) | Op::Reduce(..) => true,
            op => op.inputs().iter().all(|id| self.nodes[*id].constant),
        };
        // The printed form only narrows the search; equality decides.
        let candidates = self.index.entry(key(&op)).or_default();
        if let Some(id) = candidates.iter().find(|id| self.nodes[**id].op == op && self.nodes[**id].dtype == dtype) {
            return *id;
        }
        let id = self.nodes.len();
        candidates.push(id);
        for input in op.inputs() {
            self.nodes[input].uses += 1;
        }
        self.nodes.push(Node { op, dtype, constant, uses: 0 });
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
            Self::Column(_) | Self::Literal(_) | Self::Constant(_) => vec![],
            Self::Compare(_, _, a, b) | Self::Xor(a, b) | Self::Arithmetic(_, a, b) => vec![*a, *b],
            Self::IsIn(a, _)
            | Self::IsMissing(a)
            | Self::Not(a)
            | Self::Neg(a)
            | Self::Abs(a)
            | Self::Invert(a)
            | Self::TextTest(_, a)
            | Self::TextMap(_, a)
            | Self::TextLength(a)
            | Self::Reduce(_, a) => vec![*a],
            Self::And(all)
            | Self::Or(all)
            | Self::Function(_, all)
            | Self::Extreme(_, all)
            | Self::External(_, all) => all.clone(),
            Self::Where(a, b, c) => vec![*a, *b, *c],
        }
    }

    /// The same operation on other nodes.
    pub fn with_inputs(&self, new: impl Fn(Id) -> Id) -> Self {
        let all = |ids: &Vec<Id>| ids.iter().map(|id| new(*id)).collect();
        match self {
            Self::Column(_) | Self::Literal(_) | Self::Constant(_) => self.clone(),
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
        )
    }
}
