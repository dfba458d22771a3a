//! How a text is laid out: separator, quote, lines to pass over, and whether its first record is a header.
//!
//! The first [`RECORDS`] records (at most [`BYTES`]) are cut with each separator in turn; the one with which all records
//! have as many fields as the first, and more than one, is taken. Of several the one that gives more numbers is right, then
//! the one that gives more fields. Blanks separate only where nothing else does and all fields below the first line are
//! numbers. `'` is a quote only where `"` does not give a table.

use super::fault::shown;
use super::kind::{self, Rules, decide};
use super::records::{BLANKS, ONE_COLUMN, is_end, next_line, trim};
use super::{Dialect, Fault, Field};

const RECORDS: usize = 1_000;
const BYTES: usize = 1 << 20;
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What the user has fixed about the layout.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    pub separator: Option<u8>,
    /// `Some(None)`: quotes are text.
    pub quote: Option<Option<u8>>,
    pub comment: Option<u8>,
    pub header: Option<bool>,
    pub names: Option<Vec<String>>,
    /// Lines to pass over at the start.
    pub skip: usize,
}

/// How a text is laid out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    pub dialect: Dialect,
    /// Where the first record of data begins.
    pub data: usize,
    pub names: Vec<String>,
    /// Traits of each column in the records that were looked at.
    pub traits: Vec<kind::Traits>,
    /// What is not the plain case, for the user to read.
    pub notes: Vec<String>,
}

/// Records cut in one way, as far as they were looked at.
struct Trial {
    dialect: Dialect,
    records: Vec<Vec<Field>>,
    fault: Option<Fault>,
}

impl Trial {
    fn of(dialect: Dialect, text: &[u8], from: usize) -> Self {
        let mut trial = Self { dialect, records: Vec::new(), fault: None };
        let (mut at, mut fields) = (from, Vec::new());
        while trial.records.len() < RECORDS && at < from.saturating_add(BYTES) {
            match dialect.record(text, at, &mut fields) {
                Ok(Some(next)) => {
                    trial.records.push(fields.clone());
                    at = next;
                }
                Ok(None) => break,
                Err(fault) => {
                    trial.fault = Some(fault);
                    break;
                }
            }
        }
        trial
    }

    fn fields(&self) -> usize {
        self.records.first().map_or(0, Vec::len)
    }

    /// Records with as many fields as the first.
    fn agreeing(&self) -> usize {
        self.records.iter().filter(|record| fits(record, self.fields())).count()
    }

    fn is_consistent(&self) -> bool {
        self.fault.is_none() && self.fields() > 1 && self.agreeing() == self.records.len()
    }

    /// The number of fields that more than half of the records have.
    fn majority(&self) -> Option<usize> {
        let mut counts: Vec<usize> = self.records.iter().map(Vec::len).collect();
        counts.sort_unstable();
        let middle = *counts.get(counts.len() / 2)?;
        (counts.iter().filter(|&&count| count == middle).count() * 2 > counts.len()).then_some(middle)
    }

    /// Fields that are numbers, of a thousand.
    fn numbers(&self, text: &[u8]) -> usize {
        let fields = || self.records.iter().flatten();
        let is_number = |field: &&Field| {
            kind::number(trim(field.raw(text)), self.dialect.separator != b',').is_some()
                || kind::number(trim(field.raw(text)), false).is_some()
        };
        1_000 * fields().filter(is_number).count() / fields().count().max(1)
    }

    fn has_quotes(&self) -> bool {
        self.records.iter().flatten().any(|field| field.quoted)
    }
}

/// Whether a record has so many fields; one that ends in a separator has no field behind it.
pub(crate) fn fits(record: &[Field], fields: usize) -> bool {
    record.len() == fields || (record.len() == fields + 1 && record.last().is_some_and(|field| field.is_empty()))
}

/// Finds the layout of a text.
///
/// # Errors
/// A text without a record, and one that could be read in two ways.
pub(crate) fn sniff(text: &[u8], wish: &Wish, rules: &Rules) -> Result<Layout, Fault> {
    let mut notes = Vec::new();
    let mut from = 0;
    for _ in 0..wish.skip {
        from = next_line(text, from);
    }
    if wish.skip > 0 {
        notes.push(format!("{} passed over", lines(wish.skip, "line")));
    }
    let (named, from) = separator_line(text, from);
    let comments = leading_comments(text, from, wish.comment);
    let trial = choose(text, comments.end, wish, named)?;
    if trial.records.is_empty() {
        return Err(trial.fault.unwrap_or_else(|| {
            Fault::new(from, "no header and no rows; the file is empty, or has nothing but comments")
        }));
    }
    describe(&trial.dialect, named, wish, &mut notes);
    if comments.count > 0 {
        notes.push(format!("{} at the start", lines(comments.count, "comment line")));
    }
    let mut layout = head(text, &trial, comments, wish, rules)?;
    notes.append(&mut layout.notes);
    layout.notes = notes;
    Ok(layout)
}

