//! Which group a row belongs to: keys to dense numbers, in the order of first appearance.

use crate::error::{Error, Result};
use crate::hash::Map;
use crate::operators::text_keys::TextKeys;
use crate::operators::values::NONE;
use crate::operators::word_keys::{self, KeyColumn, WordKeys};
use polars::prelude::*;

/// Below this, integer keys need no hashing.
const DENSE: u64 = 1 << 20;

/// The distinct values of one key column.
#[derive(Debug)]
enum Values {
    /// Small numbers are their own place in `dense`.
    Words {
        /// Words below this have a place of their own.
        limit: u64,
        dense: Vec<u32>,
        numbers: Map<u64, u32>,
        values: Vec<u64>,
    },
    /// Integers of 128 bits, and the digits of decimals.
    Wide {
        numbers: Map<i128, u32>,
        values: Vec<i128>,
    },
    Texts(TextKeys),
}

#[derive(Debug)]
struct Column {
    name: PlSmallStr,
    dtype: DataType,
    values: Values,
}

/// The groups seen so far.
#[derive(Debug)]
pub(crate) enum KeyTable {
    /// Key columns one after another.
    Joined(JoinedKeys),
    /// Numbers together.
    Words(Vec<(PlSmallStr, DataType)>, WordKeys),
}

/// Groups by columns that are numbered each for itself, and then together.
#[derive(Debug)]
pub(crate) struct JoinedKeys {
    columns: Vec<Column>,
    /// For several key columns: numbers of their values to the group.
    joint: Vec<Map<u64, u32>>,
    /// And back.
    parts: Vec<Vec<(u32, u32)>>,
}

/// Whether keys of this type are words.
pub(super) fn is_word(dtype: &DataType) -> bool {
    dtype.is_primitive_numeric() && !matches!(dtype, DataType::Int128 | DataType::UInt128)
        || dtype.is_bool()
        || dtype.is_temporal()
}

impl KeyTable {
    pub fn new(keys: &[(PlSmallStr, DataType)]) -> Result<Self> {
        // Small numbers of one column need no hashing.
        if keys.len() > 1 { Self::sparse(keys) } else { JoinedKeys::new(keys, DENSE).map(Self::Joined) }
    }

    /// For a part of the keys: small numbers have no places of their own, most of which would stay free.
    pub fn sparse(keys: &[(PlSmallStr, DataType)]) -> Result<Self> {
        if (1..=word_keys::MOST).contains(&keys.len()) && keys.iter().all(|(_, dtype)| is_word(dtype)) {
            return Ok(Self::Words(keys.to_vec(), WordKeys::new(keys.len())));
        }
        JoinedKeys::new(keys, 0).map(Self::Joined)
    }

    /// Whether every group has its place, so that nothing is hashed.
    pub fn is_dense(&self) -> bool {
        let dense = |column: &Column| matches!(&column.values, Values::Words { numbers, .. } if numbers.is_empty());
        match self {
            Self::Joined(keys) => keys.columns.len() == 1 && keys.columns.iter().all(dense),
            Self::Words(..) => false,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Joined(keys) => keys.len(),
            Self::Words(_, keys) => keys.len(),
        }
    }

    /// Makes room for so many more groups, where that is known to help.
    pub fn reserve(&mut self, groups: usize) {
        if let Self::Words(_, keys) = self {
            keys.reserve(groups);
        }
    }

