//! One value of JSON, with its numbers as they are written: no digit is lost before it is known what the column is.
//!
//! serde_json would not do: it refuses the `NaN` and `Infinity` that Python writes, and it keeps all digits of a number only
//! with a feature (`arbitrary_precision`) that changes every other user of that crate in the build.

/// A value; numbers and texts are those of the line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    /// An integer that was never written.
    Whole(i128),
    Text(String),
    List(Vec<Json<'a>>),
    Object(Vec<(String, Json<'a>)>),
}

impl Json<'_> {
    /// A field of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A field that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        if let Some(Self::Text(text)) = self.get(name) { Some(text) } else { None }
    }

    /// A field that is an integer.
    pub(crate) fn whole(&self, name: &str) -> Option<i128> {
        match self.get(name)? {
            Self::Number(text) => text.parse().ok(),
            Self::Whole(number) => Some(*number),
            _ => None,
        }
    }

    /// The fields of an object that are texts or missing.
    pub(crate) fn texts(&self) -> Vec<(String, Option<String>)> {
        let Self::Object(fields) = self else { return Vec::new() };
        let one = |(name, value): &(String, Self)| match value {
            Self::Null => Some((name.clone(), None)),
            Self::Text(text) => Some((name.clone(), Some(text.clone()))),
            _ => None,
        };
        fields.iter().filter_map(one).collect()
    }

    /// The texts of a list.
    pub(crate) fn list_of_texts(&self) -> Vec<String> {
        let Self::List(values) = self else { return Vec::new() };
        let text = |value: &Self| if let Self::Text(text) = value { Some(text.clone()) } else { None };
        values.iter().filter_map(text).collect()
    }
}

/// What is wrong, and how many bytes into the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub at: usize,
    pub what: String,
}

/// Values inside one another.
const DEPTH: usize = 64;

/// The value that a line is.
pub(crate) fn parse(line: &str) -> Result<Json<'_>, Wrong> {
    let mut parser = Parser { text: line, at: 0 };
    let value = parser.value(0)?;
    parser.blanks();
    if parser.at < line.len() { Err(parser.wrong("something stands behind the value")) } else { Ok(value) }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn wrong(&self, what: impl Into<String>) -> Wrong {
        Wrong { at: self.at, what: what.into() }
    }

    fn blanks(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
    }

    fn peek(&mut self) -> Option<u8> {
        self.blanks();
        self.text.as_bytes().get(self.at).copied()
    }

    fn expect(&mut self, sign: u8) -> Result<(), Wrong> {
        if self.peek() != Some(sign) {
            return Err(self.wrong(format!("`{}` is expected", char::from(sign))));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Json<'a>, Wrong> {
        if depth > DEPTH {
            return Err(self.wrong(format!("values lie more than {DEPTH} deep in one another")));
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                // Python writes the last three.
                let words = [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))];
                let more = ["NaN", "Infinity"].map(|word| (word, Json::Number(word)));
                let rest = &self.text[self.at..];
                match words.into_iter().chain(more).find(|(word, _)| rest.starts_with(word)) {
                    Some((word, value)) => {
                        self.at += word.len();
                        Ok(value)
                    }
                    None => Err(self.wrong("a value is expected")),
                }
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, Wrong> {
        self.expect(b'{')?;
        let mut fields: Vec<(String, Json<'a>)> = Vec::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(fields));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.wrong("the name of a field is expected, in double quotes"));
            }
            let place = self.at;
            let name = self.string()?;
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(Wrong { at: place, what: format!("the field `{name}` stands twice in one object") });
            }
            self.expect(b':')?;
            fields.push((name, self.value(depth + 1)?));
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => {
                    self.expect(b'}')?;
                    return Ok(Json::Object(fields));
                }
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json<'a>, Wrong> {
        self.expect(b'[')?;
        let mut values = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => {
                    self.expect(b']')?;
                    return Ok(Json::List(values));
                }
            }
        }
    }

    fn number(&mut self) -> Result<Json<'a>, Wrong> {
        let start = self.at;
        let rest = &self.text[start..];
        if rest.starts_with("-Infinity") {
            self.at += "-Infinity".len();
            return Ok(Json::Number("-Infinity"));
        }
        let length =
            rest.bytes().take_while(|byte| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')).count();
        let number = &rest[..length];
        if !is_number(number) {
            return Err(self.wrong(format!("`{number}` is no number")));
        }
        self.at += length;
        Ok(Json::Number(number))
    }

    fn string(&mut self) -> Result<String, Wrong> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(plain) = rest.find(['"', '\\']) else {
                return Err(self.wrong("the text is not closed"));
            };
            out.push_str(&rest[..plain]);
            self.at += plain + 1;
            if rest.as_bytes()[plain] == b'"' {
                return Ok(out);
            }
            out.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, Wrong> {
        let Some(&sign) = self.text.as_bytes().get(self.at) else { return Err(self.wrong("the text is not closed")) };
        if !sign.is_ascii() {
            // Its other bytes are no place to stand at.
            return Err(self.wrong("an escape that JSON does not know"));
        }
        self.at += 1;
        Ok(match sign {
            b'"' | b'\\' | b'/' => char::from(sign),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hexadecimal()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return char::from_u32(high).ok_or_else(|| self.wrong("half a pair of `\\u` escapes"));
                }
                if !self.text[self.at..].starts_with("\\u") {
                    return Err(self.wrong("half a pair of `\\u` escapes"));
                }
                self.at += 2;
                let low = self.hexadecimal()?;
                let code = 0x10000 + ((high - 0xd800) << 10) + low.wrapping_sub(0xdc00);
                let paired = (0xdc00..0xe000).contains(&low).then(|| char::from_u32(code)).flatten();
                return paired.ok_or_else(|| self.wrong("half a pair of `\\u` escapes"));
            }
            _ => return Err(self.wrong("an escape that JSON does not know")),
        })
    }

    fn hexadecimal(&mut self) -> Result<u32, Wrong> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| self.wrong("`\\u` wants four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }
}

