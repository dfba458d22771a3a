//! Steps in all universes at once: what a step does in nominal, and beside it what it does where columns have other values.

use crate::error::{Error, Result};
use crate::lower::plan::{ProcessPlan, TOTAL_WEIGHT, WEIGHT};
use crate::lower::universes::{Meaning, Mode, Used};
use crate::steps::chain::RowFunction;
use crate::steps::vary::Varied;
use cut::{Cut, Typed};
use flow::Clause;
use polars::prelude::*;
use std::sync::Arc;

/// How the names of columns of universes begin.
const HIDDEN: &str = "__recoil_universe_";

impl ProcessPlan<'_> {
    pub(super) fn is_together(&self) -> bool {
        matches!(self.universes.mode, Mode::Together(_))
    }

    pub(super) fn hidden(&mut self, name: &str) -> String {
        self.universes.made += 1;
        format!("{HIDDEN}{}_{name}", self.universes.made)
    }

    /// Leaves a universe to a pass of its own.
    pub(super) fn leave(&mut self, at: usize, why: &str) {
        let key = self.universes.list[at].key.clone();
        self.universes.apart.entry(key).or_insert_with(|| why.to_owned());
    }

    /// A step that looks at other rows, or at columns that are not known (`None`): universes in which it could do something
    /// else are done apart.
    pub(super) fn looks_at_rows(&mut self, reads: Option<&[PlSmallStr]>, why: &str) {
        for at in 0..self.universes.list.len() {
            let universe = &self.universes.list[at];
            let touched = match reads {
                Some(reads) => reads.iter().any(|name| universe.names.contains_key(name.as_str())),
                None => true,
            };
            if touched || universe.mask != self.universes.mask {
                self.leave(at, why);
            }
        }
    }

    /// A step that looks at columns of a row, in a way that is the same for all universes.
    pub(super) fn looks_at(&mut self, reads: &[&str], why: &str) {
        for at in 0..self.universes.list.len() {
            if reads.iter().any(|name| self.universes.list[at].names.contains_key(*name)) {
                self.leave(at, why);
            }
        }
    }

    /// The meaning of an expression in each universe. One that looks at the whole table cannot be said where rows differ.
    fn meanings(&mut self, cut: &Cut, typed: &Typed) -> Vec<Meaning> {
        if typed.needs_whole_table() {
            self.looks_at_rows(Some(&[]), cut.text());
        }
        let schema = &self.schema;
        let meanings: Vec<_> = self.universes.list.iter().map(|one| one.meaning(cut, typed, schema)).collect();
        for (at, meaning) in meanings.iter().enumerate() {
            if matches!(meaning, Meaning::Unknown) {
                self.leave(at, cut.text());
            }
        }
        meanings
    }

    fn uses(&mut self, columns: &[PlSmallStr], made: Option<String>) {
        for column in columns {
            let used = Used { step: self.universes.step, made: made.clone() };
            let have = self.universes.used.entry(column.clone()).or_insert_with(|| used.clone());
            if have.made.is_none() && made.is_some() {
                *have = used;
            }
        }
    }

    /// Keeps the rows that pass, in each universe those that pass there.
    pub(super) fn filter(&mut self, cut: Cut) -> Result<()> {
        let typed = self.check(&cut)?.selection()?;
        self.uses(typed.columns(), None);
        let meanings = self.meanings(&cut, &typed);
        if !meanings.iter().any(|meaning| matches!(meaning, Meaning::Other(_))) {
            self.clauses.push(Clause::Filter(cut));
            return Ok(());
        }
        let before: Vec<_> = self.universes.list.iter().map(|universe| universe.mask.clone()).collect();
        let mut known: Vec<(Option<String>, String)> = Vec::new();
        let nominal = self.pass(cut.clone(), self.universes.mask.clone(), &mut known)?;
        let mut all = vec![nominal.clone()];
        self.universes.mask = Some(nominal);
        for (at, (meaning, before)) in meanings.into_iter().zip(before).enumerate() {
            let mask = match meaning {
                Meaning::Other(other) => self.pass(other, before, &mut Vec::new())?,
                Meaning::Same | Meaning::Unknown => self.pass(cut.clone(), before, &mut known)?,
            };
            if !all.contains(&mask) {
                all.push(mask.clone());
            }
            self.universes.list[at].mask = Some(mask);
        }
        let mut any = cut::col(&all[0]);
        for mask in &all[1..] {
            any = any.or(cut::col(mask));
        }
        self.clauses.push(Clause::Filter(Cut::from(any)));
        Ok(())
    }

    /// The column that says which rows pass a cut, of those that an earlier one has left.
    fn pass(&mut self, cut: Cut, before: Option<String>, known: &mut Vec<(Option<String>, String)>) -> Result<String> {
        if let Some((_, mask)) = known.iter().find(|(other, _)| *other == before) {
            return Ok(mask.clone());
        }
        let cut = match &before {
            Some(before) => cut.wrapped(|cut| cut::col(before.as_str()).and(cut)),
            None => cut,
        };
        let name = self.hidden("passes");
        self.define(&name, cut)?;
        known.push((before, name.clone()));
        Ok(name)
    }

    /// A new column, in each universe made of what is known there.
    pub(super) fn define_all(&mut self, name: &str, value: Cut) -> Result<()> {
        let typed = self.check(&value)?;
        self.uses(typed.columns(), Some(format!("define(\"{name}\", \"{value}\")")));
        self.universes.used.remove(name);
        // Objects are more than a column of their values.
        let objects = (typed.is_list() || typed.is_object()) && !typed.is_column();
        let meanings = self.meanings(&value, &typed);
        let mut others = Vec::new();
        for (at, meaning) in meanings.into_iter().enumerate() {
            match meaning {
                Meaning::Other(_) if objects => self.leave(at, value.text()),
                Meaning::Other(other) => {
                    let own = self.hidden(name);
                    self.define(&own, other)?;
                    others.push((at, own));
                }
                Meaning::Same | Meaning::Unknown => {
                    self.universes.list[at].names.remove(name);
                }
            }
        }
        self.define(name, value)?;
        for (at, own) in others {
            self.universes.list[at].names.insert(name.to_owned(), own);
        }
        Ok(())
    }

    /// A further factor of the weight.
    pub(super) fn weigh(&mut self, weight: Cut) -> Result<()> {
        let typed = self.check(&weight)?;
        let dtype = typed.dtype();
        self.weighs_total |= typed.columns().iter().any(|column| column == TOTAL_WEIGHT);
        if !dtype.is_numeric() && !dtype.is_bool() {
            return Err(Error::request(format!("weight {weight}: it is {dtype}, and a weight is a number")));
        }
        self.uses(typed.columns(), Some(format!("weight(\"{weight}\")")));
        let meanings = self.meanings(&weight, &typed);
        for (at, meaning) in meanings.into_iter().enumerate() {
            let other = match meaning {
                Meaning::Other(other) => other,
                Meaning::Same if self.universes.list[at].names.contains_key(WEIGHT) => weight.clone(),
                Meaning::Same | Meaning::Unknown => continue,
            };
            self.weigh_in(at, other)?;
        }
        let whole = times(self.weight.as_deref(), weight);
        self.define(WEIGHT, whole)?;
        self.weight = Some(WEIGHT.to_owned());
        Ok(())
    }

    /// A further factor of the weight in one universe.
    pub(super) fn weigh_in(&mut self, at: usize, factor: Cut) -> Result<()> {
        let universe = &self.universes.list[at];
        let whole = times(universe.names.get(WEIGHT).or(self.weight.as_ref()).map(String::as_str), factor);
        let own = self.hidden("weight");
        self.define(&own, whole)?;
        self.universes.list[at].names.insert(WEIGHT.to_owned(), own);
        Ok(())
    }

    /// A column by a function of columns, in each universe of those that are known there.
    pub(super) fn define_with_all(&mut self, name: &str, inputs: &[String], function: &RowFunction) -> Result<()> {
        let inputs = inputs.iter().map(|input| self.find(input)).collect::<Result<Vec<_>>>()?;
        let read: Vec<PlSmallStr> = inputs.iter().map(PlSmallStr::from).collect();
        self.uses(&read, Some(format!("define_with([..], \"{name}\", ..)")));
        self.universes.used.remove(name);
        let mut others = Vec::new();
        for at in 0..self.universes.list.len() {
            let universe = &mut self.universes.list[at];
            if !inputs.iter().any(|input| universe.names.contains_key(input)) {
                universe.names.remove(name);
                continue;
            }
            let there: Vec<String> = inputs.iter().map(|input| universe.name(input)).collect();
            let (function, names) = (function.clone(), read.clone());
            // It sees the names that it asked for.
            let named = move |columns: &[Series]| {
                let columns = columns.iter().zip(&names).map(|(column, name)| column.clone().with_name(name.clone()));
                function(&columns.collect::<Vec<_>>())
            };
            let own = self.hidden(name);
            self.define_with(&own, &there, &(Arc::new(named) as RowFunction))?;
            others.push((at, own));
        }
        self.define_with(name, &inputs, function)?;
        for (at, own) in others {
            self.universes.list[at].names.insert(name.to_owned(), own);
        }
        Ok(())
    }

    /// The columns of universes that go with these of nominal, and what says which rows pass.
    pub(super) fn columns_of_universes(&mut self, nominal: &[String]) -> Vec<String> {
        let mut columns: Vec<String> = self.universes.mask.iter().cloned().collect();
        for universe in &mut self.universes.list {
            universe.names.retain(|name, _| name == WEIGHT || nominal.contains(name));
            let own = universe.names.values().chain(&universe.mask).cloned();
            for column in own.collect::<Vec<_>>() {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
        columns
    }

    /// Leaves out the columns of universes, before a step that makes other rows of all columns. Universes that had other values
    /// have been left to passes of their own.
    pub(super) fn without_universes(&mut self) -> Result<()> {
        let names = self.schema.iter_names().map(|name| name.to_string());
        let (hidden, left): (Vec<String>, Vec<String>) = names.partition(|name| name.starts_with(HIDDEN));
        if hidden.is_empty() {
            return Ok(());
        }
        self.universes.list.clear();
        self.universes.mask = None;
        self.select(left)
    }

    /// Columns get other names, all at once.
    pub(super) fn rename_in_universes(&mut self, names: &[(String, String)]) {
        let new = |old: &String| names.iter().find(|(known, _)| known == old).map_or(old, |(_, new)| new).clone();
        for universe in &mut self.universes.list {
            universe.names = universe.names.iter().map(|(name, own)| (new(name), own.clone())).collect();
        }
        let used = std::mem::take(&mut self.universes.used);
        let renamed = used.into_iter().map(|(name, used)| (new(&name.to_string()).into(), used));
        self.universes.used = renamed.collect();
    }

    /// The weights are dropped, in all universes.
    pub(super) fn drop_weights(&mut self) {
        self.weight = None;
        self.scale = 1.0;
        self.universes.list.iter_mut().for_each(|universe| drop(universe.names.remove(WEIGHT)));
        self.universes.variations.retain(|variation| !matches!(variation.varied, Varied::Norm { .. }));
    }
}

/// A weight so far times one more factor.
fn times(have: Option<&str>, factor: Cut) -> Cut {
    match have {
        Some(have) => factor.wrapped(|factor| cut::col(have) * factor),
        None => factor,
    }
}
