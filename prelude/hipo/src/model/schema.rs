//! What a bank looks like: its name, its numbers, its columns.

use std::fmt;

use serde_json::{Value, json};

use crate::model::error::Fault;

/// The longest payload a structure can have: its length word has 24 bits.
pub const MAX_STRUCTURE: usize = 0x00ff_ffff;

/// The type of a column's numbers.
///
/// ```
/// use hipo::{ColumnType, Schema};
/// assert_eq!(Schema::parse("{a/1/1}{pid/I}")?.columns()[0].kind, ColumnType::I32);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// `B`, 8 bits.
    I8,
    /// `S`, 16 bits.
    I16,
    /// `I`, 32 bits.
    I32,
    /// `F`, 32 bits.
    F32,
    /// `D`, 64 bits.
    F64,
    /// `L`, 64 bits.
    I64,
}

impl ColumnType {
    /// The type of a letter of a schema, upper or lower case.
    #[must_use]
    pub(crate) fn from_letter(letter: char) -> Option<Self> {
        match letter.to_ascii_uppercase() {
            'B' => Some(Self::I8),
            'S' => Some(Self::I16),
            'I' => Some(Self::I32),
            'F' => Some(Self::F32),
            'D' => Some(Self::F64),
            'L' => Some(Self::I64),
            _ => None,
        }
    }

    /// The type of an array structure with this type byte.
    #[must_use]
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::I8),
            2 => Some(Self::I16),
            3 => Some(Self::I32),
            4 => Some(Self::F32),
            5 => Some(Self::F64),
            8 => Some(Self::I64),
            _ => None,
        }
    }

    /// The type byte of an array structure.
    ///
    /// ```
    /// assert_ne!(hipo::ColumnType::I8.code(), hipo::ColumnType::F64.code());
    /// ```
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 => 3,
            Self::F32 => 4,
            Self::F64 => 5,
            Self::I64 => 8,
        }
    }

    /// The letter of a schema.
    ///
    /// ```
    /// assert_eq!((hipo::ColumnType::I32.letter(), hipo::ColumnType::F32.letter()), ('I', 'F'));
    /// ```
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::I8 => 'B',
            Self::I16 => 'S',
            Self::I32 => 'I',
            Self::F32 => 'F',
            Self::F64 => 'D',
            Self::I64 => 'L',
        }
    }

    /// Size of one number in bytes.
    ///
    /// ```
    /// assert_eq!((hipo::ColumnType::I16.size(), hipo::ColumnType::F64.size()), (2, 8));
    /// ```
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }
}

/// One column of a bank.
///
/// ```
/// let schema = hipo::Schema::parse("{my::Bank/900/1}{cov/F#3}")?;
/// let cov: &hipo::SchemaColumn = &schema.columns()[0];
/// assert_eq!((cov.name.as_str(), cov.count), ("cov", 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaColumn {
    /// Name.
    pub name: String,
    /// Type of its numbers.
    pub kind: ColumnType,
    /// Numbers per row: 1, or more for an array column (`cov/F#3`), which C++ cannot read.
    pub count: usize,
    /// What it means, as the JSON form of the dictionary says.
    pub description: String,
    /// Bytes of one row of all columns before this one.
    pub(crate) offset: usize,
}

impl SchemaColumn {
    /// Bytes of one row of this column.
    ///
    /// ```
    /// assert_eq!(hipo::Schema::parse("{my::Bank/900/1}{cov/F#3}")?.columns()[0].size(), 12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn size(&self) -> usize {
        self.kind.size() * self.count
    }
}

/// The layout of a bank.
///
/// ```
/// let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,cov/F#2}")?;
/// assert_eq!((schema.name(), schema.row_length()), ("REC::Particle", 12));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    name: String,
    group: u16,
    item: u8,
    description: String,
    columns: Vec<SchemaColumn>,
    row_length: usize,
}

