//! A place in a JSON document, which knows the way to it.

use crate::error::{Error, Result};
use serde_json::Value;

/// How the reason begins when a correction needs a neural network.
pub(super) const NEURAL: &str = "neural networks (lwtnn) are not supported";

/// Reads JSON; `NaN` and `Infinity`, which Python writes and JSON does not know, become texts.
pub(super) fn parse(text: &str) -> Result<Value> {
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        Err(error) => {
            let quoted = quoted(text);
            let second = quoted.map(|text| serde_json::from_str(&text));
            second.unwrap_or(Err(error)).map_err(|error| Error::Json(error.to_string()))
        }
    }
}

/// The text with bare `NaN`, `Infinity` and `-Infinity` in quotes; nothing when there are none.
fn quoted(text: &str) -> Option<String> {
    const WORDS: [(&str, &str); 6] = [
        ("-Infinity", "\"-inf\""),
        ("-Inf", "\"-inf\""),
        ("Infinity", "\"inf\""),
        ("Inf", "\"inf\""),
        ("NaN", "\"nan\""),
        ("nan", "\"nan\""),
    ];
    let (mut out, mut rest, mut inside, mut found) = (String::with_capacity(text.len()), text, false, false);
    while let Some(first) = rest.chars().next() {
        let mut length = first.len_utf8();
        match first {
            '"' => inside = !inside,
            '\\' if inside => length += rest[1..].chars().next().map_or(0, char::len_utf8),
            _ if !inside => {
                if let Some((word, instead)) = WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
                    out.push_str(instead);
                    rest = &rest[word.len()..];
                    found = true;
                    continue;
                }
            }
            _ => {}
        }
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    found.then_some(out)
}

/// A value and the way to it.
#[derive(Clone)]
pub(super) struct At<'v> {
    value: &'v Value,
    place: String,
}

impl<'v> At<'v> {
    pub fn root(value: &'v Value) -> Self {
        Self { value, place: String::new() }
    }

    /// The same place, which says whose it is.
    pub fn named(&self, name: &str) -> Self {
        Self { value: self.value, place: format!("{} (`{name}`)", self.place) }
    }

    pub fn wrong(&self, reason: impl Into<String>) -> Error {
        let place = if self.place.is_empty() { "the file" } else { self.place.trim_start_matches('.') };
        Error::at(place, reason)
    }

    fn what(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a truth",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// A field that may be left out or be null.
    pub fn maybe(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(Self { value, place: format!("{}.{key}", self.place) })
    }

    pub fn get(&self, key: &str) -> Result<Self> {
        if !self.value.is_object() {
            return Err(self.wrong(format!("an object with `{key}` is expected, not {}", self.what())));
        }
        self.maybe(key).ok_or_else(|| self.wrong(format!("`{key}` is missing")))
    }

    pub fn list(&self) -> Result<Vec<Self>> {
        let items =
            self.value.as_array().ok_or_else(|| self.wrong(format!("a list is expected, not {}", self.what())))?;
        let one = |(at, value): (usize, &'v Value)| Self { value, place: format!("{}[{at}]", self.place) };
        Ok(items.iter().enumerate().map(one).collect())
    }

    pub fn text(&self) -> Result<&'v str> {
        self.value.as_str().ok_or_else(|| self.wrong(format!("a text is expected, not {}", self.what())))
    }

    pub fn integer(&self) -> Result<i64> {
        self.value.as_i64().ok_or_else(|| self.wrong(format!("a whole number is expected, not {}", self.what())))
    }

    /// The number, if it is one, or a word for one.
    pub fn as_number(&self) -> Option<f64> {
        match self.value {
            Value::Number(number) => number.as_f64(),
            Value::String(word) => match word.as_str() {
                "inf" | "+inf" => Some(f64::INFINITY),
                "-inf" => Some(f64::NEG_INFINITY),
                "nan" => Some(f64::NAN),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn number(&self) -> Result<f64> {
        self.as_number().ok_or_else(|| self.wrong(format!("a number is expected, not {}", self.what())))
    }

    /// An edge of a bin, which may be infinite.
    pub fn edge(&self) -> Result<f64> {
        let edge = self.as_number().filter(|edge| !edge.is_nan());
        edge.ok_or_else(|| self.wrong("an edge is a number, `\"inf\"` or `\"-inf\"`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_python_are_numbers() {
        let value = parse(r#"{"a \" NaN": [NaN, -Infinity, 1, "Infinity"], "é": Infinity}"#).unwrap();
        let root = At::root(&value);
        let list: Vec<Option<f64>> = root.get("a \" NaN").unwrap().list().unwrap().iter().map(At::as_number).collect();
        assert!(list[0].unwrap().is_nan());
        assert_eq!(list[1..], [Some(f64::NEG_INFINITY), Some(1.0), None]);
        assert!(parse("{\"a\": Nope}").is_err() && parse("").is_err());
    }
}
