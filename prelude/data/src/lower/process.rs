//! The chain of one process as clauses: each step is checked against the columns that the steps before it leave.

use crate::catalog::Process;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::asof::AsOfJoin;
use crate::lower::clauses::{JoinFrame, NUMBER, NumberRows, PolarsFilter};
use crate::lower::objects::{Attach, EachObject};
use crate::lower::report;
use crate::lower::whole::Whole;
use crate::settings::Settings;
use crate::steps::chain::{Chain, Choice, Order, Other, Step};
use crate::steps::selection::Selection;
use crate::steps::windows::Window;
use cut::{Cut, Typed};
use flow::{Best, Candidates, Clause, Define, Share, Sink};
use polars::prelude::*;
use segment::collections::{self, Collection, CollectionField};
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
pub(crate) struct Lowered<'a> {
    process: Arc<Process>,
    /// The rows of the process; with an index of times where a step needs one.
    source: Arc<dyn Source>,
    settings: &'a Settings,
    clauses: Vec<Clause>,
    /// All columns after the steps so far.
    pub schema: Schema,
    /// The column that carries the weight of a row.
    pub weight: Option<String>,
    /// The weight of the process by luminosity.
    pub scale: f64,
    /// All columns that clauses make, in order.
    pub made: Vec<Made>,
    /// Whether a weight of the chain is made of a column [`TOTAL_WEIGHT`] of the table.
    weighs_total: bool,
    /// The zones of columns whose type cannot say it.
    zones: BTreeMap<PlSmallStr, Arc<str>>,
    /// Lists and objects that steps have defined, and the columns they are made of.
    objects: Vec<(String, Cut, Vec<PlSmallStr>)>,
    /// The column that holds what was asked for by this text.
    names: BTreeMap<String, String>,
    /// What all runs so far cost.
    pub report: RefCell<flow::Report>,
}

impl<'a> Lowered<'a> {
    /// Lowers the steps that the process had before it came into the group, and those of the group. Where all columns are
    /// wanted and any process of the group is weighted, all carry the whole weight as a column.
    pub(crate) fn new(
        process: Arc<Process>,
        group: &'a Group,
        before: &Chain,
        wanted: Option<&[String]>,
        weighted: bool,
    ) -> Result<Self> {
        let settings = &*group.settings;
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
            report: RefCell::default(),
        };
        let built = lowered.build(&[before, &group.chain], wanted, weighted);
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

    /// The process.
    pub(crate) fn name(&self) -> &str {
        &self.process.name
    }

    /// Whether the process is recorded data, by its name.
    pub(crate) fn is_measured(&self) -> bool {
        self.process.parsed.as_ref().is_some_and(|parsed| parsed.is_data)
    }

    /// The rows that the process has before all steps.
    pub(crate) fn rows(&self) -> u64 {
        self.process.source.rows()
    }

    /// The columns that the process has before all steps.
    pub(crate) fn input(&self) -> &Schema {
        self.process.source.schema()
    }

    /// The rows of the process before all steps, when they are in memory anyway: nothing is copied.
    pub(crate) fn frames(&self) -> Result<Option<Vec<DataFrame>>> {
        let source = &self.process.source;
        let whole = |info: &sources::SegmentInfo| info.columns == (0..self.input().len());
        if !source.in_memory() || !source.segments().iter().all(whole) {
            return Ok(None);
        }
        let columns: Vec<PlSmallStr> = self.input().iter_names().cloned().collect();
        let read = |(at, info): (usize, &sources::SegmentInfo)| source.read(at, &columns, 0..info.len());
        let mut frames = source.segments().iter().enumerate().map(read).collect::<segment::Result<Vec<_>>>()?;
        if frames.is_empty() {
            frames.push(DataFrame::empty_with_schema(self.input()));
        }
        Ok(Some(frames))
    }

