//! Text: one event per line, in any of the common orders, with blanks or commas between.
//!
//! Decimals are read as integers, so that every microsecond is exact: no floating point is involved.

use crate::bytes::{Bytes, Scratch};
use crate::codec::{Blocks, Checkpoint, Codec, End, Sink, Span};
use crate::decode::heading::{
    Named, Order, geometry_of_comment, geometry_of_numbers, is_separator, order_of_heading, order_of_values,
};
use crate::model::columns::Geometry;
use crate::model::error::{EventError, Result};
use crate::model::units::{self, TimeUnit};

/// The decoder.
pub(crate) struct Text {
    order: Order,
    unit: TimeUnit,
    pub(crate) geometry: Option<Geometry>,
    pub(crate) reason: String,
    blocks: Blocks,
}

/// No line of numbers is longer.
const LONGEST_LINE: u64 = 4096;
const SAMPLE: usize = 500;

fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&byte| is_separator(byte)).filter(|field| !field.is_empty())
}

/// A number, or a word for a polarity.
fn is_value(field: &[u8]) -> bool {
    parse_decimal(field, 0).is_some() || word(field).is_some()
}

fn word(field: &[u8]) -> Option<i8> {
    match field {
        b"true" | b"True" => Some(1),
        b"false" | b"False" => Some(0),
        _ => None,
    }
}

/// Is this the head of a text file of events? The reason, if so.
pub(crate) fn looks_like(head: &[u8]) -> Option<String> {
    let printable =
        head.iter().all(|&byte| (0x20..0x7F).contains(&byte) || matches!(byte, b'\t' | b'\r' | b'\n') || byte >= 0x80);
    if !printable {
        return None;
    }
    let rows: Vec<&[u8]> = head.split(|&byte| byte == b'\n').filter(|line| !is_comment(line)).take(20).collect();
    let numbers = rows.iter().filter(|line| fields(line).count() >= 4 && fields(line).all(is_value)).count();
    // A line of names or of the size may come first; other text has lines of four numbers now and then.
    if numbers > 0 && numbers * 2 + 1 >= rows.len() {
        return Some("it is text with lines of four numbers".to_string());
    }
    let heading = head.split(|&byte| byte == b'\n').take(20).any(|line| {
        let line = String::from_utf8_lossy(line);
        order_of_heading(&line).is_some()
    });
    heading.then(|| "it is text whose heading names the columns of events".to_string())
}

fn is_comment(line: &[u8]) -> bool {
    let first = line.iter().find(|byte| !is_separator(**byte));
    matches!(first, None | Some(b'#' | b'%'))
}

