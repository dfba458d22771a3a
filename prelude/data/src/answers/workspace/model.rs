//! Regions, processes and what is free in the fit, as templates: numbers per bin.

use crate::answers::histogram::Histogram;
use crate::answers::variations::Source;
use crate::error::{Error, Result};
use crate::steps::vary::{Down, Per, Up};
use hist::{Axis, Hist};

/// A model of several regions, to be checked and written. Made by [`workspace`].
///
/// ```
/// # use polars::df;
/// # let (signal, mumu) = (df!("x" => [0.5, 1.5])?, df!("x" => [0.5, 0.6])?);
/// # let sr = data::Data::from_frames([("signal", signal), ("mumu", mumu)])?.hist("x", (2, 0.0, 2.0))?;
/// # let observed = data::Data::from_frames([("data", df!("x" => [0.5, 0.7, 1.5])?)])?.hist("x", (2, 0.0, 2.0))?;
/// let model = data::workspace().channel("SR", &sr, &observed).signal("mu", "signal").free("k_mumu", "mumu");
/// assert_eq!(model.to_json()?["observations"][0]["data"], serde_json::json!([2.0, 1.0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    pub(super) channels: Vec<Channel>,
    /// Signals, and the names of their strengths.
    pub(super) signals: Vec<Scaled>,
    /// Other processes whose yields are free, and the names of the factors.
    pub(super) free: Vec<Scaled>,
    /// What was wrong when it was put together.
    broken: Option<Error>,
}

/// A process with a free factor.
#[derive(Debug, Clone)]
pub(super) struct Scaled {
    pub parameter: String,
    pub process: String,
}

/// A region.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    pub name: String,
    pub observed: Vec<f64>,
    pub processes: Vec<Process>,
    /// The axis of a region in one dimension.
    pub axis: Option<Axis>,
}

/// A process in a region.
#[derive(Debug, Clone)]
pub(in crate::answers) struct Process {
    pub name: String,
    pub nominal: Vec<f64>,
    pub errors: Vec<f64>,
    pub effects: Vec<Effect>,
}

/// What a source does to a process in a region.
#[derive(Debug, Clone)]
pub(in crate::answers) struct Effect {
    /// The name of the nuisance parameter.
    pub parameter: String,
    pub shape_only: bool,
    /// The factors of a source of the yield alone.
    pub norm: Option<(f64, f64)>,
    pub up: Vec<f64>,
    pub down: Vec<f64>,
    /// Whether rows of the universe are other rows, or lie in other bins.
    pub moves: bool,
    /// The one bin that it varies, where it is a parameter of one.
    pub bin: Option<usize>,
}

impl Effect {
    /// The yields up and down over the nominal yield.
    pub fn factors(&self, nominal: &[f64]) -> (f64, f64) {
        if let Some(norm) = self.norm {
            return norm;
        }
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        (sum(&self.up) / sum(nominal), sum(&self.down) / sum(nominal))
    }

    /// Up and down with the nominal yield.
    pub fn shapes(&self, nominal: &[f64]) -> [Vec<f64>; 2] {
        let (up, down) = self.factors(nominal);
        let over = |values: &[f64], factor: f64| values.iter().map(|value| value / factor).collect();
        [over(&self.up, up), over(&self.down, down)]
    }

    /// Whether it changes nothing at all.
    pub fn is_nothing(&self, nominal: &[f64]) -> bool {
        self.norm.is_none() && self.up == nominal && self.down == nominal
    }
}

/// An empty workspace: `workspace().channel("SR", &sr, &data)?`.
///
/// ```
/// # use polars::df;
/// # let (signal, mumu) = (df!("x" => [0.5, 1.5])?, df!("x" => [0.5, 0.6])?);
/// # let sr = data::Data::from_frames([("signal", signal), ("mumu", mumu)])?.hist("x", (2, 0.0, 2.0))?;
/// # let observed = data::Data::from_frames([("data", df!("x" => [0.5, 0.7, 1.5])?)])?.hist("x", (2, 0.0, 2.0))?;
/// let model = data::workspace().channel("SR", &sr, &observed).signal("mu", "signal");
/// assert!(model.to_json().is_ok() && data::workspace().to_json().is_err(), "a model has a region and a signal");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn workspace() -> Workspace {
    Workspace::default()
}

