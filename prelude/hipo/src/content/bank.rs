//! Banks: tables of numbers, column after column, without padding.

use std::sync::Arc;

use crate::content::structure::{self, Number, Numbers, Structure};
use crate::model::error::Fault;
use crate::model::order::{ByteOrder, Element};
use crate::model::schema::{ColumnType, MAX_STRUCTURE, Schema, SchemaColumn};

/// A flyweight view of a bank in an event: nothing is copied until a number is asked for.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let schema = reader.bank("REC::Particle")?;
/// # let mut events = reader.events();
/// # let event = events.next()?.unwrap();
/// let particles: hipo::Bank = event.bank(&schema)?;
/// assert_eq!(particles.get("pid", 1)?.as_i64(), Some(2212));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Bank<'a> {
    schema: &'a Schema,
    data: &'a [u8],
    rows: usize,
    order: ByteOrder,
}

impl<'a> Structure<'a> {
    /// Its payload as a bank of this schema, whose numbers the caller has compared.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// assert_eq!(event.structure(300, 31)?.unwrap().bank(&schema).rows(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn bank(&self, schema: &'a Schema) -> Bank<'a> {
        Bank::new(schema, self)
    }
}

impl<'a> Bank<'a> {
    pub(crate) fn new(schema: &'a Schema, structure: &Structure<'a>) -> Self {
        let rows = rows_of(structure.payload.len(), schema.row_length());
        Self { schema, data: structure.payload, rows, order: structure.order }
    }

    /// A bank with no rows: what an event has that does not hold the bank.
    pub(crate) fn empty(schema: &'a Schema) -> Self {
        Self { schema, data: &[], rows: 0, order: ByteOrder::NATIVE }
    }

    /// Its layout.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// # let bank = event.bank(&schema)?;
    /// assert_eq!(bank.schema().name(), "REC::Particle");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn schema(&self) -> &'a Schema {
        self.schema
    }

    /// Number of rows; 0 when the event does not hold the bank.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// # let bank = event.bank(&schema)?;
    /// assert_eq!(bank.rows(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number in a row of a column, by name. For loops, find the column's index once and use [`Bank::at`].
    ///
    /// # Errors
    /// When there is no such column or row.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// # let bank = event.bank(&schema)?;
    /// assert_eq!(bank.get("px", 0)?.as_f64(), 0.5);
    /// assert!(bank.get("px", 2).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, column: &str, row: usize) -> Result<Number, Fault> {
        let index = self.schema.index_of(column)?;
        self.at(index, row).ok_or_else(|| {
            Fault::Argument(format!("{}.{column}: no row {row}, there are {}", self.schema.name(), self.rows))
        })
    }

    /// The (first) number in a row of the column with this index. `None` beyond the end.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// # let bank = event.bank(&schema)?;
    /// let pid = schema.index_of("pid")?;
    /// assert_eq!((bank.at(pid, 0).unwrap().as_i64(), bank.at(pid, 2)), (Some(11), None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn at(&self, column: usize, row: usize) -> Option<Number> {
        match self.schema.columns().get(column)?.kind {
            ColumnType::I8 => self.value::<i8>(column, row).map(Number::from),
            ColumnType::I16 => self.value::<i16>(column, row).map(Number::from),
            ColumnType::I32 => self.value::<i32>(column, row).map(Number::from),
            ColumnType::I64 => self.value::<i64>(column, row).map(Number::from),
            ColumnType::F32 => self.value::<f32>(column, row).map(Number::from),
            ColumnType::F64 => self.value::<f64>(column, row).map(Number::from),
        }
    }

    /// The typed number in a row of a column. `None` beyond the end or when `T` has another size than the column.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// # let bank = event.bank(&schema)?;
    /// let pid = schema.index_of("pid")?;
    /// assert_eq!((bank.value::<i32>(pid, 0), bank.value::<f64>(pid, 0)), (Some(11), None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn value<T: Element>(&self, column: usize, row: usize) -> Option<T> {
        let column = self.schema.columns().get(column)?;
        if row >= self.rows || size_of::<T>() != column.kind.size() {
            return None;
        }
        Some(self.order.read(self.data, self.rows * column.offset + row * column.size()))
    }

    /// All numbers of the column with this index, row after row. `None` beyond the last column.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// # let bank = event.bank(&schema)?;
    /// assert_eq!(bank.column(0), Some(hipo::Numbers::I32(vec![11, 2212])));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn column(&self, column: usize) -> Option<Numbers> {
        let column = self.schema.columns().get(column)?;
        Some(Numbers::read(column.kind, self.column_bytes(column), self.order))
    }

    fn column_bytes(&self, column: &SchemaColumn) -> &'a [u8] {
        let start = self.rows * column.offset;
        &self.data[start..start + self.rows * column.size()]
    }
}

/// Whole rows in a payload; a ragged end is left out, as all readers do.
pub(crate) fn rows_of(length: usize, row_length: usize) -> usize {
    length.checked_div(row_length).unwrap_or(0)
}

