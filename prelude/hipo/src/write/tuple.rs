//! Tuples: flat named columns, each in records of its own tag, so that reading one reads nothing of the others.
//!
//! The stock layout: column `n` (from 0) has the tag `n + 1`, and each of its events holds one array (120,1) of 200
//! numbers; the last is shorter. Names and types are in the user configuration, key `tuple`, as `name/T,name/T`.

use std::path::Path;

use crate::container::record::Record;
use crate::content::bank::append_number;
use crate::content::event_builder::EventBuilder;
use crate::content::structure::{Number, Numbers};
use crate::model::error::{Error, Fault, Result};
use crate::model::order::ByteOrder;
use crate::model::schema::{ColumnType, Schema, SchemaColumn};
use crate::read::reader::{Reader, ReaderOptions};
use crate::write::writer::{WriteSummary, Writer};

const GROUP: u16 = 120;
const ITEM: u8 = 1;
const KEY: &str = "tuple";
/// Numbers per event.
const CHUNK: usize = 200;

/// Writes a tuple.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("tuple.hipo");
/// # let mut writer = hipo::TupleWriter::create(&path, &[("x", hipo::ColumnType::F64), ("n", hipo::ColumnType::I32)])?;
/// # writer.fill(&[0.5.into(), 7.into()])?;
/// writer.fill(&[1.5.into(), 8.into()])?;
/// assert!(writer.finish()?.bytes > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TupleWriter {
    writer: Writer,
    columns: Vec<SchemaColumn>,
    /// The bytes of the numbers of each column that are not written yet.
    open: Vec<Vec<u8>>,
    rows: u64,
}

impl TupleWriter {
    /// Creates a tuple with these columns. The stock one has only `F32`.
    ///
    /// # Errors
    /// When a name is not possible or taken, or the system refuses.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("tuple.hipo");
    /// let kind = hipo::ColumnType::F32;
    /// assert!(hipo::TupleWriter::create(&path, &[("x", kind), ("x", kind)]).is_err(), "the name is taken");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create<S: AsRef<str>>(path: impl AsRef<Path>, columns: &[(S, ColumnType)]) -> Result<Self> {
        let mut schema = Schema::new(KEY, GROUP, ITEM)?;
        for (name, kind) in columns {
            schema = schema.column(name.as_ref(), *kind, 1)?;
        }
        let columns = schema.columns().to_vec();
        let text: Vec<String> =
            columns.iter().map(|column| format!("{}/{}", column.name, column.kind.letter())).collect();
        let writer = Writer::builder().config(KEY, &text.join(",")).create(path)?;
        Ok(Self { writer, open: vec![Vec::new(); columns.len()], columns, rows: 0 })
    }

    /// Appends a row: one number per column.
    ///
    /// # Errors
    /// When there are more or fewer numbers than columns, one does not fit, or the system refuses.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("tuple.hipo");
    /// # let mut writer = hipo::TupleWriter::create(&path, &[("x", hipo::ColumnType::F64), ("n", hipo::ColumnType::I32)])?;
    /// # writer.fill(&[0.5.into(), 7.into()])?;
    /// assert!(writer.fill(&[1.5.into(), 8.into()]).is_ok() && writer.fill(&[1.5.into()]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fill(&mut self, row: &[Number]) -> Result<()> {
        if row.len() != self.columns.len() {
            let (wanted, found) = (self.columns.len(), row.len());
            return Err(Error::argument(format!("a row of this tuple has {wanted} numbers, not {found}")));
        }
        // All are tried before one is kept, so that columns stay equally long.
        let lengths: Vec<usize> = self.open.iter().map(Vec::len).collect();
        for ((open, column), number) in self.open.iter_mut().zip(&self.columns).zip(row) {
            if let Err(fault) = append_number(open, *number, column.kind) {
                let name = column.name.clone();
                self.open.iter_mut().zip(lengths).for_each(|(open, length)| open.truncate(length));
                return Err(Error::argument(format!("column {name}: {fault}")));
            }
        }
        self.rows += 1;
        if self.rows.is_multiple_of(CHUNK as u64) { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        for (index, (open, column)) in self.open.iter_mut().zip(&self.columns).enumerate() {
            let numbers = Numbers::read(column.kind, open, ByteOrder::Little);
            let tag = i32::try_from(index + 1).map_err(|_| Error::argument("a tuple of more than 2^31 columns"))?;
            let mut event = EventBuilder::new();
            event.set_tag(tag).add_numbers(GROUP, ITEM, &numbers)?;
            self.writer.write(&mut event)?;
            open.clear();
        }
        Ok(())
    }

    /// Writes the tail and closes the file.
    ///
    /// # Errors
    /// When the system refuses.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("tuple.hipo");
    /// # let mut writer = hipo::TupleWriter::create(&path, &[("x", hipo::ColumnType::F64), ("n", hipo::ColumnType::I32)])?;
    /// # writer.fill(&[0.5.into(), 7.into()])?;
    /// writer.finish()?;
    /// assert_eq!(hipo::Tuple::open(&path)?.read("n")?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn finish(mut self) -> Result<WriteSummary> {
        if !self.rows.is_multiple_of(CHUNK as u64) {
            self.flush()?;
        }
        self.writer.finish()
    }
}