    /// The files of the process in the order of the rows, when Polars reads the same columns in them.
    pub(crate) fn parquet_files(&self) -> Option<Vec<Arc<str>>> {
        self.process.source.parquet_files()
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

    fn no_column(&self, name: &str) -> Error {
        segment::Error::column(name, self.schema.iter_names().map(PlSmallStr::as_str)).into()
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
        for step in steps {
            self.step(step, &values)?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step, values: &[(&str, &cut::Value)]) -> Result<()> {
        match step {
            Step::Bind(..) => {}
            Step::Query(selection) => {
                let cut = self.bound(selection, values)?;
                self.check(&cut)?.selection()?;
                self.clauses.push(Clause::Filter(cut));
            }
            Step::Filter(expression) => self.custom(PolarsFilter::new(expression.clone()))?,
            Step::Join { frame, keys, how } => self.custom(JoinFrame::new(frame.clone(), keys.clone(), *how))?,
            Step::Define { name, value } => {
                let value = self.bound(value, values)?;
                self.define(name, value)?;
            }
            Step::DefineWith { name, inputs, function } => self.define_with(name, inputs, function)?,
            Step::Select(columns) => {
                let mut columns = columns.iter().map(|column| self.find(column)).collect::<Result<Vec<_>>>()?;
                let carried = self.schema.contains(NUMBER).then(|| NUMBER.to_owned());
                columns.extend(self.weight.clone().into_iter().chain(carried));
                self.select(columns)?;
            }
            Step::Rename(names) => self.rename(names)?,
            Step::Drop(columns) => {
                let gone = columns.iter().map(|column| self.find(column)).collect::<Result<Vec<_>>>()?;
                let left = self.schema.iter_names().map(|name| name.to_string()).filter(|name| !gone.contains(name));
                self.select(left.collect())?;
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
                let mut weight = self.bound(weight, values)?;
                let typed = self.check(&weight)?;
                let dtype = typed.dtype();
                self.weighs_total |= typed.columns().iter().any(|column| column == TOTAL_WEIGHT);
                if !dtype.is_numeric() && !dtype.is_bool() {
                    return Err(Error::request(format!("weight {weight}: it is {dtype}, and a weight is a number")));
                }
                if let Some(have) = &self.weight {
                    weight = weight.wrapped(|weight| cut::col(have.as_str()) * weight);
                }
                self.define(WEIGHT, weight)?;
                self.weight = Some(WEIGHT.to_owned());
            }
            Step::Unweighted => {
                self.weight = None;
                self.scale = 1.0;
            }
            Step::Candidate(choice) => self.candidate(choice, values)?,
        }
        Ok(())
    }

    fn find_all(&self, names: &[String]) -> Result<Vec<PlSmallStr>> {
        names.iter().map(|name| self.find(name).map(PlSmallStr::from_string)).collect()
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
        self.select(after)
    }

    /// The first column of times.
    fn time_column(&self, who: &str) -> Result<PlSmallStr> {
        let is_time = |dtype: &DataType| matches!(dtype, DataType::Datetime(..) | DataType::Date);
        let mut times = self.schema.iter().filter(|(_, dtype)| is_time(dtype)).map(|(name, _)| name.clone());
        times.next().ok_or_else(|| Error::request(format!("{who} needs a column of times, and there is none")))
    }

    /// Rows whose time lies between, both ends included; a day without a time of day is the whole day.
    fn date_range(&mut self, low: &str, high: &str) -> Result<()> {
        let time = self.time_column("date_range")?;
        let whole_day = !high.is_empty() && !high.contains([':', 'T']);
        let high = if whole_day { format!("{high}T23:59:59.999999999") } else { high.to_owned() };
        let (low, high) = (low.trim(), high.trim());
        for cut in [
            (!low.is_empty()).then(|| cut::col(time.as_str()).ge(cut::lit(low))),
            (!high.is_empty()).then(|| cut::col(time.as_str()).le(cut::lit(high))),
        ] {
            let Some(cut) = cut.map(|cut| self.zoned(Cut::from(cut).as_written())) else { continue };
            self.check(&cut)?.selection()?;
            self.clauses.push(Clause::Filter(cut));
        }
        Ok(())
    }

    /// One row per bucket of time: another table, whose rows have neither weights nor numbers.
    fn resample(&mut self, resample: &flow::Resample) -> Result<()> {
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
    fn other_rows(&mut self, clause: Clause, index: Option<sources::Index>) -> Result<()> {
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
    fn each(&mut self, text: &str, values: &[(&str, &cut::Value)]) -> Result<()> {
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
    fn by_event(&mut self, name: &str) -> Result<()> {
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
    fn attach(&mut self, name: &str, other: &Arc<dyn Other>) -> Result<()> {
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

    fn candidate(&mut self, choice: &Choice, values: &[(&str, &cut::Value)]) -> Result<()> {
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

    /// A choice among the candidates of an event, by the keys that the user has set.
    fn candidates(&self, best: Best) -> Result<Clause> {
        let keys = self.settings.event_keys.iter().map(|key| self.find(key)).collect::<Result<Vec<_>>>()?;
        let candidates = Candidates::new(best).keys(keys);
        Ok(Clause::Candidates(if self.settings.consecutive_keys { candidates.by_runs() } else { candidates }))
    }

    /// The cut of a step with all values, lists and objects that are known.
    fn bound(&self, selection: &Selection, values: &[(&str, &cut::Value)]) -> Result<Cut> {
        let mut cut = selection.0.clone()?;
        for name in cut.unbound() {
            if let Some((_, value)) = values.iter().find(|(have, _)| *have == name) {
                cut = cut.bind(&name, (*value).clone());
            }
        }
        let cut = self.zoned(cut);
        Ok(self.objects.iter().fold(cut, |cut, (name, value, _)| cut.define(name, value)))
    }

    /// A cut that knows the zones of columns.
    fn zoned(&self, cut: Cut) -> Cut {
        self.zones.iter().fold(cut, |cut, (column, zone)| cut.in_zone(column, zone))
    }

    fn check(&self, cut: &Cut) -> Result<Typed> {
        Ok(cut.check(&self.schema)?)
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

    fn define(&mut self, name: &str, value: Cut) -> Result<()> {
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
    fn replaced(&mut self, name: &str) -> Result<()> {
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

    fn define_with(
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

    fn custom(&mut self, clause: impl flow::Custom + 'static) -> Result<()> {
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

    fn select(&mut self, columns: Vec<String>) -> Result<()> {
        self.schema = columns
            .iter()
            .map(|column| (PlSmallStr::from_str(column), self.schema.get(column).cloned().unwrap_or(DataType::Null)))
            .collect();
        self.clauses.push(Clause::Select(columns.into_iter().map(PlSmallStr::from_string).collect()));
        Ok(())
    }

    /// The column of this name, in either spelling.
    fn find(&self, name: &str) -> Result<String> {
        if self.schema.contains(name) {
            return Ok(name.to_owned());
        }
        let names: Vec<&str> = self.schema.iter_names().map(PlSmallStr::as_str).collect();
        let found = belle2::escape::find(name, names.iter().copied());
        found.map(str::to_owned).ok_or_else(|| self.no_column(name))
    }

    /// The column that holds the value of an expression; a plain column is itself.
    fn column(&mut self, expression: Cut) -> Result<String> {
        if let Ok(name) = self.find(expression.text().trim()) {
            return Ok(name);
        }
        let name = format!("__recoil_value_{}__", self.clauses.len());
        self.define(&name, expression)?;
        Ok(name)
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
                    self.column(cut)?
                }
            };
            self.names.insert(text.clone(), name.clone());
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
        columns.extend(self.weight.clone().filter(|weight| with_weight && !columns.contains(weight)));
        if columns.is_empty() {
            return Ok(());
        }
        self.clauses.push(Clause::Select(columns.into_iter().map(PlSmallStr::from_string).collect()));
        Ok(())
    }

    /// Counts the rows that are left; reads only what the steps look at.
    pub(crate) fn count(&self, clauses: Vec<Clause>) -> Result<u64> {
        let query = clauses.into_iter().fold(flow::Query::new(), flow::Query::clause);
        let (rows, run) = query.over(self.source.clone()).options(self.settings.options()).count()?;
        report::absorb(&mut self.report.borrow_mut(), run);
        Ok(rows)
    }

    /// Runs the clauses once.
    pub(crate) fn run<S: Sink>(&self, sink: &S) -> Result<S::Part> {
        self.run_with(sink, &self.settings.options())
    }

    /// The same, going on where an earlier process was, when the user has named a folder for that.
    pub(crate) fn go_on<S: Sink>(&self, sink: &S) -> Result<S::Part> {
        let mut options = self.settings.options();
        if let Some(folder) = &self.settings.checkpoints {
            std::fs::create_dir_all(folder).map_err(|error| {
                Error::request(format!("the folder {} for checkpoints cannot be made: {error}", folder.display()))
            })?;
            options = options.checkpoint(folder);
        }
        self.run_with(sink, &options)
    }

    fn run_with<S: Sink>(&self, sink: &S, options: &flow::Options) -> Result<S::Part> {
        let query = self.clauses.iter().cloned().fold(flow::Query::new(), flow::Query::clause);
        let (part, run) = flow::run(&query, self.source.clone(), sink, options)?;
        report::absorb(&mut self.report.borrow_mut(), run);
        Ok(part)
    }

    /// Runs something over rows that are there already; its time counts.
    pub(crate) fn timed<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T> {
        let start = std::time::Instant::now();
        let answer = run();
        self.report.borrow_mut().seconds += start.elapsed().as_secs_f64();
        answer
    }

    /// What would be done, without doing it.
    pub(crate) fn explain(&self) -> Result<flow::Explanation> {
        let query = self.clauses.iter().cloned().fold(flow::Query::new(), flow::Query::clause);
        Ok(query.over(self.source.clone()).options(self.settings.options()).explain()?)
    }

    /// Names and types of all columns after all steps.
    pub(crate) fn output(&self) -> Schema {
        let dtype = |name: &String| self.schema.get(name).cloned().unwrap_or(DataType::Null);
        self.columns().iter().map(|name| (PlSmallStr::from_str(name), dtype(name))).collect()
    }

    /// One frame of all that was collected, with the columns of `all`; those that the process lacks are null.
    pub(crate) fn assemble(&self, frames: Vec<DataFrame>, all: &Schema) -> Result<DataFrame> {
        let own = self.output();
        let mut whole = DataFrame::empty_with_schema(&own);
        for frame in frames {
            whole.vstack_mut_owned(frame.select(own.iter_names().map(PlSmallStr::as_str))?)?;
        }
        whole.rechunk_mut();
        let rows = whole.height();
        let columns = all.iter().map(|(name, dtype)| match whole.column(name) {
            Ok(column) => column.clone(),
            Err(_) => Column::full_null(name.clone(), rows, dtype),
        });
        Ok(DataFrame::new(rows, columns.collect())?)
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
