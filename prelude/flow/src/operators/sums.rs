//! Sums of columns of floating point numbers.

/// A floating point number of either width.
pub(super) trait Float: Copy + Into<f64> {
    /// The sum of the values that are not NaN, and how many these are, with the widest vectors.
    fn wide(values: &[Self]) -> (f64, u64);
}

recoil_vectors::widest! {
    fn wide_f64(values: &[f64]) -> (f64, u64) {
        side_by_side(values)
    }
}

recoil_vectors::widest! {
    fn wide_f32(values: &[f32]) -> (f64, u64) {
        side_by_side(values)
    }
}

impl Float for f64 {
    fn wide(values: &[Self]) -> (f64, u64) {
        wide_f64(values)
    }
}

impl Float for f32 {
    fn wide(values: &[Self]) -> (f64, u64) {
        wide_f32(values)
    }
}

/// The sum of the values that are not NaN, and how many these are.
pub(super) fn present<T: Float>(values: &[T]) -> (f64, u64) {
    /// For fewer values it is not worth asking how wide vectors may be.
    const LONG: usize = 256;
    if values.len() < LONG { side_by_side(values) } else { T::wide(values) }
}

/// The same. Several sums side by side do not wait for each other, and lose fewer digits.
#[inline(always)]
fn side_by_side<T: Float>(values: &[T]) -> (f64, u64) {
    const SUMS: usize = 16;
    let (mut sums, mut counts) = ([0.0; SUMS], [0_u64; SUMS]);
    let (rows, rest) = values.as_chunks::<SUMS>();
    for row in rows {
        // A closure is not compiled for wider vectors with the function around it.
        #[allow(clippy::needless_range_loop)]
        for at in 0..SUMS {
            let value: f64 = row[at].into();
            sums[at] += if value.is_nan() { 0.0 } else { value };
            counts[at] += u64::from(!value.is_nan());
        }
    }
    for (at, value) in rest.iter().enumerate() {
        let value: f64 = (*value).into();
        sums[at] += if value.is_nan() { 0.0 } else { value };
        counts[at] += u64::from(!value.is_nan());
    }
    (sums.iter().sum(), counts.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use recoil_vectors::{Width, limit};

    #[test]
    fn sums_have_the_same_bits_in_vectors_of_every_width() {
        let at = |row: usize| if row % 7 == 3 { f64::NAN } else { (row as f64).sin() };
        for rows in [0, 1, 15, 17, 300, 1_001, 5_000] {
            let values: Vec<f64> = (0..rows).map(at).collect();
            let narrow: Vec<f32> = values.iter().map(|value| *value as f32).collect();
            let (sum, count) = side_by_side(&values);
            let (sum_f32, _) = side_by_side(&narrow);
            for width in [Width::None, Width::Avx2, Width::Avx512] {
                limit(width);
                assert_eq!((present(&values), present(&narrow)), ((sum, count), (sum_f32, count)), "{rows} {width:?}");
            }
            let there = || values.iter().filter(|value| !value.is_nan());
            assert_eq!(count, there().count() as u64);
            assert!((sum - there().sum::<f64>()).abs() < 1e-9 && (sum_f32 - sum).abs() < 1e-3);
        }
    }
}