/// Reads a tuple.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("tuple.hipo");
/// # let mut writer = hipo::TupleWriter::create(&path, &[("x", hipo::ColumnType::F64), ("n", hipo::ColumnType::I32)])?;
/// # writer.fill(&[0.5.into(), 7.into()])?;
/// writer.finish()?;
/// let tuple = hipo::Tuple::open(&path)?;
/// assert_eq!(tuple.read("n")?, hipo::Numbers::I32(vec![7]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Tuple {
    path: std::path::PathBuf,
    columns: Vec<(String, Option<ColumnType>)>,
}

impl Tuple {
    /// Opens a tuple. Columns of one without names (as C++ writes) are called `0`, `1`, ...
    ///
    /// # Errors
    /// When it is no HIPO file, or damaged.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("tuple.hipo");
    /// # let mut writer = hipo::TupleWriter::create(&path, &[("x", hipo::ColumnType::F64), ("n", hipo::ColumnType::I32)])?;
    /// # writer.fill(&[0.5.into(), 7.into()])?;
    /// writer.finish()?;
    /// assert!(hipo::Tuple::open(&path).is_ok() && hipo::Tuple::open(folder.path().join("none.hipo")).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let reader = Reader::open(path)?;
        let columns = match reader.config().get(KEY) {
            Some(text) => {
                let schema = Schema::parse(&format!("{{{KEY}/{GROUP}/{ITEM}}}{{{text}}}"));
                let schema = schema.map_err(|fault| Error::in_file(reader.name(), fault))?;
                schema.columns().iter().map(|column| (column.name.clone(), Some(column.kind))).collect()
            }
            None => {
                let records = reader.index().records();
                let last = records.iter().map(|entry| entry.tag).max().unwrap_or(0);
                // Every column has a record of its own.
                if last > records.len() as i64 {
                    let what = format!("{} records cannot be a tuple of {last} columns", records.len());
                    return Err(Error::in_file(reader.name(), Fault::Argument(what)));
                }
                (0..last).map(|index| (index.to_string(), None)).collect()
            }
        };
        Ok(Self { path: path.into(), columns })
    }

    /// The names of the columns.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("tuple.hipo");
    /// # let mut writer = hipo::TupleWriter::create(&path, &[("x", hipo::ColumnType::F64), ("n", hipo::ColumnType::I32)])?;
    /// # writer.fill(&[0.5.into(), 7.into()])?;
    /// writer.finish()?;
    /// assert!(hipo::Tuple::open(&path)?.columns().eq(["x", "n"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// A whole column; only its own records are read.
    ///
    /// # Errors
    /// When there is no such column, or its records are damaged.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("tuple.hipo");
    /// # let mut writer = hipo::TupleWriter::create(&path, &[("x", hipo::ColumnType::F64), ("n", hipo::ColumnType::I32)])?;
    /// # writer.fill(&[0.5.into(), 7.into()])?;
    /// writer.finish()?;
    /// assert_eq!(hipo::Tuple::open(&path)?.read("x")?, hipo::Numbers::F64(vec![0.5]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(&self, name: &str) -> Result<Numbers> {
        let in_file = |fault: Fault| Error::in_file(&self.path.display().to_string(), fault);
        let found = self.columns.iter().position(|(column, _)| column == name);
        let index = found.ok_or_else(|| in_file(Fault::unknown("column", name, self.columns())))?;
        let kind = self.columns[index].1;
        let options = ReaderOptions::default().record_tags([index as i64 + 1]);
        let reader = Reader::open_with(&self.path, &options)?;
        let mut all = kind.map(|kind| Numbers::zeros(kind, 0));
        let mut record = Record::new();
        for number in 0..reader.index().records().len() {
            reader.load(number, &mut record)?;
            for event in record.events() {
                let event = event?;
                let found = event.structure(GROUP, ITEM)?.and_then(|found| found.numbers());
                let numbers = found.ok_or_else(|| event.locate(Fault::Damaged("no numbers (120,1) in it".into())))?;
                match &mut all {
                    None => all = Some(numbers),
                    Some(all) if all.kind() == numbers.kind() => all.append(&numbers),
                    Some(all) => {
                        let (wanted, found) = (all.kind(), numbers.kind());
                        let what = format!("column {name} has numbers of type {wanted:?}, and here {found:?}");
                        return Err(event.locate(Fault::Damaged(what)));
                    }
                }
            }
        }
        Ok(all.unwrap_or(Numbers::F32(Vec::new())))
    }
}
