//! Some processes and what is to be done with their rows: lazy, cheap to copy, O(1) to extend.

use crate::catalog::{Catalog, Process};
use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::steps::chain::{Chain, Choice, How, IntoOrder, Step};
use crate::steps::selection::{Predicate, Selection};
use crate::steps::vary::{Direction, IntoVariation, Member, Variation};
use flow::Share;
use polars::prelude::Series;
use segment::{Sealed, Text};
use std::sync::Arc;

/// Some processes of a data set, and a chain of steps over their rows.
///
/// Every step gives a new group and reads nothing; what is wrong with a step is said by the terminal that reads
/// (and by [`Group::schema`], before rows are read). Processes stay apart: `head(10)` is ten rows of each.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let some: data::Group = data.query("x > 1.5").define("double", "2 * x");
/// assert_eq!(some.sum("double")?, 18.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Group {
    /// Together, so that a cell has one thing to drop.
    pub(crate) parts: Sealed<Parts>,
}

/// What a group is made of.
#[derive(Clone)]
pub(crate) struct Parts {
    pub label: Arc<str>,
    pub catalog: Arc<Catalog>,
    pub settings: Arc<Settings>,
    pub members: Arc<[usize]>,
    pub chain: Chain,
    /// What was wrong when the group was made: a group that is not there.
    pub broken: Option<Arc<Error>>,
}

impl Group {
    /// All processes of a catalogue.
    pub(crate) fn all(catalog: Arc<Catalog>, settings: Arc<Settings>) -> Self {
        let members: Arc<[usize]> = (0..catalog.processes.len()).collect();
        let (label, chain, broken) = ("all".into(), Chain::default(), None);
        Self { parts: Sealed::new(Parts { label, catalog, settings, members, chain, broken }) }
    }

    /// A group like this one with other parts.
    pub(crate) fn changed(&self, change: impl FnOnce(&mut Parts)) -> Self {
        let mut group = self.clone();
        change(&mut group.parts);
        group
    }

