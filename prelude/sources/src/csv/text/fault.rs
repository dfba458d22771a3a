//! What is wrong with a text, and where.

/// A text that cannot be read as a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The byte of the text where it was found.
    pub at: usize,
    /// The column, counted from 0, if one is concerned.
    pub column: Option<usize>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Fault {
    /// A fault at a byte.
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, column: None, message: message.into() }
    }

    /// The same, said of a column.
    pub(crate) fn of(mut self, column: usize) -> Self {
        self.column = Some(column);
        self
    }
}

/// The line of a byte, counted from 1; CR, LF and CRLF end a line, also inside quotes, as editors count.
pub(crate) fn line(text: &[u8], at: usize) -> usize {
    let before = &text[..at.min(text.len())];
    let ends = before
        .iter()
        .enumerate()
        .filter(|&(place, &byte)| byte == b'\n' || (byte == b'\r' && text.get(place + 1) != Some(&b'\n')));
    ends.count() + 1
}

/// A piece of text for a message: one line, not long.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(&bytes[..end]);
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_editors_do() {
        let text = b"a\nb\r\nc\rd";
        assert_eq!([0, 2, 5, 7].map(|at| line(text, at)), [1, 2, 3, 4]);
        assert_eq!(shown(b"x,1\ny"), "x,1");
    }
}
