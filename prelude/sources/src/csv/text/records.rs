//! Text to records and fields.
//!
//! A line ends in CR, LF or CRLF. A line of nothing but blanks is no record. A field whose first character that is not
//! blank is the quote runs to the closing quote (a doubled quote is one); after it come only blanks. Elsewhere quotes are
//! text. With the separator [`BLANKS`] any number of blanks separates, and blanks around a line mean nothing.

use super::Fault;
use super::fault::shown;
use std::borrow::Cow;
use std::ops::Range;

/// The separator that means any number of blanks.
pub(crate) const BLANKS: u8 = b' ';
/// The separator of a table of one column: a line has no other field.
pub(crate) const ONE_COLUMN: u8 = b'\n';

/// How a text is cut into fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Between two fields; [`BLANKS`] and [`ONE_COLUMN`] have meanings of their own.
    pub separator: u8,
    /// Around fields that hold separators or line ends.
    pub quote: Option<u8>,
    /// Begins lines that are no records.
    pub comment: Option<u8>,
}

/// One field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    /// Its first byte, without a quote.
    pub start: usize,
    /// After its last byte, without a quote.
    pub end: usize,
    /// Whether it was in quotes.
    pub quoted: bool,
    /// Whether quotes are doubled in it.
    pub doubled: bool,
}

impl Field {
    /// Its bytes as they stand.
    pub(crate) fn raw(self, text: &[u8]) -> &[u8] {
        &text[self.start..self.end]
    }

    /// What it says.
    pub(crate) fn value(self, text: &[u8], quote: Option<u8>) -> Cow<'_, [u8]> {
        let raw = self.raw(text);
        match quote.filter(|_| self.doubled) {
            None => Cow::Borrowed(raw),
            Some(quote) => {
                let mut out = Vec::with_capacity(raw.len());
                let mut bytes = raw.iter();
                while let Some(&byte) = bytes.next() {
                    out.push(byte);
                    if byte == quote {
                        bytes.next();
                    }
                }
                Cow::Owned(out)
            }
        }
    }

    /// Whether it is empty.
    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end && !self.quoted
    }
}

impl Dialect {
    fn is_blank(&self, byte: u8) -> bool {
        matches!(byte, b' ' | b'\t') && (byte != self.separator || self.separator == BLANKS)
    }

    fn blanks(&self, text: &[u8], mut at: usize) -> usize {
        while at < text.len() && self.is_blank(text[at]) {
            at += 1;
        }
        at
    }

    /// The fields of the next record from `at` on, and where the one after it begins; `None` at the end of the text.
    ///
    /// # Errors
    /// A quote that is not closed, or text behind a closing quote.
    pub(crate) fn record(&self, text: &[u8], at: usize, fields: &mut Vec<Field>) -> Result<Option<usize>, Fault> {
        fields.clear();
        let Some(mut at) = self.start(text, at) else { return Ok(None) };
        loop {
            at = self.field(text, at, fields).map_err(|fault| fault.of(fields.len()))?;
            if at >= text.len() {
                return Ok(Some(at));
            }
            if is_end(text[at]) {
                return Ok(Some(after_end(text, at)));
            }
            at += 1; // the separator
        }
    }

    /// Where the next line that is a record begins.
    pub(crate) fn start(&self, text: &[u8], mut at: usize) -> Option<usize> {
        loop {
            let first = self.blanks(text, at);
            let byte = *text.get(first)?;
            if is_end(byte) {
                at = after_end(text, first);
            } else if self.comment == Some(byte) {
                at = next_line(text, first);
            } else {
                return Some(if self.separator == BLANKS { first } else { at });
            }
        }
    }

    /// One field; returns the place of its separator or line end; of several blanks, of the last.
    fn field(&self, text: &[u8], start: usize, fields: &mut Vec<Field>) -> Result<usize, Fault> {
        if self.quote.is_some() {
            let first = self.blanks(text, start);
            if text.get(first).copied() == self.quote {
                return self.quoted(text, first, fields);
            }
        }
        let mut at = start;
        if self.separator == BLANKS {
            while at < text.len() && !is_end(text[at]) && !self.is_blank(text[at]) {
                at += 1;
            }
            fields.push(Field { start, end: at, quoted: false, doubled: false });
            return Ok(self.last_blank(text, at));
        }
        while at < text.len() && text[at] != self.separator && !is_end(text[at]) {
            at += 1;
        }
        fields.push(Field { start, end: at, quoted: false, doubled: false });
        Ok(at)
    }

    fn last_blank(&self, text: &[u8], at: usize) -> usize {
        let next = self.blanks(text, at);
        let at_end = next >= text.len() || is_end(text[next]);
        if at_end || next == at { next } else { next - 1 }
    }

