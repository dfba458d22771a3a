//! A chain as it is lowered: the clauses so far, the columns that they leave, and what is known of those.

use crate::catalog::{Catalog, Process};
use crate::error::{Error, Result};
use crate::lower::clauses::NUMBER;
use crate::lower::universes::Universes;
use crate::settings::Settings;
use crate::steps::selection::Selection;
use cut::{Cut, Typed};
use flow::{Best, Candidates, Clause, Define};
use polars::prelude::*;
use sources::Source;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The column that carries the product of all weights of a row.
pub(crate) const WEIGHT: &str = "__recoil_weight__";

/// The column in which tables and files carry the whole weight of a row: the product of all weights, luminosity included.
pub const TOTAL_WEIGHT: &str = "__total_weight__";

/// A column that a clause makes.
pub(crate) struct Made {
    /// The number of the clause.
    pub clause: usize,
    /// The column.
    pub name: PlSmallStr,
    /// The columns it is made of; `None` where its value for a row needs other rows, or another table.
    pub inputs: Option<Vec<PlSmallStr>>,
}

/// The chain of one process as clauses.
pub(crate) struct ProcessPlan<'a> {
    pub(super) process: Arc<Process>,
    /// The rows of the process; with an index of times where a step needs one.
    pub(super) source: Arc<dyn Source>,
    pub(super) settings: &'a Settings,
    pub(super) clauses: Vec<Clause>,
    /// All columns after the steps so far.
    pub schema: Schema,
    /// The column that carries the weight of a row.
    pub weight: Option<String>,
    /// The weight of the process by luminosity.
    pub scale: f64,
    /// All columns that clauses make, in order.
    pub made: Vec<Made>,
    /// Whether a weight of the chain is made of a column [`TOTAL_WEIGHT`] of the table.
    pub(super) weighs_total: bool,
    /// The zones of columns whose type cannot say it.
    pub(super) zones: BTreeMap<PlSmallStr, Arc<str>>,
    /// Lists and objects that steps have defined, and the columns they are made of.
    pub(super) objects: Vec<(String, Cut, Vec<PlSmallStr>)>,
    /// The column that holds what was asked for by this text.
    pub(super) names: BTreeMap<String, String>,
    /// All processes of the data set.
    pub(super) catalog: Arc<Catalog>,
    /// The universes of systematic variations.
    pub universes: Universes,
    /// What all runs so far cost.
    pub report: RefCell<flow::Report>,
}
impl ProcessPlan<'_> {
    /// The process.
    pub(crate) fn name(&self) -> &str {
        &self.process.name
    }

    /// Whether the process is recorded data, by its name.
    pub(crate) fn is_measured(&self) -> bool {
        self.process.parsed.as_ref().is_some_and(|parsed| parsed.is_data)
    }

    /// Whether the process is recorded data, by its name, or because it is called `data` or is in a group that is.
    pub(crate) fn is_recorded(&self) -> bool {
        let at = || self.catalog.processes.iter().position(|process| process.name == self.process.name);
        let grouped = || self.catalog.groups.get("data").zip(at()).is_some_and(|(members, at)| members.contains(&at));
        self.is_measured() || &*self.process.name == "data" || grouped()
    }

    /// The rows that the process has before all steps.
    pub(crate) fn rows(&self) -> u64 {
        self.process.source.rows()
    }

    /// What the files of the process say under a key, a text for each of them.
    pub(crate) fn attached(&self, key: &str) -> Vec<Option<String>> {
        self.process.source.attached(key)
    }

    /// The columns that the process has before all steps.
    pub(crate) fn input(&self) -> &Schema {
        self.process.source.schema()
    }

    /// The column that holds what a terminal asked for by this text.
    pub(crate) fn name_of(&self, wanted: &str) -> String {
        self.names.get(wanted).cloned().unwrap_or_else(|| wanted.to_owned())
    }

    /// The columns that name an event, where the user has said so.
    pub(crate) fn event_keys(&self) -> &[String] {
        &self.settings.event_keys
    }

    /// All columns after all steps, those of the engine left out.
    pub(crate) fn columns(&self) -> Vec<String> {
        let own = [WEIGHT, NUMBER];
        self.schema.iter_names().filter(|name| !own.contains(&name.as_str())).map(|name| name.to_string()).collect()
    }

    /// The clauses, for terminals that go on from them.
    pub(crate) fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    pub(super) fn no_column(&self, name: &str) -> Error {
        segment::Error::column(name, self.schema.iter_names().map(PlSmallStr::as_str)).into()
    }

    pub(super) fn find_all(&self, names: &[String]) -> Result<Vec<PlSmallStr>> {
        names.iter().map(|name| self.find(name).map(PlSmallStr::from_string)).collect()
    }

    /// A choice among the candidates of an event, by the keys that the user has set.
    pub(super) fn candidates(&self, best: Best) -> Result<Clause> {
        let keys = self.settings.event_keys.iter().map(|key| self.find(key)).collect::<Result<Vec<_>>>()?;
        let candidates = Candidates::new(best).keys(keys);
        Ok(Clause::Candidates(if self.settings.consecutive_keys { candidates.by_runs() } else { candidates }))
    }

    /// The cut of a step with all values, lists and objects that are known.
    pub(super) fn bound(&self, selection: &Selection, values: &[(&str, &cut::Value)]) -> Result<Cut> {
        let mut cut = selection.0.clone()?;
        for name in cut.unbound() {
            if let Some((_, value)) = values.iter().find(|(have, _)| *have == name) {
                cut = cut.bind(&name, (*value).clone());
            }
        }
        let cut = self.zoned(cut);
        Ok(self.objects.iter().fold(cut, |cut, (name, value, _)| cut.define(name, value)))
    }

    /// The clock of a column or expression that holds times.
    pub(crate) fn clock(&self, column: &str) -> Option<hist::Clock> {
        let name = self.name_of(column);
        let clock = hist::Clock::of(self.schema.get(&name)?)?;
        Some(self.zones.get(name.as_str()).map_or(clock, |zone| hist::Clock::new(Some(zone))))
    }

    /// A cut that knows the zones of columns.
    pub(super) fn zoned(&self, cut: Cut) -> Cut {
        self.zones.iter().fold(cut, |cut, (column, zone)| cut.in_zone(column, zone))
    }

    pub(super) fn check(&self, cut: &Cut) -> Result<Typed> {
        Ok(cut.check(&self.schema)?)
    }

    pub(super) fn define(&mut self, name: &str, value: Cut) -> Result<()> {
        let typed = self.check(&value)?;
        self.replaced(name)?;
        // A column of lists or objects does not say what they are lists of, and which objects are the same. One that is
        // made of itself is only a column from here on.
        let itself = typed.columns().iter().any(|column| column == name);
        if (typed.is_list() || typed.is_object()) && !typed.is_column() && !itself {
            self.objects.push((name.to_owned(), value.clone(), typed.columns().to_vec()));
        }
        let inputs = (!typed.needs_whole_table()).then(|| typed.columns().to_vec());
        self.made.push(Made { clause: self.clauses.len(), name: name.into(), inputs });
        self.schema.insert(name.into(), typed.dtype());
        let zone = typed.is_column().then(|| self.zones.get(&typed.columns()[0]).cloned()).flatten();
        match zone {
            Some(zone) => self.zones.insert(name.into(), zone),
            None => self.zones.remove(name),
        };
        self.clauses.push(Clause::Define(Define::Expression { name: name.into(), value, strict: false }));
        Ok(())
    }

    /// A name gets another meaning: lists that are made of it stay as columns, which objects cannot.
    pub(super) fn replaced(&mut self, name: &str) -> Result<()> {
        self.objects.retain(|(known, ..)| known != name);
        for at in (0..self.objects.len()).rev() {
            let (object, cut, columns) = &self.objects[at];
            if !columns.iter().any(|column| column == name) {
                continue;
            }
            if cut.check(&self.schema).is_ok_and(|typed| typed.is_object()) {
                let text = format!("`{object}` = {cut} is made of `{name}`; give the new column another name");
                return Err(Error::request(text));
            }
            self.objects.remove(at);
        }
        Ok(())
    }

    pub(super) fn define_with(
        &mut self,
        name: &str,
        inputs: &[String],
        function: &crate::steps::chain::RowFunction,
    ) -> Result<()> {
        let inputs = inputs.iter().map(|input| self.find(input)).collect::<Result<Vec<_>>>()?;
        let empty: Vec<_> = inputs
            .iter()
            .map(|input| Series::new_empty(input.into(), &self.schema.get(input).cloned().unwrap_or(DataType::Null)))
            .collect();
        let dtype = function(&empty)?.dtype().clone();
        self.replaced(name)?;
        self.schema.insert(name.into(), dtype.clone());
        self.zones.remove(name);
        let (function, column) = (function.clone(), PlSmallStr::from_str(name));
        let function = move |frame: &DataFrame| {
            let columns: Vec<_> =
                frame.columns().iter().map(|column| column.as_materialized_series().clone()).collect();
            Ok(function(&columns)?.with_name(column.clone()))
        };
        let inputs: Vec<_> = inputs.into_iter().map(PlSmallStr::from_string).collect();
        self.made.push(Made { clause: self.clauses.len(), name: name.into(), inputs: Some(inputs.clone()) });
        self.clauses.push(Clause::Define(Define::Function {
            name: name.into(),
            inputs,
            dtype,
            function: Arc::new(function),
        }));
        Ok(())
    }

    pub(super) fn custom(&mut self, clause: impl flow::Custom + 'static) -> Result<()> {
        let schema = clause.schema(&self.schema)?;
        let clause_number = self.clauses.len();
        let new = schema.iter().filter(|(name, dtype)| self.schema.get(name) != Some(*dtype) && *name != NUMBER);
        let new: Vec<PlSmallStr> = new.map(|(name, _)| name.clone()).collect();
        // What was made of other columns of these names stays as a column.
        let other = |name: &PlSmallStr| new.contains(name);
        self.objects.retain(|(known, _, columns)| !other(&PlSmallStr::from_str(known)) && !columns.iter().any(other));
        self.made.extend(new.into_iter().map(|name| Made { clause: clause_number, name, inputs: None }));
        self.schema = schema;
        self.clauses.push(Clause::Custom(Arc::new(clause)));
        Ok(())
    }

    pub(super) fn select(&mut self, columns: Vec<String>) -> Result<()> {
        self.schema = columns
            .iter()
            .map(|column| (PlSmallStr::from_str(column), self.schema.get(column).cloned().unwrap_or(DataType::Null)))
            .collect();
        self.clauses.push(Clause::Select(columns.into_iter().map(PlSmallStr::from_string).collect()));
        Ok(())
    }

    /// The column of this name, in either spelling.
    pub(super) fn find(&self, name: &str) -> Result<String> {
        if self.schema.contains(name) {
            return Ok(name.to_owned());
        }
        let names: Vec<&str> = self.schema.iter_names().map(PlSmallStr::as_str).collect();
        let found = belle2::escape::find(name, names.iter().copied());
        found.map(str::to_owned).ok_or_else(|| self.no_column(name))
    }

    /// The column that holds the value of an expression; a plain column is itself.
    pub(super) fn column(&mut self, expression: Cut) -> Result<String> {
        if let Ok(name) = self.find(expression.text().trim()) {
            return Ok(name);
        }
        let name = format!("__recoil_value_{}__", self.clauses.len());
        self.define(&name, expression)?;
        Ok(name)
    }

    /// Names and types of all columns after all steps.
    pub(crate) fn output(&self) -> Schema {
        let dtype = |name: &String| self.schema.get(name).cloned().unwrap_or(DataType::Null);
        self.columns().iter().map(|name| (PlSmallStr::from_str(name), dtype(name))).collect()
    }
}
