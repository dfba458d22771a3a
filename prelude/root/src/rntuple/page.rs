//! The bytes of a page as numbers.

use super::pages::Page;
use super::schema::Column;
use crate::block::{unpack, xxh3};
use crate::columns::{Slot, Type, Values};
use crate::error::{Error, Result};
use crate::file::Bytes;
use std::cell::RefCell;

thread_local! {
    static BUFFERS: RefCell<[Vec<u8>; 2]> = RefCell::default();
}

/// The type that elements of a column have in memory. Ends of lists are u64.
pub(crate) fn of(column: &Column) -> Result<Type, String> {
    Ok(match column.kind {
        0x00 => Type::Bool,
        0x01 | 0x04 => Type::U8,
        0x02 | 0x03 => Type::I8,
        0x05 | 0x11 => Type::I16,
        0x06 | 0x12 => Type::U16,
        0x07 | 0x13 => Type::I32,
        0x08 | 0x14 => Type::U32,
        0x09 | 0x15 => Type::I64,
        0x0a | 0x16 => Type::U64,
        0x0b | 0x0c | 0x17 | 0x18 | 0x1c | 0x1d => Type::F32,
        0x0d | 0x19 => Type::F64,
        0x0e | 0x0f | 0x1a | 0x1b => Type::U64,
        other => return Err(format!("its column has type {other:#x}, which cannot be read")),
    })
}

/// Bytes of a switch.
pub(crate) const SWITCH: usize = 12;

/// Whether a column says which of several types each value of a field has.
pub(crate) fn is_switch(column: &Column) -> bool {
    column.kind == 0x10
}

/// The type that elements have while they are read: switches are bytes.
pub(crate) fn stored(column: &Column) -> Result<Type, String> {
    if is_switch(column) { Ok(Type::U8.fixed(&[SWITCH])) } else { of(column) }
}

/// Bits of an element; the column says them too, and must say the same where the type leaves no choice.
fn bits(column: &Column) -> Result<usize> {
    let bits = usize::from(column.bits);
    let fits = match column.kind {
        0x00 => bits == 1,
        0x01..=0x04 => bits == 8,
        0x05 | 0x06 | 0x0b | 0x11 | 0x12 | 0x17 => bits == 16,
        0x07 | 0x08 | 0x0c | 0x0e | 0x13 | 0x14 | 0x18 | 0x1a => bits == 32,
        0x09 | 0x0a | 0x0d | 0x0f | 0x15 | 0x16 | 0x19 | 0x1b => bits == 64,
        0x10 => bits == 8 * SWITCH,
        0x1c => (10..=31).contains(&bits),
        0x1d => (1..=32).contains(&bits),
        _ => false,
    };
    if fits { Ok(bits) } else { Err(Error::damaged(format!("a column of type {:#x} with {bits} bits", column.kind))) }
}

/// Fills a slot with the elements of a page.
pub(crate) fn fill(bytes: &Bytes, column: &Column, page: Page, slot: Slot) -> Result<()> {
    let plain = (page.elements as usize).checked_mul(bits(column)?).map(|bits| bits.div_ceil(8));
    let (Some(plain), Ok(stored)) = (plain, usize::try_from(page.stored)) else {
        return Err(Error::damaged("a page too large for the machine").at(page.at));
    };
    let mut buffers = BUFFERS.take();
    let [packed, out] = &mut buffers;
    let done = load(bytes, page, stored, plain, packed, out).map(|plain| decode(column, plain, slot));
    BUFFERS.set(buffers);
    done.map_err(|error| error.at(page.at))
}

/// The bytes of a page, unpacked.
fn load<'a>(
    bytes: &Bytes,
    page: Page,
    stored: usize,
    plain: usize,
    packed: &'a mut Vec<u8>,
    out: &'a mut Vec<u8>,
) -> Result<&'a [u8]> {
    let sum = if page.sum { 8 } else { 0 };
    bytes.read(page.at, stored.saturating_add(sum), "a page", packed)?;
    if let Some((inside, sum)) = packed.split_last_chunk::<8>().filter(|_| page.sum)
        && xxh3(inside) != u64::from_le_bytes(*sum)
    {
        return Err(Error::damaged("the checksum of a page does not fit its bytes"));
    }
    unpack(&packed[..stored], plain, out)
}

fn decode(column: &Column, plain: &[u8], slot: Slot) {
    let split = (0x11..=0x1b).contains(&column.kind);
    let zigzag = matches!(column.kind, 0x11 | 0x13 | 0x15);
    let delta = matches!(column.kind, 0x1a | 0x1b);
    macro_rules! signed {
        ($words:ident, $out:expr, $signed:ty) => {
            if zigzag {
                $words(plain, split, $out, |raw| (raw >> 1) as $signed ^ -((raw & 1) as $signed))
            } else {
                $words(plain, split, $out, |raw| raw as $signed)
            }
        };
    }
    match slot {
        Slot::Bool(out) => out.iter_mut().enumerate().for_each(|(at, out)| *out = plain[at / 8] >> (at % 8) & 1 != 0),
        Slot::U8(out) => out.copy_from_slice(plain),
        Slot::I8(out) => out.iter_mut().zip(plain).for_each(|(out, one)| *out = *one as i8),
        Slot::I16(out) => signed!(words16, out, i16),
        Slot::I32(out) => signed!(words32, out, i32),
        Slot::I64(out) => signed!(words64, out, i64),
        Slot::U16(out) => words16(plain, split, out, |raw| raw),
        Slot::U32(out) => words32(plain, split, out, |raw| raw),
        Slot::U64(out) => {
            let narrow = column.bits == 32;
            if narrow {
                words32(plain, split, out, u64::from);
            } else {
                words64(plain, split, out, |raw| raw);
            }
            if delta {
                let mut sum = 0u64;
                for out in out {
                    sum = sum.wrapping_add(*out);
                    sum = if narrow { sum & u64::from(u32::MAX) } else { sum };
                    *out = sum;
                }
            }
        }
        Slot::F32(out) => floats(column, split, plain, out),
        Slot::F64(out) => words64(plain, split, out, f64::from_bits),
    }
}

