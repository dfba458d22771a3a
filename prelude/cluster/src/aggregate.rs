//! What is computed of the rows of a table on a server: few numbers come back.

use crate::bins::{axis_is_of_numbers, slot};
use crate::expression::{call, col, only};
use crate::rows::{as_here, floats, numbers, whole};
use crate::server::ROWS;
use crate::table::{Step, Table};
use hist::{CellSums, Hist};
use polars::prelude::*;
use recoil_spark_connect::{Expression, Order, Relation};
use segment::{Error, Result};

/// A histogram that is to be filled.
#[derive(Debug, Clone)]
pub struct Booked {
    /// A column for each axis.
    pub columns: Vec<String>,
    /// The histogram without entries.
    pub empty: Hist,
}

impl Table {
    /// How many rows are left.
    ///
    /// # Errors
    /// What the server says.
    pub fn count(&self) -> Result<u64> {
        self.check_files()?;
        let answer = self.ask(self.relation().aggregate(vec![], vec![count().named("n")]))?;
        let rows = whole(&answer, "n")?.first().copied().unwrap_or(0);
        u64::try_from(rows).map_err(|_| Error::request(format!("{} counts {rows} rows", self.server)))
    }

    /// The sum of the weights of the rows that are left, and of their squares.
    ///
    /// # Errors
    /// What the server says.
    pub fn weights(&mut self, weight: &str) -> Result<(f64, f64)> {
        self.check_files()?;
        let weight = self.weight(Some(weight))?;
        let squares = weight.clone().call("*", [weight.clone()]);
        let answer =
            self.ask(self.relation().aggregate(vec![], vec![sum(weight).named("w"), sum(squares).named("q")]))?;
        let first = |name| Ok::<_, Error>(numbers(&answer, name)?.first().copied().unwrap_or(0.0));
        Ok((first("w")?, first("q")?))
    }

    /// The number of rows, the number of different values of `keys` among them, and the sums of their weights and squared
    /// weights. Without keys, the number of rows in place of that of keys.
    ///
    /// # Errors
    /// What the server says.
    pub fn left(&mut self, keys: &[String], weight: Option<&str>) -> Result<(u64, u64, f64, f64)> {
        self.check_files()?;
        let mut own = Vec::with_capacity(keys.len());
        for key in keys {
            own.push(col(&self.own(key)?));
        }
        let weight = self.weight(weight)?;
        let squares = weight.clone().call("*", [weight.clone()]);
        // First each event, then all of them; a key that is missing is one key.
        let each = vec![count().named("n"), sum(weight).named("w"), sum(squares).named("q")];
        let all = ["n", "w", "q"].map(|name| sum(col(name)).named(name)).into_iter().chain([count().named("k")]);
        let events = self.relation().aggregate(own, each).aggregate(vec![], all.collect());
        let answer = self.ask(events)?;
        let first = |name| Ok::<_, Error>(whole(&answer, name)?.first().copied().unwrap_or(0) as u64);
        let rows = first("n")?;
        let events = if keys.is_empty() { rows } else { first("k")? };
        let first = |name| Ok::<_, Error>(numbers(&answer, name)?.first().copied().unwrap_or(0.0));
        Ok((rows, events, first("w")?, first("q")?))
    }

    /// The smallest and largest finite value of each column.
    ///
    /// # Errors
    /// What the server says; columns that are no numbers.
    pub fn ranges(&mut self, columns: &[String]) -> Result<Vec<Option<(f64, f64)>>> {
        self.check_files()?;
        let mut wanted = Vec::new();
        for (at, name) in columns.iter().enumerate() {
            let value = self.double(name)?;
            let finite = only(is_finite(&value), value);
            wanted.push(call("min", [finite.clone()]).named(&format!("low{at}")));
            wanted.push(call("max", [finite]).named(&format!("high{at}")));
        }
        let answer = self.ask(self.relation().aggregate(vec![], wanted))?;
        let end = |name: String| Ok::<_, Error>(floats(&answer, &name)?.first().copied().flatten());
        (0..columns.len()).map(|at| Ok(end(format!("low{at}"))?.zip(end(format!("high{at}"))?))).collect()
    }

