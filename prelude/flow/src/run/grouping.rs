//! Grouping the rows of several tables together: only the states of the groups are held.

use crate::error::{Error, Result};
use crate::operators::budget::{Budget, Share};
use crate::operators::by_group::GroupStates;
use crate::operators::table::{Aggregate, ByColumns};
use crate::operators::words::words;
use crate::plan::aggregation::Aggregation;
use crate::plan::clause::Clause;
use crate::plan::clause::Query;
use crate::plan::options::Options;
use crate::sink::Sink;
use polars::prelude::*;
use rayon::prelude::*;
use segment::Segment;
use sources::memory::Memory;
use std::sync::Arc;

/// A sink that groups: run it over each of several tables, merge the parts in the order of the tables, and
/// [`finish`](Grouping::finish). Of one table `Query::groupby` does the same.
#[derive(Debug, Clone)]
pub struct Grouping {
    keys: ByColumns,
    aggregations: Vec<Aggregation>,
    inputs: Vec<DataType>,
    outputs: SchemaRef,
    budget: Budget,
    share: Share,
}

/// The groups of a morsel of rows, and what is known of each.
pub struct Gathered(Result<GroupStates>);

impl Grouping {
    /// Grouping of tables that have these columns.
    ///
    /// # Errors
    /// Keys and aggregations that do not fit the columns.
    pub fn new(columns: &Schema, by: &[PlSmallStr], aggregations: Vec<Aggregation>) -> Result<Self> {
        // The plan of a query over no rows checks all of it and knows all types.
        let clause = Clause::GroupBy { by: by.to_vec(), aggregations: aggregations.clone() };
        let empty = Memory::new(DataFrame::empty_with_schema(columns))?;
        let outputs = Query::new().clause(clause).over(Arc::new(empty)).schema()?;
        let dtype = |name: &PlSmallStr| {
            let missing = || Error::from(segment::Error::column(name, columns.iter_names().map(PlSmallStr::as_str)));
            columns.get(name).cloned().ok_or_else(missing)
        };
        let keys = by.iter().map(|key| Ok((key.clone(), dtype(key)?))).collect::<Result<_>>()?;
        let inputs = aggregations.iter().map(|aggregation| dtype(&aggregation.input)).collect::<Result<_>>()?;
        let budget = Budget::new(Options::default().memory_budget);
        Ok(Self { keys: ByColumns(keys), aggregations, inputs, outputs, budget, share: Share::ALL })
    }

    /// Computes what `answer` gives for all keys together, or, where they do not fit the memory budget, in rounds of a share
    /// of the keys each: `answer` reads the tables with the sink that it gets, and hands on the frame of
    /// [`finish`](Grouping::finish). Gives the frames of all rounds, and how many rounds there were.
    ///
    /// # Errors
    /// Those of `answer`; a want of memory only where more rounds are no use.
    pub fn in_rounds<E: From<PolarsError>>(
        &self,
        mut answer: impl FnMut(&Self) -> std::result::Result<DataFrame, E>,
    ) -> std::result::Result<(DataFrame, u64), E> {
        let mut rounds = 1;
        'more: loop {
            let mut whole: Option<DataFrame> = None;
            let planned = rounds;
            for round in 0..planned {
                let held = whole.as_ref().map_or(0, |whole| whole.estimated_size() as u64);
                let one =
                    Self { budget: self.budget.beside(held), share: Share { round, rounds: planned }, ..self.clone() };
                match (answer(&one), Share::more(planned)) {
                    (Ok(frame), _) => match &mut whole {
                        Some(whole) => {
                            whole.vstack_mut_owned(frame)?;
                        }
                        None => whole = Some(frame),
                    },
                    (Err(_), Some(more)) if one.budget.exceeded() => {
                        rounds = more;
                        continue 'more;
                    }
                    (Err(error), _) => return Err(error),
                }
            }
            let Some(whole) = whole else { continue };
            return match rounds {
                1 => Ok((whole, 1)),
                _ => {
                    let sorted = self.in_order(whole);
                    Ok((sorted.map_err(|error| polars_err!(ComputeError: "{error}"))?, rounds))
                }
            };
        }
    }

    /// The memory that the groups may take, in bytes; a quarter of the machine's where nothing is said.
    #[must_use]
    pub fn memory_budget(mut self, bytes: u64) -> Self {
        self.budget = Budget::new(bytes);
        self
    }

    fn in_order(&self, frame: DataFrame) -> Result<DataFrame> {
        let by: Vec<_> = self.keys.0.iter().map(|(name, _)| name.clone()).collect();
        match packed(&frame, &by)? {
            Some((words, bits)) => in_order_of(&frame, words, bits),
            None => Ok(frame.sort(by, SortMultipleOptions::default().with_maintain_order(true))?),
        }
    }

    fn sink(&self) -> Aggregate<'_, ByColumns> {
        Aggregate {
            keys: self.keys.clone(),
            aggregations: &self.aggregations,
            inputs: self.inputs.clone(),
            budget: self.budget.clone(),
            share: self.share,
        }
    }

    /// One row per group, sorted by the keys; rows with a missing key are left out.
    ///
    /// # Errors
    /// What went wrong with one of the morsels.
    pub fn finish(&self, groups: Gathered) -> Result<DataFrame> {
        let types = self.outputs.iter_values().skip(self.keys.0.len()).cloned().collect::<Vec<_>>();
        let (keys, columns) = self.sink().finish(groups.0?, &types)?;
        let height = keys.first().map_or(0, |keys| keys.len());
        let frame = DataFrame::new(height, keys.into_iter().chain(columns).map(IntoColumn::into_column).collect())?;
        self.in_order(frame)
    }
}

