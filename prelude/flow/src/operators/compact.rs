//! The rows that pass, side by side: what most queries spend their time on once the columns are in memory.

use crate::error::Result;
use polars::prelude::*;
use recoil_vectors::{Width, allowed};

/// The values that a mask marks, of which there are `left`.
pub(crate) fn compact(column: &Series, mask: &BooleanChunked, left: usize) -> Result<Series> {
    if let Some(bits) = plain_bits(mask, column.len())
        && let Some(kept) = numbers(column, bits, left)?
    {
        return Ok(kept);
    }
    Ok(column.filter(mask)?)
}

/// The rows that bits mark, of which there are `left`: the first row in the lowest bit of the first byte.
pub(crate) fn marked(frame: &DataFrame, bits: &[u8], left: usize) -> Result<DataFrame> {
    let mut mask = None;
    let columns = frame.columns().iter().map(|column| {
        let column = column.as_materialized_series();
        if let Some(kept) = numbers(column, bits, left)? {
            return Ok(kept.into_column());
        }
        let row = |row: usize| bits[row / 8] >> (row % 8) & 1 == 1;
        let made = || BooleanChunked::from_iter_values(PlSmallStr::EMPTY, (0..frame.height()).map(row));
        Ok(column.filter(mask.get_or_insert_with(made))?.into_column())
    });
    Ok(DataFrame::new(left, columns.collect::<Result<Vec<_>>>()?)?)
}

/// Rows of a frame, without leaving the thread.
pub(crate) fn take(frame: &DataFrame, rows: &IdxCa) -> Result<DataFrame> {
    let columns = frame.columns().iter().map(|column| Ok(column.as_materialized_series().take(rows)?.into_column()));
    Ok(DataFrame::new(rows.len(), columns.collect::<PolarsResult<Vec<_>>>()?)?)
}

/// The marked values of a column of numbers without nulls; `None` for other columns and on other processors.
fn numbers(column: &Series, bits: &[u8], left: usize) -> Result<Option<Series>> {
    macro_rules! numbers {
        ($($dtype:ident $get:ident $chunked:ident),*) => {
            match column.dtype() {
                $(DataType::$dtype => {
                    let values = column.$get()?;
                    if values.null_count() == 0
                        && let Ok(values) = values.cont_slice()
                        && let Some(kept) = compress(values, bits, left)
                    {
                        return Ok(Some($chunked::from_vec(column.name().clone(), kept).into_series()));
                    }
                })*
                _ => {}
            }
        };
    }
    numbers!(
        Float64 f64 Float64Chunked, Float32 f32 Float32Chunked, Int64 i64 Int64Chunked, Int32 i32 Int32Chunked,
        UInt64 u64 UInt64Chunked, UInt32 u32 UInt32Chunked
    );
    Ok(None)
}

/// The bits of a mask of `rows` rows, the first in the lowest bit of the first byte; `None` where they lie otherwise.
pub(crate) fn plain_bits(mask: &BooleanChunked, rows: usize) -> Option<&[u8]> {
    let mut chunks = mask.downcast_iter();
    let (Some(chunk), None) = (chunks.next(), chunks.next()) else { return None };
    let (bytes, offset, length) = chunk.values().as_slice();
    (offset == 0 && length == rows && mask.null_count() == 0).then_some(bytes)
}

