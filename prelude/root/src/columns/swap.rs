//! Numbers as they stand in a file into numbers as the machine has them, many at a time.

use super::values::numbers;
use super::{Type, Values};

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Prim {
    Bool,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    /// Double32_t: written as a float, or as an integer in a range, or with few bits.
    Double32(Packing),
    /// Float16_t: the same, with 12 bits when nothing is said.
    Float16(Packing),
}

/// How Double32_t and Float16_t are packed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Packing {
    /// Four bytes, a float.
    Float,
    /// Three bytes: an exponent and this many bits of mantissa.
    Short(u32),
    /// Four bytes, an integer that divides a range.
    Range(Range),
}

/// The range of a packed number: an integer `n` means `low + n / factor`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    pub low: f64,
    pub factor: f64,
}

impl Prim {
    /// Bytes of one number.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
            Self::Double32(Packing::Short(_)) | Self::Float16(Packing::Short(_)) => 3,
            Self::Double32(_) | Self::Float16(_) => 4,
        }
    }

    pub(crate) fn of(self) -> Type {
        match self {
            Self::Bool => Type::Bool,
            Self::I8 => Type::I8,
            Self::U8 => Type::U8,
            Self::I16 => Type::I16,
            Self::U16 => Type::U16,
            Self::I32 => Type::I32,
            Self::U32 => Type::U32,
            Self::I64 => Type::I64,
            Self::U64 => Type::U64,
            Self::F32 | Self::Float16(_) => Type::F32,
            Self::F64 | Self::Double32(_) => Type::F64,
        }
    }

    /// Appends all numbers in `bytes`, which lie `stride` apart (0: one after another).
    pub(crate) fn append(self, bytes: &[u8], stride: usize, out: &mut Values) {
        let width = self.width();
        if stride > width {
            for one in bytes.chunks(stride).filter_map(|chunk| chunk.get(..width)) {
                self.append(one, 0, out);
            }
            return;
        }
        macro_rules! bulk {
            ($($kind:ident: $type:ty),*) => {
                match (self, out) {
                    (Self::Bool, Values::Bool(out)) => out.extend(bytes.iter().map(|byte| *byte != 0)),
                    (Self::U8, Values::U8(out)) => out.extend_from_slice(bytes),
                    (Self::I8, Values::I8(out)) => out.extend(bytes.iter().map(|byte| *byte as i8)),
                    $((Self::$kind, Values::$kind(out)) => {
                        let (all, _) = bytes.as_chunks::<{ size_of::<$type>() }>();
                        out.extend(all.iter().map(|one| <$type>::from_be_bytes(*one)));
                    })*
                    (Self::Double32(packing), Values::F64(out)) => {
                        out.extend(bytes.chunks_exact(width).map(|one| packing.value(one)));
                    }
                    (Self::Float16(packing), Values::F32(out)) => {
                        out.extend(bytes.chunks_exact(width).map(|one| packing.value(one) as f32));
                    }
                    // The values were made for this type.
                    (_, _) => debug_assert!(false, "values of another type"),
                }
            };
        }
        bulk!(I16: i16, U16: u16, I32: i32, U32: u32, I64: i64, U64: u64, F32: f32, F64: f64);
    }

    /// Fills a slot with numbers that lie `stride` apart, beginning `offset` into `bytes`.
    pub(crate) fn fill(self, bytes: &[u8], offset: usize, stride: usize, out: Slot) {
        let width = self.width();
        macro_rules! bulk {
            ($($kind:ident: $type:ty),*) => {
                match (self, out) {
                    $((Self::$kind, Slot::$kind(out)) => {
                        const WIDTH: usize = size_of::<$type>();
                        if stride == WIDTH {
                            let (all, _) = bytes.as_chunks::<WIDTH>();
                            for (out, one) in out.iter_mut().zip(all) {
                                *out = <$type>::from_be_bytes(*one);
                            }
                        } else {
                            for (out, one) in out.iter_mut().zip(bytes.chunks(stride)) {
                                let one = one.get(offset..).and_then(|one| one.first_chunk::<WIDTH>());
                                *out = one.map_or(<$type>::default(), |one| <$type>::from_be_bytes(*one));
                            }
                        }
                    })*
                    (Self::Bool, Slot::Bool(out)) => {
                        for (out, one) in out.iter_mut().zip(bytes.chunks(stride)) {
                            *out = one.get(offset).is_some_and(|byte| *byte != 0);
                        }
                    }
                    (Self::Double32(packing), Slot::F64(out)) => {
                        for (out, one) in out.iter_mut().zip(bytes.chunks(stride)) {
                            *out = one.get(offset..offset + width).map_or(0.0, |one| packing.value(one));
                        }
                    }
                    (Self::Float16(packing), Slot::F32(out)) => {
                        for (out, one) in out.iter_mut().zip(bytes.chunks(stride)) {
                            *out = one.get(offset..offset + width).map_or(0.0, |one| packing.value(one) as f32);
                        }
                    }
                    (_, _) => debug_assert!(false, "values of another type"),
                }
            };
        }
        bulk!(I8: i8, U8: u8, I16: i16, U16: u16, I32: i32, U32: u32, I64: i64, U64: u64, F32: f32, F64: f64);
    }
}

impl Packing {
    fn value(self, bytes: &[u8]) -> f64 {
        match (self, bytes) {
            (Self::Float, [a, b, c, d]) => f32::from_be_bytes([*a, *b, *c, *d]).into(),
            (Self::Range(range), [a, b, c, d]) => {
                f64::from(u32::from_be_bytes([*a, *b, *c, *d])) / range.factor + range.low
            }
            (Self::Short(bits), [exponent, high, low]) => {
                let mantissa = u32::from(u16::from_be_bytes([*high, *low]));
                let magnitude = u32::from(*exponent) << 23 | (mantissa & ((1 << (bits + 1)) - 1)) << (23 - bits);
                let value = f64::from(f32::from_bits(magnitude));
                if mantissa & 1 << (bits + 1) != 0 { -value } else { value }
            }
            _ => 0.0,
        }
    }
}

