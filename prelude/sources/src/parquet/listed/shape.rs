//! The shape of a chunk of lists: where the objects of each row begin, from the levels of its pages.

use super::super::pages::{PageAt, levels, runs};
use polars_arrow::bitmap::{Bitmap, BitmapBuilder, MutableBitmap};
use polars_arrow::offset::OffsetsBuffer;
use polars_parquet::parquet::schema::Repetition;
use polars_parquet::read::ColumnChunkMetadata;
use std::cell::Cell;
use std::ops::Range;

/// The levels and the values of the pages of a chunk, apart.
pub(super) struct Pages<'b> {
    /// By page: how many entries it has, their repetition levels, their definition levels.
    levels: Vec<(usize, &'b [u8], &'b [u8])>,
    /// The definition level of a value, and of an empty list. Where lists may be null, 0 is one that is.
    full: u8,
    empty: u8,
    pub(super) values: Vec<&'b [u8]>,
}

impl<'b> Pages<'b> {
    /// Of pages that lie somewhere in `bytes`; `None` where a length is wrong.
    pub(super) fn new(chunk: &ColumnChunkMetadata, pages: &[(PageAt, Range<usize>)], bytes: &'b [u8]) -> Option<Self> {
        let descriptor = chunk.descriptor();
        let full = u8::try_from(descriptor.descriptor.max_def_level).ok()?;
        // An object or a value that is null has a level of its own: not here.
        let empty = u8::from(descriptor.base_type.get_field_info().repetition == Repetition::Optional);
        let mut all = Self { levels: Vec::new(), full, empty, values: Vec::new() };
        for (page, range) in pages {
            let (repetition, rest) = levels(bytes.get(range.clone())?)?;
            let (definition, values) = levels(rest)?;
            all.levels.push((page.values, repetition, definition));
            all.values.push(values);
        }
        Some(all)
    }

    /// What tells it from others.
    fn key(&self) -> Vec<u8> {
        let mut key = vec![self.full, self.empty];
        for (entries, repetition, definition) in &self.levels {
            for number in [*entries, repetition.len(), definition.len()] {
                key.extend_from_slice(&number.to_le_bytes());
            }
            key.extend_from_slice(repetition);
            key.extend_from_slice(definition);
        }
        key
    }
}

/// Where the objects of each row of a chunk begin, and how many values each page has.
pub(super) struct Shape {
    key: Vec<u8>,
    pub(super) offsets: OffsetsBuffer<i64>,
    /// Which rows have a list, where not all have one.
    pub(super) valid: Option<Bitmap>,
    pub(super) counts: Vec<usize>,
}

/// The shapes of chunks of so many rows: those with equal levels are one.
pub(super) struct Shapes {
    rows: usize,
    known: Vec<Shape>,
}

impl Shapes {
    pub(super) fn new(rows: usize) -> Self {
        Self { rows, known: Vec::new() }
    }

    /// The shape of a chunk; `None` where its levels do not make so many rows, or it is not as plain as it looked.
    pub(super) fn of(&mut self, pages: &Pages<'_>) -> Option<&Shape> {
        let key = pages.key();
        if let Some(at) = self.known.iter().position(|known| known.key == key) {
            return self.known.get(at);
        }
        let entries = pages.levels.iter().map(|(entries, ..)| entries).sum();
        let mut levels = Levels::new(entries);
        let counts = pages.levels.iter().map(|page| levels.page(*page, pages)).collect::<Option<Vec<usize>>>()?;
        let offsets = OffsetsBuffer::try_from(levels.offsets(self.rows)?).ok()?;
        self.known.push(Shape { key, offsets, valid: levels.valid(), counts });
        self.known.last()
    }
}

/// The levels of a leaf, a bit for each entry.
struct Levels {
    /// Whether it begins a row: the repetition level is 0.
    repeats: MutableBitmap,
    /// Whether there is a value.
    present: MutableBitmap,
    /// Whether there is a list, from the first page with a null one on.
    lists: Option<MutableBitmap>,
}

impl Levels {
    fn new(entries: usize) -> Self {
        let room = || MutableBitmap::with_capacity(entries);
        Self { repeats: room(), present: room(), lists: None }
    }

