//! Writing Parquet: numbers PLAIN without a dictionary (half the time to read, and smaller for measured values),
//! text with one; under the name asked for only when all is written.

use crate::part::{Part, place};
use polars::prelude::*;
use polars_parquet::write::{
    CompressedPage, CompressionOptions, DynIter, DynStreamingIterator, Encoding, FileWriter, KeyValue, Page,
    ParquetType, StatisticsOptions, Version, array_to_columns, compress, fallible_streaming_iterator,
    get_dtype_encoding, schema_to_metadata_key,
};
use rayon::prelude::*;
use recoil_zstandard::stored;
use segment::{Error, Result};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// How the pages are compressed.
///
/// ```
/// # use polars::prelude::*;
/// # use sources::Source;
/// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// use sources::parquet::{Compression, WriteOptions, write};
/// let options = WriteOptions { compression: Compression::None, ..WriteOptions::default() };
/// assert!(write(folder.join("x.parquet"), &frame, &options)? > 0, "bytes of the file");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not at all: fastest from a fast disk or the page cache.
    None,
    /// LZ4.
    Lz4,
    /// Zstandard, the default. A page that it does not make smaller by an eighth is kept as it is inside its frame: such a
    /// page, of measured numbers, is read without decompressing.
    #[default]
    Zstd,
}

/// How a file is written.
///
/// ```
/// # use polars::prelude::*;
/// # use sources::Source;
/// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// use sources::parquet::{WriteOptions, open, write};
/// let options = WriteOptions { row_group: 2, ..WriteOptions::default() };
/// write(folder.join("x.parquet"), &frame, &options)?;
/// assert_eq!(open(folder.join("x.parquet"))?.rows(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct WriteOptions {
    /// Compression of the pages.
    pub compression: Compression,
    /// Rows of a row group, the unit that is read or skipped.
    pub row_group: usize,
    /// Columns to sort by, so that statistics can skip row groups; empty: the order as it is.
    pub sort_by: Vec<PlSmallStr>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { compression: Compression::default(), row_group: 262_144, sort_by: Vec::new() }
    }
}

/// Writes a frame as a Parquet file and answers its size in bytes. The file appears under its name when it is complete.
///
/// # Errors
/// What the disk says, or an unknown column to sort by.
///
/// ```
/// # use polars::prelude::*;
/// # use sources::Source;
/// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// sources::parquet::write(folder.join("x.parquet"), &frame, &Default::default())?;
/// assert_eq!(sources::parquet::open(folder.join("x.parquet"))?.schema().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(path: impl AsRef<Path>, frame: &DataFrame, options: &WriteOptions) -> Result<u64> {
    let sorted;
    let frame = if options.sort_by.is_empty() {
        frame
    } else {
        let order = SortMultipleOptions::default().with_maintain_order(true).with_nulls_last(true);
        sorted = frame.sort(options.sort_by.clone(), order)?;
        &sorted
    };
    let mut writer = Writer::create(path, frame.schema(), options)?;
    writer.push(frame.clone())?;
    writer.finish()
}

/// A Parquet file that is written piece by piece. Dropped before [`finish`](Writer::finish), it leaves nothing behind.
///
/// ```
/// # use polars::prelude::*;
/// # use sources::Source;
/// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// # use sources::parquet::{WriteOptions, Writer};
/// let mut writer = Writer::create(folder.join("x.parquet"), frame.schema(), &WriteOptions::default())?;
/// writer.push(frame.clone())?;
/// writer.push(frame)?;
/// assert!(writer.finish()? > 0, "bytes of the file");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Writer {
    part: Part,
    file: Option<FileWriter<BufWriter<File>>>,
    encodings: Vec<Vec<Encoding>>,
    schema: Schema,
    options: WriteOptions,
    waiting: Vec<DataFrame>,
    rows: usize,
    /// Keys and texts that are written beside the rows.
    attached: Vec<(String, String)>,
}

