//! The best rows by a column: only they are held, and where the steps look at each row alone, only their other columns are read.
//! Segments that by their bounds hold none of them are passed over: those with the best bounds are read first, and then the
//! others as far as they may hold a row that is no worse.

use crate::error::{Error, Result};
use crate::lower::clauses::{NUMBER, NumberRows};
use crate::lower::plan::ProcessPlan;
use crate::lower::report;
use crate::lower::whole::in_order;
use crate::steps::chain::Order;
use flow::{Clause, Define, Query, Sink};
use polars::prelude::*;
use segment::{Scalar, Segment};
use sources::SegmentInfo;
use sources::memory::{Cutting, Memory};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Keeps the best rows, in their order; of equal ones the first.
pub(crate) struct Best {
    pub rows: usize,
    pub by: PlSmallStr,
    pub order: Order,
    prospects: Prospects,
}

/// What is known of the best rows before segments are read. Ranks are words that are larger the better a value is.
#[derive(Default)]
struct Prospects {
    /// By the first row of a segment: the best rank that a row of it can have.
    bounds: HashMap<u64, u64>,
    /// Segments that are read first, by their first row.
    first: HashSet<u64>,
    /// Whether the others are read now.
    is_second: bool,
    /// The rank of the worst of as many rows as are wanted.
    worst: AtomicU64,
}

/// More rows than this are not picked one by one.
const FEW: usize = 10_000;

impl Best {
    pub fn new(rows: usize, by: PlSmallStr, order: Order) -> Self {
        Self { rows, by, order, prospects: Prospects::default() }
    }

    /// The rank of a word of the column.
    fn rank(&self, word: u64) -> u64 {
        if self.order == Order::Highest { word } else { !word }
    }

    /// The best rank that a row of a segment can have, as far as it is known.
    fn bound(&self, segment: &SegmentInfo, dtype: &DataType) -> Option<u64> {
        let known = segment.statistics.columns.get(self.by.as_str())?;
        let bound = if self.order == Order::Highest { known.max.as_ref() } else { known.min.as_ref() };
        let word = match bound? {
            Scalar::Float(value) if dtype.is_float() => float_word(*value),
            Scalar::Int(value) if *dtype == DataType::UInt64 => u64::try_from(*value).ok()?,
            Scalar::Int(value) if dtype.is_primitive_numeric() && !dtype.is_float() => {
                integer_word(i64::try_from(*value).ok()?)
            }
            _ => return None,
        };
        Some(self.rank(word))
    }

    /// Whether all segments are read in one pass.
    fn is_one_pass(&self) -> bool {
        self.prospects.bounds.is_empty()
    }

    /// Reads first as many segments as rows are wanted, those with the best bounds, and all of which nothing is known.
    fn with_bounds(mut self, segments: &[SegmentInfo], dtype: &DataType) -> Self {
        let mut bounds: Vec<(u64, u64)> =
            segments.iter().filter_map(|one| Some((self.bound(one, dtype)?, one.rows.start))).collect();
        bounds.sort_unstable_by_key(|(bound, row)| (Reverse(*bound), *row));
        if bounds.len() > self.rows {
            let later: HashSet<u64> = bounds[self.rows..].iter().map(|(_, row)| *row).collect();
            let starts = segments.iter().map(|one| one.rows.start);
            self.prospects.first = starts.filter(|row| !later.contains(row)).collect();
            self.prospects.bounds = bounds.into_iter().map(|(bound, row)| (row, bound)).collect();
        }
        self
    }

    /// Remembers how good a row must be, when there are enough.
    fn raise(&self, best: &DataFrame) -> flow::Result<()> {
        if self.is_one_pass() || best.height() < self.rows || self.rows == 0 {
            return Ok(());
        }
        let worst = word_of(best.column(&self.by)?.as_materialized_series(), best.height() - 1)?;
        if let Some(word) = worst {
            self.prospects.worst.fetch_max(self.rank(word), Ordering::Relaxed);
        }
        Ok(())
    }

    fn keep(&self, mut frame: DataFrame) -> flow::Result<DataFrame> {
        let column = frame.column(&self.by)?.as_materialized_series();
        if frame.height() > 2 * self.rows.max(16)
            && let Some(best) = best_of(column, self.rows, self.order)?
        {
            let best = IdxCa::from_vec(PlSmallStr::EMPTY, best);
            let columns = frame.columns().iter();
            let columns = columns.map(|column| Ok(column.as_materialized_series().take(&best)?.into_column()));
            frame = DataFrame::new(best.len(), columns.collect::<PolarsResult<_>>()?)?;
        }
        Ok(in_order(frame, std::slice::from_ref(&self.by), self.order)?.head(Some(self.rows)))
    }
}

