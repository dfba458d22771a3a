//! Memory of columns that are no longer needed, for the next ones of the same thread: fresh memory of some MB costs as
//! much in page faults as what is written to it.

use bytemuck::Pod;
use polars::prelude::*;
use polars_arrow::types::NativeType;
use std::cell::RefCell;
use std::thread::LocalKey;

/// Bytes that a thread keeps at most, by type: thirty columns of eight bytes of a unit of rows.
const MOST: usize = 64 << 20;

/// A number whose vectors are kept.
pub(crate) trait Reused: Pod + NativeType {
    fn shelf() -> &'static LocalKey<RefCell<Vec<Vec<Self>>>>;
}

macro_rules! reused {
    ($($kind:ident),*) => {
        $(impl Reused for $kind {
            fn shelf() -> &'static LocalKey<RefCell<Vec<Vec<Self>>>> {
                thread_local! {
                    static SHELF: RefCell<Vec<Vec<$kind>>> = const { RefCell::new(Vec::new()) };
                }
                &SHELF
            }
        })*
    };
}

reused!(f64, f32, i64, i32, u64, u32);

/// A vector of this length; its contents are unspecified.
pub(crate) fn vector<T: Reused>(length: usize) -> Vec<T> {
    kept(length).unwrap_or_else(|| vec![T::zeroed(); length])
}

/// The same if one was kept; nothing is allocated.
pub(crate) fn kept<T: Reused>(length: usize) -> Option<Vec<T>> {
    let mut vector = T::shelf().with_borrow_mut(|shelf| {
        let at = shelf.iter().position(|kept| kept.capacity() >= length && kept.capacity() / 2 <= length)?;
        Some(shelf.swap_remove(at))
    })?;
    vector.resize(length, T::zeroed());
    Some(vector)
}

/// Keeps the memory of a vector for the next one.
pub(crate) fn keep<T: Reused>(vector: Vec<T>) {
    if vector.capacity() == 0 {
        return;
    }
    T::shelf().with_borrow_mut(|shelf| {
        let bytes = |vector: &Vec<T>| vector.capacity() * size_of::<T>();
        if shelf.iter().map(bytes).sum::<usize>() + bytes(&vector) <= MOST {
            shelf.push(vector);
        }
    });
}

/// Gives back the memory of columns that are not needed any more. What is held elsewhere is left alone.
pub fn recycle(frame: DataFrame) {
    for column in frame.into_columns() {
        let series = column.take_materialized_series();
        match series.dtype() {
            DataType::Float64 => shelve::<Float64Type>(series.f64().ok().cloned(), series),
            DataType::Float32 => shelve::<Float32Type>(series.f32().ok().cloned(), series),
            DataType::Int64 => shelve::<Int64Type>(series.i64().ok().cloned(), series),
            DataType::Int32 => shelve::<Int32Type>(series.i32().ok().cloned(), series),
            DataType::UInt64 => shelve::<UInt64Type>(series.u64().ok().cloned(), series),
            DataType::UInt32 => shelve::<UInt32Type>(series.u32().ok().cloned(), series),
            _ => {}
        }
    }
}

/// Room for so many numbers of rows, in memory that was given back; its contents are unspecified.
///
/// ```
/// let mut rows = sources::rows(3);
/// rows.fill(7);
/// assert_eq!(rows, [7, 7, 7]);
/// ```
pub fn rows(length: usize) -> Vec<IdxSize> {
    vector(length)
}

/// The values of a column at some rows: of numbers in memory that was given back.
///
/// # Errors
/// A row that the column does not have.
///
/// ```
/// use polars::prelude::*;
/// let column = Series::new("x".into(), [1.5, 2.5, 3.5]);
/// let picked = sources::picked(&column, &IdxCa::from_vec("rows".into(), vec![2, 0]))?;
/// assert_eq!(picked, Series::new("x".into(), [3.5, 1.5]));
/// # Ok::<(), PolarsError>(())
/// ```
pub fn picked(column: &Series, rows: &IdxCa) -> PolarsResult<Series> {
    let numbers = match column.dtype() {
        DataType::Float64 => picked_of(column.f64()?, rows),
        DataType::Float32 => picked_of(column.f32()?, rows),
        DataType::Int64 => picked_of(column.i64()?, rows),
        DataType::Int32 => picked_of(column.i32()?, rows),
        DataType::UInt64 => picked_of(column.u64()?, rows),
        DataType::UInt32 => picked_of(column.u32()?, rows),
        _ => None,
    };
    numbers.map_or_else(|| column.take(rows), Ok)
}

/// `None` where something is missing, or does not lie in one piece.
fn picked_of<T>(column: &ChunkedArray<T>, rows: &IdxCa) -> Option<Series>
where
    T: PolarsNumericType,
    T::Native: Reused,
    ChunkedArray<T>: IntoSeries,
{
    let (values, rows) = (column.cont_slice().ok()?, rows.cont_slice().ok()?);
    let mut picked: Vec<T::Native> = vector(rows.len());
    for (picked, row) in picked.iter_mut().zip(rows) {
        *picked = *values.get(*row as usize)?;
    }
    Some(ChunkedArray::<T>::from_vec(column.name().clone(), picked).into_series())
}

fn shelve<T>(values: Option<ChunkedArray<T>>, series: Series)
where
    T: PolarsNumericType,
    T::Native: Reused,
{
    drop(series);
    for array in values.into_iter().flat_map(ChunkedArray::downcast_into_iter) {
        let (_, values, _) = array.into_inner();
        if let Ok(vector) = values.into_storage().try_into_vec() {
            keep(vector);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picked_values_are_those_that_polars_takes() {
        let rows = IdxCa::from_vec("".into(), vec![2, 0, 2]);
        for column in [
            Series::new("x".into(), [1.5, f64::NAN, -0.0]),
            Series::new("x".into(), [Some(1.5), None, Some(2.0)]),
            Series::new("i".into(), [1_u32, 2, 3]),
            Series::new("s".into(), ["a", "b", "c"]),
        ] {
            assert!(picked(&column, &rows).unwrap().equals_missing(&column.take(&rows).unwrap()));
        }
        let missing = IdxCa::from_slice_options("".into(), &[Some(1), None]);
        let column = Series::new("i".into(), [1_i64, 2, 3]);
        assert!(picked(&column, &missing).unwrap().equals_missing(&column.take(&missing).unwrap()));
        assert!(picked(&column, &IdxCa::from_vec("".into(), vec![3])).is_err());
    }

    #[test]
    fn memory_is_used_again_unless_somebody_holds_it() {
        let of = |value: f64| Column::new("x".into(), vec![value; 1_000]);
        let at = |column: &Column| column.f64().unwrap().cont_slice().unwrap().as_ptr();
        let mine = of(1.0);
        let first = at(&mine);
        recycle(DataFrame::new(1_000, vec![mine]).unwrap());
        let again: Vec<f64> = vector(900);
        assert_eq!((again.as_ptr(), again.len()), (first, 900));
        let held = of(2.0);
        recycle(DataFrame::new(1_000, vec![held.clone()]).unwrap());
        assert_eq!(vector::<f64>(1_000), vec![0.0; 1_000], "nothing was on the shelf");
        assert_eq!(held, of(2.0));
    }
}
