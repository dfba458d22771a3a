//! A table with columns that the names of its folders say: one value each, for all its rows.
//!
//! The statistics of every segment have the value as both bounds, so that a cut on a folder passes over its files unread.

use crate::source::{AskTexts, Identity, SegmentInfo, Source};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use polars::prelude::*;
use polars_arrow::bitmap::Bitmap;
use segment::{ColumnStatistics, Result, Scalar};
use std::ops::Range;
use std::sync::Arc;

/// A column that has one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// Its name.
    pub name: PlSmallStr,
    /// An integer, a text, or missing everywhere.
    pub value: ConstantValue,
}

/// The value of a [`Constant`].
#[derive(Debug, Clone, PartialEq)]
pub enum ConstantValue {
    /// An integer, if there is one.
    Int(Option<i64>),
    /// A text, if there is one.
    Text(Option<Arc<str>>),
    /// A value of another type, written as a text.
    Typed(Option<Arc<str>>, DataType),
}

impl Constant {
    fn dtype(&self) -> DataType {
        match &self.value {
            ConstantValue::Int(_) => DataType::Int64,
            ConstantValue::Text(_) => DataType::String,
            ConstantValue::Typed(_, dtype) => dtype.clone(),
        }
    }

    fn column(&self, rows: usize) -> Result<Column> {
        let one = match &self.value {
            ConstantValue::Int(value) => Series::new(self.name.clone(), [*value]),
            ConstantValue::Text(value) => Series::new(self.name.clone(), [value.as_deref()]),
            ConstantValue::Typed(value, dtype) => {
                Series::new(self.name.clone(), [value.as_deref()]).strict_cast(dtype)?
            }
        };
        Ok(one.new_from_index(0, rows).into_column())
    }

    fn statistics(&self, rows: u64) -> ColumnStatistics {
        let bound = match &self.value {
            ConstantValue::Int(value) => value.map(|value| Scalar::Int(value.into())),
            ConstantValue::Text(value) => value.clone().map(Scalar::Text),
            ConstantValue::Typed(Some(_), _) => {
                return ColumnStatistics { nulls: Some(0), ..ColumnStatistics::default() };
            }
            ConstantValue::Typed(None, _) => None,
        };
        let nulls = if bound.is_none() { rows } else { 0 };
        ColumnStatistics { min: bound.clone(), max: bound, nulls: Some(nulls), nans: Some(0) }
    }
}

/// What stays as it is in the name of a folder: letters, digits, and signs that every file system allows.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b' ');

/// The name or value of a column as a folder has it: `x=y` is `x%3Dy`.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// What a percent-encoded name of a folder or file says: `K%C3%B6ln` is `Köln`. What is no code, and what would not
/// be UTF-8, stays as it is.
pub fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), |decoded| decoded.into_owned())
}

#[derive(Debug)]
struct Folders {
    inner: Arc<dyn Source>,
    schema: SchemaRef,
    constants: Vec<Constant>,
    segments: Vec<SegmentInfo>,
}

/// The table with these columns behind its own. A column that it has itself is not replaced.
pub fn with_constants(inner: Arc<dyn Source>, constants: Vec<Constant>) -> Arc<dyn Source> {
    let constants: Vec<_> = constants.into_iter().filter(|new| !inner.schema().contains(&new.name)).collect();
    if constants.is_empty() {
        return inner;
    }
    let mut schema = (**inner.schema()).clone();
    for constant in &constants {
        schema.insert(constant.name.clone(), constant.dtype());
    }
    let own = inner.schema().len();
    // Types depend on the other files too: what is kept of a column is of this table only.
    let said = format!("{constants:?}");
    let widened = |info: &SegmentInfo| {
        let mut info = SegmentInfo { identity: Identity::of(&(info.identity.0, &said)), ..info.clone() };
        if info.columns.end == own {
            info.columns.end = schema.len();
        }
        for constant in &constants {
            info.statistics.columns.insert(constant.name.to_string(), constant.statistics(info.len() as u64));
        }
        info
    };
    let segments = inner.segments().iter().map(widened).collect();
    Arc::new(Folders { schema: Arc::new(schema), segments, constants, inner })
}

