//! A frame in memory as a source, cut into segments as one likes.

use crate::columns::as_held;
use crate::index::Index;
use crate::source::{Identity, SegmentInfo, Source, missing};
use polars::prelude::*;
use segment::{ColumnStatistics, Error, Place, Result, Scalar, Statistics};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A frame, and how it is cut.
///
/// ```
/// # use polars::prelude::*;
/// # use sources::Source;
/// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let table = sources::memory::Memory::new(frame)?;
/// assert_eq!(table.rows(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Memory {
    name: Arc<str>,
    schema: SchemaRef,
    index: Option<Index>,
    /// By row slice.
    pieces: Vec<DataFrame>,
    segments: Vec<SegmentInfo>,
    /// The piece of each segment.
    piece: Vec<usize>,
}

/// How a frame is cut into segments.
///
/// ```
/// assert!(sources::memory::Cutting::default().rows > 0);
/// ```
#[derive(Debug, Clone)]
pub struct Cutting {
    /// Rows of a slice.
    pub rows: usize,
    /// Columns of a slice, index columns not counted.
    pub columns: usize,
    /// Rows of each append, each of which begins a new slice; empty: one write.
    pub appends: Vec<usize>,
    /// Whether bounds are computed for every segment.
    pub statistics: bool,
}

impl Default for Cutting {
    fn default() -> Self {
        Self { rows: 262_144, columns: usize::MAX, appends: Vec::new(), statistics: false }
    }
}

impl Memory {
    /// One frame as a table without an index, in slices of the default size.
    ///
    /// # Errors
    /// None for a well-formed frame.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # use sources::Source;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// assert_eq!(sources::memory::Memory::new(frame)?.schema().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(frame: DataFrame) -> Result<Self> {
        Self::cut("memory", frame, None, &Cutting::default())
    }

    /// One frame, named, with an index, and cut as asked.
    ///
    /// # Errors
    /// An index column that is not in the frame.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # use sources::Source;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// use sources::memory::{Cutting, Memory};
    /// let table = Memory::cut("run 7", frame, None, &Cutting { rows: 2, ..Cutting::default() })?;
    /// assert_eq!(table.segments().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cut(name: &str, frame: DataFrame, index: Option<Index>, cutting: &Cutting) -> Result<Self> {
        let mut starts = vec![0];
        let appends = if cutting.appends.is_empty() { vec![frame.height()] } else { cutting.appends.clone() };
        let mut pieces = Vec::new();
        let mut start = 0;
        for rows in appends {
            let end = (start + rows).min(frame.height());
            while start < end {
                let next = (start + cutting.rows.max(1)).min(end);
                pieces.push(frame.slice(start as i64, next - start));
                starts.push(next);
                start = next;
            }
        }
        Self::pieces(name, frame.schema().clone(), pieces, index, cutting)
    }

    /// Many pieces as one table. A piece may lack columns (they are null there) and have other numeric types
    /// (they are cast).
    ///
    /// # Errors
    /// An index column that is not in the schema.
    pub fn pieces(
        name: &str,
        schema: SchemaRef,
        pieces: Vec<DataFrame>,
        index: Option<Index>,
        cutting: &Cutting,
    ) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let (schema, pieces) = signed(schema, pieces)?;
        let identity = Identity::of(&("memory", NEXT.fetch_add(1, Ordering::Relaxed)));
        for column in index.iter().flat_map(|index| &index.columns) {
            if !schema.contains(column) {
                return Err(missing(column, &schema));
            }
        }
        let name: Arc<str> = name.into();
        let mut memory = Self { name, schema, index, pieces, segments: Vec::new(), piece: Vec::new() };
        let mut start = 0;
        for number in 0..memory.pieces.len() {
            let rows = start..start + memory.pieces[number].height() as u64;
            start = rows.end;
            for columns in memory.column_slices(cutting.columns) {
                let part = identity.part(memory.segments.len() as u64);
                let info = memory.describe(number, rows.clone(), columns, cutting.statistics, part);
                memory.segments.push(info);
                memory.piece.push(number);
            }
        }
        Ok(memory)
    }

    fn column_slices(&self, width: usize) -> Vec<Range<usize>> {
        // Index columns come first and are in every slice.
        let skip = self.index.as_ref().map_or(0, |index| index.columns.len());
        let all = self.schema.len();
        if all <= skip || width >= all - skip {
            return vec![skip.min(all)..all];
        }
        (skip..all).step_by(width.max(1)).map(|start| start..(start + width).min(all)).collect()
    }

    fn describe(
        &self,
        piece: usize,
        rows: Range<u64>,
        columns: Range<usize>,
        statistics: bool,
        identity: Identity,
    ) -> SegmentInfo {
        let frame = &self.pieces[piece];
        let mut known = Statistics { rows: rows.end - rows.start, ..Statistics::default() };
        let indexed = self.index.iter().flat_map(|index| &index.columns);
        let own = columns.clone().filter_map(|at| self.schema.get_at_index(at)).map(|(name, _)| name);
        for name in indexed.chain(own.filter(|_| statistics)) {
            if let Ok(column) = frame.column(name) {
                known.columns.insert(name.to_string(), bounds(column.as_materialized_series()));
            }
        }
        let bytes = columns
            .clone()
            .filter_map(|at| self.schema.get_at_index(at))
            .map(|(_, d)| crate::source::width(d))
            .sum::<u64>();
        let bytes = bytes * (rows.end - rows.start);
        SegmentInfo { rows, columns, statistics: known, bytes, place: Arc::new(Place::file(&*self.name)), identity }
    }
}

