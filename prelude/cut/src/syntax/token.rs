//! Text to tokens: Python's, with backticks, `@`, and the superset's `&&`, `||`, `!`.

use crate::error::{Problem, Span};
use crate::value::Value;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Name(String),
    /// Between backticks.
    Quoted(String),
    Value(Value),
    /// Operators, brackets and the words `and or not in is for if`.
    Sign(&'static str),
    End,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spanned {
    pub token: Token,
    pub span: Span,
}

/// Longest first.
pub(crate) const SIGNS: [&str; 38] = [
    "**", "//", "<=", ">=", "==", "!=", "<>", "&&", "||", "<<", ">>", ":=", "->", "+", "-", "*", "/", "%", "<", ">",
    "=", "&", "|", "~", "!", "^", "(", ")", "[", "]", "{", "}", ",", ".", "@", ":", ";", "?",
];

const WORDS: [&str; 9] = ["and", "or", "not", "in", "is", "if", "else", "lambda", "for"];

/// Words of the language, which cannot be names.
pub(crate) fn is_word(name: &str) -> bool {
    WORDS.contains(&name) || matches!(name, "True" | "False" | "None")
}

pub(crate) fn tokens(text: &str) -> Result<Vec<Spanned>, Problem> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if first == '#' {
            at = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
            continue;
        }
        let (token, length) = token(text, at, first)?;
        out.push(Spanned { token, span: at..at + length });
        at += length;
    }
    out.push(Spanned { token: Token::End, span: text.len()..text.len() });
    Ok(out)
}

fn token(text: &str, at: usize, first: char) -> Result<(Token, usize), Problem> {
    let rest = &text[at..];
    if let ('r' | 'R', Some(quote @ ('\'' | '"'))) = (first, rest[first.len_utf8()..].chars().next()) {
        return raw_string(rest, quote, at);
    }
    if first == '_' || first.is_alphabetic() {
        return Ok(word(rest));
    }
    if first == '`' {
        let Some(length) = rest[1..].find('`') else {
            return Err(
                Problem::new("a backtick without its partner", at..at + 1).help("close the name with a backtick")
            );
        };
        return Ok((Token::Quoted(rest[1..=length].to_owned()), length + 2));
    }
    if first == '\'' || first == '"' {
        return string(rest, first, at);
    }
    let second_is_digit = rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if first.is_ascii_digit() || (first == '.' && second_is_digit) {
        return number(rest, at);
    }
    match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => Ok((Token::Sign(sign), sign.len())),
        None => Err(Problem::new(format!("`{first}` means nothing in a cut"), at..at + first.len_utf8())),
    }
}

fn word(rest: &str) -> (Token, usize) {
    let length = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
    let name = &rest[..length];
    let token = match name {
        "True" => Token::Value(Value::Bool(true)),
        "False" => Token::Value(Value::Bool(false)),
        "None" => Token::Value(Value::Null),
        _ => match WORDS.iter().find(|word| **word == name) {
            Some(word) => Token::Sign(word),
            None => Token::Name(name.to_owned()),
        },
    };
    (token, length)
}

fn string(rest: &str, quote: char, at: usize) -> Result<(Token, usize), Problem> {
    let mut value = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((offset, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, next)) if next == quote || next == '\\' => value.push(next),
                // As in Python, an unknown escape stays as it is: patterns such as '\d' need no doubling.
                Some((_, next)) => value.extend(['\\', next]),
                None => break,
            },
            _ if c == quote => return Ok((Token::Value(Value::Text(value.into())), offset + 1)),
            _ => value.push(c),
        }
    }
    Err(Problem::new("text without its closing quote", at..at + rest.len()).help(format!("close it with {quote}")))
}

/// `r'\d'`: a backslash is a backslash.
fn raw_string(rest: &str, quote: char, at: usize) -> Result<(Token, usize), Problem> {
    match rest[2..].find(quote) {
        Some(length) => Ok((Token::Value(Value::Text(rest[2..2 + length].into())), length + 3)),
        None => {
            Err(Problem::new("text without its closing quote", at..at + rest.len())
                .help(format!("close it with {quote}")))
        }
    }
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), Problem> {
    let length = number_length(rest);
    let written = &rest[..length];
    let plain: String = written.chars().filter(|c| *c != '_').collect();
    let lower = plain.to_ascii_lowercase();
    let value = match lower.get(..2) {
        Some("0x") => i128::from_str_radix(&lower[2..], 16).ok().map(Value::Int),
        Some("0b") => i128::from_str_radix(&lower[2..], 2).ok().map(Value::Int),
        Some("0o") => i128::from_str_radix(&lower[2..], 8).ok().map(Value::Int),
        _ if lower.contains(['.', 'e']) => lower.parse().ok().map(Value::Float),
        // Beyond 128 bits an integer is what it is nearest to.
        _ => lower.parse().ok().map(Value::Int).or_else(|| lower.parse().ok().map(Value::Float)),
    };
    let bad_end =
        rest[length..].starts_with(|c: char| c.is_alphanumeric() || c == '_') && !word_follows(&rest[length..]);
    match value {
        Some(value) if !bad_end && !written.ends_with('_') => Ok((Token::Value(value), length)),
        _ => {
            let end = rest.find(|c: char| c != '_' && c != '.' && !c.is_alphanumeric()).unwrap_or(rest.len());
            let help = "a name that begins with a digit needs backticks";
            Err(Problem::new(format!("`{}` is not a number", &rest[..end]), at..at + end).help(help))
        }
    }
}

/// `2and` is two tokens, as in Python.
fn word_follows(rest: &str) -> bool {
    let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
    matches!(&rest[..end], "and" | "or" | "in" | "not" | "is" | "if" | "else" | "for")
}

fn number_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    if bytes[0] == b'0' && bytes.get(1).is_some_and(|b| matches!(b, b'x' | b'X' | b'b' | b'B' | b'o' | b'O')) {
        let hex = matches!(bytes[1], b'x' | b'X');
        let digit = |b: &u8| *b == b'_' || if hex { b.is_ascii_hexdigit() } else { b.is_ascii_digit() };
        return 2 + bytes[2..].iter().take_while(|b| digit(b)).count();
    }
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit() || **b == b'_').count();
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') {
        length += 1;
        length += digits(length);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<Token> {
        tokens(text).unwrap().into_iter().map(|token| token.token).collect()
    }

    #[test]
    fn numbers_are_python_numbers() {
        let expected = [
            ("1e-3", Value::Float(1e-3)),
            (".5", Value::Float(0.5)),
            ("5.", Value::Float(5.0)),
            ("1_000", Value::Int(1000)),
            ("0x10", Value::Int(16)),
            ("0b101", Value::Int(5)),
        ];
        for (text, value) in expected {
            assert_eq!(values(text), [Token::Value(value), Token::End], "{text}");
        }
    }

    #[test]
    fn a_number_may_touch_a_word_but_not_a_name() {
        assert_eq!(values("2and"), [Token::Value(Value::Int(2)), Token::Sign("and"), Token::End]);
        assert!(tokens("2x > 1").is_err());
    }
}