impl Writer {
    /// Begins a file; makes its folder if there is none.
    ///
    /// # Errors
    /// What the disk says.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # use sources::Source;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// # use sources::parquet::{WriteOptions, Writer};
    /// let writer = Writer::create(folder.join("x.parquet"), frame.schema(), &WriteOptions::default())?;
    /// drop(writer);
    /// assert!(!folder.join("x.parquet").exists(), "it was not finished");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(path: impl AsRef<Path>, schema: &Schema, options: &WriteOptions) -> Result<Self> {
        let fields: ArrowSchema = schema
            .iter()
            .map(|(name, dtype)| (name.clone(), dtype.to_arrow_field(name.clone(), CompatLevel::newest())))
            .collect();
        let encodings = fields.iter_values().map(|field| encodings(field.dtype())).collect();
        let (part, file) = Part::create(path.as_ref())?;
        let file = FileWriter::try_new(BufWriter::with_capacity(1 << 20, file), fields, pages(options))?;
        Ok(Self {
            part,
            file: Some(file),
            encodings,
            schema: schema.clone(),
            options: options.clone(),
            waiting: Vec::new(),
            rows: 0,
            attached: Vec::new(),
        })
    }

    /// Writes a text beside the rows, in the metadata of the file, where [`Source::attached`](crate::Source::attached) and others
    /// find it under its key.
    #[must_use]
    pub fn attach(mut self, key: &str, text: impl Into<String>) -> Self {
        self.attached.push((key.to_owned(), text.into()));
        self
    }

    /// Appends rows.
    ///
    /// # Errors
    /// Columns other than those of the schema, or what the disk says.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # use sources::Source;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// # use sources::parquet::{WriteOptions, Writer};
    /// let mut writer = Writer::create(folder.join("x.parquet"), frame.schema(), &WriteOptions::default())?;
    /// writer.push(frame)?;
    /// assert!(writer.finish()? > 0, "bytes of the file");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn push(&mut self, frame: DataFrame) -> Result<()> {
        if **frame.schema() != self.schema {
            return Err(Error::request("the columns to write have changed on the way"));
        }
        self.rows += frame.height();
        self.waiting.push(frame);
        while self.rows >= self.options.row_group {
            let all = self.take()?;
            let size = self.options.row_group.max(1);
            self.group(&all.slice(0, size))?;
            let rest = all.slice(size as i64, all.height() - size);
            self.rows = rest.height();
            self.waiting.push(rest);
        }
        Ok(())
    }

    fn take(&mut self) -> Result<DataFrame> {
        let mut frames = std::mem::take(&mut self.waiting).into_iter();
        let mut all = frames.next().unwrap_or_else(|| DataFrame::empty_with_schema(&self.schema));
        for frame in frames {
            all.vstack_mut(&frame)?;
        }
        Ok(all)
    }

    fn group(&mut self, frame: &DataFrame) -> Result<()> {
        if frame.height() == 0 {
            return Ok(());
        }
        let mut frame = frame.clone();
        frame.rechunk_mut_par();
        let Some(file) = &mut self.file else { return Ok(()) };
        let options = file.options();
        let types: Vec<ParquetType> = file.parquet_schema().fields().to_vec();
        for batch in frame.iter_chunks(CompatLevel::newest(), false) {
            segment::work::check()?;
            let columns = batch.columns().par_iter().zip(&types).zip(&self.encodings);
            let columns: Vec<Vec<Vec<CompressedPage>>> = columns
                .map(|((array, kind), encoding)| {
                    let leaves = array_to_columns(array, kind.clone(), options, encoding)?;
                    let pages =
                        leaves.into_iter().map(|pages| pages.map(|page| packed(page?, options.compression)).collect());
                    pages.collect::<PolarsResult<_>>()
                })
                .collect::<PolarsResult<_>>()?;
            let leaves = columns.iter().flatten().map(|pages| {
                Ok(DynStreamingIterator::new(fallible_streaming_iterator::convert(pages.iter().map(PolarsResult::Ok))))
            });
            file.write(batch.len() as u64, DynIter::new(leaves)).map_err(|error| disk(self.part.path(), &error))?;
        }
        Ok(())
    }

    /// Writes what is left and the footer, and gives the file its name. Answers its size in bytes.
    ///
    /// # Errors
    /// What the disk says.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # use sources::Source;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// # use sources::parquet::{WriteOptions, Writer};
    /// let writer = Writer::create(folder.join("x.parquet"), frame.schema(), &WriteOptions::default())?;
    /// assert!(writer.finish()? > 0, "bytes of the file");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn finish(mut self) -> Result<u64> {
        let rest = self.take()?;
        self.group(&rest)?;
        let Some(mut file) = self.file.take() else { return Ok(0) };
        let mut known: Vec<KeyValue> = vec![schema_to_metadata_key(file.schema())];
        known.extend(self.attached.drain(..).map(|(key, text)| KeyValue { key, value: Some(text) }));
        let size = file.end(Some(known)).map_err(|error| disk(self.part.path(), &error))?;
        let io = |error: std::io::Error| Error::read(&place(self.part.path()), error.to_string());
        let file = file.into_inner().into_inner().map_err(|error| io(error.into_error()))?;
        self.part.finish(&file)?;
        Ok(size)
    }
}

fn disk(path: &Path, error: &PolarsError) -> Error {
    Error::read(&place(path), format!("cannot be written: {error}"))
}

fn pages(options: &WriteOptions) -> polars_parquet::write::WriteOptions {
    let compression = match options.compression {
        Compression::None => CompressionOptions::Uncompressed,
        Compression::Lz4 => CompressionOptions::Lz4Raw,
        Compression::Zstd => CompressionOptions::Zstd(None),
    };
    polars_parquet::write::WriteOptions {
        statistics: StatisticsOptions::default(),
        version: Version::V1,
        compression,
        data_page_size: None,
    }
}

/// A page as it goes to the file.
fn packed(page: Page, compression: CompressionOptions) -> PolarsResult<CompressedPage> {
    let plain = match &page {
        Page::Data(page) if matches!(compression, CompressionOptions::Zstd(_)) => Some(page.buffer().to_vec()),
        _ => None,
    };
    let mut packed = compress(page, Vec::new(), compression)?;
    // Pages of the first version are compressed as a whole, and no others are written here.
    if let (CompressedPage::Data(page), Some(plain)) = (&mut packed, plain)
        && page.compressed_size() > plain.len() / 8 * 7
    {
        *page.slice_mut().to_mut() = stored::frame(&plain);
    }
    Ok(packed)
}

fn encodings(dtype: &ArrowDataType) -> Vec<Encoding> {
    let plain = matches!(
        dtype,
        ArrowDataType::Float32
            | ArrowDataType::Float64
            | ArrowDataType::Int32
            | ArrowDataType::Int64
            | ArrowDataType::UInt32
            | ArrowDataType::UInt64
            | ArrowDataType::Date32
            | ArrowDataType::Timestamp(..)
    );
    if plain { vec![Encoding::Plain] } else { get_dtype_encoding(dtype) }
}