impl Workspace {
    /// Adds a region: the histogram of the simulation with its universes, and the histogram of the data. Processes of recorded
    /// data in the first one are left out.
    ///
    /// ```
    /// use data::{Data, Norm, workspace};
    /// use polars::prelude::*;
    /// let mc = Data::from_frames([
    ///     ("signal", df!("m" => [125.0, 125.5, 124.0, 125.1])?),
    ///     ("background", df!("m" => [112.0, 118.0, 121.0, 127.0])?),
    /// ])?;
    /// let observed = Data::from_frames([("data", df!("m" => [125.0, 113.0, 127.0, 118.0, 125.2])?)])?;
    /// let bins = (3, 110.0, 140.0);
    /// let h = mc.vary("lumi", Norm(1.017)).hist("m", bins)?;
    /// let model = workspace().channel("SR", &h, &observed.hist("m", bins)?).signal("mu", "signal");
    /// let json = model.to_json()?;
    /// assert_eq!(json["channels"][0]["samples"][1]["modifiers"][1]["data"]["hi"], 1.017);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn channel(mut self, name: impl Into<String>, simulation: &Histogram, data: &impl AsRef<Hist>) -> Self {
        let name = name.into();
        match Channel::new(&name, simulation, data.as_ref()) {
            Ok(_) if self.channels.iter().any(|channel| channel.name == name) => {
                self.broken.get_or_insert(Error::request(format!("workspace: two channels are called `{name}`")));
            }
            Ok(channel) => self.channels.push(channel),
            Err(error) => drop(self.broken.get_or_insert(error)),
        }
        self
    }

    /// A signal: a process, and the name of its strength, which is free and the parameter of interest.
    ///
    /// ```
    /// # use polars::df;
    /// # let (signal, mumu) = (df!("x" => [0.5, 1.5])?, df!("x" => [0.5, 0.6])?);
    /// # let sr = data::Data::from_frames([("signal", signal), ("mumu", mumu)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let observed = data::Data::from_frames([("data", df!("x" => [0.5, 0.7, 1.5])?)])?.hist("x", (2, 0.0, 2.0))?;
    /// let model = data::workspace().channel("SR", &sr, &observed).signal("mu", "signal");
    /// assert_eq!(model.to_json()?["measurements"][0]["config"]["poi"], "mu");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn signal(mut self, parameter: impl Into<String>, process: impl Into<String>) -> Self {
        self.signals.push(Scaled { parameter: parameter.into(), process: process.into() });
        self
    }

    /// A process whose yield is free in the fit, and the name of the factor.
    ///
    /// ```
    /// # use polars::df;
    /// # let (signal, mumu) = (df!("x" => [0.5, 1.5])?, df!("x" => [0.5, 0.6])?);
    /// # let sr = data::Data::from_frames([("signal", signal), ("mumu", mumu)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let observed = data::Data::from_frames([("data", df!("x" => [0.5, 0.7, 1.5])?)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let model = data::workspace().channel("SR", &sr, &observed).signal("mu", "signal");
    /// let json = model.free("k_mumu", "mumu").to_json()?;
    /// assert_eq!(json["measurements"][0]["config"]["parameters"][1]["name"], "k_mumu");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn free(mut self, parameter: impl Into<String>, process: impl Into<String>) -> Self {
        self.free.push(Scaled { parameter: parameter.into(), process: process.into() });
        self
    }

    /// That there is something to write, and that every name means something.
    pub(super) fn complete(&self) -> Result<()> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        if self.channels.is_empty() {
            return Err(Error::request("workspace: no channel; add .channel(\"SR\", &simulation, &data)"));
        }
        if self.signals.is_empty() {
            return Err(Error::request("workspace: no signal; add .signal(\"mu\", \"process\")"));
        }
        let names = || self.channels.iter().flat_map(|channel| channel.processes.iter().map(|one| one.name.as_str()));
        for Scaled { parameter, process } in self.signals.iter().chain(&self.free) {
            if !names().any(|name| name == process) {
                let near = segment::nearest(process, names());
                let hint = near.first().map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                return Err(Error::request(format!(
                    "workspace: `{parameter}` scales `{process}`, which is in no channel{hint}"
                )));
            }
        }
        Ok(())
    }

    /// The factors of a process that are free in the fit.
    pub(super) fn factors_of<'a>(&'a self, process: &'a str) -> impl Iterator<Item = &'a str> {
        let all = self.signals.iter().chain(&self.free);
        all.filter(move |one| one.process == process).map(|one| one.parameter.as_str())
    }
}

