//! A data set: the lazy dict of processes.

use crate::catalog::{Catalog, Process};
use crate::error::{Error, Result};
use crate::group::Group;
use crate::settings::Settings;
use belle2::names::Grammar;
use hist::Number;
use polars::prelude::DataFrame;
use segment::Sealed;
use std::collections::HashMap;
use std::ops::{Deref, Index};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// All processes of a data set by name; also the group of everything, so that all steps and terminals of
/// [`Group`] work on it.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// assert_eq!(data.query("x > 1.5").count()?, 3);
/// assert_eq!(data["mumu"].count()?, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Data {
    everything: Group,
    looked_up: Sealed<Arc<LookedUp>>,
}

/// Groups that `data[name]` has given out. They live as long as the data set, as `Index` gives references.
#[derive(Default)]
struct LookedUp(Mutex<HashMap<String, &'static Group>>);

impl Deref for Data {
    type Target = Group;

    fn deref(&self) -> &Group {
        &self.everything
    }
}

impl Index<&str> for Data {
    type Output = Group;

    /// A process by its name, or else a group; a miss is a group whose terminals say what there is.
    fn index(&self, name: &str) -> &Group {
        let mut groups = self.looked_up.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = groups.get(name) {
            return group;
        }
        // A reference must outlive this call and the map may grow: the few names a notebook looks up are kept for good.
        let group: &'static Group = Box::leak(Box::new(self.everything.group(name)));
        groups.insert(name.to_owned(), group);
        group
    }
}

impl Index<&String> for Data {
    type Output = Group;

    fn index(&self, name: &String) -> &Group {
        &self[name.as_str()]
    }
}

impl Index<String> for Data {
    type Output = Group;

    fn index(&self, name: String) -> &Group {
        &self[name.as_str()]
    }
}

impl IntoIterator for &Data {
    type Item = (String, Group);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    /// Names of the processes, and a group of each.
    fn into_iter(self) -> Self::IntoIter {
        self.items()
    }
}

impl IntoIterator for Data {
    type Item = (String, Group);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.items()
    }
}

/// Bytes of so many gigabytes.
pub(crate) fn bytes(gigabytes: f64) -> u64 {
    (gigabytes.max(0.0) * 1e9) as u64
}

impl Data {
    pub(crate) fn of(catalog: Catalog, settings: Settings) -> Self {
        Self { everything: Group::all(Arc::new(catalog), Arc::new(settings)), looked_up: Sealed::default() }
    }

    /// Frames in memory as processes, by their names.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let data = data::Data::from_frames([("mumu", df!("mu1P" => [1.0, 2.5, 3.0])?)])?;
    /// assert_eq!(data.query("mu1P > 2").count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// No frame at all, or a name that comes twice.
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn from_frames<N: Into<String>>(frames: impl IntoIterator<Item = (N, DataFrame)>) -> Result<Self> {
        Self::of_frames(frames.into_iter().map(|(name, frame)| (name.into(), frame)).collect())
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn of_frames(frames: Vec<(String, DataFrame)>) -> Result<Self> {
        let grammar = Grammar::default();
        let mut processes = frames
            .into_iter()
            .map(|(name, frame)| Process::in_memory(&name, frame, &grammar))
            .collect::<Result<Vec<_>>>()?;
        processes.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(pair) = processes.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(Error::request(format!("two frames are called `{}`", pair[0].name)));
        }
        if processes.is_empty() {
            return Err(Error::request("there is no frame to make a data set of"));
        }
        Ok(Self::of(Catalog::of("memory", processes, &grammar, Vec::new()), Settings::default()))
    }

