//! How each row compares with the row before it, by its keys: the one look at all rows that choosing candidates needs.

use crate::Result;
use crate::candidates::words;
use polars::prelude::*;

/// The values of a key, as they lie in memory where that is simple.
enum Values<'a> {
    I32(&'a [i32]),
    U32(&'a [u32]),
    I64(&'a [i64]),
    U64(&'a [u64]),
    /// Words that are ordered as the values are.
    Words(Vec<u64>),
}

/// The keys of the rows of a frame.
pub(crate) struct Neighbours<'a> {
    keys: Vec<Values<'a>>,
    rows: usize,
}

/// Rows looked at together: their marks stay in the first cache.
const BLOCK: usize = 4096;
/// The bit that says that a value is larger than the one before; without it another value is smaller.
const ABOVE: u8 = 2;
/// The bit that says that a value is another than the one before.
const OTHER: u8 = 1;

impl<'a> Neighbours<'a> {
    /// The keys of rows; each must be one run of memory.
    pub fn new(keys: &'a [Series], rows: usize) -> Result<Self> {
        let values = |key: &'a Series| {
            Ok(match key.dtype() {
                _ if key.null_count() > 0 => Values::Words(words(key)?),
                DataType::Int32 => Values::I32(key.i32()?.cont_slice()?),
                DataType::UInt32 => Values::U32(key.u32()?.cont_slice()?),
                DataType::Int64 => Values::I64(key.i64()?.cont_slice()?),
                DataType::UInt64 => Values::U64(key.u64()?.cont_slice()?),
                _ => Values::Words(words(key)?),
            })
        };
        let keys = keys.iter().map(values).collect::<Result<_>>()?;
        Ok(Self { keys, rows })
    }

    /// The first row of each run of equal keys and the end, and which of them descend: the positions in the list of runs
    /// whose key is not above that of the run before.
    pub fn runs(&self) -> (Vec<IdxSize>, Vec<usize>) {
        let mut starts: Vec<IdxSize> = Vec::with_capacity(self.rows + 2);
        let mut descents = Vec::new();
        if self.rows > 0 {
            starts.push(0);
        }
        let mut marks = [0_u8; BLOCK];
        for from in (1..self.rows).step_by(BLOCK) {
            let marks = &mut marks[..BLOCK.min(self.rows - from)];
            marks.fill(0);
            // The last key first: a key before it overrules where it differs.
            for values in self.keys.iter().rev() {
                match values {
                    Values::I32(values) => compare(values, from, marks),
                    Values::U32(values) => compare(values, from, marks),
                    Values::I64(values) => compare(values, from, marks),
                    Values::U64(values) => compare(values, from, marks),
                    Values::Words(values) => compare(values, from, marks),
                }
            }
            extend(&mut starts, &mut descents, from, marks);
        }
        starts.push(self.rows as IdxSize);
        (starts, descents)
    }
}

/// Marks rows whose value differs from the one before; branchless, so that it becomes vector instructions.
fn compare<T: PartialOrd + Copy>(values: &[T], from: usize, marks: &mut [u8]) {
    let (before, here) = (&values[from - 1..from - 1 + marks.len()], &values[from..from + marks.len()]);
    // Most keys change rarely: experiment, run, production. A block without a change is seen faster than compared.
    let first = before[0];
    if here.iter().fold(true, |same, value| same & (*value == first)) {
        return;
    }
    for ((mark, before), here) in marks.iter_mut().zip(before).zip(here) {
        let (above, below) = (u8::from(here > before), u8::from(here < before));
        let new = (above | below) * OTHER + above * ABOVE;
        *mark = if above | below == 0 { *mark } else { new };
    }
}

/// Adds the rows of a block that begin runs.
fn extend(starts: &mut Vec<IdxSize>, descents: &mut Vec<usize>, from: usize, marks: &[u8]) {
    let before = starts.len();
    // Every row is written, and stays when it is marked: no branch that data could mislead.
    let mut begun = [0; BLOCK];
    let (mut count, mut falls) = (0, 0_u32);
    for (row, &mark) in marks.iter().enumerate() {
        begun[count] = (from + row) as IdxSize;
        count += usize::from(mark & OTHER);
        falls += u32::from(mark == OTHER);
    }
    starts.extend_from_slice(&begun[..count]);
    if falls > 0 {
        let begun = marks.iter().filter(|&&mark| mark & OTHER != 0).enumerate();
        descents.extend(begun.filter(|(_, mark)| **mark == OTHER).map(|(at, _)| before + at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(keys: &[Series]) -> (Vec<IdxSize>, Vec<usize>) {
        Neighbours::new(keys, keys[0].len()).unwrap().runs()
    }

    #[test]
    fn runs_begin_where_a_key_changes() {
        let keys = [Series::new("a".into(), [1_i32, 1, 1, 2, 2]), Series::new("b".into(), [7_u32, 7, 9, 1, 0])];
        assert_eq!(found(&keys), (vec![0, 2, 3, 4, 5], vec![3]));
        assert_eq!(found(&[Series::new_empty("a".into(), &DataType::Int32)]), (vec![0], vec![]));
    }

    #[test]
    fn they_are_what_a_walk_over_the_rows_finds() {
        let mut state = 7_u64;
        let mut below = |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        };
        for rows in [1, 2, 3, 100, 4096, 4097, 4098, 9001] {
            let keys = [
                Series::new("a".into(), (0..rows).map(|_| below(4) as i32 - 2).collect::<Vec<_>>()),
                Series::new("b".into(), (0..rows).map(|_| below(3) as u32).collect::<Vec<_>>()),
                Series::new("c".into(), (0..rows).map(|_| (below(3) > 0).then(|| below(2))).collect::<Vec<_>>()),
            ];
            let all = keys.each_ref().map(|key| words(key).unwrap());
            let key = |row: usize| all.each_ref().map(|words| words[row]);
            let (mut starts, mut descents) = (vec![0], vec![]);
            for row in 1..rows {
                if key(row) < key(row - 1) {
                    descents.push(starts.len());
                }
                if key(row) != key(row - 1) {
                    starts.push(row as IdxSize);
                }
            }
            starts.push(rows as IdxSize);
            assert_eq!(found(&keys), (starts, descents), "{rows} rows");
        }
    }
}
