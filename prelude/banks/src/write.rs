//! Frames as events of a HIPO file, written while they come.

use crate::frame::{EVENT, ROW_IN_EVENT, TAG, dtype, segment_error};
use ::hipo::{ColumnType, EventBuilder, Fault, Numbers, Schema as BankSchema, Writer};
use data::{Error, Group, Result, RowWriter};
use polars::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// Groups that can be written as a bank of a HIPO file.
///
/// ```
#[doc = include_str!("example.txt")]
/// use banks::WriteHipo;
/// run.bank("REC::Particle").query("pid == 11").write_hipo(folder.join("electrons.hipo"), "my::Electron", 900, 1)?;
/// assert_eq!(banks::hipo(folder.join("electrons.hipo").display().to_string())?.bank("my::Electron").count()?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait WriteHipo {
    /// Writes the rows as a bank of a new HIPO file, `name` with its group and item numbers, segment by segment. Rows with
    /// equal `__event__` side by side are an event, or every row is one; a frame of lists has an event per row. `__tag__`
    /// is the event's tag. Missing floats become NaN. Gives the number of events.
    ///
    /// # Errors
    /// See [`Group::count`]; several processes, columns that are not numbers, missing integers, lists of different lengths.
    /// No file appears then.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// use banks::WriteHipo;
    /// let data = data::Data::from_frames([("mumu", df!("px" => [0.5, 1.5])?)])?;
    /// data.write_hipo(folder.join("made.hipo"), "my::Bank", 900, 1)?;
    /// assert_eq!(banks::hipo(folder.join("made.hipo").display().to_string())?.bank("my::Bank").column("px")?, [0.5, 1.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn write_hipo(&self, path: impl AsRef<Path>, name: &str, group: u16, item: u8) -> Result<u64>;
}

impl WriteHipo for Group {
    fn write_hipo(&self, path: impl AsRef<Path>, name: &str, group: u16, item: u8) -> Result<u64> {
        if self.process_names().len() > 1 {
            return Err(Error::request("a HIPO bank is written of one process: choose it with `group(\"NAME\")`"));
        }
        let create = |_: &str, columns: &Schema| Ok(BankWriter::create(columns, path.as_ref(), name, (group, item))?);
        let mut written = self.write_rows(create)?;
        written.pop().map(|written| written.result).ok_or_else(|| Error::request("there is no process to write"))
    }
}

/// Writes a frame as a bank of a new HIPO file; see [`WriteHipo::write_hipo`].
///
/// # Errors
/// See [`WriteHipo::write_hipo`].
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("made.hipo");
/// let frame = polars::df!("__event__" => [0, 0, 1], "px" => [0.5, 1.5, 2.5])?;
/// banks::write_hipo(&frame, &path, "my::Bank", 900, 1)?;
/// assert_eq!(banks::hipo(path.display().to_string())?.count()?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_hipo(frame: &DataFrame, path: impl AsRef<Path>, name: &str, group: u16, item: u8) -> Result<u64> {
    let mut bank = BankWriter::create(frame.schema(), path.as_ref(), name, (group, item))?;
    bank.push(frame.clone())?;
    Ok(bank.finish()?)
}

/// A file with one bank in the making.
struct BankWriter {
    name: String,
    schema: Arc<BankSchema>,
    writer: Writer,
    /// Whether a row is an event with lists.
    lists: bool,
    /// Whether `__event__` says where events end.
    by_event: bool,
    /// The rows of the last event: more of them may come.
    held: Option<DataFrame>,
    event: EventBuilder,
}

