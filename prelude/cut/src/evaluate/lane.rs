//! The values of one node for the rows of one block.

use crate::check::exact::{self, float};
use crate::evaluate::kernel::Arg;
use crate::value::Value;
use polars_arrow::array::{Utf8ViewArray, View};
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub(crate) struct Lane<'a> {
    pub data: Data<'a>,
    /// 1 where there is a value; absent when there is one everywhere. Floats without a value are also NaN.
    pub valid: Option<Cow<'a, [u8]>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Data<'a> {
    One(Value),
    Bool(Cow<'a, [u8]>),
    I8(Cow<'a, [i8]>),
    I16(Cow<'a, [i16]>),
    I32(Cow<'a, [i32]>),
    I64(Cow<'a, [i64]>),
    U8(Cow<'a, [u8]>),
    U16(Cow<'a, [u16]>),
    U32(Cow<'a, [u32]>),
    U64(Cow<'a, [u64]>),
    /// Digits, and how many of them stand behind the point.
    I128(Cow<'a, [i128]>, u8),
    F32(Cow<'a, [f32]>),
    F64(Cow<'a, [f64]>),
    Text(Texts<'a>),
}

#[derive(Debug, Clone)]
pub(crate) enum Texts<'a> {
    /// Rows of a column from a first row on.
    Views(&'a Utf8ViewArray, usize),
    /// Chosen rows of a column.
    Picked(&'a Utf8ViewArray, Vec<u32>),
    Made(Vec<Cow<'a, str>>),
    /// Some of few texts, by their positions.
    Few(Rc<[Arc<str>]>, Vec<u32>),
}

impl<'a> Texts<'a> {
    #[inline]
    pub fn get(&self, row: usize) -> &str {
        match self {
            Self::Views(array, start) => array.value(start + row),
            Self::Picked(array, rows) => array.value(rows[row] as usize),
            Self::Made(texts) => &texts[row],
            Self::Few(texts, rows) => texts.get(rows[row] as usize).map_or("", |text| &**text),
        }
    }

    /// Marks the rows with exactly this text. Positions without a text are not looked at.
    pub fn equal(&self, text: &str, marks: &mut [u8]) {
        match self {
            // A short text is all in its view, which compares as one number.
            Self::Views(array, start) if text.len() <= View::MAX_INLINE_SIZE as usize => {
                let wanted = View::new_inline(text.as_bytes()).as_u128();
                for (mark, view) in marks.iter_mut().zip(&array.views()[*start..]) {
                    *mark = u8::from(view.as_u128() == wanted);
                }
            }
            Self::Picked(array, rows) if text.len() <= View::MAX_INLINE_SIZE as usize => {
                let (wanted, views) = (View::new_inline(text.as_bytes()).as_u128(), array.views());
                for (mark, row) in marks.iter_mut().zip(rows) {
                    *mark = u8::from(views[*row as usize].as_u128() == wanted);
                }
            }
            // Of a longer one the view has the length and the beginning, which most others do not share.
            Self::Views(array, start) => {
                let begins = |view: &View| u64::from(view.length) | u64::from(view.prefix) << 32;
                let wanted = begins(&View::new_from_bytes(text.as_bytes(), 0, 0));
                for (row, (mark, view)) in marks.iter_mut().zip(&array.views()[*start..]).enumerate() {
                    *mark = u8::from(begins(view) == wanted && array.value(start + row) == text);
                }
            }
            _ => marks.iter_mut().enumerate().for_each(|(row, mark)| *mark = u8::from(self.get(row) == text)),
        }
    }
}

macro_rules! converted {
    ($name:ident, $own:ident, $t:ty, $missing:expr, $literal:expr) => {
        /// The values as this type; missing ones are 0, or NaN in a floating point type.
        pub fn $name(&self) -> Arg<'_, $t> {
            if let Data::One(value) = &self.data {
                return Arg::One($literal(value));
            }
            #[allow(clippy::unnecessary_cast)] // the macro does not know which type is which
            let mut values: Cow<'_, [$t]> = match &self.data {
                Data::$own(values) => Cow::Borrowed(&**values),
                Data::Bool(values) => values.iter().map(|x| *x as $t).collect(),
                Data::I8(values) => values.iter().map(|x| *x as $t).collect(),
                Data::I16(values) => values.iter().map(|x| *x as $t).collect(),
                Data::I32(values) => values.iter().map(|x| *x as $t).collect(),
                Data::U8(values) => values.iter().map(|x| *x as $t).collect(),
                Data::U16(values) => values.iter().map(|x| *x as $t).collect(),
                Data::U32(values) => values.iter().map(|x| *x as $t).collect(),
                other => other.wide(|x| x as $t, |x| x as $t, |x| x as $t, |x| x as $t),
            };
            if let (Some(valid), Some(missing)) = (&self.valid, $missing)
                && !matches!(self.data, Data::F32(_) | Data::F64(_))
            {
                for (value, valid) in values.to_mut().iter_mut().zip(valid.iter()) {
                    if *valid == 0 {
                        *value = missing;
                    }
                }
            }
            Arg::Many(values)
        }
    };
}

impl<'a> Lane<'a> {
    pub fn new(data: Data<'a>) -> Self {
        Self { data, valid: None }
    }

    pub fn marks(marks: Vec<u8>) -> Self {
        Self::new(Data::Bool(marks.into()))
    }

    pub fn literal(value: &Value, rows: usize) -> Self {
        let valid = matches!(value, Value::Null).then(|| vec![0; rows].into());
        Self { data: Data::One(value.clone()), valid }
    }

    /// Floats without a value are NaN also where the operation has one for NaN: `x ** 0` of a null is missing.
    pub fn with_missing_as_nan(mut self) -> Self {
        match (&mut self.data, &self.valid) {
            (Data::F64(values), Some(valid)) => put_where_missing(values, valid, f64::NAN),
            (Data::F32(values), Some(valid)) => put_where_missing(values, valid, f32::NAN),
            _ => {}
        }
        self
    }

    converted!(f64, F64, f64, Some(f64::NAN), number);
    converted!(f32, F32, f32, Some(f32::NAN), |value| number(value) as f32);
    converted!(u64, U64, u64, None::<u64>, |value| integer(value).clamp(0, u64::MAX.into()) as u64);
    converted!(i64_raw, I64, i64, None::<i64>, |value| integer(value).clamp(i64::MIN.into(), i64::MAX.into()) as i64);

    /// The values as i64; what is larger becomes the largest.
    pub fn i64(&self) -> Arg<'_, i64> {
        match &self.data {
            Data::U64(values) => Arg::Many(values.iter().map(|x| i64::try_from(*x).unwrap_or(i64::MAX)).collect()),
            _ => self.i64_raw(),
        }
    }

    /// Integers and decimals as digits, and how many of these stand behind the point.
    pub fn digits(&self) -> (Arg<'_, i128>, u8) {
        match &self.data {
            Data::I128(values, scale) => (Arg::Many(Cow::Borrowed(values)), *scale),
            Data::U64(values) => (Arg::Many(values.iter().map(|x| i128::from(*x)).collect()), 0),
            Data::One(value) => {
                let (digits, scale) = exact::of(value).unwrap_or_default();
                (Arg::One(digits), scale)
            }
            _ => match self.i64() {
                Arg::Many(values) => (Arg::Many(values.iter().map(|x| i128::from(*x)).collect()), 0),
                Arg::One(value) => (Arg::One(value.into()), 0),
            },
        }
    }

    /// Truth of each row: 0 where it is missing.
    pub fn truth(&self, rows: usize) -> Vec<u8> {
        let mut marks = match &self.data {
            Data::Bool(marks) => marks.to_vec(),
            Data::One(value) => vec![u8::from(*value == Value::Bool(true)); rows],
            _ => vec![0; rows],
        };
        if let Some(valid) = &self.valid {
            for (mark, valid) in marks.iter_mut().zip(valid.iter()) {
                *mark &= valid;
            }
        }
        marks
    }

    /// Booleans as bytes; bytes of missing values are unspecified.
    pub fn bytes(&self) -> Arg<'_, u8> {
        match &self.data {
            Data::Bool(marks) => Arg::Many(Cow::Borrowed(marks)),
            Data::One(value) => Arg::One(u8::from(*value == Value::Bool(true))),
            _ => Arg::One(0),
        }
    }

    /// 1 where a value is missing: null, or NaN.
    pub fn missing(&self, rows: usize) -> Vec<u8> {
        match &self.data {
            Data::F32(values) => values.iter().map(|x| u8::from(x.is_nan())).collect(),
            Data::F64(values) => values.iter().map(|x| u8::from(x.is_nan())).collect(),
            Data::One(value) => {
                vec![u8::from(matches!(value, Value::Null) || number(value).is_nan() && is_float(value)); rows]
            }
            _ => match &self.valid {
                Some(valid) => valid.iter().map(|valid| 1 - valid).collect(),
                None => vec![0; rows],
            },
        }
    }

    /// The text of a row.
    pub fn text(&self, row: usize) -> &str {
        match &self.data {
            Data::Text(texts) => texts.get(row),
            Data::One(Value::Text(text)) => text,
            _ => "",
        }
    }

    pub fn is_valid(&self, row: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[row] == 1)
    }
}

impl Data<'_> {
    fn wide<T: Clone>(
        &self,
        from_i64: fn(i64) -> T,
        from_u64: fn(u64) -> T,
        from_f32: fn(f32) -> T,
        from_f64: fn(f64) -> T,
    ) -> Cow<'static, [T]> {
        match self {
            Data::I64(values) => values.iter().map(|x| from_i64(*x)).collect(),
            Data::U64(values) => values.iter().map(|x| from_u64(*x)).collect(),
            Data::F32(values) => values.iter().map(|x| from_f32(*x)).collect(),
            Data::F64(values) => values.iter().map(|x| from_f64(*x)).collect(),
            Data::I128(values, scale) => values.iter().map(|x| from_f64(float((*x, *scale)))).collect(),
            _ => Cow::Owned(Vec::new()),
        }
    }
}

fn put_where_missing<T: Copy + PartialOrd>(values: &mut Cow<'_, [T]>, valid: &[u8], missing: T) {
    // NaN is the one number that has no order, also with itself.
    let wrong = |(value, valid): (&T, &u8)| *valid == 0 && value.partial_cmp(value).is_some();
    if values.iter().zip(valid).any(wrong) {
        values.to_mut().iter_mut().zip(valid).filter(|(_, valid)| **valid == 0).for_each(|(value, _)| *value = missing);
    }
}

fn is_float(value: &Value) -> bool {
    matches!(value, Value::Float(_))
}

/// A literal as a number.
pub(crate) fn number(value: &Value) -> f64 {
    match value {
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Int(value) | Value::Sized(value, _) => *value as f64,
        Value::Float(value) => *value,
        Value::Decimal(digits, scale) => float((*digits, *scale)),
        Value::Time(value) => *value as f64,
        Value::Duration(value) => *value as f64,
        _ => f64::NAN,
    }
}

/// A literal as an integer.
pub(crate) fn integer(value: &Value) -> i128 {
    match value {
        Value::Bool(value) => i128::from(*value),
        Value::Int(value) | Value::Sized(value, _) | Value::Time(value) => *value,
        Value::Duration(value) => i128::from(*value),
        Value::Decimal(digits, scale) => *digits / 10_i128.saturating_pow((*scale).into()),
        Value::Float(value) => *value as i128,
        _ => 0,
    }
}

/// Rows that have a value in all of these.
pub(crate) fn valid_in_all(lanes: &[&Lane<'_>]) -> Option<Cow<'static, [u8]>> {
    let mut all: Option<Vec<u8>> = None;
    for valid in lanes.iter().filter_map(|lane| lane.valid.as_ref()) {
        match &mut all {
            None => all = Some(valid.to_vec()),
            Some(all) => all.iter_mut().zip(valid.iter()).for_each(|(all, valid)| *all &= valid),
        }
    }
    all.map(Cow::Owned)
}
