//! Clauses of a query as steps on a server.

use crate::expression::{call, col, is_there, translated, when};
use crate::table::{Step, Table};
use cut::{Cut, Typed};
use flow::{Best, Candidates, Clause, Define, Joined, Known};
use polars::prelude::*;
use recoil_spark_connect::{Expression, JoinType, Order, Relation};
use segment::{Error, Result};

impl Table {
    /// Adds a clause.
    ///
    /// # Errors
    /// A clause that does not fit the columns, or that no server does in the same sense.
    pub fn clause(&mut self, clause: &Clause) -> Result<()> {
        match clause {
            Clause::Filter(cut) => {
                let typed = self.checked(cut)?.selection().map_err(Error::from)?;
                let condition = self.expression(&typed)?;
                self.steps.push(Step::Filter(condition));
            }
            Clause::Define(Define::Expression { name, value, .. }) => self.define(name, value)?,
            Clause::Select(names) => self.select(names)?,
            Clause::Head(rows) => self.head(*rows, &clause.to_string())?,
            Clause::Tail(rows) if *rows >= 0 => {
                let order = self.order(&clause.to_string())?;
                let reversed = order.iter().map(|name| Order::descending(col(name))).collect();
                self.steps.extend([Step::Sort(reversed), Step::Limit(short(*rows))]);
            }
            Clause::RowRange(from, Some(to)) if from.unwrap_or(0) >= 0 && *to >= from.unwrap_or(0) => {
                self.head(*to, &clause.to_string())?;
                self.steps.push(Step::Offset(short(from.unwrap_or(0))));
            }
            Clause::Candidates(candidates) => self.candidates(candidates, &clause.to_string())?,
            Clause::Custom(custom) => match custom.known() {
                Some(Known::Join { frame, keys, how }) => self.join(&frame, &keys, how)?,
                Some(Known::Distinct(columns)) => self.distinct(&columns, &clause.to_string())?,
                None => return Err(self.refused(clause)),
            },
            _ => return Err(self.refused(clause)),
        }
        Ok(())
    }

    fn refused(&self, clause: &Clause) -> Error {
        Error::request(format!(
            "the step `{clause}` does not run on {}; take it on this machine and write its rows with write_parquet(..) first, \
             or leave .on(..) out",
            self.server
        ))
    }

    fn checked(&self, cut: &Cut) -> Result<Typed> {
        Ok(cut.check(&self.schema())?)
    }

    /// The value of a cut, in the columns of the server.
    fn expression(&mut self, typed: &Typed) -> Result<Expression> {
        let term = typed.term()?;
        let mut failed = None;
        let made = translated(&term, &mut |name| {
            self.own(name).unwrap_or_else(|error| {
                failed = Some(error);
                String::new()
            })
        });
        failed.map_or(Ok(made), Err)
    }

    fn define(&mut self, name: &PlSmallStr, value: &Cut) -> Result<()> {
        let typed = self.checked(value)?;
        let dtype = typed.dtype();
        if typed.is_column() {
            let column = self.columns.iter().find(|column| column.name == typed.columns()[0]).cloned();
            if let Some(mut column) = column {
                column.name = name.clone();
                match self.columns.iter_mut().find(|old| old.name == *name) {
                    Some(old) => *old = column,
                    None => self.columns.push(column),
                }
                return Ok(());
            }
        }
        let own = self.fresh();
        let mut made = self.expression(&typed)?;
        if typed.is_selection() {
            // As a column it is true or false.
            made = call("coalesce", [made, false.into()]);
        }
        self.steps.push(Step::Add(vec![made.named(&own)]));
        self.put(name.clone(), dtype, own);
        Ok(())
    }

