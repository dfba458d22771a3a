//! The join with the nearest row of a frame in memory: a search among its sorted values for each row that comes in.

use crate::lower::clauses::with_keys_of;
use crate::steps::asof::{AsOf, Direction, Tolerance};
use polars::prelude::*;
use segment::Error;
use std::ops::Sub;
use std::sync::{Arc, OnceLock};

/// The number of the group of a row, while rows are joined.
const GROUP: &str = "__asof_group__";

/// Adds the columns of the nearest row of a frame.
#[derive(Debug)]
pub(crate) struct AsOfJoin {
    frame: Arc<DataFrame>,
    asof: AsOf,
    on: PlSmallStr,
    by: Vec<PlSmallStr>,
    /// The frame as it is searched; known once the plan is checked.
    fitted: OnceLock<Fitted>,
}

#[derive(Debug)]
struct Fitted {
    /// The columns that are added.
    added: DataFrame,
    /// Each combination of keys and its number; `None` without keys.
    groups: Option<DataFrame>,
    points: Points,
}

/// Values of each group with their rows, in order.
#[derive(Debug)]
enum Points {
    /// Integers, and times in nanoseconds.
    Whole(Vec<Vec<(i128, IdxSize)>>),
    Float(Vec<Vec<(f64, IdxSize)>>),
}

impl AsOfJoin {
    /// The names are those of the columns that come in.
    pub(crate) fn new(frame: Arc<DataFrame>, asof: AsOf, on: String, by: Vec<String>) -> Self {
        let by = by.into_iter().map(PlSmallStr::from_string).collect();
        Self { frame, asof, on: on.into(), by, fitted: OnceLock::new() }
    }

    fn added(&self) -> impl Iterator<Item = &PlSmallStr> {
        self.frame.get_column_names().into_iter().filter(|name| **name != self.on && !self.by.contains(name))
    }

    fn fit(&self, input: &Schema) -> flow::Result<Fitted> {
        let refused = |text: String| flow::Error::request(format!("asof_join: {text}"));
        let none = |schema: &Schema| Error::column(&self.on, schema.iter_names().map(PlSmallStr::as_str));
        let mine = input.get(&self.on).ok_or_else(|| none(input))?;
        let their = self.frame.schema().get(&self.on).cloned().ok_or_else(|| none(self.frame.schema()))?;
        if kind(mine).is_none() || kind(mine) != kind(&their) {
            let text = "numbers of one kind or times of one kind are wanted on both sides";
            return Err(refused(format!("`{}` is {mine} here and {their} in the frame; {text}", self.on)));
        }
        let is_time = !matches!(kind(mine), Some(Kind::Integer | Kind::Float));
        match self.asof.tolerance {
            Some(Tolerance::Time(_)) if !is_time => {
                return Err(refused(format!("`{}` is {mine}; say how far with within(..), a number", self.on)));
            }
            Some(Tolerance::Number(_)) if is_time => {
                return Err(refused(format!("`{}` is {mine}; say how far with tolerance(\"5min\")", self.on)));
            }
            _ => {}
        }
        let frame = with_keys_of(&self.frame, &self.by, input)?;
        let (groups, numbers) = self.groups(&frame)?;
        let count = groups.as_ref().map_or(1, DataFrame::height);
        let column = frame.column(&self.on)?.as_materialized_series();
        let number = |row: usize| numbers.as_ref().map_or(0, |numbers| numbers[row] as usize);
        let points = match kind(mine) {
            Some(Kind::Float) => Points::Float(sorted(count, floats(column)?, number)),
            _ => Points::Whole(sorted(count, wholes(column)?, number)),
        };
        let added = frame.select(self.added().map(PlSmallStr::as_str))?;
        Ok(Fitted { added, groups, points })
    }

    /// The combinations of keys with their numbers, and the number of each row.
    fn groups(&self, frame: &DataFrame) -> flow::Result<(Option<DataFrame>, Option<Vec<IdxSize>>)> {
        if self.by.is_empty() {
            return Ok((None, None));
        }
        let keys = frame.select(self.by.iter().map(PlSmallStr::as_str))?;
        let mut groups = keys.unique_stable(None, UniqueKeepStrategy::First, None)?;
        let numbers = IdxCa::from_iter_values(GROUP.into(), 0..groups.height() as IdxSize);
        groups.with_column(numbers.into_series().into_column())?;
        let numbers = numbers_of(&keys, &groups, &self.by)?.into_iter().map(Option::unwrap_or_default).collect();
        Ok((Some(groups), Some(numbers)))
    }
}

/// The number of the group of each row; `None` where there is no such group.
fn numbers_of(frame: &DataFrame, groups: &DataFrame, by: &[PlSmallStr]) -> flow::Result<Vec<Option<IdxSize>>> {
    let on: Vec<Expr> = by.iter().map(|key| col(key.clone())).collect();
    let mut options = JoinArgs::new(JoinType::Left);
    options.maintain_order = MaintainOrderJoin::Left;
    options.nulls_equal = true;
    let keys = frame.select(by.iter().map(PlSmallStr::as_str))?.lazy();
    let joined = keys.join(groups.clone().lazy(), on.clone(), on, options).collect()?;
    Ok(joined.column(GROUP)?.as_materialized_series().idx()?.to_vec())
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Integer,
    Float,
    Time { zoned: bool },
    Duration,
}

