//! Groups in the order of their keys. Keys that are numbers make one word each, as far as all of them fit into it.
//!
//! Millions of groups that come in parts, apart by their hash, are put apart once more by the first bits of their words, and
//! each range of words is put in order for itself: so nothing is fetched from all over the memory.

use crate::error::Result;
use crate::operators::words::words;
use polars::prelude::*;
use rayon::prelude::*;

/// How keys become one word: the lowest word of each column and how many bits it has.
struct Packing {
    columns: Vec<(u64, u32)>,
    bits: u32,
}

/// From so many rows on they are put in order digit by digit.
const LONG: usize = if cfg!(test) { 1 << 8 } else { 1 << 12 };
/// Ranges of words that are put in order each for itself: so many bits.
const RANGES: u32 = 7;

impl Packing {
    /// For the keys at the beginning of the columns of all parts; `None` where they are no numbers, or do not fit.
    fn of(parts: &[Vec<Series>], keys: usize) -> Result<Option<Self>> {
        let is_plain = |key: &Series| {
            let dtype = key.dtype();
            let number = dtype.is_primitive_numeric() && !matches!(dtype, DataType::Int128 | DataType::UInt128);
            (number || dtype.is_bool() || dtype.is_temporal()) && key.null_count() == 0
        };
        if !parts.iter().all(|part| part[..keys].iter().all(is_plain)) {
            return Ok(None);
        }
        let (mut columns, mut bits) = (Vec::with_capacity(keys), 0);
        for at in 0..keys {
            let bounds = parts.par_iter().filter(|part| !part[at].is_empty()).map(|part| {
                let words = words(&part[at])?;
                Ok(words.iter().fold((u64::MAX, 0), |(low, high), word| (low.min(*word), high.max(*word))))
            });
            let bounds = bounds.collect::<Result<Vec<_>>>()?;
            let (low, high) = bounds.into_iter().fold((u64::MAX, 0), |all, one| (all.0.min(one.0), all.1.max(one.1)));
            let width = u64::BITS - high.saturating_sub(low).leading_zeros();
            columns.push((low, width));
            bits += width;
        }
        Ok((bits <= u64::BITS).then_some(Self { columns, bits }))
    }

    fn words(&self, columns: &[Series]) -> Result<Vec<u64>> {
        let mut all = vec![0_u64; columns.first().map_or(0, |column| column.len())];
        for (column, (low, width)) in columns.iter().zip(&self.columns) {
            for (all, word) in all.iter_mut().zip(words(column)?) {
                *all = all.checked_shl(*width).unwrap_or(0) | (word - low);
            }
        }
        Ok(all)
    }
}

/// The rows of all parts, which have the same columns, in the order of the keys at the beginning; no key comes twice, and none is
/// missing.
pub(crate) fn in_order(mut parts: Vec<Vec<Series>>, keys: usize) -> Result<Vec<Series>> {
    // One is left where all are empty: it says what the columns are.
    let mut at = 0;
    parts.retain(|part| {
        at += 1;
        at == 1 || part.first().is_some_and(|key| !key.is_empty())
    });
    let Some(packing) = Packing::of(&parts, keys)? else {
        let names: Vec<PlSmallStr> = parts.iter().take(1).flatten().take(keys).map(|key| key.name().clone()).collect();
        let columns = joined(parts)?;
        let height = columns.first().map_or(0, |column| column.len());
        let frame = DataFrame::new(height, columns.into_iter().map(IntoColumn::into_column).collect())?;
        let sorted = frame.sort(names, SortMultipleOptions::default().with_maintain_order(true))?;
        return Ok(sorted.into_columns().into_iter().map(Column::take_materialized_series).collect());
    };
    let rows: usize = parts.iter().filter_map(|part| part.first()).map(|column| column.len()).sum();
    if parts.len() == 1 || rows < LONG {
        let columns = joined(parts)?;
        let order = order_of(packing.words(&columns[..keys.min(columns.len())])?, packing.bits);
        let order = IdxCa::from_vec(PlSmallStr::EMPTY, order);
        return columns.into_par_iter().map(|column| Ok(column.take(&order)?)).collect();
    }
    by_ranges(parts, keys, &packing)
}

/// The same range by range.
fn by_ranges(parts: Vec<Vec<Series>>, keys: usize, packing: &Packing) -> Result<Vec<Series>> {
    let shift = packing.bits.saturating_sub(RANGES);
    let apart = |part: Vec<Series>| {
        let words = packing.words(&part[..keys])?;
        let (order, ends) = counted(&words, 1 << RANGES, |word| (word >> shift) as usize);
        let order = IdxCa::from_vec(PlSmallStr::EMPTY, order);
        let columns = part.into_iter().map(|column| Ok(column.take(&order)?)).collect::<Result<Vec<_>>>()?;
        Ok((columns, ends))
    };
    let parts = parts.into_par_iter().map(apart).collect::<Result<Vec<(Vec<Series>, Vec<usize>)>>>()?;
    let range = |at: usize| {
        let slices = parts.iter().filter_map(|(columns, ends)| {
            let start = if at == 0 { 0 } else { ends[at - 1] };
            let slice = |column: &Series| column.slice(start as i64, ends[at] - start);
            (start < ends[at]).then(|| columns.iter().map(slice).collect::<Vec<_>>())
        });
        let columns = joined(slices.collect())?;
        if columns.is_empty() {
            return Ok(columns);
        }
        let order = order_of(packing.words(&columns[..keys])?, packing.bits);
        let order = IdxCa::from_vec(PlSmallStr::EMPTY, order);
        columns.into_iter().map(|column| Ok(column.take(&order)?)).collect()
    };
    let ranges = (0..1 << RANGES).into_par_iter().map(range).collect::<Result<Vec<_>>>()?;
    drop(parts);
    joined(ranges.into_iter().filter(|range| !range.is_empty()).collect())
}

