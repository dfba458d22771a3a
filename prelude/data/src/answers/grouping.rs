//! Grouping rows by keys: `group_by("k").agg([sum("x"), mean("y")])`, over all processes of a group.

use crate::answers::remote_groups::{ALL, OnServer};
use crate::answers::weighted::Weighted;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::pass::GroupPlan;
use crate::lower::plan::ProcessPlan;
use crate::steps::rows::Names;
use flow::{Aggregation, Gathered, Grouping, Sink};
use polars::prelude::*;
use segment::Segment;

/// A group whose rows are to be gathered by keys.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let means = data.group_by("k").agg([flow::mean("x")])?;
/// assert_eq!(means.height(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "say what to compute with .agg([..])"]
pub struct GroupedBy<'a> {
    group: &'a Group,
    keys: Vec<String>,
}

impl Group {
    /// Gathers rows by the values of columns; [`GroupedBy::agg`] says what is computed of each.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use flow::{count, mean};
    /// let frame = data.group_by("k").agg([mean("x"), count("x")])?;
    /// assert_eq!(frame.height(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn group_by(&self, keys: impl Names) -> GroupedBy<'_> {
        GroupedBy { group: self, keys: keys.names() }
    }

    /// The same over all rows as one group: `agg([mean("x"), sum("y")])` gives a frame of one row. See [`GroupedBy::agg`].
    ///
    /// # Errors
    /// See [`GroupedBy::agg`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use flow::{max, mean};
    /// assert_eq!(data.agg([mean("x"), max("x")])?.height(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn agg(&self, aggregations: impl IntoIterator<Item = Aggregation>) -> Result<DataFrame> {
        GroupedBy { group: self, keys: Vec::new() }.agg(aggregations)
    }
}

impl GroupedBy<'_> {
    /// One row per value of the keys, all processes together: `agg([sum("x"), mean("y")])`. Missing values are skipped,
    /// rows with a missing key left out. The order is that of the keys. Outputs are called as their columns; where two
    /// would have one name, `agg([mean("m"), std("m")])`, they are called `m_mean` and `m_std`.
    ///
    /// Weights count, those of luminosities included: `sum` is that of weight times value, `count` the sum of the weights,
    /// `mean` the first over the second. `std`, `median` and `quantile` of weighted rows are refused; see
    /// [`Group::unweighted`].
    ///
    /// # Errors
    /// Everything that is wrong with the steps, keys or columns, before any row is read; a weight that is missing.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use flow::{mean, sum};
    /// let frame = data.group_by("k").agg([sum("x"), mean("x").alias("mean")])?;
    /// assert_eq!(frame.get_column_names(), ["k", "x", "mean"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn agg(self, aggregations: impl IntoIterator<Item = Aggregation>) -> Result<DataFrame> {
        self.aggregated(aggregations.into_iter().collect())
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn aggregated(self, aggregations: Vec<Aggregation>) -> Result<DataFrame> {
        let aggregations = self.apart(aggregations)?;
        let mut needed = self.keys.clone();
        for aggregation in &aggregations {
            if !needed.iter().any(|name| *name == *aggregation.input) {
                needed.push(aggregation.input.to_string());
            }
        }
        let mut pass = GroupPlan::new(self.group, &needed)?;
        let is_weighted = pass.lowered().iter().any(|one| one.weight.is_some() || one.scale != 1.0);
        let (schema, plain) = self.grouping(pass.lowered(), &aggregations)?;
        let weighted = is_weighted.then(|| Weighted::new(&schema, &aggregations)).transpose()?;
        let grouping = match &weighted {
            Some(weighted) => Grouping::new(&weighted.schema, &self.key_names(), weighted.sums.clone())?,
            None => plain,
        };
        let grouping = grouping.options(&self.group.parts.settings.options());
        let server = pass.lowered().first().and_then(ProcessPlan::server).cloned();
        if let Some(server) = server {
            let on = OnServer { server: &server, needed: &needed, keys: &self.keys, weighted: weighted.as_ref() };
            let frame = on.answer(&mut pass, &grouping, &schema, &aggregations)?;
            pass.report(format!("group_by {}", self.keys.join(", ")));
            return self.answered(frame, weighted.as_ref(), &aggregations);
        }
        // States of groups come together from process to process; rows are never held.
        let (frame, rounds) = grouping.in_rounds(|grouping| {
            let sink = |lowered: &ProcessPlan<'_>| {
                lowered.run(&Renamed::new(lowered, &needed, weighted.as_ref(), self.keys.is_empty(), grouping))
            };
            let mut parts = pass.each(sink)?.into_iter();
            let (_, mut whole) = parts.next().ok_or_else(|| Error::request("there is no process to group"))?;
            for (_, part) in parts {
                grouping.merge(&mut whole, part)?;
            }
            Ok::<_, Error>(grouping.finish(whole)?)
        })?;
        grouping.notes().iter().for_each(|note| eprintln!("note: {note}"));
        if rounds > 1 {
            eprintln!("note: the groups did not fit the memory budget together; the rows were read {rounds} times");
        }
        pass.report(format!("group_by {}", self.keys.join(", ")));
        self.answered(frame, weighted.as_ref(), &aggregations)
    }

    /// The answer of the frame that the groups gave.
    fn answered(
        &self,
        frame: DataFrame,
        weighted: Option<&Weighted>,
        aggregations: &[Aggregation],
    ) -> Result<DataFrame> {
        let frame = match weighted {
            Some(weighted) => weighted.finish(frame, self.key_names().len())?,
            None => frame,
        };
        if !self.keys.is_empty() {
            return Ok(frame);
        }
        // Of no rows there are no groups, and of all rows there is always one.
        match frame.height() {
            0 => nothing(&frame.drop(ALL)?, aggregations),
            _ => Ok(frame.drop(ALL)?),
        }
    }

    fn key_names(&self) -> Vec<PlSmallStr> {
        match self.keys.is_empty() {
            true => vec![ALL.into()],
            false => self.keys.iter().map(|key| PlSmallStr::from_str(key)).collect(),
        }
    }

    /// Gives outputs that would have the same name, or that of a key, names of their own.
    fn apart(&self, mut aggregations: Vec<Aggregation>) -> Result<Vec<Aggregation>> {
        let taken = |all: &[Aggregation], at: usize| {
            let name = &all[at].output;
            let key = self.keys.iter().any(|key| key == name.as_str());
            key || all.iter().enumerate().any(|(other, one)| other != at && one.output == *name)
        };
        let double: Vec<usize> = (0..aggregations.len()).filter(|&at| taken(&aggregations, at)).collect();
        for &at in &double {
            let one = &mut aggregations[at];
            if one.output == one.input {
                let function = one.function.to_string().replace(['(', '.'], "_").replace(')', "");
                one.output = format!("{}_{function}", one.input).into();
            }
        }
        match (0..aggregations.len()).find(|&at| taken(&aggregations, at)) {
            Some(at) => Err(Error::request(format!(
                "two columns would be called `{}`; give one another name with .alias(\"..\")",
                aggregations[at].output
            ))),
            None => Ok(aggregations),
        }
    }

    /// What is to be computed, checked against the columns of all processes, which must agree.
    fn grouping(&self, lowered: &[ProcessPlan<'_>], aggregations: &[Aggregation]) -> Result<(Schema, Grouping)> {
        let mut all = Schema::default();
        for one in lowered {
            for wanted in aggregations.iter().map(|one| one.input.as_str()).chain(self.keys.iter().map(String::as_str))
            {
                let dtype = one.output().get(&one.name_of(wanted)).cloned().unwrap_or(DataType::Null);
                match all.get(wanted) {
                    Some(have) if *have != dtype => {
                        let text =
                            format!("column `{wanted}` is {dtype}, but {have} in the processes before; define it anew");
                        return Err(Error::request(text).of(one.name()));
                    }
                    _ => all.insert(wanted.into(), dtype),
                };
            }
        }
        if self.keys.is_empty() {
            all.insert(ALL.into(), DataType::Int32);
        }
        let grouping = Grouping::new(&all, &self.key_names(), aggregations.to_vec())?;
        Ok((all, grouping))
    }
}

