//! A card for combine, and its shapes as TH1D in a ROOT file.

use crate::answers::workspace::model::{Channel, Effect, Process, Workspace};
use crate::error::{Error, Result};
use hist::{Axis, Hist};
use std::fmt::Write as _;
use std::path::Path;

const NOTE: &str = "# combine interpolates fractions of bins and the logarithm of the yield; pyhf adds shapes bin by bin (code4p).\n\
                    # The two fits are not the same model.\n";

impl Workspace {
    /// Writes `card.txt` and `shapes.root` into a folder, for CMS's combine. A source of shape and yield is `shape 1`, one of
    /// the yield alone `lnN`; statistics is `autoMCStats 0`; free yields are `rateParam`.
    ///
    /// # Errors
    /// A folder or file that cannot be written; a signal strength of several names, which a card does not have.
    ///
    /// ```
    /// # use polars::df;
    /// # let (signal, mumu) = (df!("x" => [0.5, 1.5])?, df!("x" => [0.5, 0.6])?);
    /// # let sr = data::Data::from_frames([("signal", signal), ("mumu", mumu)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let observed = data::Data::from_frames([("data", df!("x" => [0.5, 0.7, 1.5])?)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let model = data::workspace().channel("SR", &sr, &observed).signal("mu", "signal");
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// model.combine(folder)?;
    /// assert!(folder.join("card.txt").exists() && folder.join("shapes.root").exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn combine(&self, folder: impl AsRef<Path>) -> Result<()> {
        self.complete()?;
        let folder = folder.as_ref();
        let wrong = |error: std::io::Error| Error::request(format!("cannot write {}: {error}", folder.display()));
        std::fs::create_dir_all(folder).map_err(wrong)?;
        let mut shapes: Vec<(String, Hist)> = Vec::new();
        for channel in &self.channels {
            shapes.extend(channel.shapes()?);
        }
        let named = shapes.iter().map(|(name, hist)| (name.as_str(), hist));
        hist::write_root(folder.join("shapes.root"), named)?;
        std::fs::write(folder.join("card.txt"), self.card()?).map_err(wrong)
    }

    /// The text of the card.
    fn card(&self) -> Result<String> {
        let columns: Vec<(&Channel, &Process)> =
            self.channels.iter().flat_map(|channel| channel.processes.iter().map(move |one| (channel, one))).collect();
        let mut text = String::from(NOTE);
        let mut line = |words: String| {
            let _ = writeln!(text, "{}", words.trim_end());
        };
        let row = |head: &str, cells: &dyn Fn(&Channel, &Process) -> String| {
            let cells = columns.iter().map(|(channel, process)| format!(" {:>14}", cells(channel, process)));
            format!("{head:<24}{}", cells.collect::<String>())
        };
        line(format!(
            "imax {} number of channels\njmax * number of processes - 1\nkmax * number of sources",
            self.channels.len()
        ));
        line("shapes * * shapes.root $CHANNEL_$PROCESS $CHANNEL_$PROCESS_$SYSTEMATIC".to_owned());
        let each = |cell: &dyn Fn(&Channel) -> String| {
            self.channels.iter().map(|one| format!(" {:>14}", cell(one))).collect::<String>()
        };
        line(format!("{:<24}{}", "bin", each(&|one| one.name.clone())));
        line(format!("{:<24}{}", "observation", each(&|one| one.observed.iter().sum::<f64>().to_string())));
        line(row("bin", &|channel, _| channel.name.clone()));
        line(row("process", &|_, process| process.name.clone()));
        line(row("process", &|_, process| self.number(&process.name).to_string()));
        line(row("rate", &|_, process| process.nominal.iter().sum::<f64>().to_string()));
        for (parameter, kind) in self.sources()? {
            line(row(&format!("{parameter:<16} {kind}"), &|_, process| process.cell(&parameter, kind)));
        }
        for one in &self.free {
            line(format!("{} rateParam * {} 1 [0,10]", one.parameter, one.process));
        }
        line("* autoMCStats 0".to_owned());
        Ok(text)
    }

    /// The number of a process: signals are 0 and below, others above.
    fn number(&self, process: &str) -> i64 {
        if let Some(at) = self.signals.iter().position(|one| one.process == process) {
            return -(at as i64);
        }
        let mut others: Vec<&str> = Vec::new();
        for one in self.channels.iter().flat_map(|channel| &channel.processes) {
            if !others.contains(&one.name.as_str()) && !self.signals.iter().any(|signal| signal.process == one.name) {
                others.push(&one.name);
            }
        }
        others.iter().position(|name| *name == process).map_or(0, |at| at as i64 + 1)
    }

    /// The nuisance parameters and their kinds.
    fn sources(&self) -> Result<Vec<(String, &'static str)>> {
        if let Some(other) = self.signals.iter().find(|one| one.parameter != self.signals[0].parameter) {
            return Err(Error::request(format!(
                "combine: a card has one signal strength `r`, and here are `{}` and `{}`",
                self.signals[0].parameter, other.parameter
            )));
        }
        let mut sources: Vec<(String, &'static str)> = Vec::new();
        for process in self.channels.iter().flat_map(|channel| &channel.processes) {
            for effect in process.effects.iter().filter(|effect| !effect.is_nothing(&process.nominal)) {
                let kind = if effect.norm.is_some() { "lnN" } else { "shape" };
                match sources.iter().find(|(name, _)| *name == effect.parameter) {
                    Some((_, known)) if *known != kind => {
                        let text = "it is of the yield alone in one process, of the shape in another";
                        return Err(Error::request(format!("combine: source `{}`: {text}", effect.parameter)));
                    }
                    Some(_) => {}
                    None => sources.push((effect.parameter.clone(), kind)),
                }
            }
        }
        Ok(sources)
    }
}