    /// Histograms of the rows that are left; only filled cells come back.
    ///
    /// # Errors
    /// What the server says; axes that are not filled on a server.
    pub fn hists(&self, booked: &[Booked], weight: Option<&str>) -> Result<Vec<Hist>> {
        self.check_files()?;
        booked.iter().map(|one| self.clone().hist(one, weight)).collect()
    }

    fn hist(&mut self, booked: &Booked, weight: Option<&str>) -> Result<Hist> {
        let weight = self.weight(weight)?;
        let (cells, origins) = (booked.empty.cells_along(), booked.empty.origins());
        let mut cell: Option<Expression> = None;
        let mut wanted = vec![count().named("n"), sum(weight.clone()).named("w")];
        wanted.push(sum(weight.clone().call("*", [weight.clone()])).named("q"));
        for (at, (axis, name)) in booked.empty.axes().iter().zip(&booked.columns).enumerate() {
            let value = if axis_is_of_numbers(axis) { self.double(name)? } else { col(&self.own(name)?) };
            let own = self.fresh();
            self.steps.push(Step::Add(vec![value.named(&own)]));
            let slot = slot(axis, &own, &self.server)?;
            cell = Some(match cell {
                None => slot,
                Some(before) => before.call("*", [Expression::integer(cells[at] as i32)]).call("+", [slot]),
            });
            if let Some(origin) = origins[at] {
                let finite = is_finite(&col(&own));
                let distance = col(&own).call("-", [origin.into()]);
                let first = weight.clone().call("*", [distance.clone()]);
                let second = first.clone().call("*", [distance]);
                for (power, term) in [weight.clone(), first, second].into_iter().enumerate() {
                    wanted.push(sum(only(finite.clone(), term)).named(&format!("m{at}_{power}")));
                }
            }
        }
        let cell = cell.ok_or_else(|| Error::request("a histogram without an axis"))?;
        let by = self.fresh();
        self.steps.push(Step::Add(vec![cell.named(&by)]));
        let grouped = self.relation().aggregate(vec![col(&by)], wanted);
        let answer = self.ask(grouped)?;
        filled(&booked.empty, &answer, &by, &origins)
    }

    /// Rows with these columns, in order where the server knows one; says whether it does. More rows than `most` are an
    /// error. Frames are handed on with the names and types that the columns have here.
    ///
    /// # Errors
    /// What the server says, what `take` says; more rows than `most`.
    pub fn fetch(
        &mut self,
        columns: &[String],
        limit: Option<u64>,
        most: Option<u64>,
        take: &mut dyn FnMut(DataFrame) -> Result<()>,
    ) -> Result<bool> {
        self.check_files()?;
        let most = most.unwrap_or(ROWS);
        if limit.is_none_or(|limit| limit > most) {
            let rows = self.count()?;
            if rows > most {
                return Err(Error::request(format!(
                    "{rows} rows would be fetched from {}, and more than {most} are fetched only when asked for: \
                     .fetch({rows}) before this; hist(..), agg(..) and group_by(..) fetch no rows",
                    self.server
                )));
            }
        }
        let mut wanted = Vec::with_capacity(columns.len());
        let mut schema = Schema::default();
        for name in columns {
            let own = self.own(name)?;
            let dtype = self.columns.iter().find(|column| column.name == *name).map(|column| column.dtype.clone());
            schema.insert(name.as_str().into(), dtype.unwrap_or(DataType::Null));
            wanted.push(col(&own));
        }
        let order = self.order_if_known()?;
        let mut relation = self.relation();
        if let Some(order) = &order {
            relation = relation.sort(order.iter().map(|name| Order::ascending(col(name))).collect());
        }
        // By place, so that no name must be one that the server takes.
        let named = wanted.into_iter().enumerate().map(|(at, column)| column.named(&format!("f{at}")));
        let mut relation = relation.select(named.collect());
        if let Some(limit) = limit {
            relation = relation.limit(i32::try_from(limit).unwrap_or(i32::MAX));
        }
        self.server.run(&relation, self.rows, &mut |frame| take(as_here(frame, &schema)?))?;
        Ok(order.is_some())
    }

