//! Groups by keys that are texts, which lie one after another in one buffer: a new one costs no memory of its own, and a look-up
//! compares texts only where their hashes are the same.

use crate::hash::Fold;
use crate::operators::values::NONE;
use polars_arrow::array::Utf8ViewArray;
use segment::Repeated;
use std::hash::Hasher;
use std::ops::Range;

/// The texts seen so far.
#[derive(Debug)]
pub(super) struct TextKeys {
    texts: String,
    /// Where each of them ends.
    ends: Vec<usize>,
    /// By the lower bits of the hash: its upper half, and the number of the text counted from 1; 0 is a free place.
    places: Vec<u64>,
}

impl TextKeys {
    pub fn new() -> Self {
        Self { texts: String::new(), ends: Vec::new(), places: vec![0; 1 << 6] }
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many bytes of memory they take.
    pub fn bytes(&self) -> u64 {
        (self.texts.capacity() + 8 * (self.ends.capacity() + self.places.capacity())) as u64
    }

    /// The text with this number.
    pub fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start..self.ends[number]]
    }

    /// The number of a text, which is a new one where it was not seen yet.
    fn number(&mut self, text: &str) -> u32 {
        self.number_of(text, hash(text))
    }

    /// The same of many texts. What one look-up waits for does not keep the others waiting: first all look at their places, then
    /// at where the texts are that are numbered there, and then at these.
    fn numbers(&mut self, texts: &[&str]) -> Vec<u32> {
        let hashes: Vec<u64> = texts.iter().map(|text| hash(text)).collect();
        let mask = self.places.len() - 1;
        let at_place = |hash: &u64| {
            let place = self.places[*hash as usize & mask];
            if place >> 32 == hash >> 32 { (place as u32).wrapping_sub(1) } else { NONE }
        };
        let likely: Vec<u32> = hashes.iter().map(at_place).collect();
        let bounds = |number: &u32| match *number {
            NONE => 0..0,
            number => {
                (number as usize).checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[number as usize]
            }
        };
        let bounds: Vec<Range<usize>> = likely.iter().map(bounds).collect();
        let mut numbers = Vec::with_capacity(texts.len());
        for ((text, hash), (number, bounds)) in texts.iter().zip(hashes).zip(likely.into_iter().zip(bounds)) {
            let is_it = number != NONE && self.texts.as_bytes()[bounds] == *text.as_bytes();
            numbers.push(if is_it { number } else { self.number_of(text, hash) });
        }
        numbers
    }

    /// Adds the number of each text of a column; [`NONE`] where it is missing.
    pub fn number_all(&mut self, texts: &Utf8ViewArray, out: &mut Vec<u32>) {
        let mut repeated = Repeated::of(texts);
        let rows = texts.views().iter().zip(texts.iter());
        if !repeated.remembers() {
            out.extend(rows.map(|(view, text)| text.map_or(NONE, |text| repeated.number(*view, || self.number(text)))));
            return;
        }
        // Texts that share memory are first numbered among themselves, and then looked up together.
        let (start, mut own) = (out.len(), Vec::new());
        for (view, text) in rows {
            out.push(text.map_or(NONE, |text| {
                repeated.number(*view, || {
                    own.push(text);
                    own.len() as u32 - 1
                })
            }));
        }
        let numbers = self.numbers(&own);
        for number in out[start..].iter_mut().filter(|number| **number != NONE) {
            *number = numbers[*number as usize];
        }
    }

    fn number_of(&mut self, text: &str, hash: u64) -> u32 {
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let place = self.places[at];
            if place == 0 {
                return self.add(text, hash, at);
            }
            let number = place as u32 - 1;
            if place >> 32 == hash >> 32 && self.get(number) == text {
                return number;
            }
            at = (at + 1) & mask;
        }
    }

    fn add(&mut self, text: &str, hash: u64, at: usize) -> u32 {
        let number = self.len();
        self.texts.push_str(text);
        self.ends.push(self.texts.len());
        self.places[at] = place(hash, number);
        // Half of the places stay free.
        if (number + 1) * 2 > self.places.len() {
            self.grow();
        }
        number as u32
    }

    #[cold]
    fn grow(&mut self) {
        let mut places = vec![0; self.places.len() * 4];
        let mask = places.len() - 1;
        for number in 0..self.len() {
            let hash = hash(self.get(number as u32));
            let mut at = hash as usize & mask;
            while places[at] != 0 {
                at = (at + 1) & mask;
            }
            places[at] = place(hash, number);
        }
        self.places = places;
    }
}

fn place(hash: u64, number: usize) -> u64 {
    hash >> 32 << 32 | (number as u64 + 1)
}

fn hash(text: &str) -> u64 {
    let mut fold = Fold::default();
    fold.write(text.as_bytes());
    fold.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn texts_have_the_numbers_that_a_map_gives_them() {
        let mut random = segment::random::SplitMix64::new(3);
        let (mut keys, mut known) = (TextKeys::new(), HashMap::<String, u32>::new());
        for _ in 0..40_000 {
            let word = random.next();
            let text = format!("{}{}", "ä text ".repeat((word % 5) as usize), word >> 52);
            let text = if word.is_multiple_of(701) { String::new() } else { text };
            let next = known.len() as u32;
            assert_eq!(keys.number(&text), *known.entry(text.clone()).or_insert(next), "{text}");
        }
        assert_eq!(keys.len(), known.len());
        // Many at once, some of them new and some of these more than once.
        let texts: Vec<String> = (0..30_000_u64).map(|at| format!("{}", at * at % 20_011)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for texts in [&texts[..], &[], &texts[..7], &texts[3..]] {
            let numbers = keys.numbers(texts);
            assert_eq!(numbers.len(), texts.len());
            for (text, number) in texts.iter().zip(numbers) {
                let next = known.len() as u32;
                assert_eq!(number, *known.entry((*text).to_owned()).or_insert(next), "{text}");
            }
        }
        assert_eq!(keys.len(), known.len());
        assert!(known.len() > 10_000 && keys.bytes() > 8 * 10_000);
        for (text, number) in known {
            assert_eq!(keys.get(number), text);
        }
    }
}
