//! Values of a column, in rows.

use super::Type;

/// Values of one type.
///
/// ```
/// let values = root::Values::F64(vec![0.5, 1.5]);
/// assert_eq!((values.len(), values.of()), (2, root::Type::F64));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is the number type of its name")]
pub enum Values {
    Bool(Vec<bool>),
    I8(Vec<i8>),
    U8(Vec<u8>),
    I16(Vec<i16>),
    U16(Vec<u16>),
    I32(Vec<i32>),
    U32(Vec<u32>),
    I64(Vec<i64>),
    U64(Vec<u64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Text(Text),
    /// Row `i` has the values from `offsets[i]` to `offsets[i + 1]`.
    List {
        offsets: Vec<i64>,
        values: Box<Values>,
    },
    /// Row `i` has the `size` values from `i * size`.
    Fixed {
        size: usize,
        rows: usize,
        values: Box<Values>,
    },
}

/// Texts one after another: row `i` has the bytes from `offsets[i]` to `offsets[i + 1]`.
///
/// ```
/// let text = root::Text { offsets: vec![0, 2, 4], bytes: b"muee".to_vec() };
/// assert_eq!((text.text(0), text.text(1)), ("mu".to_string(), "ee".to_string()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// One more than there are rows.
    pub offsets: Vec<i64>,
    /// All bytes, as they are in the file.
    pub bytes: Vec<u8>,
}

impl Text {
    /// The bytes of a row.
    ///
    /// ```
    /// let text = root::Text { offsets: vec![0, 2, 4], bytes: b"muee".to_vec() };
    /// assert_eq!(text.get(1), b"ee");
    /// ```
    pub fn get(&self, row: usize) -> &[u8] {
        &self.bytes[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// The text of a row. Bytes that are no UTF-8 are taken as Latin-1, so that none gets lost.
    ///
    /// ```
    /// let text = root::Text { offsets: vec![0, 1], bytes: vec![0xe9] };
    /// assert_eq!(text.text(0), "é", "Latin-1");
    /// ```
    pub fn text(&self, row: usize) -> String {
        crate::stream::latin(self.get(row))
    }
}

/// Does the same to the vector of a [`Values`] of numbers, of any type.
macro_rules! numbers {
    ($values:expr, $vector:ident => $work:expr, $($other:pat => $otherwise:expr),+ $(,)?) => {
        match $values {
            Values::Bool($vector) => $work,
            Values::I8($vector) => $work,
            Values::U8($vector) => $work,
            Values::I16($vector) => $work,
            Values::U16($vector) => $work,
            Values::I32($vector) => $work,
            Values::U32($vector) => $work,
            Values::I64($vector) => $work,
            Values::U64($vector) => $work,
            Values::F32($vector) => $work,
            Values::F64($vector) => $work,
            $($other => $otherwise),+
        }
    };
}
pub(crate) use numbers;

impl Values {
    /// No rows of a type.
    ///
    /// ```
    /// assert!(root::Values::empty(&root::Type::I32).is_empty());
    /// ```
    pub fn empty(of: &Type) -> Self {
        Self::with_capacity(of, 0)
    }

    pub(crate) fn with_capacity(of: &Type, rows: usize) -> Self {
        match of {
            Type::Bool => Self::Bool(Vec::with_capacity(rows)),
            Type::I8 => Self::I8(Vec::with_capacity(rows)),
            Type::U8 => Self::U8(Vec::with_capacity(rows)),
            Type::I16 => Self::I16(Vec::with_capacity(rows)),
            Type::U16 => Self::U16(Vec::with_capacity(rows)),
            Type::I32 => Self::I32(Vec::with_capacity(rows)),
            Type::U32 => Self::U32(Vec::with_capacity(rows)),
            Type::I64 => Self::I64(Vec::with_capacity(rows)),
            Type::U64 => Self::U64(Vec::with_capacity(rows)),
            Type::F32 => Self::F32(Vec::with_capacity(rows)),
            Type::F64 => Self::F64(Vec::with_capacity(rows)),
            Type::Text => Self::Text(Text { offsets: starts(rows), bytes: Vec::new() }),
            Type::List(inner) => Self::List { offsets: starts(rows), values: Box::new(Self::empty(inner)) },
            Type::Fixed(inner, size) => Self::Fixed {
                size: *size,
                rows: 0,
                values: Box::new(Self::with_capacity(inner, rows.saturating_mul(*size).min(1 << 20))),
            },
        }
    }

    /// Number of rows.
    ///
    /// ```
    /// assert_eq!(root::Values::I32(vec![1, 2, 3]).len(), 3);
    /// ```
    pub fn len(&self) -> usize {
        numbers!(self, vector => vector.len(),
            Self::Text(text) => text.offsets.len() - 1,
            Self::List { offsets, .. } => offsets.len() - 1,
            Self::Fixed { rows, .. } => *rows,
        )
    }

    /// Whether there are no rows.
    ///
    /// ```
    /// assert!(root::Values::I32(vec![]).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of the values.
    ///
    /// ```
    /// assert_eq!(root::Values::Bool(vec![true]).of(), root::Type::Bool);
    /// ```
    pub fn of(&self) -> Type {
        match self {
            Self::Bool(_) => Type::Bool,
            Self::I8(_) => Type::I8,
            Self::U8(_) => Type::U8,
            Self::I16(_) => Type::I16,
            Self::U16(_) => Type::U16,
            Self::I32(_) => Type::I32,
            Self::U32(_) => Type::U32,
            Self::I64(_) => Type::I64,
            Self::U64(_) => Type::U64,
            Self::F32(_) => Type::F32,
            Self::F64(_) => Type::F64,
            Self::Text(_) => Type::Text,
            Self::List { values, .. } => values.of().list(),
            Self::Fixed { size, values, .. } => Type::Fixed(Box::new(values.of()), *size),
        }
    }
}

fn starts(rows: usize) -> Vec<i64> {
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0);
    offsets
}
