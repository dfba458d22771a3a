//! Columns of lists: the values of all rows one after another, and where those of each row begin.
//!
//! A row with a list has several *objects*: the jets of an event, the hits of a track. Columns whose lists have the same
//! lengths in every row are fields of one *collection*. A null list is an empty list.

use crate::error::{Error, Result};
use polars::prelude::*;
use polars_arrow::array::{Array, ListArray};
use polars_arrow::offset::OffsetsBuffer;

/// The lists of a column: values without a copy, as long as no null list hides any.
#[derive(Debug, Clone)]
pub struct Lists {
    name: PlSmallStr,
    values: Series,
    /// One more than there are rows; the first is 0.
    offsets: OffsetsBuffer<i64>,
}

/// The type of the values of a column of lists; `None` for other columns.
pub fn inner(dtype: &DataType) -> Option<&DataType> {
    match dtype {
        DataType::List(inner) | DataType::Array(inner, _) => Some(inner),
        _ => None,
    }
}

impl Lists {
    /// The lists of a column; `None` of a column that has one value per row.
    ///
    /// # Errors
    /// What the frame library reports.
    pub fn of(column: &Series) -> Result<Option<Self>> {
        let Some(inner) = inner(column.dtype()) else { return Ok(None) };
        let cast;
        let lists = match column.dtype() {
            DataType::List(_) => column.list()?,
            _ => {
                cast = column.cast(&DataType::List(Box::new(inner.clone())))?;
                cast.list()?
            }
        };
        let lists = lists.rechunk();
        let array = lists.downcast_as_array();
        let stored = array.offsets();
        let values = lists.get_inner().slice(*stored.first(), stored.range() as usize);
        let name = column.name().clone();
        let hidden = |row: usize| array.is_null(row) && stored.length_at(row) > 0;
        if array.null_count() > 0 && (0..array.len()).any(hidden) {
            return Self::without_hidden(name, array, &values).map(Some);
        }
        let offsets = match *stored.first() {
            0 => stored.clone(),
            base => offsets(stored.iter().map(|offset| offset - base))?,
        };
        Ok(Some(Self { name, values, offsets }))
    }

    /// Leaves out the values that lie under null lists.
    fn without_hidden(name: PlSmallStr, array: &ListArray<i64>, values: &Series) -> Result<Self> {
        let stored = array.offsets();
        let mut kept: Vec<IdxSize> = Vec::with_capacity(values.len());
        let mut ends = vec![0];
        for row in 0..array.len() {
            if !array.is_null(row) {
                let (from, to) = stored.start_end(row);
                let base = *stored.first() as usize;
                kept.extend((from - base..to - base).map(|at| at as IdxSize));
            }
            ends.push(kept.len() as i64);
        }
        let values = values.take(&IdxCa::from_vec(PlSmallStr::EMPTY, kept))?;
        Ok(Self { name, values, offsets: offsets(ends.into_iter())? })
    }

    /// The same number of objects in each row as `lengths` say.
    ///
    /// # Errors
    /// More objects than can be numbered.
    pub fn of_lengths(name: impl Into<PlSmallStr>, lengths: impl Iterator<Item = usize>) -> Result<Self> {
        let mut end = 0_i64;
        let ends: Vec<i64> = std::iter::once(0)
            .chain(lengths.map(|length| {
                end += length as i64;
                end
            }))
            .collect();
        let values = Series::new_null(PlSmallStr::EMPTY, end as usize);
        Ok(Self { name: name.into(), values, offsets: offsets(ends.into_iter())? })
    }

    /// The name of the column.
    pub fn name(&self) -> &PlSmallStr {
        &self.name
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.offsets.len_proxy()
    }

    /// Objects of all rows.
    pub fn objects(&self) -> usize {
        self.values.len()
    }

    /// Where the objects of each row begin, and behind them the number of all objects.
    pub fn offsets(&self) -> &[i64] {
        self.offsets.as_slice()
    }

