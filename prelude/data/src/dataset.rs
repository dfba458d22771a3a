//! A data set: the lazy dict of processes.

use crate::catalog::{Catalog, Options, Process};
use crate::error::{Error, Result};
use crate::group::Group;
use crate::settings::Settings;
use belle2::names::Grammar;
use hist::Number;
use polars::prelude::DataFrame;
use sources::csv::Csv;
use sources::json::JsonLines;
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

/// Opens a file, a directory of processes, or a glob; reads metadata only (text tables are read).
///
/// A directory holds processes: a folder each, or a file each. Folders `year=2020/city=Bonn/` are columns `year` and `city` of
/// the files below them (integers if all are, else text), and `sub00/`, `sub01/` are parts of one process; both take the
/// name of the folder that holds them. What was decided is said in `data.processes()`.
///
/// ```no_run
/// let data = data::load("ntuples")?;
/// data["mumu"].query("pRecoil > 2.0").one_cand_only().hist("mu1P", 50)?;
/// # Ok::<(), data::Error>(())
/// ```
///
/// # Errors
/// A path that is not there or has nothing to read, files of a process that disagree.
#[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
pub fn load(path: impl AsRef<Path>) -> Result<Data> {
    open(path.as_ref())
}

/// Opens text tables with what the user fixes; see [`Csv`](sources::csv::Csv) for what is found out otherwise. Other files
/// are opened as by [`load`].
///
/// ```
/// use data::{Csv, load_with};
/// let file = std::env::temp_dir().join("a table with decimal commas.csv");
/// std::fs::write(&file, "run;energy\n7;1,5\n8;-\n")?;
/// let data = load_with(&file, Csv::new().decimal_comma().nulls(["-"]))?;
/// assert_eq!(data.query("energy > 1.4").count()?, 1);
/// # std::fs::remove_file(&file)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// See [`load`].
#[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
pub fn load_with(path: impl AsRef<Path>, options: Csv) -> Result<Data> {
    Loader::new(path).csv(options).load()
}

// Every cell that loads compiles the generic function anew, so it only hands on.
#[inline(never)]
fn open(path: &Path) -> Result<Data> {
    Loader::new(path).load()
}

/// How the framework this grew out of opened its data; the same as [`load`], with its options as methods.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("mumu.csv");
/// # std::fs::write(&path, "x,k\n1,a\n2,b\n")?;
/// let data = data::load_belle2_vpho_integrated(&path).memory_budget_gb(1).load()?;
/// assert_eq!(data.count()?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn load_belle2_vpho_integrated(base_dir: impl AsRef<Path>) -> Loader {
    Loader::new(base_dir)
}

/// A data set to be opened, with options.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("mumu.csv");
/// # std::fs::write(&path, "x,k\n1,a\n2,b\n")?;
/// let data = data::Loader::new(&path).memory_budget_gb(1).load()?;
/// assert_eq!(data.count()?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is opened before .load()"]
pub struct Loader {
    path: String,
    grammar: Grammar,
    process_filter: Option<String>,
    options: Options,
    settings: Settings,
}

