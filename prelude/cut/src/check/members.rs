use crate::check::exact::{self, rescaled};
use crate::check::types::Type;
use crate::value::Value;
use std::collections::HashSet;
use std::sync::Arc;

/// The values of `in [..]`, sorted and of the type they are compared as.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum InList {
    I64(Arc<[i64]>),
    U64(Arc<[u64]>),
    F32(Arc<[f32]>),
    F64(Arc<[f64]>),
    /// Digits at the scale of the column; integers, where one does not fit in 64 bits.
    Exact(Arc<[i128]>),
    /// Times or durations in nanoseconds.
    Time(Arc<[i128]>),
    Text(Arc<HashSet<Arc<str>>>),
}

impl InList {
    /// The members of a list that can be equal to a value of type `dtype`; missing values equal nothing.
    /// Texts without an offset are times of `zone`. `Err` holds the first value that cannot be compared with the type at all.
    pub fn new<'v>(dtype: &Type, zone: Option<&str>, values: &'v [Value]) -> Result<Self, &'v Value> {
        match dtype {
            Type::Text => texts(values),
            Type::F32 => floats(values).map(|values| Self::F32(sorted(values.into_iter().map(|x| x as f32).collect()))),
            Type::F64 => floats(values).map(|values| Self::F64(sorted(values))),
            Type::Exact(scale) => exacts(values, *scale),
            Type::Int(width) if !width.signed && width.bytes == 8 => {
                let all = ints(values)?;
                let narrow: Option<Vec<u64>> = all.iter().map(|x| (*x).try_into().ok()).collect();
                Ok(narrow.map_or_else(|| Self::Exact(sorted(all)), |narrow| Self::U64(sorted(narrow))))
            }
            Type::Time(_) | Type::Duration => times(dtype, zone, values),
            // A column without values has no type that could be wrong.
            Type::Null | Type::Position => Ok(Self::I64(Arc::new([]))),
            Type::Int(_) | Type::Bool => {
                let all = ints(values)?;
                let narrow: Option<Vec<i64>> = all.iter().map(|x| (*x).try_into().ok()).collect();
                // A sum may equal what no column does.
                Ok(narrow.map_or_else(|| Self::Exact(sorted(all)), |narrow| Self::I64(sorted(narrow))))
            }
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::I64(values) => values.len(),
            Self::U64(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
            Self::Exact(values) | Self::Time(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }
}

fn sorted<T: PartialOrd + Copy>(mut values: Vec<T>) -> Arc<[T]> {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values.dedup();
    values.into()
}

fn texts(values: &[Value]) -> Result<InList, &Value> {
    let mut set = HashSet::new();
    for value in values {
        match value {
            Value::Text(text) => {
                set.insert(text.clone());
            }
            Value::Null => {}
            other => return Err(other),
        }
    }
    Ok(InList::Text(Arc::new(set)))
}

fn floats(values: &[Value]) -> Result<Vec<f64>, &Value> {
    let mut out = Vec::new();
    for value in values {
        match value {
            Value::Float(value) => out.push(*value),
            Value::Int(value) | Value::Sized(value, _) => out.push(*value as f64),
            Value::Decimal(digits, scale) => out.push(exact::float((*digits, *scale))),
            Value::Bool(value) => out.push(f64::from(u8::from(*value))),
            Value::Null => {}
            other => return Err(other),
        }
    }
    out.retain(|value| !value.is_nan());
    Ok(out)
}

/// Whole numbers only: an integer equals no other.
fn ints(values: &[Value]) -> Result<Vec<i128>, &Value> {
    let mut out = Vec::new();
    for value in values {
        match value {
            Value::Int(value) | Value::Sized(value, _) => out.push(*value),
            Value::Bool(value) => out.push(i128::from(*value)),
            Value::Float(value) if value.fract() == 0.0 && value.abs() < 1e30 => out.push(*value as i128),
            Value::Decimal(digits, scale) => out.extend(rescaled((*digits, *scale), 0)),
            Value::Float(_) | Value::Null => {}
            other => return Err(other),
        }
    }
    Ok(out)
}

/// Numbers that can equal a decimal of this scale.
fn exacts(values: &[Value], scale: u8) -> Result<InList, &Value> {
    let mut out = Vec::new();
    for value in values {
        match value {
            Value::Null => {}
            Value::Int(_) | Value::Sized(..) | Value::Bool(_) | Value::Float(_) | Value::Decimal(..) => {
                out.extend(exact::of(value).and_then(|number| rescaled(number, scale)));
            }
            other => return Err(other),
        }
    }
    Ok(InList::Exact(sorted(out)))
}

/// The zone by which texts without an offset are read: the one of the column, or one that no clock has where that has no name.
pub(super) fn clocks(zone: &str) -> &str {
    if zone == segment::UNNAMED_ZONE { "" } else { zone }
}

fn times<'v>(dtype: &Type, zone: Option<&str>, values: &'v [Value]) -> Result<InList, &'v Value> {
    let mut out = Vec::new();
    for value in values {
        match (dtype, value) {
            (Type::Time(_), Value::Time(value)) => out.push(*value),
            (Type::Duration, Value::Duration(value)) => out.push(i128::from(*value)),
            (Type::Time(_), Value::Text(text)) => {
                out.push(crate::times::parse(text, zone.map(clocks)).map_err(|_| value)?)
            }
            (_, Value::Null) => {}
            (_, other) => return Err(other),
        }
    }
    Ok(InList::Time(sorted(out)))
}