/// A number as JSON has it: no leading zeros, no bare point.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, behind) = match mantissa.split_once('.') {
        Some((whole, behind)) => (whole, Some(behind)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
    let plain = whole == "0" || !whole.starts_with('0');
    digits(whole) && plain && behind.is_none_or(digits) && exponent.is_none_or(digits)
}

impl std::fmt::Display for Json<'_> {
    /// As JSON.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Number(text) => out.write_str(text),
            Self::Whole(number) => write!(out, "{number}"),
            Self::Text(text) => quoted(out, text),
            Self::List(values) => {
                out.write_str("[")?;
                for (at, value) in values.iter().enumerate() {
                    write!(out, "{}{value}", if at > 0 { "," } else { "" })?;
                }
                out.write_str("]")
            }
            Self::Object(fields) => {
                out.write_str("{")?;
                for (at, (name, value)) in fields.iter().enumerate() {
                    out.write_str(if at > 0 { "," } else { "" })?;
                    quoted(out, name)?;
                    write!(out, ":{value}")?;
                }
                out.write_str("}")
            }
        }
    }
}

fn quoted(out: &mut std::fmt::Formatter<'_>, text: &str) -> std::fmt::Result {
    out.write_str("\"")?;
    for letter in text.chars() {
        match letter {
            '"' | '\\' => write!(out, "\\{letter}")?,
            letter if letter < ' ' => write!(out, "\\u{:04x}", u32::from(letter))?,
            letter => write!(out, "{letter}")?,
        }
    }
    out.write_str("\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_written_again() {
        for text in ["null", "[1,-0.5,2e9,18446744073709551616]", r#"{"a":{"b":[true,null]},"":"x\"\\"}"#] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert_eq!(parse(r#" "é😀\n" "#), Ok(Json::Text("é😀\n".to_owned())));
        assert_eq!(parse("[NaN, -Infinity]").unwrap().to_string(), "[NaN,-Infinity]");
    }

    #[test]
    fn what_is_no_json_says_where() {
        for (text, at) in [
            ("{", 1),
            ("{\"a\" 1}", 5),
            ("[1,]", 3),
            ("01", 0),
            ("1.", 0),
            ("\"a", 1),
            ("\"\\x\"", 3),
            ("\"\\é\"", 2),
            (r#""\ud800x""#, 7),
            ("1 2", 2),
            (r#"{"a":1,"a":2}"#, 7),
        ] {
            assert_eq!(parse(text).unwrap_err().at, at, "{text}");
        }
        assert!(parse(&"[".repeat(1_000)).unwrap_err().what.contains("deep"));
    }
}