    /// How many values the lists of a column have, as numbers of 32 bits under its name; no longer list can be numbered.
    /// Of a column that has one value per row, 1 each.
    ///
    /// # Errors
    /// What the frame library reports.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let lists: ListChunked = [Some(Series::new("".into(), [1.5, 2.5])), None].into_iter().collect();
    /// let lengths = segment::lists::Lists::count(&lists.into_series().with_name("x".into())).unwrap();
    /// assert_eq!(lengths, Series::new("x".into(), [2_u32, 0]));
    /// ```
    pub fn count(column: &Series) -> Result<Series> {
        let counts: Vec<u32> = match Self::of(column)? {
            Some(lists) => lists.lengths().map(|length| u32::try_from(length).unwrap_or(u32::MAX)).collect(),
            None => vec![1; column.len()],
        };
        Ok(Series::new(column.name().clone(), counts))
    }

    /// How many objects each row has.
    pub fn lengths(&self) -> impl Iterator<Item = usize> + '_ {
        self.offsets.as_slice().windows(2).map(|pair| (pair[1] - pair[0]) as usize)
    }

    /// The values of all objects.
    pub fn values(&self) -> &Series {
        &self.values
    }

    /// Refuses other lists whose lengths are not the same in every row.
    ///
    /// # Errors
    /// [`Error::Lengths`], of the first row in which they differ.
    pub fn fits(&self, other: &Self) -> Result<()> {
        if self.offsets() == other.offsets() {
            return Ok(());
        }
        if self.rows() != other.rows() {
            let (one, two) = (self.rows(), other.rows());
            let text = format!("`{}` has {one} rows and `{}` has {two}", self.name, other.name);
            return Err(Error::request(text));
        }
        let mut pairs = self.lengths().zip(other.lengths()).enumerate();
        match pairs.find(|(_, (mine, theirs))| mine != theirs) {
            None => Ok(()),
            Some((row, (mine, theirs))) => Err(Error::Lengths {
                columns: [self.name.to_string(), other.name.to_string()],
                lengths: [mine, theirs],
                row,
            }),
        }
    }

    /// A column with a value per object: the values of lists that fit these, the values of any other column once for
    /// each object of its row.
    ///
    /// # Errors
    /// Lists of other lengths, as [`Lists::fits`].
    pub fn per_object(&self, column: &Series) -> Result<Series> {
        match Self::of(column)? {
            Some(lists) => {
                self.fits(&lists)?;
                Ok(lists.values.with_name(column.name().clone()))
            }
            None => self.repeated(column),
        }
    }

    /// The values of a column, lists or not, once for each object of their row.
    ///
    /// # Errors
    /// Another number of rows.
    pub fn repeated(&self, column: &Series) -> Result<Series> {
        let mut rows: Vec<IdxSize> = Vec::with_capacity(self.objects());
        for (row, length) in self.lengths().enumerate() {
            rows.resize(rows.len() + length, row as IdxSize);
        }
        Ok(column.take(&IdxCa::from_vec(PlSmallStr::EMPTY, rows))?)
    }

    /// A column of lists with these lengths and other values, one per object.
    ///
    /// # Errors
    /// Another number of values than there are objects.
    pub fn column(&self, name: impl Into<PlSmallStr>, values: &Series) -> Result<Series> {
        if values.len() != self.objects() {
            let text = format!("{} values for {} objects", values.len(), self.objects());
            return Err(Error::request(text));
        }
        let values = values.rechunk();
        let array = values.chunks()[0].clone();
        let dtype = ListArray::<i64>::default_datatype(array.dtype().clone());
        let array = ListArray::try_new(dtype, self.offsets.clone(), array, None)?;
        let dtype = DataType::List(Box::new(values.dtype().clone()));
        // SAFETY: the values are the only chunk of a series of the inner type.
        Ok(unsafe { Series::from_chunks_and_dtype_unchecked(name.into(), vec![Box::new(array)], &dtype) })
    }
}

fn offsets(ends: impl Iterator<Item = i64>) -> Result<OffsetsBuffer<i64>> {
    Ok(OffsetsBuffer::try_from(ends.collect::<Vec<_>>())?)
}

