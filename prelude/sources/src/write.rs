//! Writing text tables, Arrow files, and Parquet in folders by the values of columns, piece by piece.

use crate::folders::encoded;
use crate::parquet::{WriteOptions, Writer};
use crate::part::{Part, place};
use polars::io::csv::write::BatchedWriter as CsvBatches;
use polars::io::ipc::BatchedWriter as ArrowBatches;
use polars::prelude::*;
use polars_arrow::io::ipc::write::default_ipc_fields;
use segment::{Error, Result};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A file that a library writes into, and that is still ours when it has done so.
#[derive(Clone)]
struct Shared(Arc<Mutex<BufWriter<File>>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, BufWriter<File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.lock().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.lock().flush()
    }
}

/// A text table or an Arrow file that is written piece by piece. Dropped before [`finish`](TableWriter::finish), it leaves
/// nothing behind.
pub struct TableWriter {
    part: Part,
    file: Shared,
    schema: Schema,
    kind: Kind,
}

enum Kind {
    Csv(CsvBatches<Shared>),
    Arrow(ArrowBatches<Shared>),
}

impl TableWriter {
    /// Begins a text table with a header: commas, and texts in quotes where they need them. Numbers are written with all their
    /// digits, times as ISO 8601; what is missing is an empty field.
    ///
    /// # Errors
    /// Columns that a text table cannot hold (lists, structs); what the disk says.
    pub fn csv(path: impl AsRef<Path>, schema: &Schema) -> Result<Self> {
        let nested = |dtype: &DataType| dtype.is_nested() || *dtype == DataType::Binary;
        if let Some((name, dtype)) = schema.iter().find(|(_, dtype)| nested(dtype)) {
            let text =
                format!("write_csv: column `{name}` is {dtype}, which no text table holds; drop it, or write Parquet");
            return Err(Error::request(text));
        }
        let create = |file: Shared| Ok(Kind::Csv(CsvWriter::new(file).include_header(true).batched(schema)?));
        Self::create(path.as_ref(), schema, create)
    }

    /// Begins an Arrow IPC file ("feather", version 2).
    ///
    /// # Errors
    /// What the disk says.
    pub fn arrow(path: impl AsRef<Path>, schema: &Schema) -> Result<Self> {
        let plain = plain(schema);
        let fields: Vec<ArrowField> =
            plain.iter().map(|(name, dtype)| dtype.to_arrow_field(name.clone(), CompatLevel::newest())).collect();
        let fields = default_ipc_fields(fields.iter());
        let create = |file: Shared| Ok(Kind::Arrow(IpcWriter::new(file).batched(&plain, fields)?));
        Self::create(path.as_ref(), schema, create)
    }

    fn create(path: &Path, schema: &Schema, kind: impl FnOnce(Shared) -> PolarsResult<Kind>) -> Result<Self> {
        let (part, file) = Part::create(path)?;
        let file = Shared(Arc::new(Mutex::new(BufWriter::with_capacity(1 << 20, file))));
        let kind = kind(file.clone()).map_err(|error| Error::read(&place(path), error.to_string()))?;
        Ok(Self { part, file, schema: schema.clone(), kind })
    }

    /// Appends rows.
    ///
    /// # Errors
    /// Columns other than those of the schema, or what the disk says.
    pub fn push(&mut self, frame: &DataFrame) -> Result<()> {
        if **frame.schema() != self.schema {
            return Err(Error::request("the columns to write have changed on the way"));
        }
        let mut frame = frame.clone();
        frame.rechunk_mut_par();
        let done = match &mut self.kind {
            Kind::Csv(writer) => writer.write_batch(&frame),
            Kind::Arrow(writer) => {
                for (name, dtype) in plain(&self.schema).iter() {
                    let column = frame.column(name)?;
                    if column.dtype() != dtype {
                        let column = column.cast(dtype)?;
                        frame.with_column(column)?;
                    }
                }
                writer.write_batch(&frame)
            }
        };
        done.map_err(|error| Error::read(&place(self.part.path()), format!("cannot be written: {error}")))
    }

    /// Writes what is left and gives the file its name.
    ///
    /// # Errors
    /// What the disk says.
    pub fn finish(self) -> Result<()> {
        let Self { part, file, kind, .. } = self;
        let failed = |error: String| Error::read(&place(part.path()), format!("cannot be written: {error}"));
        match kind {
            Kind::Csv(mut writer) => writer.finish(),
            Kind::Arrow(mut writer) => writer.finish(),
        }
        .map_err(|error| failed(error.to_string()))?;
        let mut file = file.lock();
        file.flush().map_err(|error| failed(error.to_string()))?;
        part.finish(file.get_ref())
    }
}