fn lines(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `sep=;` as a first line, as spreadsheets write it.
fn separator_line(text: &[u8], from: usize) -> (Option<u8>, usize) {
    let end = text[from..].iter().position(|&byte| is_end(byte)).map_or(text.len(), |found| from + found);
    let line =
        text[from..end].strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(&text[from..end]);
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator] if separator.is_ascii() => {
            (Some(*separator), next_line(text, from))
        }
        _ => (None, from),
    }
}

/// Lines at the start that begin with `#`, or with what was asked for.
struct Comments<'a> {
    count: usize,
    /// The last of them, without its mark.
    last: &'a [u8],
    /// After the last of them.
    end: usize,
}

fn leading_comments(text: &[u8], from: usize, asked: Option<u8>) -> Comments<'_> {
    let mark = asked.unwrap_or(b'#');
    let mut found = Comments { count: 0, last: &[], end: from };
    let mut at = from;
    while at < text.len() {
        let next = next_line(text, at);
        let mut line = &text[at..next];
        while let [rest @ .., b'\n' | b'\r'] = line {
            line = rest;
        }
        let line = trim(line);
        if line.first() == Some(&mark) {
            let last = &line[line.iter().take_while(|&&byte| byte == mark).count()..];
            found = Comments { count: found.count + 1, last, end: next };
        } else if !line.is_empty() {
            break;
        }
        at = next;
    }
    found
}

fn choose(text: &[u8], from: usize, wish: &Wish, named: Option<u8>) -> Result<Trial, Fault> {
    let separator = wish.separator.or(named);
    let of =
        |separator: u8, quote: Option<u8>| Trial::of(Dialect { separator, quote, comment: wish.comment }, text, from);
    let quote = wish.quote.unwrap_or(Some(b'"'));
    if let Some(separator) = separator {
        return Ok(of(separator, quote));
    }
    let with = |quote: Option<u8>| SEPARATORS.map(|separator| of(separator, quote));
    let trials = with(quote);
    if let Some(best) = consistent(text, trials) {
        return Ok(best);
    }
    if wish.quote.is_none() {
        let best = consistent(text, with(Some(b'\'')));
        if let Some(best) = best.filter(Trial::has_quotes) {
            return Ok(best);
        }
    }
    blanks_or_one(text, with(quote), of(BLANKS, quote), of(ONE_COLUMN, quote))
}

fn consistent(text: &[u8], trials: [Trial; 4]) -> Option<Trial> {
    let good = trials.into_iter().filter(Trial::is_consistent).rev();
    good.max_by_key(|trial| (trial.numbers(text), trial.fields()))
}

/// With no separator all records agree on: the one most agree on (reading then names the lines that do not), blanks, or
/// one column.
fn blanks_or_one(text: &[u8], trials: [Trial; 4], blanks: Trial, one: Trial) -> Result<Trial, Fault> {
    let share = |trial: &Trial| 1_000 * trial.agreeing() / trial.records.len().max(1);
    if let Some(above) =
        trials.iter().find(|trial| trial.fields() == 1 && trial.majority().is_some_and(|count| count > 1))
    {
        let at = above.records[0][0].start;
        return Err(Fault::new(
            at,
            format!(
                "`{}` is one field, but most lines after it have {}, separated by {}; pass over the lines above the table \
                 with `Csv::new().skip(1)`, or read lines as one column with `Csv::new().one_column()`",
                shown(&text[at..]),
                above.majority().unwrap_or(0),
                said(above.dialect.separator)
            ),
        ));
    }
    if blanks.is_consistent() {
        let is_number = |field: &Field| {
            let value = trim(field.raw(text));
            kind::number(value, false).is_some() || kind::is_word(value)
        };
        let rest = || blanks.records.iter().skip(usize::from(blanks.records.len() > 1));
        if rest().flatten().all(is_number) {
            return Ok(blanks);
        }
        if (0..blanks.fields()).any(|at| rest().all(|record| record.get(at).is_some_and(is_number))) {
            return Err(Fault::new(
                blanks.records[0][0].start,
                "no separator found; if blanks separate the columns say `Csv::new().separator(' ')`, and \
                 `Csv::new().one_column()` to read lines as text",
            ));
        }
    }
    let most = trials.into_iter().rev().filter(|trial| trial.fields() > 1 && share(trial) > 500).max_by_key(share);
    Ok(most.unwrap_or(one))
}

/// A separator in words.
pub(crate) fn said(separator: u8) -> String {
    match separator {
        b'\t' => "tab".to_owned(),
        BLANKS => "blanks".to_owned(),
        other => format!("`{}`", char::from(other)),
    }
}

