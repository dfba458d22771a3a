//! Arrow IPC files ("feather") and streams: a segment per record batch, only the columns asked for.

mod layout;

use crate::columns::name as type_name;
use crate::columns::{Unreadable, WHOLES, as_held, readable, unnamed_zone};
use crate::file::{TableFile, told};
use crate::guard::guarded;
use crate::source::{SegmentInfo, Source, not_there};
use layout::{Layout, Named};
use polars::prelude::*;
use polars_arrow::array::{
    Array, DictionaryArray, FixedSizeListArray, ListArray, MapArray, PrimitiveArray, StructArray,
};
use polars_arrow::datatypes::{PhysicalType, TimeUnit as ArrowTimeUnit};
use polars_arrow::io::ipc::read::{FileMetadata, FileReader, get_row_count_from_blocks};
use polars_arrow::match_integer_type;
use recoil_bytes::Reader;
use segment::{Error, Place, Result, Statistics};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// An Arrow IPC file.
#[derive(Debug)]
pub struct Arrow {
    file: TableFile,
    schema: SchemaRef,
    /// Where each column of the schema is in the file.
    at: Vec<usize>,
    unreadable: Vec<Unreadable>,
    zones: Vec<(PlSmallStr, Arc<str>)>,
    metadata: FileMetadata,
    segments: Vec<SegmentInfo>,
}

/// Opens an Arrow IPC file, or a stream that was written to a file: reads the footer, or in a stream the heads of all
/// messages, and the head of each batch. Columns of types that are not supported, and those whose name several have, are
/// left out; the source lists them with the reason.
///
/// # Errors
/// A file that is missing, cut short, or not of Arrow; a stream whose dictionaries change.
pub fn open(path: impl AsRef<Path>) -> Result<Arrow> {
    let (file, bytes) = TableFile::open(path.as_ref())?;
    let place = Place::file(file.name());
    let begins = bytes.get(0, bytes.length().min(8) as usize).map_err(|error| told(&place, error))?;
    let explain = |error: String| Error::read(&place, open_error(&begins, &error));
    let found = guarded(|| match () {
        () if begins.starts_with(STREAM) => layout::of_stream(&bytes),
        () if begins.starts_with(b"ARROW1") => layout::of_file(&bytes),
        // Streams of before 2019 begin with the length of their first message.
        () => layout::of_stream(&bytes).or_else(|_| layout::of_file(&bytes)),
    });
    let Layout { mut metadata, columns: named } = found.map_err(explain)?.map_err(explain)?;
    let Columns { schema, at, unreadable, zones } = columns(&mut metadata, named);
    let mut arrow = Arrow { file, schema: Arc::new(schema), at, unreadable, zones, metadata, segments: Vec::new() };
    arrow.segments = arrow.describe(&mut bytes.reader(), &place).map_err(explain)?;
    Ok(arrow)
}

/// How streams begin.
const STREAM: &[u8] = &[0xff; 4];

/// Whether the library says that it does not know something, and not that it is wrong.
fn is_unsupported(error: &str) -> bool {
    let text = error.to_lowercase();
    ["not supported", "unsupported", "not yet", "not implemented"].iter().any(|word| text.contains(word))
}

/// Why a file is no Arrow file, or one that is not supported, which is no damage.
fn open_error(begins: &[u8], error: &str) -> String {
    match begins {
        _ if begins.starts_with(b"ARROW1") && is_unsupported(error) => {
            format!("an Arrow file with a feature that is not supported ({error}); write it again as Parquet")
        }
        _ if begins.starts_with(STREAM) && is_unsupported(error) => {
            format!("an Arrow stream with a feature that is not supported ({error}); write it again as a file")
        }
        _ if begins.starts_with(STREAM) => format!("an Arrow stream that is not understood or cut short ({error})"),
        _ => format!("not an Arrow IPC file, or cut short ({error}); write it again as Arrow or Parquet"),
    }
}

/// The columns of a file.
struct Columns {
    schema: Schema,
    /// Where each is in the file.
    at: Vec<usize>,
    unreadable: Vec<Unreadable>,
    zones: Vec<(PlSmallStr, Arc<str>)>,
}

/// The columns that can be read, where they are in the file, and those that cannot. The file's schema changes to types that
/// can be held and are stored alike.
fn columns(metadata: &mut FileMetadata, named: Vec<Named>) -> Columns {
    let mut columns = Columns { schema: Schema::default(), at: Vec::new(), unreadable: Vec::new(), zones: Vec::new() };
    let mut fields = (*metadata.schema).clone();
    for Named { name, at } in named {
        let found = at.map_err(|(dtype, reason)| Unreadable { name: name.clone(), dtype, reason }).and_then(|at| {
            let field = fields.get_at_index(at).map(|(_, field)| field.clone()).unwrap_or_default();
            held(&field).map(|(adapted, dtype)| (at, field, adapted, dtype))
        });
        match found {
            Ok((at, field, adapted, dtype)) => {
                let zone = unnamed_zone(&field.dtype);
                columns.zones.extend(zone.map(|zone| (name.clone(), zone)));
                fields.insert(field.name, adapted);
                columns.schema.insert(name, dtype);
                columns.at.push(at);
            }
            Err(error) if columns.unreadable.contains(&error) => {}
            Err(error) => columns.unreadable.push(error),
        }
    }
    metadata.schema = Arc::new(fields);
    columns
}

/// A field as it is decoded and as it is held; the library is tried with no rows of it.
fn held(field: &ArrowField) -> std::result::Result<(ArrowField, DataType), Unreadable> {
    let (adapted, dtype) = readable(field)?;
    let probe = || Series::try_from((&adapted, vec![polars_arrow::array::new_empty_array(adapted.dtype.clone())]));
    let refused = |reason: String| Unreadable { name: field.name.clone(), dtype: type_name(&field.dtype), reason };
    drop(guarded(probe).map_err(refused)?.map_err(|error| refused(error.to_string()))?);
    Ok((adapted, dtype))
}

