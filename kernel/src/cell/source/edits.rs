//! Text with insertions, and the way back from it to what the user typed.

use unicode_width::UnicodeWidthChar;

/// What a stretch of rewritten text is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// The user's, from this byte of the original.
    Typed { original: usize, length: usize },
    /// Ours; belongs to the text that begins at this byte of the original.
    Ours { original: usize, length: usize },
}

/// A piece of text to put in place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    /// First byte that is replaced.
    pub start: usize,
    /// One past the last byte that is replaced; equal to `start` for an insertion.
    pub end: usize,
    /// What comes there.
    pub text: String,
}

/// Rewritten text that remembers where each byte came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// The rewritten text.
    pub text: String,
    pieces: Vec<Piece>,
}

impl Source {
    /// Applies `edits` to `original[start..end]`. Edits that overlap an earlier one are left out.
    pub fn new(original: &str, start: usize, end: usize, edits: &[Edit]) -> Self {
        let mut edits: Vec<_> = edits.iter().filter(|edit| edit.start >= start && edit.end <= end).collect();
        edits.sort_by_key(|edit| (edit.start, edit.end));
        let mut source = Self::default();
        let mut at = start;
        for edit in edits {
            if edit.start < at {
                continue;
            }
            source.typed(original, at, edit.start);
            source.ours(&edit.text, edit.start);
            at = edit.end;
        }
        source.typed(original, at, end);
        source
    }

    fn typed(&mut self, original: &str, start: usize, end: usize) {
        if end > start {
            self.text.push_str(&original[start..end]);
            self.pieces.push(Piece::Typed { original: start, length: end - start });
        }
    }

    fn ours(&mut self, text: &str, original: usize) {
        if !text.is_empty() {
            self.text.push_str(text);
            self.pieces.push(Piece::Ours { original, length: text.len() });
        }
    }

    /// The same text with stretches of it made blank; lines and places stay.
    pub fn blanked(&self, ranges: &[std::ops::Range<usize>]) -> Self {
        let mut blanked = self.clone();
        for range in ranges {
            let Some(text) = self.text.get(range.clone()) else { continue };
            let blank: String = text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
            blanked.text.replace_range(range.clone(), &blank);
        }
        blanked
    }

    /// The byte of the original that a byte of the text came from.
    pub fn original(&self, offset: usize) -> usize {
        let mut before = 0;
        let mut last = 0;
        for piece in &self.pieces {
            let (original, length, typed) = match piece {
                Piece::Typed { original, length } => (*original, *length, true),
                Piece::Ours { original, length } => (*original, *length, false),
            };
            if offset < before + length {
                return if typed { original + offset - before } else { original };
            }
            before += length;
            last = if typed { original + length } else { original };
        }
        last
    }
}

/// Line from 1 and column from 1, in characters, of a byte offset.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..floor(text, offset)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The byte offset of a line and column of a panic, both from 1. rustc counts the columns in which a character is shown: four of
/// a tab.
pub(crate) fn offset_of(text: &str, line: usize, column: usize) -> Option<usize> {
    let mut start = 0;
    for _ in 1..line {
        start += text[start..].find('\n')? + 1;
    }
    let rest = &text[start..];
    let mut before = 0;
    let place = rest.char_indices().find(|(_, c)| {
        let here = before + 1 >= column;
        before += if *c == '\t' { 4 } else { c.width().unwrap_or(1) };
        here
    });
    Some(start + place.map_or(rest.len(), |(offset, _)| offset))
}

/// The nearest character boundary at or before `offset`.
pub(crate) fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_finds_its_way_back() {
        let original = "for x in 0..3 { f(x); } data.mumu";
        let open = original.find('{').unwrap() + 1;
        let field = original.find(".mumu").unwrap();
        let edits = [
            Edit { start: field, end: field + 5, text: ".group(\"mumu\")".into() },
            Edit { start: open, end: open, text: " check();".into() },
        ];
        let source = Source::new(original, 0, original.len(), &edits);
        assert_eq!(source.text, "for x in 0..3 { check(); f(x); } data.group(\"mumu\")");
        assert_eq!(source.original(0), 0);
        assert_eq!(source.original(source.text.find("check").unwrap()), open);
        assert_eq!(source.original(source.text.find("f(x)").unwrap()), original.find("f(x)").unwrap());
        assert_eq!(source.original(source.text.find("group").unwrap()), field);
        assert_eq!(source.original(source.text.len()), field);
    }

    #[test]
    fn lines_and_columns_count_characters() {
        let text = "aé\nbß = 1";
        assert_eq!(line_and_column(text, text.find('=').unwrap()), (2, 4));
        assert_eq!(offset_of(text, 2, 4), text.find('='));
        assert_eq!(offset_of(text, 9, 1), None);
        assert_eq!(offset_of("x\n\t/* 中 */ y", 2, 14), Some(13));
    }
}
