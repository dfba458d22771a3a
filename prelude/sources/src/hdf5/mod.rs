//! HDF5 tables: those of basf2 (`VariablesToTable`), PyTables, pandas and h5py.
//!
//! In goes a file and, where it has several, the path of a table; out come segments of whole chunks. `find` knows the layouts,
//! `names` what pandas writes beside them.

mod find;
mod names;

use crate::columns::Unreadable;
use crate::file::{TableFile, told};
use crate::guard::guarded;
use crate::source::{Identity, SegmentInfo, Source, not_there};
use hdf5_pure::File;
use names::Meaning;
use polars::prelude::*;
use recoil_bytes::Bytes;
use recoil_hdf5::{Item, Kind, Number, Store};
use segment::{Error, Place, Statistics};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

type Result<T, E = Error> = std::result::Result<T, E>;

/// A table of an HDF5 file.
#[derive(Debug)]
pub struct Hdf5 {
    file: TableFile,
    name: String,
    table: Table,
    schema: SchemaRef,
    /// By position in the schema.
    columns: Vec<usize>,
    segments: Vec<SegmentInfo>,
    unreadable: Vec<Unreadable>,
}

/// Where the rows of a table are.
#[derive(Debug)]
struct Table {
    rows: u64,
    stores: Vec<Store>,
    columns: Vec<Column>,
    /// The word for a text that is missing.
    missing: String,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// Which of the stores has it.
    store: usize,
    item: Item,
    meaning: Meaning,
}

/// Bytes of rows of a segment, where its rows are not many.
const BYTES: u64 = 32 << 20;
/// Rows of a segment at most.
const ROWS: u64 = 1 << 18;

/// Opens a table: reads the metadata of the file and nothing else. Without a name, the only table that there is.
///
/// # Errors
/// A file that is missing, damaged, or no HDF5; a table that is not there, with the names of those that are.
pub fn open(path: impl AsRef<Path>, table: Option<&str>) -> Result<Hdf5> {
    let (file, bytes) = TableFile::open(path.as_ref())?;
    let place = Place::file(file.name());
    let wrong = |what: String| Error::read(&place, what);
    let opened = match file.path() {
        Some(path) => guarded(|| File::open_streaming(path)),
        None => {
            let all = bytes.get(0, bytes.length() as usize).map_err(|error| told(&place, error))?;
            guarded(|| File::from_bytes(all))
        }
    };
    let opened = opened.map_err(&wrong)?.map_err(|error| wrong(format!("no HDF5 file that can be read ({error})")))?;
    let tables = guarded(|| find::tables(&opened)).map_err(&wrong)?.map_err(|error| wrong(error.to_string()))?;
    let shown = |path: &str| if path.is_empty() { "/".to_owned() } else { path.to_owned() };
    let names = || tables.iter().map(|(path, _)| shown(path)).collect::<Vec<_>>().join(", ");
    let (path, layout) = match (table, tables.as_slice()) {
        (_, []) => {
            return Err(wrong("there is no table in this HDF5 file; event recordings are opened by events(..)".into()));
        }
        (Some(wanted), all) => {
            let found = all.iter().find(|(path, _)| path == wanted.trim_matches('/'));
            found.ok_or_else(|| wrong(format!("there is no table `{wanted}`; it has {}", names())))?
        }
        (None, [one]) => one,
        (None, _) => {
            let file = file.name();
            return Err(wrong(format!(
                "the file has several tables: {}; name one, as in \"{file}:{}\"",
                names(),
                shown(&tables[0].0)
            )));
        }
    };
    let found = guarded(|| find::open(&opened, &bytes, path, *layout)).map_err(&wrong)?;
    let found = found.map_err(|error| wrong(format!("table `{}`: {error}", shown(path))))?;
    let name = if table.is_some() { format!("{}:{}", file.name(), shown(path)) } else { file.name().to_owned() };
    Ok(Hdf5::new(file, name, found))
}

impl Hdf5 {
    fn new(file: TableFile, name: String, table: Table) -> Self {
        let (mut schema, mut columns, mut unreadable) = (Schema::default(), Vec::new(), Vec::new());
        for (at, column) in table.columns.iter().enumerate() {
            let refuse = |dtype: &str, reason: &str| Unreadable {
                name: column.name.as_str().into(),
                dtype: dtype.to_owned(),
                reason: reason.to_owned(),
            };
            match column.dtype() {
                _ if schema.contains(&column.name) => {
                    unreadable.push(refuse("any type", "the table has two columns of this name"));
                }
                Ok(dtype) => {
                    schema.insert(column.name.as_str().into(), dtype);
                    columns.push(at);
                }
                Err(dtype) => unreadable.push(refuse(&dtype, "no column can hold it")),
            }
        }
        let width: u64 = table.stores.iter().map(Store::row_bytes).max().unwrap_or(1).max(1);
        let chunk = table.stores.iter().map(Store::chunk_rows).max().unwrap_or(1).max(1);
        let step = (BYTES / width).clamp(1, ROWS).div_ceil(chunk) * chunk;
        let (place, identity) = (Place::file(name.as_str()), file.identity().part(Identity::of(&name).0 as u64));
        let segments = (0..table.rows.div_ceil(step)).map(|number| {
            let rows = number * step..((number + 1) * step).min(table.rows);
            SegmentInfo {
                statistics: Statistics { rows: rows.end - rows.start, ..Statistics::default() },
                columns: 0..schema.len(),
                bytes: (rows.end - rows.start) * width,
                place: Arc::new(place.clone().part(format!("rows {} to {}", rows.start, rows.end))),
                identity: identity.part(number),
                rows,
            }
        });
        let segments = segments.collect();
        Self { file, name, table, schema: Arc::new(schema), columns, segments, unreadable }
    }

