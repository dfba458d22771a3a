//! Types, and how they widen: no arithmetic on less than 64 bits can leave its type. On 64 bits it can, which is found row
//! by row.

use crate::syntax::expr::Binary;
use crate::value::{Value, Width};
use polars::prelude::{DataType, TimeUnit, TimeZone};
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Type {
    /// `None`, or a column without type: all values missing.
    Null,
    Bool,
    Int(Width),
    F32,
    F64,
    /// A decimal with so many digits behind the point, or a whole number of 128 bits: compared, added and multiplied digit
    /// for digit; an f64 beside floating point numbers.
    Exact(u8),
    Text,
    Time(Option<TimeZone>),
    Duration,
    /// Where an object is in its collection.
    Position,
}

pub(crate) const fn int(signed: bool, bytes: u8) -> Type {
    Type::Int(Width { signed, bytes })
}

pub(crate) const I64: Type = int(true, 8);

impl Type {
    /// The type of a column; `None` when a cut has nothing to say about it.
    pub fn of(dtype: &DataType) -> Option<Self> {
        Some(match dtype {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Bool,
            DataType::Int8 => int(true, 1),
            DataType::Int16 => int(true, 2),
            DataType::Int32 => int(true, 4),
            DataType::Int64 => I64,
            DataType::UInt8 => int(false, 1),
            DataType::UInt16 => int(false, 2),
            DataType::UInt32 => int(false, 4),
            DataType::UInt64 => int(false, 8),
            DataType::Float32 => Self::F32,
            DataType::Float64 => Self::F64,
            DataType::Int128 | DataType::UInt128 => Self::Exact(0),
            DataType::Decimal(_, scale) => Self::Exact(u8::try_from(*scale).ok()?),
            DataType::String | DataType::Categorical(..) | DataType::Enum(..) => Self::Text,
            DataType::Date => Self::Time(None),
            DataType::Datetime(_, zone) => Self::Time(zone.clone()),
            DataType::Duration(_) => Self::Duration,
            _ => return None,
        })
    }

    /// The type of a literal.
    pub fn literal(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Int(value) => Self::Int(narrowest(*value)),
            Value::Sized(_, width) => Self::Int(*width),
            Value::Float(_) => Self::F64,
            Value::Decimal(_, scale) => Self::Exact(*scale),
            Value::Text(_) => Self::Text,
            Value::Time(_) => Self::Time(None),
            Value::Duration(_) => Self::Duration,
            Value::List(_) | Value::Map(_) | Value::Function(_) => return None,
        })
    }

    /// The type of a column made of such values.
    pub fn dtype(&self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Bool => DataType::Boolean,
            Self::Int(Width { signed: true, bytes: 1 }) => DataType::Int8,
            Self::Int(Width { signed: true, bytes: 2 }) => DataType::Int16,
            Self::Int(Width { signed: true, bytes: 4 }) => DataType::Int32,
            Self::Int(Width { signed: true, .. }) => DataType::Int64,
            Self::Int(Width { bytes: 1, .. }) => DataType::UInt8,
            Self::Int(Width { bytes: 2, .. }) => DataType::UInt16,
            Self::Int(Width { bytes: 4, .. }) => DataType::UInt32,
            Self::Int(_) => DataType::UInt64,
            Self::F32 => DataType::Float32,
            Self::F64 => DataType::Float64,
            Self::Exact(0) => DataType::Int128,
            Self::Exact(scale) => DataType::Decimal(38, usize::from(*scale)),
            Self::Text => DataType::String,
            Self::Time(zone) => DataType::Datetime(TimeUnit::Nanoseconds, zone.clone()),
            Self::Duration => DataType::Duration(TimeUnit::Nanoseconds),
            Self::Position => DataType::UInt32,
        }
    }

    pub fn is_number(&self) -> bool {
        matches!(self, Self::Bool | Self::Int(_) | Self::F32 | Self::F64 | Self::Exact(_))
    }

    /// Whether arithmetic with it can leave 64 bits.
    pub fn is_wide(&self) -> bool {
        match self {
            Self::Int(width) => width.bytes == 8,
            Self::Exact(_) | Self::Time(_) | Self::Duration => true,
            _ => false,
        }
    }

    /// How many digits stand behind the point of a number that is held by its digits.
    pub fn scale(&self) -> Option<u8> {
        match self {
            Self::Exact(scale) => Some(*scale),
            Self::Int(_) | Self::Bool => Some(0),
            _ => None,
        }
    }

    pub fn is_float(&self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// The integer type that a boolean or an integer counts as.
    pub fn width(&self) -> Option<Width> {
        match self {
            Self::Bool => Some(Width { signed: false, bytes: 1 }),
            Self::Int(width) => Some(*width),
            _ => None,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("without a value"),
            Self::Bool => out.write_str("bool"),
            Self::Int(Width { signed, bytes }) => write!(out, "{}{}", if *signed { "i" } else { "u" }, bytes * 8),
            Self::F32 => out.write_str("f32"),
            Self::F64 => out.write_str("f64"),
            Self::Exact(0) => out.write_str("i128"),
            Self::Exact(_) => out.write_str("decimal"),
            Self::Text => out.write_str("text"),
            Self::Time(_) => out.write_str("time"),
            Self::Duration => out.write_str("duration"),
            Self::Position => out.write_str("object"),
        }
    }
}

/// The narrowest type that holds an integer: unsigned unless it is negative.
fn narrowest(value: i128) -> Width {
    let signed = value < 0;
    let magnitude = if signed { (-(value + 1)).saturating_mul(2) } else { value };
    let bytes = match magnitude {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    };
    Width { signed, bytes }
}

