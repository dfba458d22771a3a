//! Lists of good runs: `query!("@good(__experiment__, __run__)")`.

use crate::error::{Error, Result};
use cut::{Given, Lookup, Wanted};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Reads a list of good runs: JSON with, for each run, the ranges of luminosity sections that are good, both ends
/// included: `{"1": [[1, 33], [35, 60]], "2": [[1, 20]]}`. For Belle II the outer number is the experiment and the ranges are
/// runs.
///
/// # Errors
/// When the file cannot be opened or is no such list: the message says where.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("good.json");
/// # std::fs::write(&path, r#"{"1": [[1, 33], [35, 60]], "2": [[1, 20]]}"#)?;
/// let good = data::good_runs(&path)?;
/// assert!(good.holds(2, 20) && !good.holds(2, 21));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
pub fn good_runs(path: impl AsRef<Path>) -> Result<GoodRuns> {
    let path = path.as_ref();
    let wrong = |reason: String| Error::request(format!("{}: {reason}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    GoodRuns::parse(&text).map_err(wrong)
}

/// A list of good runs, which a selection can ask: `data.query("@good(run, luminosityBlock)").bind("good", good)`.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("good.json");
/// # std::fs::write(&path, r#"{"1": [[1, 33], [35, 60]], "2": [[1, 20]]}"#)?;
/// # let data = data::Data::from_frames([("mumu", polars::df!("run" => [1, 1, 3], "block" => [33, 34, 1])?)])?;
/// let good = data::good_runs(&path)?;
/// assert_eq!(data.query("@good(run, block)").bind("good", &good).count()?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoodRuns(Arc<BTreeMap<i64, Vec<[i64; 2]>>>);

impl GoodRuns {
    /// Reads the list from its text.
    ///
    /// ```
    /// let good = data::GoodRuns::parse(r#"{"7": [[1, 33], [35, 60]]}"#).unwrap();
    /// assert!(good.holds(7, 33) && !good.holds(7, 34) && !good.holds(8, 1));
    /// ```
    ///
    /// # Errors
    /// In words, with the place.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        let runs: BTreeMap<String, Vec<[i64; 2]>> =
            serde_json::from_str(text).map_err(|error| format!("no list of good runs: {error}"))?;
        let mut all = BTreeMap::new();
        for (run, mut ranges) in runs {
            let number: i64 = run.trim().parse().map_err(|_| format!("`{run}` is no number of a run"))?;
            ranges.sort_unstable();
            if let Some([first, last]) = ranges.iter().find(|[first, last]| first > last) {
                return Err(format!("run {number}: the range from {first} to {last} is empty"));
            }
            if all.insert(number, ranges).is_some() {
                return Err(format!("run {number} is there twice"));
            }
        }
        Ok(Self(Arc::new(all)))
    }

    /// Whether a section of a run is good.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("good.json");
    /// # std::fs::write(&path, r#"{"1": [[1, 33], [35, 60]], "2": [[1, 20]]}"#)?;
    /// let good = data::good_runs(&path)?;
    /// assert!(good.holds(1, 35) && !good.holds(1, 34));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn holds(&self, run: i64, section: i64) -> bool {
        self.0.get(&run).is_some_and(|ranges| ranges.iter().any(|[first, last]| (*first..=*last).contains(&section)))
    }

    /// The numbers of the runs in the list.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("good.json");
    /// # std::fs::write(&path, r#"{"1": [[1, 33], [35, 60]], "2": [[1, 20]]}"#)?;
    /// assert_eq!(data::good_runs(&path)?.runs(), [1, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn runs(&self) -> Vec<i64> {
        self.0.keys().copied().collect()
    }
}

impl Lookup for GoodRuns {
    fn name(&self) -> &str {
        "good runs"
    }

    fn inputs(&self) -> Vec<Wanted> {
        ["run", "section"].map(|name| Wanted { name: name.to_owned(), text: false }).to_vec()
    }

    fn least(&self) -> usize {
        2
    }

    fn refuses(&self, _: usize, _: &str) -> Option<String> {
        None
    }

    fn is_condition(&self) -> bool {
        true
    }

    fn value(&self, given: &[Given<'_>]) -> std::result::Result<f64, String> {
        let whole = |given: Given<'_>| match given {
            Given::Integer(value) => Ok(Some(value)),
            Given::Number(value) if value.is_nan() => Ok(None),
            Given::Number(value) if value.fract() == 0.0 && value.abs() < 9e15 => Ok(Some(value as i64)),
            Given::Number(value) => Err(format!("{value} is no number of a run")),
            Given::Text(_) | Given::Missing => Ok(None),
        };
        match given {
            [run, section] => match (whole(*run)?, whole(*section)?) {
                (Some(run), Some(section)) => Ok(f64::from(u8::from(self.holds(run, section)))),
                _ => Ok(0.0),
            },
            _ => Ok(0.0),
        }
    }

    fn identity(&self) -> String {
        format!("good runs {:?}", self.0)
    }
}

impl From<GoodRuns> for cut::Value {
    fn from(runs: GoodRuns) -> Self {
        Self::table(runs)
    }
}

impl From<&GoodRuns> for cut::Value {
    fn from(runs: &GoodRuns) -> Self {
        Self::table(runs.clone())
    }
}

impl show::Display for GoodRuns {
    fn bundle(&self) -> show::Bundle {
        let mut table = show::Table::new(["run", "good sections"]).caption("good runs");
        for (run, ranges) in self.0.iter() {
            let ranges: Vec<String> = ranges.iter().map(|[first, last]| format!("{first} to {last}")).collect();
            table.push([show::Cell::text(run.to_string()), show::Cell::text(ranges.join(", "))]);
        }
        table.bundle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;

    #[test]
    fn runs_are_conditions() {
        let good = GoodRuns::parse(r#"{"1": [[1, 3], [5, 5]], "2": []}"#).unwrap();
        let frame = df!("run" => [1, 1, 1, 2, 1], "block" => [Some(3_u32), Some(4), Some(5), Some(1), None]).unwrap();
        let data = crate::Data::from_frames([("mumu", frame)]).unwrap();
        assert_eq!(data.query("@good(run, block)").bind("good", &good).row_numbers().unwrap(), [0, 2]);
        assert_eq!(data.query("~@good(run, block) & run == 1").bind("good", &good).row_numbers().unwrap(), [1, 4]);
        assert!(GoodRuns::parse("[1]").unwrap_err().starts_with("no list of good runs"));
        assert!(GoodRuns::parse(r#"{"a": []}"#).unwrap_err().contains("`a` is no number of a run"));
        assert!(GoodRuns::parse(r#"{"1": [[3, 1]]}"#).unwrap_err().contains("from 3 to 1 is empty"));
    }
}