    /// Takes the levels of a page, and answers how many values it has.
    fn page(&mut self, (entries, repetition, definition): (usize, &[u8], &[u8]), pages: &Pages<'_>) -> Option<usize> {
        let before = self.present.len();
        runs(repetition, entries, 1, |code| (code < 2).then_some(code == 1), &mut self.repeats)?;
        let width = 8 - pages.full.leading_zeros();
        let null = Cell::new(false);
        let present = |code: u8| {
            null.set(null.get() || code < pages.empty);
            (code == pages.full || code <= pages.empty).then_some(code == pages.full)
        };
        runs(definition, entries, width, present, &mut self.present)?;
        if null.get() || self.lists.is_some() {
            let lists = self.lists.get_or_insert_with(|| MutableBitmap::from_len_set(before));
            runs(definition, entries, width, |code| Some(code >= pages.empty), lists)?;
        }
        Some(ones(self.present.as_slice(), before, self.present.len()))
    }

    /// Which rows have a list; `None` where all have.
    fn valid(&self) -> Option<Bitmap> {
        let lists = self.lists.as_ref()?;
        let mut valid = BitmapBuilder::with_capacity(lists.len());
        // A row begins where nothing is repeated.
        (0..lists.len()).filter(|&at| !self.repeats.get(at)).for_each(|at| valid.push(lists.get(at)));
        Some(valid.freeze())
    }

    /// Where the objects of each row begin; `None` where the levels do not make so many rows.
    fn offsets(&self, rows: usize) -> Option<Vec<i64>> {
        let mut offsets = Vec::with_capacity(rows + 1);
        let mut before = 0;
        let entries = self.present.len();
        let (repeats, present) = (self.repeats.as_slice(), self.present.as_slice());
        for at in (0..entries).step_by(64) {
            let (again, value) = (word(repeats, at / 8), word(present, at / 8));
            let inside = if entries - at < 64 { (1 << (entries - at)) - 1 } else { u64::MAX };
            if again & !value & inside != 0 {
                return None;
            }
            let mut starts = !again & inside;
            while starts != 0 {
                let below = (1_u64 << starts.trailing_zeros()) - 1;
                offsets.push(before + i64::from((value & below).count_ones()));
                starts &= starts - 1;
            }
            before += i64::from((value & inside).count_ones());
        }
        offsets.push(before);
        let begins = entries == 0 || repeats[0] & 1 == 0;
        (offsets.len() == rows + 1 && begins).then_some(offsets)
    }
}

/// Eight bytes of bits from a byte on; what is not there is 0.
fn word(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..at + 8) {
        Some(eight) => u64::from_le_bytes(eight.try_into().unwrap_or_default()),
        None => bytes[at..].iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

/// How many bits are set from one on up to another.
fn ones(bytes: &[u8], from: usize, to: usize) -> usize {
    let below = |end: usize| -> usize {
        let whole = bytes[..end / 8].iter().map(|byte| byte.count_ones() as usize).sum::<usize>();
        let rest = bytes.get(end / 8).map_or(0, |byte| (byte & ((1 << (end % 8)) - 1)).count_ones());
        whole + rest as usize
    };
    below(to) - below(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_that_make_no_rows_are_refused() {
        let bits = |bits: &[u8]| bits.iter().map(|bit| *bit == 1).collect::<MutableBitmap>();
        let offsets = |repeats: &[u8], present: &[u8], rows| {
            Levels { repeats: bits(repeats), present: bits(present), lists: None }.offsets(rows)
        };
        assert_eq!(offsets(&[0, 1, 0, 0, 1, 1], &[1, 1, 0, 1, 1, 1], 3), Some(vec![0, 2, 2, 5]));
        assert_eq!(offsets(&[0, 1, 0, 0, 1, 1], &[1, 1, 0, 1, 1, 1], 4), None, "another number of rows");
        assert_eq!(offsets(&[1, 0], &[1, 1], 1), None, "begins inside a row");
        assert_eq!(offsets(&[0, 1], &[1, 0], 1), None, "goes on with nothing");
        assert_eq!(offsets(&[], &[], 0), Some(vec![0]));
        let many: Vec<u8> = (0..1000).map(|at| u8::from(at % 7 != 0)).collect();
        let expected: Vec<i64> = (0..=143).map(|row| (row * 7).min(1000)).collect();
        assert_eq!(offsets(&many, &[1; 1000], 143), Some(expected));
    }

    #[test]
    fn bits_are_counted_between_any_two() {
        let bits: MutableBitmap = (0..100).map(|at| at % 3 == 0).collect();
        for (from, to) in [(0, 100), (0, 0), (7, 9), (8, 64), (99, 100), (33, 98)] {
            let expected = (from..to).filter(|at| at % 3 == 0).count();
            assert_eq!(ones(bits.as_slice(), from, to), expected, "{from}..{to}");
        }
    }
}
