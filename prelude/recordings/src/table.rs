//! A recording of an event camera as a table of the engine: a segment per block, its bounds in time from the index.

use events::{BlockInfo, EventError, Events, Recording, Selection};
use polars::prelude::*;
use segment::{ColumnStatistics, Place, Statistics};
use sources::{Identity, SegmentInfo, Source};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// The columns: time in microseconds, place, polarity.
pub(crate) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::from_iter([
        Field::new("t".into(), DataType::Int64),
        Field::new("x".into(), DataType::UInt16),
        Field::new("y".into(), DataType::UInt16),
        Field::new("polarity".into(), DataType::Int8),
    ]))
});

/// The blocks of a recording that have events, as segments.
#[derive(Debug)]
pub(crate) struct EventSource {
    recording: Arc<Recording>,
    name: String,
    segments: Vec<SegmentInfo>,
    /// Block of the recording, by segment.
    blocks: Vec<usize>,
}

impl EventSource {
    /// Needs the index; the first time, that decodes the file once.
    pub(crate) fn new(recording: Arc<Recording>) -> segment::Result<Self> {
        let name = recording.path().display().to_string();
        let listed = recording.blocks().map_err(error)?;
        let identity = Identity::named(&name, recording.bytes_identity())?.part(read_options_key(&recording));
        let with_events = listed.iter().enumerate().filter(|(_, block)| block.rows.1 > block.rows.0);
        let (blocks, segments) =
            with_events.map(|(number, block)| (number, segment(&name, number, block, identity))).unzip();
        Ok(Self { recording, name, segments, blocks })
    }
}

/// Two ways of reading one file must not share decoded columns.
fn read_options_key(recording: &Recording) -> u64 {
    Identity::of(&recording.identity()).0 as u64
}

fn segment(name: &str, number: usize, block: &BlockInfo, identity: Identity) -> SegmentInfo {
    let rows = block.rows.1 - block.rows.0;
    let bounds = |least: i64, most: i64| ColumnStatistics {
        min: Some(segment::Scalar::Int(least.into())),
        max: Some(segment::Scalar::Int(most.into())),
        nulls: Some(0),
        nans: Some(0),
    };
    let whole = ColumnStatistics { nulls: Some(0), nans: Some(0), ..ColumnStatistics::default() };
    let mut columns: std::collections::HashMap<String, ColumnStatistics> =
        SCHEMA.iter_names().map(|name| (name.to_string(), whole.clone())).collect();
    if let Some((least, most)) = block.time {
        columns.insert("t".to_owned(), bounds(least, most));
    }
    SegmentInfo {
        rows: block.rows.0..block.rows.1,
        columns: 0..SCHEMA.len(),
        statistics: Statistics { rows, columns },
        bytes: block.bytes.1 - block.bytes.0,
        place: Arc::new(Place::file(name).part(format!("block {number}")).offset(block.bytes.0)),
        identity: identity.part(number as u64),
    }
}

impl Source for EventSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> &SchemaRef {
        &SCHEMA
    }

    fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> segment::Result<DataFrame> {
        let events = self.recording.read_block(self.blocks[segment]).map_err(error)?;
        let whole = frame(events)?;
        let chosen = whole.select(columns.iter().cloned())?;
        let all = rows == (0..whole.height());
        Ok(if all { chosen } else { chosen.slice(rows.start as i64, rows.len()) })
    }

    fn divisible(&self) -> bool {
        false
    }
}

/// Events as a frame; the columns are moved, not copied.
pub(crate) fn frame(events: Events) -> PolarsResult<DataFrame> {
    let height = events.len();
    let Events { t, x, y, polarity } = events;
    let columns = vec![
        Int64Chunked::from_vec("t".into(), t).into_column(),
        UInt16Chunked::from_vec("x".into(), x).into_column(),
        UInt16Chunked::from_vec("y".into(), y).into_column(),
        Int8Chunked::from_vec("polarity".into(), polarity).into_column(),
    ];
    DataFrame::new(height, columns)
}

/// The error of the room `events` with its place.
pub(crate) fn error(error: EventError) -> segment::Error {
    match error {
        EventError::Damaged { path, format, offset, what, hint } => {
            let place = Place::file(path.display().to_string()).offset(offset);
            segment::Error::read(&place, format!("{format} is damaged: {what}; {hint}"))
        }
        EventError::Cancelled { .. } => segment::Error::Interrupted,
        other => segment::Error::request(other.to_string()),
    }
}

/// A lazy frame of Polars over a recording: nothing is decoded before it is collected, then block by block,
/// and of every block only the columns and rows that are wanted are kept.
pub(crate) struct Scan {
    pub(crate) recording: Arc<Recording>,
    pub(crate) selection: Selection,
}

impl AnonymousScan for Scan {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn schema(&self, _infer_schema_length: Option<usize>) -> PolarsResult<SchemaRef> {
        Ok(SCHEMA.clone())
    }

    fn scan(&self, wanted: AnonymousScanArgs) -> PolarsResult<DataFrame> {
        let failed = |error: segment::Error| PolarsError::ComputeError(error.to_string().into());
        let mut left = wanted.n_rows.unwrap_or(usize::MAX);
        let mut parts: Vec<DataFrame> = Vec::new();
        for events in self.recording.stream().select(self.selection.clone()).blocks() {
            segment::work::check().map_err(failed)?;
            let events = events.map_err(|told| failed(error(told)))?;
            // The limit comes before the predicate, which is not applied again by anybody else.
            let part = frame(events)?.head(Some(left));
            left -= part.height();
            parts.push(narrowed(part, &wanted)?);
            if left == 0 {
                break;
            }
        }
        let mut parts = parts.into_iter();
        let Some(mut whole) = parts.next() else { return narrowed(frame(Events::default())?, &wanted) };
        parts.try_for_each(|part| whole.vstack_mut_owned(part).map(|_| ()))?;
        Ok(whole)
    }

    fn allows_predicate_pushdown(&self) -> bool {
        true
    }

    fn allows_projection_pushdown(&self) -> bool {
        true
    }
}

fn narrowed(part: DataFrame, wanted: &AnonymousScanArgs) -> PolarsResult<DataFrame> {
    let part = match &wanted.predicate {
        Some(predicate) => part.lazy().filter(predicate.clone()).collect()?,
        None => part,
    };
    match &wanted.with_columns {
        Some(columns) => part.select(columns.iter().cloned()),
        None => Ok(part),
    }
}
