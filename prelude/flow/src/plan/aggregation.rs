//! Two-phase aggregation: each morsel of rows is reduced to one state per group, states are merged in order.
//! Memory grows with the groups, not with the rows (but for medians, quantiles and distinct counts).

use crate::error::{Error, Result};
use polars::prelude::*;

/// What is computed of the values of a group. Missing values (null, NaN) are skipped by all.
///
/// ```
/// assert_eq!(flow::AggregateFunction::parse("mean")?, flow::AggregateFunction::Mean);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AggregateFunction {
    /// Their sum; 0 without values. Of integers an i64, of unsigned and truth values a u64, of decimals a decimal, else an
    /// f64. A sum of integers that does not fit is an error; it never wraps around.
    Sum,
    /// Their mean.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// How many there are.
    Count,
    /// The first in the order of rows.
    First,
    /// The last in the order of rows.
    Last,
    /// Their standard deviation (n - 1).
    Std,
    /// Their median.
    Median,
    /// A quantile between 0 and 1, linear between neighbours.
    Quantile(f64),
    /// How many different ones there are.
    NUnique,
}

impl AggregateFunction {
    /// The function of this name.
    ///
    /// # Errors
    /// An unknown name; the message lists the known.
    ///
    /// ```
    /// assert_eq!(flow::AggregateFunction::parse("sum")?, flow::AggregateFunction::Sum);
    /// assert!(flow::AggregateFunction::parse("summ").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(name: &str) -> Result<Self> {
        Ok(match name.to_lowercase().as_str() {
            "sum" => Self::Sum,
            "mean" => Self::Mean,
            "min" => Self::Min,
            "max" => Self::Max,
            "count" => Self::Count,
            "first" => Self::First,
            "last" => Self::Last,
            "std" => Self::Std,
            "median" => Self::Median,
            "n_unique" => Self::NUnique,
            other => {
                let known = "sum, mean, min, max, count, first, last, std, median, quantile, n_unique";
                return Err(Error::request(format!("no aggregation `{other}`; there are {known}")));
            }
        })
    }
}

impl std::fmt::Display for AggregateFunction {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Quantile(q) => write!(out, "quantile({q})"),
            Self::NUnique => out.write_str("n_unique"),
            other => out.write_str(&format!("{other:?}").to_lowercase()),
        }
    }
}

/// One column of an aggregation.
///
/// ```
/// let mean: flow::Aggregation = flow::mean("x").alias("centre");
/// assert_eq!((mean.input.as_str(), mean.output.as_str()), ("x", "centre"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// The name of the new column.
    pub output: PlSmallStr,
    /// The column it is computed of.
    pub input: PlSmallStr,
    /// What is computed.
    pub function: AggregateFunction,
}

/// So that `agg(sum("x"))` means `agg([sum("x")])`.
impl IntoIterator for Aggregation {
    type Item = Self;
    type IntoIter = std::iter::Once<Self>;

    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self)
    }
}

impl Aggregation {
    /// An aggregation whose output is called as its input.
    ///
    /// ```
    /// let sum = flow::Aggregation::new("x", flow::AggregateFunction::Sum);
    /// assert_eq!((sum.input.as_str(), sum.output.as_str()), ("x", "x"));
    /// ```
    pub fn new(input: impl Into<PlSmallStr>, function: AggregateFunction) -> Self {
        let input = input.into();
        Self { output: input.clone(), input, function }
    }

    /// Gives the output a name of its own.
    ///
    /// ```
    /// assert_eq!(flow::sum("x").alias("total").output, "total");
    /// ```
    #[must_use]
    pub fn alias(mut self, output: impl Into<PlSmallStr>) -> Self {
        self.output = output.into();
        self
    }