impl Loader {
    /// Opens `path` when asked to.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("mumu.csv");
    /// # std::fs::write(&path, "x,k\n1,a\n2,b\n")?;
    /// assert_eq!(data::Loader::new(&path).load()?.count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_string_lossy().into_owned();
        Self {
            path,
            grammar: Grammar::default(),
            process_filter: None,
            options: Options::default(),
            settings: Settings::default(),
        }
    }

    /// Reads names by this grammar.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("mumu.csv");
    /// # std::fs::write(&path, "x,k\n1,a\n2,b\n")?;
    /// let data = data::Loader::new(&path).names(belle2::names::Grammar::default()).load()?;
    /// assert_eq!(data.processes()[..], ["mumu"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn names(mut self, grammar: Grammar) -> Self {
        self.grammar = grammar;
        self
    }

    /// Opens only processes that match a glob, or contain the text.
    ///
    /// ```
    /// let folder = "no such folder";
    /// let data = data::Loader::new(folder).process_filter("mumu*").load();
    /// assert!(data.is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn process_filter(mut self, filter: impl Into<String>) -> Self {
        self.process_filter = Some(filter.into());
        self
    }

    /// Reads text tables (CSV and its kin) with these options.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("mumu.csv");
    /// # std::fs::write(&path, "x,k\n1,a\n2,b\n")?;
    /// let data = data::Loader::new(&path).csv(data::Csv::new().skip(1).header(false)).load()?;
    /// assert_eq!(data.count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn csv(mut self, options: Csv) -> Self {
        self.options.read.csv = options;
        self
    }

    /// Reads JSON lines (`.jsonl`, `.ndjson`, also `.gz` and `.zst`) with these options.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// std::fs::write(folder.join("mumu.jsonl"), "{\"x\": 1}\n{\"x\": 2}\n")?;
    /// let data = data::Loader::new(folder.join("mumu.jsonl")).json(data::JsonLines::default()).load()?;
    /// assert_eq!(data.query("x > 1").count()?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn json(mut self, options: JsonLines) -> Self {
        self.options.read.json = options;
        self
    }

    /// Opens Delta tables at this version instead of the last.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("mumu.csv");
    /// # std::fs::write(&path, "x,k\n1,a\n2,b\n")?;
    /// assert_eq!(data::Loader::new(&path).version(3).load()?.count()?, 2, "other tables have no versions");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn version(mut self, version: u64) -> Self {
        self.options.read.delta_version = Some(version);
        self
    }

    /// Takes only files with this ending, of those that can be read: `parquet`, `root`, `csv`. For folders that hold a table
    /// and its conversion, which would count twice.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// data.write_parquet(folder.join("mumu.parquet"))?;
    /// data.write_arrow(folder.join("mumu.arrow"))?;
    /// assert!(data::load(folder).is_err(), "the rows would count twice");
    /// assert_eq!(data::Loader::new(folder).ending("parquet").load()?.count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ending(mut self, ending: impl Into<String>) -> Self {
        self.options.choice.ending = Some(ending.into());
        self
    }

    /// Takes all files as one process of this name, whatever their folders are called: for trees of many jobs. (`sub00/`,
    /// `sub01/`, as grid jobs write them, and `column=value/` are one process anyway.)
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// data.write_parquet(folder.join("job1/out.parquet"))?;
    /// data.write_parquet(folder.join("job2/out.parquet"))?;
    /// let all = data::Loader::new(folder).one_process("mumu").load()?;
    /// assert_eq!((all.processes()[..].join(", "), all.count()?), ("mumu".to_string(), 8));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn one_process(mut self, name: impl Into<String>) -> Self {
        self.options.choice.one_process = Some(name.into());
        self
    }

    /// The zone of times that have none (`"UTC"`, `"Europe/Berlin"`), where other files of the process have one for the same
    /// column. Without it such files are refused, since their times may mean anything.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("mumu.csv");
    /// # std::fs::write(&path, "x,k\n1,a\n2,b\n")?;
    /// let data = data::Loader::new(&path).naive_times("Europe/Berlin").load()?;
    /// assert_eq!(data.count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn naive_times(mut self, zone: impl Into<String>) -> Self {
        self.options.chaining.naive_times = Some(zone.into().into());
        self
    }

    /// Keeps a record of every operation and segment for `profiling_report()`.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("mumu.csv");
    /// # std::fs::write(&path, "x,k\n1,a\n2,b\n")?;
    /// let data = data::Loader::new(&path).enable_profiling(true).load()?;
    /// data.hist("x", 2)?;
    /// assert!(data.profiling_report().segments > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn enable_profiling(mut self, profile: bool) -> Self {
        self.settings.profile = profile;
        self
    }

    /// The same as [`enable_profiling`](Loader::enable_profiling), under the name that data sets once had for it.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("mumu.csv");
    /// # std::fs::write(&path, "x,k\n1,a\n2,b\n")?;
    /// let data = data::Loader::new(&path).profile(true).load()?;
    /// data.hist("x", 2)?;
    /// assert!(data.profiling_report().segments > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn profile(self, profile: bool) -> Self {
        self.enable_profiling(profile)
    }

    /// The speed that reports compare with, in rows per second.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("mumu.csv");
    /// # std::fs::write(&path, "x,k\n1,a\n2,b\n")?;
    /// let data = data::Loader::new(&path).performance_target_rows_per_sec(1e6).load()?;
    /// assert_eq!(data.hist("x", 2)?.performance_report().rows_in, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn performance_target_rows_per_sec(mut self, rows: impl Number) -> Self {
        self.settings.target_rows_per_second = Some(rows.to_f64());
        self
    }

    /// How much memory the engine may hold, in gigabytes (10^9 bytes).
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("mumu.csv");
    /// # std::fs::write(&path, "x,k\n1,a\n2,b\n")?;
    /// assert_eq!(data::Loader::new(&path).memory_budget_gb(0.5).load()?.count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn memory_budget_gb(mut self, gigabytes: impl Number) -> Self {
        self.settings.memory_budget = Some(bytes(gigabytes.to_f64()));
        self
    }

    /// Opens the data set.
    ///
    /// # Errors
    /// See [`load`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("mumu.csv");
    /// # std::fs::write(&path, "x,k\n1,a\n2,b\n")?;
    /// assert_eq!(data::Loader::new(&path).load()?.query("k == 'a'").count()?, 1);
    /// assert!(data::Loader::new("no such file").load().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn load(self) -> Result<Data> {
        let catalog = Catalog::open(&self.path, &self.grammar, self.process_filter.as_deref(), &self.options)?;
        Ok(Data::of(catalog, self.settings))
    }
}

fn bytes(gigabytes: f64) -> u64 {
    (gigabytes.max(0.0) * 1e9) as u64
}

impl Data {
    pub(crate) fn of(catalog: Catalog, settings: Settings) -> Self {
        Self { everything: Group::all(Arc::new(catalog), Arc::new(settings)), looked_up: Arc::default() }
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
        let grammar = Grammar::default();
        let mut processes = frames
            .into_iter()
            .map(|(name, frame)| Process::in_memory(&name.into(), frame, &grammar))
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
        Self { everything: self.everything.concat(&other.everything), looked_up: Arc::default() }
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
        let table = belle2::luminosity::Luminosity::open(path.as_ref())?;
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
        crate::lower::report::logged(&self.everything.settings)
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
        Self { everything, looked_up: Arc::default() }
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
