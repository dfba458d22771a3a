//! Lanes of one domain made from lanes of another.

use crate::check::exact;
use crate::check::types::Type;
use crate::evaluate::integers::{decimals, narrowed};
use crate::evaluate::lane::{Data, Lane, Texts};
use crate::value::Value;
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// The position of what is not there.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// The values at some positions; missing where the position is [`NOWHERE`].
pub(crate) fn gather<'a>(lane: &Lane<'_>, dtype: &Type, positions: &[u32]) -> Lane<'a> {
    let gaps = positions.contains(&NOWHERE);
    let data = match &lane.data {
        Data::One(value) if !gaps => {
            return match value {
                Value::Null => Lane::literal(value, positions.len()),
                value => Lane::new(Data::One(value.clone())),
            };
        }
        Data::One(value) => return gather(&repeated(value, dtype), dtype, &zeros(positions)),
        Data::Bool(values) => Data::Bool(pick(values, positions, 0)),
        Data::I8(values) => Data::I8(pick(values, positions, 0)),
        Data::I16(values) => Data::I16(pick(values, positions, 0)),
        Data::I32(values) => Data::I32(pick(values, positions, 0)),
        Data::I64(values) => Data::I64(pick(values, positions, 0)),
        Data::U8(values) => Data::U8(pick(values, positions, 0)),
        Data::U16(values) => Data::U16(pick(values, positions, 0)),
        Data::U32(values) => {
            let missing = if *dtype == Type::Position { NOWHERE } else { 0 };
            Data::U32(pick(values, positions, missing))
        }
        Data::U64(values) => Data::U64(pick(values, positions, 0)),
        Data::I128(values, scale) => Data::I128(pick(values, positions, 0), *scale),
        Data::F32(values) => Data::F32(pick(values, positions, f32::NAN)),
        Data::F64(values) => Data::F64(pick(values, positions, f64::NAN)),
        Data::Text(Texts::Few(texts, rows)) => {
            let few = positions.iter().map(|at| rows.get(*at as usize).copied().unwrap_or(NOWHERE)).collect();
            Data::Text(Texts::Few(texts.clone(), few))
        }
        Data::Text(texts) => {
            let text =
                |at: &u32| Cow::Owned(if *at == NOWHERE { String::new() } else { texts.get(*at as usize).into() });
            Data::Text(Texts::Made(positions.iter().map(text).collect()))
        }
    };
    let valid = match &lane.valid {
        _ if *dtype == Type::Position => None,
        Some(valid) => Some(pick(valid, positions, 0)),
        None if gaps => Some(positions.iter().map(|at| u8::from(*at != NOWHERE)).collect()),
        None => None,
    };
    Lane { data, valid }
}

fn pick<'a, T: Copy>(values: &[T], positions: &[u32], missing: T) -> Cow<'a, [T]> {
    positions.iter().map(|at| values.get(*at as usize).copied().unwrap_or(missing)).collect()
}

fn zeros(positions: &[u32]) -> Vec<u32> {
    positions.iter().map(|at| if *at == NOWHERE { NOWHERE } else { 0 }).collect()
}

/// A lane of one value.
fn repeated<'a>(value: &Value, dtype: &Type) -> Lane<'a> {
    if let Value::Decimal(digits, scale) = value {
        return Lane::new(Data::I128(vec![*digits].into(), *scale));
    }
    let literal = Lane::literal(value, 1);
    let data = match dtype {
        Type::Bool => Data::Bool(vec![literal.bytes().get(0)].into()),
        Type::F32 => Data::F32(vec![literal.f32().get(0)].into()),
        Type::Int(width) if !width.signed => Data::U64(vec![literal.u64().get(0)].into()),
        Type::Int(_) | Type::Time(_) | Type::Duration => Data::I64(vec![literal.i64().get(0)].into()),
        Type::Text => Data::Text(Texts::Made(vec![literal.text(0).to_owned().into()])),
        _ => Data::F64(vec![literal.f64().get(0)].into()),
    };
    Lane { data, valid: literal.valid.map(|valid| Cow::Owned(valid.into_owned())) }
}

