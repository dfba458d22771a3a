//! Groups by keys that are numbers: all columns of a key have one hash and one place in one table.

use crate::error::Result;
use crate::operators::values::NONE;
use polars::prelude::*;

/// Key columns of more than this are looked up one after another.
pub(super) const MOST: usize = 4;

/// A key column as words that are equal where its values are.
pub(crate) struct KeyColumn {
    words: Words,
    /// Absent where no value is missing.
    valid: Option<Vec<bool>>,
}

/// Words of their own, or a column in one piece that is as good as words.
enum Words {
    Own(Vec<u64>),
    Signed(Int64Chunked),
    Unsigned(UInt64Chunked),
}

impl Words {
    fn all(&self) -> &[u64] {
        match self {
            Self::Own(words) => words,
            Self::Signed(values) => values.cont_slice().map_or(&[], bytemuck::cast_slice),
            Self::Unsigned(values) => values.cont_slice().unwrap_or(&[]),
        }
    }
}

impl KeyColumn {
    /// The words of numbers, truth values and times of up to 64 bits; both zeros are one, and NaN is a missing value.
    pub fn new(key: &Series) -> Result<Self> {
        let physical = key.to_physical_repr();
        let valid = (key.null_count() > 0).then(|| key.is_not_null().iter().map(|valid| valid == Some(true)).collect());
        Ok(match physical.dtype() {
            DataType::Float64 | DataType::Float32 => {
                let values = physical.cast(&DataType::Float64)?;
                let missing = |value: Option<f64>| value.is_none_or(f64::is_nan);
                let words = values.f64()?.iter().map(|value| (value.unwrap_or(0.0) + 0.0).to_bits()).collect();
                let lacks = values.f64()?.iter().any(missing);
                let valid = lacks.then(|| values.f64().map(|all| all.iter().map(|value| !missing(value)).collect()));
                Self { words: Words::Own(words), valid: valid.transpose()? }
            }
            DataType::UInt64 if valid.is_none() => {
                Self { words: Words::Unsigned(physical.u64()?.rechunk().into_owned()), valid }
            }
            DataType::UInt64 => {
                Self { words: Words::Own(physical.u64()?.iter().map(Option::unwrap_or_default).collect()), valid }
            }
            _ => {
                let values = physical.cast(&DataType::Int64)?.rechunk();
                let values = values.i64()?;
                let own = || values.iter().map(|value| value.unwrap_or_default() as u64).collect();
                let words = if valid.is_none() { Words::Signed(values.clone()) } else { Words::Own(own()) };
                Self { words, valid }
            }
        })
    }

    pub fn words(&self) -> &[u64] {
        self.words.all()
    }

    /// Which values are there; `None`: all of them.
    pub fn valid(&self) -> Option<&[bool]> {
        self.valid.as_deref()
    }
}

/// The hash of the key of each row. Rows with a missing key have one, too.
pub(super) fn hashes(keys: &[KeyColumn]) -> Vec<u64> {
    let words: Vec<&[u64]> = keys.iter().map(KeyColumn::words).collect();
    let rows = words.first().map_or(0, |words| words.len());
    match words[..] {
        [a] => a.iter().map(|a| hash([*a])).collect(),
        [a, b] => a.iter().zip(b).map(|(a, b)| hash([*a, *b])).collect(),
        _ => (0..rows).map(|row| words.iter().fold(0, |before, words| mixed(before, words[row]))).collect(),
    }
}

fn hash<const W: usize>(key: [u64; W]) -> u64 {
    key.into_iter().fold(0, mixed)
}

/// A hash of so much, and of a word behind it: one multiplication.
#[inline]
fn mixed(before: u64, word: u64) -> u64 {
    let product = u128::from(before.rotate_left(29) ^ word ^ 0x243f_6a88_85a3_08d3) * 0x9e37_79b9_7f4a_7c15;
    (product >> 64) as u64 ^ product as u64
}

/// The groups seen so far.
#[derive(Debug)]
pub(crate) struct WordKeys {
    /// The words of all groups, by column.
    words: Vec<Vec<u64>>,
    /// By the lower bits of the hash: its upper half, and the group counted from 1; 0 is a free place.
    places: Vec<u64>,
}

impl WordKeys {
    /// For keys of so many columns.
    pub fn new(columns: usize) -> Self {
        Self { words: vec![Vec::new(); columns], places: vec![0; 1 << 8] }
    }

    pub fn len(&self) -> usize {
        self.words.first().map_or(0, Vec::len)
    }

    /// Makes room for so many more groups.
    pub fn reserve(&mut self, groups: usize) {
        self.words.iter_mut().for_each(|words| words.reserve(groups));
        self.make_places(((self.len() + groups) * 2).next_power_of_two());
    }

    /// How many bytes of memory they take.
    pub fn bytes(&self) -> u64 {
        let words: usize = self.words.iter().map(Vec::capacity).sum();
        8 * (words + self.places.capacity()) as u64
    }

    /// The words of all groups, by column.
    pub fn words(&self) -> &[Vec<u64>] {
        &self.words
    }

    /// The group of each row; [`NONE`] where a key is missing.
    pub fn number(&mut self, keys: &[KeyColumn]) -> Vec<u32> {
        let mut valid: Option<Vec<bool>> = None;
        for one in keys.iter().filter_map(|key| key.valid.as_ref()) {
            match &mut valid {
                None => valid = Some(one.clone()),
                Some(all) => all.iter_mut().zip(one).for_each(|(all, one)| *all &= one),
            }
        }
        let valid = valid.as_deref();
        match keys {
            [a] => self.number_of([a.words()], valid),
            [a, b] => self.number_of([a.words(), b.words()], valid),
            [a, b, c] => self.number_of([a.words(), b.words(), c.words()], valid),
            [a, b, c, d] => self.number_of([a.words(), b.words(), c.words(), d.words()], valid),
            _ => Vec::new(),
        }
    }

