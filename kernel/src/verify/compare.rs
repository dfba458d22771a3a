//! The first difference between what a cell showed and what it shows.

use super::outputs::Shown;
use super::picture::{Mark, marks};
use serde_json::{Map, Value};

/// Letters of each side that are told.
const TOLD: usize = 60;

/// The first difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where: `stdout, line 3`, `picture, mark 12 (rect), height`.
    pub place: String,
    /// The old contents.
    pub was: String,
    /// The new contents.
    pub is: String,
}

impl Difference {
    fn new(place: impl Into<String>, was: &str, is: &str) -> Self {
        Self { place: place.into(), was: shortened(was), is: shortened(is) }
    }

    pub(super) fn failed(name: &str, text: &str) -> Self {
        Self::new("error", "nothing", &format!("{name}: {}", text.lines().next().unwrap_or_default()))
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} -> {} ({})", self.was, self.is, self.place)
    }
}

fn shortened(text: &str) -> String {
    let text = text.trim();
    match text {
        "" => "nothing".to_owned(),
        _ if text.chars().count() <= TOLD => text.to_owned(),
        _ => text.chars().take(TOLD - 1).chain(['…']).collect(),
    }
}

/// The first difference between two cells' outputs. Numbers may differ by the part `tolerance` of the larger one, where
/// there is a tolerance.
pub fn compare(was: &Shown, is: &Shown, tolerance: Option<f64>) -> Option<Difference> {
    let none = || Some(String::new());
    let (before, now) = (was.error.clone().or_else(none), is.error.clone().or_else(none));
    let errors =
        (before != now).then(|| Difference::new("error", &before.unwrap_or_default(), &now.unwrap_or_default()));
    text("stdout", &was.stdout, &is.stdout, tolerance)
        .or_else(|| was.displays.iter().zip(&is.displays).find_map(|(was, is)| bundles(was, is, tolerance)))
        .or_else(|| {
            let count = |shown: &Shown| format!("{} displays", shown.displays.len());
            (was.displays.len() != is.displays.len()).then(|| Difference::new("outputs", &count(was), &count(is)))
        })
        .or_else(|| text("stderr", &was.stderr, &is.stderr, tolerance))
        .or(errors)
}

/// The first difference of two bundles: words first, because people understand them best.
fn bundles(was: &Map<String, Value>, is: &Map<String, Value>, tolerance: Option<f64>) -> Option<Difference> {
    let mut mimes: Vec<&String> = was.keys().chain(is.keys()).collect();
    mimes.sort_by_key(|mime| (*mime != "text/plain", *mime != "image/svg+xml", mime.as_str()));
    mimes.dedup();
    mimes.into_iter().find_map(|mime| match (was.get(mime), is.get(mime)) {
        (Some(was), Some(is)) => body(mime, was, is, tolerance),
        (Some(_), None) => Some(Difference::new("kinds of output", mime, "nothing")),
        _ => Some(Difference::new("kinds of output", "nothing", mime)),
    })
}

fn body(mime: &str, was: &Value, is: &Value, tolerance: Option<f64>) -> Option<Difference> {
    let (Some(before), Some(now)) = (joined(was), joined(is)) else { return json(mime, was, is, tolerance) };
    match mime {
        "image/svg+xml" => pictures(&marks(&before), &marks(&now), tolerance),
        "text/html" => text("table", &without_style(&before), &without_style(&now), tolerance),
        "text/plain" => text("text", &before, &now, tolerance),
        _ if mime.starts_with("image/") => pixels(mime, before.trim(), now.trim()),
        _ => text(mime, &before, &now, tolerance),
    }
}