    /// How many bytes of memory they take.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Joined(keys) => keys.bytes(),
            Self::Words(_, keys) => keys.bytes(),
        }
    }

    /// The group of each row; [`NONE`] where a key is missing.
    pub fn number(&mut self, keys: &[Series]) -> Result<Vec<u32>> {
        if let (Self::Joined(table), [key]) = (&*self, keys)
            && table.len() == 0
            && is_word(key.dtype())
            && !is_close(&KeyColumn::new(key)?)
        {
            let names = table.columns.iter().map(|column| (column.name.clone(), column.dtype.clone())).collect();
            *self = Self::Words(names, WordKeys::new(1));
        }
        match self {
            Self::Joined(table) => table.number(keys),
            Self::Words(_, table) => {
                let keys = keys.iter().map(KeyColumn::new).collect::<Result<Vec<_>>>()?;
                Ok(table.number(&keys))
            }
        }
    }

    /// The keys of all groups.
    pub fn keys(&self) -> Result<Vec<Series>> {
        match self {
            Self::Joined(keys) => keys.keys(),
            Self::Words(names, keys) => {
                let all = names.iter().zip(keys.words());
                all.map(|((name, dtype), words)| of_words(name.clone(), dtype, words.iter().copied())).collect()
            }
        }
    }
}

/// Whether most keys have places of their own.
fn is_close(key: &KeyColumn) -> bool {
    const EACH: usize = 61;
    let looked_at = || key.words().iter().step_by(EACH);
    looked_at().filter(|word| **word < DENSE).count() * 2 >= looked_at().count()
}

impl JoinedKeys {
    fn new(keys: &[(PlSmallStr, DataType)], limit: u64) -> Result<Self> {
        let column = |(name, dtype): &(PlSmallStr, DataType)| {
            let values = match dtype {
                DataType::Int128 | DataType::Decimal(..) => {
                    Values::Wide { numbers: Map::default(), values: Vec::new() }
                }
                DataType::String | DataType::Categorical(..) | DataType::Enum(..) => Values::Texts(TextKeys::new()),
                dtype if is_word(dtype) => {
                    Values::Words { limit, dense: Vec::new(), numbers: Map::default(), values: Vec::new() }
                }
                other => return Err(Error::request(format!("column `{name}` of type {other} cannot be a key"))),
            };
            Ok(Column { name: name.clone(), dtype: dtype.clone(), values })
        };
        let columns = keys.iter().map(column).collect::<Result<Vec<_>>>()?;
        let more = columns.len().saturating_sub(1);
        Ok(Self { columns, joint: vec![Map::default(); more], parts: vec![Vec::new(); more] })
    }

    fn len(&self) -> usize {
        match self.parts.last() {
            Some(pairs) => pairs.len(),
            None => self.columns.first().map_or(0, |column| column.values.len()),
        }
    }

    fn bytes(&self) -> u64 {
        let joint: usize = self.joint.iter().map(map_bytes).sum();
        let parts: usize = self.parts.iter().map(|pairs| pairs.capacity() * size_of::<(u32, u32)>()).sum();
        (joint + parts) as u64 + self.columns.iter().map(|column| column.values.bytes()).sum::<u64>()
    }

    fn number(&mut self, keys: &[Series]) -> Result<Vec<u32>> {
        let mut groups: Option<Vec<u32>> = None;
        for (at, (column, key)) in self.columns.iter_mut().zip(keys).enumerate() {
            let numbers = column.values.number(key)?;
            groups = Some(match groups {
                None => numbers,
                Some(before) => join(&mut self.joint[at - 1], &mut self.parts[at - 1], &before, &numbers),
            });
        }
        Ok(groups.unwrap_or_default())
    }

    fn keys(&self) -> Result<Vec<Series>> {
        let mut picks: Vec<Vec<u32>> = Vec::with_capacity(self.columns.len());
        let mut groups: Vec<u32> = (0..self.len() as u32).collect();
        for at in (1..self.columns.len()).rev() {
            let pairs = &self.parts[at - 1];
            picks.push(groups.iter().map(|&group| pairs[group as usize].1).collect());
            groups = groups.iter().map(|&group| pairs[group as usize].0).collect();
        }
        picks.push(groups);
        picks.reverse();
        self.columns.iter().zip(picks).map(|(column, picks)| column.series(&picks)).collect()
    }
}

/// Bytes of a map: a byte of control and an entry for each place, of which an eighth stays free.
fn map_bytes<K, V>(map: &Map<K, V>) -> usize {
    map.capacity() * 8 / 7 * (size_of::<(K, V)>() + 1)
}