    fn series(&self, column: &Column, raw: &[u8]) -> Result<Series, String> {
        let name = PlSmallStr::from_str(&column.name);
        if let Ok(Kind::Text(_)) = column.item.kind {
            let missing = (column.meaning == Meaning::Text).then_some(self.table.missing.as_bytes());
            let one = |text| match Some(text) == missing {
                true => Ok(None),
                false => std::str::from_utf8(text).map(Some),
            };
            let texts = column.item.texts(raw).map(one).collect::<Result<Vec<_>, _>>();
            let texts = texts.map_err(|_| "texts that are not UTF-8".to_owned())?;
            return Ok(StringChunked::from_iter_options(name, texts.into_iter()).into_series());
        }
        let field = column.item.field().ok_or("no number")?;
        let whole = || field.integers(raw);
        let made = match (column.meaning, field.number) {
            (Meaning::Time(_, factor) | Meaning::Span(_, factor), _) => {
                let scaled = |value: i64| (value != i64::MIN).then(|| value.checked_mul(factor)).flatten();
                Int64Chunked::from_iter_options(name, whole().map(scaled)).into_series()
            }
            (Meaning::Truth, _) => {
                BooleanChunked::from_iter_values(name, whole().map(|value| value != 0)).into_series()
            }
            _ if column.item.kind == Ok(Kind::Truth) => {
                BooleanChunked::from_iter_values(name, whole().map(|value| value != 0)).into_series()
            }
            (_, Number::F64) => Series::new(name, field.floats(raw).collect::<Vec<_>>()),
            (_, Number::F32) => Series::new(name, field.floats(raw).map(|value| value as f32).collect::<Vec<_>>()),
            (_, Number::Signed(1)) => Series::new(name, whole().map(|value| value as i8).collect::<Vec<_>>()),
            (_, Number::Signed(2)) => Series::new(name, whole().map(|value| value as i16).collect::<Vec<_>>()),
            (_, Number::Signed(4)) => Series::new(name, whole().map(|value| value as i32).collect::<Vec<_>>()),
            (_, Number::Signed(_)) => Series::new(name, whole().collect::<Vec<_>>()),
            (_, Number::Unsigned(1)) => Series::new(name, whole().map(|value| value as u8).collect::<Vec<_>>()),
            (_, Number::Unsigned(2)) => Series::new(name, whole().map(|value| value as u16).collect::<Vec<_>>()),
            (_, Number::Unsigned(4)) => Series::new(name, whole().map(|value| value as u32).collect::<Vec<_>>()),
            (_, Number::Unsigned(_)) => Series::new(name, whole().map(|value| value as u64).collect::<Vec<_>>()),
        };
        match self.schema.get(&column.name) {
            Some(dtype) if dtype != made.dtype() => made.cast(dtype).map_err(|error| error.to_string()),
            _ => Ok(made),
        }
    }

    /// The raw rows of a store.
    fn raw(&self, bytes: &Bytes, store: usize, rows: &Range<u64>, place: &Place) -> Result<Vec<u8>> {
        let mut raw = Vec::new();
        let read = guarded(|| self.table.stores[store].read(bytes, rows.start, rows.end, &mut raw));
        let wrong =
            |at: u64, what: String| Error::read(&place.clone().offset(at), format!("{what}; the file is damaged"));
        read.map_err(|panic| wrong(0, panic))?.map_err(|(at, what)| wrong(at, what))?;
        Ok(raw)
    }
}

impl Column {
    /// The type of the column, or the name of a type that cannot be one.
    fn dtype(&self) -> Result<DataType, String> {
        if self.meaning == Meaning::Category {
            return Err("category of pandas".to_owned());
        }
        let stored = match self.item.kind.clone()? {
            Kind::Text(_) => return Ok(DataType::String),
            Kind::Truth => DataType::Boolean,
            Kind::Number(number) => match number {
                Number::F64 => DataType::Float64,
                Number::F32 => DataType::Float32,
                Number::Signed(1) => DataType::Int8,
                Number::Signed(2) => DataType::Int16,
                Number::Signed(4) => DataType::Int32,
                Number::Signed(_) => DataType::Int64,
                Number::Unsigned(1) => DataType::UInt8,
                Number::Unsigned(2) => DataType::UInt16,
                Number::Unsigned(4) => DataType::UInt32,
                Number::Unsigned(_) => DataType::UInt64,
            },
        };
        Ok(self.meaning.dtype(stored))
    }
}

impl Source for Hdf5 {
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
        let info = &self.segments[segment];
        let bytes = self.file.bytes(&info.place)?;
        let wanted = info.rows.start + rows.start as u64..info.rows.start + rows.end as u64;
        let mut raw: Vec<Option<Vec<u8>>> = vec![None; self.table.stores.len()];
        let mut found = Vec::with_capacity(columns.len());
        for name in columns {
            let at = self.schema.index_of(name).ok_or_else(|| not_there(name, self))?;
            let column = &self.table.columns[self.columns[at]];
            // The columns of a compound share its rows.
            let store = &mut raw[column.store];
            if store.is_none() {
                *store = Some(self.raw(&bytes, column.store, &wanted, &info.place)?);
            }
            let series = self.series(column, store.as_deref().unwrap_or_default());
            let series = series.map_err(|what| Error::read(&info.place, format!("column `{name}`: {what}")))?;
            found.push(series.into_column());
        }
        Ok(DataFrame::new(rows.len(), found)?)
    }

    fn divisible(&self) -> bool {
        false
    }
}
