//! Single numbers of a column, and its values.

use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::pass::GroupPlan;
use flow::{AggregateFunction, Aggregation, Sink};
use polars::prelude::*;
use segment::Segment;
use segment::Text;

macro_rules! numbers {
    ($($name:ident $function:ident $text:literal $result:literal)*) => {$(
        #[doc = $text]
        ///
        /// Missing values are skipped; NaN where nothing is left. All processes together.
        ///
        /// # Errors
        /// See [`Group::count`]; a column that is not numbers.
        ///
        /// ```
        /// # use polars::df;
        /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0, 6.0])?)])?;
        #[doc = concat!("assert_eq!(data.", stringify!($name), "(\"x\")?, ", $result, ");")]
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
        pub fn $name(&self, column: impl Text) -> Result<f64> {
            self.number(column.text(), AggregateFunction::$function)
        }
    )*};
}

impl Group {
    numbers! {
        mean Mean "The mean of a column or an expression; weights count." "3.0"
        sum Sum "The sum of a column or an expression; weights count." "9.0"
        min Min "The smallest value of a column or an expression." "1.0"
        max Max "The largest value of a column or an expression." "6.0"
        std Std "The standard deviation of a column or an expression (n - 1); refused for weighted rows." "7_f64.sqrt()"
        median Median "The median of a column or an expression; refused for weighted rows." "2.0"
    }

    /// A quantile between 0 and 1 of a column or an expression, linear between neighbours; refused for weighted rows.
    ///
    /// # Errors
    /// See [`Group::mean`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.quantile("x", 0.5)?, 2.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn quantile(&self, column: impl Text, quantile: f64) -> Result<f64> {
        self.number(column.text(), AggregateFunction::Quantile(quantile))
    }

    fn number(&self, column: &str, function: AggregateFunction) -> Result<f64> {
        const ANSWER: &str = "__answer__";
        let frame = self.agg([Aggregation::new(column, function).alias(ANSWER)])?;
        let answer = frame.column(ANSWER)?;
        if !answer.dtype().is_numeric() && !answer.dtype().is_bool() {
            let dtype = answer.dtype();
            return Err(Error::request(format!("`{function}` of the column `{column}` is {dtype}, not a number")));
        }
        Ok(answer.cast(&DataType::Float64)?.f64()?.get(0).unwrap_or(f64::NAN))
    }

    /// The values of a column or an expression, all processes one after the other; missing ones are NaN. Weights are not in
    /// it: they are the values of `__total_weight__` in [`Group::collect`].
    ///
    /// ```
    /// use polars::prelude::*;
    /// let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0, 3.0])?)])?;
    /// assert_eq!(data.query("x > 1").column("2 * x")?, [4.0, 6.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// See [`Group::count`]; a column that is not numbers.
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn column(&self, column: impl Text) -> Result<Vec<f64>> {
        self.values_of(column.text())
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn values_of(&self, column: &str) -> Result<Vec<f64>> {
        let mut pass = GroupPlan::new(self, &[column.to_owned()])?;
        for lowered in pass.lowered() {
            let dtype = lowered.schema.get(&lowered.name_of(column)).cloned().unwrap_or(DataType::Null);
            if !dtype.is_numeric() && !dtype.is_bool() {
                return Err(Error::request(format!("column `{column}` is {dtype}, not numbers; collect() gives it")));
            }
        }
        let parts = pass.each(|lowered| {
            let sink = Values { column: lowered.name_of(column) };
            if lowered.server().is_none() {
                return lowered.run(&sink);
            }
            let mut values = Vec::new();
            for frame in lowered.frames_of(None, std::slice::from_ref(&sink.column))? {
                sink.add(&mut values, &frame)?;
            }
            Ok(values)
        })?;
        pass.report(format!("column {column}"));
        Ok(parts.into_iter().flat_map(|(_, values)| values).collect())
    }
}

struct Values {
    column: String,
}

impl Values {
    fn add(&self, values: &mut Vec<f64>, frame: &DataFrame) -> flow::Result<()> {
        let column = frame.column(&self.column)?.cast(&DataType::Float64)?;
        values.extend(column.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)));
        Ok(())
    }
}

impl Sink for Values {
    type Part = Vec<f64>;

    fn part(&self) -> Vec<f64> {
        Vec::new()
    }

    fn take(&self, part: &mut Vec<f64>, segment: Segment) -> flow::Result<()> {
        self.add(part, &segment.frame)
    }

    fn merge(&self, whole: &mut Vec<f64>, next: Vec<f64>) -> flow::Result<()> {
        whole.extend(next);
        Ok(())
    }
}