    /// How the server would run what was asked of the rows.
    ///
    /// # Errors
    /// What the server says.
    pub fn explain(&mut self, columns: &[String]) -> Result<String> {
        let mut wanted = Vec::new();
        for name in columns {
            wanted.push(col(&self.own(name)?));
        }
        let relation = self.relation();
        let relation = if wanted.is_empty() { relation } else { relation.select(wanted) };
        self.server.explain(&relation)
    }

    pub(crate) fn ask(&self, relation: Relation) -> Result<DataFrame> {
        self.server.answer(&relation, self.rows)
    }

    /// A column as `double`.
    pub(crate) fn double(&mut self, name: &str) -> Result<Expression> {
        let own = col(&self.own(name)?);
        let dtype = self.columns.iter().find(|column| column.name == name).map(|column| column.dtype.clone());
        Ok(match dtype {
            Some(DataType::Float64 | DataType::Null) => own,
            Some(DataType::Boolean) => own.cast("int").cast("double"),
            Some(dtype) if cut::held_as(&dtype).is_some_and(|held| held != "string") => own.cast("double"),
            dtype => {
                let dtype = dtype.unwrap_or(DataType::Null);
                return Err(Error::request(format!("column `{name}` is {dtype}, not numbers")));
            }
        })
    }

    /// The weight of a row: a missing one is NaN, which shows.
    pub(crate) fn weight(&mut self, weight: Option<&str>) -> Result<Expression> {
        Ok(match weight {
            None => 1_f64.into(),
            Some(weight) => self.double(weight)?.call("coalesce", [f64::NAN.into()]),
        })
    }
}

/// The histogram of the sums of its cells.
fn filled(empty: &Hist, answer: &DataFrame, by: &str, origins: &[Option<f64>]) -> Result<Hist> {
    let cells = whole(answer, by)?;
    let (rows, weights, squares) = (whole(answer, "n")?, numbers(answer, "w")?, numbers(answer, "q")?);
    let one = |at: usize| CellSums {
        cell: usize::try_from(cells[at]).unwrap_or(usize::MAX),
        rows: u64::try_from(rows[at]).unwrap_or(0),
        weights: weights[at],
        squares: squares[at],
    };
    let mut sums: Vec<(usize, CellSums)> = (0..cells.len()).map(|at| (at, one(at))).collect();
    sums.sort_by_key(|(_, sums)| sums.cell);
    let mut moments = Vec::with_capacity(origins.len());
    for (at, origin) in origins.iter().enumerate() {
        let mut of = [0.0; 3];
        if origin.is_some() {
            for (power, of) in of.iter_mut().enumerate() {
                let terms = numbers(answer, &format!("m{at}_{power}"))?;
                // In the order of the cells, so that the sum does not depend on the order in which they come.
                *of = sums.iter().map(|(row, _)| terms[*row]).sum();
            }
        }
        moments.push(of);
    }
    let sums: Vec<CellSums> = sums.into_iter().map(|(_, sums)| sums).collect();
    empty.clone().with_cell_sums(&sums, &moments).map_err(|error| Error::request(error.to_string()))
}

pub(crate) fn count() -> Expression {
    call("count", [1_i64.into()])
}

pub(crate) fn sum(value: Expression) -> Expression {
    call("sum", [value])
}

/// NaN is above every number on a server, so it is not below infinity.
fn is_finite(value: &Expression) -> Expression {
    value.clone().call("abs", []).call("<", [f64::INFINITY.into()])
}
