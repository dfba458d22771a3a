//! A picture as its marks: elements with their places, shapes and colours, and words. Fonts are not marks: which one a
//! machine has changes no number.

/// One mark: an element with its attributes, or a piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// The element's name; `text` for words.
    pub name: String,
    /// What it says: attributes in the order in which they stand, or the words.
    pub parts: Vec<(String, String)>,
}

/// Elements without marks in them.
const UNSEEN: [&str; 4] = ["style", "metadata", "font", "font-face"];

/// The marks of an SVG document.
pub(super) fn marks(svg: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut rest = svg;
    while let Some(open) = rest.find('<') {
        words(&rest[..open], &mut marks);
        rest = &rest[open..];
        let end = end_of_tag(rest);
        let tag = &rest[1..end.saturating_sub(1).max(1)];
        rest = &rest[end..];
        let name: String = tag.chars().take_while(|c| !c.is_whitespace() && *c != '/' && *c != '>').collect();
        if UNSEEN.contains(&name.as_str()) && !tag.ends_with('/') {
            let close = format!("</{name}");
            rest = rest.find(&close).map_or("", |at| &rest[at + close.len()..]);
            rest = rest.find('>').map_or("", |at| &rest[at + 1..]);
        } else if !name.is_empty() && !name.starts_with(['?', '!']) && !tag.starts_with('/') {
            marks.push(Mark { parts: attributes(&tag[name.len()..]), name });
        }
    }
    words(rest, &mut marks);
    marks
}

/// One past the `>` of the tag that the text begins with; a `>` in quotes does not end it.
fn end_of_tag(text: &str) -> usize {
    if let Some(comment) = text.strip_prefix("<!--") {
        return comment.find("-->").map_or(text.len(), |at| at + 7);
    }
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '>') => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn words(text: &str, marks: &mut Vec<Mark>) {
    let text = text.trim();
    if !text.is_empty() {
        marks.push(Mark { name: "text".into(), parts: vec![("words".into(), text.into())] });
    }
}

/// Attributes that are marks; names of fonts, and names by which elements of one document refer to each other, are not.
fn attributes(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(equals) = rest.find('=') {
        let name = rest[..equals].trim().to_owned();
        let value = rest[equals + 1..].trim_start();
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { break };
        let Some(end) = value[1..].find(quote) else { break };
        let content = &value[1..=end];
        rest = &value[end + 2..];
        let unseen = name.starts_with("font") || name == "id" || name == "class" || content.starts_with("url(#");
        if !unseen {
            found.push((name, content.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_and_names_are_no_marks() {
        let a = "<svg font-family='A'><style>@font-face{src:url(x)}</style><rect id='a' x=\"1\" title='a>b'/><text x='2' font-size='9'>5 &lt; 6</text></svg>";
        let b =
            "<svg font-family='B'><rect id='b' x=\"1\" title='a>b'/><text x='2' font-size='10'>5 &lt; 6</text></svg>";
        assert_eq!(marks(a), marks(b));
        assert_eq!(marks(a).len(), 4);
        assert_ne!(marks(a), marks(&b.replace("x=\"1\"", "x=\"2\"")));
        assert_ne!(marks(a), marks(&b.replace("5 &lt;", "7 &lt;")));
        assert_eq!(marks("<?xml version='1.0'?><!-- <a> --><svg/>").len(), 1);
        assert!(marks("<rect x='1").len() <= 1);
    }
}