    fn quoted(&self, text: &[u8], open: usize, fields: &mut Vec<Field>) -> Result<usize, Fault> {
        let quote = text[open];
        let mut doubled = false;
        let mut at = open + 1;
        let end = loop {
            let Some(found) = text[at..].iter().position(|&byte| byte == quote) else {
                let message = format!(
                    "a quote opens here and is never closed: `{}`; close it, or read quotes as text with `Csv::new().no_quotes()`",
                    shown(&text[open..])
                );
                return Err(Fault::new(open, message));
            };
            at += found;
            if text.get(at + 1) != Some(&quote) {
                break at;
            }
            doubled = true;
            at += 2;
        };
        fields.push(Field { start: open + 1, end, quoted: true, doubled });
        let next = match self.separator {
            BLANKS => self.last_blank(text, end + 1),
            _ => self.blanks(text, end + 1),
        };
        let stands = text.get(next).copied();
        if stands.is_none_or(|byte| {
            is_end(byte) || byte == self.separator || (self.separator == BLANKS && self.is_blank(byte))
        }) {
            return Ok(next);
        }
        fields.pop();
        let message = format!(
            "text after a closing quote: `{}`; double the quotes inside, or read quotes as text with `Csv::new().no_quotes()`",
            shown(&text[open..])
        );
        Err(Fault::new(open, message))
    }

    /// The text in pieces of about `size` bytes, each of whole records.
    ///
    /// # Errors
    /// See [`Dialect::record`].
    pub(crate) fn pieces(&self, text: &[u8], from: usize, size: usize) -> Result<Vec<Range<usize>>, Fault> {
        let quotes = self.quote.is_some_and(|quote| text[from..].contains(&quote));
        let mut pieces = Vec::new();
        let mut start = from;
        let mut fields = Vec::new();
        while start < text.len() {
            let target = start.saturating_add(size.max(1));
            let mut end = start;
            if quotes {
                while end < target.min(text.len()) {
                    end = self.record(text, end, &mut fields)?.unwrap_or(text.len());
                }
            } else {
                end = next_line(text, target.min(text.len()));
            }
            pieces.push(start..end);
            start = end;
        }
        Ok(pieces)
    }
}

pub(crate) fn is_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// After the line end that begins at `at`.
pub(crate) fn after_end(text: &[u8], at: usize) -> usize {
    at + 1 + usize::from(text[at] == b'\r' && text.get(at + 1) == Some(&b'\n'))
}

/// Where the line after the one of `at` begins.
pub(crate) fn next_line(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|&byte| is_end(byte)).map_or(text.len(), |found| after_end(text, at + found))
}

/// Without blanks at both ends.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Dialect = Dialect { separator: b',', quote: Some(b'"'), comment: None };

    fn all(dialect: Dialect, text: &str) -> Result<Vec<Vec<String>>, Fault> {
        let (text, mut at, mut fields, mut rows) = (text.as_bytes(), 0, Vec::new(), Vec::new());
        while let Some(next) = dialect.record(text, at, &mut fields)? {
            let of = |field: &Field| String::from_utf8(field.value(text, dialect.quote).into_owned()).unwrap();
            rows.push(fields.iter().map(of).collect());
            at = next;
        }
        Ok(rows)
    }

    #[test]
    fn records_end_in_any_line_end_and_quotes_hold_them() {
        let rows = all(COMMA, "a,b\r\n\n1, \"x,\ny\" \r\r\n\"say \"\"hi\"\"\",\n , \n  \nlast").unwrap();
        assert_eq!(rows, [vec!["a", "b"], vec!["1", "x,\ny"], vec!["say \"hi\"", ""], vec![" ", " "], vec!["last"]]);
        assert_eq!(all(COMMA, "").unwrap(), Vec::<Vec<String>>::new());
        assert_eq!(all(COMMA, "5\" tube,2").unwrap(), [["5\" tube", "2"]], "a quote inside is text");
        assert_eq!(all(COMMA, "\"\",").unwrap(), [["", ""]]);
    }

    #[test]
    fn blanks_separate_however_many() {
        let blanks = Dialect { separator: BLANKS, ..COMMA };
        assert_eq!(all(blanks, "  a  b\tc \n 1 \"x y\"   3\n").unwrap(), [["a", "b", "c"], ["1", "x y", "3"]]);
        let tabs = Dialect { separator: b'\t', ..COMMA };
        assert_eq!(all(tabs, "\t\t\n a\t\tb\n").unwrap(), [["", "", ""], [" a", "", "b"]]);
    }

    #[test]
    fn quotes_that_do_not_close_are_faults_with_a_place() {
        let fault = all(COMMA, "a,b\n1,\"x\n2,y\n").unwrap_err();
        assert_eq!((fault.at, fault.column), (6, Some(1)));
        assert!(fault.message.contains("never closed") && fault.message.contains("`\"x`"), "{}", fault.message);
        assert!(all(COMMA, "a\n\"x\"y\n").unwrap_err().message.contains("after a closing quote"));
    }

    #[test]
    fn pieces_hold_whole_records() {
        for text in ["a,b\n1,2\n3,4\n5,6\n", "a,b\n\"1\n\n\",2\n3,\"\n4\"\n5,6", "a\rb\rc", "\r\n\r\n1\r\n"] {
            let whole = all(COMMA, text).unwrap();
            for size in 1..10 {
                let pieces = COMMA.pieces(text.as_bytes(), 0, size).unwrap();
                let parts = pieces.into_iter().flat_map(|piece| all(COMMA, &text[piece]).unwrap());
                assert_eq!(parts.collect::<Vec<_>>(), whole, "{text:?} in {size}");
            }
        }
    }
}
