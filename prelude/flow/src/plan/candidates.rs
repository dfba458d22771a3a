//! The choice of one candidate per event.

use crate::error::{Error, Result};
use crate::plan::row::ROW;
use polars::prelude::*;

/// Which candidates of an event are kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Best {
    /// The first in the order of the files.
    First,
    /// The one with the lowest value of a column; missing values last, the first of equals.
    Lowest(PlSmallStr),
    /// The one with the highest value of a column; missing values last, the first of equals.
    Highest(PlSmallStr),
    /// A random one, the same for the same seed, however the rows are cut into segments.
    Random(u64),
    /// All of them, as a collection.
    All(Collection),
}

/// The candidates of an event as lists in one row: `nNAME` is how many there are, `NAME_x` the values of the column `x`. The
/// columns that name the event, and those in `plain`, stay what they are, with the value of the first candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Collection {
    /// What the collection is called.
    pub name: PlSmallStr,
    /// Columns that do not become lists, beside the keys.
    pub plain: Vec<PlSmallStr>,
}

/// What a column of gathered events is made of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Gathered<'a> {
    /// The value of the first row.
    First(&'a str),
    /// How many rows there are.
    Count,
    /// The values of all rows.
    List(&'a str),
}

impl Collection {
    /// What the column of this name is made of.
    pub(crate) fn origin<'a>(&self, keys: &[PlSmallStr], output: &'a str) -> Gathered<'a> {
        if output == ROW || keys.iter().chain(&self.plain).any(|plain| plain == output) {
            return Gathered::First(output);
        }
        match output.strip_prefix(self.name.as_str()).and_then(|rest| rest.strip_prefix('_')) {
            Some(column) => Gathered::List(column),
            None => Gathered::Count,
        }
    }

    /// The columns of gathered events.
    pub(crate) fn schema(&self, keys: &[PlSmallStr], input: &Schema) -> Result<Schema> {
        let plain = |name: &PlSmallStr| keys.contains(name) || self.plain.contains(name);
        let mut schema: Schema = input
            .iter()
            .filter(|(name, _)| plain(name))
            .map(|(name, dtype)| Field::new(name.clone(), dtype.clone()))
            .collect();
        let mut add = |name: String, dtype: DataType| match schema.insert(PlSmallStr::from_str(&name), dtype) {
            None => Ok(()),
            Some(_) => Err(Error::request(format!(
                "the collection `{}` would have a column `{name}`, which names the event; give it another name",
                self.name
            ))),
        };
        add(format!("n{}", self.name), DataType::UInt32)?;
        for (name, dtype) in input.iter().filter(|(name, _)| !plain(name)) {
            add(format!("{}_{name}", self.name), DataType::List(Box::new(dtype.clone())))?;
        }
        Ok(schema)
    }
}

/// A choice of one row per event.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidates {
    /// The columns that name an event; empty: those of basf2 ([`belle2::event::KEYS`]), as far as they exist.
    pub keys: Vec<PlSmallStr>,
    /// Which row is kept.
    pub best: Best,
    /// Whether equal keys in separate runs of rows are different events. Otherwise one row per key is kept.
    pub runs: bool,
}

impl Candidates {
    /// One row per event, by the usual keys.
    pub fn new(best: Best) -> Self {
        Self { keys: Vec::new(), best, runs: false }
    }

    /// Other keys.
    #[must_use]
    pub fn keys<N: Into<PlSmallStr>>(mut self, keys: impl IntoIterator<Item = N>) -> Self {
        self.keys = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Takes every run of rows with equal keys for an event of its own.
    #[must_use]
    pub fn by_runs(mut self) -> Self {
        self.runs = true;
        self
    }

    /// The keys for this schema.
    ///
    /// # Errors
    /// Columns that are not there; no column that names an event.
    pub fn resolve(&self, schema: &Schema) -> Result<Vec<PlSmallStr>> {
        let names = || schema.iter_names().map(PlSmallStr::as_str);
        let wanted = self.keys.iter().chain(match &self.best {
            Best::Lowest(column) | Best::Highest(column) => Some(column),
            _ => None,
        });
        for column in wanted {
            if !schema.contains(column) {
                return Err(segment::Error::column(column, names()).into());
            }
        }
        if !self.keys.is_empty() {
            return Ok(self.keys.clone());
        }
        let keys: Vec<PlSmallStr> =
            belle2::event::KEYS.into_iter().filter(|key| schema.contains(key)).map(Into::into).collect();
        if keys.is_empty() {
            let text = format!(
                "no column names an event; one of {} is needed, or say which columns do",
                belle2::event::KEYS.join(", ")
            );
            return Err(Error::request(text));
        }
        Ok(keys)
    }

    /// The column the choice looks at.
    pub(crate) fn by(&self) -> Option<&PlSmallStr> {
        match &self.best {
            Best::Lowest(column) | Best::Highest(column) => Some(column),
            Best::First | Best::Random(_) | Best::All(_) => None,
        }
    }
}