/// Whole numbers of 128 bits without a sign get one, as they have it in every table.
fn signed(schema: SchemaRef, mut pieces: Vec<DataFrame>) -> Result<(SchemaRef, Vec<DataFrame>)> {
    let unsigned = schema.iter().filter(|(_, dtype)| **dtype == DataType::UInt128);
    let names: Vec<PlSmallStr> = unsigned.map(|(name, _)| name.clone()).collect();
    if names.is_empty() {
        return Ok((schema, pieces));
    }
    let mut held = (*schema).clone();
    for name in names {
        held.insert(name.clone(), DataType::Int128);
        for piece in &mut pieces {
            if let Ok(column) = piece.column(&name).cloned() {
                let column = as_held(column, &DataType::Int128);
                piece.with_column(column.map_err(|error| Error::request(error.to_string()))?)?;
            }
        }
    }
    Ok((Arc::new(held), pieces))
}

impl Source for Memory {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    fn index(&self) -> Option<&Index> {
        self.index.as_ref()
    }

    fn in_memory(&self) -> bool {
        true
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame> {
        let frame = &self.pieces[self.piece[segment]];
        let height = rows.len();
        let out = columns.iter().map(|name| {
            let dtype = self.schema.get(name);
            let dtype = dtype.ok_or_else(|| missing(name, &self.schema))?;
            match frame.column(name) {
                Ok(column) if column.dtype() == dtype => Ok(column.slice(rows.start as i64, height)),
                Ok(column) => Ok(column.slice(rows.start as i64, height).strict_cast(dtype)?),
                Err(_) => Ok(Column::full_null(name.clone(), height, dtype)),
            }
        });
        Ok(DataFrame::new(height, out.collect::<Result<Vec<_>>>()?)?)
    }
}

/// Bounds and counts of a column, NaN left out of the bounds.
pub fn bounds(column: &Series) -> ColumnStatistics {
    let nulls = column.null_count() as u64;
    let mut known = ColumnStatistics { nulls: Some(nulls), nans: Some(0), ..ColumnStatistics::default() };
    if column.dtype().is_float() {
        let nans = segment::missing::count(column) as u64 - nulls;
        known.nans = Some(nans);
    }
    let of = |value: PolarsResult<polars::prelude::Scalar>| value.ok().and_then(|value| scalar(value.value()));
    known.min = of(column.min_reduce());
    known.max = of(column.max_reduce());
    known
}

/// A frame's value as a bound; `None` for missing values and types without an order of interest.
pub fn scalar(value: &AnyValue<'_>) -> Option<Scalar> {
    let nanoseconds = |value: i64, unit: TimeUnit| match unit {
        TimeUnit::Nanoseconds => Some(value),
        TimeUnit::Microseconds => value.checked_mul(1_000),
        TimeUnit::Milliseconds => value.checked_mul(1_000_000),
    };
    match value {
        AnyValue::Boolean(value) => Some(Scalar::Bool(*value)),
        AnyValue::Float32(value) if !value.is_nan() => Some(Scalar::Float(f64::from(*value))),
        AnyValue::Float64(value) if !value.is_nan() => Some(Scalar::Float(*value)),
        AnyValue::String(text) => Some(Scalar::Text((*text).into())),
        AnyValue::StringOwned(text) => Some(Scalar::Text(text.as_str().into())),
        AnyValue::Datetime(value, unit, _) | AnyValue::DatetimeOwned(value, unit, _) => {
            nanoseconds(*value, *unit).map(Scalar::Time)
        }
        AnyValue::Duration(value, unit) => nanoseconds(*value, *unit).map(Scalar::Time),
        AnyValue::Date(days) => i64::from(*days).checked_mul(86_400_000_000_000).map(Scalar::Time),
        AnyValue::Float32(_) | AnyValue::Float64(_) => None,
        other if other.is_integer() => other.extract::<i128>().map(Scalar::Int),
        _ => None,
    }
}
