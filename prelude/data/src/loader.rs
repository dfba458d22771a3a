//! Opens data sets: files, folders of processes, globs, with what the user fixes.

use crate::catalog::{Catalog, Options};
use crate::dataset::{Data, bytes};
use crate::error::Result;
use crate::settings::Settings;
use belle2::names::Grammar;
use hist::Number;
use sources::csv::Csv;
use sources::json::JsonLines;
use std::path::Path;

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
