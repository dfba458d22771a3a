//! What a column of JSON is, from all its values, and the column that is made of them.

use super::parse::Json;
use polars::prelude::*;

/// What the values of a column are.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// No value yet.
    Nothing,
    Bool,
    /// Integers between these.
    Int(i128, i128),
    /// `exact` says that no integer among them needs more than 53 bits.
    Float {
        exact: bool,
    },
    Text,
    List(Box<Kind>),
    Object(Vec<(String, Kind)>),
    /// Values of several kinds: kept as the text of JSON.
    Mixed,
}

/// Integers up to here are exact as floating point numbers.
const EXACT: i128 = 1 << 53;

impl Kind {
    /// The kind of one value.
    pub fn of(value: &Json<'_>) -> Self {
        match value {
            Json::Null => Self::Nothing,
            Json::Bool(_) => Self::Bool,
            Json::Number(text) if is_whole(text) => {
                text.parse().map_or(Self::Mixed, |number| Self::Int(number, number))
            }
            Json::Number(_) => Self::Float { exact: true },
            Json::Whole(number) => Self::Int(*number, *number),
            Json::Text(_) => Self::Text,
            Json::List(values) => {
                Self::List(Box::new(values.iter().fold(Self::Nothing, |kind, value| kind.and(Self::of(value)))))
            }
            Json::Object(fields) => {
                Self::Object(fields.iter().map(|(name, value)| (name.clone(), Self::of(value))).collect())
            }
        }
    }

    /// The kind of values of both kinds.
    pub fn and(self, other: Self) -> Self {
        let exact = |low: i128, high: i128| low >= -EXACT && high <= EXACT;
        match (self, other) {
            (Self::Nothing, kind) | (kind, Self::Nothing) => kind,
            (Self::Bool, Self::Bool) => Self::Bool,
            (Self::Int(a, b), Self::Int(c, d)) => Self::Int(a.min(c), b.max(d)),
            (Self::Int(low, high), Self::Float { exact: all }) | (Self::Float { exact: all }, Self::Int(low, high)) => {
                Self::Float { exact: all && exact(low, high) }
            }
            (Self::Float { exact: a }, Self::Float { exact: b }) => Self::Float { exact: a && b },
            (Self::Text, Self::Text) => Self::Text,
            (Self::List(a), Self::List(b)) => Self::List(Box::new(a.and(*b))),
            (Self::Object(mut fields), Self::Object(more)) => {
                for (name, kind) in more {
                    match fields.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, known)) => *known = std::mem::replace(known, Self::Nothing).and(kind),
                        None => fields.push((name, kind)),
                    }
                }
                Self::Object(fields)
            }
            _ => Self::Mixed,
        }
    }

    /// The type of the column.
    pub fn dtype(&self) -> DataType {
        match self {
            Self::Nothing => DataType::Null,
            Self::Bool => DataType::Boolean,
            Self::Int(low, high) if *low >= i128::from(i64::MIN) && *high <= i128::from(i64::MAX) => DataType::Int64,
            Self::Int(low, high) if *low >= 0 && *high <= i128::from(u64::MAX) => DataType::UInt64,
            Self::Int(..) => DataType::Int128,
            Self::Float { exact: true } => DataType::Float64,
            Self::Float { exact: false } | Self::Text | Self::Mixed => DataType::String,
            Self::List(kind) => DataType::List(Box::new(kind.dtype())),
            Self::Object(fields) if fields.is_empty() => DataType::String,
            Self::Object(fields) => {
                DataType::Struct(fields.iter().map(|(name, kind)| Field::new(name.into(), kind.dtype())).collect())
            }
        }
    }

    /// Why values that are no text are held as text.
    pub fn is_text_because(&self) -> Option<&'static str> {
        match self {
            Self::Mixed => Some("it has values of several kinds, or integers beyond 128 bits"),
            Self::Float { exact: false } => {
                Some("it has fractions, and integers that floating point numbers do not hold")
            }
            Self::List(kind) => kind.is_text_because(),
            Self::Object(fields) => fields.iter().find_map(|(_, kind)| kind.is_text_because()),
            _ => None,
        }
    }

    /// The value as one of a column of this kind.
    pub fn value(&self, value: Option<&Json<'_>>) -> AnyValue<'static> {
        let Some(value) = value.filter(|value| **value != Json::Null) else { return AnyValue::Null };
        match (self, value) {
            (Self::Bool, Json::Bool(value)) => AnyValue::Boolean(*value),
            (Self::Int(..), Json::Number(text)) => {
                let number = text.parse().unwrap_or_default();
                match self.dtype() {
                    DataType::Int64 => AnyValue::Int64(number as i64),
                    DataType::UInt64 => AnyValue::UInt64(number as u64),
                    _ => AnyValue::Int128(number),
                }
            }
            (Self::Float { exact: true }, Json::Number(text)) => AnyValue::Float64(float(text)),
            (Self::Text | Self::Mixed, Json::Text(text)) => AnyValue::StringOwned(text.into()),
            (Self::List(kind), Json::List(values)) => {
                let values: Vec<_> = values.iter().map(|value| kind.value(Some(value))).collect();
                let dtype = kind.dtype();
                let series = Series::from_any_values_and_dtype(PlSmallStr::EMPTY, &values, &dtype, true);
                series.map_or(AnyValue::Null, AnyValue::List)
            }
            (Self::Object(kinds), Json::Object(fields)) if !kinds.is_empty() => {
                let of = |(name, kind): &(String, Kind)| {
                    let found = fields.iter().find(|(known, _)| known == name).map(|(_, value)| value);
                    (kind.value(found), Field::new(name.into(), kind.dtype()))
                };
                let (values, fields): (Vec<_>, Vec<_>) = kinds.iter().map(of).unzip();
                AnyValue::StructOwned(Box::new((values, fields)))
            }
            (_, other) => AnyValue::StringOwned(other.to_string().into()),
        }
    }
}

/// Digits and a sign alone.
fn is_whole(text: &str) -> bool {
    text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit())
}

/// The nearest floating point number.
fn float(text: &str) -> f64 {
    match text {
        "NaN" => f64::NAN,
        "Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        text => text.parse().unwrap_or(f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn dtype(values: &[&str]) -> DataType {
        let kinds = values.iter().map(|value| Kind::of(&parse(value).unwrap()));
        kinds.fold(Kind::Nothing, Kind::and).dtype()
    }

    #[test]
    fn a_column_is_what_holds_all_its_values() {
        assert_eq!(dtype(&["1", "null", "-3"]), DataType::Int64);
        assert_eq!(dtype(&["1", "18446744073709551615"]), DataType::UInt64);
        assert_eq!(dtype(&["-1", "18446744073709551615"]), DataType::Int128);
        assert_eq!(dtype(&["1", "0.5"]), DataType::Float64);
        assert_eq!(dtype(&["9007199254740993", "0.5"]), DataType::String, "no digit is lost");
        assert_eq!(dtype(&["1", "\"a\""]), DataType::String);
        assert_eq!(dtype(&["null"]), DataType::Null);
        assert_eq!(dtype(&["[1]", "[]", "[0.5]"]), DataType::List(Box::new(DataType::Float64)));
    }
}
