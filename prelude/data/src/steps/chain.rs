//! What was asked of a group, step by step; nothing is read and nothing copied when a step is added.

use crate::error::{Error, Result};
use crate::steps::asof::AsOf;
use crate::steps::selection::Selection;
use crate::steps::vary::{Member, Variation};
use crate::steps::windows::Window;
use flow::Share;
use polars::prelude::{DataFrame, Expr, Schema, Series};
use std::sync::Arc;

/// Which candidate of an event is kept.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// assert_eq!(data.best_candidate("x", data::Order::Highest).column("x")?, [2.0, 3.0, 4.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The candidate with the smallest value; NaN last, ties to the first.
    #[default]
    Lowest,
    /// The candidate with the largest value; NaN last, ties to the first.
    Highest,
}

pub use Order::{Highest, Lowest};

/// What can stand for an [`Order`]: the value, or a text that says it.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// assert_eq!(data.best_candidate("x", "highest").column("x")?, data.best_candidate("x", data::Highest).column("x")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait IntoOrder {
    /// The order.
    ///
    /// # Errors
    /// A text that says none.
    ///
    /// ```
    /// use data::{IntoOrder, Order};
    /// assert_eq!("highest".into_order()?, Order::Highest);
    /// assert!("best".into_order().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn into_order(self) -> Result<Order>;
}

impl IntoOrder for Order {
    fn into_order(self) -> Result<Order> {
        Ok(self)
    }
}

impl IntoOrder for &str {
    fn into_order(self) -> Result<Order> {
        match self.to_lowercase().as_str() {
            "lowest" | "low" | "min" | "smallest" => Ok(Lowest),
            "highest" | "high" | "max" | "largest" => Ok(Highest),
            _ => Err(Error::request(format!("`{self}` is no order of candidates; write Lowest or Highest"))),
        }
    }
}

/// How one candidate per event is chosen.
#[derive(Debug, Clone)]
pub(crate) enum Choice {
    /// The first in file order.
    First,
    /// The best by a column or an expression.
    Best(Selection, Order),
    /// A random one, the same for the same seed.
    Random(u64),
}

/// A function over columns of a segment: the columns it asked for in, its values out.
pub(crate) type RowFunction = Arc<dyn Fn(&[Series]) -> segment::Result<Series> + Send + Sync>;

/// One step.
#[derive(Clone)]
pub(crate) enum Step {
    Query(Selection),
    Filter(Expr),
    Define {
        name: String,
        value: Selection,
    },
    DefineWith {
        name: String,
        inputs: Vec<String>,
        function: RowFunction,
    },
    Select(Vec<String>),
    Head(u64),
    Sample {
        share: Share,
        seed: u64,
    },
    Weight(Selection),
    Unweighted,
    Candidate(Choice),
    Bind(String, cut::Value),
    Join {
        frame: Arc<DataFrame>,
        keys: Vec<String>,
        how: How,
    },
    Tail(u64),
    RowRange(Option<i64>, Option<i64>),
    DateRange(String, String),
    Rename(Vec<(String, String)>),
    Drop(Vec<String>),
    Resample(flow::Resample),
    /// The objects of a collection become rows.
    Each(String),
    /// The rows of an event become a collection.
    ByEvent(String),
    /// The rows of another table become a collection.
    Attach {
        name: String,
        other: Arc<dyn Other>,
    },
    Sorted {
        by: Vec<String>,
        order: Order,
        rows: Option<usize>,
    },
    Distinct(Vec<String>),
    Window {
        keys: Vec<String>,
        windows: Vec<Window>,
    },
    AsOf {
        frame: Arc<DataFrame>,
        asof: AsOf,
    },
    /// The rows of a frame come in, in the order of a column.
    Merged {
        frame: Arc<DataFrame>,
        by: String,
    },
    /// A source of systematic uncertainty.
    Vary(Arc<Variation>),
    /// The whole chain so far is in a universe of a source.
    Universe(Arc<str>, Member),
}

/// Another table, whose rows are looked up.
pub(crate) trait Other: Send + Sync {
    /// The rows that belong to a process.
    fn of(&self, process: &str) -> Result<Arc<dyn Other>>;

    /// Its columns; nothing is read.
    fn schema(&self) -> Result<Schema>;

    /// All rows, of these columns.
    fn rows(&self, columns: &[String]) -> Result<DataFrame>;
}

/// Which rows a join with a frame leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Rows with a partner, with the columns of the frame.
    Inner,
    /// All rows; the columns of the frame are missing where there is no partner.
    Left,
    /// Rows without a partner.
    Anti,
}

