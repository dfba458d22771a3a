//! A query as it was asked: its clauses, a closed list that is open through one, and the tables that some of them bring in.
//! The types hold one another, so they stand in one file.

use crate::error::Result;
use crate::plan::aggregation::Aggregation;
use crate::plan::candidates::Candidates;
use crate::plan::ranges::{ReadRange, Rows};
use crate::plan::resample::Resample;
use crate::plan::structure::ProcessingStructure;
use cut::Cut;
use polars::prelude::*;
use sources::Source;
use std::fmt;
use std::sync::Arc;

/// A list of clauses. It is tied to no table; [`over`](Query::over) ties it.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub(super) clauses: Vec<Clause>,
}

/// One of the tables.
#[derive(Debug, Clone)]
pub struct Table {
    /// What it is called in messages.
    pub name: String,
    /// The table.
    pub source: Arc<dyn Source>,
    /// What is read of it.
    pub read: ReadRange,
    /// What is done with it first.
    pub query: Query,
    /// Whether it must be sorted first; for merging.
    pub sort: bool,
}

impl Table {
    /// A whole table.
    pub fn new(name: impl Into<String>, source: Arc<dyn Source>) -> Self {
        Self { name: name.into(), source, read: ReadRange::default(), query: Query::default(), sort: false }
    }
}

/// The tables and how their columns are brought together.
#[derive(Debug, Clone)]
pub struct Concat {
    /// The tables, in order.
    pub parts: Vec<Table>,
    /// Whether only common columns are kept; otherwise all are, and absent values are null.
    pub inner: bool,
    /// For merging: the merged rows follow this table and must not begin before it ends.
    pub append_to: Option<Box<Table>>,
}

impl Concat {
    /// These tables, with all columns that any of them has.
    pub fn outer(parts: Vec<Table>) -> Self {
        Self { parts, inner: false, append_to: None }
    }

    /// These tables, with the columns that all of them have.
    pub fn inner(parts: Vec<Table>) -> Self {
        Self { inner: true, ..Self::outer(parts) }
    }
}

impl fmt::Display for Concat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(", ");
        write!(out, "({}) {names}", if self.inner { "inner" } else { "outer" })
    }
}

/// A part of all random numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Share {
    /// This part of them, between 0 and 1.
    Fraction(f64),
    /// One of so many equal parts, counted from 0.
    Fold {
        /// Which one.
        at: u64,
        /// Of how many.
        of: u64,
    },
    /// All but one of so many equal parts.
    AllButFold {
        /// Which one is left out.
        at: u64,
        /// Of how many.
        of: u64,
    },
}

impl Share {
    /// Whether a random number is in it.
    pub(crate) fn holds(self, lot: u64) -> bool {
        let fold = |of: u64| (u128::from(lot) * u128::from(of)) >> 64;
        match self {
            Self::Fraction(fraction) => {
                let limit = (fraction.clamp(0.0, 1.0) * u64::MAX as f64) as u64;
                lot <= limit && fraction > 0.0
            }
            Self::Fold { at, of } => fold(of) == u128::from(at),
            Self::AllButFold { at, of } => fold(of) != u128::from(at),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fraction(fraction) => write!(out, "{fraction}"),
            Self::Fold { at, of } => write!(out, "part {at} of {of}"),
            Self::AllButFold { at, of } => write!(out, "all but part {at} of {of}"),
        }
    }
}

/// One step of a query.
#[derive(Debug, Clone)]
pub enum Clause {
    /// Keeps the rows that pass.
    Filter(Cut),
    /// Adds a column (or replaces it).
    Define(Define),
    /// Keeps these columns, in this order.
    Select(Vec<PlSmallStr>),
    /// Keeps a random part of the rows: the same rows for the same seed.
    Sample {
        /// How much of them.
        share: Share,
        /// Of the random numbers.
        seed: u64,
    },
    /// Keeps one row per event.
    Candidates(Candidates),
    /// The first rows; of a negative number all but the last.
    Head(i64),
    /// The last rows; of a negative number all but the first.
    Tail(i64),
    /// Rows from, and up to but not with; negative from the end.
    RowRange(Option<i64>, Option<i64>),
    /// Rows whose time lies between, both ends included, in nanoseconds since 1970.
    DateRange(Option<i64>, Option<i64>),
    /// One row per value of the keys.
    GroupBy {
        /// The keys.
        by: Vec<PlSmallStr>,
        /// What is computed.
        aggregations: Vec<Aggregation>,
    },
    /// One row per bucket of time.
    Resample(Resample),
    /// An aggregation that belongs to no `groupby` and no `resample`: an error, kept so that it can be said in time.
    Aggregate(Vec<Aggregation>),
    /// Tables one after another. Must be the first clause.
    Concat(Concat),
    /// Tables that are sorted by time, merged. Must be the first clause.
    MergeSorted(Concat),
    /// A step of the user's own.
    Custom(Arc<dyn Custom>),
}

/// How a new column is made.
#[derive(Clone)]
pub enum Define {
    /// By an expression.
    Expression {
        /// The new column.
        name: PlSmallStr,
        /// Its value.
        value: Cut,
        /// Whether a comparison is refused: it selects, and makes no column.
        strict: bool,
    },
    /// By a function of columns, called for every segment.
    Function {
        /// The new column.
        name: PlSmallStr,
        /// The columns the function gets, in this order.
        inputs: Vec<PlSmallStr>,
        /// The type of what it answers.
        dtype: DataType,
        /// The function; it must answer as many values as it gets.
        function: Arc<ColumnFunction>,
    },
}

/// A function of some columns of a segment.
pub type ColumnFunction = dyn Fn(&DataFrame) -> Result<Series> + Send + Sync;