    /// The type of the output.
    pub(crate) fn dtype(&self, schema: &Schema, resampling: bool) -> Result<DataType> {
        let names = || schema.iter_names().map(PlSmallStr::as_str);
        let input = schema.get(&self.input).ok_or_else(|| segment::Error::column(&self.input, names()))?;
        let refuse = || {
            let text = format!("`{}` is not defined for column `{}` ({input})", self.function, self.input);
            Err(Error::request(text))
        };
        let text = matches!(input, DataType::String);
        let wide = matches!(input, DataType::Int128 | DataType::Decimal(..));
        let number = input.is_primitive_numeric() && *input != DataType::UInt128;
        let plain = number || wide || input.is_bool() || input.is_temporal() || text;
        Ok(match self.function {
            AggregateFunction::Count | AggregateFunction::NUnique => DataType::UInt64,
            _ if !plain => return refuse(),
            AggregateFunction::First | AggregateFunction::Last => input.clone(),
            _ if text => return refuse(),
            AggregateFunction::Sum if input.is_temporal() => return refuse(),
            AggregateFunction::Sum if input.is_float() => DataType::Float64,
            AggregateFunction::Sum if *input == DataType::Int128 => DataType::Int128,
            AggregateFunction::Sum if wide => DataType::Decimal(38, input_scale(input)),
            AggregateFunction::Sum if input.is_unsigned_integer() || input.is_bool() => DataType::UInt64,
            AggregateFunction::Sum => DataType::Int64,
            AggregateFunction::Min | AggregateFunction::Max => input.clone(),
            AggregateFunction::Mean | AggregateFunction::Median if input.is_temporal() => input.clone(),
            AggregateFunction::Quantile(q) if !(0.0..=1.0).contains(&q) => {
                return Err(Error::request(format!("quantile {q} is not between 0 and 1")));
            }
            AggregateFunction::Std | AggregateFunction::Quantile(_)
                if input.is_temporal() || resampling && input.is_bool() =>
            {
                return refuse();
            }
            _ => DataType::Float64,
        })
    }
}

/// The digits behind the point of a decimal.
fn input_scale(dtype: &DataType) -> usize {
    if let DataType::Decimal(_, scale) = dtype { *scale } else { 0 }
}

macro_rules! shorthands {
    ($($name:ident $function:ident $text:literal $result:literal),*) => {
        $(#[doc = $text]
        ///
        /// ```
        /// # use polars::prelude::{DataType, df};
        /// let frame = df!("k" => ["a", "a", "a"], "x" => [1.0, 2.0, 6.0])?;
        #[doc = concat!("let found = flow::Query::new().groupby(\"k\").agg([flow::", stringify!($name), "(\"x\")]).run(&frame)?;")]
        #[doc = concat!("assert_eq!(found.column(\"x\")?.cast(&DataType::Float64)?.f64()?.get(0), Some(", $result, "));")]
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        pub fn $name(column: impl Into<PlSmallStr>) -> Aggregation {
            Aggregation::new(column, AggregateFunction::$function)
        })*
    };
}

shorthands!(
    sum Sum "The sum of a column." "9.0",
    mean Mean "The mean of a column." "3.0",
    min Min "The smallest value of a column." "1.0",
    max Max "The largest value of a column." "6.0",
    count Count "How many values of a column are there." "3.0",
    first First "The first value of a column." "1.0",
    last Last "The last value of a column." "6.0",
    std Std "The standard deviation of a column." "7_f64.sqrt()",
    median Median "The median of a column." "2.0",
    n_unique NUnique "How many different values a column has." "3.0"
);

/// A quantile of a column, between 0 and 1.
///
/// ```
/// # use flow::Query;
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
/// let frame = Query::new().groupby("k").agg([flow::quantile("x", 0.5)]).run(&frame)?;
/// assert_eq!(frame.column("x")?.f64()?.get(0), Some(3.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn quantile(column: impl Into<PlSmallStr>, quantile: f64) -> Aggregation {
    Aggregation::new(column, AggregateFunction::Quantile(quantile))
}
