//! Functions of Rust over the values of a row: `|a: f64, b: f64| a + b`.

use crate::steps::chain::RowFunction;
pub use flow::Names;
use polars::prelude::{ChunkedArray, DataType, Float64Type, NamedFrom as _, Series};
use segment::{Error, Result};
use std::sync::Arc;

/// A value that a row function takes: numbers of a column, widened as needed. Missing integers are an error, missing
/// floating point numbers are NaN.
pub trait Input: Copy + Send + Sync + 'static {
    /// The values of a column.
    ///
    /// # Errors
    /// A column that does not hold such values.
    fn values(column: &Series) -> Result<Vec<Self>>;
}

/// A value that a row function gives.
pub trait Output: Send + Sync + 'static {
    /// A column of such values.
    fn column(name: &str, values: Vec<Self>) -> Series
    where
        Self: Sized;
}

fn cast(column: &Series, to: &DataType) -> Result<Series> {
    let fits = column.dtype().is_primitive_numeric() || column.dtype().is_bool();
    if !fits {
        return Err(Error::request(format!("column `{}` is {} and not a number", column.name(), column.dtype())));
    }
    Ok(column.strict_cast(to)?)
}

impl Input for f64 {
    fn values(column: &Series) -> Result<Vec<f64>> {
        let column = cast(column, &DataType::Float64)?;
        let column: &ChunkedArray<Float64Type> = column.f64()?;
        Ok(column.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
    }
}

macro_rules! exact {
    ($($rust:ty, $dtype:ident, $get:ident;)*) => {$(
        impl Input for $rust {
            fn values(column: &Series) -> Result<Vec<$rust>> {
                let cast = cast(column, &DataType::$dtype)?;
                let missing = || Error::request(format!(
                    "column `{}` has missing values, which a {} cannot be; take it as f64", column.name(), stringify!($rust)));
                cast.$get()?.iter().map(|value| value.ok_or_else(missing)).collect()
            }
        }

        impl Output for $rust {
            fn column(name: &str, values: Vec<$rust>) -> Series {
                Series::new(name.into(), values)
            }
        }
    )*};
}

exact! {
    i64, Int64, i64;
    i32, Int32, i32;
    u32, UInt32, u32;
    u64, UInt64, u64;
    bool, Boolean, bool;
}

impl Input for f32 {
    fn values(column: &Series) -> Result<Vec<f32>> {
        let column = cast(column, &DataType::Float32)?;
        Ok(column.f32()?.iter().map(|value| value.unwrap_or(f32::NAN)).collect())
    }
}

impl Output for f64 {
    fn column(name: &str, values: Vec<f64>) -> Series {
        Series::new(name.into(), values)
    }
}

impl Output for f32 {
    fn column(name: &str, values: Vec<f32>) -> Series {
        Series::new(name.into(), values)
    }
}

/// A closure over the values of a row; `A` are its arguments.
pub trait RowClosure<A>: Send + Sync + 'static {
    /// The closure, row by row over whole columns.
    fn over_columns(self) -> RowFunction;
}

macro_rules! closures {
    ($(($count:literal; $($argument:ident $value:ident $index:tt),*);)*) => {$(
        impl<F, R, $($argument),*> RowClosure<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + Send + Sync + 'static,
            R: Output,
            $($argument: Input),*
        {
            fn over_columns(self) -> RowFunction {
                Arc::new(move |columns: &[Series]| {
                    if columns.len() != $count {
                        return Err(Error::request(format!(
                            "the function takes {} values but {} columns are named", $count, columns.len())));
                    }
                    $(let $value = $argument::values(&columns[$index])?;)*
                    let rows = columns[0].len();
                    let values = (0..rows).map(|row| self($($value[row]),*)).collect();
                    Ok(R::column("", values))
                })
            }
        }
    )*};
}

closures! {
    (1; A a 0);
    (2; A a 0, B b 1);
    (3; A a 0, B b 1, C c 2);
    (4; A a 0, B b 1, C c 2, D d 3);
    (5; A a 0, B b 1, C c 2, D d 3, E e 4);
    (6; A a 0, B b 1, C c 2, D d 3, E e 4, G g 5);
    (7; A a 0, B b 1, C c 2, D d 3, E e 4, G g 5, H h 6);
    (8; A a 0, B b 1, C c 2, D d 3, E e 4, G g 5, H h 6, I i 7);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closure_runs_over_rows() {
        let columns = [Series::new("a".into(), [1.0, 2.0]), Series::new("b".into(), [10_i32, 20])];
        let sum = (|a: f64, b: i64| a + b as f64).over_columns();
        assert_eq!(sum(&columns).unwrap().f64().unwrap().to_vec(), [Some(11.0), Some(22.0)]);
        assert!(sum(&columns[..1]).unwrap_err().to_string().contains("takes 2 values but 1 columns"));
    }

    #[test]
    fn missing_integers_are_refused_and_text_too() {
        let one = (|a: i64| a).over_columns();
        let hole = Series::new("n".into(), [Some(1_i64), None]);
        assert!(one(&[hole]).unwrap_err().to_string().contains("`n` has missing values"));
        let text = Series::new("s".into(), ["x"]);
        assert!(one(&[text]).unwrap_err().to_string().contains("not a number"));
    }
}