impl BankWriter {
    fn create(columns: &Schema, path: &Path, name: &str, (group, item): (u16, u8)) -> segment::Result<Self> {
        let lists = columns.iter_values().any(|dtype| matches!(dtype, DataType::List(_)));
        let mut schema = BankSchema::new(name, group, item).map_err(of_hipo)?;
        for (column, dtype) in columns.iter().filter(|(column, _)| !is_ours(column)) {
            let inner = match dtype {
                DataType::List(inner) if lists => inner,
                other if !lists => other,
                _ => {
                    return Err(segment::Error::request(format!(
                        "column {column}: lists and single numbers in one bank"
                    )));
                }
            };
            schema = schema.column(column, kind(column, inner)?, 1).map_err(of_hipo)?;
        }
        let schema = Arc::new(schema);
        let builder = Writer::builder().schema(Arc::clone(&schema)).map_err(segment_error)?;
        let writer = builder.create(path).map_err(segment_error)?;
        let by_event = !lists && columns.contains(EVENT);
        Ok(Self { name: name.into(), schema, writer, lists, by_event, held: None, event: EventBuilder::new() })
    }

    fn write(&mut self, frame: &DataFrame) -> segment::Result<()> {
        let columns: Vec<Column> = frame.columns().iter().filter(|column| !is_ours(column.name())).cloned().collect();
        let numbers = columns.iter().zip(self.schema.columns());
        let numbers: Vec<Numbers> =
            numbers.map(|(column, target)| whole(column, target.kind)).collect::<segment::Result<_>>()?;
        let tags = frame.column(TAG).ok().map(|column| column.cast(&DataType::Int32)).transpose()?;
        let (mut start, mut row) = (0, 0);
        for (end, next) in event_ends(frame, &columns, self.lists)? {
            segment::work::check()?;
            self.event.reset();
            if let Some(tags) = &tags {
                self.event.set_tag(tags.i32()?.get(row).unwrap_or(0));
            }
            let mut bank = self.writer.bank(&self.name, end - start).map_err(segment_error)?;
            for (column, numbers) in self.schema.columns().iter().zip(&numbers) {
                bank.put_column(&column.name, &numbers.slice(start..end)).map_err(of_hipo)?;
            }
            self.event.add_bank(&bank).map_err(of_hipo)?;
            self.writer.write(&mut self.event).map_err(segment_error)?;
            (start, row) = (end, next);
        }
        Ok(())
    }
}

impl RowWriter for BankWriter {
    /// Number of events.
    type Written = u64;

    fn finish(mut self) -> segment::Result<u64> {
        if let Some(held) = self.held.take() {
            self.write(&held)?;
        }
        Ok(self.writer.finish().map_err(segment_error)?.events)
    }

    fn push(&mut self, mut frame: DataFrame) -> segment::Result<()> {
        if let Some(mut held) = self.held.take() {
            held.vstack_mut_owned(frame)?;
            held.rechunk_mut();
            frame = held;
        }
        if self.by_event && frame.height() > 0 {
            let events = frame.column(EVENT)?.cast(&DataType::Int64)?;
            let events = events.i64()?;
            let last = events.get(frame.height() - 1);
            let start = (0..frame.height()).rev().take_while(|row| events.get(*row) == last).last().unwrap_or(0);
            self.held = Some(frame.slice(start as i64, frame.height() - start));
            frame = frame.slice(0, start);
        }
        self.write(&frame)
    }
}

/// Columns that say which event a row belongs to; they are no numbers of the bank.
fn is_ours(column: &str) -> bool {
    matches!(column, EVENT | TAG | ROW_IN_EVENT)
}

fn of_hipo(fault: Fault) -> segment::Error {
    segment_error(fault.into())
}

/// Where each event's numbers end, and the row of the frame behind it.
fn event_ends(frame: &DataFrame, columns: &[Column], lists: bool) -> segment::Result<Vec<(usize, usize)>> {
    let rows = frame.height();
    if lists {
        return list_ends(columns, rows);
    }
    let Ok(events) = frame.column(EVENT) else { return Ok((1..=rows).map(|end| (end, end)).collect()) };
    let events = events.cast(&DataType::Int64)?;
    let events: Vec<Option<i64>> = events.i64()?.iter().collect();
    Ok((1..=rows).filter(|end| *end == rows || events[*end] != events[end - 1]).map(|end| (end, end)).collect())
}

