//! Words and numbers: escaping, alignment, and numbers as people write them.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text that is safe between tags and in attributes of HTML and SVG.
/// Characters that XML cannot carry become the replacement character.
///
/// ```
/// assert_eq!(show::text::escape("p < 2 & q"), "p &lt; 2 &amp; q");
/// ```
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// What remains of HTML or SVG without its tags, in one line.
pub(crate) fn without_tags(markup: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in markup.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    let text = text.replace("&#39;", "'").replace("&nbsp;", " ").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Columns of a terminal that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text on one line, at most `columns` wide, with `…` for what is left out.
pub(crate) fn one_line(text: &str, columns: usize) -> String {
    let visible = |c: char| match c {
        '\n' => '⏎',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    let line: String = text.chars().take(4 * columns + 4).map(visible).collect();
    if width(&line) <= columns && text.chars().nth(4 * columns + 4).is_none() {
        return line;
    }
    let mut out = String::new();
    for c in line.chars() {
        if width(&out) + c.width().unwrap_or(0) + 1 > columns {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// The text, padded with blanks on the left or right to `columns`.
pub(crate) fn pad(text: &str, columns: usize, right: bool) -> String {
    let blanks = " ".repeat(columns.saturating_sub(width(text)));
    if right { blanks + text } else { text.to_owned() + &blanks }
}

/// A whole number with thousands apart: `12 345 678` with narrow blanks would not be copied well, so commas.
///
/// ```
/// assert_eq!(show::text::thousands(1234567), "1,234,567");
/// ```
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with at most `digits` significant digits, without needless zeros; an exponent when it is far from 1.
///
/// ```
/// assert_eq!(show::text::number(91.18761, 6), "91.1876");
/// assert_eq!(show::text::number(1e-7, 3), "1e-7");
/// ```
pub fn number(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf".into() } else { "-inf".into() };
    }
    if value == 0.0 {
        return "0".into();
    }
    let scientific = format!("{:.*e}", digits.max(1) - 1, value);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= digits.max(7) as i32 {
        return format!("{}e{exponent}", trimmed(mantissa));
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    trimmed(&format!("{value:.decimals$}")).to_owned()
}

fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

/// Bytes as people say them: `1.5 GB`, powers of 1000.
///
/// ```
/// assert_eq!(show::text::bytes(1_500_000), "1.5 MB");
/// ```
pub fn bytes(count: u64) -> String {
    scaled(count as f64, &["B", "kB", "MB", "GB", "TB", "PB"])
}

/// Seconds as people say them: `12 ms`, `3.4 s`, `2 min 05 s`.
///
/// ```
/// assert_eq!((show::text::seconds(0.012), show::text::seconds(125.0)), ("12 ms".into(), "2 min 05 s".into()));
/// ```
pub fn seconds(value: f64) -> String {
    match value {
        v if !v.is_finite() || v < 0.0 => "?".into(),
        v if v < 1e-6 => format!("{} ns", number(v * 1e9, 3)),
        v if v < 1e-3 => format!("{} µs", number(v * 1e6, 3)),
        v if v < 1.0 => format!("{} ms", number(v * 1e3, 3)),
        v if v < 60.0 => format!("{} s", number(v, 3)),
        v if v < 3600.0 => format!("{} min {:02} s", v as u64 / 60, v as u64 % 60),
        v => format!("{} h {:02} min", v as u64 / 3600, v as u64 % 3600 / 60),
    }
}

/// A large count as people say it: `1.2 M`.
///
/// ```
/// assert_eq!(show::text::count(1_200_000.0), "1.2 M");
/// ```
pub fn count(value: f64) -> String {
    scaled(value, &["", "k", "M", "G", "T"]).trim_end().to_owned()
}

/// A share as percent.
///
/// ```
/// assert!(show::text::percent(0.25).starts_with("25"));
/// ```
pub fn percent(share: f64) -> String {
    if share.is_nan() { "-".into() } else { format!("{} %", number(share * 100.0, 3)) }
}

fn scaled(value: f64, units: &[&str]) -> String {
    let mut value = value;
    let mut at = 0;
    while value.abs() >= 999.5 && at + 1 < units.len() {
        value /= 1000.0;
        at += 1;
    }
    format!("{} {}", number(value, 3), units[at])
}

/// A bar of `columns` character cells, filled to `share`, in eighths of a cell.
pub(crate) fn bar(share: f64, columns: usize) -> String {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let eighths = (share * (columns * 8) as f64).round() as usize;
    let mut out = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        out.push(['▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8 - 1]);
    }
    out
}

/// Heights as a line of block characters: nothing is the lowest block, the highest a full one.
/// No blanks, because HTML would join them.
pub(crate) fn spark(heights: &[f64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let top = heights.iter().copied().filter(|h| h.is_finite()).fold(0.0, f64::max);
    let block = |h: &f64| match *h {
        h if h > 0.0 && top > 0.0 => BLOCKS[((h / top * 7.0).ceil() as usize).clamp(1, 7)],
        _ => BLOCKS[0],
    };
    heights.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_short_and_keep_their_size() {
        let shown: Vec<_> = [0.0, 1.0, -2.5, 0.1 + 0.2, 1e-7, 123456.0, 1234567.0, 12345678.0, 91.1876, 0.000123]
            .map(|x| number(x, 6))
            .into();
        assert_eq!(shown, ["0", "1", "-2.5", "0.3", "1e-7", "123456", "1234567", "1.23457e7", "91.1876", "0.000123"]);
        assert_eq!(number(f64::NEG_INFINITY, 3), "-inf");
        assert_eq!((thousands(1234567), thousands(999)), ("1,234,567".into(), "999".into()));
    }

    #[test]
    fn units_scale() {
        assert_eq!((bytes(0), bytes(1_500_000)), ("0 B".into(), "1.5 MB".into()));
        assert_eq!(
            (seconds(0.0012), seconds(125.0), seconds(7300.0)),
            ("1.2 ms".into(), "2 min 05 s".into(), "2 h 01 min".into())
        );
        assert_eq!((count(12.0), count(999_999.0)), ("12".into(), "1 M".into()));
    }

    #[test]
    fn blocks_tell_heights() {
        assert_eq!(spark(&[0.0, 1.0, 4.0, 8.0, f64::NAN]), "▁▂▅█▁");
        assert_eq!((bar(0.5, 4), bar(2.0, 2), bar(0.0, 4)), ("██".into(), "██".into(), String::new()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn escaped_text_never_opens_a_tag_and_comes_back(text in "\\PC{0,40}") {
            let safe = escape(&text);
            prop_assert!(!safe.contains(['<', '>', '"', '\'']));
            let back = safe.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
            prop_assert_eq!(back.replace('\u{fffd}', ""), text.replace('\u{fffd}', ""));
        }

        #[test]
        fn one_line_fits(text in any::<String>(), columns in 1usize..40) {
            let line = one_line(&text, columns);
            prop_assert!(width(&line) <= columns.max(1), "{line:?}");
            prop_assert!(!line.contains('\n'));
        }
    }
}
