//! Arrow IPC files ("feather"): a segment per record batch, only the columns asked for.

use crate::columns::{Unreadable, name as type_name, readable};
use crate::source::not_there;
use crate::{Identity, SegmentInfo, Source, guarded};
use polars::prelude::*;
use polars_arrow::io::ipc::read::{FileMetadata, FileReader, get_row_count_from_blocks, read_file_metadata};
use segment::{Error, Place, Result, Statistics};
use std::fs::File;
use std::io::Read;
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
    /// Where each column of the schema is in the file.
    at: Vec<usize>,
    unreadable: Vec<Unreadable>,
    metadata: FileMetadata,
    segments: Vec<SegmentInfo>,
}

/// Opens an Arrow IPC file: reads its footer and the head of each batch. Columns of types that are not supported are left
/// out; the source lists them with the reason.
///
/// # Errors
/// A file that is missing, cut short, or not an Arrow file (the stream format has no footer and is not one).
pub fn open(path: impl AsRef<Path>) -> Result<Arrow> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let place = Place::file(name.as_str());
    let identity = Identity::file(path)?;
    let mut file = File::open(path).map_err(|error| Error::read(&place, error.to_string()))?;
    let explain = |error: String| Error::read(&place, open_error(path, &error));
    let mut metadata =
        guarded(|| read_file_metadata(&mut file)).map_err(explain)?.map_err(|e| explain(e.to_string()))?;
    if metadata.schema.len() != metadata.ipc_schema.fields.len() {
        return Err(Error::read(
            &place,
            "several columns have one name, which is not supported; write it with other names",
        ));
    }
    let (schema, at, unreadable) = columns(&mut metadata);
    let mut arrow = Arrow {
        path: path.to_owned(),
        name,
        identity,
        schema: Arc::new(schema),
        at,
        unreadable,
        metadata,
        segments: Vec::new(),
    };
    arrow.segments = arrow.describe(&mut file, &place).map_err(explain)?;
    Ok(arrow)
}

/// Why a file is no Arrow file, or one that is not supported, which is no damage.
fn open_error(path: &Path, error: &str) -> String {
    let mut start = [0; 8];
    let begins = File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok();
    let text = error.to_lowercase();
    let unsupported =
        ["not supported", "unsupported", "not yet", "not implemented"].iter().any(|word| text.contains(word));
    if begins && start.starts_with(b"ARROW1") && unsupported {
        return format!("an Arrow file with a feature that is not supported ({error}); write it again as Parquet");
    }
    if begins && start.starts_with(&[0xff; 4]) {
        return "an Arrow stream, not a file; write it again as an Arrow file or Parquet".to_owned();
    }
    format!("not an Arrow IPC file, or cut short ({error}); write it again as Arrow or Parquet")
}

/// The columns that can be read, where they are in the file, and those that cannot. The file's schema changes to types that
/// can be held and are stored alike.
fn columns(metadata: &mut FileMetadata) -> (Schema, Vec<usize>, Vec<Unreadable>) {
    let (mut schema, mut at, mut unreadable) = (Schema::default(), Vec::new(), Vec::new());
    let mut fields = ArrowSchema::default();
    for (position, (name, field)) in metadata.schema.iter().enumerate() {
        let found = readable(field).and_then(|(adapted, dtype)| {
            let probe =
                || Series::try_from((&adapted, vec![polars_arrow::array::new_empty_array(adapted.dtype.clone())]));
            let refused = |reason: String| Unreadable { name: name.clone(), dtype: type_name(&field.dtype), reason };
            drop(guarded(probe).map_err(refused)?.map_err(|error| refused(error.to_string()))?);
            Ok((adapted, dtype))
        });
        match found {
            Ok((adapted, dtype)) => {
                fields.insert(name.clone(), adapted);
                schema.insert(name.clone(), dtype);
                at.push(position);
            }
            Err(error) => {
                fields.insert(name.clone(), field.clone());
                unreadable.push(error);
            }
        }
    }
    metadata.schema = Arc::new(fields);
    (schema, at, unreadable)
}