/// Keys that are numbers as one word each, in their order, where all of them fit into one, and how many bits they have; no key
/// is missing here.
fn packed(frame: &DataFrame, by: &[PlSmallStr]) -> Result<Option<(Vec<u64>, u32)>> {
    let (mut all, mut bits) = (vec![0_u64; frame.height()], 0);
    for name in by {
        let column = frame.column(name)?.as_materialized_series();
        let dtype = column.dtype();
        let plain = dtype.is_primitive_numeric() && !matches!(dtype, DataType::Int128 | DataType::UInt128);
        if !(plain || dtype.is_bool() || dtype.is_temporal()) || column.null_count() > 0 {
            return Ok(None);
        }
        let words = words(column)?;
        let (Some(&low), Some(&high)) = (words.iter().min(), words.iter().max()) else { return Ok(Some((all, 0))) };
        let width = 64 - (high - low).leading_zeros();
        bits += width;
        if bits > 64 {
            return Ok(None);
        }
        for (all, word) in all.iter_mut().zip(words) {
            *all = all.checked_shl(width).unwrap_or(0) | (word - low);
        }
    }
    Ok(Some((all, bits)))
}

/// The rows in the order of words of so many bits, of which no two are equal.
fn in_order_of(frame: &DataFrame, words: Vec<u64>, bits: u32) -> Result<DataFrame> {
    let order = IdxCa::from_vec(PlSmallStr::EMPTY, order_of(words, bits));
    Ok(frame.take(&order)?)
}

/// From so many rows on they are put in order digit by digit.
const LONG: usize = 1 << 12;

/// The rows in the order of words of so many bits; equal words in the order of their rows.
fn order_of(words: Vec<u64>, bits: u32) -> Vec<IdxSize> {
    const DIGIT: u32 = 11;
    let row_bits = usize::BITS - words.len().leading_zeros();
    if words.len() < LONG || bits + row_bits > u64::BITS {
        let mut order: Vec<(u64, IdxSize)> = words.into_iter().zip(0..).collect();
        order.par_sort_unstable();
        return order.into_iter().map(|(_, row)| row).collect();
    }
    // A word and its row are one number; from the last digit of the word to the first, each pass keeps the order before it.
    let mut from: Vec<u64> = words.into_iter().zip(0_u64..).map(|(word, row)| word << row_bits | row).collect();
    let mut to = vec![0; from.len()];
    let digit = bits.div_ceil(bits.div_ceil(DIGIT).max(1)).max(1);
    let mut shift = row_bits;
    while shift < row_bits + bits {
        let at = |number: u64| (number >> shift) as usize & ((1 << digit) - 1);
        let mut next = vec![0_usize; 1 << digit];
        from.iter().for_each(|number| next[at(*number)] += 1);
        let mut before = 0;
        for count in &mut next {
            before += std::mem::replace(count, before);
        }
        for number in &from {
            let place = &mut next[at(*number)];
            to[*place] = *number;
            *place += 1;
        }
        std::mem::swap(&mut from, &mut to);
        shift += digit;
    }
    from.into_iter().map(|number| (number & ((1 << row_bits) - 1)) as IdxSize).collect()
}