fn join(numbers: &mut Map<u64, u32>, pairs: &mut Vec<(u32, u32)>, before: &[u32], next: &[u32]) -> Vec<u32> {
    let one = |(&a, &b): (&u32, &u32)| {
        if a == NONE || b == NONE {
            return NONE;
        }
        *numbers.entry(u64::from(a) << 32 | u64::from(b)).or_insert_with(|| {
            pairs.push((a, b));
            pairs.len() as u32 - 1
        })
    };
    before.iter().zip(next).map(one).collect()
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Words { values, .. } => values.len(),
            Self::Wide { values, .. } => values.len(),
            Self::Texts(keys) => keys.len(),
        }
    }

    fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Words { dense, numbers, values, .. } => {
                dense.capacity() * size_of::<u32>() + map_bytes(numbers) + values.capacity() * size_of::<u64>()
            }
            Self::Wide { numbers, values } => map_bytes(numbers) + values.capacity() * size_of::<i128>(),
            Self::Texts(keys) => return keys.bytes(),
        };
        bytes as u64
    }

    fn number(&mut self, key: &Series) -> Result<Vec<u32>> {
        match self {
            Self::Texts(keys) => {
                let key = match key.dtype() {
                    DataType::String => key.clone(),
                    _ => key.cast(&DataType::String)?,
                };
                let texts = key.str()?;
                let mut out = Vec::with_capacity(texts.len());
                texts.downcast_iter().for_each(|chunk| keys.number_all(chunk, &mut out));
                Ok(out)
            }
            Self::Wide { numbers, values } => {
                let mut one = |value: i128| {
                    *numbers.entry(value).or_insert_with(|| {
                        values.push(value);
                        values.len() as u32 - 1
                    })
                };
                let physical = key.to_physical_repr();
                Ok(physical.i128()?.iter().map(|value| value.map_or(NONE, &mut one)).collect())
            }
            Self::Words { limit, dense, numbers, values } => {
                let limit = *limit;
                let mut last: Option<(u64, u32)> = None;
                let mut one = |word: u64| {
                    if let Some((before, number)) = last
                        && before == word
                    {
                        return number;
                    }
                    let mut add = || {
                        values.push(word);
                        values.len() as u32 - 1
                    };
                    let number = if word < limit {
                        let at = word as usize;
                        if dense.len() <= at {
                            dense.resize((at + 1).next_power_of_two(), NONE);
                        }
                        if dense[at] == NONE {
                            dense[at] = add();
                        }
                        dense[at]
                    } else {
                        *numbers.entry(word).or_insert_with(add)
                    };
                    last = Some((word, number));
                    number
                };
                let mut out = Vec::with_capacity(key.len());
                each_word(key, |word| out.push(word.map_or(NONE, &mut one)))?;
                Ok(out)
            }
        }
    }
}

/// Calls for each value with its bits; with `None` for missing values.
fn each_word(key: &Series, mut take: impl FnMut(Option<u64>)) -> Result<()> {
    let physical = key.to_physical_repr();
    match physical.dtype() {
        DataType::Float64 | DataType::Float32 => {
            let values = physical.cast(&DataType::Float64)?;
            for value in values.f64()?.iter() {
                // Adding zero makes one of both zeros.
                take(value.filter(|value| !value.is_nan()).map(|value| (value + 0.0).to_bits()));
            }
        }
        DataType::UInt64 => physical.u64()?.iter().for_each(take),
        DataType::Int64 if physical.null_count() == 0 => {
            let values = physical.rechunk();
            values.i64()?.cont_slice()?.iter().for_each(|&value| take(Some(value as u64)));
        }
        _ => {
            let values = physical.cast(&DataType::Int64)?;
            values.i64()?.iter().for_each(|value| take(value.map(|value| value as u64)));
        }
    }
    Ok(())
}