/// Text, which notebook files keep as one string or as a list of lines.
fn joined(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(lines) => lines.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// The first line that differs, and in it the first word.
fn text(place: &str, was: &str, is: &str, tolerance: Option<f64>) -> Option<Difference> {
    if was == is {
        return None;
    }
    let (mut before, mut now) = (was.lines(), is.lines());
    for line in 1.. {
        let (was, is) = match (before.next(), now.next()) {
            (None, None) => break,
            pair => (pair.0, pair.1),
        };
        let at = format!("{place}, line {line}");
        let (Some(was), Some(is)) = (was, is) else {
            return Some(Difference::new(at, was.unwrap_or_default(), is.unwrap_or_default()));
        };
        let differs = |(was, is): &(&str, &str)| was != is && !near(was, is, tolerance);
        let (words, others) = (words(was), words(is));
        match words.iter().copied().zip(others.iter().copied()).find(differs) {
            Some((was, is)) => return Some(Difference::new(at, without_comma(was, is), without_comma(is, was))),
            None if words.len() != others.len() => return Some(Difference::new(at, was, is)),
            // Only blanks differ: that is a difference where nothing else is allowed to.
            None if was != is && tolerance.is_none() => {
                return Some(Difference::new(at, &format!("`{was}`"), &format!("`{is}`")));
            }
            None => {}
        }
    }
    // Every line is equal: they end in different ways.
    tolerance.is_none().then(|| Difference::new(format!("{place}, end"), &format!("{was:?}"), &format!("{is:?}")))
}

/// Words of a line, numbers apart from the text around them.
fn words(line: &str) -> Vec<&str> {
    let cut =
        |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '=' | '(' | ')' | '[' | ']' | ';' | '│' | '┆');
    line.split(cut).filter(|word| !word.is_empty()).collect()
}

/// A word without the comma or colon that both words end in.
fn without_comma<'a>(word: &'a str, other: &str) -> &'a str {
    let end = word.chars().next_back().filter(|end| matches!(end, ',' | ':') && other.ends_with(*end));
    end.map_or(word, |end| word.strip_suffix(end).unwrap_or(word))
}

/// Whether both words are numbers, and equal but for the tolerance.
fn near(was: &str, is: &str, tolerance: Option<f64>) -> bool {
    let number = |word: &str| word.trim_end_matches([',', '%', ':']).replace([',', '_'], "").parse::<f64>().ok();
    match (tolerance, number(was), number(is)) {
        (Some(tolerance), Some(a), Some(b)) => (a - b).abs() <= tolerance * a.abs().max(b.abs()),
        _ => false,
    }
}

fn without_style(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find("<style") {
        out += &rest[..at];
        rest = rest[at..].find("</style>").map_or("", |end| &rest[at + end + "</style>".len()..]);
    }
    out + rest
}

fn pictures(was: &[Mark], is: &[Mark], tolerance: Option<f64>) -> Option<Difference> {
    for (number, (was, is)) in (1..).zip(was.iter().zip(is)) {
        if was == is {
            continue;
        }
        if was.name != is.name {
            return Some(Difference::new(format!("picture, mark {number}"), &was.name, &is.name));
        }
        let place = |part: &str| format!("picture, mark {number} ({}), {part}", was.name);
        for ((part, was), (other, is)) in was.parts.iter().zip(&is.parts) {
            if part != other {
                return Some(Difference::new(place(part), part, other));
            }
            if let Some((was, is)) = coordinates(was, is, tolerance) {
                return Some(Difference::new(place(part), &was, &is));
            }
        }
        if was.parts.len() != is.parts.len() {
            let count = |mark: &Mark| format!("{} attributes", mark.parts.len());
            return Some(Difference::new(format!("picture, mark {number} ({})", was.name), &count(was), &count(is)));
        }
    }
    let count = |marks: &[Mark]| format!("{} marks", marks.len());
    (was.len() != is.len()).then(|| Difference::new("picture", &count(was), &count(is)))
}

