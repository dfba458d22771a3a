//! Which brackets and which string are open at the end of some code that does not parse yet.

/// What is open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// The quote of the string that has no end.
    pub quote: Option<usize>,
    /// Brackets, outermost first.
    pub open: Vec<Open>,
}

/// A bracket that has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub at: usize,
    pub bracket: char,
    /// Commas behind it that are not in brackets of their own.
    pub commas: usize,
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Goes over the code; brackets that close nothing are passed over.
pub(super) fn scan(code: &str) -> Scan {
    let bytes = code.as_bytes();
    let mut found = Scan::default();
    let mut at = 0;
    while at < bytes.len() {
        at = match bytes[at] {
            b'"' => match string_end(code, at) {
                Some(end) => end,
                None => return Scan { quote: Some(at), ..found },
            },
            b'/' if bytes.get(at + 1) == Some(&b'/') => code[at..].find('\n').map_or(bytes.len(), |end| at + end),
            // A character, not a lifetime: `'"'`, `'\''`.
            b'\'' if bytes.get(at + 1) == Some(&b'\\') => {
                code[at + 2..].char_indices().skip(1).find(|(_, c)| *c == '\'').map_or(at + 2, |(end, _)| at + 3 + end)
            }
            b'\'' if bytes.get(at + 2) == Some(&b'\'') => at + 3,
            bracket @ (b'(' | b'[' | b'{') => {
                found.open.push(Open { at, bracket: char::from(bracket), commas: 0 });
                at + 1
            }
            b')' | b']' | b'}' => {
                found.open.pop();
                at + 1
            }
            b',' => {
                if let Some(open) = found.open.last_mut() {
                    open.commas += 1;
                }
                at + 1
            }
            _ => at + 1,
        };
    }
    found
}

/// One past the end of the string whose quote is at `quote`, plain or raw.
fn string_end(code: &str, quote: usize) -> Option<usize> {
    let hashes = code[..quote].bytes().rev().take_while(|byte| *byte == b'#').count();
    let raw = code[..quote - hashes].ends_with('r');
    let inside = &code[quote + 1..];
    if raw {
        let end = format!("\"{}", "#".repeat(hashes));
        return inside.find(&end).map(|at| quote + 1 + at + end.len());
    }
    let bytes = inside.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return Some(quote + 2 + at),
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_characters_and_comments_hide_brackets() {
        let open = |code: &str| scan(code).open.iter().map(|open| (open.bracket, open.commas)).collect::<Vec<_>>();
        assert_eq!(open("f(\"(,\", '(', '\\'', // (\n [1, (2), "), [('(', 3), ('[', 2)]);
        assert_eq!(open("f(r#\"\"(\"#, r\"\\\", x)"), []);
        assert_eq!(scan("f(\"a\\\"b").quote, Some(2));
        assert_eq!(scan("f::<'a>(x) + \"ä\"").quote, None);
    }
}