impl Sink for Best {
    type Part = Option<DataFrame>;

    fn part(&self) -> Option<DataFrame> {
        None
    }

    fn take(&self, part: &mut Option<DataFrame>, segment: Segment) -> flow::Result<()> {
        let best = self.keep(segment.frame)?;
        self.raise(&best)?;
        self.merge(part, Some(best))
    }

    fn wants(&self, segment: &SegmentInfo) -> bool {
        let Prospects { bounds, first, is_second, worst } = &self.prospects;
        if self.is_one_pass() || first.contains(&segment.rows.start) {
            return !is_second;
        }
        // A row that is as good may stand before the one that is known.
        let worst = worst.load(Ordering::Relaxed);
        *is_second && bounds.get(&segment.rows.start).is_none_or(|bound| *bound >= worst)
    }

    fn merge(&self, whole: &mut Option<DataFrame>, next: Option<DataFrame>) -> flow::Result<()> {
        if let Some(next) = next {
            *whole = Some(match whole.take() {
                Some(mut whole) => {
                    whole.vstack_mut_owned(next)?;
                    self.keep(whole)?
                }
                None => next,
            });
        }
        Ok(())
    }
}

/// The best rows of a column of numbers or times, in the order in which they stand; `None` for other columns.
fn best_of(column: &Series, rows: usize, order: Order) -> PolarsResult<Option<Vec<IdxSize>>> {
    let highest = order == Order::Highest;
    let physical = column.to_physical_repr();
    let dtype = physical.dtype();
    if dtype.is_float() {
        let values = physical.cast(&DataType::Float64)?;
        let values = values.f64()?;
        let word = |x: f64| (!x.is_nan()).then(|| float_word(x));
        // Through what marks missing values a loop goes row by row.
        if let Ok(all) = values.cont_slice() {
            return Ok(Some(kept(all.iter().map(|x| word(*x)), rows, highest)));
        }
        return Ok(Some(kept(values.iter().map(|x| x.and_then(word)), rows, highest)));
    }
    if *dtype == DataType::UInt64 {
        return Ok(Some(kept(physical.u64()?.iter(), rows, highest)));
    }
    if dtype.is_bool() || dtype.is_integer() && !matches!(dtype, DataType::Int128 | DataType::UInt128) {
        let values = physical.cast(&DataType::Int64)?;
        let values = values.i64()?;
        if let Ok(all) = values.cont_slice() {
            return Ok(Some(kept(all.iter().map(|x| Some(integer_word(*x))), rows, highest)));
        }
        return Ok(Some(kept(values.iter().map(|x| x.map(integer_word)), rows, highest)));
    }
    Ok(None)
}

