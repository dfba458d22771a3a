//! The chain of one process as clauses: each step is checked against the columns that the steps before it leave.

use crate::catalog::Process;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::asof::AsOfJoin;
use crate::lower::clauses::{JoinFrame, NUMBER, NumberRows, PolarsFilter};
use crate::lower::plan::{ProcessPlan, TOTAL_WEIGHT, WEIGHT};
use crate::lower::universes::{Mode, Universes};
use crate::lower::whole::Whole;
use crate::steps::chain::{Chain, Choice, Order, Step, chosen};
use crate::steps::selection::Selection;
use crate::steps::windows::Window;
use flow::{Best, Clause, Share};
use polars::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

impl<'a> ProcessPlan<'a> {
    /// Lowers the steps that the process had before it came into the group, and those of the group. Where all columns are
    /// wanted and any process of the group is weighted, all carry the whole weight as a column.
    pub(crate) fn new(
        process: Arc<Process>,
        group: &'a Group,
        before: &Chain,
        wanted: Option<&[String]>,
        weighted: bool,
    ) -> Result<Self> {
        Self::with(process, group, before, wanted, weighted, Mode::Nominal)
    }

    /// The same with all universes of systematic variations beside nominal, as far as one plan can express them. Of the
    /// others is known that they are to be done apart.
    pub(crate) fn together(process: Arc<Process>, group: &'a Group, before: &Chain, wanted: &[String]) -> Result<Self> {
        let mut apart = BTreeMap::new();
        loop {
            let mode = Mode::Together(apart.clone());
            let mut lowered = Self::with(process.clone(), group, before, Some(wanted), false, mode)?;
            if lowered.universes.apart.is_empty() {
                lowered.universes.apart = apart;
                return Ok(lowered);
            }
            apart.append(&mut lowered.universes.apart);
        }
    }

    fn with(
        process: Arc<Process>,
        group: &'a Group,
        before: &Chain,
        wanted: Option<&[String]>,
        weighted: bool,
        mode: Mode,
    ) -> Result<Self> {
        let settings = &*group.parts.settings;
        let scale = match (&settings.luminosity, &process.parsed) {
            (Some(table), Some(parsed)) => table.weight(parsed)?,
            _ => 1.0,
        };
        process.source.check()?;
        let schema = (**process.source.schema()).clone();
        let source = process.source.clone();
        let zones = source.zones().into_iter().collect();
        let mut lowered = Self {
            process,
            source,
            settings,
            clauses: Vec::new(),
            schema,
            weight: None,
            scale,
            made: Vec::new(),
            weighs_total: false,
            zones,
            objects: Vec::new(),
            names: BTreeMap::new(),
            catalog: Arc::clone(&group.parts.catalog),
            universes: Universes { mode, ..Universes::default() },
            report: RefCell::default(),
        };
        let built = lowered.build(&[before, &group.parts.chain], wanted, weighted);
        built.map_err(|error| error.unreadable(lowered.process.source.as_ref()))?;
        Ok(lowered)
    }

    fn build(&mut self, chains: &[&Chain], wanted: Option<&[String]>, weighted: bool) -> Result<()> {
        if wanted.is_some_and(|wanted| wanted.iter().any(|name| name == NUMBER)) {
            self.custom(NumberRows)?;
        }
        self.steps(chains)?;
        match wanted {
            Some(wanted) => self.want(wanted, true),
            None => {
                if weighted {
                    self.carry_weight()?;
                }
                self.want(&self.columns(), false)
            }
        }
    }