    fn select(&mut self, names: &[PlSmallStr]) -> Result<()> {
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let found = self.columns.iter().find(|column| column.name == *name);
            let known = || self.columns.iter().map(|column| column.name.as_str());
            columns.push(found.ok_or_else(|| Error::column(name, known()))?.clone());
        }
        self.columns = columns;
        Ok(())
    }

    /// The first rows.
    fn head(&mut self, rows: i64, what: &str) -> Result<()> {
        if rows < 0 {
            let text =
                format!("`{what}`: all but the last rows are not known on {}; say how many are wanted", self.server);
            return Err(Error::request(text));
        }
        let order = self.order(what)?;
        let order = order.iter().map(|name| Order::ascending(col(name))).collect();
        self.steps.extend([Step::Sort(order), Step::Limit(short(rows))]);
        Ok(())
    }

    /// One row of each event: the first in an order, in which missing values come last and equal ones as they stand in the
    /// files.
    fn candidates(&mut self, candidates: &Candidates, what: &str) -> Result<()> {
        if candidates.runs {
            let text = "consecutive_keys(true): a server does not see which rows follow each other; leave .on(..) out";
            return Err(Error::request(text));
        }
        let keys = candidates.resolve(&self.schema()).map_err(told)?;
        let mut first = match &candidates.best {
            Best::First => Vec::new(),
            Best::Lowest(column) => self.best_first(column, Order::ascending)?,
            Best::Highest(column) => self.best_first(column, Order::descending)?,
            Best::Random(_) | Best::All(_) => return Err(self.refused(&Clause::Candidates(candidates.clone()))),
        };
        first.extend(self.order(what)?.iter().map(|name| Order::ascending(col(name))));
        let keys = keys.iter().map(|key| self.own(key)).collect::<Result<Vec<_>>>()?;
        self.first_of_each(&keys, first);
        Ok(())
    }

    /// Missing values last.
    fn best_first(&mut self, column: &str, order: fn(Expression) -> Order) -> Result<Vec<Order>> {
        let (own, float) = (self.own(column)?, self.is_float(column));
        let missing = when(is_there(&col(&own), float), Expression::integer(0), Expression::integer(1));
        Ok(vec![Order::ascending(missing), order(col(&own))])
    }

    fn is_float(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name && (column.dtype.is_float() || column.dtype.is_null()))
    }

    fn first_of_each(&mut self, keys: &[String], order: Vec<Order>) {
        let place = self.fresh();
        let number = call("row_number", []).over(keys.iter().map(|key| col(key)).collect(), order).named(&place);
        self.steps.push(Step::Add(vec![number]));
        self.steps.push(Step::Filter(col(&place).call("==", [Expression::integer(1)])));
    }

    fn distinct(&mut self, columns: &[PlSmallStr], what: &str) -> Result<()> {
        let order = self.order(what)?.iter().map(|name| Order::ascending(col(name))).collect();
        let keys = columns.iter().map(|name| self.own(name)).collect::<Result<Vec<_>>>()?;
        self.first_of_each(&keys, order);
        Ok(())
    }

    fn join(&mut self, frame: &DataFrame, keys: &[PlSmallStr], how: Joined) -> Result<()> {
        // Both sides have names of their own, so that each name means one column.
        let mut sent = frame.clone();
        let mut added = Vec::new();
        let mut on: Option<Expression> = None;
        for column in frame.columns() {
            let own = self.fresh();
            sent.rename(column.name(), PlSmallStr::from_str(&own))?;
            if keys.contains(column.name()) {
                let equal = col(&self.own(column.name())?).call("<=>", [col(&own)]);
                on = Some(on.map_or(equal.clone(), |all| all.call("and", [equal])));
            } else if how != Joined::Anti {
                added.push((column.name().clone(), column.dtype().clone(), own));
            }
        }
        let on = on.ok_or_else(|| Error::request("join: no key"))?;
        if how != Joined::Anti {
            let place = self.fresh();
            let rows = Int64Chunked::from_iter_values(PlSmallStr::from_str(&place), 0..sent.height() as i64);
            sent.with_column(rows.into_column())?;
            self.finer.push(place);
        }
        let right = Relation::rows(crate::rows::stream(&sent)?);
        let how = match how {
            Joined::Inner => JoinType::Inner,
            Joined::Left => JoinType::Left,
            Joined::Anti => JoinType::LeftAnti,
        };
        self.steps.push(Step::Join { right, on, how });
        for (name, dtype, own) in added {
            self.put(name, dtype, own);
        }
        Ok(())
    }
}

/// A number of rows as the protocol has it.
fn short(rows: i64) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}

/// The error of the engine as that of a table.
fn told(error: flow::Error) -> Error {
    match error {
        flow::Error::Segment(error) => error,
        other => Error::request(other.to_string()),
    }
}