impl Column {
    fn series(&self, picks: &[u32]) -> Result<Series> {
        let name = self.name.clone();
        Ok(match &self.values {
            Values::Texts(keys) => {
                let texts = picks.iter().map(|&pick| keys.get(pick));
                let texts = StringChunked::from_iter_values(name, texts).into_series();
                if self.dtype == DataType::String { texts } else { texts.cast(&self.dtype)? }
            }
            Values::Wide { values, .. } => {
                let wide = Int128Chunked::from_iter_values(name, picks.iter().map(|&pick| values[pick as usize]));
                match self.dtype {
                    DataType::Decimal(precision, scale) => wide.into_decimal_unchecked(precision, scale).into_series(),
                    _ => wide.into_series(),
                }
            }
            Values::Words { values, .. } => {
                of_words(name, &self.dtype, picks.iter().map(|&pick| values[pick as usize]))?
            }
        })
    }
}

/// Words as the values whose bits they are.
fn of_words(name: PlSmallStr, dtype: &DataType, words: impl Iterator<Item = u64>) -> Result<Series> {
    if dtype.is_float() {
        return Ok(Float64Chunked::from_iter_values(name, words.map(f64::from_bits)).cast(dtype)?);
    }
    if *dtype == DataType::UInt64 {
        return Ok(UInt64Chunked::from_iter_values(name, words).into_series());
    }
    logical(Int64Chunked::from_iter_values(name, words.map(|word| word as i64)).into_series(), dtype)
}

/// Integers as the type they are the physical form of.
pub(crate) fn logical(physical: Series, dtype: &DataType) -> Result<Series> {
    let form = dtype.to_physical();
    Ok(physical.cast(&form)?.cast(dtype)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_a_missing_key_have_no_group() {
        let mut groups = KeyTable::new(&[("a".into(), DataType::String), ("b".into(), DataType::Float64)]).unwrap();
        let a = Series::new("a".into(), [Some("x"), Some("y"), None, Some("x"), Some("x")]);
        let b = Series::new("b".into(), [0.0, 1.0, 1.0, -0.0, f64::NAN]);
        assert_eq!(groups.number(&[a, b]).unwrap(), [0, 1, NONE, 0, NONE]);
        let keys = groups.keys().unwrap();
        assert_eq!(keys[0], Series::new("a".into(), ["x", "y"]));
        assert_eq!(keys[1], Series::new("b".into(), [0.0, 1.0]));
        assert_eq!(groups.len(), 2);
    }

    #[test]
    fn texts_that_share_memory_have_the_groups_that_others_have() {
        let texts: Vec<String> = (0..700).map(|at| format!("{}{}", "a text ".repeat(at % 4), at * 3 % 650)).collect();
        let few = Series::new("s".into(), &texts);
        let mut together = KeyTable::new(&[("s".into(), DataType::String)]).unwrap();
        let mut alone = KeyTable::new(&[("s".into(), DataType::String)]).unwrap();
        for part in 0..3 {
            let row = |row: usize| (row % 11 != part).then_some(((row * row + part) % texts.len()) as IdxSize);
            let picks = IdxCa::from_iter_options("".into(), (0..9_000).map(row));
            let shared = few.take(&picks).unwrap();
            let own = shared.str().unwrap().iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>();
            let own = Series::new("s".into(), own);
            let remembers = |column: &Series| {
                column.str().unwrap().downcast_iter().all(|chunk| segment::Repeated::of(chunk).remembers())
            };
            assert!(remembers(&shared) && !remembers(&own));
            let numbers = together.number(&[shared]).unwrap();
            assert_eq!(numbers, alone.number(std::slice::from_ref(&own)).unwrap());
            let keys = together.keys().unwrap();
            let text = |number: u32| keys[0].str().unwrap().get(number as usize);
            let back = numbers.iter().map(|&number| if number == NONE { None } else { text(number) });
            assert!(back.eq(own.str().unwrap().iter()));
        }
    }
}
