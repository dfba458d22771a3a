//! Weights of processes: data luminosity over simulated luminosity, each of the process's own energy and stream.
//!
//! ```toml
//! [data."4S_on"]                            # fb^-1 recorded, by energy and stream
//! proc = 357.3                              # all reprocessings p16, p17, ...; `p16` names one of them
//! prompt = 129.5
//! [simulation."4S_on"]                      # fb^-1 simulated, by energy and sample
//! mumu = 1368.5                             # the same in every stream
//! ee = { proc = 34.2, prompt = 12.4 }       # or by stream
//! [data]
//! "5S_scan" = 19.6                          # all streams together: every stream of simulation is scaled to it
//! ```

use crate::names::ProcessName;
use std::collections::BTreeMap;
use std::path::Path;

/// Luminosities in fb⁻¹, as the user's table has them.
///
/// ```
/// # use belle2::luminosity::Luminosity;
/// # use belle2::names::Grammar;
/// # let table = Luminosity::from_toml("[data]\n'4S_on' = 40.0\n[simulation.'4S_on']\nmumu = 160.0")?;
/// assert_eq!(table.weight(&Grammar::default().parse("P16M16rd_mc_mumu_p16_v1")?)?, 0.25);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Luminosity {
    data: BTreeMap<String, ByStream>,
    simulation: BTreeMap<String, BTreeMap<String, ByStream>>,
}

/// One luminosity for all streams, or one of each.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(untagged, expecting = "a luminosity in fb^-1, or one for each stream")]
enum ByStream {
    Any(f64),
    Each(BTreeMap<String, f64>),
}

impl ByStream {
    fn values(&self) -> Vec<(&str, f64)> {
        match self {
            Self::Any(value) => vec![("", *value)],
            Self::Each(streams) => streams.iter().map(|(stream, value)| (stream.as_str(), *value)).collect(),
        }
    }

    /// The luminosity of a stream: of its own name, or for `p16` that of all reprocessings, `proc`. A process whose name
    /// has no stream takes the only one there is.
    fn of(&self, stream: Option<&str>) -> Option<f64> {
        match (self, stream) {
            (Self::Any(value), _) => Some(*value),
            (Self::Each(streams), Some(stream)) => {
                let reprocessing =
                    stream.strip_prefix('p').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
                streams.get(stream).or_else(|| streams.get("proc").filter(|_| reprocessing)).copied()
            }
            (Self::Each(streams), None) if streams.len() == 1 => streams.values().next().copied(),
            (Self::Each(_), None) => None,
        }
    }
}

/// Why a luminosity table cannot be used, or does not say what is asked.
///
/// ```
/// # use belle2::luminosity::Luminosity;
/// # use belle2::names::Grammar;
/// # let table = Luminosity::from_toml("[data]\n'4S_on' = 40.0\n[simulation.'4S_on']\nmumu = 160.0")?;
/// use belle2::luminosity::LuminosityError;
/// assert!(matches!(table.recorded("5S", None), Err(LuminosityError::Energy { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LuminosityError {
    /// A file that cannot be read, or is no table.
    #[error("luminosity table {path}: {why}")]
    File {
        /// The path.
        path: String,
        /// What the system or the parser says.
        why: String,
    },
    /// A text that is no table.
    #[error("{0}")]
    Text(String),
    /// A luminosity that is not a number of at least 0.
    #[error("{key} = {value} is not a luminosity in fb^-1")]
    Value {
        /// The place in the table.
        key: String,
        /// The text at that place.
        value: f64,
    },
    /// An energy that the table does not have.
    #[error("no {what} luminosity at energy `{energy}`; the table has {have}")]
    Energy {
        /// `data` or `simulation`.
        what: &'static str,
        /// What was asked for.
        energy: String,
        /// What there is.
        have: String,
    },
    /// A sample that the table does not have.
    #[error("no luminosity for `{sample}` at {energy}; the table has {have}")]
    Sample {
        /// What was asked for.
        sample: String,
        /// At which energy.
        energy: String,
        /// What there is.
        have: String,
    },
    /// A stream that the table does not have.
    #[error(
        "no {what} luminosity at {energy} {which}; the table has {have}; one number instead of streams counts for all"
    )]
    Stream {
        /// `data`, or the sample.
        what: String,
        /// At which energy.
        energy: String,
        /// The stream, in words.
        which: String,
        /// What there is.
        have: String,
    },
    /// A simulated luminosity of 0.
    #[error("luminosity of `{sample}` at {energy} is 0")]
    Zero {
        /// The sample.
        sample: String,
        /// Its energy.
        energy: String,
    },
    /// A process that gets no weight, and why.
    #[error("process {process}: {why}")]
    Process {
        /// Its name.
        process: String,
        /// What is missing.
        why: Box<LuminosityError>,
    },
}