/// Every row is an event; the lists of all columns are equally long in it.
fn list_ends(columns: &[Column], rows: usize) -> segment::Result<Vec<(usize, usize)>> {
    let mut ends: Vec<(usize, usize)> = (1..=rows).map(|next| (0, next)).collect();
    for (at, column) in columns.iter().enumerate() {
        let mut end = 0;
        for ((known, next), list) in ends.iter_mut().zip(column.list()?.amortized_iter()) {
            end += list.map_or(0, |list| list.as_ref().len());
            if at > 0 && *known != end {
                let (name, row) = (column.name(), *next - 1);
                return Err(segment::Error::request(format!(
                    "row {row}: the list of {name} is not as long as that of the first column"
                )));
            }
            *known = end;
        }
    }
    Ok(ends)
}

/// All numbers of a column, those of its lists one after the other.
fn whole(column: &Column, kind: ColumnType) -> segment::Result<Numbers> {
    let series = column.as_materialized_series();
    match series.dtype() {
        DataType::List(_) => {
            let flat = series.explode(ExplodeOptions { empty_as_null: false, keep_nulls: false })?;
            bank_numbers(&flat, kind)
        }
        _ => bank_numbers(series, kind),
    }
}

fn kind(name: &str, dtype: &DataType) -> segment::Result<ColumnType> {
    Ok(match dtype {
        DataType::Boolean | DataType::Int8 => ColumnType::I8,
        DataType::Int16 | DataType::UInt8 => ColumnType::I16,
        DataType::Int32 | DataType::UInt16 => ColumnType::I32,
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => ColumnType::I64,
        DataType::Float32 => ColumnType::F32,
        DataType::Float64 => ColumnType::F64,
        other => {
            return Err(segment::Error::request(format!("column {name} is {other}: HIPO banks hold numbers only")));
        }
    })
}

/// Numbers without missing values: floats take NaN for them, integers have nothing.
fn bank_numbers(series: &Series, kind: ColumnType) -> segment::Result<Numbers> {
    let missing =
        || segment::Error::request(format!("column {} has missing values, and integers have no NaN", series.name()));
    let cast = series.strict_cast(&dtype(kind))?;
    if cast.null_count() > 0 && !cast.dtype().is_float() {
        return Err(missing());
    }
    Ok(match kind {
        ColumnType::I8 => Numbers::I8(cast.i8()?.iter().flatten().collect()),
        ColumnType::I16 => Numbers::I16(cast.i16()?.iter().flatten().collect()),
        ColumnType::I32 => Numbers::I32(cast.i32()?.iter().flatten().collect()),
        ColumnType::I64 => Numbers::I64(cast.i64()?.iter().flatten().collect()),
        ColumnType::F32 => Numbers::F32(cast.f32()?.iter().map(|value| value.unwrap_or(f32::NAN)).collect()),
        ColumnType::F64 => Numbers::F64(cast.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::hipo::Reader;

    #[test]
    fn frames_cut_anywhere_are_the_same_events() {
        let folder = tempfile::tempdir().unwrap();
        let frame = df!(
            EVENT => [1_i64, 1, 1, 4, 4, 5, 7, 7],
            TAG => [0, 0, 0, 9, 9, 0, 3, 3],
            "x" => [0.0_f32, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
        )
        .unwrap();
        let written = |cuts: &[usize]| {
            let path = folder.path().join("cut.hipo");
            let mut bank = BankWriter::create(frame.schema(), &path, "A::b", (1, 1)).unwrap();
            let ends = cuts.iter().copied().chain([frame.height()]);
            for (start, end) in [0].iter().chain(cuts).copied().zip(ends) {
                bank.push(frame.slice(start as i64, end - start)).unwrap();
            }
            bank.finish().unwrap();
            let reader = Reader::open(&path).unwrap();
            let mut tags = Vec::new();
            let mut events = reader.events();
            while let Some(event) = events.next().unwrap() {
                tags.push(event.tag());
            }
            (tags, reader.read_columns::<&str>("A::b", &[]).unwrap())
        };
        let whole = written(&[]);
        assert_eq!((whole.1.events(), whole.1.rows()), (4, 8));
        for first in 0..8 {
            for second in first..8 {
                assert_eq!(written(&[first, second]), whole, "cut at {first} and {second}");
            }
        }
    }
}
