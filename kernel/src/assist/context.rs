//! The syntax at the cursor, read from the text alone.

use super::scan::{Open, Scan, is_word, scan};

/// What is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Context {
    /// Inside a string that begins with the quote at `quote`.
    Text { call: Call, quote: usize, word_start: usize },
    /// Behind a dot: a method or field of `receiver`.
    Member { receiver: String, receiver_start: usize, word_start: usize },
    /// Behind `::`.
    Path { path: String, word_start: usize },
    /// A word of its own, perhaps an argument of a call.
    Word { call: Option<Call>, word_start: usize },
    /// A magic line.
    Magic { word_start: usize },
    /// What stands behind a magic that takes a file or a folder.
    MagicPath { from: usize },
}

/// The call that what is typed is an argument of. All of it is empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Call {
    /// The function, macro or method; `[` for an index.
    pub name: String,
    /// What the method is called on, and where that begins.
    pub receiver: String,
    pub receiver_start: usize,
    /// The path in front of the function (`std::fs`).
    pub path: String,
    /// Which argument, from zero.
    pub argument: usize,
}

/// Magics with a path behind them.
const PATH_MAGICS: [&str; 4] = ["%load ", "%cd ", "%%writefile ", "!cat "];

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
    let line = &code[line_start..cursor];
    if let Some(magic) = PATH_MAGICS.iter().find(|magic| line.trim_start().starts_with(**magic)) {
        return Context::MagicPath { from: cursor - line.trim_start().len() + magic.len() };
    }
    let scan = scan(&code[..cursor]);
    if let Some(quote) = scan.quote {
        return Context::Text { call: call_of(code, &scan).unwrap_or_default(), quote, word_start: start };
    }
    if code[..start].ends_with("::") {
        return Context::Path { path: path_before(code, start - 2), word_start: start };
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
    Context::Word { call: call_of(code, &scan).filter(|call| call.name != "["), word_start: start }
}

/// The path that ends at `end`, such as `std::fs`.
fn path_before(code: &str, end: usize) -> String {
    let from = code[..end].char_indices().rev().take_while(|(_, c)| is_word(*c) || *c == ':').last();
    code[from.map_or(end, |(at, _)| at)..end].to_owned()
}

/// The innermost call or index that is open at the end of what was scanned. Lists and pairs belong to the call around
/// them; a block does not.
fn call_of(code: &str, scan: &Scan) -> Option<Call> {
    for (depth, Open { at, bracket, commas }) in scan.open.iter().enumerate().rev() {
        let head = code[..*at].trim_end();
        let called = head.ends_with(|c: char| is_word(c) || matches!(c, ')' | ']' | '?' | '!' | '>'));
        match bracket {
            '(' if called => return Some(call_at(code, head, *commas)),
            '[' if called && depth + 1 == scan.open.len() && !head.ends_with('!') => {
                let receiver_start = receiver_start(code, head.len());
                let receiver = code[receiver_start..head.len()].trim().to_owned();
                return Some(Call { name: "[".into(), receiver, receiver_start, ..Call::default() });
            }
            '{' => return None,
            _ => {}
        }
    }
    None
}

/// The call whose parenthesis stands behind `head`.
fn call_at(code: &str, head: &str, argument: usize) -> Call {
    let head = head.trim_end_matches('!');
    // `collect::<Vec<_>>(`
    let head = head.rfind("::<").filter(|_| head.ends_with('>')).map_or(head, |at| &head[..at]);
    let name_start = word_start(code, head.len());
    let name = code[name_start..head.len()].to_owned();
    let before = code[..name_start].trim_end();
    match before.strip_suffix('.') {
        Some(before) => {
            let receiver_start = receiver_start(code, before.len());
            let receiver = code[receiver_start..before.len()].trim().to_owned();
            Call { name, receiver, receiver_start, path: String::new(), argument }
        }
        None => {
            let path = before.strip_suffix("::").map_or_else(String::new, |before| path_before(code, before.len()));
            Call { name, path, argument, ..Call::default() }
        }
    }
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
        let cursor = code.find('¦').unwrap();
        context(&code.replace('¦', ""), cursor)
    }

    /// Name, receiver and argument of the call around the cursor, which is in a string.
    fn call(code: &str) -> (String, String, usize) {
        let Context::Text { call, .. } = at(code) else { panic!("{code}: {:?}", at(code)) };
        (call.name, call.receiver, call.argument)
    }

    #[test]
    fn members_of_chains() {
        let Context::Member { receiver, .. } = at("let x = data.group(\"mu.mu\").query(\"a > (1)\").hi¦") else {
            panic!()
        };
        assert_eq!(receiver, "data.group(\"mu.mu\").query(\"a > (1)\")");
        let Context::Member { receiver, .. } = at("f(a, load(\"x\")?\n    .cou¦") else { panic!() };
        assert_eq!(receiver, "load(\"x\")?");
        let Context::Member { receiver, .. } = at("data.mumu.¦") else { panic!() };
        assert_eq!(receiver, "data.mumu");
        assert!(matches!(at("1.¦"), Context::Word { .. }));
    }

    #[test]
    fn strings_know_their_call() {
        let expect = |code: &str, name: &str, receiver: &str, argument: usize| {
            assert_eq!(call(code), (name.to_owned(), receiver.to_owned(), argument), "{code}");
        };
        expect("data.group(\"mumu\").query(\"pRecoil > 2 & mu¦", "query", "data.group(\"mumu\")", 0);
        expect("data.select([\"a\", \"b¦", "select", "data", 0);
        expect("data.hists([(\"a\", 50), (\"b¦", "hists", "data", 0);
        expect("data.define(\"a, (\", \"b¦", "define", "data", 1);
        expect("query!(\"a¦", "query", "", 0);
        expect("data.query(query!(\"x > @¦", "query", "", 0);
        expect("f[\"me¦", "[", "f", 0);
        expect("data[\"mumu\"][\"¦", "[", "data[\"mumu\"]", 0);
        expect("let t = \"¦", "", "", 0);
        expect("load(r#\"a\"b¦", "load", "", 0);
        let Context::Text { quote, word_start, .. } = at("load(\"data/Zmu¦") else { panic!() };
        assert_eq!((quote, word_start), (5, 11));
        let Context::Text { call, .. } = at("std::fs::read(\"¦") else { panic!() };
        assert_eq!((call.name.as_str(), call.path.as_str()), ("read", "std::fs"));
    }

    #[test]
    fn paths_words_and_magics() {
        assert_eq!(at("std::fs::re¦"), Context::Path { path: "std::fs".into(), word_start: 9 });
        assert_eq!(at("let x = lo¦"), Context::Word { call: None, word_start: 8 });
        assert_eq!(at("%ti¦"), Context::Magic { word_start: 0 });
        assert_eq!(at("%load da¦"), Context::MagicPath { from: 6 });
        let Context::Word { call: Some(call), .. } = at("data.best_candidate(\"chi2\", Lo¦") else { panic!() };
        assert_eq!((call.name.as_str(), call.argument), ("best_candidate", 1));
        assert_eq!(at("f(|x| { y¦"), Context::Word { call: None, word_start: 8 });
    }
}