impl Channel {
    fn new(name: &str, simulation: &Histogram, data: &Hist) -> Result<Self> {
        let wrong = |why: String| Err(Error::request(format!("channel `{name}`: {why}")));
        let same = simulation.axes().len() == data.axes().len()
            && simulation.axes().iter().zip(data.axes()).all(|(a, b)| a.same_bins(b));
        if !same {
            let shown = |axes: &[Axis]| axes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ");
            let (a, b) = (shown(simulation.axes()), shown(data.axes()));
            return wrong(format!("simulation and data have other bins: {a} and {b}"));
        }
        if simulation.is_profile() || data.is_profile() {
            return wrong("a profile has means and no yields".to_owned());
        }
        let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if name.is_empty() || !plain {
            return wrong("the name has letters, digits and `_`".to_owned());
        }
        let all: Vec<(&str, &Hist)> = simulation.by_process().iter().collect();
        let process = |at: usize| {
            let (process, nominal) = all[at];
            let mut effects = Vec::new();
            for source in &simulation.made.variations.sources {
                effects.extend(of_source(source, (at, process, nominal), name)?);
            }
            Ok(Process { name: process.to_owned(), effects, nominal: nominal.counts(), errors: nominal.errors() })
        };
        let processes = simulation.simulated().into_iter().map(process).collect::<Result<Vec<_>>>()?;
        let axis = match simulation.axes() {
            [axis] => Some(axis.clone()),
            _ => None,
        };
        Ok(Self { name: name.to_owned(), observed: data.counts(), processes, axis })
    }
}

/// What a source does to a process, of the nuisance parameters that it has in a region.
fn of_source(source: &Source, (at, process, nominal): (usize, &str, &Hist), region: &str) -> Result<Vec<Effect>> {
    let Some(whole) = effect(source, (at, process, nominal))? else { return Ok(Vec::new()) };
    if source.per != Per::Bin {
        return Ok(vec![whole]);
    }
    let counts = nominal.counts();
    let alone = |bin: usize| {
        let one = |values: &[f64]| {
            let mut alone = counts.clone();
            alone[bin] = values[bin];
            alone
        };
        let parameter = format!("{}_{region}_bin{bin}", whole.parameter);
        Effect { parameter, norm: None, up: one(&whole.up), down: one(&whole.down), bin: Some(bin), ..whole.clone() }
    };
    Ok((0..counts.len()).map(alone).collect())
}

/// What a source does to a process in all bins; `None` where it does not concern it.
pub(in crate::answers) fn effect(
    source: &Source,
    (at, process, nominal): (usize, &str, &Hist),
) -> Result<Option<Effect>> {
    let part = &source.parts[at];
    if !part.concerned {
        return Ok(None);
    }
    let own = source.per == Per::Process;
    Ok(Some(Effect {
        parameter: if own { format!("{}_{process}", source.name) } else { source.name.to_string() },
        shape_only: source.shape_only,
        norm: part.norm.filter(|_| part.is_norm()),
        up: part.towards(nominal, Up)?.counts(),
        down: part.towards(nominal, Down)?.counts(),
        moves: part.moves,
        bin: None,
    }))
}
