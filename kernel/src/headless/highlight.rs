//! Rust code as HTML, coloured by kind of token.

use super::ansi::escape;

const KEYWORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false", "fn", "for", "if",
    "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "Self", "static",
    "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while",
];

/// The code with a `span` around each keyword, string, number, comment, macro and type.
pub(super) fn rust(code: &str) -> String {
    let mut html = String::with_capacity(code.len() * 2);
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let (class, length) = token(rest, first);
        let text = escape(&rest[..length]);
        match class {
            "" => html.push_str(&text),
            _ => html.push_str(&format!("<span class=\"{class}\">{text}</span>")),
        }
        rest = &rest[length..];
    }
    html
}

/// Class and length in bytes of the token at the start; never 0.
fn token(rest: &str, first: char) -> (&'static str, usize) {
    let word = |allowed: fn(char) -> bool| rest.find(|c: char| !allowed(c)).unwrap_or(rest.len());
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    match first {
        '/' if rest.starts_with("//") => ("kc", rest.find('\n').unwrap_or(rest.len())),
        '/' if rest.starts_with("/*") => ("kc", rest.find("*/").map_or(rest.len(), |end| end + 2)),
        '"' => ("ks", string(rest)),
        'r' if rest.starts_with("r\"") || rest.starts_with("r#\"") => ("ks", raw_string(rest)),
        '0'..='9' => ("kn", word(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')),
        _ if is_word(first) => {
            let length = word(is_word);
            let class = match &rest[..length] {
                name if KEYWORDS.contains(&name) => "kk",
                _ if rest[length..].starts_with('!') && !rest[length..].starts_with("!=") => "km",
                _ if first.is_uppercase() => "kt",
                _ => "",
            };
            (class, length)
        }
        _ => ("", first.len_utf8()),
    }
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> usize {
    let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
    let end = format!("\"{}", "#".repeat(hashes));
    let begin = 2 + hashes;
    rest.get(begin..).and_then(|body| body.find(&end)).map_or(rest.len(), |at| begin + at + end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_apart_and_nothing_is_lost() {
        let code = "let a = vec![1.5, 2]; // <ä>\n\"s\\\"\" r#\"x\"y\"# 'a' Vec::new() != /* open";
        let html = rust(code);
        assert!(html.contains("<span class=\"kk\">let</span>"));
        assert!(html.contains("<span class=\"km\">vec</span>!"));
        assert!(html.contains("<span class=\"kn\">1.5</span>"));
        assert!(html.contains("<span class=\"ks\">&quot;s\\&quot;&quot;</span>"));
        assert!(html.contains("<span class=\"ks\">r#&quot;x&quot;y&quot;#</span>"));
        let text = regex::Regex::new("<[^>]*>").expect("a pattern").replace_all(&html, "").into_owned();
        assert_eq!(text, escape(code));
    }
}