impl Arrow {
    fn describe(&self, file: &mut File, place: &Place) -> std::result::Result<Vec<SegmentInfo>, String> {
        let mut segments = Vec::with_capacity(self.metadata.blocks.len());
        let mut start = 0;
        for (number, block) in self.metadata.blocks.iter().enumerate() {
            let rows = guarded(|| get_row_count_from_blocks(file, std::slice::from_ref(block)));
            let rows = rows?.map_err(|error| error.to_string())?.max(0) as u64;
            let place = place.clone().part(format!("batch {number}")).offset(block.offset.max(0) as u64);
            segments.push(SegmentInfo {
                rows: start..start + rows,
                columns: 0..self.schema.len(),
                statistics: Statistics { rows, ..Statistics::default() },
                bytes: block.body_length.max(0) as u64,
                place: Arc::new(place),
                identity: self.identity.part(number as u64),
            });
            start += rows;
        }
        Ok(segments)
    }

    /// Some columns of the file, by their positions in it, ascending.
    fn decode(&self, file: File, segment: usize, wanted: &[usize], rows: &Range<usize>) -> PolarsResult<DataFrame> {
        if wanted.is_empty() {
            return DataFrame::new(rows.len(), Vec::new());
        }
        let mut reader = FileReader::new(file, self.metadata.clone(), Some(wanted.to_vec()), None);
        reader.read_dictionaries()?;
        reader.set_current_block(segment);
        let batch = reader.next().transpose()?;
        let batch = batch.ok_or_else(|| polars_err!(ComputeError: "the batch is missing"))?;
        let fields = wanted.iter().filter_map(|&at| self.metadata.schema.get_at_index(at));
        let columns = fields.zip(batch.into_arrays()).map(|((name, field), array)| {
            seconds_fit(field, array.as_ref())?;
            let column = Series::try_from((field, vec![array]))?.slice(rows.start as i64, rows.len()).into_column();
            match self.schema.get(name) {
                Some(dtype) if dtype != column.dtype() => column.cast(dtype),
                _ => Ok(column),
            }
        });
        DataFrame::new(rows.len(), columns.collect::<PolarsResult<Vec<_>>>()?)
    }
}

/// What is said of such a column.
const BEYOND: &str = "holds seconds beyond what milliseconds can hold";

/// Whether seconds can be held as milliseconds, which is what the library makes of them without a look.
fn seconds_fit(field: &ArrowField, array: &dyn polars_arrow::array::Array) -> PolarsResult<()> {
    use polars_arrow::datatypes::TimeUnit::Second;
    let (ArrowDataType::Timestamp(Second, _) | ArrowDataType::Duration(Second)) = field.dtype else { return Ok(()) };
    let values = array.as_any().downcast_ref::<polars_arrow::array::PrimitiveArray<i64>>();
    let beyond = |value: &i64| value.unsigned_abs() > (i64::MAX / 1_000).unsigned_abs();
    if values.is_some_and(|values| values.iter().flatten().any(beyond)) {
        polars_bail!(ComputeError: "column `{}` {BEYOND}", field.name);
    }
    Ok(())
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

    fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame> {
        let place = &self.segments[segment].place;
        self.identity.unchanged(&self.path, place)?;
        let mut wanted = Vec::with_capacity(columns.len());
        for name in columns {
            let at = self.schema.index_of(name).and_then(|at| self.at.get(at));
            wanted.push(*at.ok_or_else(|| not_there(name, self))?);
        }
        wanted.sort_unstable();
        wanted.dedup();
        let file = File::open(&self.path).map_err(|error| Error::read(place, error.to_string()))?;
        let decoded = guarded(|| self.decode(file, segment, &wanted, &rows));
        let explain = |error: String| match error.contains(BEYOND) {
            true => Error::read(place, format!("{error}; write it again in milliseconds or as Parquet")),
            false => Error::read(place, format!("cannot be decoded ({error}); the file is damaged")),
        };
        let frame = decoded.map_err(explain)?.map_err(|error| explain(error.to_string()))?;
        Ok(frame.select(columns.iter().cloned())?)
    }
}