impl std::fmt::Display for Step {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Query(cut) => write!(out, "query {cut}"),
            Self::Filter(expression) => write!(out, "filter {expression}"),
            Self::Define { name, value } => write!(out, "define {name} = {value}"),
            Self::DefineWith { name, inputs, .. } => {
                write!(out, "define {name} by a function of {}", inputs.join(", "))
            }
            Self::Select(columns) => write!(out, "select {}", columns.join(", ")),
            Self::Head(rows) => write!(out, "head {rows}"),
            Self::Sample { share, seed } => write!(out, "sample {share} with seed {seed}"),
            Self::Weight(weight) => write!(out, "weight {weight}"),
            Self::Unweighted => out.write_str("without weights"),
            Self::Candidate(Choice::First) => write!(out, "one candidate: the first"),
            Self::Candidate(Choice::Best(by, order)) => write!(out, "one candidate: {order:?} {by}"),
            Self::Candidate(Choice::Random(seed)) => write!(out, "one candidate: random with seed {seed}"),
            Self::Bind(name, value) => write!(out, "@{name} = {value}"),
            Self::Join { keys, how: How::Inner, .. } => write!(out, "join on {}", keys.join(", ")),
            Self::Join { keys, how: How::Left, .. } => write!(out, "left join on {}", keys.join(", ")),
            Self::Join { keys, how: How::Anti, .. } => write!(out, "anti join on {}", keys.join(", ")),
            Self::Tail(rows) => write!(out, "tail {rows}"),
            Self::RowRange(from, to) => {
                let end = |end: &Option<i64>| end.map_or(String::new(), |end| end.to_string());
                write!(out, "rows {}..{}", end(from), end(to))
            }
            Self::DateRange(low, high) => write!(out, "times {low}..{high}"),
            Self::Rename(names) => {
                let one = |(old, new): &(String, String)| format!("{old} to {new}");
                write!(out, "rename {}", names.iter().map(one).collect::<Vec<_>>().join(", "))
            }
            Self::Drop(columns) => write!(out, "drop {}", columns.join(", ")),
            Self::Resample(resample) => write!(out, "{resample}"),
            Self::Each(name) => write!(out, "each {name}"),
            Self::ByEvent(name) => write!(out, "by event as {name}"),
            Self::Attach { name, .. } => write!(out, "attach {name}"),
            Self::Sorted { by, order, rows } => {
                let what = rows.map_or("sorted".to_owned(), |rows| format!("best {rows}"));
                write!(out, "{what} by {} ({order:?} first)", by.join(", "))
            }
            Self::Distinct(columns) => write!(out, "distinct {}", columns.join(", ")),
            Self::Window { keys, windows } => {
                let all: Vec<String> = windows.iter().map(ToString::to_string).collect();
                write!(out, "window over {}: {}", keys.join(", "), all.join(", "))
            }
            Self::AsOf { asof, .. } => write!(out, "as-of join on {}", asof.on),
            Self::Merged { by, .. } => write!(out, "merge sorted by {by}"),
            Self::Vary(variation) => variation.fmt(out),
            Self::Universe(source, member) => write!(out, "in the universe {source} {member}"),
        }
    }
}

impl Chain {
    /// Whether rows have a weight at the end, given whether they had one before; `None` where no step says.
    pub(crate) fn weighs(&self) -> Option<bool> {
        self.steps().into_iter().rev().find_map(|step| match step {
            Step::Weight(_) => Some(true),
            Step::Unweighted => Some(false),
            _ => None,
        })
    }
}

/// The universe of a source that steps behind its variation choose for the whole chain.
pub(crate) fn chosen(source: &str, behind: &[&Step]) -> Option<Member> {
    behind.iter().find_map(|step| match step {
        Step::Universe(chosen, member) if **chosen == *source => Some(*member),
        _ => None,
    })
}