type Result<T> = std::result::Result<T, LuminosityError>;

impl Luminosity {
    /// Reads a table from a file.
    ///
    /// # Errors
    /// A file that cannot be read, or is not such a table.
    ///
    /// ```
    /// use belle2::luminosity::Luminosity;
    /// assert!(Luminosity::open(std::path::Path::new("no such file.toml")).is_err());
    /// ```
    pub fn open(path: &Path) -> Result<Self> {
        let wrong = |why: String| LuminosityError::File { path: path.display().to_string(), why };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        Self::from_toml(&text).map_err(|error| wrong(error.to_string()))
    }

    /// Reads a table.
    ///
    /// # Errors
    /// Text that is not such a table, or a luminosity that is not a positive number.
    ///
    /// ```
    /// use belle2::luminosity::Luminosity;
    /// assert!(Luminosity::from_toml("[data]\n'4S_on' = 40.0\n[simulation.'4S_on']\nmumu = 160.0").is_ok());
    /// assert!(Luminosity::from_toml("[data]\n'4S_on' = -40.0\n[simulation]").is_err());
    /// ```
    pub fn from_toml(text: &str) -> Result<Self> {
        let table: Self = toml::from_str(text).map_err(|error| LuminosityError::Text(error.to_string()))?;
        let data = table.data.iter().map(|(energy, streams)| (energy.clone(), streams));
        let simulated = |(energy, samples): (&String, &'_ BTreeMap<String, ByStream>)| -> Vec<(String, ByStream)> {
            samples.iter().map(|(sample, streams)| (format!("{energy}.{sample}"), streams.clone())).collect()
        };
        let simulation: Vec<_> = table.simulation.iter().flat_map(simulated).collect();
        for (key, streams) in data.chain(simulation.iter().map(|(key, streams)| (key.clone(), streams))) {
            for (stream, value) in streams.values() {
                if !value.is_finite() || value < 0.0 {
                    let dot = if stream.is_empty() { "" } else { "." };
                    return Err(LuminosityError::Value { key: format!("{key}{dot}{stream}"), value });
                }
            }
        }
        Ok(table)
    }

    /// Recorded luminosity at an energy in a stream, in fb⁻¹.
    ///
    /// # Errors
    /// An energy or a stream that the table does not have.
    ///
    /// ```
    /// # use belle2::luminosity::Luminosity;
    /// # use belle2::names::Grammar;
    /// # let table = Luminosity::from_toml("[data]\n'4S_on' = 40.0\n[simulation.'4S_on']\nmumu = 160.0")?;
    /// assert_eq!(table.recorded("4S_on", None)?, 40.0);
    /// assert!(table.recorded("5S", None).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recorded(&self, energy: &str, stream: Option<&str>) -> Result<f64> {
        let streams = self.data.get(energy).ok_or_else(|| unknown("data", energy, &self.data))?;
        streams.of(stream).ok_or_else(|| no_stream("data", energy, stream, streams))
    }

    /// The weight of every row of a process: 1 for data; for simulation recorded over simulated luminosity, both of its
    /// energy and stream.
    ///
    /// # Errors
    /// An energy, a stream or a sample that the table does not have; never a silent 1.
    ///
    /// ```
    /// # use belle2::luminosity::Luminosity;
    /// # use belle2::names::Grammar;
    /// # let table = Luminosity::from_toml("[data]\n'4S_on' = 40.0\n[simulation.'4S_on']\nmumu = 160.0")?;
    /// assert_eq!(table.weight(&Grammar::default().parse("P16M16rd_data_p16_v2")?)?, 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn weight(&self, process: &ProcessName) -> Result<f64> {
        let Some(sample) = &process.sample else { return Ok(1.0) };
        let of = |why| LuminosityError::Process { process: process.name.clone(), why: Box::new(why) };
        let energy = process.energy.as_deref().unwrap_or_default();
        let stream = process.stream.as_deref();
        let row = self.simulation.get(energy).ok_or_else(|| of(unknown("simulation", energy, &self.simulation)))?;
        let streams = row.get(sample).ok_or_else(|| {
            of(LuminosityError::Sample { sample: sample.clone(), energy: energy.to_owned(), have: listed(row.keys()) })
        })?;
        let simulated =
            streams.of(stream).ok_or_else(|| of(no_stream(&format!("`{sample}`"), energy, stream, streams)))?;
        if simulated == 0.0 {
            return Err(of(LuminosityError::Zero { sample: sample.clone(), energy: energy.to_owned() }));
        }
        Ok(self.recorded(energy, stream).map_err(of)? / simulated)
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn unknown<T>(what: &'static str, energy: &str, table: &BTreeMap<String, T>) -> LuminosityError {
    LuminosityError::Energy { what, energy: energy.to_owned(), have: listed(table.keys()) }
}