/// `text` times 10^9, exact as long as it has at most 9 decimals; more are rounded.
fn parse_decimal(text: &[u8], shift: i32) -> Option<(i128, bool)> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let exponent = digits.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (digits, power) = match exponent {
        Some(at) => (&digits[..at], std::str::from_utf8(&digits[at + 1..]).ok()?.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (mut value, mut scale, mut point, mut any) = (0i128, 0i32, false, false);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                any = true;
                // 30 digits are more than any clock has; the rest cannot matter.
                if value < 10i128.pow(30) {
                    value = value * 10 + i128::from(byte - b'0');
                    scale += i32::from(point);
                } else if !point {
                    return None;
                }
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    if !any {
        return None;
    }
    let power = power.checked_add(9 - shift)?.checked_sub(scale)?;
    let value = match power {
        0.. => value.checked_mul(10i128.checked_pow(power as u32)?)?,
        -38.. => {
            let unit = 10i128.pow(power.unsigned_abs());
            (value + unit / 2) / unit
        }
        _ => 0,
    };
    Some((if negative { -value } else { value }, point))
}

/// A number times 10^9 as a float; whole numbers stay whole.
fn exact(billionths: i128) -> f64 {
    match billionths % 1_000_000_000 {
        0 => (billionths / 1_000_000_000) as f64,
        _ => billionths as f64 / 1e9,
    }
}

/// An integer of a few digits, the common case.
#[inline]
fn small(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 9 {
        return None;
    }
    text.iter().try_fold(0u32, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
}

impl Text {
    /// Reads the head, and tells the order, the unit and the geometry from it; `said` and `unit` win.
    pub(crate) fn open(bytes: &Bytes, said: Option<&str>, unit: Option<TimeUnit>, block: u64) -> Result<Self> {
        let head = bytes.head(0, 64 * 1024)?;
        let cut = if (head.len() as u64) < bytes.len() {
            head.iter().rposition(|&byte| byte == b'\n').map_or(head.len(), |at| at + 1)
        } else {
            head.len()
        };
        let (mut named, mut geometry, mut rows) = (None, None, Vec::new());
        let (mut at, mut start) = (0, None);
        for line in head[..cut].split(|&byte| byte == b'\n') {
            let here = at;
            at += line.len() as u64 + 1;
            let words = String::from_utf8_lossy(line);
            let numbers: Option<Vec<(i128, bool)>> = fields(line)
                .map(|field| {
                    let on = word(field).map(|on| (i128::from(on) * 1_000_000_000, false));
                    on.or_else(|| parse_decimal(field, 0))
                })
                .collect();
            let no_numbers = is_comment(line) || numbers.as_ref().is_none_or(|numbers| numbers.len() < 4);
            if no_numbers && start.is_none() {
                if let Some(found) = order_of_heading(&words) {
                    geometry = geometry.or(found.geometry);
                    named = Some(found);
                }
                geometry = geometry.or_else(|| geometry_of_comment(words.trim()));
                geometry = geometry.or_else(|| geometry_of_numbers(numbers.as_deref()?));
            } else if !no_numbers && let Some(numbers) = numbers {
                start.get_or_insert(here);
                if rows.len() < SAMPLE {
                    rows.push(numbers);
                }
            }
        }
        let ask = |what: &str| EventError::Unsupported {
            path: bytes.path().to_path_buf(),
            what: what.to_string(),
            hint: "say the order, for example `columns(\"t x y p\")`".to_string(),
        };
        let told = |found: Named, reason| (found.order, found.unit, reason);
        let (order, told_unit, reason) = match (said, named) {
            (Some(said), _) => {
                let found = order_of_heading(said).ok_or_else(|| ask(&format!("the column order `{said}`")))?;
                told(found, "as asked for")
            }
            (None, Some(found)) => told(found, "its heading names the columns"),
            (None, None) => {
                let (order, reason) =
                    order_of_values(&rows).ok_or_else(|| ask("text whose columns cannot be told apart"))?;
                (order, None, reason)
            }
        };
        let times: Vec<f64> = rows.iter().filter_map(|row| Some(exact(row.get(order.t)?.0))).collect();
        let (unit, why) = match (unit, told_unit) {
            (Some(unit), _) => (unit, "as asked for".to_string()),
            (None, Some(unit)) => (unit, "its heading says so".to_string()),
            (None, None) => units::told_by(&times),
        };
        let reason = format!("{reason}; time in {unit}: {why}");
        let blocks = Blocks::new(start.unwrap_or(cut as u64), bytes.len(), block);
        Ok(Self { order, unit, geometry, reason, blocks })
    }

    fn line(&self, line: &[u8], sink: &mut Sink<'_>) -> std::result::Result<bool, String> {
        let mut found: [&[u8]; 8] = [&[]; 8];
        let mut count = 0;
        for field in fields(line).take(8) {
            found[count] = field;
            count += 1;
        }
        if count == 0 || matches!(found[0][0], b'#' | b'%') {
            return Ok(false);
        }
        let Order { t, x, y, p } = self.order;
        if t.max(x).max(y).max(p) >= count {
            return Err(format!("a line with {count} numbers"));
        }
        let wrong = |name: &str, field: &[u8]| {
            format!("`{}` as {name}", String::from_utf8_lossy(&field[..field.len().min(40)]))
        };
        let place = |name: &str, field: &[u8]| {
            let value = small(field).map(i128::from).or_else(|| {
                // Some tools write pixels as `12.0`.
                parse_decimal(field, 0)
                    .filter(|(value, _)| value % 1_000_000_000 == 0)
                    .map(|(value, _)| value / 1_000_000_000)
            });
            value.and_then(|value| u16::try_from(value).ok()).ok_or_else(|| wrong(name, field))
        };
        let time = self.time(found[t]).ok_or_else(|| wrong("time", found[t]))?;
        let polarity = match found[p] {
            b"1" | b"+1" => 1,
            b"0" => 0,
            b"-1" => -1,
            other => {
                match word(other).map(|on| (i128::from(on) * 1_000_000_000, false)).or_else(|| parse_decimal(other, 0))
                {
                    Some((0, _)) => 0,
                    Some((1_000_000_000, _)) => 1,
                    Some((-1_000_000_000, _)) => -1,
                    _ => return Err(wrong("polarity", other)),
                }
            }
        };
        sink.events.push(time, place("x", found[x])?, place("y", found[y])?, polarity);
        Ok(true)
    }

    fn time(&self, field: &[u8]) -> Option<i64> {
        let decimal = |shift| parse_decimal(field, shift).and_then(|(value, _)| i64::try_from(value).ok());
        match self.unit {
            TimeUnit::Microseconds => match small(field) {
                Some(value) => Some(i64::from(value)),
                None => decimal(9),
            },
            TimeUnit::Seconds => decimal(3),
            TimeUnit::Milliseconds => decimal(6),
            TimeUnit::Nanoseconds => decimal(12),
        }
    }
}

impl Codec for Text {
    fn blocks(&self) -> usize {
        self.blocks.count()
    }

    fn span(&self, block: usize) -> Span {
        self.blocks.span(block)
    }

    /// A line belongs to the block in which it begins.
    fn decode(
        &self,
        bytes: &Bytes,
        block: usize,
        _start: Option<&Checkpoint>,
        scratch: &mut Scratch,
        sink: &mut Sink<'_>,
    ) -> Result<End> {
        let span = self.span(block);
        let before = u64::from(block > 0);
        let body =
            bytes.load(span.start - before, self.blocks.end().min(span.end + LONGEST_LINE), scratch.parts().0)?;
        let stop = (span.end - span.start + before) as usize;
        let mut at = match block {
            0 => 0,
            // The byte before the block ends a line, or the block begins inside one that the block before has read.
            _ => body.iter().position(|&byte| byte == b'\n').map_or(body.len(), |end| end + 1),
        };
        while at < stop {
            let end = body[at..].iter().position(|&byte| byte == b'\n').map_or(body.len(), |length| at + length);
            let offset = span.start - before + at as u64;
            // A line that goes on beyond what was loaded is not read in part.
            let too_long = (end - at) as u64 >= LONGEST_LINE;
            let read = if too_long {
                Err("a line of 4096 bytes or more".to_string())
            } else {
                self.line(&body[at..end], sink)
            };
            if let Err(what) = read {
                sink.damage(offset, (end - at) as u64, what)?;
            }
            at = end + 1;
        }
        Ok(End::At(Checkpoint { started: true, ..Checkpoint::default() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        // Floating point gives 1.000001 * 1e6 = 1000000.9999999999 and loses a microsecond.
        for (text, shift, expected) in [
            ("1.000001", 3, 1_000_001),
            ("0.005856000", 3, 5_856),
            ("1589163147.368868", 3, 1_589_163_147_368_868),
            ("-0.5", 3, -500_000),
            ("1.5e-3", 3, 1_500),
            ("1e3", 9, 1_000),
            ("0.0000006", 3, 1),
            ("123456", 9, 123_456),
        ] {
            assert_eq!(parse_decimal(text.as_bytes(), shift).map(|(value, _)| value), Some(expected), "{text}");
        }
        for text in ["", "-", ".", "1.2.3", "abc", "1e"] {
            assert_eq!(parse_decimal(text.as_bytes(), 0), None, "{text}");
        }
    }
}
