//! Frames into a tree or an ntuple of a ROOT file.

use ::root::{Compression, NtupleWriter, Text, TreeWriter, Type, Values};
use polars::prelude::*;
use polars_arrow::array::ListArray;
use segment::{Error, Place, Result};
use std::path::Path;

/// How a table is written into a ROOT file.
///
/// ```
/// use sources::root::{Compression, WriteRoot};
/// let options = WriteRoot::new().format("rntuple").compression(Compression::Lz4);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "options do nothing by themselves"]
pub struct WriteRoot {
    format: Option<String>,
    compression: Compression,
}

impl WriteRoot {
    /// A TTree with zstd.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # use sources::Source;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// # use sources::root::{WriteRoot, Writer};
    /// let mut writer = Writer::create(folder.join("x.root"), frame.schema(), WriteRoot::new())?;
    /// writer.push(&frame)?;
    /// assert_eq!(writer.finish()?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// `"ttree"`, or `"rntuple"`, which ROOT 6.34 and newer and uproot read.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # use sources::Source;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// # use sources::root::{WriteRoot, Writer};
    /// let ntuple = WriteRoot::new().format("rntuple");
    /// assert_eq!(Writer::create(folder.join("x.root"), frame.schema(), ntuple)?.finish()?, 0);
    /// assert!(Writer::create(folder.join("y.root"), frame.schema(), WriteRoot::new().format("csv")).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn format(mut self, format: impl Into<String>) -> Self {
        self.format = Some(format.into());
        self
    }

    /// How baskets or pages are compressed.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # use sources::Source;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// # use sources::root::{WriteRoot, Writer};
    /// let plain = WriteRoot::new().compression(sources::root::Compression::None);
    /// assert_eq!(Writer::create(folder.join("x.root"), frame.schema(), plain)?.finish()?, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }
}

impl From<Compression> for WriteRoot {
    fn from(compression: Compression) -> Self {
        Self::new().compression(compression)
    }
}

/// A tree or an ntuple that gets frames in the order of their rows. The file appears when it is finished.
///
/// ```
/// # use polars::prelude::*;
/// # use sources::Source;
/// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// # use sources::root::{WriteRoot, Writer};
/// let mut writer = Writer::create(folder.join("x.root:events"), frame.schema(), WriteRoot::default())?;
/// writer.push(&frame)?;
/// assert_eq!(writer.finish()?, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer {
    place: Place,
    file: root::Writer,
    table: Table,
    name: String,
    types: Vec<(PlSmallStr, DataType)>,
}

#[derive(Debug)]
enum Table {
    Tree(TreeWriter),
    Ntuple(NtupleWriter),
}

/// What a table is called when nothing is said.
const TREE: &str = "tree";

impl Writer {
    /// Begins `file.root:tree`; without a name the table is called `tree`. Other objects of a file that is there stay in it.
    ///
    /// # Errors
    /// A type that the table cannot have, a place that cannot be written, a file that cannot be added to.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # use sources::Source;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// # use sources::root::{WriteRoot, Writer};
    /// drop(Writer::create(folder.join("x.root"), frame.schema(), WriteRoot::default())?);
    /// assert!(!folder.join("x.root").exists(), "it was not finished");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(path: impl AsRef<Path>, schema: &Schema, options: impl Into<WriteRoot>) -> Result<Self> {
        let options = options.into();
        let (path, tree) = super::split(path.as_ref());
        let place = Place::file(path.display().to_string());
        let told = |error: root::Error| Error::read(&place, error.kind.to_string());
        let mut columns = Vec::new();
        for (name, dtype) in schema.iter() {
            let of = of(dtype).ok_or_else(|| {
                let text = format!("column `{name}` is {dtype}, which a tree cannot have; cast it, or write parquet");
                Error::read(&place, text)
            })?;
            columns.push((name.to_string(), of));
        }
        let name = tree.as_deref().unwrap_or(TREE);
        let table = match options.format.as_deref().unwrap_or("ttree").to_lowercase().as_str() {
            "ttree" | "tree" => Table::Tree(TreeWriter::new(name, &columns).map_err(told)?),
            "rntuple" | "ntuple" => Table::Ntuple(NtupleWriter::new(name, &columns).map_err(told)?),
            other => {
                let text = format!("format \"{other}\" is not known; a ROOT file has \"ttree\" and \"rntuple\"");
                return Err(Error::request(text));
            }
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| Error::read(&place, error.to_string()))?;
        }
        // A text that was written beside an older tree of this name goes with it.
        let old = super::open::beside(name, crate::source::NORMALISATION);
        let file = root::Writer::add(&path, &[name, &old], options.compression).map_err(told)?;
        let types = schema.iter().map(|(name, dtype)| (name.clone(), dtype.clone())).collect();
        Ok(Self { place, file, table, types, name: name.to_owned() })
    }

    /// Writes a text beside the tree, as a TNamed `tree_key`, where [`Source::attached`](crate::Source::attached) finds it.
    ///
    /// # Errors
    /// A text of more than 30,000 bytes, or not of ASCII; what the system says.
    pub fn attach(mut self, key: &str, text: &str) -> Result<Self> {
        let name = super::open::beside(&self.name, key);
        self.file.named(&name, text).map_err(|error| Error::read(&self.place, error.kind.to_string()))?;
        Ok(self)
    }

    /// Adds the rows of a frame.
    ///
    /// # Errors
    /// Columns that are not there, missing values that a tree has no place for, what the system says.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # use sources::Source;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// # use sources::root::{WriteRoot, Writer};
    /// let mut writer = Writer::create(folder.join("x.root"), frame.schema(), WriteRoot::default())?;
    /// writer.push(&frame)?;
    /// writer.push(&frame)?;
    /// assert_eq!(writer.finish()?, 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn push(&mut self, frame: &DataFrame) -> Result<()> {
        let one = |(name, dtype): &(PlSmallStr, DataType)| {
            let series = frame.column(name)?.as_materialized_series().cast(dtype)?;
            values(&series).map_err(|error| match error {
                Error::Request(text) => Error::read(&self.place, format!("column `{name}`: {text}")),
                other => other,
            })
        };
        let columns = self.types.iter().map(one).collect::<Result<Vec<_>>>()?;
        let pushed = match &mut self.table {
            Table::Tree(tree) => tree.push(&mut self.file, columns),
            Table::Ntuple(ntuple) => ntuple.push(&mut self.file, columns),
        };
        pushed.map_err(|error| Error::read(&self.place, error.kind.to_string()))
    }

    /// Writes what is left; gives the number of rows.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # use sources::Source;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// # use sources::root::{WriteRoot, Writer};
    /// Writer::create(folder.join("x.root:events"), frame.schema(), WriteRoot::default())?.finish()?;
    /// assert!(folder.join("x.root").exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn finish(mut self) -> Result<u64> {
        let told = |error: root::Error| Error::read(&self.place, error.kind.to_string());
        let rows = match self.table {
            Table::Tree(tree) => tree.finish(&mut self.file),
            Table::Ntuple(ntuple) => ntuple.finish(&mut self.file),
        };
        let rows = rows.map_err(told)?;
        self.file.finish().map_err(told)?;
        Ok(rows)
    }
}