/// What is computed of no rows: counts and sums are 0, all else is missing.
fn nothing(empty: &DataFrame, aggregations: &[Aggregation]) -> Result<DataFrame> {
    use flow::AggregateFunction::{Count, NUnique, Sum};
    let columns = empty.columns().iter().zip(aggregations).map(|(column, one)| match one.function {
        Sum | Count | NUnique => Column::new_scalar(column.name().clone(), 0_i32.into(), 1).cast(column.dtype()),
        _ => Ok(Column::full_null(column.name().clone(), 1, column.dtype())),
    });
    Ok(DataFrame::new(1, columns.collect::<PolarsResult<_>>()?)?)
}

/// Gives columns the names they were asked for by: a process may hold them under another spelling, or as an expression.
/// Adds what is summed of weighted rows, and the one key of rows that are not grouped.
struct Renamed<'g> {
    /// The name in the frame, and the name that was asked for.
    names: Vec<(String, String)>,
    weighted: Option<&'g Weighted>,
    weight: Option<String>,
    scale: f64,
    ungrouped: bool,
    grouping: &'g Grouping,
}

impl<'g> Renamed<'g> {
    fn new(
        lowered: &ProcessPlan<'_>,
        needed: &[String],
        weighted: Option<&'g Weighted>,
        ungrouped: bool,
        grouping: &'g Grouping,
    ) -> Self {
        let names = needed.iter().map(|name| (lowered.name_of(name), name.clone())).filter(|(own, name)| own != name);
        let (weight, scale) = (lowered.weight.clone(), lowered.scale);
        Self { names: names.collect(), weighted, weight, scale, ungrouped, grouping }
    }
}

impl Sink for Renamed<'_> {
    type Part = Gathered;

    fn part(&self) -> Gathered {
        self.grouping.part()
    }

    fn take(&self, part: &mut Gathered, mut segment: Segment) -> flow::Result<()> {
        for (own, name) in &self.names {
            let column = segment.frame.column(own)?.clone().with_name(PlSmallStr::from_str(name));
            segment.frame.with_column(column)?;
        }
        if let Some(weighted) = self.weighted {
            weighted.add_columns(&mut segment.frame, self.weight.as_deref(), self.scale)?;
        }
        if self.ungrouped {
            let rows = segment.frame.height();
            segment.frame.with_column(Column::new_scalar(ALL.into(), 0_i32.into(), rows))?;
        }
        self.grouping.take(part, segment)
    }

    fn merge(&self, whole: &mut Gathered, next: Gathered) -> flow::Result<()> {
        self.grouping.merge(whole, next)
    }

    fn morsels(&self) -> usize {
        self.grouping.morsels()
    }
}
