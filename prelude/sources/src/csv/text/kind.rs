//! What a column holds, decided from all its values.
//!
//! Each value has traits; a column has those of all its values; [`decide`] turns them into a [`Kind`] that holds every
//! one of them exactly, or text. Decimals are rounded to the nearest 64-bit float, as everywhere.

use super::records::trim;
use super::time::{self, Time};

/// What the values of a column have in common, as bits.
pub(crate) type Traits = u16;

pub(crate) const INT: Traits = 1;
/// Integers above i64 that u64 holds.
pub(crate) const LARGE: Traits = 1 << 1;
/// Integers that no 64 bits hold.
pub(crate) const HUGE: Traits = 1 << 2;
pub(crate) const NEGATIVE: Traits = 1 << 3;
/// Integers that a 64-bit float would round.
pub(crate) const INEXACT: Traits = 1 << 4;
pub(crate) const FLOAT: Traits = 1 << 5;
/// `nan` and the like.
pub(crate) const NAN: Traits = 1 << 6;
pub(crate) const BOOL: Traits = 1 << 7;
pub(crate) const DATE: Traits = 1 << 8;
pub(crate) const TIME: Traits = 1 << 9;
/// Times with an offset from UTC.
pub(crate) const ZONED: Traits = 1 << 10;
/// Times that microseconds do not hold.
pub(crate) const FINE: Traits = 1 << 11;
/// Times that nanoseconds do not hold.
pub(crate) const FAR: Traits = 1 << 12;
pub(crate) const TEXT: Traits = 1 << 13;
/// A word for "missing": no value in a column of numbers, text in one of text.
pub(crate) const WORD: Traits = 1 << 14;
/// A number with a comma where a point is expected; text, but worth a hint.
pub(crate) const COMMA: Traits = 1 << 15;

const INTEGERS: Traits = INT | LARGE | HUGE | NEGATIVE | INEXACT;
const TIMES: Traits = DATE | TIME | ZONED | FINE | FAR;

/// What a column is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// `nan` is missing: for integers that a float would round.
    Int {
        nan: bool,
    },
    Unsigned {
        nan: bool,
    },
    Float,
    Bool,
    Date,
    Time {
        nanoseconds: bool,
        zoned: bool,
    },
}

/// What the user has fixed about values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// `1,5` is a number and `1.5` is not.
    pub decimal_comma: bool,
    /// Texts that mean "missing" in every column.
    pub nulls: Vec<Vec<u8>>,
    /// Formats of dates and times beside ISO 8601.
    pub dates: Vec<String>,
}

/// A number of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Int(i128),
    /// An integer of more digits than 128 bits hold.
    Beyond,
    Float(f64),
    Nan,
}

/// Words for "missing" that other programs write.
pub(crate) fn is_word(value: &[u8]) -> bool {
    matches!(
        value,
        b"NA"
            | b"N/A"
            | b"n/a"
            | b"null"
            | b"NULL"
            | b"Null"
            | b"None"
            | b"<NA>"
            | b"#N/A"
            | b"#NA"
            | b"NaT"
            | b"1.#IND"
            | b"-1.#IND"
            | b"1.#QNAN"
            | b"-1.#QNAN"
    )
}

/// The integer of a text of at most 18 digits without leading zeros: the common case.
pub(crate) fn small(value: &[u8]) -> Option<i64> {
    let (negative, digits) = match value {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] | rest => (false, rest),
    };
    if digits.is_empty() || digits.len() > 18 || (digits[0] == b'0' && digits.len() > 1) {
        return None;
    }
    let mut sum = 0_i64;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        sum = sum * 10 + i64::from(digit);
    }
    Some(if negative { -sum } else { sum })
}

/// The number of a text without blanks around it. Numbers with leading zeros, in hexadecimal, with separators of
/// thousands, with `%` or with an exponent after `D` are text.
pub(crate) fn number(value: &[u8], comma: bool) -> Option<Number> {
    if let Some(value) = small(value) {
        return Some(Number::Int(value.into()));
    }
    let unsigned = match value {
        [b'-' | b'+', rest @ ..] | rest => rest,
    };
    match unsigned.first()? {
        b'0'..=b'9' | b'.' | b',' => {}
        b'i' | b'I' | b'n' | b'N' => return special(value, unsigned),
        _ => return None,
    }
    if unsigned.iter().all(u8::is_ascii_digit) {
        return integer(value, unsigned);
    }
    let point = if comma { b',' } else { b'.' };
    let plain = |&byte: &u8| byte.is_ascii_digit() || byte == point || matches!(byte, b'e' | b'E' | b'+' | b'-');
    if !unsigned.iter().all(plain) {
        return None;
    }
    let text = std::str::from_utf8(value).ok()?;
    let parsed = if comma { text.replace(',', ".").parse() } else { text.parse() };
    parsed.ok().map(Number::Float)
}