impl Arrow {
    fn describe(&self, file: &mut Reader, place: &Place) -> std::result::Result<Vec<SegmentInfo>, String> {
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
                identity: self.file.identity().part(number as u64),
            });
            start += rows;
        }
        Ok(segments)
    }

    /// Some columns of the file, by their positions in it, ascending.
    fn decode(&self, file: Reader, segment: usize, wanted: &[usize], rows: &Range<usize>) -> PolarsResult<DataFrame> {
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
            if let Some(why) = beyond(array.as_ref()) {
                polars_bail!(ComputeError: "column `{name}` {why}");
            }
            let column = Series::try_from((field, vec![array]))?.slice(rows.start as i64, rows.len()).into_column();
            match self.schema.get(name) {
                Some(dtype) => as_held(column, dtype),
                None => Ok(column),
            }
        });
        DataFrame::new(rows.len(), columns.collect::<PolarsResult<Vec<_>>>()?)
    }
}

/// What is said of values that no column can hold; the library would make others or nulls of them without a word.
const SECONDS: &str = "holds seconds beyond what milliseconds can hold; write it again in milliseconds or as text";
const HOURS: &str = "holds times of day that are none: before midnight or beyond the day; write it again as a duration";

/// Why the values of a column, or of the lists and structs in it, cannot be held; `None`: they can.
fn beyond(array: &dyn Array) -> Option<&'static str> {
    const DAY: i64 = 86_400;
    let any = |of: fn(i64) -> bool| {
        let wide = array.as_any().downcast_ref::<PrimitiveArray<i64>>().map(|all| all.iter().flatten().any(|x| of(*x)));
        let narrow = array.as_any().downcast_ref::<PrimitiveArray<i32>>();
        wide.or_else(|| narrow.map(|all| all.iter().flatten().any(|x| of((*x).into())))).unwrap_or(false)
    };
    let inner = |array: Option<&Box<dyn Array>>| array.and_then(|array| beyond(array.as_ref()));
    match array.dtype().to_storage() {
        ArrowDataType::Timestamp(ArrowTimeUnit::Second, _) | ArrowDataType::Duration(ArrowTimeUnit::Second) => {
            any(|x| x.unsigned_abs() > (i64::MAX / 1_000).unsigned_abs()).then_some(SECONDS)
        }
        ArrowDataType::Time32(unit) | ArrowDataType::Time64(unit) => {
            let out = match unit {
                ArrowTimeUnit::Second => any(|x| !(0..DAY).contains(&x)),
                ArrowTimeUnit::Millisecond => any(|x| !(0..DAY * 1_000).contains(&x)),
                ArrowTimeUnit::Microsecond => any(|x| !(0..DAY * 1_000_000).contains(&x)),
                ArrowTimeUnit::Nanosecond => any(|x| !(0..DAY * 1_000_000_000).contains(&x)),
            };
            out.then_some(HOURS)
        }
        ArrowDataType::List(_) => inner(array.as_any().downcast_ref::<ListArray<i32>>().map(ListArray::values)),
        ArrowDataType::LargeList(_) => inner(array.as_any().downcast_ref::<ListArray<i64>>().map(ListArray::values)),
        ArrowDataType::FixedSizeList(..) => {
            inner(array.as_any().downcast_ref::<FixedSizeListArray>().map(FixedSizeListArray::values))
        }
        ArrowDataType::Map(..) => inner(array.as_any().downcast_ref::<MapArray>().map(MapArray::field)),
        ArrowDataType::Struct(_) => {
            let parts = array.as_any().downcast_ref::<StructArray>().map(StructArray::values);
            parts.into_iter().flatten().find_map(|part| beyond(part.as_ref()))
        }
        _ => match array.dtype().to_physical_type() {
            PhysicalType::Dictionary(keys) => match_integer_type!(keys, |$T| {
                inner(array.as_any().downcast_ref::<DictionaryArray<$T>>().map(DictionaryArray::values))
            }),
            _ => None,
        },
    }
}

impl Source for Arrow {
    fn name(&self) -> &str {
        self.file.name()
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

    fn divisible(&self) -> bool {
        // Parts of a batch that is elsewhere would each fetch whole columns of it.
        !self.file.is_elsewhere()
    }

    fn zones(&self) -> Vec<(PlSmallStr, Arc<str>)> {
        self.zones.clone()
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame> {
        let place = &self.segments[segment].place;
        let mut wanted = Vec::with_capacity(columns.len());
        for name in columns {
            let at = self.schema.index_of(name).and_then(|at| self.at.get(at));
            wanted.push(*at.ok_or_else(|| not_there(name, self))?);
        }
        wanted.sort_unstable();
        wanted.dedup();
        let file = self.file.bytes(place)?;
        let decoded = guarded(|| self.decode(file.reader(), segment, &wanted, &rows));
        let explain = |error: String| match () {
            () if [SECONDS, HOURS, WHOLES].iter().any(|why| error.contains(why)) => Error::read(place, error),
            () if is_unsupported(&error) => {
                Error::read(place, format!("is not supported ({error}); write it as Parquet"))
            }
            // Buffers are read one by one while they are decoded: what went wrong may be the network.
            () if self.file.is_elsewhere() => Error::read(place, format!("cannot be read ({error})")),
            () => Error::read(place, format!("cannot be decoded ({error}); the file is damaged")),
        };
        let frame = decoded.map_err(explain)?.map_err(|error| explain(error.to_string()))?;
        Ok(frame.select(columns.iter().cloned())?)
    }
}