/// The bits of a number, in the order of the numbers; both zeros are one.
fn float_word(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn integer_word(value: i64) -> u64 {
    value as u64 ^ 1 << 63
}

/// The word of a value, as [`best_of`] has it; `None` where it is missing, or not a number.
fn word_of(column: &Series, row: usize) -> PolarsResult<Option<u64>> {
    let physical = column.slice(row as i64, 1).to_physical_repr().into_owned();
    let dtype = physical.dtype();
    Ok(if dtype.is_float() {
        physical.cast(&DataType::Float64)?.f64()?.get(0).filter(|value| !value.is_nan()).map(float_word)
    } else if *dtype == DataType::UInt64 {
        physical.u64()?.get(0)
    } else if dtype.is_primitive_numeric() {
        physical.cast(&DataType::Int64)?.i64()?.get(0).map(integer_word)
    } else {
        None
    })
}

/// The rows of the largest, or smallest, words; of equal ones the first. Missing ones come last.
fn kept(words: impl Iterator<Item = Option<u64>>, rows: usize, highest: bool) -> Vec<IdxSize> {
    // Of what may be missing, nothing comes before something.
    let mut best: BinaryHeap<Reverse<(Option<u64>, Reverse<IdxSize>)>> = BinaryHeap::with_capacity(rows + 1);
    // Once there are enough, what is no better than the worst of them is passed over.
    let mut worst = None;
    for (row, word) in (0..).zip(words) {
        let rank = word.map(|word| if highest { word } else { !word });
        if worst.is_some_and(|worst| rank <= worst) || rows == 0 {
            continue;
        }
        best.push(Reverse((rank, Reverse(row))));
        if best.len() > rows {
            best.pop();
        }
        if best.len() == rows {
            worst = best.peek().map(|Reverse((rank, _))| *rank);
        }
    }
    let mut best: Vec<IdxSize> = best.into_iter().map(|Reverse((_, Reverse(row)))| row).collect();
    best.sort_unstable();
    best
}

impl ProcessPlan<'_> {
    /// The numbers of the best rows, found by their key alone; `None` where that is not worth it, or a step looks at more
    /// than one row.
    pub(crate) fn best_rows(&self, best: &Best) -> Result<Option<Vec<u64>>> {
        let worth = best.rows <= FEW && self.columns().len() > 1 && !self.source.in_memory();
        let Some(query) = self.numbered(&best.by)?.filter(|_| worth) else { return Ok(None) };
        let mut best = Best::new(best.rows, best.by.clone(), best.order);
        let made =
            |clause: &Clause| matches!(clause, Clause::Define(Define::Expression { name, .. }) if *name == best.by);
        if let Some(dtype) = self.source.schema().get(&best.by)
            && !self.clauses.iter().any(made)
        {
            best = best.with_bounds(self.source.segments(), dtype);
        }
        let mut found = self.best_found(&query, &best)?;
        if !best.is_one_pass() {
            found.iter().try_for_each(|found| best.raise(found))?;
            best.prospects.is_second = true;
            if let Some(more) = self.best_found(&query, &best)? {
                // Of equal rows the first are taken.
                let both = found.map_or_else(|| Ok(more.clone()), |found| found.vstack(&more))?;
                found = Some(best.keep(in_order(both, &[NUMBER.into()], Order::Lowest)?)?);
            }
        }
        let Some(found) = found else { return Ok(Some(Vec::new())) };
        let mut rows: Vec<u64> = found.column(NUMBER)?.u64()?.into_no_null_iter().collect();
        rows.sort_unstable();
        Ok(Some(rows))
    }

    fn best_found(&self, query: &Query, best: &Best) -> Result<Option<DataFrame>> {
        let (found, run) = flow::run(query, self.source.clone(), best, &self.settings.options())?;
        report::absorb(&mut self.report.borrow_mut(), run);
        Ok(found)
    }

    /// What gives a column and the numbers of its rows; `None` where a step looks at more than one row, or rows of the source
    /// cannot be picked out of it.
    pub(crate) fn numbered(&self, by: &str) -> Result<Option<Query>> {
        let whole = |info: &sources::SegmentInfo| info.columns == (0..self.source.schema().len());
        if self.server().is_some() || !self.source.segments().iter().all(whole) || self.inputs()?.is_none() {
            return Ok(None);
        }
        let mut query = Query::new().clause(Clause::Custom(Arc::new(NumberRows)));
        for clause in &self.clauses {
            query = query.clause(match clause {
                Clause::Select(names) => Clause::Select(names.iter().cloned().chain([NUMBER.into()]).collect()),
                clause => clause.clone(),
            });
        }
        Ok(Some(query.clause(Clause::Select(vec![by.into(), NUMBER.into()]))))
    }

    /// The values of a column and the numbers of their rows, in order; see [`numbered`](Self::numbered).
    pub(crate) fn keys(&self, by: &str) -> Result<Option<DataFrame>> {
        let Some(query) = self.numbered(by)? else { return Ok(None) };
        let (frame, run) = query.over(self.source.clone()).options(self.settings.options()).collect()?;
        report::absorb(&mut self.report.borrow_mut(), run);
        Ok(Some(frame))
    }

    /// Runs the clauses over some rows of the source, which are picked out of it.
    pub(crate) fn run_over<S: Sink>(&self, rows: &[u64], sink: &S) -> Result<S::Part> {
        let wanted = self.inputs()?.ok_or_else(|| Error::request("steps that look at more than one row"))?;
        let mut frames = Vec::new();
        for (at, info) in self.source.segments().iter().enumerate() {
            let (from, to) = (info.rows.start, info.rows.end);
            let own = &rows[rows.partition_point(|row| *row < from)..rows.partition_point(|row| *row < to)];
            if !own.is_empty() {
                let own: Vec<IdxSize> = own.iter().map(|row| (row - from) as IdxSize).collect();
                frames.push(self.source.pick(at, &wanted, &own)?);
            }
        }
        let schema = self.source.schema();
        let schema: Schema =
            wanted.into_iter().filter_map(|name| Some((name.clone(), schema.get(&name)?.clone()))).collect();
        let picked = Memory::pieces(self.source.name(), Arc::new(schema), frames, None, &Cutting::default())?;
        let query = self.clauses.iter().cloned().fold(Query::new(), Query::clause);
        let (part, run) = flow::run(&query, Arc::new(picked), sink, &self.settings.options())?;
        report::absorb(&mut self.report.borrow_mut(), run);
        Ok(part)
    }

    /// The columns of the source that the steps look at or hand on; `None` where a step looks at more than one row.
    fn inputs(&self) -> Result<Option<Vec<PlSmallStr>>> {
        let mut schema = self.input().clone();
        let mut wanted: Vec<PlSmallStr> = self.output().iter_names().cloned().collect();
        for clause in &self.clauses {
            let cut = match clause {
                Clause::Filter(cut) => cut,
                Clause::Define(Define::Expression { value, .. }) => value,
                Clause::Select(_) => continue,
                _ => return Ok(None),
            };
            let typed = cut.check(&schema)?;
            if typed.needs_whole_table() {
                return Ok(None);
            }
            wanted.extend(typed.columns().iter().cloned());
            if let Clause::Define(Define::Expression { name, .. }) = clause {
                schema.insert(name.clone(), typed.dtype());
            }
        }
        let source = self.source.schema();
        Ok(Some(source.iter_names().filter(|name| wanted.contains(name)).cloned().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_values_of_any_numbers_and_of_equal_ones_the_first() {
        let floats =
            Series::new("x".into(), [Some(1.0), Some(f64::NAN), None, Some(-0.0), Some(0.0), Some(-3.0), Some(1.0)]);
        let of = |column: &Series, rows, order| best_of(column, rows, order).unwrap().unwrap();
        assert_eq!(of(&floats, 3, Order::Highest), [0, 3, 6]);
        assert_eq!(of(&floats, 3, Order::Lowest), [3, 4, 5]);
        assert_eq!(of(&floats, 6, Order::Highest), [0, 1, 3, 4, 5, 6]);
        assert_eq!(of(&floats, 9, Order::Lowest), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(of(&floats, 0, Order::Lowest), [0; 0]);
        let integers = Series::new("i".into(), [i64::MIN, 0, i64::MAX, -1]);
        assert_eq!(of(&integers, 2, Order::Highest), [1, 2]);
        assert_eq!(of(&integers, 1, Order::Lowest), [0]);
        let unsigned = Series::new("u".into(), [u64::MAX, 0, 1 << 63]);
        assert_eq!(of(&unsigned, 2, Order::Highest), [0, 2]);
        assert!(best_of(&Series::new("s".into(), ["a"]), 1, Order::Lowest).unwrap().is_none());
    }

    #[test]
    fn segments_that_hold_none_of_the_best_rows_are_not_read() {
        let mut random = segment::random::SplitMix64::new(8);
        let mut draw = || (0..100_000).map(|_| (random.next() >> 11) as f64).collect::<Vec<_>>();
        let frame = df!("x" => draw(), "y" => draw()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.parquet");
        let options = sources::parquet::WriteOptions { row_group: 1_000, ..Default::default() };
        sources::parquet::write(&path, &frame, &options).unwrap();
        let file = crate::load(&path).unwrap();
        for order in [Order::Highest, Order::Lowest] {
            let (mut pass, _) = crate::lower::pass::GroupPlan::of_everything(&file).unwrap();
            let read = pass.each(|lowered| {
                let found = lowered.best_rows(&Best::new(10, "x".into(), order))?;
                Ok((found.map(|rows| rows.len()), lowered.report.borrow().segments_read))
            });
            // The worst of the best ten is no worse than the best of the tenth segment.
            assert_eq!(read.unwrap()[0].1, (Some(10), 10), "{order:?}");
        }
    }

    #[test]
    fn rows_that_are_picked_are_those_that_sorting_gives() {
        let mut random = segment::random::SplitMix64::new(3);
        let mut draw = |most: u64| (0..50_000).map(|_| (random.next() % most) as f64).collect::<Vec<_>>();
        let frame = df!("x" => draw(400), "y" => draw(9), "z" => draw(1 << 40)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.parquet");
        let options = sources::parquet::WriteOptions { row_group: 7_000, ..Default::default() };
        sources::parquet::write(&path, &frame, &options).unwrap();
        let file = crate::load(&path).unwrap();
        let memory = crate::Data::from_frames([("rows", frame)]).unwrap();
        for order in [Order::Highest, Order::Lowest] {
            let best = |group: &crate::Group, by: &str, rows: usize| match order {
                Order::Highest => (group.top(rows, by).unwrap(), group.sort_descending(by).unwrap().head(Some(rows))),
                Order::Lowest => (group.bottom(rows, by).unwrap(), group.sort(by).unwrap().head(Some(rows))),
            };
            for rows in [0, 1, 10, 500] {
                for (by, cut) in [("x", "y > 3"), ("w", "x != 7 & y < 8"), ("z", "z == z")] {
                    let chain = |group: &crate::Group| group.define("w", "x * y").query(cut);
                    for group in
                        [chain(&file), chain(&memory), chain(&file).select([by, "y"]), chain(&file).head(9_000)]
                    {
                        let (top, sorted) = best(&group, by, rows);
                        assert!(top.equals_missing(&sorted), "{by} {rows} {order:?} {cut}\n{top}\n{sorted}");
                    }
                }
            }
        }
    }
}
