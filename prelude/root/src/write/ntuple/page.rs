//! Elements of a column as the bytes of pages.

use super::schema::Element;
use crate::columns::Values;
use crate::error::{Kind, Result};

/// The elements of a column in a cluster.
#[derive(Debug, Clone, Copy)]
pub(super) enum Elements<'a> {
    /// Numbers or truth values.
    Numbers(&'a Values),
    /// Ends of lists or texts, without the 0 before the first.
    Ends(&'a [i64]),
    Chars(&'a [u8]),
}

impl Elements<'_> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Ends(ends) => ends.len(),
            Self::Chars(bytes) => bytes.len(),
        }
    }
}

/// The columns of some rows, in the order of the schema.
///
/// # Errors
/// Lists whose first does not begin at 0.
pub(super) fn columns<'a>(values: &'a Values, out: &mut Vec<Elements<'a>>) -> Result<()> {
    let ends = |offsets: &'a [i64]| match offsets {
        [0, ends @ ..] => Ok(Elements::Ends(ends)),
        _ => Err(Kind::Refused("lists whose first offset is not 0".to_owned())),
    };
    match values {
        Values::Text(text) => out.extend([ends(&text.offsets)?, Elements::Chars(&text.bytes)]),
        Values::List { offsets, values } => {
            out.push(ends(offsets)?);
            columns(values, out)?;
        }
        Values::Fixed { values, .. } => columns(values, out)?,
        numbers => out.push(Elements::Numbers(numbers)),
    }
    Ok(())
}

/// The bytes of elements `from` to `to`.
///
/// # Errors
/// Values of another type than the column has.
pub(super) fn encode(element: Element, all: Elements, from: usize, to: usize) -> Result<Vec<u8>> {
    let found = match all {
        Elements::Chars(bytes) if element == Element::Chars => Some(bytes[from..to].to_vec()),
        Elements::Ends(ends) if element == Element::Ends => {
            Some(ends[from..to].iter().flat_map(|end| end.to_le_bytes()).collect())
        }
        Elements::Ends(ends) if element == Element::SplitEnds => {
            // The first of a page is the end itself.
            let before = |at: usize| if at == 0 { 0 } else { ends[from + at - 1] };
            Some(planes(to - from, |at| (ends[from + at] - before(at)).to_le_bytes()))
        }
        Elements::Numbers(values) => numbers(element, values, from, to),
        _ => None,
    };
    Ok(found.ok_or_else(|| Kind::Refused("the type of a column has changed on the way".to_owned()))?)
}

/// Numbers and truth values; none of what the column does not have.
fn numbers(element: Element, values: &Values, from: usize, to: usize) -> Option<Vec<u8>> {
    macro_rules! numbers {
        ($($kind:ident: $unsigned:ty, $bits:expr, $fold:expr);*) => {
            match (element, values) {
                (Element::Bits, Values::Bool(all)) => Some(bits(&all[from..to])),
                (Element::Number { width: 1, .. }, Values::I8(all)) => {
                    Some(all[from..to].iter().map(|value| *value as u8).collect())
                }
                (Element::Number { width: 1, .. }, Values::U8(all)) => Some(all[from..to].to_vec()),
                $((Element::Number { width, .. }, Values::$kind(all)) if width == size_of::<$unsigned>() => {
                    Some(all[from..to].iter().flat_map(|value| value.to_le_bytes()).collect())
                }
                (Element::Split { width, signed, .. }, Values::$kind(all)) if width == size_of::<$unsigned>() => {
                    let value = |at: usize| {
                        let raw: $unsigned = $bits(all[from + at]);
                        if signed { $fold(raw) } else { raw }
                    };
                    Some(planes(to - from, |at| value(at).to_le_bytes()))
                })*
                _ => None,
            }
        };
    }
    numbers!(
        I16: u16, |value: i16| value as u16, |raw: u16| raw << 1 ^ ((raw as i16) >> 15) as u16;
        U16: u16, |value: u16| value, |raw: u16| raw;
        I32: u32, |value: i32| value as u32, |raw: u32| raw << 1 ^ ((raw as i32) >> 31) as u32;
        U32: u32, |value: u32| value, |raw: u32| raw;
        I64: u64, |value: i64| value as u64, |raw: u64| raw << 1 ^ ((raw as i64) >> 63) as u64;
        U64: u64, |value: u64| value, |raw: u64| raw;
        F32: u32, f32::to_bits, |raw: u32| raw;
        F64: u64, f64::to_bits, |raw: u64| raw)
}

/// Truth values, the first in the lowest bit.
fn bits(values: &[bool]) -> Vec<u8> {
    let byte = |part: &[bool]| part.iter().enumerate().fold(0, |byte, (at, value)| byte | u8::from(*value) << at);
    values.chunks(8).map(byte).collect()
}

/// All first bytes of the elements, then all second bytes, and so on.
fn planes<const WIDTH: usize>(number: usize, element: impl Fn(usize) -> [u8; WIDTH]) -> Vec<u8> {
    let mut out = vec![0; number * WIDTH];
    for at in 0..number {
        for (plane, byte) in element(at).into_iter().enumerate() {
            out[plane * number + at] = byte;
        }
    }
    out
}
