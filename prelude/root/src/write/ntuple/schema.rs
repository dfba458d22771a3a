//! Fields and columns of an ntuple in the making.

use super::little::Little;
use crate::columns::Type;
use crate::error::{Error, Kind, Result};

/// A field: a C++ type by its name.
#[derive(Debug)]
struct Field {
    parent: usize,
    /// 0: a value, 1: a collection.
    role: u16,
    name: String,
    type_name: String,
    /// Elements of a fixed array.
    size: Option<usize>,
}

/// A column: elements of one kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    field: usize,
    pub element: Element,
}

/// How the elements of a column are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// Truth values, eight in a byte.
    Bits,
    /// Characters of texts.
    Chars,
    /// Numbers of this many bytes.
    Number { code: u16, width: usize },
    /// The same with all first bytes first, then all second bytes, and so on. Signed integers are folded before: 0, -1, 1, -2.
    Split { code: u16, width: usize, signed: bool },
    /// Ends of lists.
    Ends,
    /// Differences of ends, as split numbers.
    SplitEnds,
}

impl Element {
    /// The number of the kind in the format, and bits of an element.
    pub(super) fn code(self) -> (u16, u16) {
        match self {
            Self::Bits => (0x00, 1),
            Self::Chars => (0x02, 8),
            Self::Number { code, width } | Self::Split { code, width, .. } => (code, width as u16 * 8),
            Self::Ends => (0x0f, 64),
            Self::SplitEnds => (0x1b, 64),
        }
    }
}

/// All fields and columns.
#[derive(Debug)]
pub(super) struct Schema {
    fields: Vec<Field>,
    pub columns: Vec<Column>,
    /// Whether bytes are put into planes, which pack better.
    split: bool,
}

impl Schema {
    /// The fields of these columns.
    ///
    /// # Errors
    /// Names that fields cannot have.
    pub(super) fn new(columns: &[(String, Type)], split: bool) -> Result<Self> {
        let mut schema = Self { fields: Vec::new(), columns: Vec::new(), split };
        for (name, of) in columns {
            checked(name)?;
            schema.field(None, name, of);
        }
        Ok(schema)
    }

    fn field(&mut self, parent: Option<usize>, name: &str, of: &Type) {
        let number = self.fields.len();
        let parent = parent.unwrap_or(number);
        let role = u16::from(matches!(of, Type::List(_)));
        let size = if let Type::Fixed(_, size) = of { Some(*size) } else { None };
        self.fields.push(Field { parent, role, name: name.to_owned(), type_name: type_name(of), size });
        let ends = if self.split { Element::SplitEnds } else { Element::Ends };
        let mut column = |element| self.columns.push(Column { field: number, element });
        match of {
            Type::Text => {
                column(ends);
                column(Element::Chars);
            }
            Type::List(inner) => {
                column(ends);
                self.field(Some(number), "_0", inner);
            }
            Type::Fixed(inner, _) => self.field(Some(number), "_0", inner),
            number => {
                let element = element(number, self.split);
                column(element);
            }
        }
    }

    /// Writes the four lists: fields, columns, aliases, more about types.
    pub(super) fn write(&self, out: &mut Little) {
        out.list(self.fields.len(), |out| self.fields.iter().for_each(|field| field.write(out)));
        out.list(self.columns.len(), |out| {
            for column in &self.columns {
                let (code, bits) = column.element.code();
                out.record(|out| {
                    out.u16(code).u16(bits).u32(column.field as u32).u16(0).u16(0);
                });
            }
        });
        nothing(out, 2);
    }
}

/// Lists without items.
pub(super) fn nothing(out: &mut Little, lists: usize) {
    (0..lists).for_each(|_| {
        out.list(0, |_| {});
    });
}

impl Field {
    fn write(&self, out: &mut Little) {
        out.record(|out| {
            out.u32(0).u32(0).u32(self.parent as u32).u16(self.role).u16(u16::from(self.size.is_some()));
            out.text(&self.name).text(&self.type_name).text("").text("");
            if let Some(size) = self.size {
                out.u64(size as u64);
            }
        });
    }
}

/// Refuses names with characters that ROOT forbids in the names of fields.
fn checked(name: &str) -> Result<()> {
    let wrong = |c: char| c.is_control() || matches!(c, '.' | '/' | '\\' | ' ');
    if name.is_empty() || name.contains(wrong) {
        let text = format!(
            "`{name}` cannot be the name of a field of an RNTuple: it is empty, or has a full stop, a slash or a blank; \
             rename the column"
        );
        return Err(Error::from(Kind::Refused(text)));
    }
    Ok(())
}

fn type_name(of: &Type) -> String {
    match of {
        Type::Bool => "bool".to_owned(),
        Type::F32 => "float".to_owned(),
        Type::F64 => "double".to_owned(),
        Type::Text => "std::string".to_owned(),
        Type::I8 => "std::int8_t".to_owned(),
        Type::U8 => "std::uint8_t".to_owned(),
        Type::I16 => "std::int16_t".to_owned(),
        Type::U16 => "std::uint16_t".to_owned(),
        Type::I32 => "std::int32_t".to_owned(),
        Type::U32 => "std::uint32_t".to_owned(),
        Type::I64 => "std::int64_t".to_owned(),
        Type::U64 => "std::uint64_t".to_owned(),
        Type::List(inner) => format!("std::vector<{}>", type_name(inner)),
        Type::Fixed(inner, size) => format!("std::array<{},{size}>", type_name(inner)),
    }
}

/// The kind of element of numbers and truth values; of anything else that of characters, which stand for themselves.
fn element(of: &Type, split: bool) -> Element {
    let number = |code| Element::Number { code, width: of.width() };
    let either = |plain: u16, planes: u16, signed| match split {
        true => Element::Split { code: planes, width: of.width(), signed },
        false => Element::Number { code: plain, width: of.width() },
    };
    match of {
        Type::Bool => Element::Bits,
        Type::I8 => number(0x03),
        Type::U8 => number(0x04),
        Type::I16 => either(0x05, 0x11, true),
        Type::U16 => either(0x06, 0x12, false),
        Type::I32 => either(0x07, 0x13, true),
        Type::U32 => either(0x08, 0x14, false),
        Type::I64 => either(0x09, 0x15, true),
        Type::U64 => either(0x0a, 0x16, false),
        Type::F32 => either(0x0c, 0x18, false),
        Type::F64 => either(0x0d, 0x19, false),
        Type::Text | Type::List(_) | Type::Fixed(..) => Element::Chars,
    }
}
