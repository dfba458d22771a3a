//! Fields of one column to values.

use super::text::kind::{self, INEXACT, Kind, Number, Rules};
use super::text::records::trim;
use super::text::{Dialect, Field};
use polars::prelude::*;
use std::borrow::Cow;

/// How a column is to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Plan {
    /// Not at all.
    Skip,
    /// It has had no value so far.
    Nothing,
    /// As found out.
    As(Kind),
    /// As the user says.
    Asked(Kind),
}

enum Values {
    None,
    Text(StringChunkedBuilder),
    Int(PrimitiveChunkedBuilder<Int64Type>),
    Unsigned(PrimitiveChunkedBuilder<UInt64Type>),
    Float(PrimitiveChunkedBuilder<Float64Type>),
    Bool(BooleanChunkedBuilder),
    Date(PrimitiveChunkedBuilder<Int32Type>),
    Time(PrimitiveChunkedBuilder<Int64Type>),
}

/// The values of a column of one piece of the text.
pub(super) struct ColumnValues {
    values: Values,
    plan: Plan,
    /// The place of the first value that is not of the kind.
    pub misfit: Option<usize>,
}

/// A value that does not fit its column.
struct Misfit;

/// A value, or that it is missing.
type Read<T> = std::result::Result<Option<T>, Misfit>;

impl ColumnValues {
    pub(super) fn new(name: PlSmallStr, plan: Plan, rows: usize) -> Self {
        let values = match plan {
            Plan::Skip | Plan::Nothing => Values::None,
            Plan::As(kind) | Plan::Asked(kind) => match kind {
                Kind::Text => Values::Text(StringChunkedBuilder::new(name, rows)),
                Kind::Int { .. } => Values::Int(PrimitiveChunkedBuilder::new(name, rows)),
                Kind::Unsigned { .. } => Values::Unsigned(PrimitiveChunkedBuilder::new(name, rows)),
                Kind::Float => Values::Float(PrimitiveChunkedBuilder::new(name, rows)),
                Kind::Bool => Values::Bool(BooleanChunkedBuilder::new(name, rows)),
                Kind::Date => Values::Date(PrimitiveChunkedBuilder::new(name, rows)),
                Kind::Time { .. } => Values::Time(PrimitiveChunkedBuilder::new(name, rows)),
            },
        };
        Self { values, plan, misfit: None }
    }

    /// Takes the next field.
    pub(super) fn push(&mut self, text: &str, field: Field, dialect: &Dialect, rules: &Rules) {
        match self.plan {
            Plan::Skip => return,
            Plan::Nothing if traits_of(text, field, dialect, rules) != 0 => {
                self.misfit.get_or_insert(field.start);
                return;
            }
            Plan::Nothing | Plan::As(_) | Plan::Asked(_) => {}
        }
        let full = value(text, field, dialect);
        if let Values::Text(values) = &mut self.values {
            match field.is_empty() || is_null(trim(full.as_bytes()), rules) {
                true => values.append_null(),
                false => values.append_value(&*full),
            }
            return;
        }
        let value = full.trim_matches([' ', '\t']);
        let missing = value.is_empty() || is_null(value.as_bytes(), rules);
        if !self.take(value, missing, rules) {
            self.misfit.get_or_insert(field.start);
        }
    }

    /// Takes a value without blanks around it; says whether it fits.
    fn take(&mut self, value: &str, missing: bool, rules: &Rules) -> bool {
        let (Plan::As(kind) | Plan::Asked(kind)) = self.plan else { return missing };
        let asked = matches!(self.plan, Plan::Asked(_));
        macro_rules! append {
            ($values:expr, $read:expr) => {{
                let read: Read<_> = if missing { Ok(None) } else { $read };
                match read {
                    Ok(Some(value)) => $values.append_value(value),
                    Ok(None) => $values.append_null(),
                    Err(Misfit) if is_nothing(value, kind) => $values.append_null(),
                    Err(Misfit) => {
                        $values.append_null();
                        return false;
                    }
                }
            }};
        }
        match (&mut self.values, kind) {
            (Values::Int(values), Kind::Int { nan }) => append!(values, integer(value, nan)),
            (Values::Unsigned(values), Kind::Unsigned { nan }) => append!(values, integer(value, nan)),
            (Values::Float(values), _) => append!(values, float(value, asked, rules)),
            (Values::Bool(values), _) => append!(values, kind::truth(value.as_bytes()).map(Some).ok_or(Misfit)),
            (Values::Date(values), _) => append!(values, date(value, rules)),
            (Values::Time(values), Kind::Time { nanoseconds, zoned }) => {
                append!(values, instant(value, nanoseconds, zoned, rules));
            }
            _ => return missing,
        }
        true
    }

