//! Composites: rows with their own format, without a schema. Raw data banks of decoded files are composites.

use crate::content::structure::{self, Number, Numbers, Structure};
use crate::model::error::Fault;
use crate::model::order::ByteOrder;
use crate::model::schema::ColumnType;

/// The longest format: its length has one byte and Java reads it signed.
const MAX_FORMAT: usize = 127;

/// A view of a composite: packed rows, one letter of the format per field.
///
/// ```
/// # use hipo::{ByteOrder, CompositeBuilder, Event, EventBuilder};
/// # let mut rows = CompositeBuilder::new(42, 1, "bi")?;
/// # rows.push(&[1.into(), 100.into()])?;
/// # rows.push(&[2.into(), 200.into()])?;
/// # let mut builder = EventBuilder::new();
/// # builder.add_composite(&rows)?;
/// # let bytes = builder.finish()?.to_vec();
/// # let event = Event::from_bytes("a message", &bytes, ByteOrder::Little)?;
/// # let structure = event.structure(42, 1)?.unwrap();
/// # let composite = structure.composite().unwrap()?;
/// let rows: &hipo::Composite = &composite;
/// assert_eq!((rows.format(), rows.rows()), ("bi", 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Composite<'a> {
    format: &'a str,
    fields: Vec<ColumnType>,
    row_length: usize,
    data: &'a [u8],
    order: ByteOrder,
}

impl<'a> Structure<'a> {
    /// The rows of a composite; `None` when it is something else.
    ///
    /// # Errors
    /// When its format is longer than its payload.
    ///
    /// ```
    /// # use hipo::{ByteOrder, CompositeBuilder, Event, EventBuilder};
    /// # let mut rows = CompositeBuilder::new(42, 1, "bi")?;
    /// # rows.push(&[1.into(), 100.into()])?;
    /// # rows.push(&[2.into(), 200.into()])?;
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_composite(&rows)?;
    /// # let bytes = builder.finish()?.to_vec();
    /// # let event = Event::from_bytes("a message", &bytes, ByteOrder::Little)?;
    /// # let structure = event.structure(42, 1)?.unwrap();
    /// # let composite = structure.composite().unwrap()?;
    /// assert_eq!(structure.composite().unwrap()?.rows(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn composite(&self) -> Option<Result<Composite<'a>, Fault>> {
        (self.kind == structure::COMPOSITE).then(|| Composite::parse(self))
    }
}

impl<'a> Composite<'a> {
    pub(crate) fn parse(structure: &Structure<'a>) -> Result<Self, Fault> {
        let (group, item) = (structure.group, structure.item);
        let Some((format, data)) = structure.payload.split_at_checked(structure.format_length) else {
            return Err(Fault::Damaged(format!(
                "composite ({group},{item}) has {} bytes, its format {}",
                structure.payload.len(),
                structure.format_length
            )));
        };
        let format = std::str::from_utf8(format)
            .map_err(|_| Fault::Damaged(format!("the format of composite ({group},{item}) is not text")))?;
        let fields = fields(format);
        let row_length = fields.iter().map(|kind| kind.size()).sum();
        Ok(Self { format, fields, row_length, data, order: structure.order })
    }