/// The type of a branch for a column.
fn of(dtype: &DataType) -> Option<Type> {
    Some(match dtype {
        DataType::Boolean => Type::Bool,
        DataType::Int8 => Type::I8,
        DataType::UInt8 => Type::U8,
        DataType::Int16 => Type::I16,
        DataType::UInt16 => Type::U16,
        DataType::Int32 => Type::I32,
        DataType::UInt32 => Type::U32,
        DataType::Int64 => Type::I64,
        DataType::UInt64 => Type::U64,
        DataType::Float32 => Type::F32,
        DataType::Float64 => Type::F64,
        DataType::String => Type::Text,
        DataType::List(inner) => Type::List(Box::new(of(inner)?)),
        _ => return None,
    })
}

/// The values of a series. A missing float is NaN; nothing else may be missing.
fn values(series: &Series) -> Result<Values> {
    let series = series.rechunk();
    let whole = || match series.null_count() {
        0 => Ok(()),
        some => {
            Err(Error::request(format!("{some} missing values, which only floats can have in a tree; fill them first")))
        }
    };
    macro_rules! whole {
        ($chunked:expr, $kind:ident) => {{
            whole()?;
            Values::$kind($chunked.iter().flatten().collect())
        }};
    }
    Ok(match series.dtype() {
        DataType::Boolean => whole!(series.bool()?, Bool),
        DataType::Int8 => whole!(series.i8()?, I8),
        DataType::UInt8 => whole!(series.u8()?, U8),
        DataType::Int16 => whole!(series.i16()?, I16),
        DataType::UInt16 => whole!(series.u16()?, U16),
        DataType::Int32 => whole!(series.i32()?, I32),
        DataType::UInt32 => whole!(series.u32()?, U32),
        DataType::Int64 => whole!(series.i64()?, I64),
        DataType::UInt64 => whole!(series.u64()?, U64),
        DataType::Float32 => Values::F32(series.f32()?.iter().map(|value| value.unwrap_or(f32::NAN)).collect()),
        DataType::Float64 => Values::F64(series.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect()),
        DataType::String => {
            whole()?;
            let mut text = Text { offsets: vec![0], bytes: Vec::new() };
            for value in series.str()?.iter().flatten() {
                text.bytes.extend_from_slice(value.as_bytes());
                text.offsets.push(text.bytes.len() as i64);
            }
            Values::Text(text)
        }
        DataType::List(_) => {
            whole()?;
            list(&series)?
        }
        other => return Err(Error::request(format!("{other} has no place in a tree"))),
    })
}

fn list(series: &Series) -> Result<Values> {
    let mut offsets = vec![0];
    let mut parts: Option<Values> = None;
    let lists = series.list()?;
    for array in lists.downcast_iter() {
        let array: &ListArray<i64> = array;
        let (first, last) = (*array.offsets().first(), *array.offsets().last());
        let before = offsets.last().copied().unwrap_or(0);
        offsets.extend(array.offsets().iter().skip(1).map(|offset| offset - first + before));
        let inner = array.values().sliced(first as usize, (last - first) as usize);
        let inner = Series::try_from((PlSmallStr::EMPTY, inner))?.cast(lists.inner_dtype())?;
        let inner = values(&inner)?;
        parts = Some(match parts {
            None => inner,
            // One chunk is what there is behind `rechunk`.
            Some(_) => return Err(Error::request("a list in several pieces")),
        });
    }
    let values = match (parts, of(lists.inner_dtype())) {
        (Some(values), _) => values,
        (None, Some(of)) => Values::empty(&of),
        (None, None) => return Err(Error::request(format!("{} has no place in a tree", series.dtype()))),
    };
    Ok(Values::List { offsets, values: Box::new(values) })
}
