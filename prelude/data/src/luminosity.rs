//! Weights of processes: data luminosity over simulated luminosity.
//!
//! ```toml
//! [data."4S_on"]            # fb^-1 recorded, by energy and stream
//! proc = 357.3
//! prompt = 129.5
//! [simulation."4S_on"]      # fb^-1 simulated, by energy and sample
//! mumu = 1368.5
//! ```

use crate::error::{Error, Result};
use crate::names::ProcessName;
use std::collections::BTreeMap;
use std::path::Path;

/// Luminosities in fb⁻¹, as the user's table has them.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Luminosity {
    data: BTreeMap<String, BTreeMap<String, f64>>,
    simulation: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Luminosity {
    /// Reads a table from a file.
    ///
    /// # Errors
    /// A file that cannot be read, or is not such a table.
    pub fn open(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::request(format!("luminosity table {}: {error}", path.display())))?;
        Self::from_toml(&text).map_err(|error| Error::request(format!("luminosity table {}: {error}", path.display())))
    }

    /// Reads a table.
    ///
    /// # Errors
    /// Text that is not such a table, or a luminosity that is not a positive number.
    pub fn from_toml(text: &str) -> Result<Self> {
        let table: Self = toml::from_str(text).map_err(|error| Error::request(error.to_string()))?;
        for (energy, row) in table.data.iter().chain(&table.simulation) {
            for (key, value) in row {
                if !value.is_finite() || *value < 0.0 {
                    return Err(Error::request(format!("{energy}.{key} = {value} is not a luminosity in fb^-1")));
                }
            }
        }
        Ok(table)
    }

    /// Recorded luminosity at an energy, all streams together, in fb⁻¹.
    ///
    /// # Errors
    /// An energy that the table does not have.
    pub fn recorded(&self, energy: &str) -> Result<f64> {
        let row = self.data.get(energy).ok_or_else(|| self.unknown("data", energy, &self.data))?;
        Ok(row.values().sum())
    }

    /// The weight of every row of a process: 1 for data, recorded over simulated luminosity for simulation.
    ///
    /// # Errors
    /// An energy or a sample that the table does not have; never a silent 1.
    pub fn weight(&self, process: &ProcessName) -> Result<f64> {
        let Some(sample) = &process.sample else { return Ok(1.0) };
        let energy = process.energy.as_deref().unwrap_or_default();
        let row = self.simulation.get(energy).ok_or_else(|| self.unknown("simulation", energy, &self.simulation))?;
        let simulated = *row.get(sample).ok_or_else(|| {
            let have: Vec<_> = row.keys().map(String::as_str).collect();
            Error::request(format!(
                "no luminosity for `{sample}` at {energy} (process {}); the table has {}",
                process.name,
                have.join(", ")
            ))
        })?;
        if simulated == 0.0 {
            return Err(Error::request(format!(
                "luminosity of `{sample}` at {energy} is 0 (process {})",
                process.name
            )));
        }
        Ok(self.recorded(energy)? / simulated)
    }

    fn unknown(&self, what: &str, energy: &str, table: &BTreeMap<String, BTreeMap<String, f64>>) -> Error {
        let have: Vec<_> = table.keys().map(String::as_str).collect();
        Error::request(format!("no {what} luminosity at energy `{energy}`; the table has {}", have.join(", ")))
    }
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
        mumu = 160.0
        ee = 4.0
        eeee = 40.0
        eemumu = 40.0
    "#;

    fn weight(name: &str) -> Result<f64> {
        Luminosity::from_toml(TABLE)?.weight(&Grammar::default().parse(name)?)
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
    fn what_the_table_does_not_have_is_an_error() {
        let error = weight("P16M16rd_mcoff_taupair_p16_v1").unwrap_err().to_string();
        assert!(error.contains("no luminosity for `taupair` at 4S_offres"), "{error}");
        assert!(weight("P16M16rd_mc5S_mumu_p16_v1").unwrap_err().to_string().contains("5S_scan"));
        assert!(Luminosity::from_toml("[data]\n'4S_on' = 3").is_err());
    }
}