    /// The column; `None` where nothing was to be read.
    pub(super) fn finish(self, name: &PlSmallStr, rows: usize) -> Option<Column> {
        let column = match self.values {
            Values::None if self.plan == Plan::Nothing => {
                return Some(Column::full_null(name.clone(), rows, &DataType::String));
            }
            Values::None => return None,
            Values::Text(values) => values.finish().into_column(),
            Values::Int(values) => values.finish().into_column(),
            Values::Unsigned(values) => values.finish().into_column(),
            Values::Float(values) => values.finish().into_column(),
            Values::Bool(values) => values.finish().into_column(),
            Values::Date(values) => values.finish().into_date().into_column(),
            Values::Time(values) => {
                let (Plan::As(Kind::Time { nanoseconds, zoned }) | Plan::Asked(Kind::Time { nanoseconds, zoned })) =
                    self.plan
                else {
                    return None;
                };
                let unit = if nanoseconds { TimeUnit::Nanoseconds } else { TimeUnit::Microseconds };
                values.finish().into_datetime(unit, zoned.then_some(TimeZone::UTC)).into_column()
            }
        };
        Some(column)
    }
}

/// What a field says.
fn value<'a>(text: &'a str, field: Field, dialect: &Dialect) -> Cow<'a, str> {
    match field.doubled {
        false => Cow::Borrowed(&text[field.start..field.end]),
        true => {
            let value = field.value(text.as_bytes(), dialect.quote).into_owned();
            Cow::Owned(
                String::from_utf8(value).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            )
        }
    }
}

/// Whether a value is a word for "missing" in a column of this kind; `nan` is a number among numbers.
fn is_nothing(value: &str, kind: Kind) -> bool {
    let numbers = matches!(kind, Kind::Int { .. } | Kind::Unsigned { .. } | Kind::Float);
    let is_nan = || kind::number(value.as_bytes(), false) == Some(Number::Nan);
    kind::is_word(value.as_bytes()) || (!numbers && is_nan())
}

fn is_null(value: &[u8], rules: &Rules) -> bool {
    rules.nulls.iter().any(|null| null == value)
}

fn integer<T: TryFrom<i128> + TryFrom<i64>>(value: &str, nan: bool) -> Read<T> {
    if let Some(value) = kind::small(value.as_bytes()) {
        return T::try_from(value).map(Some).map_err(|_| Misfit);
    }
    match kind::number(value.as_bytes(), false) {
        Some(Number::Int(value)) => T::try_from(value).map(Some).map_err(|_| Misfit),
        Some(Number::Nan) if nan => Ok(None),
        _ => Err(Misfit),
    }
}

fn float(value: &str, asked: bool, rules: &Rules) -> Read<f64> {
    let bytes = value.as_bytes();
    // The common case: digits and a point. Anything else is looked at with care.
    if !rules.decimal_comma
        && bytes.first().is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.'))
        && bytes.contains(&b'.')
        && let Ok(value) = value.parse()
    {
        return Ok(Some(value));
    }
    match kind::number(bytes, rules.decimal_comma) {
        Some(Number::Float(value)) => Ok(Some(value)),
        Some(Number::Nan) => Ok(Some(f64::NAN)),
        Some(Number::Int(value)) if asked || kind::of_integer(value) & INEXACT == 0 => Ok(Some(value as f64)),
        Some(Number::Int(_)) => Err(Misfit),
        Some(Number::Beyond) if asked => value.parse().map(Some).map_err(|_| Misfit),
        None if asked && bytes.iter().any(|byte| matches!(byte, b'd' | b'D')) => {
            match kind::number(value.replace(['d', 'D'], "e").as_bytes(), rules.decimal_comma) {
                Some(Number::Float(value)) => Ok(Some(value)),
                _ => Err(Misfit),
            }
        }
        _ => Err(Misfit),
    }
}

fn date(value: &str, rules: &Rules) -> Read<i32> {
    match kind::time(value.as_bytes(), rules) {
        Some(time) if time.of_day.is_none() => i32::try_from(time.days).map(Some).map_err(|_| Misfit),
        _ => Err(Misfit),
    }
}

fn instant(value: &str, nanoseconds: bool, zoned: bool, rules: &Rules) -> Read<i64> {
    let time = kind::time(value.as_bytes(), rules).filter(|time| time.offset.is_some() == zoned);
    time.and_then(|time| time.since(nanoseconds)).map(Some).ok_or(Misfit)
}

/// The traits of a field.
pub(super) fn traits_of(text: &str, field: Field, dialect: &Dialect, rules: &Rules) -> kind::Traits {
    kind::of_field(value(text, field, dialect).as_bytes(), field.quoted, rules)
}
