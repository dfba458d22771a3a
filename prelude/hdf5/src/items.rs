//! What a row of a table holds: members of a compound, numbers of an array, elements of arrays in a compound.

use crate::store::{Field, Number, Store, number};
use hdf5_pure::Datatype;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number(Number),
    /// True or false, in a byte.
    Truth,
    /// A text of at most so many bytes.
    Text(usize),
}

/// One value of each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The member of the compound; empty of a dataset that is none.
    pub name: String,
    /// Which element of an array it is.
    pub element: Option<usize>,
    /// What it is, or the name of a type that is not known here.
    pub kind: Result<Kind, String>,
    at: usize,
    row: usize,
    big_endian: bool,
}

/// Elements of an array that are columns of their own; a longer array is not.
const MOST: usize = 1 << 14;

impl Store {
    /// All values of a row, in their order.
    pub fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        match &self.datatype {
            Datatype::Compound { members, .. } => {
                for member in members {
                    self.array(&member.name, &member.datatype, member.byte_offset as usize, &mut items);
                }
            }
            other if self.across == 1 => self.array("", other, 0, &mut items),
            other => {
                let width = other.type_size() as usize;
                let item = |at: usize| self.item("", Some(at), other, at * width);
                items.extend((0..self.across).map(item));
            }
        }
        items
    }

    fn array(&self, name: &str, datatype: &Datatype, at: usize, items: &mut Vec<Item>) {
        let Datatype::Array { base_type, dimensions } = datatype else {
            return items.push(self.item(name, None, datatype, at));
        };
        let count = dimensions.iter().map(|count| *count as usize).product::<usize>();
        if count > MOST {
            let kind = Err(format!("array of {count}"));
            return items.push(Item { kind, ..self.item(name, None, base_type, at) });
        }
        let width = base_type.type_size() as usize;
        items.extend((0..count).map(|element| self.item(name, Some(element), base_type, at + element * width)));
    }

    fn item(&self, name: &str, element: Option<usize>, datatype: &Datatype, at: usize) -> Item {
        let (kind, big_endian) = kind(datatype);
        let inside = at + datatype.type_size() as usize <= self.row_bytes;
        let kind = if inside { kind } else { Err("value beyond its row".to_owned()) };
        Item { name: name.to_owned(), element, kind, at, row: self.row_bytes, big_endian }
    }
}

fn kind(datatype: &Datatype) -> (Result<Kind, String>, bool) {
    match datatype {
        Datatype::String { size, .. } => (Ok(Kind::Text(*size as usize)), false),
        Datatype::BitField { size: 1, .. } => (Ok(Kind::Truth), false),
        Datatype::Enumeration { members, base_type, .. } if base_type.type_size() == 1 && is_truth(members) => {
            (Ok(Kind::Truth), false)
        }
        other => match number(other) {
            Some((number, big_endian)) => (Ok(Kind::Number(number)), big_endian),
            None => (Err(name(other)), false),
        },
    }
}

/// Whether these are the words of h5py for truth values.
fn is_truth(members: &[hdf5_pure::EnumMember]) -> bool {
    members.len() == 2 && ["FALSE", "TRUE"].iter().all(|word| members.iter().any(|member| member.name == **word))
}

fn name(datatype: &Datatype) -> String {
    match datatype {
        Datatype::FloatingPoint { size, .. } => format!("floating point of {size} bytes"),
        Datatype::FixedPoint { size, .. } => format!("integer of {size} bytes"),
        Datatype::Time { .. } => "time".to_owned(),
        Datatype::Opaque { .. } => "opaque".to_owned(),
        Datatype::Compound { .. } => "compound".to_owned(),
        Datatype::Reference { .. } => "reference".to_owned(),
        Datatype::VariableLength { is_string: true, .. } => "text of variable length".to_owned(),
        Datatype::VariableLength { .. } => "list of variable length".to_owned(),
        _ => "unknown".to_owned(),
    }
}

impl Item {
    /// A value of a type that is not known here.
    pub fn unknown(what: &str) -> Self {
        Self { name: String::new(), element: None, kind: Err(what.to_owned()), at: 0, row: 1, big_endian: false }
    }

    /// Where it is, if it is a number or a truth value.
    pub fn field(&self) -> Option<Field> {
        let number = match self.kind.as_ref().ok()? {
            Kind::Number(number) => *number,
            Kind::Truth => Number::Unsigned(1),
            Kind::Text(_) => return None,
        };
        Some(Field { number, big_endian: self.big_endian, at: self.at, row: self.row })
    }

    /// The bytes of the text of each row, without what fills it up; nothing if it is no text.
    pub fn texts<'r>(&self, raw: &'r [u8]) -> impl Iterator<Item = &'r [u8]> + use<'r> {
        let size = if let Ok(Kind::Text(size)) = self.kind { size } else { 0 };
        let (at, row) = (self.at, if size == 0 { usize::MAX } else { self.row });
        raw.chunks_exact(row).map(move |row| {
            let text = &row[at..at + size];
            let end = text.iter().position(|byte| *byte == 0).unwrap_or(size);
            &text[..end]
        })
    }
}
