//! Steps that make other rows: stretches of time, buckets, objects as rows, rows as objects.

use crate::error::{Error, Result};
use crate::lower::clauses::NUMBER;
use crate::lower::objects::{Attach, EachObject};
use crate::lower::plan::{Made, ProcessPlan};
use crate::steps::chain::Other;
use crate::steps::selection::Selection;
use cut::Cut;
use flow::{Best, Clause};
use polars::prelude::*;
use segment::collections::{self, Collection, CollectionField};
use std::sync::Arc;

impl ProcessPlan<'_> {
    /// The first column of times.
    fn time_column(&self, who: &str) -> Result<PlSmallStr> {
        let is_time = |dtype: &DataType| matches!(dtype, DataType::Datetime(..) | DataType::Date);
        let mut times = self.schema.iter().filter(|(_, dtype)| is_time(dtype)).map(|(name, _)| name.clone());
        times.next().ok_or_else(|| Error::request(format!("{who} needs a column of times, and there is none")))
    }

    /// Rows whose time lies between, both ends included; a day without a time of day is the whole day.
    pub(super) fn date_range(&mut self, low: &str, high: &str) -> Result<()> {
        let time = self.time_column("date_range")?;
        let whole_day = !high.is_empty() && !high.contains([':', 'T']);
        let high = if whole_day { format!("{high}T23:59:59.999999999") } else { high.to_owned() };
        let (low, high) = (low.trim(), high.trim());
        for cut in [
            (!low.is_empty()).then(|| cut::col(time.as_str()).ge(cut::lit(low))),
            (!high.is_empty()).then(|| cut::col(time.as_str()).le(cut::lit(high))),
        ] {
            let Some(cut) = cut.map(|cut| self.zoned(Cut::from(cut).as_written())) else { continue };
            self.filter(cut)?;
        }
        Ok(())
    }

    /// One row per bucket of time: another table, whose rows have neither weights nor numbers.
    pub(super) fn resample(&mut self, resample: &flow::Resample) -> Result<()> {
        if self.weight.is_some() || self.scale != 1.0 {
            return Err(Error::request("resample does not use weights; .unweighted() drops them"));
        }
        if self.schema.contains(NUMBER) {
            let text = "rows have no numbers and events after resample: row_numbers() and cutflow() do not know them";
            return Err(Error::request(text));
        }
        let time = self.time_column("resample")?;
        if !self.input().contains(&time) {
            let text = format!("resample goes by the column `{time}`, which must be in the files, not made by a step");
            return Err(Error::request(text));
        }
        let index = sources::Index { columns: vec![time.clone()], sorted: None };
        self.source = sources::indexed(self.source.clone(), index.clone())?;
        let zone = self.zones.get(&time).cloned().or_else(|| resample.zone.clone());
        self.other_rows(Clause::Resample(flow::Resample { zone, ..resample.clone() }), Some(index))
    }

    /// Adds a clause that makes other columns, which the engine knows.
    pub(super) fn other_rows(&mut self, clause: Clause, index: Option<sources::Index>) -> Result<()> {
        self.without_universes()?;
        self.objects.clear();
        let mut known = self.schema.clone();
        let carried = known.shift_remove(NUMBER);
        let rows = DataFrame::empty_with_schema(&known);
        let empty = sources::memory::Memory::cut("no rows", rows, index, &sources::memory::Cutting::default())?;
        self.schema = (*flow::Query::new().clause(clause.clone()).over(Arc::new(empty)).schema()?).clone();
        if let Some(dtype) = carried {
            self.schema.insert(NUMBER.into(), dtype);
        }
        self.clauses.push(clause);
        Ok(())
    }

    /// Objects become rows: those of a collection, or those that a text such as `a, b in pairs(Muon) if ..` names.
    pub(super) fn each(&mut self, text: &str, values: &[(&str, &cut::Value)]) -> Result<()> {
        let Some((names, _)) = text.split_once(" in ") else {
            return self.custom(EachObject::new(collections::collection(&self.schema, text.trim())?));
        };
        let names: Vec<&str> = names.split(',').map(str::trim).collect();
        // All before any is known, so that none means another.
        let objects = |name: &&str| self.bound(&Selection::new(format!("[{name} for {text}]")), values);
        let objects = names.iter().map(objects).collect::<Result<Vec<_>>>()?;
        let mut fields = Vec::new();
        for (name, objects) in names.into_iter().zip(objects) {
            collection_name("each", name)?;
            if self.schema.contains(name) {
                let text = format!("each(\"{text}\"): there is a column `{name}` already; choose another name");
                return Err(Error::request(text));
            }
            self.define(name, objects)?;
            let dtype = self.schema.get(name).and_then(segment::lists::inner).cloned().unwrap_or(DataType::Null);
            fields.push(CollectionField { name: name.to_owned(), column: name.into(), dtype });
        }
        self.custom(EachObject::new(Collection { name: text.to_owned(), objects: None, fields, count: None }))
    }

    /// The rows of an event as a collection of one row.
    pub(super) fn by_event(&mut self, name: &str) -> Result<()> {
        collection_name("by_event", name)?;
        if self.weight.is_some() {
            return Err(Error::request(format!(
                "by_event(\"{name}\"): the rows have weights, and an event has one; put .weight(..) behind it, where it may be \
                 made of the candidates, or .unweighted() before it"
            )));
        }
        let plain = self.schema.contains(NUMBER).then(|| PlSmallStr::from_static(NUMBER)).into_iter().collect();
        let clause = self.candidates(Best::All(flow::Collection { name: name.into(), plain }))?;
        let (before, clause_number) = (self.schema.clone(), self.clauses.len());
        self.other_rows(clause, None)?;
        let new = self.schema.iter_names().filter(|name| !before.contains(name));
        self.made.extend(new.map(|name| Made { clause: clause_number, name: name.clone(), inputs: None }));
        Ok(())
    }

    /// The rows of another table as a collection.
    pub(super) fn attach(&mut self, name: &str, other: &Arc<dyn Other>) -> Result<()> {
        collection_name("attach", name)?;
        let keys = match self.settings.event_keys.as_slice() {
            [] => belle2::event::KEYS.iter().copied().filter(|key| self.schema.contains(key)).map(Into::into).collect(),
            own => own.iter().map(|key| Ok(self.find(key)?.into())).collect::<Result<Vec<PlSmallStr>>>()?,
        };
        if keys.is_empty() {
            return Err(Error::request(format!(
                "attach(\"{name}\", ..): no column names an event; one of {} is needed, or data.event_keys([..])",
                belle2::event::KEYS.join(", ")
            )));
        }
        self.custom(Attach::new(name, keys, other.of(self.name())?)?)
    }
}

/// Refuses what cannot be the name of a collection in a selection.
fn collection_name(who: &str, name: &str) -> Result<()> {
    let first = |c: char| c.is_alphabetic() || c == '_';
    match name.starts_with(first) && name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        true => Ok(()),
        false => Err(Error::request(format!(
            "{who}(\"{name}\"): the name of a collection has letters, digits and `_`, as in \"cand\""
        ))),
    }
}
