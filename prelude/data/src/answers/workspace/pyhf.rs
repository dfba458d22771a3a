//! HistFactory JSON, as pyhf reads it.

use crate::answers::workspace::model::{Channel, Effect, Process, Workspace};
use crate::error::{Error, Result};
use serde_json::{Value, json};
use std::path::Path;

impl Workspace {
    /// Writes HistFactory JSON (pyhf). A source of shape and yield is a `normsys` and a `histosys` of one name; statistics is
    /// `staterror_<channel>`; signals and free yields are `normfactor` with bounds from 0 to 10.
    ///
    /// pyhf adds shapes bin by bin and interpolates yields (code4p and code4, as cabinetry does); combine interpolates fractions
    /// of bins and the logarithm of the yield, so that the two fits are not the same model.
    ///
    /// # Errors
    /// A yield that is not above 0 in a universe, for which there is no factor; a file that cannot be written.
    ///
    /// ```
    /// # use polars::df;
    /// # let (signal, mumu) = (df!("x" => [0.5, 1.5])?, df!("x" => [0.5, 0.6])?);
    /// # let sr = data::Data::from_frames([("signal", signal), ("mumu", mumu)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let observed = data::Data::from_frames([("data", df!("x" => [0.5, 0.7, 1.5])?)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let model = data::workspace().channel("SR", &sr, &observed).signal("mu", "signal");
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// model.pyhf(folder.join("model.json"))?;
    /// assert!(std::fs::read_to_string(folder.join("model.json"))?.contains("staterror_SR"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pyhf(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let text = serde_json::to_string_pretty(&self.to_json()?);
        let text = text.map_err(|error| Error::request(format!("workspace: {error}")))?;
        std::fs::write(path, text + "\n")
            .map_err(|error| Error::request(format!("cannot write {}: {error}", path.display())))
    }

    /// The same as a value.
    ///
    /// # Errors
    /// See [`Workspace::pyhf`].
    ///
    /// ```
    /// # use polars::df;
    /// # let (signal, mumu) = (df!("x" => [0.5, 1.5])?, df!("x" => [0.5, 0.6])?);
    /// # let sr = data::Data::from_frames([("signal", signal), ("mumu", mumu)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let observed = data::Data::from_frames([("data", df!("x" => [0.5, 0.7, 1.5])?)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let model = data::workspace().channel("SR", &sr, &observed).signal("mu", "signal");
    /// assert_eq!(model.to_json()?["channels"][0]["name"], "SR");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_json(&self) -> Result<Value> {
        self.complete()?;
        let channels = self.channels.iter().map(|channel| {
            let samples = channel.processes.iter().map(|process| self.sample(channel, process));
            Ok(json!({ "name": channel.name, "samples": samples.collect::<Result<Vec<_>>>()? }))
        });
        let observations = self.channels.iter().map(|one| json!({ "name": one.name, "data": one.observed }));
        let free = self.signals.iter().chain(&self.free).map(|one| one.parameter.as_str());
        let mut parameters: Vec<&str> = Vec::new();
        free.for_each(|name| {
            if !parameters.contains(&name) {
                parameters.push(name);
            }
        });
        let parameters = parameters.iter().map(|name| json!({ "name": name, "bounds": [[0, 10]], "inits": [1.0] }));
        Ok(json!({
            "version": "1.0.0",
            "channels": channels.collect::<Result<Vec<_>>>()?,
            "observations": observations.collect::<Vec<_>>(),
            "measurements": [{
                "name": "measurement",
                "config": { "poi": self.signals[0].parameter, "parameters": parameters.collect::<Vec<_>>() },
            }],
        }))
    }

    fn sample(&self, channel: &Channel, process: &Process) -> Result<Value> {
        let statistics = format!("staterror_{}", channel.name);
        let mut modifiers = vec![json!({ "name": statistics, "type": "staterror", "data": process.errors })];
        for effect in process.effects.iter().filter(|effect| !effect.is_nothing(&process.nominal)) {
            modifiers.extend(of_source(effect, process, channel)?);
        }
        let factor = |name: &str| json!({ "name": name, "type": "normfactor", "data": null });
        modifiers.extend(self.factors_of(&process.name).map(factor));
        Ok(json!({ "name": process.name, "data": process.nominal, "modifiers": modifiers }))
    }
}

/// The modifiers of one source.
fn of_source(effect: &Effect, process: &Process, channel: &Channel) -> Result<Vec<Value>> {
    let name = &effect.parameter;
    let (hi, lo) = effect.factors(&process.nominal);
    if !(hi.is_finite() && lo.is_finite() && hi > 0.0 && lo > 0.0) {
        return Err(Error::request(format!(
            "channel `{}`, process `{}`, source `{name}`: the yields up and down are {hi} and {lo} times nominal; a factor must \
             be above 0. Use wider regions, or leave the source out there: .only([..])",
            channel.name, process.name
        )));
    }
    let mut modifiers = Vec::new();
    let shape = effect.norm.is_none() && process.nominal.len() > 1;
    if shape && effect.bin.is_some() {
        // One bin alone: a factor of the yield would change all others between the universes.
        let data = json!({ "hi_data": effect.up, "lo_data": effect.down });
        return Ok(vec![json!({ "name": name, "type": "histosys", "data": data })]);
    }
    if !(effect.shape_only && shape) {
        modifiers.push(json!({ "name": name, "type": "normsys", "data": { "hi": hi, "lo": lo } }));
    }
    if shape {
        let [up, down] = effect.shapes(&process.nominal);
        modifiers.push(json!({ "name": name, "type": "histosys", "data": { "hi_data": up, "lo_data": down } }));
    }
    Ok(modifiers)
}