    /// The same without new groups: [`NONE`] also where a key was not seen.
    pub fn known(&self, keys: &[KeyColumn]) -> Vec<u32> {
        let hashes = hashes(keys);
        let mask = self.places.len() - 1;
        let asked: Vec<&[u64]> = keys.iter().map(KeyColumn::words).collect();
        let one = |(row, hash): (usize, &u64)| {
            if keys.iter().any(|key| key.valid.as_ref().is_some_and(|valid| !valid[row])) {
                return NONE;
            }
            let mut at = *hash as usize & mask;
            loop {
                let place = self.places[at];
                if place == 0 {
                    return NONE;
                }
                let group = (place as u32 - 1) as usize;
                let same = |(words, asked): (&Vec<u64>, &&[u64])| words[group] == asked[row];
                if place >> 32 == hash >> 32 && self.words.iter().zip(&asked).all(same) {
                    return group as u32;
                }
                at = (at + 1) & mask;
            }
        };
        hashes.iter().enumerate().map(one).collect()
    }

    fn number_of<const W: usize>(&mut self, keys: [&[u64]; W], valid: Option<&[bool]>) -> Vec<u32> {
        let mut one = |row: usize| {
            if valid.is_some_and(|valid| !valid[row]) {
                return NONE;
            }
            let key: [u64; W] = std::array::from_fn(|at| keys[at][row]);
            self.find(hash(key), key)
        };
        (0..keys[0].len()).map(&mut one).collect()
    }

    #[inline]
    fn find<const W: usize>(&mut self, hash: u64, key: [u64; W]) -> u32 {
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let place = self.places[at];
            if place == 0 {
                return self.add(hash, key, at);
            }
            let group = (place as u32 - 1) as usize;
            if place >> 32 == hash >> 32 && (0..W).all(|column| self.words[column][group] == key[column]) {
                return group as u32;
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.make_places(self.places.len() * 4);
    }

    /// Has so many places from now on, if these are more.
    fn make_places(&mut self, count: usize) {
        if count <= self.places.len() {
            return;
        }
        let mut places = vec![0; count];
        let mask = places.len() - 1;
        for group in 0..self.len() {
            let hash = self.words.iter().fold(0, |before, words| mixed(before, words[group]));
            let mut at = hash as usize & mask;
            while places[at] != 0 {
                at = (at + 1) & mask;
            }
            places[at] = hash >> 32 << 32 | (group as u64 + 1);
        }
        self.places = places;
    }

    fn add<const W: usize>(&mut self, hash: u64, key: [u64; W], at: usize) -> u32 {
        let group = self.len();
        for (words, word) in self.words.iter_mut().zip(key) {
            words.push(word);
        }
        self.places[at] = hash >> 32 << 32 | (group as u64 + 1);
        // Half of the places stay free.
        if (group + 1) * 2 > self.places.len() {
            self.grow();
        }
        group as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn keys_have_the_groups_that_a_map_gives_them() {
        let mut random = segment::random::SplitMix64::new(9);
        for columns in 1..=MOST {
            let mut draw = |most: u64| (0..30_000).map(|_| (random.next() % most) as i64 - 5).collect::<Vec<_>>();
            let all: Vec<Vec<i64>> = (0..columns).map(|at| draw([9_000, 70, 3, 2][at])).collect();
            let mut keys = WordKeys::new(columns);
            let mut known: HashMap<Vec<i64>, u32> = HashMap::new();
            for part in [0..10_000, 10_000..30_000] {
                let series =
                    |values: &Vec<i64>| KeyColumn::new(&Series::new("k".into(), &values[part.clone()])).unwrap();
                let groups = keys.number(&all.iter().map(series).collect::<Vec<_>>());
                for (row, group) in part.zip(groups) {
                    let next = known.len() as u32;
                    let key = all.iter().map(|values| values[row]).collect();
                    assert_eq!(*known.entry(key).or_insert(next), group);
                }
            }
            assert_eq!(keys.len(), known.len());
            let other: Vec<i64> = all[0].iter().map(|value| value * 2).collect();
            let first = std::iter::once(&other).chain(&all[1..]);
            let asked: Vec<_> = first.map(|values| KeyColumn::new(&Series::new("k".into(), values)).unwrap()).collect();
            for (row, group) in keys.known(&asked).into_iter().enumerate() {
                let key: Vec<i64> =
                    std::iter::once(other[row]).chain(all[1..].iter().map(|values| values[row])).collect();
                assert_eq!(known.get(&key).copied().unwrap_or(NONE), group);
            }
            for (key, group) in known {
                let words: Vec<i64> = keys.words().iter().map(|words| words[group as usize] as i64).collect();
                assert_eq!(words, key);
            }
        }
    }

    #[test]
    fn missing_keys_have_no_group_and_both_zeros_are_one() {
        let key = Series::new("x".into(), [Some(0.0), Some(-0.0), None, Some(f64::NAN), Some(1.5)]);
        let groups = WordKeys::new(1).number(&[KeyColumn::new(&key).unwrap()]);
        assert_eq!(groups, [0, 0, NONE, NONE, 1]);
        let key = Series::new("i".into(), [Some(7_i32), None, Some(7)]);
        assert_eq!(WordKeys::new(1).number(&[KeyColumn::new(&key).unwrap()]), [0, NONE, 0]);
    }
}
