//! A table with an index it does not know of itself.

use crate::index::Index;
use crate::source::{SegmentInfo, Source, not_there};
use polars::prelude::{DataFrame, PlSmallStr, SchemaRef};
use segment::Result;
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
    fn around(&self) -> Option<&dyn Source> {
        Some(self.inner.as_ref())
    }

    fn name(&self) -> &str {
        self.inner.name()
    }

    fn schema(&self) -> &SchemaRef {
        self.inner.schema()
    }

    fn segments(&self) -> &[SegmentInfo] {
        self.inner.segments()
    }

    fn index(&self) -> Option<&Index> {
        Some(&self.index)
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame> {
        self.inner.read(segment, columns, rows)
    }
}
