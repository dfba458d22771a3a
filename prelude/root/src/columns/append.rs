//! Rows of one table after rows of another, and rows out of the middle.

use super::values::numbers;
use super::{Text, Values};
use std::ops::Range;

impl Values {
    /// Puts the rows of `other`, which has the same type, behind its own.
    pub(crate) fn append(&mut self, other: Self) {
        if self.is_empty() && self.of() == other.of() {
            *self = other;
            return;
        }
        macro_rules! same {
            ($($kind:ident),*) => {
                match (self, other) {
                    $((Self::$kind(have), Self::$kind(more)) => have.extend_from_slice(&more),)*
                    (Self::Text(have), Self::Text(more)) => {
                        shift(&mut have.offsets, &more.offsets);
                        have.bytes.extend_from_slice(&more.bytes);
                    }
                    (Self::List { offsets, values }, Self::List { offsets: more, values: others }) => {
                        shift(offsets, &more);
                        values.append(*others);
                    }
                    (Self::Fixed { rows, values, .. }, Self::Fixed { rows: more, values: others, .. }) => {
                        *rows += more;
                        values.append(*others);
                    }
                    // Both come from one column.
                    (_, _) => debug_assert!(false, "rows of another type"),
                }
            };
        }
        same!(Bool, I8, U8, I16, U16, I32, U32, I64, U64, F32, F64);
    }

    /// Rows out of the middle; all of them without a copy.
    pub(crate) fn slice(self, range: Range<usize>) -> Self {
        if range == (0..self.len()) { self } else { self.part(range) }
    }

    /// A copy of rows out of the middle.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        macro_rules! part {
            ($($kind:ident),*) => {
                match self {
                    $(Self::$kind(values) => Self::$kind(values[range].to_vec()),)*
                    Self::Text(text) => {
                        let (offsets, inner) = cut(&text.offsets, range);
                        Self::Text(Text { offsets, bytes: text.bytes[inner].to_vec() })
                    }
                    Self::List { offsets, values } => {
                        let (offsets, inner) = cut(offsets, range);
                        Self::List { offsets, values: Box::new(values.part(inner)) }
                    }
                    Self::Fixed { size, values, .. } => {
                        let rows = range.len();
                        let values = Box::new(values.part(range.start * size..range.end * size));
                        Self::Fixed { size: *size, rows, values }
                    }
                }
            };
        }
        part!(Bool, I8, U8, I16, U16, I32, U32, I64, U64, F32, F64)
    }

    /// Adds a row of zeros, empty texts or empty lists.
    pub(crate) fn push_default(&mut self) {
        numbers!(self, vector => vector.push(Default::default()),
            Self::Text(text) => text.offsets.push(text.bytes.len() as i64),
            Self::List { offsets, values } => offsets.push(values.len() as i64),
            Self::Fixed { size, rows, values } => {
                *rows += 1;
                (0..*size).for_each(|_| values.push_default());
            }
        );
    }
}

/// Offsets behind offsets, counted from the last of them.
fn shift(have: &mut Vec<i64>, more: &[i64]) {
    let last = have.last().copied().unwrap_or(0);
    have.extend(more.iter().skip(1).map(|offset| offset + last));
}

/// The offsets of some rows, counted from 0, and the values they span.
fn cut(offsets: &[i64], rows: Range<usize>) -> (Vec<i64>, Range<usize>) {
    let (start, end) = (offsets[rows.start], offsets[rows.end]);
    (offsets[rows.start..=rows.end].iter().map(|offset| offset - start).collect(), start as usize..end as usize)
}
