//! Rows that pass, of columns of lists too: where the values of a list go is found once for all columns of a collection,
//! whose lists share where they begin.

use crate::error::Result;
use crate::operators::compact::{compact, compress, plain_bits};
use polars::prelude::*;
use polars_arrow::array::{Array, BooleanArray, ListArray, PrimitiveArray, StructArray};
use polars_arrow::bitmap::{Bitmap, BitmapBuilder};
use polars_arrow::offset::OffsetsBuffer;
use polars_arrow::types::NativeType;
use std::ops::Range;

/// Takes the rows of columns that a mask marks, of which there are `left`.
pub(crate) struct Kept<'m> {
    mask: &'m BooleanChunked,
    left: usize,
    shapes: Vec<Shape>,
}

/// What becomes of lists that begin at some places.
struct Shape {
    /// Where they begin now.
    before: OffsetsBuffer<i64>,
    /// Where those that are kept begin.
    after: OffsetsBuffer<i64>,
    /// The values of the lists that are kept, one after another; neighbours are one range.
    runs: Vec<Range<usize>>,
    /// The same as marks of values, counted from the first list on: a bit for each.
    marks: Vec<u64>,
}

impl<'m> Kept<'m> {
    pub fn new(mask: &'m BooleanChunked, left: usize) -> Self {
        Self { mask, left, shapes: Vec::new() }
    }

    /// The rows of a column of the same height as the mask.
    pub fn of(&mut self, column: &Series) -> Result<Series> {
        match self.lists(column) {
            Some(kept) => Ok(kept),
            None => compact(column, self.mask, self.left),
        }
    }

    /// The lists that are kept; `None` where the column is none of plain lists without nulls, in one piece.
    fn lists(&mut self, column: &Series) -> Option<Series> {
        let DataType::List(_) = column.dtype() else { return None };
        let lists = column.list().ok()?;
        let mut chunks = lists.downcast_iter();
        let (Some(array), None) = (chunks.next(), chunks.next()) else { return None };
        if array.null_count() > 0 || !holds_plain(array.values().as_ref()) {
            return None;
        }
        let bits = plain_bits(self.mask, column.len())?;
        let at = self.shape(array.offsets(), bits)?;
        let shape = &self.shapes[at];
        let values = shape.values(array.values().as_ref())?;
        let kept = ListArray::try_new(array.dtype().clone(), shape.after.clone(), values, None).ok()?;
        // SAFETY: the array has the type of the one that the column was made of.
        Some(unsafe {
            Series::from_chunks_and_dtype_unchecked(column.name().clone(), vec![Box::new(kept)], column.dtype())
        })
    }

    fn shape(&mut self, before: &OffsetsBuffer<i64>, bits: &[u8]) -> Option<usize> {
        let same = |shape: &Shape| std::ptr::eq(shape.before.as_slice(), before.as_slice());
        if let Some(at) = self.shapes.iter().position(same) {
            return Some(at);
        }
        self.shapes.push(Shape::new(before, bits, self.left)?);
        Some(self.shapes.len() - 1)
    }
}

impl Shape {
    fn new(before: &OffsetsBuffer<i64>, bits: &[u8], left: usize) -> Option<Self> {
        let base = *before.first();
        let mut ends = Vec::with_capacity(left + 1);
        let mut runs: Vec<Range<usize>> = Vec::new();
        let mut marks = vec![0; (before.last() - base) as usize / 64 + 1];
        let mut end = 0_i64;
        ends.push(0);
        for row in marked(bits, before.len_proxy()) {
            let (from, to) = before.start_end(row);
            end += (to - from) as i64;
            ends.push(end);
            if from == to {
                continue;
            }
            set(&mut marks, from - base as usize, to - base as usize);
            match runs.last_mut() {
                Some(run) if run.end == from => run.end = to,
                _ => runs.push(from..to),
            }
        }
        let after = (ends.len() == left + 1).then(|| OffsetsBuffer::try_from(ends).ok()).flatten()?;
        Some(Self { before: before.clone(), after, runs, marks })
    }

    fn values(&self, values: &dyn Array) -> Option<Box<dyn Array>> {
        macro_rules! numbers {
            ($($native:ty),*) => {
                $(if let Some(array) = values.as_any().downcast_ref::<PrimitiveArray<$native>>() {
                    return Some(Box::new(self.numbers(array)));
                })*
            };
        }
        numbers!(f32, f64, i32, i64, u32, u64, i16, u16, i8, u8);
        if let Some(array) = values.as_any().downcast_ref::<BooleanArray>() {
            return Some(Box::new(BooleanArray::new(ArrowDataType::Boolean, self.truths(array.values()), None)));
        }
        let array = values.as_any().downcast_ref::<StructArray>()?;
        let fields: Option<Vec<_>> = array.values().iter().map(|field| self.values(field.as_ref())).collect();
        Some(Box::new(StructArray::try_new(array.dtype().clone(), self.length(), fields?, None).ok()?))
    }

    fn length(&self) -> usize {
        *self.after.last() as usize
    }

    fn numbers<T: NativeType + bytemuck::Pod>(&self, array: &PrimitiveArray<T>) -> PrimitiveArray<T> {
        let values = array.values().as_slice();
        let inside = &values[*self.before.first() as usize..*self.before.last() as usize];
        let kept = compress(inside, bytemuck::cast_slice(&self.marks), self.length()).unwrap_or_else(|| {
            let mut kept = Vec::with_capacity(self.length());
            self.runs.iter().for_each(|run| kept.extend_from_slice(&values[run.clone()]));
            kept
        });
        PrimitiveArray::new(array.dtype().clone(), kept.into(), None)
    }

