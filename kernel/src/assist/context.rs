//! The syntax at the cursor, read from the text alone.

/// What is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Context {
    /// Inside a string that is an argument of a method called on `receiver` (`data.group("mu|`).
    Text { method: String, receiver: String, word_start: usize },
    /// Behind a dot: a method or field of `receiver`.
    Member { receiver: String, receiver_start: usize, word_start: usize },
    /// Behind `::`.
    Path { path: String, word_start: usize },
    /// A word of its own.
    Word { word_start: usize },
    /// A magic line.
    Magic { word_start: usize },
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Start of the word that ends at `end`.
pub(super) fn word_start(code: &str, end: usize) -> usize {
    code[..end].char_indices().rev().take_while(|(_, c)| is_word(*c)).last().map_or(end, |(at, _)| at)
}

/// Finds the syntax at `cursor`, a byte offset on a character boundary.
pub(super) fn context(code: &str, cursor: usize) -> Context {
    let start = word_start(code, cursor);
    let line_start = code[..cursor].rfind('\n').map_or(0, |newline| newline + 1);
    let before = code[line_start..start].trim_start();
    if matches!(before, "%" | "%%" | ":") {
        return Context::Magic { word_start: line_start + code[line_start..].find(['%', ':']).unwrap_or(0) };
    }
    if let Some(quote) = open_string(code, cursor) {
        return text(code, quote, start);
    }
    if code[..start].ends_with("::") {
        let path_end = start - 2;
        let from = code[..path_end].char_indices().rev().take_while(|(_, c)| is_word(*c) || *c == ':').last();
        let from = from.map_or(path_end, |(at, _)| at);
        return Context::Path { path: code[from..path_end].to_owned(), word_start: start };
    }
    let trimmed = code[..start].trim_end();
    if trimmed.ends_with('.') && !trimmed.ends_with("..") {
        let dot = trimmed.len() - 1;
        let receiver_start = receiver_start(code, dot);
        let receiver = code[receiver_start..dot].trim().to_owned();
        if !receiver.is_empty() && !receiver.chars().all(|c| c.is_ascii_digit()) {
            return Context::Member { receiver, receiver_start, word_start: start };
        }
    }
    Context::Word { word_start: start }
}

/// The quote of the string that is open at `cursor`.
fn open_string(code: &str, cursor: usize) -> Option<usize> {
    let bytes = code.as_bytes();
    let (mut at, mut open) = (0, None);
    while at < cursor {
        match (open, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(_), b'"') => open = None,
            (None, b'"') => open = Some(at),
            // A character, not a lifetime: `'"'`.
            (None, b'\'') if bytes.get(at + 2) == Some(&b'\'') => at += 2,
            (None, b'/') if bytes.get(at + 1) == Some(&b'/') => {
                at = code[at..].find('\n').map_or(cursor, |newline| at + newline);
            }
            _ => {}
        }
        at += 1;
    }
    open
}

/// The call that the string at `quote` is an argument of.
fn text(code: &str, quote: usize, word_start: usize) -> Context {
    let mut depth = 0usize;
    let open = code[..quote].char_indices().rev().find(|(_, c)| match c {
        ')' | ']' | '}' => {
            depth += 1;
            false
        }
        '(' | '[' | '{' if depth > 0 => {
            depth -= 1;
            false
        }
        // `select(["a", "b|`: the list does not end the search.
        '[' | '{' => false,
        '(' => true,
        _ => false,
    });
    let nothing = Context::Text { method: String::new(), receiver: String::new(), word_start };
    let Some((open, _)) = open else { return nothing };
    let head = code[..open].trim_end_matches('!').trim_end();
    // `hists([("a", 50), ("b|`: the parenthesis of a pair belongs to the call around it.
    if head.ends_with(['[', ',', '(']) {
        let inner = head.rfind("[(").or_else(|| head.rfind('(')).unwrap_or(0);
        return text(code, inner.min(quote.saturating_sub(1)).max(1), word_start);
    }
    let name = self::word_start(code, head.len());
    let method = code[name..head.len()].to_owned();
    let receiver = match code[..name].trim_end().strip_suffix('.') {
        Some(before) => code[receiver_start(code, before.len())..before.len()].trim().to_owned(),
        None => String::new(),
    };
    Context::Text { method, receiver, word_start }
}

/// Start of the expression that ends in front of the dot at `dot`: a chain of calls, fields, indices and paths.
fn receiver_start(code: &str, dot: usize) -> usize {
    let characters: Vec<(usize, char)> = code[..dot].char_indices().collect();
    let mut at = characters.len();
    let mut start = dot;
    while at > 0 {
        let (offset, c) = characters[at - 1];
        match c {
            ')' | ']' | '"' => {
                let Some(open) = matching(&characters, at - 1) else { break };
                at = open;
                start = characters[open].0;
            }
            '}' => break,
            c if is_word(c) || matches!(c, '.' | '?' | ':' | '!') => {
                at -= 1;
                start = offset;
            }
            // Chains are written over several lines.
            c if c.is_whitespace() => {
                let behind = code[offset..].trim_start();
                let before = code[..offset].trim_end();
                if !behind.starts_with('.') && !before.ends_with('.') {
                    break;
                }
                at -= 1;
            }
            _ => break,
        }
    }
    start
}

/// Index of the bracket or quote that opens what `close` closes.
fn matching(characters: &[(usize, char)], close: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = close;
    let mut text = false;
    loop {
        let c = characters[at].1;
        if c == '"' && (at == 0 || characters[at - 1].1 != '\\') {
            text = !text;
            if depth == 0 && at != close {
                return Some(at);
            }
        } else if !text {
            match c {
                ')' | ']' | '}' => depth += 1,
                '(' | '[' | '{' => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        at = at.checked_sub(1)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(code: &str) -> Context {
        let cursor = code.find('|').unwrap();
        context(&code.replace('|', ""), cursor)
    }

    #[test]
    fn members_of_chains() {
        let Context::Member { receiver, .. } = at("let x = data.group(\"mu.mu\").query(\"a > (1)\").hi|") else {
            panic!()
        };
        assert_eq!(receiver, "data.group(\"mu.mu\").query(\"a > (1)\")");
        let Context::Member { receiver, .. } = at("f(a, load(\"x\")?\n    .cou|") else { panic!() };
        assert_eq!(receiver, "load(\"x\")?");
        assert!(matches!(at("1.|"), Context::Word { .. }));
    }

    #[test]
    fn strings_know_their_method() {
        let Context::Text { method, receiver, word_start } = at("data.group(\"mumu\").query(\"pRecoil > 2 & mu|")
        else {
            panic!()
        };
        assert_eq!((method.as_str(), receiver.as_str(), word_start), ("query", "data.group(\"mumu\")", 40));
        let Context::Text { method, .. } = at("data.select([\"a\", \"b|") else { panic!() };
        assert_eq!(method, "select");
        let Context::Text { method, receiver, .. } = at("query!(\"a|") else { panic!() };
        assert_eq!((method.as_str(), receiver.as_str()), ("query", ""));
    }

    #[test]
    fn paths_words_and_magics() {
        assert_eq!(at("std::fs::re|"), Context::Path { path: "std::fs".into(), word_start: 9 });
        assert_eq!(at("let x = lo|"), Context::Word { word_start: 8 });
        assert_eq!(at("%ti|"), Context::Magic { word_start: 0 });
    }
}
