//! `spark/connect/relations.proto`: tables and what is done with them.

use crate::proto::expression::{Expression, Order};
use std::collections::HashMap;

/// A table as it is computed. Nothing is done before it is run.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Relation {
    #[prost(message, optional, tag = "1")]
    common: Option<Common>,
    #[prost(oneof = "Kind", tags = "2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16")]
    kind: Option<Kind>,
}

/// What is said of every relation.
#[derive(Clone, PartialEq, prost::Message)]
struct Common {
    #[prost(int64, optional, tag = "2")]
    plan_id: Option<i64>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Kind {
    #[prost(message, tag = "2")]
    Read(Read),
    #[prost(message, tag = "3")]
    Project(Box<Project>),
    #[prost(message, tag = "4")]
    Filter(Box<Filter>),
    #[prost(message, tag = "5")]
    Join(Box<Join>),
    #[prost(message, tag = "6")]
    Union(Box<SetOperation>),
    #[prost(message, tag = "7")]
    Sort(Box<Sort>),
    #[prost(message, tag = "8")]
    Limit(Box<Limit>),
    #[prost(message, tag = "9")]
    Aggregate(Box<Aggregate>),
    #[prost(message, tag = "11")]
    Local(LocalRelation),
    #[prost(message, tag = "13")]
    Offset(Box<Offset>),
    #[prost(message, tag = "16")]
    Alias(Box<SubqueryAlias>),
}

#[derive(Clone, PartialEq, prost::Message)]
struct Read {
    #[prost(message, optional, tag = "2")]
    source: Option<DataSource>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct DataSource {
    #[prost(string, optional, tag = "1")]
    format: Option<String>,
    #[prost(map = "string, string", tag = "3")]
    options: HashMap<String, String>,
    #[prost(string, repeated, tag = "4")]
    paths: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Project {
    #[prost(message, optional, tag = "1")]
    input: Option<Relation>,
    #[prost(message, repeated, tag = "3")]
    expressions: Vec<Expression>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Filter {
    #[prost(message, optional, tag = "1")]
    input: Option<Relation>,
    #[prost(message, optional, tag = "2")]
    condition: Option<Expression>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Join {
    #[prost(message, optional, tag = "1")]
    left: Option<Relation>,
    #[prost(message, optional, tag = "2")]
    right: Option<Relation>,
    #[prost(message, optional, tag = "3")]
    condition: Option<Expression>,
    #[prost(int32, tag = "4")]
    how: i32,
}

/// Which rows a join leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinType {
    /// Pairs.
    Inner,
    /// Pairs, and rows of the left side without a partner.
    Left,
    /// Rows of the left side without a partner.
    LeftAnti,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SetOperation {
    #[prost(message, optional, tag = "1")]
    left: Option<Relation>,
    #[prost(message, optional, tag = "2")]
    right: Option<Relation>,
    #[prost(int32, tag = "3")]
    operation: i32,
    #[prost(bool, optional, tag = "4")]
    all: Option<bool>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Sort {
    #[prost(message, optional, tag = "1")]
    input: Option<Relation>,
    #[prost(message, repeated, tag = "2")]
    order: Vec<Order>,
    #[prost(bool, optional, tag = "3")]
    global: Option<bool>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Limit {
    #[prost(message, optional, tag = "1")]
    input: Option<Relation>,
    #[prost(int32, tag = "2")]
    limit: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Offset {
    #[prost(message, optional, tag = "1")]
    input: Option<Relation>,
    #[prost(int32, tag = "2")]
    offset: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Aggregate {
    #[prost(message, optional, tag = "1")]
    input: Option<Relation>,
    #[prost(int32, tag = "2")]
    group_type: i32,
    #[prost(message, repeated, tag = "3")]
    by: Vec<Expression>,
    #[prost(message, repeated, tag = "4")]
    aggregates: Vec<Expression>,
    #[prost(message, repeated, tag = "6")]
    sets: Vec<GroupingSet>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct GroupingSet {
    #[prost(message, repeated, tag = "1")]
    by: Vec<Expression>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct LocalRelation {
    #[prost(bytes = "vec", optional, tag = "1")]
    data: Option<Vec<u8>>,
    #[prost(string, optional, tag = "2")]
    schema: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SubqueryAlias {
    #[prost(message, optional, tag = "1")]
    input: Option<Relation>,
    #[prost(string, tag = "2")]
    alias: String,
}

const GROUP_BY: i32 = 1;
const GROUPING_SETS: i32 = 5;
const UNION: i32 = 2;

impl Relation {
    fn new(kind: Kind) -> Self {
        Self { common: None, kind: Some(kind) }
    }

    /// The rows of Parquet files, by their paths as the server sees them.
    pub fn parquet<P: Into<String>>(paths: impl IntoIterator<Item = P>) -> Self {
        let paths = paths.into_iter().map(Into::into).collect();
        let source = DataSource { format: Some("parquet".to_owned()), options: HashMap::new(), paths };
        Self::new(Kind::Read(Read { source: Some(source) }))
    }

    /// Rows that are sent along, as an Arrow IPC stream.
    pub fn rows(stream: Vec<u8>) -> Self {
        Self::new(Kind::Local(LocalRelation { data: Some(stream), schema: None }))
    }

    /// These columns and no others.
    #[must_use]
    pub fn select(self, expressions: Vec<Expression>) -> Self {
        Self::new(Kind::Project(Box::new(Project { input: Some(self), expressions })))
    }

    /// The rows for which a condition is true.
    #[must_use]
    pub fn filter(self, condition: Expression) -> Self {
        Self::new(Kind::Filter(Box::new(Filter { input: Some(self), condition: Some(condition) })))
    }

    /// One row for each combination of `by`, with what is computed of its rows; without `by` one row in all.
    #[must_use]
    pub fn aggregate(self, by: Vec<Expression>, aggregates: Vec<Expression>) -> Self {
        let sets = Vec::new();
        Self::new(Kind::Aggregate(Box::new(Aggregate {
            input: Some(self),
            group_type: GROUP_BY,
            by,
            aggregates,
            sets,
        })))
    }

    /// Several groupings in one pass: rows for each combination of each of `sets`, which are parts of `by`.
    #[must_use]
    pub fn aggregate_sets(self, by: Vec<Expression>, sets: Vec<Vec<Expression>>, aggregates: Vec<Expression>) -> Self {
        let sets = sets.into_iter().map(|by| GroupingSet { by }).collect();
        let input = Some(self);
        Self::new(Kind::Aggregate(Box::new(Aggregate { input, group_type: GROUPING_SETS, by, aggregates, sets })))
    }

    /// All rows in an order.
    #[must_use]
    pub fn sort(self, order: Vec<Order>) -> Self {
        Self::new(Kind::Sort(Box::new(Sort { input: Some(self), order, global: Some(true) })))
    }

    /// The first rows.
    #[must_use]
    pub fn limit(self, rows: i32) -> Self {
        Self::new(Kind::Limit(Box::new(Limit { input: Some(self), limit: rows })))
    }

    /// All rows but the first.
    #[must_use]
    pub fn offset(self, rows: i32) -> Self {
        Self::new(Kind::Offset(Box::new(Offset { input: Some(self), offset: rows })))
    }

    /// The relation under a name, so that a join can tell its columns from others.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self::new(Kind::Alias(Box::new(SubqueryAlias { input: Some(self), alias: name.to_owned() })))
    }

    /// Rows of both sides for which a condition is true.
    #[must_use]
    pub fn join(self, right: Self, condition: Expression, how: JoinType) -> Self {
        let how = match how {
            JoinType::Inner => 1,
            JoinType::Left => 3,
            JoinType::LeftAnti => 5,
        };
        let (left, right) = (Some(self), Some(right));
        Self::new(Kind::Join(Box::new(Join { left, right, condition: Some(condition), how })))
    }

    /// The rows of both, which have the same columns in the same order.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let (left, right) = (Some(self), Some(other));
        Self::new(Kind::Union(Box::new(SetOperation { left, right, operation: UNION, all: Some(true) })))
    }

    /// The relation with numbers of its parts, which Spark wants to tell them apart.
    pub(crate) fn numbered(mut self) -> Self {
        let mut next = 0;
        self.number(&mut next);
        self
    }

    fn number(&mut self, next: &mut i64) {
        self.common = Some(Common { plan_id: Some(*next) });
        *next += 1;
        let inputs: [Option<&mut Self>; 2] = match &mut self.kind {
            Some(Kind::Project(of)) => [of.input.as_mut(), None],
            Some(Kind::Filter(of)) => [of.input.as_mut(), None],
            Some(Kind::Sort(of)) => [of.input.as_mut(), None],
            Some(Kind::Limit(of)) => [of.input.as_mut(), None],
            Some(Kind::Offset(of)) => [of.input.as_mut(), None],
            Some(Kind::Aggregate(of)) => [of.input.as_mut(), None],
            Some(Kind::Alias(of)) => [of.input.as_mut(), None],
            Some(Kind::Join(of)) => [of.left.as_mut(), of.right.as_mut()],
            Some(Kind::Union(of)) => [of.left.as_mut(), of.right.as_mut()],
            Some(Kind::Read(_) | Kind::Local(_)) | None => [None, None],
        };
        inputs.into_iter().flatten().for_each(|input| input.number(next));
    }
}