/// The columns of parts one after another.
pub(crate) fn joined(parts: Vec<Vec<Series>>) -> Result<Vec<Series>> {
    let mut columns: Vec<Vec<Series>> = Vec::new();
    for part in parts {
        columns.resize_with(part.len(), Vec::new);
        columns.iter_mut().zip(part).for_each(|(columns, column)| columns.push(column));
    }
    let whole = |parts: Vec<Series>| {
        let mut parts = parts.into_iter();
        let mut whole = parts.next().unwrap_or_default();
        for part in parts {
            whole.append_owned(part)?;
        }
        Ok(whole.rechunk())
    };
    columns.into_iter().map(whole).collect()
}

/// The rows in the order of the class of their words, equal ones as they come, and where each class ends.
fn counted(words: &[u64], classes: usize, class: impl Fn(u64) -> usize) -> (Vec<IdxSize>, Vec<usize>) {
    let mut ends = vec![0; classes];
    words.iter().for_each(|word| ends[class(*word)] += 1);
    let mut before = 0;
    let mut next = ends.clone();
    for (end, next) in ends.iter_mut().zip(&mut next) {
        *next = before;
        before += *end;
        *end = before;
    }
    let mut order = vec![0; words.len()];
    for (row, word) in (0..).zip(words) {
        let at = &mut next[class(*word)];
        order[*at] = row;
        *at += 1;
    }
    (order, ends)
}

/// The rows in the order of words of so many bits; equal words in the order of their rows.
fn order_of(words: Vec<u64>, bits: u32) -> Vec<IdxSize> {
    const DIGIT: u32 = 11;
    // Bits that all words share say nothing.
    let (or, and) = words.iter().fold((0, u64::MAX), |(or, and), word| (or | word, and & word));
    let bits = bits.min(u64::BITS - (or ^ and).leading_zeros());
    let row_bits = usize::BITS - words.len().leading_zeros();
    if words.len() < LONG || bits + row_bits > u64::BITS {
        let mut order: Vec<(u64, IdxSize)> = words.into_iter().zip(0..).collect();
        order.par_sort_unstable();
        return order.into_iter().map(|(_, row)| row).collect();
    }
    let low = |word: u64| word & (u64::MAX.checked_shr(u64::BITS - bits).unwrap_or(0));
    // A word and its row are one number; from the last digit of the word to the first, each pass keeps the order before it.
    let mut from: Vec<u64> = words.into_iter().zip(0_u64..).map(|(word, row)| low(word) << row_bits | row).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows with different keys, in parts.
    fn parts(frame: &DataFrame, by: &[&str], count: usize) -> Vec<Vec<Series>> {
        let names = by.iter().copied().chain(frame.get_column_names().into_iter().map(|name| name.as_str()));
        let mut seen: Vec<&str> = Vec::new();
        names.for_each(|name| {
            if !seen.contains(&name) {
                seen.push(name)
            }
        });
        let part = |at: usize| {
            let rows = (0..frame.height()).filter(|row| row * 7 % count == at).map(|row| row as IdxSize).collect();
            let rows = IdxCa::from_vec("".into(), rows);
            let take = |name: &&str| frame.column(name).unwrap().as_materialized_series().take(&rows).unwrap();
            seen.iter().map(take).collect()
        };
        (0..count).map(part).collect()
    }

    #[test]
    fn keys_are_put_in_the_order_of_their_values() {
        let mut random = segment::random::SplitMix64::new(4);
        let mut draw = |range: u64| -> Vec<i64> { (0..5_000).map(|_| (random.next() % range) as i64 - 7).collect() };
        let days = Series::new("d".into(), draw(20)).cast(&DataType::Int32).unwrap().cast(&DataType::Date).unwrap();
        let frame = df!("a" => draw(30), "b" => draw(1 << 40), "x" => (0..5_000).map(|i| f64::from(i) - 250.5).collect::<Vec<_>>(),
            "s" => draw(1 << 30).iter().map(ToString::to_string).collect::<Vec<_>>());
        let mut frame = frame.unwrap();
        frame.with_column(days.into_column()).unwrap();
        for (by, fits) in [
            (vec!["a", "b"], true),
            (vec!["d", "a", "b"], true),
            (vec!["b"], true),
            (vec!["x"], true),
            (vec!["x", "a"], false),
            (vec!["s"], false),
        ] {
            for count in [1, 2, 40] {
                let parts = parts(&frame, &by, count);
                assert_eq!(Packing::of(&parts, by.len()).unwrap().is_some(), fits, "{by:?}");
                let names: Vec<PlSmallStr> = parts[0].iter().map(|column| column.name().clone()).collect();
                let sorted = frame.select(names).unwrap();
                let sorted = sorted.sort(by.clone(), SortMultipleOptions::default().with_maintain_order(true)).unwrap();
                let ours = in_order(parts, by.len()).unwrap();
                for (ours, wanted) in ours.iter().zip(sorted.columns()) {
                    assert_eq!(ours.n_chunks(), 1);
                    assert!(ours.equals_missing(wanted.as_materialized_series()), "{by:?} {count}");
                }
            }
        }
    }

    #[test]
    fn no_rows_are_in_order() {
        let empty = || vec![Series::new("k".into(), Vec::<i64>::new()), Series::new("x".into(), Vec::<f64>::new())];
        for parts in [vec![empty()], vec![empty(), empty()]] {
            assert!(in_order(parts, 1).unwrap().iter().all(|column| column.is_empty()));
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
}
