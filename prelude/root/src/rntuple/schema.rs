//! Fields and columns.

use super::envelope::Little;
use crate::error::{Error, Result};

/// A field: what a C++ member is.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub parent: usize,
    pub role: u16,
    pub name: String,
    pub type_name: String,
    /// Elements of a fixed array.
    pub size: Option<u64>,
}

/// A column: elements of one type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub kind: u16,
    pub bits: u16,
    pub field: usize,
    pub representation: u16,
    /// First element that is there; those before are zeros.
    pub first: u64,
    /// Range of quantized numbers.
    pub range: (f64, f64),
}

/// All that header and footer describe. Numbers go on from one to the other.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub fields: Vec<Field>,
    pub columns: Vec<Column>,
    /// A column that another field shows too: column and field.
    pub aliases: Vec<(usize, usize)>,
}

impl Schema {
    /// Reads the four lists of a header, or of the extension in a footer.
    pub(crate) fn read(&mut self, little: &mut Little) -> Result<()> {
        let list = little.frame()?;
        for _ in 0..list.items {
            let frame = little.frame()?;
            let field = field(little)?;
            self.fields.push(field);
            little.go(frame)?;
        }
        little.go(list)?;
        let list = little.frame()?;
        for _ in 0..list.items {
            let frame = little.frame()?;
            let column = column(little)?;
            self.columns.push(column);
            little.go(frame)?;
        }
        little.go(list)?;
        let list = little.frame()?;
        for _ in 0..list.items {
            let frame = little.frame()?;
            self.aliases.push((little.u32()? as usize, little.u32()? as usize));
            little.go(frame)?;
        }
        little.go(list)?;
        let extra = little.frame()?;
        little.go(extra)
    }

    /// Numbers that point at fields and columns must point at some.
    pub(crate) fn check(&self) -> Result<()> {
        let fields = self.fields.len();
        let wrong = self.fields.iter().enumerate().any(|(number, field)| field.parent > number)
            || self.columns.iter().any(|column| column.field >= fields)
            || self.aliases.iter().any(|(column, field)| *column >= self.columns.len() || *field >= fields);
        if wrong { Err(Error::damaged("a field or a column belongs to one that is not there")) } else { Ok(()) }
    }

    /// The fields right below a field.
    pub(crate) fn below(&self, field: usize) -> Vec<usize> {
        let below = |(number, one): (usize, &Field)| (one.parent == field && number != field).then_some(number);
        self.fields.iter().enumerate().filter_map(below).collect()
    }

    /// The columns of a field by representation, its own or those that it shows.
    pub(crate) fn columns_of(&self, field: usize) -> Vec<Vec<usize>> {
        let mut all: Vec<usize> =
            (0..self.columns.len()).filter(|column| self.columns[*column].field == field).collect();
        all.extend(self.aliases.iter().filter(|alias| alias.1 == field).map(|alias| alias.0));
        let mut sorted: Vec<Vec<usize>> = Vec::new();
        for column in all {
            let of = |one: &usize| self.columns[*one].representation;
            match sorted.iter_mut().find(|list| of(&list[0]) == of(&column)) {
                Some(list) => list.push(column),
                None => sorted.push(vec![column]),
            }
        }
        sorted
    }
}

fn field(little: &mut Little) -> Result<Field> {
    little.u64()?;
    let parent = little.u32()? as usize;
    let (role, flags) = (little.u16()?, little.u16()?);
    let (name, type_name) = (little.text()?, little.text()?);
    little.text()?;
    little.text()?;
    let size = if flags & 1 != 0 { Some(little.u64()?) } else { None };
    Ok(Field { parent, role, name, type_name, size })
}

fn column(little: &mut Little) -> Result<Column> {
    let (kind, bits) = (little.u16()?, little.u16()?);
    let field = little.u32()? as usize;
    let (flags, representation) = (little.u16()?, little.u16()?);
    // Suppressed deferred columns have a negative first element.
    let first = if flags & 1 != 0 { little.i64()?.unsigned_abs() & i64::MAX as u64 } else { 0 };
    let range = if flags & 2 != 0 { (little.f64()?, little.f64()?) } else { (0.0, 0.0) };
    Ok(Column { kind, bits, field, representation, first, range })
}