/// What a step of one's own does, where that has a common name.
#[derive(Debug, Clone)]
pub enum Known {
    /// A join with a frame in memory whose keys have the types that they have in the table; a missing key is equal to a
    /// missing key.
    Join {
        /// The frame.
        frame: DataFrame,
        /// The keys, called the same on both sides.
        keys: Vec<PlSmallStr>,
        /// Which rows are left.
        how: Joined,
    },
    /// The first row of each combination of values of columns.
    Distinct(Vec<PlSmallStr>),
}

/// Which rows a join leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// Rows with a partner.
    Inner,
    /// All rows of the table.
    Left,
    /// Rows without a partner.
    Anti,
}

/// A step of the user's own that works on row slices, or on all rows at once.
pub trait Custom: Send + Sync + fmt::Debug {
    /// What it is called in plans and reports.
    fn name(&self) -> String;

    /// The columns it hands on, given those that come in. All errors of type belong here: nothing has been read yet.
    ///
    /// # Errors
    /// Columns that do not fit.
    fn schema(&self, input: &Schema) -> Result<Schema>;

    /// The columns it looks at to hand on `outputs`.
    fn needs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr>;

    /// Whether a filter on rows gives the same before and after it.
    fn commutes_with_row_filter(&self) -> bool {
        false
    }

    /// Makes ready what does not depend on the rows, before any is worked on; all calls of [`needs`](Custom::needs) are over.
    ///
    /// # Errors
    /// Whatever ends the query.
    fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Whether all rows of the table must come at once: what it hands on of a row depends on other rows. They are held in
    /// memory.
    fn needs_all_rows(&self) -> bool {
        false
    }

    /// What it does, in words that another engine understands; asked after [`schema`](Custom::schema). `None`: only
    /// [`process`](Custom::process) knows.
    fn known(&self) -> Option<Known> {
        None
    }

    /// Works on the rows of a segment, or on all rows where it needs them.
    ///
    /// # Errors
    /// Whatever ends the query.
    fn process(&self, frame: DataFrame) -> Result<DataFrame>;
}

impl Clause {
    /// How the rows must be grouped that it works on. Cuts and definitions that look at whole columns need more; their
    /// expressions say so once they are checked.
    pub(crate) fn input_structure(&self) -> ProcessingStructure {
        match self {
            Self::Head(_) | Self::Tail(_) | Self::RowRange(..) => ProcessingStructure::AllInOrder,
            Self::Custom(custom) if custom.needs_all_rows() => ProcessingStructure::OnePiece,
            _ => ProcessingStructure::RowSlice,
        }
    }

    /// The rows that a clause of positions keeps.
    pub(crate) fn rows(&self) -> Option<Rows> {
        match *self {
            Self::Head(count) => Some(Rows::head(count)),
            Self::Tail(count) => Some(Rows::tail(count)),
            Self::RowRange(start, end) => Some(Rows { start, end }),
            _ => None,
        }
    }
}

impl Define {
    /// The new column.
    pub fn name(&self) -> &PlSmallStr {
        match self {
            Self::Expression { name, .. } | Self::Function { name, .. } => name,
        }
    }
}

impl fmt::Debug for Define {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl fmt::Display for Define {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expression { name, value, .. } => write!(out, "{name} = {value}"),
            Self::Function { name, inputs, .. } => {
                let inputs = inputs.iter().map(PlSmallStr::as_str).collect::<Vec<_>>().join(", ");
                write!(out, "{name} = f({inputs})")
            }
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &[PlSmallStr]| names.iter().map(PlSmallStr::as_str).collect::<Vec<_>>().join(", ");
        let aggregations = |all: &[Aggregation]| {
            let one = |a: &Aggregation| format!("{} = {}({})", a.output, a.function, a.input);
            all.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Filter(cut) => write!(out, "filter {cut}"),
            Self::Define(define) => write!(out, "define {define}"),
            Self::Select(names) => write!(out, "select {}", list(names)),
            Self::Sample { share, seed } => write!(out, "sample {share} (seed {seed})"),
            Self::Candidates(candidates) => match &candidates.best {
                crate::plan::candidates::Best::First => write!(out, "one candidate per event: the first"),
                crate::plan::candidates::Best::Lowest(column) => {
                    write!(out, "one candidate per event: lowest {column}")
                }
                crate::plan::candidates::Best::Highest(column) => {
                    write!(out, "one candidate per event: highest {column}")
                }
                crate::plan::candidates::Best::Random(seed) => {
                    write!(out, "one candidate per event: random (seed {seed})")
                }
                crate::plan::candidates::Best::All(collection) => {
                    write!(out, "candidates of an event as {}", collection.name)
                }
            },
            Self::Head(count) => write!(out, "head {count}"),
            Self::Tail(count) => write!(out, "tail {count}"),
            Self::RowRange(start, end) => {
                let text = |at: &Option<i64>| at.map_or(String::new(), |at| at.to_string());
                write!(out, "rows {}..{}", text(start), text(end))
            }
            Self::DateRange(low, high) => {
                let text = |at: &Option<i64>| at.map_or("open".to_owned(), |at| format!("{at} ns"));
                write!(out, "dates {} to {}", text(low), text(high))
            }
            Self::GroupBy { by, aggregations: all } => write!(out, "group by {}: {}", list(by), aggregations(all)),
            Self::Resample(resample) => write!(out, "{resample}: {}", aggregations(&resample.aggregations)),
            Self::Aggregate(all) => write!(out, "aggregate {}", aggregations(all)),
            Self::Concat(join) => write!(out, "concat {join}"),
            Self::MergeSorted(join) => write!(out, "merge sorted {join}"),
            Self::Custom(custom) => out.write_str(&custom.name()),
        }
    }
}
