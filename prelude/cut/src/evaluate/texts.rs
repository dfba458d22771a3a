//! Questions about texts, asked once for each text of a column and not for each row.

use crate::check::text::TextTest;
use crate::evaluate::lane::{Data, Lane, Texts};
use memchr::memmem::Finder;
use polars_arrow::array::{Utf8ViewArray, View};
use segment::Repeated;
use std::ops::Range;

/// What a question has been answered for texts of a column.
#[derive(Debug, Default)]
pub(crate) struct Answered<'a>(Option<(&'a Utf8ViewArray, Repeated)>);

impl<'a> Answered<'a> {
    fn of(&mut self, texts: &'a Utf8ViewArray) -> &mut Repeated {
        let known = self.0.take().filter(|(of, _)| std::ptr::eq(*of, texts));
        &mut self.0.insert(known.unwrap_or_else(|| (texts, Repeated::of(texts)))).1
    }
}

/// Marks the rows whose text passes; missing texts do not.
pub(crate) fn tested<'a>(test: &TextTest, lane: &Lane<'a>, rows: usize, answered: &mut Answered<'a>) -> Vec<u8> {
    // Of few chosen rows nothing is worth remembering.
    let Data::Text(Texts::Views(texts, start)) = &lane.data else {
        return (0..rows).map(|row| u8::from(lane.is_valid(row) && test.holds(lane.text(row)))).collect();
    };
    let repeated = answered.of(texts);
    if let (TextTest::Contains(part, finder), false, None) = (test, repeated.remembers(), &lane.valid)
        && let Some(found) = one_after_another(finder, part.len(), texts, *start..*start + rows)
    {
        return found;
    }
    if let (Some(edge), false, None) = (Edge::of(test), repeated.remembers(), &lane.valid) {
        return (*start..*start + rows).map(|row| u8::from(edge.holds(texts.value(row)))).collect();
    }
    let views = &texts.views()[*start..*start + rows];
    let mut one = |row: usize| repeated.number(views[row], || u32::from(test.holds(texts.value(start + row)))) as u8;
    match &lane.valid {
        None => (0..rows).map(one).collect(),
        Some(valid) => valid.iter().enumerate().map(|(row, valid)| if *valid == 1 { one(row) } else { 0 }).collect(),
    }
}

/// Which texts have a part; `None` where they do not lie one after another in one buffer, as those of a dictionary do. It is
/// looked for in the buffer and not in each text, most of which do not have it.
fn one_after_another(finder: &Finder<'_>, length: usize, texts: &Utf8ViewArray, rows: Range<usize>) -> Option<Vec<u8>> {
    let [buffer] = &texts.data_buffers()[..] else { return None };
    let views = &texts.views()[rows.clone()];
    let place = |view: &View| {
        (view.length > View::MAX_INLINE_SIZE).then(|| {
            let start = view.offset as usize;
            start..start + view.length as usize
        })
    };
    let end = views.iter().rev().find_map(place)?.end;
    let (mut last, mut next) = (0, None);
    let mut found = Vec::with_capacity(views.len());
    for (row, view) in rows.zip(views) {
        let Some(text) = place(view) else {
            found.push(u8::from(finder.find(texts.value(row).as_bytes()).is_some()));
            continue;
        };
        if text.start < last || text.end > end {
            return None;
        }
        last = text.end;
        // What was found before may reach over the end of a text, and may hide nothing in the next.
        let at = match next {
            Some(at) if at >= text.start => at,
            _ => finder.find(&buffer[text.start..end]).map_or(usize::MAX, |at| text.start + at),
        };
        next = Some(at);
        found.push(u8::from(at.saturating_add(length) <= text.end));
    }
    Some(found)
}

/// Beginnings or endings of one length of at most eight bytes, which compare as one number.
struct Edge<'t> {
    test: &'t TextTest,
    at_end: bool,
    /// Bits of a word that are not theirs.
    beside: u32,
    words: Vec<u64>,
}