    /// The format, as it is.
    ///
    /// ```
    /// # use hipo::{ByteOrder, CompositeBuilder, Event, EventBuilder};
    /// # let mut rows = CompositeBuilder::new(42, 1, "bi")?;
    /// # rows.push(&[1.into(), 100.into()])?;
    /// # rows.push(&[2.into(), 200.into()])?;
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_composite(&rows)?;
    /// # let bytes = builder.finish()?.to_vec();
    /// # let event = Event::from_bytes("a message", &bytes, ByteOrder::Little)?;
    /// # let structure = event.structure(42, 1)?.unwrap();
    /// # let composite = structure.composite().unwrap()?;
    /// assert_eq!(composite.format(), "bi");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn format(&self) -> &'a str {
        self.format
    }

    /// The type of each field.
    ///
    /// ```
    /// # use hipo::{ByteOrder, CompositeBuilder, Event, EventBuilder};
    /// # let mut rows = CompositeBuilder::new(42, 1, "bi")?;
    /// # rows.push(&[1.into(), 100.into()])?;
    /// # rows.push(&[2.into(), 200.into()])?;
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_composite(&rows)?;
    /// # let bytes = builder.finish()?.to_vec();
    /// # let event = Event::from_bytes("a message", &bytes, ByteOrder::Little)?;
    /// # let structure = event.structure(42, 1)?.unwrap();
    /// # let composite = structure.composite().unwrap()?;
    /// assert_eq!(composite.fields(), [hipo::ColumnType::I8, hipo::ColumnType::I32]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn fields(&self) -> &[ColumnType] {
        &self.fields
    }

    /// Number of rows; a ragged end is left out.
    ///
    /// ```
    /// # use hipo::{ByteOrder, CompositeBuilder, Event, EventBuilder};
    /// # let mut rows = CompositeBuilder::new(42, 1, "bi")?;
    /// # rows.push(&[1.into(), 100.into()])?;
    /// # rows.push(&[2.into(), 200.into()])?;
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_composite(&rows)?;
    /// # let bytes = builder.finish()?.to_vec();
    /// # let event = Event::from_bytes("a message", &bytes, ByteOrder::Little)?;
    /// # let structure = event.structure(42, 1)?.unwrap();
    /// # let composite = structure.composite().unwrap()?;
    /// assert_eq!(composite.rows(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rows(&self) -> usize {
        self.data.len().checked_div(self.row_length).unwrap_or(0)
    }

    /// One number. `None` beyond the last row or field.
    ///
    /// ```
    /// # use hipo::{ByteOrder, CompositeBuilder, Event, EventBuilder};
    /// # let mut rows = CompositeBuilder::new(42, 1, "bi")?;
    /// # rows.push(&[1.into(), 100.into()])?;
    /// # rows.push(&[2.into(), 200.into()])?;
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_composite(&rows)?;
    /// # let bytes = builder.finish()?.to_vec();
    /// # let event = Event::from_bytes("a message", &bytes, ByteOrder::Little)?;
    /// # let structure = event.structure(42, 1)?.unwrap();
    /// # let composite = structure.composite().unwrap()?;
    /// assert_eq!(composite.get(1, 0).and_then(|number| number.as_i64()), Some(100));
    /// assert_eq!(composite.get(1, 2), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn get(&self, field: usize, row: usize) -> Option<Number> {
        let kind = *self.fields.get(field)?;
        let before: usize = self.fields[..field].iter().map(|kind| kind.size()).sum();
        let start = (row < self.rows()).then_some(row * self.row_length + before)?;
        Numbers::read(kind, &self.data[start..start + kind.size()], self.order).get(0)
    }

    /// All numbers of a field. `None` beyond the last field.
    ///
    /// ```
    /// # use hipo::{ByteOrder, CompositeBuilder, Event, EventBuilder};
    /// # let mut rows = CompositeBuilder::new(42, 1, "bi")?;
    /// # rows.push(&[1.into(), 100.into()])?;
    /// # rows.push(&[2.into(), 200.into()])?;
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_composite(&rows)?;
    /// # let bytes = builder.finish()?.to_vec();
    /// # let event = Event::from_bytes("a message", &bytes, ByteOrder::Little)?;
    /// # let structure = event.structure(42, 1)?.unwrap();
    /// # let composite = structure.composite().unwrap()?;
    /// assert_eq!(composite.column(1), Some(hipo::Numbers::I32(vec![100, 200])));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn column(&self, field: usize) -> Option<Numbers> {
        let kind = *self.fields.get(field)?;
        let before: usize = self.fields[..field].iter().map(|kind| kind.size()).sum();
        let mut numbers = Numbers::zeros(kind, self.rows());
        let rows = self.data.chunks_exact(self.row_length);
        for (cell, row) in numbers.bytes_mut().chunks_exact_mut(kind.size()).zip(rows) {
            cell.copy_from_slice(&row[before..before + kind.size()]);
        }
        Some(numbers.into_native(self.order))
    }
}

/// The types of a format: b s i f d l; other characters mean nothing.
fn fields(format: &str) -> Vec<ColumnType> {
    format.chars().filter(char::is_ascii_lowercase).filter_map(ColumnType::from_letter).collect()
}

/// A composite to be written.
///
/// ```
/// let mut rows = hipo::CompositeBuilder::new(42, 1, "bd")?;
/// rows.push(&[1.into(), 0.5.into()])?;
/// assert!(hipo::EventBuilder::new().add_composite(&rows).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CompositeBuilder {
    group: u16,
    item: u8,
    format: String,
    fields: Vec<ColumnType>,
    payload: Vec<u8>,
}

impl CompositeBuilder {
    /// An empty composite of this format, such as `"bssl"`.
    ///
    /// # Errors
    /// When the format has other letters than b s i f d l, none, or more than 127.
    ///
    /// ```
    /// assert!(hipo::CompositeBuilder::new(42, 1, "bssl").is_ok());
    /// assert!(hipo::CompositeBuilder::new(42, 1, "xyz").is_err());
    /// ```
    pub fn new(group: u16, item: u8, format: &str) -> Result<Self, Fault> {
        let fields = fields(format);
        if fields.is_empty() || fields.len() != format.len() || format.len() > MAX_FORMAT {
            return Err(Fault::Argument(format!(
                "{format:?} is no composite format: 1 to {MAX_FORMAT} of the letters b s i f d l"
            )));
        }
        Ok(Self { group, item, format: format.into(), fields, payload: format.as_bytes().to_vec() })
    }

    /// Appends a row: one number per field.
    ///
    /// # Errors
    /// When there are more or fewer numbers than fields, or one does not fit.
    ///
    /// ```
    /// let mut rows = hipo::CompositeBuilder::new(42, 1, "bi")?;
    /// assert!(rows.push(&[1.into(), 100.into()]).is_ok());
    /// assert!(rows.push(&[1.into()]).is_err(), "one field too few");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn push(&mut self, row: &[Number]) -> Result<(), Fault> {
        if row.len() != self.fields.len() {
            return Err(Fault::Argument(format!(
                "a row of {} has {} fields, not {}",
                self.format,
                self.fields.len(),
                row.len()
            )));
        }
        for (number, kind) in row.iter().zip(&self.fields) {
            crate::content::bank::append_number(&mut self.payload, *number, *kind)?;
        }
        Ok(())
    }

    pub(crate) fn append_to(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        structure::append(out, (self.group, self.item, structure::COMPOSITE), self.format.len(), &self.payload)
    }
}
