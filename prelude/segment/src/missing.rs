//! The one rule for missing values.
//!
//! A value is missing when it is null or, in a floating point column, NaN. In a selection every leaf predicate
//! is plainly true or false: a comparison with a missing value is false, `!=` is true; boolean algebra on top
//! is two-valued. Arithmetic keeps missing values missing.

use polars::prelude::{DataType, Series};

/// How many values of a column are missing.
pub fn count(column: &Series) -> usize {
    let nans = match column.dtype() {
        DataType::Float64 => column.f64().map_or(0, |values| values.iter().flatten().filter(|x| x.is_nan()).count()),
        DataType::Float32 => column.f32().map_or(0, |values| values.iter().flatten().filter(|x| x.is_nan()).count()),
        _ => 0,
    };
    column.null_count() + nans
}

#[cfg(test)]
mod tests {
    use polars::prelude::*;

    #[test]
    fn null_and_nan_are_missing() {
        let column = Series::new("x".into(), [Some(1.0), None, Some(f64::NAN)]);
        assert_eq!(super::count(&column), 2);
    }
}