impl Process {
    /// What stands in the row of a source.
    fn cell(&self, parameter: &str, kind: &str) -> String {
        let own = |effect: &&Effect| effect.parameter == parameter && !effect.is_nothing(&self.nominal);
        match (self.effects.iter().find(own), kind) {
            (None, _) => "-".to_owned(),
            (Some(_), "shape") => "1".to_owned(),
            (Some(effect), _) => {
                let (up, down) = effect.factors(&self.nominal);
                if (up + down - 2.0).abs() < 1e-12 { format!("{up}") } else { format!("{down}/{up}") }
            }
        }
    }
}

impl Channel {
    /// All templates of the region by their names.
    fn shapes(&self) -> Result<Vec<(String, Hist)>> {
        let axis = match &self.axis {
            Some(axis) => axis.clone(),
            None => Axis::regular(self.observed.len(), 0.0, self.observed.len() as f64)?,
        };
        let mut shapes = vec![(format!("{}_data_obs", self.name), filled(&axis, &self.observed, None)?)];
        for process in &self.processes {
            let name = format!("{}_{}", self.name, process.name);
            for effect in &process.effects {
                if effect.norm.is_some() || effect.is_nothing(&process.nominal) {
                    continue;
                }
                let [up, down] = match effect.shape_only {
                    true => effect.shapes(&process.nominal),
                    false => [effect.up.clone(), effect.down.clone()],
                };
                shapes.push((format!("{name}_{}Up", effect.parameter), filled(&axis, &up, None)?));
                shapes.push((format!("{name}_{}Down", effect.parameter), filled(&axis, &down, None)?));
            }
            shapes.push((name, filled(&axis, &process.nominal, Some(&process.errors))?));
        }
        Ok(shapes)
    }
}

/// A histogram with these contents.
fn filled(axis: &Axis, values: &[f64], errors: Option<&[f64]>) -> Result<Hist> {
    let variances: Vec<f64> = match errors {
        Some(errors) => errors.iter().map(|error| error * error).collect(),
        None => values.iter().map(|value| value.abs()).collect(),
    };
    Ok(Hist::of_contents(axis.clone(), values, &variances)?)
}
