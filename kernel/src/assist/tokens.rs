//! Whether a cell is complete, decided by tokens and not by guessing from the last character.

use crate::evaluator::Completeness;

const INDENT: usize = 4;

/// What is still open at the end of some code.
#[derive(Debug, Default, PartialEq, Eq)]
struct Open {
    /// Brackets, outermost first.
    brackets: Vec<char>,
    /// A string, a character or a block comment that has no end.
    text: bool,
    /// A closing bracket that closes nothing, or the wrong one.
    wrong: bool,
    /// The last character that is neither blank nor comment.
    last: Option<char>,
}

/// Whether code can be run as it is.
pub(crate) fn completeness(code: &str) -> Completeness {
    let open = scan(code);
    if open.wrong {
        return Completeness::Invalid;
    }
    let deeper = open.brackets.len() * INDENT;
    if open.text {
        return Completeness::Incomplete { indent: String::new() };
    }
    if deeper > 0 {
        return Completeness::Incomplete { indent: " ".repeat(deeper) };
    }
    if code.trim().is_empty() {
        return Completeness::Complete;
    }
    match crate::cell::source::parse::parse_error(code) {
        None => Completeness::Complete,
        Some(at_end) if at_end || ends_open(&open) => {
            let last = code.lines().next_back().unwrap_or_default();
            let indent = last.len() - last.trim_start().len();
            Completeness::Incomplete { indent: " ".repeat(indent) }
        }
        Some(_) => Completeness::Invalid,
    }
}

/// Whether the code ends in something that wants more: an operator, a comma, a dot.
fn ends_open(open: &Open) -> bool {
    open.last.is_some_and(|last| "+-*/%=&|^<.,:!@".contains(last))
}

/// Goes over the code's tokens.
fn scan(code: &str) -> Open {
    let characters: Vec<char> = code.chars().collect();
    let mut open = Open::default();
    let mut at = 0;
    while at < characters.len() && !open.wrong {
        let next = characters.get(at + 1).copied();
        at = match (characters[at], next) {
            ('/', Some('/')) => line_end(&characters, at),
            ('/', Some('*')) => block_comment(&characters, at, &mut open),
            ('"', _) => string(&characters, at, &mut open),
            ('r', Some('"' | '#')) if raw_string(&characters, at).is_some() && !in_word(&characters, at) => {
                skip_raw(&characters, at, &mut open)
            }
            ('\'', _) => character(&characters, at, &mut open),
            (c, _) => {
                bracket(c, &mut open);
                if !c.is_whitespace() {
                    open.last = Some(c);
                }
                at + 1
            }
        };
    }
    open
}

fn bracket(c: char, open: &mut Open) {
    let pair = match c {
        '(' | '[' | '{' => {
            open.brackets.push(c);
            return;
        }
        ')' => '(',
        ']' => '[',
        '}' => '{',
        _ => return,
    };
    open.wrong |= open.brackets.pop() != Some(pair);
}

fn in_word(characters: &[char], at: usize) -> bool {
    // `br"` and `cr"` are raw strings too.
    let before = at.checked_sub(1).map(|before| characters[before]);
    before.is_some_and(|before| (before.is_alphanumeric() || before == '_') && !matches!(before, 'b' | 'c'))
}

fn line_end(characters: &[char], at: usize) -> usize {
    characters[at..].iter().position(|c| *c == '\n').map_or(characters.len(), |newline| at + newline)
}

fn block_comment(characters: &[char], mut at: usize, open: &mut Open) -> usize {
    let mut depth = 0usize;
    while at < characters.len() {
        match (characters[at], characters.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    open.text = true;
    at
}

fn string(characters: &[char], at: usize, open: &mut Open) -> usize {
    let mut at = at + 1;
    while at < characters.len() {
        match characters[at] {
            '\\' => at += 2,
            '"' => {
                open.last = Some('"');
                return at + 1;
            }
            _ => at += 1,
        }
    }
    open.text = true;
    at
}

/// Number of `#` in front of a raw string's quote.
fn raw_string(characters: &[char], at: usize) -> Option<usize> {
    let hashes = characters[at + 1..].iter().take_while(|c| **c == '#').count();
    (characters.get(at + 1 + hashes) == Some(&'"')).then_some(hashes)
}

fn skip_raw(characters: &[char], at: usize, open: &mut Open) -> usize {
    let hashes = raw_string(characters, at).unwrap_or(0);
    let mut at = at + hashes + 2;
    while at < characters.len() {
        if characters[at] == '"' && characters[at + 1..].iter().take_while(|c| **c == '#').count() >= hashes {
            open.last = Some('"');
            return at + 1 + hashes;
        }
        at += 1;
    }
    open.text = true;
    at
}

/// A character or a lifetime.
fn character(characters: &[char], at: usize, open: &mut Open) -> usize {
    open.last = Some('\'');
    match (characters.get(at + 1), characters.get(at + 2)) {
        (Some('\\'), _) => {
            let end = characters[at + 2..].iter().skip(1).position(|c| *c == '\'' || *c == '\n');
            end.map_or(characters.len(), |end| at + 4 + end)
        }
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_incomplete(code: &str) -> bool {
        matches!(completeness(code), Completeness::Incomplete { .. })
    }

    #[test]
    fn complete_code() {
        for code in [
            "",
            "1 + 1",
            "let x = 1;",
            "fn f() {}",
            "let c = '{';",
            "let s = r#\"(\"#;",
            "let s = \"}\"; // (",
            "/* ( */ 1",
        ] {
            assert_eq!(completeness(code), Completeness::Complete, "{code}");
        }
    }

    #[test]
    fn incomplete_code() {
        for code in [
            "fn f() {",
            "let x = (1,",
            "let s = \"abc",
            "/* abc",
            "let x = 1 +",
            "let x =",
            "data.",
            "let s = r#\"\"",
            "if x",
        ] {
            assert!(is_incomplete(code), "{code}: {:?}", completeness(code));
        }
        assert_eq!(completeness("fn f() {\n    for x in y {"), Completeness::Incomplete { indent: " ".repeat(8) });
    }

    #[test]
    fn invalid_code() {
        for code in ["let x = 1;)", "fn f(] {}", "let x = = 1;"] {
            assert_eq!(completeness(code), Completeness::Invalid, "{code}");
        }
    }

    #[test]
    fn lifetimes_are_not_characters() {
        assert_eq!(completeness("fn f<'a>(x: &'a str) -> &'a str { x }"), Completeness::Complete);
        assert_eq!(completeness("let c = '\\''; let d = '\\u{1F600}';"), Completeness::Complete);
    }
}
