//! Texts of a column that come again and again, as those that a file stores by a dictionary do.

use polars_arrow::array::{Utf8ViewArray, View};

/// Remembers a number for texts of a column, so that it is asked for once per text and not once per row.
///
/// The rows of a column that was stored by a dictionary point to one copy of each text: where a text lies says which it is, and
/// it need not be looked at again. Short texts lie in the rows themselves, and are compared as one number. Columns whose texts
/// lie one after another are asked row by row.
///
/// ```
/// use polars_arrow::array::Utf8ViewArray;
/// let texts = Utf8ViewArray::from_slice_values(["mu", "e", "mu"]);
/// let (mut repeated, mut asked) = (segment::Repeated::of(&texts), 0);
/// for row in 0..3 {
///     let length = repeated.number(texts.views()[row], || { asked += 1; texts.value(row).len() as u32 });
///     assert_eq!(length as usize, texts.value(row).len());
/// }
/// assert_eq!(asked, 2);
/// ```
#[derive(Debug)]
pub struct Repeated {
    /// Where the slots of each buffer begin; empty: texts do not share memory.
    starts: Vec<u32>,
    slots: Vec<Slot>,
    /// What was seen a moment ago of texts that lie in their views.
    short: Vec<(u128, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    offset: u32,
    /// 0: free.
    length: u32,
    number: u32,
}

/// A text that lies elsewhere has at least so many bytes, so that two that do not overlap begin at least so far apart.
const APART: u32 = View::MAX_INLINE_SIZE + 1;

/// Buffers beyond this are not worth a slot for every text.
const MOST: usize = 64 << 20;

/// No view of a short text.
const FREE: u128 = u128::MAX;

impl Repeated {
    /// For the texts of this column, of which nothing is known yet.
    pub fn of(texts: &Utf8ViewArray) -> Self {
        let stored = texts.total_buffer_len();
        let shared = stored > 0 && stored <= MOST && stored * 2 < texts.total_bytes_len();
        let (mut starts, mut slots) = (Vec::new(), 0);
        if shared {
            for buffer in texts.data_buffers().iter() {
                starts.push(slots);
                slots += buffer.len() as u32 / APART + 1;
            }
        }
        let short = texts.len().next_power_of_two().clamp(16, 1024);
        let free = Slot { offset: 0, length: 0, number: 0 };
        Self { starts, slots: vec![free; slots as usize], short: vec![(FREE, 0); short] }
    }

    /// Whether long texts are remembered; otherwise each row is asked.
    ///
    /// ```
    /// let texts = polars_arrow::array::Utf8ViewArray::from_slice_values(["a text that is longer than a view, once"]);
    /// assert!(!segment::Repeated::of(&texts).remembers());
    /// ```
    pub fn remembers(&self) -> bool {
        !self.starts.is_empty()
    }

    /// The number of a text, by its view in the column; `ask` is called where it is not known.
    #[inline]
    pub fn number(&mut self, view: View, ask: impl FnOnce() -> u32) -> u32 {
        if view.length < APART {
            let word = view.as_u128();
            let mixed = ((word ^ (word >> 64)) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let at = (mixed >> 32) as usize & (self.short.len() - 1);
            if self.short[at].0 != word {
                self.short[at] = (word, ask());
            }
            return self.short[at].1;
        }
        let Some(start) = self.starts.get(view.buffer_idx as usize) else { return ask() };
        let slot = &mut self.slots[(start + view.offset / APART) as usize];
        if slot.length != view.length || slot.offset != view.offset {
            *slot = Slot { offset: view.offset, length: view.length, number: ask() };
        }
        slot.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;

    /// Rows that point to few texts, as a dictionary gives them.
    fn shared(texts: &[&str], rows: usize) -> Series {
        let few = Series::new("s".into(), texts);
        let picks = IdxCa::from_vec("".into(), (0..rows).map(|row| (row * 7 % texts.len()) as IdxSize).collect());
        few.take(&picks).unwrap()
    }

    #[test]
    fn every_text_is_asked_for_once_and_has_its_number() {
        let texts: Vec<String> = (0..50).map(|at| format!("{}-{at}", "long".repeat(at % 9))).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let column = shared(&texts, 10_000);
        let mut asked = 0;
        for chunk in column.str().unwrap().downcast_iter() {
            let mut repeated = Repeated::of(chunk);
            for row in 0..chunk.len() {
                let at = texts.iter().position(|text| *text == chunk.value(row)).unwrap() as u32;
                let told = repeated.number(chunk.views()[row], || {
                    asked += 1;
                    at
                });
                assert_eq!(told, at, "{}", chunk.value(row));
            }
        }
        assert!(asked < 500, "asked {asked} times");
    }

    #[test]
    fn parts_of_one_text_are_different_texts() {
        let whole = "a text that is longer than a view, and has parts";
        let parts: Vec<View> =
            (0..30).map(|at| View::new_from_bytes(&whole.as_bytes()[at..at + 14], 0, at as u32)).collect();
        let many: Vec<View> = parts.iter().cycle().take(3_000).copied().collect();
        let holds = Utf8ViewArray::from_slice_values([whole]);
        let buffers = holds.data_buffers().clone();
        let array =
            Utf8ViewArray::try_new(polars_arrow::datatypes::ArrowDataType::Utf8View, many.into(), buffers, None);
        let array = array.unwrap();
        let mut repeated = Repeated::of(&array);
        assert!(!repeated.slots.is_empty());
        for row in 0..array.len() {
            let wanted = array.value(row).bytes().map(u32::from).sum();
            assert_eq!(repeated.number(array.views()[row], || wanted), wanted);
        }
    }
}