/// A bank to be written.
///
/// ```
/// # use std::sync::Arc;
/// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
/// let mut bank = hipo::BankBuilder::new(&schema, 2)?;
/// bank.put("pid", 0, 11)?;
/// assert_eq!(bank.rows(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct BankBuilder {
    schema: Arc<Schema>,
    rows: usize,
    data: Vec<u8>,
}

impl BankBuilder {
    /// A bank of `rows` rows of zeros.
    ///
    /// # Errors
    /// When that many rows do not fit into a structure.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// assert_eq!(hipo::BankBuilder::new(&schema, 3)?.rows(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(schema: &Arc<Schema>, rows: usize) -> Result<Self, Fault> {
        let length = rows.checked_mul(schema.row_length()).filter(|length| *length <= MAX_STRUCTURE);
        let Some(length) = length else {
            return Err(Fault::Argument(format!(
                "{} with {rows} rows: a bank holds at most {MAX_STRUCTURE} bytes",
                schema.name()
            )));
        };
        Ok(Self { schema: Arc::clone(schema), rows, data: vec![0; length] })
    }

    /// Its layout.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// assert_eq!(hipo::BankBuilder::new(&schema, 1)?.schema().name(), "REC::Particle");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Number of rows.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// assert_eq!(hipo::BankBuilder::new(&schema, 1)?.rows(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Sets the (first) number in a row of a column.
    ///
    /// # Errors
    /// When there is no such column or row, or the number does not fit the column's type.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// let mut bank = hipo::BankBuilder::new(&schema, 1)?;
    /// assert!(bank.put("px", 0, 0.5).is_ok() && bank.put("px", 1, 0.5).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn put(&mut self, column: &str, row: usize, number: impl Into<Number>) -> Result<(), Fault> {
        let index = self.schema.index_of(column)?;
        if row >= self.rows {
            return Err(Fault::Argument(format!(
                "{}.{column}: no row {row}, there are {}",
                self.schema.name(),
                self.rows
            )));
        }
        let column = &self.schema.columns()[index];
        let start = self.rows * column.offset + row * column.size();
        let mut bytes = Vec::with_capacity(8);
        append_number(&mut bytes, number.into(), column.kind)?;
        self.data[start..start + bytes.len()].copy_from_slice(&bytes);
        Ok(())
    }

    /// Sets all rows of a column; an array column takes `count` numbers per row.
    ///
    /// # Errors
    /// When there is no such column, or the numbers are of another type or not as many as the bank has rows.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// let mut bank = hipo::BankBuilder::new(&schema, 2)?;
    /// bank.put_column("pid", &hipo::Numbers::I32(vec![11, 2212]))?;
    /// assert!(bank.put_column("pid", &hipo::Numbers::I32(vec![11])).is_err(), "two rows");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn put_column(&mut self, column: &str, numbers: &Numbers) -> Result<(), Fault> {
        let index = self.schema.index_of(column)?;
        let target = &self.schema.columns()[index];
        let wanted = self.rows * target.count;
        if numbers.kind() != target.kind || numbers.len() != wanted {
            return Err(Fault::Argument(format!(
                "{}.{column} takes {wanted} numbers of type {:?}, not {} of type {:?}",
                self.schema.name(),
                target.kind,
                numbers.len(),
                numbers.kind()
            )));
        }
        let start = self.rows * target.offset;
        let cells = &mut self.data[start..start + self.rows * target.size()];
        if ByteOrder::NATIVE == ByteOrder::Little {
            cells.copy_from_slice(numbers.bytes());
        } else {
            cells.copy_from_slice(numbers.clone().into_native(ByteOrder::Little).bytes());
        }
        Ok(())
    }

    pub(crate) fn append_to(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        structure::append(out, (self.schema.group(), self.schema.item(), structure::BANK), 0, &self.data)
    }
}

/// Appends a number as `kind`, little-endian.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a float column rounds, like any float"
)]
pub(crate) fn append_number(out: &mut Vec<u8>, number: Number, kind: ColumnType) -> Result<(), Fault> {
    let integer = || {
        number
            .as_i64()
            .ok_or_else(|| Fault::Argument(format!("{number} is a float, the column has integers ({kind:?})")))
    };
    let outside = |value: i64| Fault::Argument(format!("{value} does not fit into {kind:?}"));
    match kind {
        ColumnType::I8 => {
            let value = integer()?;
            out.extend_from_slice(&i8::try_from(value).map_err(|_| outside(value))?.to_le_bytes());
        }
        ColumnType::I16 => {
            let value = integer()?;
            out.extend_from_slice(&i16::try_from(value).map_err(|_| outside(value))?.to_le_bytes());
        }
        ColumnType::I32 => {
            let value = integer()?;
            out.extend_from_slice(&i32::try_from(value).map_err(|_| outside(value))?.to_le_bytes());
        }
        ColumnType::I64 => out.extend_from_slice(&integer()?.to_le_bytes()),
        ColumnType::F32 => {
            let value = match number {
                Number::F32(value) => value,
                Number::F64(value) => value as f32,
                Number::Integer(value) => value as f32,
            };
            out.extend_from_slice(&value.to_le_bytes());
        }
        ColumnType::F64 => out.extend_from_slice(&number.as_f64().to_le_bytes()),
    }
    Ok(())
}