fn special(value: &[u8], unsigned: &[u8]) -> Option<Number> {
    let is = |word: &[u8]| unsigned.eq_ignore_ascii_case(word);
    if is(b"nan") {
        return Some(Number::Nan);
    }
    let sign = if value[0] == b'-' { -1.0 } else { 1.0 };
    (is(b"inf") || is(b"infinity")).then_some(Number::Float(sign * f64::INFINITY))
}

fn integer(value: &[u8], digits: &[u8]) -> Option<Number> {
    if digits.len() > 1 && digits[0] == b'0' {
        return None;
    }
    let text = std::str::from_utf8(value).ok()?;
    Some(text.parse().map_or(Number::Beyond, Number::Int))
}

pub(crate) fn of_integer(value: i128) -> Traits {
    let exact = value.unsigned_abs() < 1 << 53 || (value as f64) as i128 == value;
    let width = match value {
        _ if i64::try_from(value).is_ok() => INT,
        _ if u64::try_from(value).is_ok() => LARGE,
        _ => HUGE,
    };
    width | if value < 0 { NEGATIVE } else { 0 } | if exact { 0 } else { INEXACT }
}

fn of_time(time: Time) -> Traits {
    let unit = if time.fine { FINE } else { 0 } | if time.since(true).is_none() { FAR } else { 0 };
    match (time.of_day, time.offset) {
        (None, _) => DATE | unit,
        (Some(_), None) => TIME | unit,
        (Some(_), Some(_)) => ZONED | unit,
    }
}

/// The date or time of a text.
pub(crate) fn time(value: &[u8], rules: &Rules) -> Option<Time> {
    time::iso(value).or_else(|| if rules.dates.is_empty() { None } else { time::asked(value, &rules.dates) })
}

/// The truth of a text.
pub(crate) fn truth(value: &[u8]) -> Option<bool> {
    match value {
        b"true" | b"True" | b"TRUE" => Some(true),
        b"false" | b"False" | b"FALSE" => Some(false),
        _ => None,
    }
}

/// What one field is: an empty text in quotes is a text where there are texts, and missing where there are numbers.
pub(crate) fn of_field(value: &[u8], quoted: bool, rules: &Rules) -> Traits {
    let is_null = || rules.nulls.iter().any(|null| null == trim(value));
    if quoted && trim(value).is_empty() && !is_null() { WORD } else { traits(value, rules) }
}

/// What one value is. Blanks around it do not count; nothing at all has no traits.
pub(crate) fn traits(value: &[u8], rules: &Rules) -> Traits {
    let value = trim(value);
    if value.is_empty() || rules.nulls.iter().any(|null| null == value) {
        return 0;
    }
    if let Some(number) = number(value, rules.decimal_comma) {
        return match number {
            Number::Int(value) => of_integer(value),
            Number::Beyond => HUGE | INEXACT,
            Number::Float(_) => FLOAT,
            Number::Nan => NAN,
        };
    }
    if is_word(value) {
        return WORD;
    }
    if truth(value).is_some() {
        return BOOL;
    }
    if let Some(time) = time(value, rules) {
        return of_time(time);
    }
    match number(value, true) {
        Some(_) if !rules.decimal_comma => TEXT | COMMA,
        _ => TEXT,
    }
}

