//! A data set: the lazy dict of processes.

use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::names::Grammar;
use crate::settings::Settings;
use std::collections::HashMap;
use std::ops::{Deref, Index};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// All processes of a data set by name; also the group of everything, so that all steps and terminals of
/// [`Group`] work on it.
#[derive(Clone)]
pub struct Data {
    everything: Group,
    looked_up: Arc<LookedUp>,
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

/// Opens a file, a directory of processes, or a glob; reads metadata only.
///
/// ```no_run
/// let data = data::load("ntuples")?;
/// data["mumu"].query("pRecoil > 2.0").one_cand_only().hist("mu1P", 50)?;
/// # Ok::<(), data::Error>(())
/// ```
///
/// # Errors
/// A path that is not there or has nothing to read, files of a process that disagree.
pub fn load(path: impl AsRef<Path>) -> Result<Data> {
    Loader::new(path).load()
}

/// How the framework this grew out of opened its data; the same as [`load`], with its options as methods.
pub fn load_belle2_vpho_integrated(base_dir: impl AsRef<Path>) -> Loader {
    Loader::new(base_dir)
}

/// A data set to be opened, with options.
#[derive(Debug, Clone)]
#[must_use = "nothing is opened before .load()"]
pub struct Loader {
    path: String,
    grammar: Grammar,
    process_filter: Option<String>,
    settings: Settings,
}

impl Loader {
    /// Opens `path` when asked to.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_string_lossy().into_owned();
        Self { path, grammar: Grammar::default(), process_filter: None, settings: Settings::default() }
    }

    /// Reads names by this grammar.
    pub fn names(mut self, grammar: Grammar) -> Self {
        self.grammar = grammar;
        self
    }

    /// Opens only processes that match a glob, or contain the text.
    pub fn process_filter(mut self, filter: impl Into<String>) -> Self {
        self.process_filter = Some(filter.into());
        self
    }

    /// Keeps a record of every operation and segment for `profiling_report()`.
    pub fn enable_profiling(mut self, profile: bool) -> Self {
        self.settings.profile = profile;
        self
    }

    /// The speed that reports compare with, in rows per second.
    pub fn performance_target_rows_per_sec(mut self, rows: u64) -> Self {
        self.settings.target_rows_per_second = Some(rows as f64);
        self
    }

    /// How much memory the engine may hold, in units of 2^30 bytes.
    pub fn memory_budget_gb(mut self, gigabytes: f64) -> Self {
        self.settings.memory_budget = Some(bytes(gigabytes));
        self
    }

    /// Opens the data set.
    ///
    /// # Errors
    /// See [`load`].
    pub fn load(self) -> Result<Data> {
        let catalog = Catalog::open(&self.path, &self.grammar, self.process_filter.as_deref())?;
        Ok(Data::of(catalog, self.settings))
    }
}

fn bytes(gigabytes: f64) -> u64 {
    (gigabytes.max(0.0) * (1u64 << 30) as f64) as u64
}

impl Data {
    pub(crate) fn of(catalog: Catalog, settings: Settings) -> Self {
        Self { everything: Group::all(Arc::new(catalog), Arc::new(settings)), looked_up: Arc::default() }
    }

    fn with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = (*self.everything.settings).clone();
        change(&mut settings);
        let everything = Group { settings: Arc::new(settings), ..self.everything.clone() };
        Self { everything, looked_up: Arc::default() }
    }

    /// Weights each process by its luminosity, from a TOML table.
    ///
    /// # Errors
    /// A file that cannot be read; a process without an entry, by name.
    pub fn luminosity(&self, path: impl AsRef<Path>) -> Result<Self> {
        let table = crate::luminosity::Luminosity::open(path.as_ref())?;
        for process in &self.everything.catalog.processes {
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

    /// How much memory the engine may hold, in units of 2^30 bytes.
    #[must_use]
    pub fn memory_budget_gb(&self, gigabytes: f64) -> Self {
        self.with(|settings| settings.memory_budget = Some(bytes(gigabytes)))
    }

    /// Keeps a record of every segment for `profiling_report()`.
    #[must_use]
    pub fn profile(&self, profile: bool) -> Self {
        self.with(|settings| settings.profile = profile)
    }

    /// Takes equal event keys in separate runs of rows for different events: for merged samples without
    /// production numbers, where keys repeat.
    #[must_use]
    pub fn consecutive_keys(&self, consecutive: bool) -> Self {
        self.with(|settings| settings.consecutive_keys = consecutive)
    }

    /// What all runs of this data set cost so far, when profiling is on.
    pub fn profiling_report(&self) -> show::Report {
        crate::report::logged(&self.everything.settings)
    }

    /// The same as [`profiling_report`](Data::profiling_report), under the name analysts know.
    pub fn get_profiling_report(&self) -> show::Report {
        self.profiling_report()
    }

    /// Everything, as a group.
    pub fn all(&self) -> &Group {
        &self.everything
    }
}