impl Schema {
    /// A bank without columns yet; see [`Schema::column`].
    ///
    /// # Errors
    /// When the name is empty or has one of `/ , { }` in it.
    ///
    /// ```
    /// let schema = hipo::Schema::new("my::Bank", 900, 1)?;
    /// assert_eq!((schema.group(), schema.columns().len()), (900, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(name: &str, group: u16, item: u8) -> Result<Self, Fault> {
        let name = checked_name(name)?;
        Ok(Self { name, group, item, description: String::new(), columns: Vec::new(), row_length: 0 })
    }

    /// With one more column, `count` numbers per row.
    ///
    /// # Errors
    /// When the name is not possible or taken, or a row grows beyond what a structure can hold.
    ///
    /// ```
    /// let schema = hipo::Schema::new("my::Bank", 900, 1)?.column("px", hipo::ColumnType::F32, 1)?;
    /// assert!(schema.column("px", hipo::ColumnType::F32, 1).is_err(), "the name is taken");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn column(mut self, name: &str, kind: ColumnType, count: usize) -> Result<Self, Fault> {
        let name = checked_name(name)?;
        if self.columns.iter().any(|column| column.name == name) {
            return Err(Fault::Schema(format!("{} has two columns `{name}`", self.name)));
        }
        let size = kind.size().checked_mul(count).filter(|size| (1..=MAX_STRUCTURE).contains(size));
        let row_length = size.map(|size| self.row_length + size).filter(|length| *length <= MAX_STRUCTURE);
        let Some(row_length) = row_length else {
            return Err(Fault::Schema(format!("{}.{name}: {count} numbers per row cannot be stored", self.name)));
        };
        self.columns.push(SchemaColumn { name, kind, count, description: String::new(), offset: self.row_length });
        self.row_length = row_length;
        Ok(self)
    }

    /// With a description, which the JSON form of the dictionary carries.
    ///
    /// ```
    /// assert_eq!(hipo::Schema::new("my::Bank", 900, 1)?.described("my own").description(), "my own");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn described(mut self, text: &str) -> Self {
        self.description = text.into();
        self
    }

    /// With a description of the column added last.
    ///
    /// ```
    /// let schema = hipo::Schema::new("my::Bank", 900, 1)?.column("px", hipo::ColumnType::F32, 1)?;
    /// assert_eq!(schema.column_described("in GeV").columns()[0].description, "in GeV");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn column_described(mut self, text: &str) -> Self {
        if let Some(column) = self.columns.last_mut() {
            column.description = text.into();
        }
        self
    }

    /// Reads the text form `{NAME/GROUP/ITEM}{column/T,column/T#N}`.
    ///
    /// # Errors
    /// When the text is anything else.
    ///
    /// ```
    /// assert_eq!(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?.columns().len(), 2);
    /// assert!(hipo::Schema::parse("{REC::Particle}").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.split('\0').next().unwrap_or_default();
        let wrong = |why: &str| Fault::Schema(format!("{why} in {:?}", shortened(text)));
        let (head, rest) = braces(text).ok_or_else(|| wrong("no {NAME/GROUP/ITEM}"))?;
        let (body, _) = braces(rest).ok_or_else(|| wrong("no {column/TYPE,...}"))?;
        let mut parts = head.split('/').map(str::trim);
        let (Some(name), Some(group), Some(item), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong("not NAME/GROUP/ITEM"));
        };
        let group = group.parse().map_err(|_| wrong("the group is not a number from 0 to 65535"))?;
        let item = item.parse().map_err(|_| wrong("the item is not a number from 0 to 255"))?;
        let mut schema = Self::new(name, group, item)?;
        for column in body.split(',').map(str::trim).filter(|column| !column.is_empty()) {
            let (name, kind) = column.split_once('/').ok_or_else(|| wrong("a column without type"))?;
            let (kind, count) =
                parse_kind(kind).ok_or_else(|| wrong("a column type that is not one of B S I F D L"))?;
            schema = schema.column(name, kind, count)?;
        }
        Ok(schema)
    }

    /// Reads the JSON form that Java uses.
    ///
    /// # Errors
    /// When the text is anything else.
    ///
    /// ```
    /// let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I}")?;
    /// assert!(hipo::Schema::parse_json(&schema.to_json())?.same_layout(&schema));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse_json(text: &str) -> Result<Self, Fault> {
        let wrong = |why: &str| Fault::Schema(format!("{why} in {:?}", shortened(text)));
        let value: Value =
            serde_json::from_str(text.trim_end_matches('\0')).map_err(|error| wrong(&error.to_string()))?;
        let number = |key: &str| value[key].as_u64().ok_or_else(|| wrong(&format!("no number \"{key}\"")));
        let name = value["name"].as_str().ok_or_else(|| wrong("no \"name\""))?;
        let group = u16::try_from(number("group")?).map_err(|_| wrong("the group is above 65535"))?;
        let item = u8::try_from(number("item")?).map_err(|_| wrong("the item is above 255"))?;
        let mut schema = Self::new(name, group, item)?.described(value["info"].as_str().unwrap_or_default().trim());
        for entry in value["entries"].as_array().ok_or_else(|| wrong("no \"entries\""))? {
            let name = entry["name"].as_str().ok_or_else(|| wrong("an entry without name"))?;
            let kind = entry["type"].as_str().and_then(parse_kind);
            let (kind, count) = kind.ok_or_else(|| wrong("an entry whose type is not one of B S I F D L"))?;
            schema = schema.column(name, kind, count)?;
            schema = schema.column_described(entry["info"].as_str().unwrap_or_default().trim());
        }
        Ok(schema)
    }

    /// The JSON form. Java requires an `info` in every entry.
    ///
    /// ```
    /// assert!(hipo::Schema::parse("{REC::Particle/300/31}{pid/I}")?.to_json().contains("\"info\""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        let info = |text: &str| if text.is_empty() { " ".to_string() } else { text.to_string() };
        let entry = |column: &SchemaColumn| json!({"name": column.name, "type": kind_text(column), "info": info(&column.description)});
        let entries: Vec<Value> = self.columns.iter().map(entry).collect();
        json!({"name": self.name, "group": self.group, "item": self.item, "info": info(&self.description), "entries": entries})
            .to_string()
    }

    /// Name, such as `REC::Particle`.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// assert_eq!(schema.name(), "REC::Particle");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Group number of its structures.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// assert_eq!(schema.group(), 300);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn group(&self) -> u16 {
        self.group
    }

    /// Item number of its structures.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// assert_eq!(schema.item(), 31);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn item(&self) -> u8 {
        self.item
    }

    /// What it means; often empty.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// assert_eq!(schema.description(), "");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The columns in file order.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// assert_eq!(schema.columns()[1].name, "px");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn columns(&self) -> &[SchemaColumn] {
        &self.columns
    }

    /// Bytes of one row.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// assert_eq!(schema.row_length(), 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row_length(&self) -> usize {
        self.row_length
    }

    /// The index of a column.
    ///
    /// # Errors
    /// When there is no such column; the message names the nearest.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// assert_eq!(schema.index_of("px")?, 1);
    /// assert!(schema.index_of("py").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn index_of(&self, name: &str) -> Result<usize, Fault> {
        let found = self.columns.iter().position(|column| column.name == name);
        let known = || self.columns.iter().map(|column| column.name.as_str());
        found.ok_or_else(|| Fault::unknown(format!("column of {}", self.name), name, known()))
    }

    /// Whether banks of both read the same: all but the descriptions.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// let other = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?.described("particles");
    /// assert!(schema.same_layout(&other));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn same_layout(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }

    /// Takes over the descriptions of the JSON form, when it is of the same layout.
    pub(crate) fn describe_from(&mut self, other: &Self) {
        if self.same_layout(other) {
            self.clone_from(other);
        }
    }
}