fn twice(a: Width, b: Width) -> u8 {
    (a.bytes.max(b.bytes) * 2).min(8)
}

/// The common type of two floating point types, or of one and an integer; `weak` sides are literals that follow.
pub(crate) fn float(a: &Type, b: &Type, weak: [bool; 2]) -> Type {
    match (a, b) {
        (Type::F32, Type::F32) => Type::F32,
        (Type::F32, _) if weak[1] => Type::F32,
        (_, Type::F32) if weak[0] => Type::F32,
        _ => Type::F64,
    }
}

/// The type of an arithmetic result; `None` when the types do not go together. Both sides are numbers.
/// `divisor` says that the right side is a literal other than zero, by which integers stay integers.
pub(crate) fn arithmetic(op: Binary, a: &Type, b: &Type, weak: [bool; 2], divisor: bool) -> Type {
    let (Some(left), Some(right)) = (a.width(), b.width()) else {
        let digits = a.scale().zip(b.scale()).and_then(|scales| exact(op, scales, b, divisor));
        return digits.map_or_else(|| float(a, b, weak), Type::Exact);
    };
    let unsigned = !left.signed && !right.signed;
    match op {
        Binary::Div => Type::F64,
        Binary::FloorDiv | Binary::Mod if !divisor => Type::F64,
        Binary::FloorDiv | Binary::Mod if unsigned => int(false, left.bytes.max(right.bytes)),
        Binary::Pow if right.signed => Type::F64,
        Binary::Pow => int(left.signed, 8),
        Binary::Add | Binary::Mul if unsigned => int(false, twice(left, right)),
        _ => int(true, twice(left, right)),
    }
}

/// The digits behind the point of what two numbers that are held by their digits give; `None` where that is no such number.
fn exact(op: Binary, (a, b): (u8, u8), right: &Type, divisor: bool) -> Option<u8> {
    match op {
        Binary::Add | Binary::Sub => Some(a.max(b)),
        Binary::Mul => Some(a + b).filter(|scale| *scale <= 38),
        Binary::FloorDiv if divisor => Some(0),
        Binary::Mod if divisor => Some(a.max(b)),
        Binary::Pow if a == 0 && right.width().is_some_and(|width| !width.signed) => Some(0),
        _ => None,
    }
}

/// The signed type, twice as wide.
pub(crate) fn negated(a: &Type) -> Type {
    a.width().map_or_else(|| a.clone(), |width| int(true, twice(width, width)))
}

/// The type of `abs`.
pub(crate) fn absolute(a: &Type) -> Type {
    match a.width() {
        Some(Width { signed: true, .. }) => negated(a),
        _ => a.clone(),
    }
}

/// The one type of two alternatives (`where`, `min`, `max`); `None` when they do not go together.
pub(crate) fn common(a: &Type, b: &Type, weak: [bool; 2]) -> Option<Type> {
    Some(match (a, b) {
        (a, b) if a == b => a.clone(),
        (Type::Null, other) | (other, Type::Null) => other.clone(),
        (Type::Time(_), Type::Time(_)) => a.clone(),
        (Type::Bool, _) | (_, Type::Bool) => return None,
        _ => {
            if let (Some(left), Some(right)) = (a.width(), b.width()) {
                return Some(hold_both(left, right));
            }
            if !a.is_number() || !b.is_number() {
                return None;
            }
            if let Some((left, right)) = a.scale().zip(b.scale()) {
                return Some(Type::Exact(left.max(right)));
            }
            float(a, b, weak)
        }
    })
}

fn hold_both(a: Width, b: Width) -> Type {
    let (signed, unsigned) = match (a.signed, b.signed) {
        (true, false) => (a, b),
        (false, true) => (b, a),
        (both, _) => return int(both, a.bytes.max(b.bytes)),
    };
    match unsigned.bytes {
        8 => Type::F64,
        bytes => int(true, signed.bytes.max(bytes * 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_widen_as_the_table_says() {
        let add = |a, b| arithmetic(Binary::Add, &a, &b, [false; 2], false);
        assert_eq!(add(int(true, 1), int(true, 1)), int(true, 2));
        assert_eq!(add(int(false, 1), int(false, 1)), int(false, 2));
        assert_eq!(add(int(true, 1), int(false, 1)), int(true, 2));
        assert_eq!(arithmetic(Binary::Sub, &int(false, 1), &int(false, 1), [false; 2], false), int(true, 2));
        assert_eq!(arithmetic(Binary::Div, &I64, &I64, [false; 2], false), Type::F64);
        assert_eq!(arithmetic(Binary::Pow, &int(true, 4), &int(false, 1), [false; 2], false), I64);
        assert_eq!(absolute(&int(true, 1)), int(true, 2));
        assert_eq!(negated(&int(false, 1)), int(true, 2));
    }

    #[test]
    fn a_literal_has_the_narrowest_type() {
        for (value, signed, bytes) in
            [(0, false, 1), (255, false, 1), (256, false, 2), (-128, true, 1), (-129, true, 2)]
        {
            assert_eq!(narrowest(value), Width { signed, bytes }, "{value}");
        }
    }

    #[test]
    fn alternatives_find_a_type_that_holds_both() {
        let both = |a, b| common(&a, &b, [false; 2]);
        assert_eq!(both(I64, int(true, 1)), Some(I64));
        assert_eq!(both(int(true, 1), int(false, 2)), Some(int(true, 4)));
        assert_eq!(both(I64, int(false, 8)), Some(Type::F64));
        assert_eq!(both(Type::Text, I64), None);
    }
}