/// The marked values with wide vectors; `None` on processors that have no instruction for it.
pub(crate) fn compress<T: bytemuck::Pod>(values: &[T], bits: &[u8], left: usize) -> Option<Vec<T>> {
    #[cfg(target_arch = "x86_64")]
    if allowed(Width::Avx512) && is_x86_feature_detected!("avx512f") && bits.len() >= values.len().div_ceil(8) {
        let lanes = 64 / size_of::<T>();
        // A whole vector is stored where only some of it counts.
        let mut kept: Vec<T> = Vec::with_capacity(left + lanes);
        // SAFETY: the processor has the instructions, there is a bit for every value, and `kept` has room for `left`
        // values and one vector more; both functions stop storing once `left` values are there.
        let stored = unsafe {
            match size_of::<T>() {
                8 => wide::of_eight(values.as_ptr().cast(), values.len(), bits, kept.as_mut_ptr().cast(), left),
                4 => wide::of_four(values.as_ptr().cast(), values.len(), bits, kept.as_mut_ptr().cast(), left),
                _ => return None,
            }
        };
        if stored != left {
            return None;
        }
        // SAFETY: `left` values have been stored; any bits are a `T`, which is as wide as what was stored.
        unsafe { kept.set_len(left) };
        return Some(kept);
    }
    None
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::*;

    /// Stores the marked values of eight bytes, and answers how many.
    ///
    /// # Safety
    /// `values` points to `rows` values, `bits` has a bit for each, `out` has room for `left + 8` values.
    #[target_feature(enable = "avx512f")]
    pub unsafe fn of_eight(values: *const i64, rows: usize, bits: &[u8], out: *mut i64, left: usize) -> usize {
        let mut stored = 0;
        for (group, &mask) in bits[..rows / 8].iter().enumerate() {
            if stored > left {
                return stored;
            }
            // SAFETY: eight values from `group * 8` on are there; at most `left` values are stored, and eight more fit.
            unsafe {
                let loaded = _mm512_loadu_epi64(values.add(group * 8));
                _mm512_storeu_epi64(out.add(stored), _mm512_maskz_compress_epi64(mask, loaded));
            }
            stored += mask.count_ones() as usize;
        }
        // SAFETY: as above, value by value.
        unsafe { rest(values, rows / 8 * 8, rows, bits, out, stored, left) }
    }

    /// The same for values of four bytes; `out` has room for `left + 16`.
    ///
    /// # Safety
    /// As [`of_eight`].
    #[target_feature(enable = "avx512f")]
    pub unsafe fn of_four(values: *const i32, rows: usize, bits: &[u8], out: *mut i32, left: usize) -> usize {
        let mut stored = 0;
        let (pairs, _) = bits[..rows / 16 * 2].as_chunks::<2>();
        for (group, pair) in pairs.iter().enumerate() {
            if stored > left {
                return stored;
            }
            let mask = u16::from_le_bytes(*pair);
            // SAFETY: sixteen values from `group * 16` on are there; at most `left` are stored, and sixteen more fit.
            unsafe {
                let loaded = _mm512_loadu_epi32(values.add(group * 16));
                _mm512_storeu_epi32(out.add(stored), _mm512_maskz_compress_epi32(mask, loaded));
            }
            stored += mask.count_ones() as usize;
        }
        // SAFETY: as above, value by value.
        unsafe { rest(values, rows / 16 * 16, rows, bits, out, stored, left) }
    }

    /// # Safety
    /// As [`of_eight`].
    unsafe fn rest<T: Copy>(
        values: *const T,
        from: usize,
        rows: usize,
        bits: &[u8],
        out: *mut T,
        mut stored: usize,
        left: usize,
    ) -> usize {
        for row in from..rows {
            if bits[row / 8] >> (row % 8) & 1 == 1 {
                if stored < left {
                    // SAFETY: `row` is below `rows`, and `stored` below `left`.
                    unsafe { out.add(stored).write(*values.add(row)) };
                }
                stored += 1;
            }
        }
        stored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marked_values_and_no_others() {
        for rows in [0, 1, 7, 8, 15, 16, 17, 63, 1_000, 4_097] {
            for every in [1, 2, 3, 10, 5_000] {
                let marks: Vec<bool> = (0..rows).map(|row| (row * 7) % every == 0).collect();
                let mask = BooleanChunked::from_slice("".into(), &marks);
                let left = marks.iter().filter(|mark| **mark).count();
                let all = [
                    Series::new("a".into(), (0..rows).map(|row| row as f64).collect::<Vec<_>>()),
                    Series::new("b".into(), (0..rows).map(|row| row as f32).collect::<Vec<_>>()),
                    Series::new("c".into(), (0..rows).map(|row| row as i64 - 5).collect::<Vec<_>>()),
                    Series::new("d".into(), (0..rows).map(|row| row as u32).collect::<Vec<_>>()),
                    Series::new("e".into(), (0..rows).map(|row| row as i16).collect::<Vec<_>>()),
                    Series::new(
                        "f".into(),
                        (0..rows).map(|row| (row % 3 > 0).then_some(row as f64)).collect::<Vec<_>>(),
                    ),
                ];
                for column in all {
                    let kept = compact(&column, &mask, left).unwrap();
                    assert!(kept.equals_missing(&column.filter(&mask).unwrap()), "{column:?} {every}");
                    assert_eq!(kept.name(), column.name());
                    let bits: Vec<u8> = marks
                        .chunks(8)
                        .map(|eight| eight.iter().rev().fold(0, |byte, mark| byte << 1 | u8::from(*mark)))
                        .collect();
                    let frame = DataFrame::new(rows, vec![column.clone().into_column()]).unwrap();
                    let kept = marked(&frame, &bits, left).unwrap();
                    assert!(kept.equals_missing(&frame.filter(&mask).unwrap()), "{frame:?} {every}");
                }
            }
        }
    }

    #[test]
    fn a_wrong_count_is_noticed() {
        let values: Vec<i64> = (0..100).collect();
        assert!(compress(&values, &[0xff; 13], 40).is_none(), "more are marked");
        assert!(compress(&values, &[0x01; 13], 40).is_none(), "fewer are marked");
        assert!(compress(&values, &[0xff; 5], 40).is_none(), "bits are missing");
    }
}
