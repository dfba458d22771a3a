//! Aggregations of weighted rows, by sums of weights and of weighted values.

use crate::error::{Error, Result};
use flow::{AggregateFunction, Aggregation, sum};
use polars::prelude::*;

/// What must be summed for aggregations of weighted rows, and how the answers are made of the sums.
pub(crate) struct Weighted {
    /// The columns that rows have, those to be summed included.
    pub schema: Schema,
    /// What is to be computed instead.
    pub sums: Vec<Aggregation>,
    /// Weight times value, and the weight where there is a value, by column.
    columns: Vec<(PlSmallStr, Kind)>,
    /// How each answer is made.
    answers: Vec<(PlSmallStr, Answer)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Product,
    Weight,
}

impl Kind {
    fn name(self, column: &str) -> PlSmallStr {
        match self {
            Self::Product => format!("__weighted__{column}").into(),
            Self::Weight => format!("__weight_of__{column}").into(),
        }
    }
}

/// Positions are those of `sums`.
enum Answer {
    Plain(usize),
    Ratio(usize, usize),
}

impl Weighted {
    /// Checks the aggregations, whose columns are in `schema`.
    pub(crate) fn new(schema: &Schema, aggregations: &[Aggregation]) -> Result<Self> {
        let mut new = Self { schema: schema.clone(), sums: Vec::new(), columns: Vec::new(), answers: Vec::new() };
        for one in aggregations {
            let answer = match one.function {
                AggregateFunction::Sum => Answer::Plain(new.sum_of(one, Kind::Product)),
                AggregateFunction::Count => Answer::Plain(new.sum_of(one, Kind::Weight)),
                AggregateFunction::Mean if schema.get(&one.input).is_some_and(DataType::is_temporal) => {
                    return Err(refused(one, "weighted times"));
                }
                AggregateFunction::Mean => Answer::Ratio(new.sum_of(one, Kind::Product), new.sum_of(one, Kind::Weight)),
                AggregateFunction::Min
                | AggregateFunction::Max
                | AggregateFunction::First
                | AggregateFunction::Last
                | AggregateFunction::NUnique => Answer::Plain(new.and(one.clone())),
                _ => return Err(refused(one, "weighted rows")),
            };
            new.answers.push((one.output.clone(), answer));
        }
        Ok(new)
    }

    /// The sum of a column that is to be made, once for all that need it.
    fn sum_of(&mut self, one: &Aggregation, kind: Kind) -> usize {
        let name = kind.name(&one.input);
        if let Some(at) = self.sums.iter().position(|sum| sum.input == name) {
            return at;
        }
        self.columns.push((one.input.clone(), kind));
        self.schema.insert(name.clone(), DataType::Float64);
        self.and(sum(name))
    }

    fn and(&mut self, one: Aggregation) -> usize {
        let output = format!("__answer_{}__", self.sums.len());
        self.sums.push(one.alias(output));
        self.sums.len() - 1
    }

    /// What a column that is summed is made of: the column, and whether it is the product with the weight.
    pub(crate) fn made_of(&self, name: &str) -> Option<(&str, bool)> {
        let found = self.columns.iter().find(|(column, kind)| kind.name(column) == name)?;
        Some((found.0.as_str(), found.1 == Kind::Product))
    }

    /// Adds the columns that are summed. A weight that is missing where there is a value is an error: a sum that skips
    /// missing values would lose the row without a word.
    pub(crate) fn add_columns(&self, frame: &mut DataFrame, weight: Option<&str>, scale: f64) -> flow::Result<()> {
        let rows = frame.height();
        let weights: Vec<f64> = match weight {
            Some(weight) => {
                let weight = frame.column(weight)?.cast(&DataType::Float64)?;
                weight.f64()?.iter().map(|w| w.unwrap_or(f64::NAN) * scale).collect()
            }
            None => vec![scale; rows],
        };
        for (column, kind) in &self.columns {
            let values = frame.column(column)?;
            let is_there = present(values)?;
            let missing = is_there.iter().zip(&weights).filter(|(there, w)| **there && w.is_nan()).count();
            if missing > 0 {
                return Err(flow::Error::request(format!(
                    "the weight of {missing} rows with a value of `{column}` is missing (null or NaN); cut these rows away \
                     or define the weight there"
                )));
            }
            let made: Float64Chunked = match kind {
                Kind::Weight => {
                    is_there.iter().zip(&weights).map(|(there, w)| there.then_some(*w)).collect_ca(kind.name(column))
                }
                Kind::Product => {
                    let values = values.cast(&DataType::Float64)?;
                    let products = values.f64()?.iter().zip(&weights).map(|(value, w)| value.map(|value| value * w));
                    products.collect_ca(kind.name(column))
                }
            };
            frame.with_column(made.into_column())?;
        }
        Ok(())
    }

    /// The answers of the sums; the first `keys` columns stay.
    pub(crate) fn finish(&self, sums: DataFrame, keys: usize) -> Result<DataFrame> {
        let columns = sums.columns();
        let (keys, sums) = columns.split_at(keys);
        let mut out = keys.to_vec();
        for (name, answer) in &self.answers {
            out.push(match answer {
                Answer::Plain(at) => sums[*at].clone().with_name(name.clone()),
                Answer::Ratio(sum, weights) => {
                    let (sum, weights) = (sums[*sum].f64()?, sums[*weights].f64()?);
                    let ratio = |(sum, weight): (Option<f64>, Option<f64>)| Some(sum? / weight.filter(|w| *w != 0.0)?);
                    let ratios: Float64Chunked = sum.iter().zip(weights.iter()).map(ratio).collect_ca(name.clone());
                    ratios.into_column()
                }
            });
        }
        Ok(DataFrame::new_infer_height(out)?)
    }
}

fn refused(one: &Aggregation, what: &str) -> Error {
    Error::request(format!(
        "`{}` of the column `{}` is not defined for {what}; .unweighted() drops the weights",
        one.function, one.input
    ))
}

/// Where there is a value: neither null nor NaN.
fn present(values: &Column) -> PolarsResult<Vec<bool>> {
    Ok(match values.dtype().is_float() {
        true => {
            values.cast(&DataType::Float64)?.f64()?.iter().map(|value| value.is_some_and(|v| !v.is_nan())).collect()
        }
        false => values.is_not_null().iter().map(|there| there == Some(true)).collect(),
    })
}
