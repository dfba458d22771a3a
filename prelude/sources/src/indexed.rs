//! A table with an index it does not know of itself.

use crate::columns::Unreadable;
use crate::index::Index;
use crate::lookup::Lookup;
use crate::source::{AskTexts, SegmentInfo, Source, not_there};
use polars::prelude::{Column, DataFrame, IdxSize, PlSmallStr, SchemaRef};
use polars_arrow::bitmap::Bitmap;
use segment::{Result, Statistics};
use std::ops::Range;
use std::sync::Arc;

#[derive(Debug)]
struct Indexed {
    inner: Arc<dyn Source>,
    index: Index,
}

/// The table, ordered by these columns: so that ranges of time skip segments, and rows can be put into buckets of time.
///
/// # Errors
/// A column that is not there.
pub fn indexed(inner: Arc<dyn Source>, index: Index) -> Result<Arc<dyn Source>> {
    for column in &index.columns {
        if !inner.schema().contains(column) {
            return Err(not_there(column, inner.as_ref()));
        }
    }
    Ok(Arc::new(Indexed { inner, index }))
}

impl Source for Indexed {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn schema(&self) -> &SchemaRef {
        self.inner.schema()
    }

    fn segments(&self) -> &[SegmentInfo] {
        self.inner.segments()
    }

    fn unreadable(&self) -> &[Unreadable] {
        self.inner.unreadable()
    }

    fn zones(&self) -> Vec<(PlSmallStr, Arc<str>)> {
        self.inner.zones()
    }

    fn attached(&self, key: &str) -> Vec<Option<String>> {
        self.inner.attached(key)
    }

    fn notes(&self) -> Vec<String> {
        self.inner.notes()
    }

    fn remarks(&self, columns: &[PlSmallStr]) -> Vec<String> {
        self.inner.remarks(columns)
    }

    fn lookup(&self) -> Result<Option<Lookup>> {
        self.inner.lookup()
    }

    fn parquet_files(&self) -> Option<Vec<Arc<str>>> {
        self.inner.parquet_files()
    }

    fn learned(&self, segment: usize) -> Option<Statistics> {
        self.inner.learned(segment)
    }

    fn check(&self) -> Result<()> {
        self.inner.check()
    }

    fn index(&self) -> Option<&Index> {
        Some(&self.index)
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame> {
        self.inner.read(segment, columns, rows)
    }

    fn pick(&self, segment: usize, columns: &[PlSmallStr], rows: &[IdxSize]) -> Result<DataFrame> {
        self.inner.pick(segment, columns, rows)
    }

    fn lengths(&self, segment: usize, column: &PlSmallStr, rows: Range<usize>) -> Result<Column> {
        self.inner.lengths(segment, column, rows)
    }

    fn marked(
        &self,
        segment: usize,
        column: &PlSmallStr,
        rows: Range<usize>,
        ask: &AskTexts<'_>,
    ) -> Result<Option<Bitmap>> {
        self.inner.marked(segment, column, rows, ask)
    }

    fn expect(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) {
        self.inner.expect(segment, columns, rows);
    }

    fn stored(&self, segment: usize, columns: &[PlSmallStr]) -> u64 {
        self.inner.stored(segment, columns)
    }

    fn divisible(&self) -> bool {
        self.inner.divisible()
    }

    fn in_memory(&self) -> bool {
        self.inner.in_memory()
    }
}