    /// Those processes of this group that belong to `name`: a process, or else a group.
    ///
    /// A name that is not there gives a group whose terminals say so, with the nearest names.
    ///
    /// ```
    /// # use polars::df;
    /// # let mumu = df!("x" => [1.0, 2.0])?;
    /// # let data = data::Data::from_frames([("mumu", mumu.clone()), ("taupair", mumu)])?;
    /// assert_eq!(data.group("mumu").count()?, 2);
    /// assert!(data.group("mumuu").count().is_err(), "the message names mumu");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn group(&self, name: impl Text) -> Self {
        self.named(name.text())
    }

    // Every cell compiles the generic methods of this type anew, so they only hand on.
    #[inline(never)]
    fn named(&self, name: &str) -> Self {
        let found = self.parts.catalog.find(name).and_then(|members| {
            let members: Arc<[usize]> = members.into_iter().filter(|at| self.parts.members.contains(at)).collect();
            if members.is_empty() {
                return Err(Error::request(format!("no process of `{name}` is in the group `{}`", self.parts.label)));
            }
            Ok(members)
        });
        let label: Arc<str> = belle2::names::bare(name).into();
        match found {
            Ok(members) => self.changed(|parts| (parts.label, parts.members) = (label, members)),
            // As in pandas, which means a column by it.
            Err(Error::Group { name, .. }) if self.names_after_steps().contains(&name) => {
                let hint = format!(
                    "; it is a column: `.column(\"{name}\")?` gives its values, `.hist(\"{name}\", 50)?` its histogram"
                );
                self.broken_by(label, Error::Group { name, hint })
            }
            Err(error) => self.broken_by(label, error),
        }
    }

    /// A group like this one that can only say what is wrong.
    pub(crate) fn broken_by(&self, label: Arc<str>, error: Error) -> Self {
        let broken = self.parts.broken.as_ref().map_or_else(|| Arc::new(error), Arc::clone);
        self.changed(|parts| (parts.label, parts.members, parts.broken) = (label, Arc::default(), Some(broken)))
    }

    /// With one step more. Names of the engine's own are refused: such a column would be taken for one of its own.
    #[inline(never)]
    pub(crate) fn and(&self, step: Step) -> Self {
        let Some(name) = step.made().into_iter().find(|name| name.starts_with(flow::RESERVED)) else {
            return self.and_own(step);
        };
        let text = format!("{step}: names that begin with `{}` are the engine's own; rename `{name}`", flow::RESERVED);
        self.broken_by(self.parts.label.clone(), Error::request(text))
    }

    /// With a step that may make columns of the engine's own.
    pub(crate) fn and_own(&self, step: Step) -> Self {
        self.changed(|parts| parts.chain = parts.chain.and(step))
    }

    /// Rows that pass a selection, with pandas' syntax and IEEE meaning: `"pRecoil > 2.0 & 2.6 > pRecoilTheta > 0.3"`.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.query("x > 1.5 & k == 'a'").count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn query(&self, selection: impl Into<Selection>) -> Self {
        self.and_query(selection.into())
    }

    #[inline(never)]
    fn and_query(&self, selection: Selection) -> Self {
        self.and(Step::Query(selection))
    }

    /// Rows for which an expression is true: `col("pRecoil").gt(2.0)`, or an expression of Polars.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use polars::prelude::col;
    /// assert_eq!(data.filter(col("x").gt(1.5)).count()?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn filter(&self, predicate: impl Into<Predicate>) -> Self {
        self.and_filter(predicate.into())
    }

    #[inline(never)]
    fn and_filter(&self, predicate: Predicate) -> Self {
        match predicate {
            Predicate::Selection(selection) => self.and(Step::Query(*selection)),
            Predicate::Polars(expression) => self.and(Step::Filter(*expression)),
        }
    }

    /// The group of one of its processes, by its position in the catalogue.
    pub(crate) fn of_member(&self, at: usize) -> Self {
        let label = self.parts.catalog.processes[at].name.clone();
        self.changed(|parts| (parts.label, parts.members) = (label, Arc::new([at])))
    }

    /// Names of the processes and a group of each, in order: `for (name, group) in data.items() { .. }`.
    ///
    /// ```
    /// # use polars::df;
    /// # let mumu = df!("x" => [1.0, 2.0])?;
    /// # let data = data::Data::from_frames([("mumu", mumu.clone()), ("taupair", mumu)])?;
    /// for (name, group) in data.items() {
    ///     assert_eq!(group.count()?, 2, "{name}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn items(&self) -> std::vec::IntoIter<(String, Self)> {
        let item = |&at: &usize| (self.parts.catalog.processes[at].name.to_string(), self.of_member(at));
        self.parts.members.iter().map(item).collect::<Vec<_>>().into_iter()
    }

    /// A value for `@name` in all steps so far that use the name and have no value for it.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.query("x > @least").bind("least", 2.5).count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn bind(&self, name: impl Text, value: impl Into<cut::Value>) -> Self {
        self.and_bind(name.text(), value.into())
    }

    #[inline(never)]
    fn and_bind(&self, name: &str, value: cut::Value) -> Self {
        self.and(Step::Bind(name.to_owned(), value))
    }

    /// A new column, or another meaning of an old one: `define("pt", "mu1P * sin(mu1Theta)")`.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.define("double", "2 * x").query("double > 5").count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn define(&self, name: impl Text, value: impl Into<Selection>) -> Self {
        self.and_define(name.text(), value.into())
    }

    #[inline(never)]
    fn and_define(&self, name: &str, value: Selection) -> Self {
        self.and(Step::Define { name: name.to_owned(), value })
    }

    /// A new column by a function of Rust over the values of a row; runs in parallel.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let data = data.define_with(["x"], "root", |x: f64| x.sqrt());
    /// assert_eq!(data.query("root >= 2").count()?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn define_with<A, F: crate::steps::rows::RowClosure<A>>(
        &self,
        inputs: impl crate::steps::rows::Names,
        name: impl Text,
        function: F,
    ) -> Self {
        let function = function.over_columns();
        self.and(Step::DefineWith { name: name.text().to_owned(), inputs: inputs.names(), function })
    }

    /// A new column by a function over whole blocks of columns, for what a row at a time cannot say.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let data = data.define_blocks(["x"], "double", |columns| Ok((&columns[0] * 2.0)));
    /// assert_eq!(data.query("double > 5").count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn define_blocks(
        &self,
        inputs: impl crate::steps::rows::Names,
        name: impl Text,
        function: impl Fn(&[Series]) -> segment::Result<Series> + Send + Sync + 'static,
    ) -> Self {
        self.and(Step::DefineWith {
            name: name.text().to_owned(),
            inputs: inputs.names(),
            function: Arc::new(function),
        })
    }

    /// Only these columns, in this order.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.select(["x", "k"]).collect()?.width(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn select(&self, columns: impl crate::steps::rows::Names) -> Self {
        self.and_select(columns.names())
    }

    #[inline(never)]
    fn and_select(&self, columns: Vec<String>) -> Self {
        self.and(Step::Select(columns))
    }

    /// The first rows of each process.
    ///
    /// ```
    /// # use polars::df;
    /// # let mumu = df!("x" => [1.0, 2.0])?;
    /// # let data = data::Data::from_frames([("mumu", mumu.clone()), ("taupair", mumu)])?;
    /// assert_eq!(data.head(1).count()?, 2, "one row of each process");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn head(&self, rows: impl TryInto<u64> + Copy + std::fmt::Display) -> Self {
        match rows.try_into() {
            Ok(rows) => self.and(Step::Head(rows)),
            Err(_) => {
                let error = format!("head({rows}): there is no such number of rows");
                self.broken_by(self.parts.label.clone(), Error::request(error))
            }
        }
    }

    /// A random part of the rows of each process, the same rows for the same seed.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let half = data.sample(0.5, 1).collect()?;
    /// assert_eq!(half, data.sample(0.5, 1).collect()?, "the same rows for the same seed");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sample(&self, fraction: f64, seed: u64) -> Self {
        segment::record::seed("sample", seed);
        self.and(Step::Sample { share: Share::Fraction(fraction), seed })
    }

    /// The rows in so many equal parts, at random and the same for the same seed: for each part the rest to train on, and the
    /// part to test on. Candidates of one event stay together, as in [`Group::sample`].
    ///
    /// ```
    /// use polars::prelude::*;
    /// let data = data::Data::from_frames([("mumu", df!("x" => (0..1000).collect::<Vec<i32>>())?)])?;
    /// for (train, test) in data.folds(5, 1) {
    ///     assert_eq!(train.count()? + test.count()?, 1000);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn folds(&self, parts: usize, seed: u64) -> Vec<(Self, Self)> {
        if parts < 2 {
            let broken =
                self.broken_by(self.parts.label.clone(), Error::request(format!("folds({parts}, ..): two or more")));
            return vec![(broken.clone(), broken)];
        }
        segment::record::seed("folds", seed);
        let of = parts as u64;
        let part = |share: Share| self.and(Step::Sample { share, seed });
        (0..of).map(|at| (part(Share::AllButFold { at, of }), part(Share::Fold { at, of }))).collect()
    }

    /// Weights rows by a column or an expression; several weights multiply.
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [0.5, 1.5], "w" => [2.0, 3.0])?)])?;
    /// assert_eq!(data.weight("w").hist("x", (2, 0.0, 2.0))?.values(), [2.0, 3.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn weight(&self, weight: impl Into<Selection>) -> Self {
        self.and(Step::Weight(weight.into()))
    }

    /// A source of systematic uncertainty: columns that have other values from this step on, one standard deviation up and
    /// down. Histograms are then filled in all universes of all sources, in the same pass as nominal; one source varies at a
    /// time. Recorded data never vary (a process or group `data`, or one whose name says so), and a process without the
    /// columns is nominal.
    ///
    /// ```
    /// use data::{Data, Norm, Up};
    /// use polars::prelude::*;
    /// let frame = df!("pt" => [19.9, 30.0], "sf" => [1.0, 0.9], "sf_up" => [1.1, 1.0], "sf_down" => [0.9, 0.8])?;
    /// let mc = Data::from_frames([("mumu", frame)])?
    ///     .vary("id", ("sf", "sf_up", "sf_down"))
    ///     .vary("scale", [("pt", "pt * 1.01", "pt * 0.99")])
    ///     .vary("lumi", Norm(1.017))
    ///     .weight("sf")
    ///     .query("pt > 20");
    /// let h = mc.hist("pt", (1, 0.0, 100.0))?;
    /// assert_eq!((h.counts()[0], h.varied("id", Up)?.counts()[0], h.varied("scale", Up)?.counts()[0]), (0.9, 1.0, 1.9));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn vary(&self, source: impl Into<Arc<str>>, variation: impl IntoVariation) -> Self {
        self.and_vary(Variation { source: source.into(), ..variation.into_variation() })
    }

    #[inline(never)]
    fn and_vary(&self, variation: Variation) -> Self {
        match variation.check() {
            Ok(()) => self.and(Step::Vary(Arc::new(variation))),
            Err(error) => self.broken_by(self.parts.label.clone(), error),
        }
    }

    /// The rows in one universe of a source: what the chain gives when the columns are defined anew where they are varied.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("pt" => [19.9, 30.0], "w" => [1.0, 1.0], "up" => [1.5, 1.0], "down" => [0.5, 1.0])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let mc = data.vary("scale", ("pt", "1.02 * pt", "0.98 * pt")).query("pt > 20");
    /// assert_eq!((mc.count()?, mc.universe("scale", data::Up).count()?), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn universe(&self, source: &str, direction: Direction) -> Self {
        self.and(Step::Universe(source.into(), Member::Towards(direction)))
    }

    /// Drops the weights of the steps so far and those of luminosities: rows count as 1 from here on.
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [0.5, 1.5], "w" => [2.0, 3.0])?)])?;
    /// assert_eq!(data.weight("w").unweighted().hist("x", (2, 0.0, 2.0))?.values(), [1.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn unweighted(&self) -> Self {
        self.and(Step::Unweighted)
    }

    /// One candidate per event: the first in file order.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.one_cand_only().count()?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn one_cand_only(&self) -> Self {
        self.and(Step::Candidate(Choice::First))
    }

    /// One candidate per event: the first in file order (the name that analysts know).
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.oneCandOnly().count()?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(non_snake_case)]
    #[must_use]
    pub fn oneCandOnly(&self) -> Self {
        self.one_cand_only()
    }

    /// One candidate per event: the best by a column or an expression, `Lowest` or `Highest` (or as a text, `"lowest"`); NaN
    /// last, ties to the first.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use data::Highest;
    /// assert_eq!(data.best_candidate("x", Highest).column("x")?, [2.0, 3.0, 4.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn best_candidate(&self, by: impl Into<Selection>, order: impl IntoOrder) -> Self {
        match order.into_order() {
            Ok(order) => self.and(Step::Candidate(Choice::Best(by.into(), order))),
            Err(error) => self.broken_by(self.parts.label.clone(), error),
        }
    }

    /// One candidate per event, at random; the same one for the same seed.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let chosen = data.random_candidate(7);
    /// assert_eq!(chosen.count()?, 3);
    /// assert_eq!(chosen.column("x")?, data.random_candidate(7).column("x")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn random_candidate(&self, seed: u64) -> Self {
        segment::record::seed("random_candidate", seed);
        self.and(Step::Candidate(Choice::Random(seed)))
    }

    /// Adds the columns of a frame where the keys are equal; rows without a partner are left out, a missing key is equal to a
    /// missing key, as in pandas.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let names = df!("k" => ["a"], "charge" => [1])?;
    /// assert_eq!(data.join(&names, "k").query("charge == 1").count()?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn join(&self, frame: &polars::prelude::DataFrame, keys: impl crate::steps::rows::Names) -> Self {
        self.and(Step::Join { frame: Arc::new(frame.clone()), keys: keys.names(), how: How::Inner })
    }

    /// Whether the data are of Belle II: by the name of a process, or by the columns that basf2 writes.
    pub(crate) fn is_recognised(&self) -> bool {
        self.parts.members.iter().any(|&at| {
            let process = &self.parts.catalog.processes[at];
            let columns = process.source.schema().iter_names().map(|name| name.as_str());
            process.parsed.is_some() || belle2::event::is_recognised(columns)
        })
    }

    /// Whether rows of any process have a weight at the end of the chain.
    pub(crate) fn is_weighted(&self) -> bool {
        let luminosity = self.parts.settings.luminosity.is_some();
        let before = |at: &usize| self.parts.catalog.before(*at).weighs().unwrap_or(luminosity);
        self.parts.chain.weighs().unwrap_or_else(|| self.parts.members.iter().any(before))
    }

    /// The processes, in the order of their names.
    pub(crate) fn members(&self) -> Result<Vec<Arc<Process>>> {
        match &self.parts.broken {
            Some(error) => Err((**error).clone()),
            None => Ok(self.parts.members.iter().map(|&at| self.parts.catalog.processes[at].clone()).collect()),
        }
    }

    /// Names of the processes.
    ///
    /// ```
    /// # use polars::df;
    /// # let mumu = df!("x" => [1.0, 2.0])?;
    /// # let data = data::Data::from_frames([("mumu", mumu.clone()), ("taupair", mumu)])?;
    /// assert_eq!(data.process_names(), ["mumu", "taupair"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn process_names(&self) -> Vec<String> {
        self.parts.members.iter().map(|&at| self.parts.catalog.processes[at].name.to_string()).collect()
    }

    /// Names of the groups that have a process here.
    ///
    /// ```
    /// # use polars::df;
    /// # let mumu = df!("x" => [1.0, 2.0])?;
    /// # let data = data::Data::from_frames([("mumu", mumu.clone()), ("taupair", mumu)])?;
    /// assert!(data.group("mumu").group_names().iter().all(|name| name != "nowhere"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn group_names(&self) -> Vec<String> {
        let here = |members: &Vec<usize>| members.iter().any(|at| self.parts.members.contains(at));
        self.parts.catalog.groups.iter().filter(|(_, members)| here(members)).map(|(name, _)| name.clone()).collect()
    }

    /// What was wrong when the group was made, which every terminal says.
    ///
    /// ```
    /// # use polars::df;
    /// # let mumu = df!("x" => [1.0, 2.0])?;
    /// # let data = data::Data::from_frames([("mumu", mumu.clone()), ("taupair", mumu)])?;
    /// assert!(data.group("mumu").error().is_none());
    /// assert!(data.group("nowhere").error().is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn error(&self) -> Option<&Error> {
        self.parts.broken.as_deref()
    }

    /// What the group is called.
    ///
    /// ```
    /// # use polars::df;
    /// # let mumu = df!("x" => [1.0, 2.0])?;
    /// # let data = data::Data::from_frames([("mumu", mumu.clone()), ("taupair", mumu)])?;
    /// assert_eq!(data.group("mumu").name(), "mumu");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn name(&self) -> &str {
        &self.parts.label
    }
}

impl IntoIterator for &Group {
    type Item = (String, Group);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.items()
    }
}

impl IntoIterator for Group {
    type Item = (String, Group);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.items()
    }
}