/// The lists of those columns that have any, when there are such: all have the same lengths.
///
/// # Errors
/// Lists of different lengths, as [`Lists::fits`].
pub fn common<'a>(columns: impl IntoIterator<Item = &'a Series>) -> Result<Option<Lists>> {
    let mut found: Option<Lists> = None;
    for column in columns {
        match (&found, Lists::of(column)?) {
            (Some(first), Some(lists)) => first.fits(&lists)?,
            (None, lists) => found = lists,
            (Some(_), None) => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, lists: &[Option<&[f32]>]) -> Series {
        let lists = lists.iter().map(|list| list.map(|list| Series::new("".into(), list)));
        let column: ListChunked = lists.collect();
        column.into_series().with_name(name.into())
    }

    #[test]
    fn values_and_where_each_row_begins_whatever_the_slice() {
        let all = series("x", &[Some(&[1.0, 2.0]), Some(&[]), None, Some(&[3.0])]);
        let lists = Lists::of(&all).unwrap().unwrap();
        assert_eq!((lists.offsets(), lists.objects()), (&[0, 2, 2, 2, 3][..], 3));
        let part = Lists::of(&all.slice(1, 3)).unwrap().unwrap();
        assert_eq!((part.offsets(), part.values().f32().unwrap().to_vec()), (&[0, 0, 0, 1][..], vec![Some(3.0)]));
        let mut two = all.slice(3, 1);
        two.append(&all.slice(0, 1)).unwrap();
        assert_eq!(Lists::of(&two).unwrap().unwrap().offsets(), [0, 1, 3]);
        assert!(Lists::of(&Series::new("y".into(), [1.0])).unwrap().is_none());
        assert_eq!(Lists::of(&all.slice(0, 0)).unwrap().unwrap().rows(), 0);
    }

    #[test]
    fn a_null_list_is_empty_also_where_values_lie_under_it() {
        let values = polars_arrow::array::PrimitiveArray::from_vec(vec![1_i32, 2, 3, 4]).boxed();
        let dtype = ListArray::<i64>::default_datatype(values.dtype().clone());
        let validity = Some(polars_arrow::bitmap::Bitmap::from([true, false, true]));
        let ends = OffsetsBuffer::try_from(vec![0_i64, 1, 3, 4]).unwrap();
        let array = ListArray::try_new(dtype, ends, values, validity).unwrap();
        let column = Series::try_from((PlSmallStr::from("x"), array.boxed())).unwrap();
        let lists = Lists::of(&column).unwrap().unwrap();
        assert_eq!(lists.offsets(), [0, 1, 1, 2]);
        assert_eq!(lists.values().i32().unwrap().to_vec(), [Some(1), Some(4)]);
    }

    #[test]
    fn columns_of_rows_are_repeated_and_lengths_must_agree() {
        let pt = series("pt", &[Some(&[1.0, 2.0]), Some(&[]), Some(&[3.0])]);
        let lists = common([&pt]).unwrap().unwrap();
        let weight = Series::new("w".into(), [10.0, 20.0, 30.0]);
        assert_eq!(lists.per_object(&weight).unwrap().f64().unwrap().to_vec(), [Some(10.0), Some(10.0), Some(30.0)]);
        let eta = series("eta", &[Some(&[1.0, 2.0]), Some(&[5.0]), Some(&[3.0])]);
        let error = common([&weight, &pt, &eta]).unwrap_err().to_string();
        assert_eq!(error, "row 1: `pt` has 0 values and `eta` 1, so they are not of one collection");
        let made = lists.column("half", &(lists.values() / 2.0_f32)).unwrap();
        assert!(made.equals(&series("half", &[Some(&[0.5, 1.0]), Some(&[]), Some(&[1.5])])), "{made}");
        assert_eq!(Lists::of_lengths("n", [2, 0, 1].into_iter()).unwrap().offsets(), lists.offsets());
    }
}