/// The first number, or piece between numbers, that differs.
fn coordinates(was: &str, is: &str, tolerance: Option<f64>) -> Option<(String, String)> {
    if was == is {
        return None;
    }
    let cut = |text: &str| -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        let of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
        for c in text.chars() {
            match parts.last_mut() {
                Some(last) if last.chars().next_back().is_some_and(|end| of_number(end) == of_number(c)) => {
                    last.push(c)
                }
                _ => parts.push(c.to_string()),
            }
        }
        parts
    };
    let (before, now) = (cut(was), cut(is));
    let differs = |(was, is): &(String, String)| was != is && !near(was, is, tolerance);
    let lengths = (before.len() != now.len()).then(|| (was.to_owned(), is.to_owned()));
    before.into_iter().zip(now).find(differs).or(lengths)
}

/// Pictures of pixels: equal bytes are equal pixels; otherwise both are decoded.
fn pixels(mime: &str, was: &str, is: &str) -> Option<Difference> {
    if was == is {
        return None;
    }
    let (Some(before), Some(now)) = (decoded(was), decoded(is)) else {
        let bytes = |text: &str| format!("{} bytes", text.len() / 4 * 3);
        return Some(Difference::new(mime, &bytes(was), &format!("{}, others", bytes(is))));
    };
    let size = |picture: &Pixels| format!("{} x {} pixels", picture.width, picture.height);
    if (before.width, before.height) != (now.width, now.height) {
        return Some(Difference::new("picture", &size(&before), &size(&now)));
    }
    let differing = before.colors.iter().zip(&now.colors).filter(|(a, b)| a != b).count();
    let first = before.colors.iter().zip(&now.colors).position(|(a, b)| a != b)?;
    let (x, y) = (first % before.width as usize, first / before.width as usize);
    let (a, b) = (before.colors[first], now.colors[first]);
    Some(Difference::new(format!("picture, pixel {x}, {y}; {differing} differ"), &format!("{a:?}"), &format!("{b:?}")))
}

struct Pixels {
    width: u32,
    height: u32,
    colors: Vec<[u8; 4]>,
}

/// A PNG in base64 as colours.
fn decoded(base64: &str) -> Option<Pixels> {
    use base64::Engine as _;
    let joined: String = base64.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(joined).ok()?;
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().ok()?;
    let mut buffer = vec![0; reader.output_buffer_size()];
    let frame = reader.next_frame(&mut buffer).ok()?;
    let samples = frame.color_type.samples();
    let color = |pixel: &[u8]| match *pixel {
        [gray] => [gray, gray, gray, 255],
        [gray, alpha] => [gray, gray, gray, alpha],
        [red, green, blue] => [red, green, blue, 255],
        [red, green, blue, alpha, ..] => [red, green, blue, alpha],
        [] => [0; 4],
    };
    let colors = buffer[..frame.buffer_size()].chunks(samples).map(color).collect();
    Some(Pixels { width: frame.width, height: frame.height, colors })
}