impl Folders {
    /// The columns that are read.
    fn read_ones(&self, columns: &[PlSmallStr]) -> Vec<PlSmallStr> {
        columns.iter().filter(|name| self.constant(name).is_none()).cloned().collect()
    }

    fn constant(&self, name: &PlSmallStr) -> Option<&Constant> {
        self.constants.iter().find(|constant| constant.name == *name)
    }

    /// All columns in the order asked, the read ones from `frame`.
    fn together(&self, columns: &[PlSmallStr], rows: usize, frame: Option<DataFrame>) -> Result<DataFrame> {
        let mut read = frame.map(DataFrame::into_columns).unwrap_or_default().into_iter();
        let of = |name| match self.constant(name) {
            Some(constant) => Some(constant.column(rows)),
            None => read.next().map(Ok),
        };
        Ok(DataFrame::new(rows, columns.iter().filter_map(of).collect::<Result<Vec<_>>>()?)?)
    }
}

impl Source for Folders {
    fn around(&self) -> Option<&dyn Source> {
        Some(self.inner.as_ref())
    }

    fn name(&self) -> &str {
        self.inner.name()
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    // A scan of the files would not have the columns of the folders.
    fn parquet_files(&self) -> Option<Vec<Arc<str>>> {
        None
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame> {
        let wanted = self.read_ones(columns);
        let read = (!wanted.is_empty()).then(|| self.inner.read(segment, &wanted, rows.clone())).transpose()?;
        self.together(columns, rows.len(), read)
    }

    fn pick(&self, segment: usize, columns: &[PlSmallStr], rows: &[IdxSize]) -> Result<DataFrame> {
        let wanted = self.read_ones(columns);
        let read = (!wanted.is_empty()).then(|| self.inner.pick(segment, &wanted, rows)).transpose()?;
        self.together(columns, rows.len(), read)
    }

    fn lengths(&self, segment: usize, column: &PlSmallStr, rows: Range<usize>) -> Result<Column> {
        if self.constant(column).is_some() {
            return Ok(Column::new(column.clone(), vec![1_u32; rows.len()]));
        }
        self.inner.lengths(segment, column, rows)
    }

    fn marked(
        &self,
        segment: usize,
        column: &PlSmallStr,
        rows: Range<usize>,
        ask: &AskTexts<'_>,
    ) -> Result<Option<Bitmap>> {
        if self.constant(column).is_some() {
            return Ok(None);
        }
        self.inner.marked(segment, column, rows, ask)
    }

    fn expect(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) {
        let wanted = self.read_ones(columns);
        if !wanted.is_empty() {
            self.inner.expect(segment, &wanted, rows);
        }
    }

    fn stored(&self, segment: usize, columns: &[PlSmallStr]) -> u64 {
        self.inner.stored(segment, &self.read_ones(columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    #[test]
    fn constants_are_columns_with_bounds() {
        let inner = Memory::new(df!("x" => [1.0, 2.0, 3.0], "city" => ["a", "b", "c"]).unwrap()).unwrap();
        let constant = |name: &str, value| Constant { name: name.into(), value };
        let source = with_constants(
            Arc::new(inner),
            vec![
                constant("year", ConstantValue::Int(Some(2020))),
                constant("city", ConstantValue::Text(Some("Köln".into()))),
                constant("run", ConstantValue::Text(None)),
            ],
        );
        let columns: Vec<PlSmallStr> = ["year", "x", "run", "city"].map(Into::into).to_vec();
        let wanted = df!("year" => [2020_i64; 2], "x" => [2.0, 3.0], "run" => [None::<&str>; 2], "city" => ["b", "c"]);
        assert!(source.read(0, &columns, 1..3).unwrap().equals_missing(&wanted.unwrap()), "the file's own city stays");
        assert_eq!(source.pick(0, &columns[..1], &[0, 2]).unwrap(), df!("year" => [2020_i64; 2]).unwrap());
        let info = &source.segments()[0];
        assert_eq!((info.columns.clone(), source.schema().len(), source.rows()), (0..4, 4, 3));
        assert_eq!(info.statistics.columns["year"].min, Some(Scalar::Int(2020)));
        assert_eq!((&info.statistics.columns["run"].min, info.statistics.columns["run"].nulls), (&None, Some(3)));
        assert_eq!(source.stored(0, &columns[..1]), 0);
    }
}
