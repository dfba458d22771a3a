//! Systematic variations as steps: which processes and columns they concern, and what their universes begin with.

use crate::error::{Error, Result};
use crate::lower::plan::ProcessPlan;
use crate::lower::universes::{Meaning, Mode, Universe, Used};
use crate::steps::selection::Selection;
use crate::steps::vary::{Down, Member, Up, Variation, Varied, VariedColumn};
use segment::lists::Lists;
use std::collections::BTreeMap;
use std::sync::Arc;

impl ProcessPlan<'_> {
    /// Varies columns from here on; in the universe that the whole chain is in, if it is one of this source.
    pub(super) fn vary(
        &mut self,
        variation: &Arc<Variation>,
        chosen: Option<Member>,
        values: &[(&str, &cut::Value)],
    ) -> Result<()> {
        variation.check()?;
        if !self.concerns(variation)? {
            return Ok(());
        }
        match &variation.varied {
            Varied::Norm { up, down } => {
                let towards = |up: f64, down: f64| match chosen {
                    Some(Member::Towards(Up)) => up,
                    Some(_) => down,
                    None => 1.0,
                };
                self.scale *= towards(*up, *down);
                self.universes.variations.push(variation.clone());
            }
            // Another process takes the place of this one.
            Varied::Sample { process, .. } => {
                if *process == self.name() {
                    self.universes.variations.push(variation.clone());
                }
            }
            Varied::Columns(columns) => {
                let Some(found) = self.found(&variation.source, columns)? else { return Ok(()) };
                self.stands_early(&variation.source, &found)?;
                self.universes.variations.push(variation.clone());
                self.vary_columns(variation, columns, &found, chosen, values)?;
            }
            Varied::Weights { factors, .. } => {
                self.universes.variations.push(variation.clone());
                self.vary_weight(variation, factors, chosen, values)?;
            }
            Varied::List { column, combine, .. } => {
                let Ok(name) = self.find(column) else { return Ok(()) };
                let count = self.replicas(&variation.source, &name)?;
                let factors: Vec<_> = (0..count).map(|at| Selection::new(format!("`{name}`[{at}]"))).collect();
                let varied = Varied::List { column: name, members: Some(count), combine: *combine };
                let variation = Arc::new(Variation { varied, ..(**variation).clone() });
                self.universes.variations.push(variation.clone());
                self.vary_weight(&variation, &factors, chosen, values)?;
            }
        }
        Ok(())
    }

    /// Whether a variation concerns this process: data never vary.
    fn concerns(&self, variation: &Variation) -> Result<bool> {
        let catalog = &self.catalog;
        let at = catalog.processes.iter().position(|process| process.name == self.process.name);
        let holds = |members: &[usize]| at.is_some_and(|at| members.contains(&at));
        let mut concerned = variation.only.is_none();
        for name in variation.only.iter().flatten() {
            concerned |= holds(&catalog.find(name)?);
        }
        if let Varied::Sample { process, up, down } = &variation.varied {
            for name in [process, up].into_iter().chain(down) {
                catalog.find(name)?;
            }
        }
        Ok(concerned && !self.is_recorded())
    }

    /// The columns of the process that are varied; `None` where it has none of them.
    fn found(&self, source: &str, columns: &[VariedColumn]) -> Result<Option<Vec<String>>> {
        let found: Vec<_> = columns.iter().map(|column| self.find(&column.name)).collect();
        if found.iter().all(Result::is_err) {
            return Ok(None);
        }
        let have = found.iter().flatten().next().cloned().unwrap_or_default();
        let one = |(found, column): (Result<String>, &VariedColumn)| {
            found.map_err(|error| {
                Error::request(format!(
                    "vary(\"{source}\", ..): there is `{have}` but no `{}`, and one source varies all of its columns: {error}",
                    column.name
                ))
            })
        };
        found.into_iter().zip(columns).map(one).collect::<Result<Vec<_>>>().map(Some)
    }

    /// Refuses a variation of what a weight or a definition was made of before, and notes one of what was cut on.
    fn stands_early(&mut self, source: &str, found: &[String]) -> Result<()> {
        for name in found {
            let Some(Used { step, made }) = self.universes.used.get(name.as_str()) else { continue };
            match made {
                Some(made) => {
                    return Err(Error::request(format!(
                        "`{name}` was used in step {step} by .{made}, which would not see the variation `{source}`: put \
                         .vary(\"{source}\", ..) before .{made}"
                    )));
                }
                None => self.universes.notes.push(format!(
                    "`{name}` was cut on in step {step}, before `{source}` varies it in step {}: rows just outside of the cut \
                     cannot come in",
                    self.universes.step
                )),
            }
        }
        Ok(())
    }

    fn vary_columns(
        &mut self,
        variation: &Variation,
        columns: &[VariedColumn],
        found: &[String],
        chosen: Option<Member>,
        values: &[(&str, &cut::Value)],
    ) -> Result<()> {
        for member in self.members(variation, chosen) {
            let down = member == Member::Towards(Down);
            let mut new = Vec::with_capacity(columns.len());
            let at = self.universe(variation, member);
            for (column, name) in columns.iter().zip(found) {
                let Some(value) = (if down { column.down.as_ref() } else { Some(&column.up) }) else { continue };
                let value = self.bound(value, values)?;
                let typed = self.check(&value)?;
                let own = self.hidden(name);
                match at.map(|at| (at, self.universes.list[at].meaning(&value, &typed, &self.schema))) {
                    None | Some((_, Meaning::Same)) => self.define(&own, value)?,
                    Some((_, Meaning::Other(other))) => self.define(&own, other)?,
                    Some((at, Meaning::Unknown)) => self.leave(at, value.text()),
                }
                new.push((name.clone(), own));
            }
            for (name, own) in new {
                match at {
                    Some(at) => {
                        self.universes.list[at].names.insert(name, own);
                    }
                    None => self.define(&name, cut::col(own.as_str()).into())?,
                }
            }
        }
        Ok(())
    }

    /// The universe of a source, which begins as nominal; `None` where the whole chain is in it.
    fn universe(&mut self, variation: &Variation, member: Member) -> Option<usize> {
        if !self.is_together() {
            return None;
        }
        let key = (variation.source.clone(), member);
        let known = self.universes.list.iter().position(|universe| universe.key == key);
        Some(known.unwrap_or_else(|| {
            let mask = self.universes.mask.clone();
            let with_errors = variation.with_errors;
            self.universes.list.push(Universe { key, names: BTreeMap::new(), mask, with_errors });
            self.universes.list.len() - 1
        }))
    }

    /// The members of a variation that are lowered here.
    fn members(&self, variation: &Variation, chosen: Option<Member>) -> Vec<Member> {
        let mut members = variation.members();
        members.retain(|member| match &self.universes.mode {
            Mode::Nominal => chosen == Some(*member),
            Mode::Together(apart) => !apart.contains_key(&(variation.source.clone(), *member)),
        });
        members
    }

    fn vary_weight(
        &mut self,
        variation: &Variation,
        factors: &[Selection],
        chosen: Option<Member>,
        values: &[(&str, &cut::Value)],
    ) -> Result<()> {
        for member in self.members(variation, chosen) {
            let Member::Weight(at) = member else { continue };
            let factor = self.bound(&factors[at], values)?;
            self.check(&factor)?;
            match self.universe(variation, member) {
                Some(universe) => self.weigh_in(universe, factor)?,
                None => self.weigh(factor)?,
            }
        }
        Ok(())
    }

    /// How many replicas a column of lists has: as many as its first row.
    fn replicas(&self, source: &str, column: &str) -> Result<usize> {
        let file = &self.process.source;
        let first = file.segments().iter().position(|segment| !segment.is_empty());
        let Some(first) = first else { return Ok(0) };
        let wrong = |why: &str| Error::request(format!("vary(\"{source}\", Replicas(\"{column}\", ..)): {why}"));
        if !file.schema().contains(column) {
            return Err(wrong("the column must be in the files, not made by a step"));
        }
        let rows = file.read(first, &[column.into()], 0..1)?;
        let values = rows.column(column)?.as_materialized_series().clone();
        let lists = Lists::of(&values)?.ok_or_else(|| wrong("it is no column of lists"))?;
        match lists.values().len() {
            0 | 1 => Err(wrong("the list of the first row has fewer than two values")),
            count => Ok(count),
        }
    }
}
