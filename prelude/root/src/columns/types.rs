//! What a column holds.

use std::fmt;

/// Type of the values of a column.
///
/// ```
/// use root::Type;
/// assert_eq!(Type::List(Box::new(Type::F32)), Type::List(Box::new(Type::F32)));
/// assert_eq!(root::Values::empty(&Type::F32).of(), Type::F32);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the number type of its name")]
pub enum Type {
    /// True or false.
    Bool,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    /// Text; its bytes need not be UTF-8.
    Text,
    /// Any number of values per row.
    List(Box<Type>),
    /// The same number of values per row.
    Fixed(Box<Type>, usize),
}

impl Type {
    pub(crate) fn list(self) -> Self {
        Self::List(Box::new(self))
    }

    /// Bytes of a value in memory; of a list or a text those of its offset.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 | Self::Text | Self::List(_) => 8,
            Self::Fixed(inner, size) => inner.width().saturating_mul(*size),
        }
    }

    /// Fixed arrays around it, the last dimension innermost.
    pub(crate) fn fixed(self, dimensions: &[usize]) -> Self {
        dimensions.iter().rev().fold(self, |inner, size| Self::Fixed(Box::new(inner), *size))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(inner) => write!(f, "list[{inner}]"),
            Self::Fixed(inner, size) => write!(f, "array[{inner}, {size}]"),
            Self::Bool => f.write_str("bool"),
            Self::Text => f.write_str("text"),
            number => f.write_str(&format!("{number:?}").to_lowercase()),
        }
    }
}

/// A column of a table.
///
/// ```
/// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
/// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
/// # let path = path.with_extension(format!("{}.root", std::process::id()));
/// # let mut writer = Writer::create(&path, Compression::Default)?;
/// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
/// # let mut tree = TreeWriter::new("events", &columns)?;
/// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
/// # tree.finish(&mut writer)?;
/// # writer.finish()?;
/// # let file = File::open(&path)?;
/// # std::fs::remove_file(&path)?;
/// # let table = file.table("events")?;
/// let x: &root::Column = &table.columns()[0];
/// assert_eq!((x.name.as_str(), &x.of), ("x", &Type::F64));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, once in the table: the branch's own, or its whole path where the same name occurs twice.
    pub name: String,
    /// What it holds.
    pub of: Type,
    /// How the file names the type.
    pub type_name: String,
}

/// A branch or a field that is not a column.
///
/// ```
/// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
/// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
/// # let path = path.with_extension(format!("{}.root", std::process::id()));
/// # let mut writer = Writer::create(&path, Compression::Default)?;
/// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
/// # let mut tree = TreeWriter::new("events", &columns)?;
/// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
/// # tree.finish(&mut writer)?;
/// # writer.finish()?;
/// # let file = File::open(&path)?;
/// # std::fs::remove_file(&path)?;
/// # let table = file.table("events")?;
/// let skipped: &[root::Skipped] = table.skipped();
/// assert!(skipped.is_empty(), "all branches are columns");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its name.
    pub name: String,
    /// How the file names its type.
    pub type_name: String,
    /// Why it is not a column.
    pub reason: String,
}