/// The first place of a JSON value that differs.
fn json(place: &str, was: &Value, is: &Value, tolerance: Option<f64>) -> Option<Difference> {
    match (was, is) {
        (Value::Object(before), Value::Object(now)) => {
            let mut keys: Vec<&String> = before.keys().chain(now.keys()).collect();
            keys.sort();
            keys.dedup();
            let nothing = Value::Null;
            keys.into_iter().find_map(|key| {
                let of = |object: &Map<String, Value>| object.get(key).unwrap_or(&nothing).clone();
                json(&format!("{place}/{key}"), &of(before), &of(now), tolerance)
            })
        }
        (Value::Array(before), Value::Array(now)) if before.len() == now.len() => (0..)
            .zip(before.iter().zip(now))
            .find_map(|(at, (was, is))| json(&format!("{place}/{at}"), was, is, tolerance)),
        _ if was == is || near(&was.to_string(), &is.to_string(), tolerance) => None,
        _ => Some(Difference::new(place, &was.to_string(), &is.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(stdout: &str) -> Shown {
        Shown { stdout: stdout.into(), ..Shown::default() }
    }

    fn displayed(bundle: Value) -> Shown {
        let Value::Object(bundle) = bundle else { panic!("a bundle is an object") };
        Shown { displays: vec![bundle], ..Shown::default() }
    }

    fn told(was: &Shown, is: &Shown, tolerance: Option<f64>) -> String {
        compare(was, is, tolerance).map(|difference| difference.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_first_number_that_differs_is_told() {
        let (was, is) = (shown("entries\n10227 of 5\n"), shown("entries\n10231 of 6\n"));
        assert_eq!(told(&was, &is, None), "10227 -> 10231 (stdout, line 2)");
        assert_eq!(told(&was, &was, None), "");
        assert_eq!(
            told(&shown("entries 9,632, mean"), &shown("entries 9,636, mean"), None),
            "9,632 -> 9,636 (stdout, line 1)"
        );
        assert_eq!(told(&shown("a"), &shown("a\nb"), None), "nothing -> b (stdout, line 2)");
        assert_ne!(told(&shown("a  b"), &shown("a b"), None), "");
        assert_ne!(told(&shown("a\n"), &shown("a"), None), "");
    }

    #[test]
    fn a_tolerance_holds_for_numbers_only_and_only_where_it_is_asked_for() {
        let (was, is) = (shown("m = 91.1876 GeV"), shown("m = 91.1877 GeV"));
        assert_ne!(told(&was, &is, None), "");
        assert_ne!(told(&was, &is, Some(1e-9)), "");
        assert_eq!(told(&was, &is, Some(1e-5)), "");
        assert_ne!(told(&was, &shown("m = 91.1876 MeV"), Some(1e-2)), "");
        assert_ne!(told(&shown("NaN"), &shown("1"), Some(1.0)), "");
    }

    #[test]
    fn pictures_are_told_by_mark() {
        let svg = |height: &str| json!({"image/svg+xml": format!("<svg font-family='A'><rect x='1' height='{height}'/></svg>")});
        let difference = told(&displayed(svg("3.5")), &displayed(svg("3.7")), None);
        assert_eq!(difference, "3.5 -> 3.7 (picture, mark 2 (rect), height)");
        assert_eq!(coordinates("M1 2L3.5 4", "M1 2L3.6 4", None), Some(("3.5".into(), "3.6".into())));
        let png = |level: u8| {
            let mut bytes = Vec::new();
            let mut encoder = png::Encoder::new(&mut bytes, 2, 1);
            encoder.set_color(png::ColorType::Grayscale);
            encoder.write_header().unwrap().write_image_data(&[0, level]).unwrap();
            use base64::Engine as _;
            displayed(json!({"image/png": base64::engine::general_purpose::STANDARD.encode(bytes)}))
        };
        assert_eq!(told(&png(7), &png(7), None), "");
        assert!(told(&png(7), &png(8), None).contains("pixel 1, 0; 1 differ"), "{}", told(&png(7), &png(8), None));
    }

    #[test]
    fn tables_json_and_errors_are_compared() {
        let html = |n: u32| displayed(json!({"text/html": format!("<style>a{n}</style><td>{}</td>", n.min(3))}));
        assert_eq!(told(&html(3), &html(4), None), "", "a style is no content");
        assert_eq!(told(&html(2), &html(3), None), "2 -> 3 (table, line 1)");
        let chart = |n: f64| displayed(json!({"application/vnd.vegalite.v5+json": {"data": [{"x": n}]}}));
        assert_eq!(told(&chart(1.5), &chart(2.0), None), "1.5 -> 2.0 (application/vnd.vegalite.v5+json/data/0/x)");
        let error = Shown { error: Some("Error: x".into()), ..Shown::default() };
        assert_eq!(told(&error, &Shown::default(), None), "Error: x -> nothing (error)");
        assert_eq!(told(&html(1), &Shown::default(), None), "1 displays -> 0 displays (outputs)");
        let both = displayed(json!({"text/plain": "7", "text/html": "8"}));
        assert_eq!(told(&both, &displayed(json!({"text/plain": "7"})), None), "text/html -> nothing (kinds of output)");
    }
}
