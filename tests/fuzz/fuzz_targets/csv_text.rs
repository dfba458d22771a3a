//! Any bytes as a text table: a fault with a place, or a layout by which pieces of any size give the same records, all of
//! them at borders of characters. And a table that is written comes back as it was.
#![no_main]

#[allow(dead_code)]
#[path = "../../../prelude/sources/src/csv/text/mod.rs"]
mod text;

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;
use text::kind::Rules;
use text::sniff::{Wish, sniff};
use text::{Dialect, Field};

/// The records of a text from a place on, as texts; `None` at a fault.
fn records(dialect: &Dialect, text: &str, from: usize) -> Option<Vec<Vec<String>>> {
    let (bytes, mut at, mut fields, mut all) = (text.as_bytes(), from, Vec::new(), Vec::new());
    while let Some(next) = dialect.record(bytes, at, &mut fields).ok()? {
        assert!(next > at && next <= bytes.len());
        let of = |field: &Field| {
            assert!(text.is_char_boundary(field.start) && text.is_char_boundary(field.end));
            String::from_utf8(field.value(bytes, dialect.quote).into_owned()).expect("whole characters")
        };
        all.push(fields.iter().map(of).collect());
        at = next;
    }
    Some(all)
}

/// What is found in bytes holds for all of them.
fn read(bytes: Vec<u8>, wish: &Wish, rules: &Rules, size: usize) {
    let Ok((text, _)) = text::decode::decode(bytes, None) else { return };
    let layout = match sniff(text.as_bytes(), wish, rules) {
        Err(fault) => {
            assert!(fault.at <= text.len() && !fault.message.is_empty());
            assert!(text::fault::line(text.as_bytes(), fault.at) >= 1);
            return;
        }
        Ok(layout) => layout,
    };
    assert!(layout.data <= text.len() && layout.names.len() == layout.traits.len());
    assert_eq!(layout.names.iter().collect::<BTreeSet<_>>().len(), layout.names.len(), "names are different");
    for &traits in &layout.traits {
        let _ = text::kind::decide(traits);
    }
    let Some(whole) = records(&layout.dialect, &text, layout.data) else { return };
    let pieces = layout.dialect.pieces(text.as_bytes(), layout.data, size).expect("no fault was found before");
    let parts = pieces.into_iter().flat_map(|piece| records(&layout.dialect, &text[..piece.end], piece.start).expect("nor is one now"));
    assert_eq!(parts.collect::<Vec<_>>(), whole);
}

/// A table written with quotes around everything comes back.
fn written(fields: &[String], width: usize, separator: u8, end: &str) {
    let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
    let between = char::from(separator).to_string();
    let rows: Vec<&[String]> = fields.chunks_exact(width).collect();
    let text: String =
        rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(&between) + end).collect();
    let dialect = Dialect { separator, quote: Some(b'"'), comment: None };
    assert_eq!(records(&dialect, &text, 0).expect("what was written"), rows);
}

fuzz_target!(|input: (u8, u8, bool, Vec<String>, Vec<u8>)| {
    let (size, choice, comma, fields, bytes) = input;
    let rules = Rules { decimal_comma: comma, ..Rules::default() };
    let separator = b",;\t|"[usize::from(choice % 4)];
    let wish = match choice & 4 {
        0 => Wish::default(),
        _ => Wish { separator: Some(separator), comment: (choice & 8 != 0).then_some(b'#'), ..Wish::default() },
    };
    read(bytes, &wish, &rules, usize::from(size));
    written(&fields, 1 + usize::from(choice >> 6), separator, ["\n", "\r\n", "\r"][usize::from(choice >> 4) % 3]);
});