impl fmt::Display for Schema {
    /// The text form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}/{}/{}}}{{", self.name, self.group, self.item)?;
        for (index, column) in self.columns.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}/{}", column.name, kind_text(column))?;
        }
        f.write_str("}")
    }
}

fn kind_text(column: &SchemaColumn) -> String {
    match column.count {
        1 => column.kind.letter().to_string(),
        count => format!("{}#{count}", column.kind.letter()),
    }
}

fn parse_kind(text: &str) -> Option<(ColumnType, usize)> {
    let (letter, count) = text.split_once('#').unwrap_or((text, "1"));
    let mut letters = letter.trim().chars();
    let kind = ColumnType::from_letter(letters.next()?)?;
    let count = count.trim().parse().ok()?;
    (letters.next().is_none() && count > 0).then_some((kind, count))
}

fn checked_name(name: &str) -> Result<String, Fault> {
    let name = name.trim();
    if name.is_empty() || name.contains(['/', ',', '{', '}']) {
        return Err(Fault::Schema(format!("{name:?} cannot be a name: it is empty or has one of / , {{ }}")));
    }
    Ok(name.into())
}

/// What is inside the first pair of braces, and what follows it.
fn braces(text: &str) -> Option<(&str, &str)> {
    let start = text.find('{')? + 1;
    let end = start + text[start..].find('}')?;
    Some((&text[start..end], &text[end + 1..]))
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let schema = Schema::parse("{REC::Cov/300/33}{ pid / I , cov/F#3,status/s }").unwrap();
        assert_eq!(schema.to_string(), "{REC::Cov/300/33}{pid/I,cov/F#3,status/S}");
        assert_eq!(schema.row_length(), 4 + 12 + 2);
        assert_eq!(Schema::parse_json(&schema.to_json()).unwrap(), schema);
        assert_eq!(Schema::parse(&schema.to_string()).unwrap(), schema);
    }

    #[test]
    fn a_wrong_schema_is_refused() {
        for text in [
            "",
            "{A/1/1}",
            "{A/1}{x/I}",
            "{A/70000/1}{x/I}",
            "{A/1/256}{x/I}",
            "{A/1/1}{x}",
            "{A/1/1}{x/Q}",
            "{A/1/1}{x/I,x/F}",
            "{A/1/1}{x/I#0}",
            "{A/1/1}{x/D#99999999}",
            "{/1/1}{x/I}",
            "{A/1/1}{x/II}",
        ] {
            assert!(Schema::parse(text).is_err(), "{text}");
        }
    }
}