fn no_stream(what: &str, energy: &str, stream: Option<&str>, streams: &ByStream) -> LuminosityError {
    let have: Vec<_> = streams.values().into_iter().map(|(stream, _)| stream).collect();
    let which = match stream {
        Some(stream) => format!("in stream `{stream}`"),
        None => "for a name without stream".to_owned(),
    };
    LuminosityError::Stream { what: what.to_owned(), energy: energy.to_owned(), which, have: have.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Grammar;

    const TABLE: &str = r#"
        [data."4S_offres"]
        proc = 30.0
        prompt = 10.0
        [simulation."4S_offres"]
        mumu = 120.0
        ee = 3.0
        eeee = { p16 = 30.0, prompt = 5.0 }
        eemumu = { proc = 30.0 }
    "#;

    fn weight(name: &str) -> Result<f64> {
        Luminosity::from_toml(TABLE)?.weight(&Grammar::default().parse(name).unwrap())
    }

    #[test]
    fn samples_that_contain_one_another_have_their_own_weight() {
        assert_eq!(weight("P16M16rd_mcoff_ee_p16_v1").unwrap(), 10.0);
        assert_eq!(weight("P16M16rd_mcoff_eeee_p16_v1").unwrap(), 1.0);
        assert_eq!(weight("P16M16rd_mcoff_mumu_p16_v1").unwrap(), 0.25);
        assert_eq!(weight("P16M16rd_mcoff_eemumu_p16_v1").unwrap(), 1.0);
        assert_eq!(weight("P16M16rd_dataoff_p16_v2").unwrap(), 1.0);
    }

    #[test]
    fn every_stream_has_its_own_luminosity() {
        assert_eq!(weight("P16M16rd_mcoff_mumu_prompt_v1").unwrap(), 10.0 / 120.0);
        assert_eq!(weight("P16M16rd_mcoff_eeee_prompt_v1").unwrap(), 2.0);
        assert_eq!(weight("P17M16rd_mcoff_mumu_p17_v1").unwrap(), 0.25, "proc is every reprocessing");
        let error = weight("P16M16rd_mcoff_eemumu_prompt_v1").unwrap_err().to_string();
        assert!(error.contains("`eemumu` luminosity at 4S_offres in stream `prompt`; the table has proc"), "{error}");
    }

    #[test]
    fn one_number_counts_for_all_streams() {
        let table = Luminosity::from_toml("[data]\n'4S_on' = 40.0\n[simulation.'4S_on']\nmumu = 160.0").unwrap();
        for stream in ["p16", "prompt"] {
            let name = Grammar::default().parse(&format!("P16M16rd_mc_mumu_{stream}_v1")).unwrap();
            assert_eq!(table.weight(&name).unwrap(), 0.25);
        }
    }

    #[test]
    fn what_the_table_does_not_have_is_an_error() {
        let error = weight("P16M16rd_mcoff_taupair_p16_v1").unwrap_err().to_string();
        assert!(error.contains("no luminosity for `taupair` at 4S_offres"), "{error}");
        assert!(weight("P16M16rd_mc5S_mumu_p16_v1").unwrap_err().to_string().contains("5S_scan"));
        let error = |text: &str| Luminosity::from_toml(text).unwrap_err().to_string();
        assert!(error("[data]\n'4S_on' = 'much'\n[simulation]").contains("a luminosity in fb^-1"));
        assert!(error("[data]\n'4S_on' = 1\n[simulation.'4S_on']\nee = { p16 = -2 }").contains("4S_on.ee.p16 = -2"));
    }
}
