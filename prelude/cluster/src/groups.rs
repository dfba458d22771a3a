//! Rows gathered by keys on a server, those of several tables together.

use crate::aggregate::{count, sum};
use crate::expression::{call, col, is_there, only};
use crate::rows::{as_here, whole};
use crate::table::Table;
use flow::AggregateFunction;
use polars::prelude::*;
use recoil_spark_connect::{Expression, Relation};
use segment::{Error, Result};

/// A table whose rows are gathered.
pub struct Source {
    /// The table.
    pub table: Table,
    /// The names of the wanted columns in it, the keys first; as many and of the same types in all tables.
    pub columns: Vec<String>,
    /// The column of weights.
    pub weight: Option<String>,
    /// What all weights are multiplied by.
    pub scale: f64,
}

/// What is computed of a group.
#[derive(Debug, Clone, Copy)]
pub struct Computed {
    /// The column, by its place among the wanted ones.
    pub column: usize,
    /// What of it.
    pub of: Of,
    /// How.
    pub function: AggregateFunction,
}

/// What of a column is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Its values.
    Value,
    /// Weight times value.
    Product,
    /// The weight, where there is a value.
    Weight,
}

const WEIGHT: &str = "weight";

/// One row for each combination of the first `keys` columns that are all there; without keys one row, and none where there
/// are no rows. `dtypes` are the types of the wanted columns, `outputs` names and types of what comes out.
///
/// # Errors
/// What a server says; functions that it does not know in the same sense; a weight that is missing where there is a value.
pub fn grouped(
    sources: Vec<Source>,
    keys: usize,
    computed: &[Computed],
    dtypes: &[DataType],
    outputs: &Schema,
) -> Result<DataFrame> {
    let first = sources.first().map(|source| source.table.clone());
    let first = first.ok_or_else(|| Error::request("there is no process to group"))?;
    let rows = sources.iter().map(|source| source.table.rows).sum();
    let mut together: Option<Relation> = None;
    for source in sources {
        let one = columns_of(source)?;
        together = Some(match together {
            None => one,
            Some(all) => all.union(one),
        });
    }
    let mut relation = together.ok_or_else(|| Error::request("there is no process to group"))?;
    let float = |at: usize| dtypes.get(at).is_some_and(|dtype| dtype.is_float() || dtype.is_null());
    for key in 0..keys {
        relation = relation.filter(is_there(&col(&wanted(key)), float(key)));
    }
    let mut aggregates = Vec::with_capacity(computed.len() + 2);
    let mut weightless: Option<Expression> = None;
    for (at, one) in computed.iter().enumerate() {
        aggregates.push(aggregate(one, dtypes, &first)?.named(&format!("a{at}")));
        if one.of != Of::Value {
            let there = is_there(&col(&wanted(one.column)), float(one.column));
            let lacks = there.call("and", [col(WEIGHT).call("isnan", [])]);
            weightless = Some(weightless.map_or(lacks.clone(), |all| all.call("or", [lacks])));
        }
    }
    let lacking = weightless.map(|lacks| call("count", [only(lacks, 1_i64.into())]));
    aggregates.push(lacking.unwrap_or_else(|| 0_i64.into()).named("lacking"));
    aggregates.push(count().named("rows"));
    let by: Vec<_> = (0..keys).map(|key| col(&wanted(key))).collect();
    let names = (0..keys).map(|key| col(&wanted(key))).chain((0..computed.len()).map(|at| col(&format!("a{at}"))));
    let tail = [col("lacking"), col("rows")];
    let asked = relation.aggregate(by, aggregates).select(names.chain(tail).collect());
    let answer = first.server.answer(&asked, rows)?;
    finished(answer, keys, computed, outputs)
}

/// The wanted columns of a table under names that all tables share.
fn columns_of(mut source: Source) -> Result<Relation> {
    source.table.check_files()?;
    let mut columns = Vec::new();
    for (at, name) in source.columns.iter().enumerate() {
        columns.push(col(&source.table.own(name)?).named(&wanted(at)));
    }
    let weight = source.table.weight(source.weight.as_deref())?.call("*", [source.scale.into()]);
    columns.push(weight.named(WEIGHT));
    Ok(source.table.relation().select(columns))
}

fn wanted(at: usize) -> String {
    format!("g{at}")
}

fn aggregate(one: &Computed, dtypes: &[DataType], table: &Table) -> Result<Expression> {
    let dtype = dtypes.get(one.column).cloned().unwrap_or(DataType::Null);
    let value = col(&wanted(one.column));
    let there = is_there(&value, dtype.is_float() || dtype.is_null());
    let number = || match dtype {
        DataType::Boolean => value.clone().cast("int"),
        _ => value.clone(),
    };
    let double = || number().cast("double");
    let of = match one.of {
        Of::Value => None,
        Of::Product => Some(double().call("*", [col(WEIGHT)])),
        Of::Weight => Some(col(WEIGHT)),
    };
    if let Some(of) = of {
        return Ok(sum(only(there, of)));
    }
    let only_there = |value: Expression| only(there.clone(), value);
    Ok(match one.function {
        AggregateFunction::Sum if dtype.is_float() => sum(only_there(double())),
        AggregateFunction::Sum => sum(only_there(number())),
        AggregateFunction::Mean => call("avg", [only_there(double())]),
        AggregateFunction::Min => call("min", [only_there(value.clone())]),
        AggregateFunction::Max => call("max", [only_there(value.clone())]),
        AggregateFunction::Count => call("count", [only_there(value.clone())]),
        AggregateFunction::Std => call("stddev_samp", [only_there(double())]),
        AggregateFunction::Median => call("percentile", [only_there(double()), 0.5_f64.into()]),
        AggregateFunction::Quantile(quantile) => call("percentile", [only_there(double()), quantile.into()]),
        AggregateFunction::NUnique => Expression::count_distinct([only_there(value.clone())]),
        function @ (AggregateFunction::First | AggregateFunction::Last) => {
            return Err(Error::request(format!(
                "`{function}` is not computed on {}, where groups have no order; use min or max, or leave .on(..) out",
                table.server
            )));
        }
    })
}

/// The answer with the names and types that it has here.
fn finished(answer: DataFrame, keys: usize, computed: &[Computed], outputs: &Schema) -> Result<DataFrame> {
    let lacking: i64 = whole(&answer, "lacking")?.iter().sum();
    if lacking > 0 {
        return Err(Error::request(format!(
            "the weight of {lacking} rows with a value is missing (null or NaN); cut these rows away or define the weight there"
        )));
    }
    let rows: i64 = whole(&answer, "rows")?.iter().sum();
    let answer = if keys == 0 && rows == 0 { answer.head(Some(0)) } else { answer };
    let mut answer = answer.select((0..keys).map(wanted).chain((0..computed.len()).map(|at| format!("a{at}"))))?;
    for (at, one) in computed.iter().enumerate() {
        // A sum of nothing is 0.
        if one.function == AggregateFunction::Sum || one.of != Of::Value {
            let name = format!("a{at}");
            let filled = answer.column(&name)?.as_materialized_series().fill_null(FillNullStrategy::Zero)?;
            answer.with_column(filled.into_column())?;
        }
    }
    as_here(answer, outputs)
}
