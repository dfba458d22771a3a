//! All candidates of an event in one row: columns become lists, without a copy.

use crate::error::Result;
use crate::operators::attached::digests;
use crate::operators::compact::take;
use crate::plan::candidates::{Collection, Gathered};
use polars::prelude::*;
use segment::lists::Lists;
use std::collections::HashMap;

/// How rows become events.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    /// The columns that name an event.
    pub keys: Vec<PlSmallStr>,
    pub collection: Collection,
}

impl Events {
    /// The columns `keep` of a row per run of rows; runs begin at `starts`.
    pub fn rows(&self, frame: &DataFrame, starts: &[IdxSize], keep: &[PlSmallStr]) -> Result<DataFrame> {
        let ends = starts.iter().skip(1).copied().chain([frame.height() as IdxSize]);
        let lengths: Vec<IdxSize> = starts.iter().zip(ends).map(|(start, end)| end - start).collect();
        let lists = Lists::of_lengths(self.collection.name.clone(), lengths.iter().map(|&length| length as usize))?;
        let firsts = IdxCa::from_slice(PlSmallStr::EMPTY, starts);
        let columns = keep.iter().map(|output| {
            Ok(match self.collection.origin(&self.keys, output) {
                Gathered::First(name) => frame.column(name)?.as_materialized_series().take(&firsts)?.into_column(),
                Gathered::Count => UInt32Chunked::from_slice(output.clone(), &lengths).into_column(),
                Gathered::List(name) => {
                    lists.column(output.clone(), frame.column(name)?.as_materialized_series())?.into_column()
                }
            })
        });
        Ok(DataFrame::new(starts.len(), columns.collect::<Result<Vec<_>>>()?)?)
    }

    /// Two rows of one event as one.
    pub fn join(&self, first: &DataFrame, next: &DataFrame) -> Result<DataFrame> {
        let columns = first.columns().iter().zip(next.columns()).map(|(mine, theirs)| {
            let name = mine.name();
            Ok(match self.collection.origin(&self.keys, name) {
                Gathered::First(_) => mine.clone(),
                Gathered::Count => (mine + theirs)?,
                Gathered::List(_) => {
                    joined(mine.as_materialized_series(), theirs.as_materialized_series())?.into_column()
                }
            })
        });
        Ok(DataFrame::new(1, columns.collect::<Result<Vec<_>>>()?)?)
    }

    /// The rows with those of each event side by side, in the order in which events first come, and how many events were in
    /// several places.
    pub fn side_by_side(&self, frame: &DataFrame) -> Result<(DataFrame, u64)> {
        let keys = digests(frame, &self.keys)?;
        let mut events: HashMap<u128, u32> = HashMap::new();
        let mut apart: Vec<bool> = Vec::new();
        let mut numbers = Vec::with_capacity(frame.height());
        for key in keys {
            let next = events.len() as u32;
            let number = *events.entry(key).or_insert(next);
            if number == next {
                apart.push(false);
            }
            if number != next && numbers.last() != Some(&number) {
                apart[number as usize] = true;
            }
            numbers.push(number);
        }
        let mut rows: Vec<IdxSize> = (0..frame.height() as IdxSize).collect();
        rows.sort_by_key(|&row| numbers[row as usize]);
        let apart = apart.into_iter().filter(|apart| *apart).count() as u64;
        Ok((take(frame, &IdxCa::from_vec(PlSmallStr::EMPTY, rows))?, apart))
    }
}

/// Two lists as one.
fn joined(mine: &Series, theirs: &Series) -> Result<Series> {
    let (Some(first), Some(next)) = (Lists::of(mine)?, Lists::of(theirs)?) else { return Ok(mine.clone()) };
    let mut values = first.values().clone();
    values.append(next.values())?;
    let length = first.objects() + next.objects();
    Ok(Lists::of_lengths(mine.name().clone(), std::iter::once(length))?.column(mine.name().clone(), &values)?)
}