    /// The processes of both data sets as one; weights and limits are those of this one. A process that is in both has the
    /// rows of this one and then those of the other, which must have the same columns; the same files in both are an error,
    /// which the terminals say.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let more = data::Data::from_frames([("taupair", df!("x" => [5.0])?)])?;
    /// assert_eq!(data.concat(&more).count()?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn concat(&self, other: &Self) -> Self {
        Self { everything: self.everything.concat(&other.everything), looked_up: Sealed::default() }
    }

    fn with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = (*self.everything.parts.settings).clone();
        change(&mut settings);
        let everything = self.everything.changed(|parts| parts.settings = Arc::new(settings));
        Self { everything, looked_up: Sealed::default() }
    }

    /// Weights each process by its luminosity, from a TOML table.
    ///
    /// # Errors
    /// A file that cannot be read; a process without an entry, by name.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// # use polars::df;
    /// std::fs::write(folder.join("lumi.toml"), "[data]\n'4S_on' = 40.0\n[simulation.'4S_on']\nmumu = 160.0")?;
    /// let data = data::Data::from_frames([("P16M16rd_mc_mumu_p16_v1", df!("x" => [1.0, 2.0])?)])?;
    /// assert_eq!(data.luminosity(folder.join("lumi.toml"))?.hist("x", 2)?.sum(), 0.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn luminosity(&self, path: impl AsRef<Path>) -> Result<Self> {
        self.luminosity_at(path.as_ref())
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn luminosity_at(&self, path: &Path) -> Result<Self> {
        let table = belle2::luminosity::Luminosity::open(path)?;
        for process in &self.everything.parts.catalog.processes {
            let parsed = process.parsed.as_ref().ok_or_else(|| {
                Error::request(format!(
                    "process {}: the name follows no grammar, so it has no luminosity; give one with Loader::names",
                    process.name
                ))
            })?;
            table.weight(parsed)?;
        }
        Ok(self.with(|settings| settings.luminosity = Some(Arc::new(table))))
    }

    /// How much memory the engine may hold, in gigabytes (10^9 bytes).
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.memory_budget_gb(0.5).count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn memory_budget_gb(&self, gigabytes: impl Number) -> Self {
        self.with(|settings| settings.memory_budget = Some(bytes(gigabytes.to_f64())))
    }

    /// Keeps a record of every segment for `profiling_report()`. (`profile("x", 50, "y")` is the histogram of means,
    /// [`Group::profile`]; in cells `profile(true)` still means this switch.)
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let report = data.profiling(true).profiling_report();
    /// # let _ = report;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn profiling(&self, profile: bool) -> Self {
        self.with(|settings| settings.profile = profile)
    }

    /// Takes equal event keys in separate runs of rows for different events: for merged samples without
    /// production numbers, where keys repeat.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.consecutive_keys(true).one_cand_only().count()?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn consecutive_keys(&self, consecutive: bool) -> Self {
        self.with(|settings| settings.consecutive_keys = consecutive)
    }

    /// Lets long passes into histograms keep what they have done, every second, in this folder. Stopped, or killed with
    /// their kernel, they go on there when the same cell runs again over the same files, with the same answer bit for bit;
    /// at its end a pass takes its file away. Give the bins with their ranges: looking for ranges is a pass that begins anew.
    /// Functions of one's own (`define_with`) cannot be recognised in another session and are refused.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let folder = std::env::temp_dir().join("passes of a long night");
    /// let data = data::Data::from_frames([("mumu", df!("mu1P" => [1.0, 2.5, 3.0])?)])?;
    /// let h = data.checkpoint(&folder).query("mu1P > 2").hist("mu1P", (10, 0.0, 5.0))?;
    /// assert_eq!(h.sum(), 2.0);
    /// std::fs::remove_dir(&folder)?; // there is nothing in it anymore
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn checkpoint(&self, folder: impl AsRef<Path>) -> Self {
        let folder = folder.as_ref().to_owned();
        self.with(|settings| settings.checkpoints = Some(folder))
    }

    /// How many threads read and compute; otherwise as many as the machine has. No answer depends on it.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.threads(2).count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn threads(&self, threads: usize) -> Self {
        self.with(|settings| settings.threads = Some(threads.max(1)))
    }

    /// Rows of a unit of work; otherwise the engine chooses. No answer depends on it but the last digits of weighted sums.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.chunk_size(1_000).count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn chunk_size(&self, rows: usize) -> Self {
        self.with(|settings| settings.chunk_size = Some(rows.max(1)))
    }

    /// The columns that name an event, for one candidate per event and for cutflows: `event_keys(["run", "event"])`. Without
    /// it they are `__experiment__`, `__run__`, `__event__` and `__production__`, as far as they exist.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.event_keys(["k"]).one_cand_only().count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn event_keys(&self, columns: impl crate::steps::rows::Names) -> Self {
        self.with(|settings| settings.event_keys = columns.names())
    }

    /// What all runs of this data set cost so far, when profiling is on.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let data = data.profiling(true);
    /// data.hist("x", 2)?;
    /// assert!(data.profiling_report().segments > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn profiling_report(&self) -> show::Report {
        crate::lower::report::logged(&self.everything.parts.settings)
    }

    /// The same as [`profiling_report`](Data::profiling_report), under the name analysts know.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let data = data.profiling(true);
    /// data.hist("x", 2)?;
    /// assert!(data.get_profiling_report().segments > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_profiling_report(&self) -> show::Report {
        self.profiling_report()
    }

    pub(crate) fn of_everything(everything: Group) -> Self {
        Self { everything, looked_up: Sealed::default() }
    }

    /// Everything, as a group.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.all().count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn all(&self) -> &Group {
        &self.everything
    }
}

impl show::Display for Data {
    fn bundle(&self) -> show::Bundle {
        self.processes().bundle()
    }
}