impl<'t> Edge<'t> {
    fn of(test: &'t TextTest) -> Option<Self> {
        let (TextTest::Starts(edges) | TextTest::Ends(edges)) = test else { return None };
        let length = edges.first()?.len();
        if !(1..=8).contains(&length) || edges.iter().any(|edge| edge.len() != length) {
            return None;
        }
        let word = |edge: &std::sync::Arc<str>| edge.bytes().rev().fold(0, |word, byte| word << 8 | u64::from(byte));
        let (at_end, beside) = (matches!(test, TextTest::Ends(_)), u64::BITS - 8 * length as u32);
        Some(Self { test, at_end, beside, words: edges.iter().map(word).collect() })
    }

    fn holds(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let word = match self.at_end {
            true => bytes.last_chunk().map(|last| u64::from_le_bytes(*last) >> self.beside),
            false => bytes.first_chunk().map(|first| u64::from_le_bytes(*first) << self.beside >> self.beside),
        };
        word.map_or_else(|| self.test.holds(text), |word| self.words.contains(&word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;

    #[test]
    fn edges_compare_as_words_what_texts_compare_as_texts() {
        let texts = [
            "",
            "a",
            "ab",
            "xxxxxxab",
            "abxxxxxx",
            "abcdefgh",
            "abcdefghi",
            "ähnlich wie ä",
            "705",
            "ein Text 715",
            "7",
        ];
        let all = [
            vec!["ab"],
            vec!["ä", "ab"],
            vec!["abcdefgh"],
            vec!["705", "715", "hi"],
            vec!["715", "705"],
            vec!["abcdefghi"],
        ];
        for edges in all {
            let edges: Vec<std::sync::Arc<str>> = edges.into_iter().map(Into::into).collect();
            for test in [TextTest::Starts(edges.clone()), TextTest::Ends(edges.clone())] {
                let same = edges.iter().all(|edge| edge.len() == edges[0].len() && edge.len() <= 8);
                let edge = Edge::of(&test);
                assert_eq!(edge.is_some(), same, "{test:?}");
                for text in texts {
                    assert!(edge.as_ref().is_none_or(|edge| edge.holds(text) == test.holds(text)), "{test:?} {text}");
                }
            }
        }
        assert!(
            Edge::of(&TextTest::Starts(Vec::new())).is_none() && Edge::of(&TextTest::contains("a".into())).is_none()
        );
    }

    #[test]
    fn a_part_is_found_in_texts_that_lie_one_after_another() {
        let of = |row: usize| match row % 5 {
            0 => "ab".repeat(row % 7),
            1 => format!("{}xa", "q".repeat(20 + row % 3)),
            2 => format!("a{}aab", "z".repeat(11)),
            _ => format!("a longer text with the number {row}"),
        };
        let texts: Vec<String> = (0..3_000).map(of).collect();
        let array = Utf8ViewArray::from_slice_values(texts.iter());
        for part in ["aa", "xa", "ab", "777", "", "a longer text with the number 2", "aab"] {
            let finder = Finder::new(part);
            for rows in [0..3_000, 0..1, 1_500..2_700] {
                // Long arrays may have several buffers.
                let Some(found) = one_after_another(&finder, part.len(), &array, rows.clone()) else {
                    assert!(array.data_buffers().len() > 1 || rows.len() < 2);
                    continue;
                };
                let wanted: Vec<u8> = texts[rows].iter().map(|text| u8::from(text.contains(part))).collect();
                assert_eq!(found, wanted, "{part}");
            }
        }
        let picks = IdxCa::from_vec("".into(), vec![3, 1]);
        let turned = StringChunked::with_chunk("s".into(), array).take(&picks).unwrap();
        let turned = turned.downcast_iter().next().unwrap();
        assert!(one_after_another(&Finder::new("a"), 1, turned, 0..2).is_none(), "not in order");
    }
}
