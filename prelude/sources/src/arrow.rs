//! Arrow IPC files ("feather"): a segment per record batch, only the columns asked for.

use crate::source::missing;
use crate::{Identity, SegmentInfo, Source, guarded};
use polars::prelude::*;
use polars_arrow::io::ipc::read::{FileMetadata, FileReader, get_row_count_from_blocks, read_file_metadata};
use segment::{Error, Place, Result, Statistics};
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An Arrow IPC file.
#[derive(Debug)]
pub struct Arrow {
    path: PathBuf,
    name: String,
    identity: Identity,
    schema: SchemaRef,
    metadata: FileMetadata,
    segments: Vec<SegmentInfo>,
}

/// Opens an Arrow IPC file: reads its footer and the head of each batch.
///
/// # Errors
/// A file that is missing, cut short, or not an Arrow file (the stream format has no footer and is not one).
pub fn open(path: impl AsRef<Path>) -> Result<Arrow> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let place = Place::file(name.as_str());
    let identity = Identity::file(path)?;
    let mut file = File::open(path).map_err(|error| Error::read(&place, error.to_string()))?;
    let explain = |error: String| {
        Error::read(
            &place,
            format!("not an Arrow IPC file, or cut short ({error}); write it again as Arrow or Parquet"),
        )
    };
    let metadata = guarded(|| read_file_metadata(&mut file)).map_err(explain)?.map_err(|e| explain(e.to_string()))?;
    let schema: Schema =
        metadata.schema.iter().map(|(name, field)| (name.clone(), DataType::from_arrow_field(field))).collect();
    let mut segments = Vec::with_capacity(metadata.blocks.len());
    let mut start = 0;
    for (number, block) in metadata.blocks.iter().enumerate() {
        let rows = guarded(|| get_row_count_from_blocks(&mut file, std::slice::from_ref(block)));
        let rows = rows.map_err(explain)?.map_err(|error| explain(error.to_string()))?.max(0) as u64;
        let place = place.clone().part(format!("batch {number}")).offset(block.offset.max(0) as u64);
        segments.push(SegmentInfo {
            rows: start..start + rows,
            columns: 0..schema.len(),
            statistics: Statistics { rows, ..Statistics::default() },
            bytes: block.body_length.max(0) as u64,
            place: Arc::new(place),
            identity: identity.part(number as u64),
        });
        start += rows;
    }
    Ok(Arrow { path: path.to_owned(), name, identity, schema: Arc::new(schema), metadata, segments })
}

impl Source for Arrow {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame> {
        let place = &self.segments[segment].place;
        self.identity.unchanged(&self.path, place)?;
        let mut wanted = Vec::with_capacity(columns.len());
        for name in columns {
            let at = self.schema.index_of(name);
            wanted.push(at.ok_or_else(|| missing(name, &self.schema))?);
        }
        wanted.sort_unstable();
        wanted.dedup();
        let file = File::open(&self.path).map_err(|error| Error::read(place, error.to_string()))?;
        let decoded = guarded(|| -> PolarsResult<DataFrame> {
            let mut reader = FileReader::new(file, self.metadata.clone(), Some(wanted.clone()), None);
            reader.read_dictionaries()?;
            reader.set_current_block(segment);
            let batch = reader.next().transpose()?;
            let batch = batch.ok_or_else(|| polars_err!(ComputeError: "the batch is missing"))?;
            let fields = wanted.iter().filter_map(|&at| self.metadata.schema.get_at_index(at));
            let columns = fields.zip(batch.into_arrays()).map(|((_, field), array)| {
                Ok(Series::try_from((field, vec![array]))?.slice(rows.start as i64, rows.len()).into_column())
            });
            DataFrame::new(rows.len(), columns.collect::<PolarsResult<Vec<_>>>()?)
        });
        let explain = |error: String| Error::read(place, format!("cannot be decoded ({error}); the file is damaged"));
        let frame = decoded.map_err(explain)?.map_err(|error| explain(error.to_string()))?;
        Ok(frame.select(columns.iter().cloned())?)
    }
}