fn kind(dtype: &DataType) -> Option<Kind> {
    Some(match dtype {
        dtype if dtype.is_float() => Kind::Float,
        DataType::UInt128 => return None,
        dtype if dtype.is_integer() => Kind::Integer,
        DataType::Date => Kind::Time { zoned: false },
        DataType::Datetime(_, zone) => Kind::Time { zoned: zone.is_some() },
        DataType::Duration(_) => Kind::Duration,
        _ => return None,
    })
}

/// Integers, and times in nanoseconds.
fn wholes(column: &Series) -> flow::Result<Vec<Option<i128>>> {
    let unit = match column.dtype() {
        DataType::Date => 86_400_000_000_000,
        DataType::Datetime(unit, _) | DataType::Duration(unit) => match unit {
            TimeUnit::Nanoseconds => 1,
            TimeUnit::Microseconds => 1_000,
            TimeUnit::Milliseconds => 1_000_000,
        },
        _ => 1,
    };
    let values = column.to_physical_repr().strict_cast(&DataType::Int128)?;
    Ok(values.i128()?.iter().map(|value| value.map(|value| value * unit)).collect())
}

fn floats(column: &Series) -> flow::Result<Vec<Option<f64>>> {
    let values = column.cast(&DataType::Float64)?;
    Ok(values.f64()?.iter().map(|value| value.filter(|value| !value.is_nan())).collect())
}

/// Values by group, in order; of equal ones the first row comes first.
fn sorted<T: PartialOrd + Copy>(
    count: usize,
    values: Vec<Option<T>>,
    group: impl Fn(usize) -> usize,
) -> Vec<Vec<(T, IdxSize)>> {
    let mut points: Vec<Vec<(T, IdxSize)>> = vec![Vec::new(); count];
    for (row, value) in values.into_iter().enumerate() {
        if let Some(value) = value {
            points[group(row)].push((value, row as IdxSize));
        }
    }
    for points in &mut points {
        points.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    }
    points
}

/// The row of the partner.
fn partner<T: PartialOrd + Copy + Sub<Output = T>>(
    points: &[(T, IdxSize)],
    value: T,
    direction: Direction,
    most: Option<T>,
) -> Option<IdxSize> {
    let before = || points[..points.partition_point(|point| point.0 <= value)].last();
    let behind = || points.get(points.partition_point(|point| point.0 < value));
    let found = match direction {
        Direction::Backward => before(),
        Direction::Forward => behind(),
        Direction::Nearest => match (before(), behind()) {
            (Some(a), Some(b)) => Some(if value - a.0 <= b.0 - value { a } else { b }),
            (a, b) => a.or(b),
        },
    };
    let distance = |point: T| if point < value { value - point } else { point - value };
    found.filter(|point| most.is_none_or(|most| distance(point.0) <= most)).map(|point| point.1)
}

impl flow::Custom for AsOfJoin {
    fn name(&self) -> String {
        let by = if self.by.is_empty() { String::new() } else { format!(" by {}", self.by.join(", ")) };
        format!("as-of join on {}{by}", self.on)
    }

    fn schema(&self, input: &Schema) -> flow::Result<Schema> {
        if let Some(wrong) = &self.asof.wrong {
            return Err(flow::Error::request(format!("asof_join: {wrong}")));
        }
        let fitted = self.fit(input)?;
        self.fitted.get_or_init(|| fitted);
        let mut schema = input.clone();
        for name in self.added() {
            if input.contains(name) {
                return Err(flow::Error::request(format!("asof_join: both sides have a column `{name}`; rename one")));
            }
            schema.insert(name.clone(), self.frame.schema().get(name).cloned().unwrap_or(DataType::Null));
        }
        Ok(schema)
    }

    fn needs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr> {
        let added: Vec<_> = self.added().collect();
        let mut needs: Vec<_> = outputs.iter().filter(|name| !added.contains(name)).cloned().collect();
        let own = self.by.iter().chain([&self.on]).filter(|name| !outputs.contains(name));
        needs.extend(own.cloned());
        needs
    }

    fn process(&self, mut frame: DataFrame) -> flow::Result<DataFrame> {
        let Some(fitted) = self.fitted.get() else { return Err(flow::Error::request("asof_join: not checked")) };
        let groups = match &fitted.groups {
            Some(groups) => numbers_of(&frame, groups, &self.by)?,
            None => vec![Some(0); frame.height()],
        };
        let column = frame.column(&self.on)?.as_materialized_series().clone();
        let direction = self.asof.direction;
        let rows: IdxCa = match &fitted.points {
            Points::Whole(points) => {
                let most = match self.asof.tolerance {
                    Some(Tolerance::Time(length)) => Some(i128::from(length)),
                    Some(Tolerance::Number(distance)) => Some(distance.floor() as i128),
                    None => None,
                };
                let one = |(value, group): (Option<i128>, &Option<IdxSize>)| {
                    partner(&points[(*group)? as usize], value?, direction, most)
                };
                wholes(&column)?.into_iter().zip(&groups).map(one).collect()
            }
            Points::Float(points) => {
                let most = match self.asof.tolerance {
                    Some(Tolerance::Number(distance)) => Some(distance),
                    _ => None,
                };
                let one = |(value, group): (Option<f64>, &Option<IdxSize>)| {
                    partner(&points[(*group)? as usize], value?, direction, most)
                };
                floats(&column)?.into_iter().zip(&groups).map(one).collect()
            }
        };
        for column in fitted.added.take(&rows)?.into_columns() {
            frame.with_column(column)?;
        }
        Ok(frame)
    }
}