fn describe(dialect: &Dialect, named: Option<u8>, wish: &Wish, notes: &mut Vec<String>) {
    match dialect.separator {
        ONE_COLUMN => notes.push("no separator found: one column".to_owned()),
        _ if named.is_some() && wish.separator.is_none() => {
            notes.push(format!("separator {} (said by its first line)", said(dialect.separator)));
        }
        b',' | b'\t' => {}
        other => notes.push(format!("separator {}", said(other))),
    }
    match dialect.quote {
        Some(b'"') => {}
        Some(other) => notes.push(format!("quote {}", char::from(other))),
        None => notes.push("quotes are text".to_owned()),
    }
}

/// Names of the columns, and where the data begins.
fn head(text: &[u8], trial: &Trial, comments: Comments<'_>, wish: &Wish, rules: &Rules) -> Result<Layout, Fault> {
    let first = &trial.records[0];
    let of = |records: &[Vec<Field>], width: usize| -> Vec<kind::Traits> {
        let value = |field: &Field| kind::of_field(&field.value(text, trial.dialect.quote), field.quoted, rules);
        let column = |at| {
            records.iter().filter_map(|record: &Vec<Field>| record.get(at)).fold(0, |all, field| all | value(field))
        };
        (0..width).map(column).collect()
    };
    let width = width(first, &trial.records);
    let texts = |fields: &[Field], text: &[u8]| -> Vec<String> {
        let value = |field: &Field| String::from_utf8_lossy(&field.value(text, trial.dialect.quote)).into_owned();
        fields.iter().map(|field| if field.quoted { value(field) } else { value(field).trim().to_owned() }).collect()
    };
    let rest = of(&trial.records[1..], width);
    let mut notes = Vec::new();
    let above = above(comments.last, trial, width);
    let header = wish
        .header
        .unwrap_or_else(|| is_header(&rest, &of(&trial.records[..1], width), &trial.records, above.is_some()));
    let data = if header { after(text, trial, comments.end) } else { comments.end };
    let mut names = match (header, above) {
        (true, _) => texts(&first[..width], text),
        (false, Some(names)) if wish.header.is_none() => {
            notes.push("names from the comment line above the data".to_owned());
            names
        }
        _ => {
            notes.push("no header line".to_owned());
            vec![String::new(); width]
        }
    };
    if let Some(wanted) = &wish.names {
        if wanted.len() != width {
            let text = format!("{} names were given for {width} columns", wanted.len());
            return Err(Fault::new(first[0].start, text));
        }
        names.clone_from(wanted);
    }
    name_all(&mut names, &mut notes);
    let traits = if header { rest } else { of(&trial.records, width) };
    Ok(Layout { dialect: trial.dialect, data, names, traits, notes })
}

/// Columns of the table. A header that ends in a separator as all rows do has no column behind it.
fn width(first: &[Field], records: &[Vec<Field>]) -> usize {
    let open = |record: &Vec<Field>| record.len() == first.len() && record.last().is_some_and(|field| field.is_empty());
    match first.len() {
        width if width > 1 && records.iter().all(open) => width - 1,
        width => width,
    }
}

/// Where the record after the first begins.
fn after(text: &[u8], trial: &Trial, from: usize) -> usize {
    let next = trial.dialect.record(text, from, &mut Vec::new());
    next.ok().flatten().unwrap_or(text.len())
}

/// Names of a comment line: as many as the table has columns.
fn above(line: &[u8], trial: &Trial, width: usize) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let dialect = Dialect { comment: None, ..trial.dialect };
    dialect.record(line, 0, &mut fields).ok()??;
    let enough = fields.len() == width && (width > 1 || trial.dialect.separator != ONE_COLUMN);
    let name = |field: &Field| String::from_utf8_lossy(trim(&field.value(line, dialect.quote))).into_owned();
    enough.then(|| fields.iter().map(name).collect())
}

/// A first record is a header unless it could be a row: then each of its values fits its column, and not all columns are
/// text. A table of text has a header, unless a comment line above it has the names.
fn is_header(rest: &[kind::Traits], first: &[kind::Traits], records: &[Vec<Field>], named: bool) -> bool {
    let text = |traits: kind::Traits| decide(traits).is_none_or(|kind| kind == kind::Kind::Text);
    if records.len() == 1 {
        return !named && first.iter().any(|&traits| traits != 0 && text(traits));
    }
    if rest.iter().all(|&traits| text(traits)) {
        return !named && !first.iter().all(|&traits| !text(traits));
    }
    rest.iter().zip(first).any(|(&rest, &first)| !text(rest) && text(rest | first))
}

/// Names for columns that have none, and different ones for those that share one.
fn name_all(names: &mut [String], notes: &mut Vec<String>) {
    for (at, name) in names.iter_mut().enumerate() {
        if name.is_empty() {
            *name = format!("column{at}");
        }
    }
    for at in 1..names.len() {
        if names[..at].contains(&names[at]) {
            let free = |name: &String| !names.contains(name);
            let Some(name) = (1..).map(|number| format!("{}_{number}", names[at])).find(free) else { continue };
            notes.push(format!("a second column `{}` is called `{name}`", names[at]));
            names[at] = name;
        }
    }
}

#[cfg(test)]
#[path = "sniff_tests.rs"]
mod tests;