/// The kind that holds all values with these traits; `None` for a column without any value.
pub(crate) fn decide(traits: Traits) -> Option<Kind> {
    let values = traits & !(WORD | COMMA);
    if values == 0 {
        return (traits != 0).then_some(Kind::Text);
    }
    let only = |allowed: Traits| values & !allowed == 0;
    let has = |wanted: Traits| values & wanted != 0;
    Some(if only(INTEGERS | NAN) && has(INTEGERS) && (!has(NAN) || has(INEXACT)) {
        match (has(HUGE), has(LARGE), has(NEGATIVE)) {
            (true, ..) | (_, true, true) => Kind::Text,
            (_, true, false) => Kind::Unsigned { nan: has(NAN) },
            _ => Kind::Int { nan: has(NAN) },
        }
    } else if only(INTEGERS | FLOAT | NAN) {
        if has(INEXACT) { Kind::Text } else { Kind::Float }
    } else if only(BOOL | NAN) && has(BOOL) {
        Kind::Bool
    } else if only(TIMES | NAN) && has(TIMES) {
        match (has(DATE), has(TIME), has(ZONED)) {
            (true, false, false) => Kind::Date,
            (_, true, true) | (true, _, true) => Kind::Text,
            _ if has(FINE) && has(FAR) => Kind::Text,
            (.., zoned) => Kind::Time { nanoseconds: has(FINE), zoned },
        }
    } else {
        Kind::Text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[&str]) -> Option<Kind> {
        let rules = Rules::default();
        decide(values.iter().fold(0, |all, value| all | traits(value.as_bytes(), &rules)))
    }

    #[test]
    fn a_column_is_what_holds_all_its_values() {
        let int = Kind::Int { nan: false };
        for (values, kind) in [
            (&["1", " 2 ", "+5", "-0"][..], Some(int)),
            (&["1", "", "NA"], Some(int)),
            (&["1", "2.5"], Some(Kind::Float)),
            (&["1", "nan"], Some(Kind::Float)),
            (&["1.5", "-nan", "N/A", "None", "n/a", "null", "NULL"], Some(Kind::Float)),
            (&["1.5", "inf", "-Infinity", "Inf", "+INF"], Some(Kind::Float)),
            (&["1e5", ".5", "5.", "1e400", "-2.5E-3"], Some(Kind::Float)),
            (&["9223372036854775807", "-9223372036854775808"], Some(int)),
            (&["9223372036854775808", "1"], Some(Kind::Unsigned { nan: false })),
            (&["9223372036854775808", "-1"], Some(Kind::Text)),
            (&["99999999999999999999999"], Some(Kind::Text)),
            (&["9007199254740993", "nan"], Some(Kind::Int { nan: true })),
            (&["9007199254740993", "0.5"], Some(Kind::Text)),
            (&["9007199254740992", "0.5"], Some(Kind::Float)),
            (&["007", "12"], Some(Kind::Text)),
            (&["0x1F"], Some(Kind::Text)),
            (&["1.0D+03"], Some(Kind::Text)),
            (&["1,234"], Some(Kind::Text)),
            (&["5%"], Some(Kind::Text)),
            (&["NA", "DE"], Some(Kind::Text)),
            (&["NA"], Some(Kind::Text)),
            (&["", " "], None),
            (&["true", "FALSE"], Some(Kind::Bool)),
            (&["true", "1"], Some(Kind::Text)),
            (&["true", "nan"], Some(Kind::Bool)),
            (&["2024-01-01", "nan"], Some(Kind::Date)),
            (&["2024-01-01"], Some(Kind::Date)),
            (&["2024-01-01", "2024-01-01 10:00"], Some(Kind::Time { nanoseconds: false, zoned: false })),
            (&["2024-01-01T10:00:00Z"], Some(Kind::Time { nanoseconds: false, zoned: true })),
            (&["2024-01-01T10:00:00.123456789"], Some(Kind::Time { nanoseconds: true, zoned: false })),
            (&["2024-01-01T10:00:00Z", "2024-01-01T10:00:00"], Some(Kind::Text)),
            (&["2024-01-01", "not a date"], Some(Kind::Text)),
        ] {
            assert_eq!(column(values), kind, "{values:?}");
        }
    }

    #[test]
    fn a_decimal_comma_is_only_read_when_asked_for() {
        assert_eq!(traits(b"1,5", &Rules::default()), TEXT | COMMA);
        let rules = Rules { decimal_comma: true, ..Rules::default() };
        assert_eq!(traits(b"1,5", &rules), FLOAT);
        assert_eq!(traits(b"1.5", &rules), TEXT);
        assert_eq!(number(b"-1,5e3", true), Some(Number::Float(-1500.0)));
    }

    #[test]
    fn texts_that_are_asked_for_are_missing() {
        let rules = Rules { nulls: vec![b"-".to_vec()], ..Rules::default() };
        assert_eq!(traits(b" - ", &rules), 0);
    }
}