impl Sink for Grouping {
    type Part = Gathered;

    fn part(&self) -> Gathered {
        Gathered(self.sink().part())
    }

    fn take(&self, part: &mut Gathered, segment: Segment) -> Result<()> {
        self.sink().take(&mut part.0, segment)
    }

    fn merge(&self, whole: &mut Gathered, next: Gathered) -> Result<()> {
        self.sink().merge(&mut whole.0, next.0)
    }

    fn morsels(&self) -> usize {
        self.sink().morsels()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::aggregation::mean;
    use crate::plan::aggregation::n_unique;
    use crate::plan::aggregation::sum;

    #[test]
    fn two_tables_group_as_one() {
        let one = df!("k" => [1, 2, 1], "x" => [1.0, 2.0, f64::NAN]).unwrap();
        let two = df!("k" => [2, 3, 1], "x" => [5.0, 6.0, 7.0]).unwrap();
        let aggregations = vec![sum("x"), mean("x").alias("m"), n_unique("x").alias("u")];
        let grouping = Grouping::new(one.schema(), &["k".into()], aggregations.clone()).unwrap();
        let mut whole = grouping.part();
        for frame in [&one, &two] {
            let source = Arc::new(Memory::new(frame.clone()).unwrap());
            let (part, _) =
                crate::run(&Query::new(), source, &grouping, &crate::plan::options::Options::default()).unwrap();
            grouping.merge(&mut whole, part).unwrap();
        }
        let both = one.vstack(&two).unwrap();
        let expected = Query::new().groupby("k").agg(aggregations).run(&both).unwrap();
        assert!(grouping.finish(whole).unwrap().equals_missing(&expected.sort(["k"], Default::default()).unwrap()));
    }

    #[test]
    fn keys_are_put_in_the_order_of_their_values() {
        let mut random = segment::random::SplitMix64::new(4);
        let mut draw = |range: u64| -> Vec<i64> { (0..500).map(|_| (random.next() % range) as i64 - 7).collect() };
        let days = Series::new("d".into(), draw(20)).cast(&DataType::Int32).unwrap().cast(&DataType::Date).unwrap();
        let frame = df!("a" => draw(30), "b" => draw(1 << 40), "x" => (0..500).map(|i| f64::from(i) - 250.5).collect::<Vec<_>>());
        let mut frame = frame.unwrap();
        frame.with_column(days.into_column()).unwrap();
        for (by, fits) in
            [(vec!["a", "b"], true), (vec!["d", "a", "b"], true), (vec!["x"], true), (vec!["x", "a"], false)]
        {
            let by: Vec<PlSmallStr> = by.into_iter().map(Into::into).collect();
            let Some((words, bits)) = packed(&frame, &by).unwrap() else {
                assert!(!fits, "{by:?}");
                continue;
            };
            let sorted = frame.sort(by.clone(), SortMultipleOptions::default().with_maintain_order(true)).unwrap();
            assert!(in_order_of(&frame, words, bits).unwrap().equals(&sorted), "{by:?}");
        }
    }

    #[test]
    fn many_rows_are_put_in_order_digit_by_digit() {
        let mut random = segment::random::SplitMix64::new(5);
        for bits in [0, 1, 8, 11, 12, 24, 33, 46, 63, 64] {
            let words: Vec<u64> = (0..10_000).map(|_| random.next().checked_shr(64 - bits).unwrap_or(0)).collect();
            let mut order: Vec<IdxSize> = (0..10_000).collect();
            order.sort_by_key(|row| words[*row as usize]);
            assert_eq!(order_of(words, bits), order, "{bits} bits");
        }
    }

    #[test]
    fn what_does_not_fit_is_said_before_anything_is_read() {
        let frame = df!("k" => [1], "s" => ["a"]).unwrap();
        let error = |by: &str, input: &str| {
            Grouping::new(frame.schema(), &[by.into()], vec![mean(input)]).unwrap_err().to_string()
        };
        assert!(error("j", "s").contains("`j`"));
        assert!(error("k", "s").contains('s'));
    }
}