impl Step {
    /// The names of the columns that it adds, or with which those that it adds begin.
    pub(crate) fn made(&self) -> Vec<&str> {
        match self {
            Self::Define { name, .. } | Self::DefineWith { name, .. } => vec![name],
            Self::ByEvent(name) | Self::Attach { name, .. } => vec![name],
            Self::Rename(names) => names.iter().map(|(_, new)| new.as_str()).collect(),
            Self::Window { windows, .. } => windows.iter().map(|window| window.name.as_str()).collect(),
            Self::Join { frame, .. } | Self::AsOf { frame, .. } => {
                frame.get_column_names().into_iter().map(|name| name.as_str()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether both do the same to every row; functions and frames are the same only when they are one object.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Query(a), Self::Query(b)) | (Self::Weight(a), Self::Weight(b)) => a.is_same(b),
            (Self::Filter(a), Self::Filter(b)) => a == b,
            (Self::Define { name: a, value: x }, Self::Define { name: b, value: y }) => a == b && x.is_same(y),
            (
                Self::DefineWith { name: a, inputs: x, function: f },
                Self::DefineWith { name: b, inputs: y, function: g },
            ) => a == b && x == y && Arc::ptr_eq(f, g),
            (Self::Unweighted, Self::Unweighted) => true,
            (Self::Select(a), Self::Select(b)) => a == b,
            (Self::Head(a), Self::Head(b)) => a == b,
            (Self::Sample { share: a, seed: s }, Self::Sample { share: b, seed: t }) => a == b && s == t,
            (Self::Candidate(a), Self::Candidate(b)) => match (a, b) {
                (Choice::First, Choice::First) => true,
                (Choice::Best(x, a), Choice::Best(y, b)) => a == b && x.is_same(y),
                (Choice::Random(a), Choice::Random(b)) => a == b,
                _ => false,
            },
            (Self::Bind(a, x), Self::Bind(b, y)) => a == b && x == y,
            (Self::Join { frame: a, keys: x, how: h }, Self::Join { frame: b, keys: y, how: i }) => {
                Arc::ptr_eq(a, b) && x == y && h == i
            }
            (Self::Tail(a), Self::Tail(b)) => a == b,
            (Self::RowRange(a, x), Self::RowRange(b, y)) => a == b && x == y,
            (Self::DateRange(a, x), Self::DateRange(b, y)) => a == b && x == y,
            (Self::Rename(a), Self::Rename(b)) => a == b,
            (Self::Drop(a), Self::Drop(b)) => a == b,
            (Self::Resample(a), Self::Resample(b)) => a == b,
            (Self::Each(a), Self::Each(b)) | (Self::ByEvent(a), Self::ByEvent(b)) => a == b,
            (Self::Attach { name: a, other: x }, Self::Attach { name: b, other: y }) => a == b && Arc::ptr_eq(x, y),
            (Self::Sorted { by: a, order: o, rows: r }, Self::Sorted { by: b, order: p, rows: s }) => {
                a == b && o == p && r == s
            }
            (Self::Distinct(a), Self::Distinct(b)) => a == b,
            (Self::Window { keys: a, windows: v }, Self::Window { keys: b, windows: w }) => a == b && v == w,
            (Self::AsOf { frame: a, asof: x }, Self::AsOf { frame: b, asof: y }) => Arc::ptr_eq(a, b) && x == y,
            (Self::Merged { frame: a, by: x }, Self::Merged { frame: b, by: y }) => Arc::ptr_eq(a, b) && x == y,
            (Self::Vary(a), Self::Vary(b)) => Arc::ptr_eq(a, b),
            (Self::Universe(a, x), Self::Universe(b, y)) => a == b && x == y,
            _ => false,
        }
    }

    /// Whether what happens to a row does not depend on the rows before and behind it, as far as can be known: an
    /// expression of Polars may look anywhere.
    pub(crate) fn is_row_by_row(&self) -> bool {
        match self {
            Self::Query(value) | Self::Define { value, .. } | Self::Weight(value) => value.is_row_by_row(),
            Self::DefineWith { .. } | Self::Select(_) | Self::Bind(..) | Self::Join { .. } | Self::Unweighted => true,
            Self::DateRange(..) | Self::Rename(_) | Self::Drop(_) | Self::Each(_) | Self::Attach { .. } => true,
            Self::Filter(_) | Self::Head(_) | Self::Sample { .. } | Self::Candidate(_) => false,
            Self::AsOf { .. } | Self::Vary(_) | Self::Universe(..) => true,
            Self::Tail(_) | Self::RowRange(..) | Self::Resample(_) | Self::ByEvent(_) => false,
            Self::Sorted { .. } | Self::Distinct(_) | Self::Window { .. } | Self::Merged { .. } => false,
        }
    }
}

/// Steps in order, shared by all groups that begin with them.
#[derive(Clone, Default)]
pub(crate) struct Chain(Option<Arc<Link>>);

struct Link {
    step: Step,
    before: Chain,
    length: usize,
}

impl Chain {
    /// No steps.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// The chain with one more step: O(1), and the old chain stays what it was.
    pub(crate) fn and(&self, step: Step) -> Self {
        Self(Some(Arc::new(Link { step, before: self.clone(), length: self.len() + 1 })))
    }

    /// These steps, and then those of another chain.
    pub(crate) fn then(&self, other: &Self) -> Self {
        match self.len() {
            0 => other.clone(),
            _ => other.steps().into_iter().fold(self.clone(), |chain, step| chain.and(step.clone())),
        }
    }

    /// Whether both are the same steps.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (mut one, mut two) = (self, other);
        loop {
            match (&one.0, &two.0) {
                (None, None) => return true,
                (Some(a), Some(b)) if Arc::ptr_eq(a, b) => return true,
                (Some(a), Some(b)) if a.length == b.length && a.step.is_same(&b.step) => {
                    (one, two) = (&a.before, &b.before);
                }
                _ => return false,
            }
        }
    }

    /// How many steps there are.
    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |link| link.length)
    }

    /// The steps, first to last.
    pub(crate) fn steps(&self) -> Vec<&Step> {
        let mut steps = Vec::with_capacity(self.len());
        let mut at = self;
        while let Some(link) = &at.0 {
            steps.push(&link.step);
            at = &link.before;
        }
        steps.reverse();
        steps
    }
}

impl Drop for Chain {
    /// Link by link: the default would recurse once per step.
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(link) = next.and_then(Arc::into_inner) {
            let mut link = link;
            next = link.before.0.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_chain_is_cheap_and_can_be_dropped() {
        let mut chain = Chain::default();
        for rows in 0..1_000_000 {
            chain = chain.and(Step::Head(rows));
        }
        let other = chain.and(Step::Head(7));
        assert_eq!((chain.len(), other.len()), (1_000_000, 1_000_001));
        drop(chain);
        assert!(matches!(other.steps()[3], Step::Head(3)));
    }
}
