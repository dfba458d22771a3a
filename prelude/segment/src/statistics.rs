use std::collections::HashMap;
use std::sync::Arc;

/// A bound of a column. Compare only bounds of one kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A boolean.
    Bool(bool),
    /// An integer of any width and sign.
    Int(i128),
    /// A floating point number, never NaN.
    Float(f64),
    /// Text.
    Text(Arc<str>),
    /// A time in nanoseconds since 1970, UTC; or a duration in nanoseconds.
    Time(i64),
}

/// What is known of one column of a segment before it is read. `None` means "not known", never "none".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnStatistics {
    /// A lower bound of the values that are not missing (missing: null or NaN).
    pub min: Option<Scalar>,
    /// An upper bound of the values that are not missing.
    pub max: Option<Scalar>,
    /// How many values are null.
    pub nulls: Option<u64>,
    /// How many values are NaN; `Some(0)` for columns that are not floating point.
    pub nans: Option<u64>,
}

/// What is known of a segment before it is read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    /// Rows of the segment.
    pub rows: u64,
    /// By column; a column that is not listed is not known.
    pub columns: HashMap<String, ColumnStatistics>,
}

impl Scalar {
    /// The order of two bounds, `None` when they are of different kinds.
    /// Integers and floating point numbers compare by value.
    pub fn compare(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b),
            (Self::Int(a), Self::Float(b)) => (*a as f64).partial_cmp(b),
            (Self::Float(a), Self::Int(b)) => a.partial_cmp(&(*b as f64)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Time(a), Self::Time(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}