    fn steps(&mut self, chains: &[&Chain]) -> Result<()> {
        let steps: Vec<_> = chains.iter().flat_map(|chain| chain.steps()).collect();
        let values: Vec<_> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Bind(name, value) => Some((name.as_str(), value)),
                _ => None,
            })
            .collect();
        if steps.iter().any(|step| matches!(step, Step::Universe(..))) {
            self.universes.mode = Mode::Nominal;
        }
        for (at, step) in steps.iter().enumerate() {
            self.universes.step += usize::from(!matches!(step, Step::Bind(..) | Step::Universe(..)));
            match step {
                Step::Vary(variation) => {
                    let chosen = chosen(&variation.source, &steps[at..]);
                    self.vary(variation, chosen, &values)?;
                }
                step => self.step(step, &values)?,
            }
        }
        Ok(())
    }

    /// Leaves universes to passes of their own where a step could do something else there.
    fn look(&mut self, step: &Step) {
        match step {
            Step::Head(_) | Step::Tail(_) | Step::RowRange(..) => self.looks_at_rows(Some(&[]), &step.to_string()),
            // The lot of a row does not depend on other rows.
            Step::Sample { .. } => self.looks_at(&belle2::event::KEYS, &step.to_string()),
            Step::Filter(_) | Step::Join { .. } | Step::Resample(_) | Step::Each(_) | Step::ByEvent(_) => {
                self.looks_at_rows(None, &step.to_string());
            }
            Step::Attach { .. }
            | Step::Sorted { .. }
            | Step::Distinct(_)
            | Step::Window { .. }
            | Step::AsOf { .. }
            | Step::Merged { .. } => {
                self.looks_at_rows(None, &step.to_string());
            }
            // These say themselves what they look at.
            Step::Query(_) | Step::Define { .. } | Step::DefineWith { .. } | Step::Weight(_) | Step::Candidate(_) => {}
            Step::DateRange(..) | Step::Select(_) | Step::Rename(_) | Step::Drop(_) | Step::Unweighted => {}
            Step::Bind(..) | Step::Universe(..) | Step::Vary(_) => {}
        }
    }

    fn step(&mut self, step: &Step, values: &[(&str, &cut::Value)]) -> Result<()> {
        self.look(step);
        match step {
            Step::Bind(..) | Step::Universe(..) | Step::Vary(_) => {}
            Step::Query(selection) => {
                let cut = self.bound(selection, values)?;
                self.filter(cut)?;
            }
            Step::Filter(expression) => self.custom(PolarsFilter::new(expression.clone()))?,
            Step::Join { frame, keys, how } => self.custom(JoinFrame::new(frame.clone(), keys.clone(), *how))?,
            Step::Define { name, value } => {
                let value = self.bound(value, values)?;
                self.define_all(name, value)?;
            }
            Step::DefineWith { name, inputs, function } => self.define_with_all(name, inputs, function)?,
            Step::Select(columns) => {
                let mut columns = columns.iter().map(|column| self.find(column)).collect::<Result<Vec<_>>>()?;
                let carried = self.schema.contains(NUMBER).then(|| NUMBER.to_owned());
                let universes = self.columns_of_universes(&columns);
                columns.extend(self.weight.clone().into_iter().chain(carried).chain(universes));
                self.select(columns)?;
            }
            Step::Rename(names) => self.rename(names)?,
            Step::Drop(columns) => {
                let gone = columns.iter().map(|column| self.find(column)).collect::<Result<Vec<_>>>()?;
                let left = self.schema.iter_names().map(|name| name.to_string()).filter(|name| !gone.contains(name));
                let left: Vec<String> = left.collect();
                self.columns_of_universes(&left);
                self.select(left)?;
            }
            Step::Tail(rows) => self.clauses.push(Clause::Tail(i64::try_from(*rows).unwrap_or(i64::MAX))),
            Step::RowRange(from, to) => self.clauses.push(Clause::RowRange(*from, *to)),
            Step::DateRange(low, high) => self.date_range(low, high)?,
            Step::Resample(resample) => self.resample(resample)?,
            Step::Each(text) => self.each(text, values)?,
            Step::ByEvent(name) => self.by_event(name)?,
            Step::Attach { name, other } => self.attach(name, other)?,
            Step::Sorted { by, order, rows } => {
                let by = self.find_all(by)?;
                self.custom(Whole::Sorted { by, order: *order, rows: *rows })?;
            }
            Step::Distinct(columns) => {
                let columns = self.find_all(columns)?;
                self.custom(Whole::Distinct { columns })?;
            }
            Step::Window { keys, windows } => self.windows(keys, windows)?,
            Step::Merged { frame, by } => {
                let by = self.find(by)?.into();
                self.custom(Whole::Merged { frame: frame.clone(), by })?;
            }
            Step::AsOf { frame, asof } => {
                let on = self.find(&asof.on)?;
                let by = asof.by.iter().map(|key| self.find(key)).collect::<Result<Vec<_>>>()?;
                self.custom(AsOfJoin::new(frame.clone(), asof.clone(), on, by))?;
            }
            Step::Head(rows) => self.clauses.push(Clause::Head(i64::try_from(*rows).unwrap_or(i64::MAX))),
            Step::Sample { share, seed } => match share {
                Share::Fraction(fraction) if !(0.0..=1.0).contains(fraction) => {
                    let reason = format!("sample({fraction}, ..): the fraction lies between 0 and 1");
                    return Err(Error::request(reason));
                }
                _ => self.clauses.push(Clause::Sample { share: *share, seed: *seed }),
            },
            Step::Weight(weight) => {
                let weight = self.bound(weight, values)?;
                self.weigh(weight)?;
            }
            Step::Unweighted => self.drop_weights(),
            Step::Candidate(choice) => self.candidate(choice, values)?,
        }
        Ok(())
    }

    /// Columns by window functions over the groups of some keys.
    fn windows(&mut self, keys: &[String], windows: &[Window]) -> Result<()> {
        let keys = self.find_all(keys)?;
        let mut found = Vec::with_capacity(windows.len());
        for window in windows {
            let mut window = window.clone();
            if !window.column.is_empty() {
                window.column = self.find(&window.column)?;
            }
            let taken = keys.iter().any(|key| **key == *window.name)
                || found.iter().any(|other: &Window| other.name == window.name);
            if taken {
                return Err(Error::request(format!("window: two columns would be called `{}`", window.name)));
            }
            self.zones.remove(window.name.as_str());
            found.push(window);
        }
        self.custom(Whole::Windows { keys, windows: found })
    }

    /// Gives columns other names, all at once; each keeps its place.
    fn rename(&mut self, names: &[(String, String)]) -> Result<()> {
        let mut new_names = Vec::with_capacity(names.len());
        for (old, new) in names {
            new_names.push((self.find(old)?, new.clone()));
        }
        let named = |name: &str| new_names.iter().find(|(old, _)| old == name).map(|(_, new)| new.clone());
        let before: Vec<String> = self.schema.iter_names().map(|name| name.to_string()).collect();
        let after: Vec<String> = before.iter().map(|name| named(name).unwrap_or_else(|| name.clone())).collect();
        if let Some(twice) = after.iter().enumerate().find(|(at, name)| after[..*at].contains(name)) {
            return Err(Error::request(format!("rename: two columns would be called `{}`", twice.1)));
        }
        // A new name may be an old one that is renamed too: then values go by a name of their own.
        let mut last = Vec::new();
        for (at, (old, new)) in new_names.iter().enumerate() {
            if before.contains(new) {
                let between = format!("__renamed_{at}_{}__", self.clauses.len());
                self.define(&between, cut::col(old.as_str()).into())?;
                last.push((between, new));
            } else {
                self.define(new, cut::col(old.as_str()).into())?;
            }
        }
        for (between, new) in last {
            self.define(new, cut::col(between).into())?;
        }
        if let Some(weight) = self.weight.as_mut().filter(|weight| !after.contains(weight)) {
            *weight = WEIGHT.to_owned();
        }
        self.rename_in_universes(&new_names);
        self.select(after)
    }

    fn candidate(&mut self, choice: &Choice, values: &[(&str, &cut::Value)]) -> Result<()> {
        let mut reads = Vec::new();
        if let Choice::Best(by, _) = choice {
            let by = self.bound(by, values)?;
            reads.extend(self.check(&by)?.columns().iter().cloned());
        }
        let keys = self.settings.event_keys.iter().map(PlSmallStr::from);
        reads.extend(keys.chain(belle2::event::KEYS.into_iter().map(PlSmallStr::from_static)));
        self.looks_at_rows(Some(&reads), "the choice of a candidate");
        let best = match choice {
            Choice::First => Best::First,
            Choice::Random(seed) => Best::Random(*seed),
            Choice::Best(by, order) => {
                let by = self.bound(by, values)?;
                let column = self.column(by)?;
                match order {
                    Order::Lowest => Best::Lowest(column.into()),
                    Order::Highest => Best::Highest(column.into()),
                }
            }
        };
        let clause = self.candidates(best)?;
        self.clauses.push(clause);
        Ok(())
    }

    /// Makes the column in which a table carries the whole weight of its rows.
    fn carry_weight(&mut self) -> Result<()> {
        if self.schema.contains(TOTAL_WEIGHT) && !self.weighs_total {
            return Err(Error::request(format!(
                "the column `{TOTAL_WEIGHT}` of an earlier weighting is there already; use it, .weight(\"{TOTAL_WEIGHT}\"), \
                 or leave it out with select([..])"
            )));
        }
        let scale = cut::lit(self.scale);
        let total = match &self.weight {
            Some(weight) => cut::col(weight.as_str()) * scale,
            None => scale,
        };
        self.define(TOTAL_WEIGHT, total.into())
    }

    /// Makes what a terminal needs, with the weight where it uses that, and leaves out the rest.
    fn want(&mut self, wanted: &[String], with_weight: bool) -> Result<()> {
        let mut columns: Vec<String> = Vec::new();
        for text in wanted {
            let name = match self.find(text) {
                Ok(name) => name,
                // A plain name that is not there is a missing column; anything else is an expression.
                Err(error) if text.chars().all(|c| c.is_alphanumeric() || c == '_') => return Err(error),
                Err(_) => {
                    let cut = self.bound(&Selection::new(text), &[])?;
                    let name = format!("__recoil_value_{}__", self.clauses.len());
                    self.define_all(&name, cut)?;
                    name
                }
            };
            self.names.insert(text.clone(), name.clone());
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
        let universes = self.columns_of_universes(&columns);
        columns.extend(universes);
        columns.extend(self.weight.clone().filter(|weight| with_weight && !columns.contains(weight)));
        if columns.is_empty() {
            return Ok(());
        }
        self.clauses.push(Clause::Select(columns.into_iter().map(PlSmallStr::from_string).collect()));
        Ok(())
    }
}