/// A lane put together from parts of others: each value is a lane and a position in it; without a lane it is missing.
pub(crate) fn merged<'a>(lanes: &[Option<&Lane<'_>>], dtype: &Type, places: &[(u32, u32)]) -> Lane<'a> {
    macro_rules! values {
        ($variant:ident, $convert:ident, $missing:expr) => {{
            let args: Vec<_> = lanes.iter().map(|lane| lane.map(|lane| lane.$convert())).collect();
            let value =
                |&(lane, at): &(u32, u32)| args[lane as usize].as_ref().map_or($missing, |arg| arg.get(at as usize));
            Data::$variant(places.iter().map(value).collect())
        }};
    }
    let valid = valid_of(lanes, places);
    let data = match dtype {
        _ if lanes.iter().flatten().any(|lane| matches!(lane.data, Data::I128(..)))
            || matches!(dtype, Type::Exact(_)) =>
        {
            digits(lanes, dtype, places)
        }
        Type::Position => {
            let positions = |lane: &&Lane<'_>| match &lane.data {
                Data::U32(values) => values.to_vec(),
                _ => Vec::new(),
            };
            let args: Vec<_> = lanes.iter().map(|lane| lane.as_ref().map(positions)).collect();
            let value =
                |&(lane, at): &(u32, u32)| args[lane as usize].as_ref().map_or(NOWHERE, |values| values[at as usize]);
            return Lane::new(Data::U32(places.iter().map(value).collect()));
        }
        Type::Bool => values!(Bool, bytes, 0),
        Type::F32 => values!(F32, f32, f32::NAN),
        Type::Int(width) if !width.signed => values!(U64, u64, 0),
        Type::Int(_) | Type::Time(_) | Type::Duration => values!(I64, i64, 0),
        Type::Text if lanes.iter().all(|lane| lane.is_none_or(|lane| literal(lane).is_some())) => {
            let texts: Rc<[Arc<str>]> =
                lanes.iter().map(|lane| lane.and_then(literal).unwrap_or_else(|| "".into())).collect();
            Data::Text(Texts::Few(texts, places.iter().map(|(lane, _)| *lane).collect()))
        }
        Type::Text => {
            let text = |&(lane, at): &(u32, u32)| {
                lanes[lane as usize].map_or_else(String::new, |lane| lane.text(at as usize).to_owned()).into()
            };
            Data::Text(Texts::Made(places.iter().map(text).collect()))
        }
        _ => values!(F64, f64, f64::NAN),
    };
    Lane { data, valid }
}

/// Lanes of one type without missing values, one after another, and of that the values at some positions; `None` for
/// others.
pub(crate) fn joined<'a>(lanes: &[Option<&Lane<'_>>], places: &[u32]) -> Option<Lane<'a>> {
    let lanes: Vec<&Lane<'_>> = lanes.iter().copied().collect::<Option<_>>()?;
    if lanes.iter().any(|lane| lane.valid.is_some()) {
        return None;
    }
    macro_rules! joined {
        ($($variant:ident $missing:expr),*) => {
            match &lanes.first()?.data {
                $(Data::$variant(first) => {
                    let mut all = Vec::with_capacity(first.len() * lanes.len());
                    for lane in &lanes {
                        let Data::$variant(values) = &lane.data else { return None };
                        all.extend_from_slice(values);
                    }
                    Some(Lane::new(Data::$variant(pick(&all, places, $missing))))
                })*
                _ => None,
            }
        };
    }
    joined!(Bool 0, I8 0, I16 0, I32 0, I64 0, U8 0, U16 0, U32 NOWHERE, U64 0, F32 f32::NAN, F64 f64::NAN)
}

/// The text of a lane that has the same everywhere.
fn literal(lane: &Lane<'_>) -> Option<Arc<str>> {
    if let Data::One(Value::Text(text)) = &lane.data { Some(text.clone()) } else { None }
}

fn valid_of<'a>(lanes: &[Option<&Lane<'_>>], places: &[(u32, u32)]) -> Option<Cow<'a, [u8]>> {
    let gaps = lanes.iter().any(|lane| lane.is_none_or(|lane| lane.valid.is_some()));
    let has = |&(lane, at): &(u32, u32)| u8::from(lanes[lane as usize].is_some_and(|lane| lane.is_valid(at as usize)));
    gaps.then(|| places.iter().map(has).collect())
}

/// The same of decimals, and of integers beyond 64 bits; all are held at the scale of the type.
fn digits<'a>(lanes: &[Option<&Lane<'_>>], dtype: &Type, places: &[(u32, u32)]) -> Data<'a> {
    let scale = decimals(dtype);
    let args: Vec<_> = lanes.iter().map(|lane| lane.map(|lane| lane.digits())).collect();
    let value = |&(lane, at): &(u32, u32)| {
        let Some((digits, own)) = &args[lane as usize] else { return 0 };
        // Types that meet here are of one scale, or whole numbers.
        exact::rescaled((digits.get(at as usize), *own), scale).unwrap_or_default()
    };
    narrowed(places.iter().map(value).collect(), dtype)
}
