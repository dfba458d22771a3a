//! The range of Double32_t and Float16_t, which is part of the title: `pt[0,10,12]`, `[-pi, 2*pi]`.

use crate::columns::{Packing, Range};

/// How the number is packed that has this title.
pub(super) fn packing(title: &str, half: bool) -> Packing {
    let plain = if half { Packing::Short(12) } else { Packing::Float };
    let Some(range) = brackets(title) else { return plain };
    let mut parts = range.split(',');
    let (Some(low), Some(high)) = (parts.next().and_then(value), parts.next().and_then(value)) else { return plain };
    let bits = parts.next().and_then(value).map(|bits| bits as u32);
    let bits = bits.filter(|bits| (2..=32).contains(bits));
    if low >= high {
        // No range: the bits are those of the mantissa, as many as two bytes hold beside its sign.
        return match bits {
            Some(bits) if bits < 15 => Packing::Short(bits),
            Some(_) | None if half => Packing::Short(12),
            Some(15..=16) => Packing::Short(14),
            _ => plain,
        };
    }
    // The largest integer of 32 bits, but the number of integers of fewer: so ROOT has it.
    let integers = bits.filter(|bits| *bits < 32).map_or(f64::from(u32::MAX), |bits| f64::from(1u32 << bits));
    Packing::Range(Range { low, factor: integers / (high - low) })
}

/// The content of the brackets that have a comma in them.
fn brackets(title: &str) -> Option<&str> {
    title
        .split('[')
        .skip(1)
        .filter_map(|part| part.split_once(']'))
        .map(|(inner, _)| inner)
        .find(|inner| inner.contains(','))
}

/// A number or arithmetic with pi.
fn value(text: &str) -> Option<f64> {
    let text = text.to_lowercase().replace("twopi", "2*pi").replace("2pi", "2*pi");
    let mut parser = Parser { text: text.as_bytes(), at: 0 };
    let value = parser.sum(0)?;
    parser.blanks();
    (parser.at == parser.text.len()).then_some(value)
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn next(&mut self, any: &[u8]) -> Option<u8> {
        self.blanks();
        let found = self.text.get(self.at).copied().filter(|byte| any.contains(byte))?;
        self.at += 1;
        Some(found)
    }

    fn sum(&mut self, depth: usize) -> Option<f64> {
        let mut value = self.product(depth)?;
        while let Some(operator) = self.next(b"+-") {
            let other = self.product(depth)?;
            value = if operator == b'+' { value + other } else { value - other };
        }
        Some(value)
    }

    fn product(&mut self, depth: usize) -> Option<f64> {
        let mut value = self.factor(depth)?;
        while let Some(operator) = self.next(b"*/") {
            let other = self.factor(depth)?;
            value = if operator == b'*' { value * other } else { value / other };
        }
        Some(value)
    }

    fn factor(&mut self, depth: usize) -> Option<f64> {
        if depth > 32 {
            return None;
        }
        if let Some(sign) = self.next(b"+-") {
            let value = self.factor(depth + 1)?;
            return Some(if sign == b'-' { -value } else { value });
        }
        if self.next(b"(").is_some() {
            let value = self.sum(depth + 1)?;
            return self.next(b")").map(|_| value);
        }
        if self.text[self.at..].starts_with(b"pi") {
            self.at += 2;
            return Some(std::f64::consts::PI);
        }
        let start = self.at;
        while let Some(byte) = self.text.get(self.at) {
            let exponent = matches!(byte, b'+' | b'-') && self.at > start && self.text[self.at - 1] == b'e';
            if !(byte.is_ascii_digit() || matches!(byte, b'.' | b'e') || exponent) {
                break;
            }
            self.at += 1;
        }
        std::str::from_utf8(&self.text[start..self.at]).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_from_titles() {
        assert_eq!(packing("x", false), Packing::Float);
        assert_eq!(packing("x", true), Packing::Short(12));
        assert_eq!(packing("b[0,10,12]", true), Packing::Range(Range { low: 0.0, factor: 409.6 }));
        let Packing::Range(range) = packing("m[3][-pi, 2*pi - 1e0]", false) else { panic!("no range") };
        let width = 3.0 * std::f64::consts::PI - 1.0;
        assert!((f64::from(u32::MAX) / range.factor - width).abs() < 1e-12 && range.low == -std::f64::consts::PI);
        assert_eq!(packing("[0, 0, 14]", false), Packing::Short(14));
        assert_eq!(value("(2"), None);
    }
}