/// Turns numbers of `width` bytes as a file has them, the highest byte first, into numbers of the machine in their place.
pub(crate) fn turn(width: usize, bytes: &mut [u8]) {
    match width {
        2 => turn_2(bytes.as_chunks_mut().0),
        4 => turn_4(bytes.as_chunks_mut().0),
        8 => turn_8(bytes.as_chunks_mut().0),
        // Bytes have no order.
        _ => debug_assert_eq!(width, 1, "numbers that are packed have no place in a slot"),
    }
}

macro_rules! turns {
    ($($name:ident: $type:ty),*) => {
        $(recoil_vectors::widest! {
            fn $name(all: &mut [[u8; size_of::<$type>()]]) -> () {
                all.iter_mut().for_each(|one| *one = <$type>::from_be_bytes(*one).to_ne_bytes());
            }
        })*
    };
}
turns!(turn_2: u16, turn_4: u32, turn_8: u64);

/// Room for numbers that are known to come.
#[derive(Debug)]
pub(crate) enum Slot<'a> {
    Bool(&'a mut [bool]),
    I8(&'a mut [i8]),
    U8(&'a mut [u8]),
    I16(&'a mut [i16]),
    U16(&'a mut [u16]),
    I32(&'a mut [i32]),
    U32(&'a mut [u32]),
    I64(&'a mut [i64]),
    U64(&'a mut [u64]),
    F32(&'a mut [f32]),
    F64(&'a mut [f64]),
}

impl<'a> Slot<'a> {
    /// Its memory, where a number of this kind takes as many bytes in it as in a file; what is written there is turned by
    /// [`turn`].
    pub(crate) fn bytes(&mut self, prim: Prim) -> Option<&mut [u8]> {
        macro_rules! each {
            ($($kind:ident),*) => {
                match (prim, self) {
                    $((Prim::$kind, Self::$kind(all)) => Some(bytemuck::cast_slice_mut(all)),)*
                    _ => None,
                }
            };
        }
        each!(I8, U8, I16, U16, I32, U32, I64, U64, F32, F64)
    }

    /// Parts it behind `at` numbers.
    pub(crate) fn split(self, at: usize) -> (Self, Self) {
        macro_rules! each {
            ($($kind:ident),*) => {
                match self {
                    $(Self::$kind(all) => {
                        let (first, second) = all.split_at_mut(at.min(all.len()));
                        (Self::$kind(first), Self::$kind(second))
                    })*
                }
            };
        }
        each!(Bool, I8, U8, I16, U16, I32, U32, I64, U64, F32, F64)
    }
}

impl Values {
    /// That many zeros.
    pub(crate) fn zeros(of: &Type, number: usize) -> Self {
        if let Type::Fixed(inner, size) = of {
            let values = Box::new(Self::zeros(inner, number.saturating_mul(*size)));
            return Self::Fixed { size: *size, rows: number, values };
        }
        let mut values = Self::empty(of);
        numbers!(&mut values, vector => *vector = vec![Default::default(); number],
            other => (0..number).for_each(|_| other.push_default()));
        values
    }

    /// Room for that many numbers that are all to be filled, in the memory of `old` where it has their type and is large
    /// enough; what they are before is not said. `None` when there is no memory for them.
    pub(crate) fn try_room(of: &Type, number: usize, old: Option<Self>) -> Option<Self> {
        let Some(mut old) = old.filter(|old| old.of() == *of) else { return Self::try_zeros(of, number) };
        let fits = numbers!(&mut old, vector => {
            let fits = vector.capacity() >= number;
            vector.resize(if fits { number } else { 0 }, Default::default());
            fits
        }, _ => false);
        if fits { Some(old) } else { Self::try_zeros(of, number) }
    }

    /// That many zeros; `None` when there is no memory for them. Numbers come from files and may be anything.
    pub(crate) fn try_zeros(of: &Type, number: usize) -> Option<Self> {
        let bytes = number.checked_mul(of.width())?;
        // The pages are not touched: this only asks whether there is room.
        Vec::<u8>::new().try_reserve_exact(bytes).ok()?;
        Some(Self::zeros(of, number))
    }

    /// Its numbers, to be filled; nothing where it has none.
    pub(crate) fn slot(&mut self) -> Option<Slot<'_>> {
        macro_rules! each {
            ($($kind:ident),*) => {
                match self {
                    $(Self::$kind(vector) => Some(Slot::$kind(vector)),)*
                    Self::Fixed { values, .. } => values.slot(),
                    _ => None,
                }
            };
        }
        each!(Bool, I8, U8, I16, U16, I32, U32, I64, U64, F32, F64)
    }
}

#[cfg(test)]
mod tests {
    use super::turn;
    use recoil_vectors::{Width, limit};

    #[test]
    fn numbers_are_turned_alike_by_vectors_of_every_width() {
        let bytes: Vec<u8> = (0..4_003_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for width in [1, 2, 4, 8] {
            let expected: Vec<u8> = bytes.chunks_exact(width).flat_map(|one| one.iter().rev().copied()).collect();
            for most in [Width::None, Width::Avx2, Width::Avx512] {
                limit(most);
                let mut turned = bytes.clone();
                turn(width, &mut turned);
                let (turned, rest) = turned.split_at(expected.len());
                assert!(turned == expected && *rest == bytes[expected.len()..], "{width} bytes, {most:?}");
            }
        }
    }
}
