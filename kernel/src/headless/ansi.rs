//! Terminal text to HTML: the 16 base colours, bold, underline, and carriage returns.

/// Escapes text for HTML.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[derive(Default, Clone, PartialEq, Eq)]
struct Style {
    colour: Option<u8>,
    bold: bool,
    underline: bool,
}

/// HTML with a `span` for each run of one style; other escape sequences are dropped.
pub(super) fn to_html(text: &str) -> String {
    let text = overwritten(text);
    let mut html = String::with_capacity(text.len() + 64);
    let mut style = Style::default();
    let mut rest = text.as_str();
    while let Some(at) = rest.find('\u{1b}') {
        span(&mut html, &style, &rest[..at]);
        rest = &rest[at + 1..];
        let Some(sequence) = rest.strip_prefix('[') else { continue };
        let Some(end) = sequence.find(|c: char| ('@'..='~').contains(&c)) else {
            rest = "";
            break;
        };
        if sequence[end..].starts_with('m') {
            apply(&mut style, &sequence[..end]);
        }
        rest = &sequence[end + 1..];
    }
    span(&mut html, &style, rest);
    html
}

fn apply(style: &mut Style, codes: &str) {
    let mut codes = codes.split(';').map(|code| code.parse::<u8>().unwrap_or(0));
    while let Some(code) = codes.next() {
        match code {
            0 => *style = Style::default(),
            1 => style.bold = true,
            4 => style.underline = true,
            22 => style.bold = false,
            24 => style.underline = false,
            30..=37 => style.colour = Some(code - 30),
            90..=97 => style.colour = Some(code - 82),
            // 256 colours: the first 16 are the base colours.
            38 => style.colour = codes.nth(1).filter(|colour| *colour < 16),
            39 => style.colour = None,
            _ => {}
        }
    }
}

fn span(html: &mut String, style: &Style, text: &str) {
    if text.is_empty() {
        return;
    }
    if *style == Style::default() {
        html.push_str(&escape(text));
        return;
    }
    let mut classes = Vec::new();
    classes.extend(style.colour.map(|colour| format!("c{colour}")));
    classes.extend(style.bold.then(|| "b".to_owned()));
    classes.extend(style.underline.then(|| "u".to_owned()));
    html.push_str(&format!("<span class=\"{}\">{}</span>", classes.join(" "), escape(text)));
}

/// What a terminal shows after `\r`: the last text of each line.
fn overwritten(text: &str) -> String {
    let line = |line: &str| match line.trim_end_matches('\r').rsplit_once('\r') {
        Some((_, last)) => last.to_owned(),
        None => line.trim_end_matches('\r').to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_spans() {
        assert_eq!(to_html("a<b"), "a&lt;b");
        assert_eq!(to_html("\u{1b}[1;31merror\u{1b}[0m: x"), "<span class=\"c1 b\">error</span>: x");
        assert_eq!(to_html("\u{1b}[38;5;9mx\u{1b}[39my"), "<span class=\"c9\">x</span>y");
        assert_eq!(to_html("\u{1b}[2Jx\u{1b}[31"), "x");
        assert_eq!(to_html("10 %\r20 %\r\ndone"), "20 %\ndone");
    }
}