    fn truths(&self, values: &Bitmap) -> Bitmap {
        let (bytes, offset, _) = values.as_slice();
        let mut kept = BitmapBuilder::with_capacity(self.length());
        self.runs.iter().for_each(|run| kept.extend_from_slice(bytes, offset + run.start, run.len()));
        kept.freeze()
    }
}

/// Whether values are numbers, truth values, or objects of them, and none is missing.
fn holds_plain(values: &dyn Array) -> bool {
    use ArrowDataType as D;
    values.null_count() == 0
        && match values.dtype() {
            D::Float32 | D::Float64 | D::Int32 | D::Int64 | D::UInt32 | D::UInt64 => true,
            D::Int16 | D::UInt16 | D::Int8 | D::UInt8 | D::Boolean => true,
            D::Struct(_) => values
                .as_any()
                .downcast_ref::<StructArray>()
                .is_some_and(|objects| objects.values().iter().all(|field| holds_plain(field.as_ref()))),
            _ => false,
        }
}

/// The rows whose bit is set.
fn marked(bits: &[u8], rows: usize) -> impl Iterator<Item = usize> + '_ {
    bits.chunks(8)
        .enumerate()
        .flat_map(|(word, eight)| {
            let mut bytes = [0; 8];
            bytes[..eight.len()].copy_from_slice(eight);
            let mut left = u64::from_le_bytes(bytes);
            std::iter::from_fn(move || {
                (left != 0).then(|| {
                    let bit = left.trailing_zeros() as usize;
                    left &= left - 1;
                    word * 64 + bit
                })
            })
        })
        .take_while(move |row| *row < rows)
}

/// Sets the bits from one up to another.
fn set(words: &mut [u64], from: usize, to: usize) {
    let (first, last) = (from / 64, (to - 1) / 64);
    let (low, high) = (u64::MAX << (from % 64), u64::MAX >> (63 - (to - 1) % 64));
    if first == last {
        words[first] |= low & high;
        return;
    }
    words[first] |= low;
    words[first + 1..last].fill(u64::MAX);
    words[last] |= high;
}

#[cfg(test)]
mod tests {
    use super::*;
    use segment::lists::Lists;

    fn columns(rows: usize) -> Vec<Series> {
        let lengths = || (0..rows).map(|row| if row % 7 == 3 { 70 } else { row * 5 % 4 });
        let shape = Lists::of_lengths("n", lengths()).unwrap();
        let numbers = Series::new("x".into(), (0..shape.objects() as i64).collect::<Vec<_>>());
        let as_type = |dtype: &DataType| numbers.cast(dtype).unwrap();
        use DataType as D;
        let types = [D::Float32, D::Float64, D::Int32, D::Int64, D::UInt32, D::UInt64];
        let truth = (numbers.i64().unwrap() % 3).equal(1).into_series();
        let objects = DataFrame::new(
            numbers.len(),
            vec![
                as_type(&D::Float32).with_name("pt".into()).into_column(),
                truth.clone().with_name("ok".into()).into(),
            ],
        )
        .unwrap()
        .into_struct("".into())
        .into_series();
        let texts = as_type(&D::String);
        let holes =
            Series::new("".into(), (0..numbers.len()).map(|at| (at % 5 > 0).then_some(at as f32)).collect::<Vec<_>>());
        let mut all: Vec<Series> = types.iter().map(as_type).chain([truth, objects, texts, holes]).collect();
        // Short ones hold no number above 127.
        all.push((numbers.i64().unwrap() % 100).into_series().cast(&D::Int8).unwrap());
        all.iter().enumerate().map(|(at, values)| shape.column(format!("c{at}"), values).unwrap()).collect()
    }

    #[test]
    fn lists_are_kept_as_polars_keeps_them() {
        for rows in [0, 1, 9, 64, 65, 1_000] {
            for every in [1, 2, 3, 17, 5_000] {
                let marks: Vec<bool> = (0..rows).map(|row| (row * 7) % every == 0).collect();
                let mask = BooleanChunked::from_slice("".into(), &marks);
                let left = marks.iter().filter(|mark| **mark).count();
                let mut kept = Kept::new(&mask, left);
                for column in columns(rows) {
                    let found = kept.of(&column).unwrap();
                    let expected = column.filter(&mask).unwrap();
                    assert!(found.equals_missing(&expected), "{found:?} {expected:?} {every}");
                    assert_eq!((found.name(), found.dtype()), (column.name(), column.dtype()));
                }
                assert!(kept.shapes.len() <= 1, "all of one collection");
            }
        }
    }

    #[test]
    fn a_slice_of_lists_and_null_lists_too() {
        let column = columns(100)[0].slice(13, 60);
        let mask: BooleanChunked = (0..60).map(|row| Some(row % 4 == 1)).collect();
        let found = Kept::new(&mask, 15).of(&column).unwrap();
        assert!(found.equals_missing(&column.filter(&mask).unwrap()));
        let nulls: ListChunked = (0..60).map(|row| (row % 3 > 0).then(|| Series::new("".into(), [row]))).collect();
        let nulls = nulls.into_series();
        let found = Kept::new(&mask, 15).of(&nulls).unwrap();
        assert!(found.equals_missing(&nulls.filter(&mask).unwrap()));
    }
}