/// Numbers of some bytes into `out`, from one after another or from planes: all first bytes, then all second ones. The
/// loops are written so that compilers make vectors of them.
macro_rules! words {
    ($name:ident: $word:ty) => {
        fn $name<T>(bytes: &[u8], split: bool, out: &mut [T], value: impl Fn($word) -> T) {
            const WIDTH: usize = size_of::<$word>();
            if !split {
                for (out, one) in out.iter_mut().zip(bytes.as_chunks::<WIDTH>().0) {
                    *out = value(<$word>::from_le_bytes(*one));
                }
                return;
            }
            let number = out.len();
            let Some(bytes) = bytes.get(..number * WIDTH) else { return };
            let planes: [&[u8]; WIDTH] = std::array::from_fn(|plane| &bytes[plane * number..][..number]);
            for (at, out) in out.iter_mut().enumerate() {
                let byte = |word: $word, plane: usize| word | <$word>::from(planes[plane][at]) << (8 * plane);
                *out = value((0..WIDTH).fold(0, byte));
            }
        }
    };
}

words!(words16: u16);
words!(words32: u32);
words!(words64: u64);

fn floats(column: &Column, split: bool, bytes: &[u8], out: &mut [f32]) {
    let bits = usize::from(column.bits);
    match column.kind {
        0x0b | 0x17 => words16(bytes, split, out, half),
        0x1c => {
            let all = out.iter_mut().enumerate();
            all.for_each(|(at, out)| *out = f32::from_bits((packed(bytes, at * bits, bits) as u32) << (32 - bits)));
        }
        0x1d => {
            let (low, high) = column.range;
            let steps = ((1u64 << bits) - 1) as f64;
            let value = |at: usize| (low + packed(bytes, at * bits, bits) as f64 * ((high - low) / steps)) as f32;
            out.iter_mut().enumerate().for_each(|(at, out)| *out = value(at));
        }
        _ => words32(bytes, split, out, f32::from_bits),
    }
}

/// `bits` bits (at most 32) that begin at bit `at`, the lowest first.
fn packed(bytes: &[u8], at: usize, bits: usize) -> u64 {
    let first = at / 8;
    let mut word = [0; 8];
    let have = bytes.len().saturating_sub(first).min(8);
    word[..have].copy_from_slice(&bytes[first..first + have]);
    u64::from_le_bytes(word) >> (at % 8) & ((1 << bits) - 1)
}

/// A float of 16 bits.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, mantissa) = (u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    let magnitude = match (exponent, mantissa) {
        // Zero, and numbers below the smallest with a full mantissa.
        (0, mantissa) => return f32::from_bits(sign | (mantissa as f32 * 2f32.powi(-24)).to_bits()),
        (0x1f, mantissa) => 0x7f80_0000 | mantissa << 13,
        (exponent, mantissa) => (exponent + 112) << 23 | mantissa << 13,
    };
    f32::from_bits(sign | magnitude)
}

/// Numbers of one type as another: where representations of a field differ.
pub(crate) fn cast(values: Values, of: &Type) -> Result<Values> {
    Ok(match (values, of) {
        (values, of) if values.of() == *of => values,
        (Values::F32(all), Type::F64) => Values::F64(all.into_iter().map(f64::from).collect()),
        (Values::F64(all), Type::F32) => Values::F32(all.into_iter().map(|value| value as f32).collect()),
        (Values::U64(all), Type::U32) => Values::U32(all.into_iter().map(|value| value as u32).collect()),
        (Values::I32(all), Type::I64) => Values::I64(all.into_iter().map(i64::from).collect()),
        (Values::I64(all), Type::I32) => Values::I32(all.into_iter().map(|value| value as i32).collect()),
        (values, of) => {
            return Err(Error::unknown(format!("one representation of the field is {}, another {of}", values.of())));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_exact() {
        let cases =
            [(0x3c00, 1.0), (0xc000, -2.0), (0x0001, 2f32.powi(-24)), (0x7bff, 65504.0), (0x3555, 0.333_251_95)];
        cases.iter().for_each(|(bits, value)| assert_eq!(half(*bits), *value));
        assert!(half(0x7e00).is_nan() && half(0xfc00) == f32::NEG_INFINITY);
    }

    #[test]
    fn bits_cross_bytes() {
        assert_eq!(packed(&[0b1010_0000, 0b0000_0011], 5, 5), 0b11101);
    }
}
