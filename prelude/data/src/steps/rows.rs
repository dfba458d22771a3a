//! Functions of Rust over the values of a row: `|a: f64, b: f64| a + b`, `|pt: &[f32]| pt.iter().sum::<f32>()`.

use crate::steps::chain::RowFunction;
pub use flow::Names;
use polars::prelude::{ChunkedArray, DataType, Float64Type, NamedFrom as _, Series};
use segment::lists::{Lists, inner};
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
    ///
    /// # Errors
    /// What the frame library reports.
    fn column(name: &str, values: Vec<Self>) -> Result<Series>
    where
        Self: Sized;
}

fn cast(column: &Series, to: &DataType) -> Result<Series> {
    let fits = column.dtype().is_primitive_numeric() || column.dtype().is_bool();
    if !fits {
        let hint = if inner(column.dtype()).is_some() { "; a list is taken as a slice, `|x: &[f64]|`" } else { "" };
        let (name, dtype) = (column.name(), column.dtype());
        return Err(Error::request(format!("column `{name}` is {dtype} and not a number{hint}")));
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
            fn column(name: &str, values: Vec<$rust>) -> Result<Series> {
                Ok(Series::new(name.into(), values))
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
    fn column(name: &str, values: Vec<f64>) -> Result<Series> {
        Ok(Series::new(name.into(), values))
    }
}

impl Output for f32 {
    fn column(name: &str, values: Vec<f32>) -> Result<Series> {
        Ok(Series::new(name.into(), values))
    }
}

/// A list for each row.
impl<T: Output> Output for Vec<T> {
    fn column(name: &str, values: Vec<Vec<T>>) -> Result<Series> {
        let lists = Lists::of_lengths(name, values.iter().map(Vec::len))?;
        lists.column(name, &T::column("", values.into_iter().flatten().collect())?)
    }
}

/// The values of all objects of a row, as a slice: the type behind an argument `&[T]` of a closure.
pub struct List<T>(std::marker::PhantomData<T>);

/// The lists of a column.
struct Slices<T> {
    values: Vec<T>,
    offsets: Vec<i64>,
}

impl<T: Input> Slices<T> {
    fn of(column: &Series) -> Result<Self> {
        let Some(lists) = Lists::of(column)? else {
            let (name, dtype) = (column.name(), column.dtype());
            return Err(Error::request(format!("column `{name}` is {dtype} and not a list; take it as a value")));
        };
        let values = T::values(&lists.values().clone().with_name(column.name().clone()))?;
        Ok(Self { values, offsets: lists.offsets().to_vec() })
    }

    fn row(&self, row: usize) -> &[T] {
        &self.values[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }
}

/// A closure over the values of a row; `A` are its arguments: numbers, or of columns of lists slices such as `&[f32]`.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let sums = data.define_with(["x", "__event__"], "sum", |x: f64, event: f64| x + event);
/// assert_eq!(sums.column("sum")?, [2.0, 3.0, 5.0, 7.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait RowClosure<A>: Send + Sync + 'static {
    /// The closure, row by row over whole columns.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let double = data::RowClosure::over_columns(|x: f64| 2.0 * x);
    /// let columns = [Series::new("x".into(), [1.0, 2.5])];
    /// assert_eq!(double(&columns)?.f64()?.get(1), Some(5.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn over_columns(self) -> RowFunction;
}

/// What an argument is in the list of arguments, in the closure, before the rows, and in a row.
macro_rules! argument {
    (name value $type:ident) => { $type };
    (name list $type:ident) => { List<$type> };
    (taken value $type:ident) => { $type };
    (taken list $type:ident) => { &[$type] };
    (column value $type:ident $column:expr) => { $type::values($column) };
    (column list $type:ident $column:expr) => { Slices::<$type>::of($column) };
    (row value $values:ident $row:expr) => { $values[$row] };
    (row list $values:ident $row:expr) => { $values.row($row) };
}

macro_rules! closure {
    ($(($kind:ident $argument:ident $value:ident $index:tt))*) => {
        impl<F, R, $($argument),*> RowClosure<($(argument!(name $kind $argument),)*)> for F
        where
            F: Fn($(argument!(taken $kind $argument)),*) -> R + Send + Sync + 'static,
            R: Output,
            $($argument: Input),*
        {
            fn over_columns(self) -> RowFunction {
                Arc::new(move |columns: &[Series]| {
                    let count = [$($index),*].len();
                    if columns.len() != count {
                        return Err(Error::request(format!(
                            "the function takes {count} values but {} columns are named", columns.len())));
                    }
                    $(let $value = argument!(column $kind $argument &columns[$index])?;)*
                    let rows = columns[0].len();
                    R::column("", (0..rows).map(|row| self($(argument!(row $kind $value row)),*)).collect())
                })
            }
        }
    };
}

/// Closures whose arguments are each a value or a list.
macro_rules! each_kind {
    ([$($done:tt)*]) => { closure! { $($done)* } };
    ([$($done:tt)*] ($($argument:tt)*) $($rest:tt)*) => {
        each_kind! { [$($done)* (value $($argument)*)] $($rest)* }
        each_kind! { [$($done)* (list $($argument)*)] $($rest)* }
    };
}

each_kind! { [] (A a 0) }
each_kind! { [] (A a 0) (B b 1) }
each_kind! { [] (A a 0) (B b 1) (C c 2) }
each_kind! { [] (A a 0) (B b 1) (C c 2) (D d 3) }
closure! { (value A a 0) (value B b 1) (value C c 2) (value D d 3) (value E e 4) }
closure! { (value A a 0) (value B b 1) (value C c 2) (value D d 3) (value E e 4) (value G g 5) }
closure! { (value A a 0) (value B b 1) (value C c 2) (value D d 3) (value E e 4) (value G g 5) (value H h 6) }
closure! {
    (value A a 0) (value B b 1) (value C c 2) (value D d 3) (value E e 4) (value G g 5) (value H h 6) (value I i 7)
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
    fn a_closure_takes_and_gives_lists() {
        let pt = Lists::of_lengths("pt", [2, 0, 1].into_iter()).unwrap();
        let pt = pt.column("pt", &Series::new("".into(), [1.0_f32, 2.0, 5.0])).unwrap();
        let columns = [pt, Series::new("n".into(), [10_i64, 20, 30])];
        let sum = (|pt: &[f32], n: i64| f64::from(pt.iter().sum::<f32>()) + n as f64).over_columns();
        assert_eq!(sum(&columns).unwrap().f64().unwrap().to_vec(), [Some(13.0), Some(20.0), Some(35.0)]);
        let doubled = (|pt: &[f64]| pt.iter().map(|x| 2.0 * x).collect::<Vec<f64>>()).over_columns();
        let lists = Lists::of(&doubled(&columns[..1]).unwrap()).unwrap().unwrap();
        assert_eq!(
            (lists.offsets(), lists.values().f64().unwrap().to_vec()),
            (&[0, 2, 2, 3][..], vec![Some(2.0), Some(4.0), Some(10.0)])
        );
        let value = (|pt: f64| pt).over_columns();
        assert!(value(&columns[..1]).unwrap_err().to_string().contains("taken as a slice"));
        let list = (|n: &[i64]| n.len() as u64).over_columns();
        assert!(list(&columns[1..]).unwrap_err().to_string().contains("`n` is i64 and not a list"));
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