/// Texts by number are written as texts: numbers differ from piece to piece.
fn plain(schema: &Schema) -> Schema {
    let plain = |dtype: &DataType| match dtype {
        DataType::Categorical(..) | DataType::Enum(..) => DataType::String,
        dtype => dtype.clone(),
    };
    schema.iter().map(|(name, dtype)| (name.clone(), plain(dtype))).collect()
}

/// More folders than this are a mistake: each has a file that is open.
const MOST: usize = 1_000;

/// Parquet in folders `column=value` by the values of some columns, as Hive, Spark and pandas lay them out. Dropped before
/// [`finish`](Partitioned::finish), it leaves no file behind.
///
/// ```
/// # use polars::prelude::*;
/// # use sources::Source;
/// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// use sources::write::Partitioned;
/// let by = ["k".into()];
/// let mut parts = Partitioned::create(folder.join("parts"), &by, frame.schema(), &Default::default())?;
/// parts.push(&frame)?;
/// parts.finish()?;
/// assert!(folder.join("parts/k=b").is_dir());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Partitioned {
    folder: PathBuf,
    by: Vec<PlSmallStr>,
    schema: Schema,
    options: WriteOptions,
    /// By the folder below.
    writers: BTreeMap<String, Writer>,
}

impl Partitioned {
    /// Begins a folder, which must be empty or not there.
    ///
    /// # Errors
    /// Columns that are not there, or whose values no folder can be named by (integers, texts and dates can); a folder that
    /// holds something.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # use sources::Source;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// use sources::write::Partitioned;
    /// let wrong = ["z".into()];
    /// assert!(Partitioned::create(folder.join("parts"), &wrong, frame.schema(), &Default::default()).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(
        folder: impl AsRef<Path>,
        by: &[PlSmallStr],
        schema: &Schema,
        options: &WriteOptions,
    ) -> Result<Self> {
        let folder = folder.as_ref().to_owned();
        for name in by {
            match schema.get(name) {
                Some(dtype) if dtype.is_integer() => {}
                Some(DataType::String | DataType::Categorical(..) | DataType::Enum(..) | DataType::Date) => {}
                Some(dtype) => {
                    let text =
                        format!("folders by column `{name}`: {dtype} names no folder; take integers, texts or dates");
                    return Err(Error::request(text));
                }
                None => return Err(Error::column(name, schema.iter_names().map(PlSmallStr::as_str))),
            }
        }
        if by.is_empty() || by.len() == schema.len() {
            return Err(Error::request("folders by columns: name one column at least, and not all of them"));
        }
        if std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Error::read(&place(&folder), "the folder is not empty; remove it first, or take another name"));
        }
        let rest = schema.iter().filter(|(name, _)| !by.contains(name));
        let schema = rest.map(|(name, dtype)| (name.clone(), dtype.clone())).collect();
        Ok(Self { folder, by: by.to_vec(), schema, options: options.clone(), writers: BTreeMap::new() })
    }

    /// Appends rows, each to the file of its folder, in order.
    ///
    /// # Errors
    /// More than a thousand folders, or what the disk says.
    pub fn push(&mut self, frame: &DataFrame) -> Result<()> {
        for part in frame.partition_by_stable(self.by.clone(), true)? {
            let mut below = Vec::with_capacity(self.by.len());
            for name in &self.by {
                below.push(folder_name(name, &part.column(name)?.get(0)?));
            }
            let below = below.join("/");
            if !self.writers.contains_key(&below) {
                if self.writers.len() >= MOST {
                    let text =
                        format!("more than {MOST} folders by {}: take columns of fewer values", self.by.join(", "));
                    return Err(Error::request(text));
                }
                let file = self.folder.join(&below).join("part-00000.parquet");
                self.writers.insert(below.clone(), Writer::create(file, &self.schema, &self.options)?);
            }
            let rows = part.select(self.schema.iter_names().map(PlSmallStr::as_str))?;
            self.writers.get_mut(&below).map_or(Ok(()), |writer| writer.push(rows))?;
        }
        Ok(())
    }

    /// Finishes all files.
    ///
    /// # Errors
    /// What the disk says.
    pub fn finish(self) -> Result<()> {
        self.writers.into_values().try_for_each(|writer| writer.finish().map(drop))
    }
}

/// The folder of a value; signs that no file system likes are percent-encoded.
fn folder_name(column: &str, value: &AnyValue<'_>) -> String {
    let value = match value {
        AnyValue::Null => "__HIVE_DEFAULT_PARTITION__".to_owned(),
        AnyValue::String(text) => encoded(text),
        AnyValue::StringOwned(text) => encoded(text),
        value => value.str_value().into_owned(),
    };
    format!("{}={value}", encoded(column))
}
