use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How a query is run. The answer never depends on it.
#[derive(Clone)]
pub struct Options {
    /// Bytes that segments in work and the cache of decoded columns may take together.
    pub memory_budget: u64,
    /// Estimated bytes from which the integrated engine streams instead of keeping columns.
    pub streaming_threshold: u64,
    /// Rows of a unit of work; longer segments are read in parts.
    pub chunk_size: usize,
    /// Workers.
    pub threads: usize,
    /// Whether decoded columns are kept for the next query.
    pub cache: bool,
    /// Where what does not fit into memory is spilled to: rows between two stages, and decoded columns that cost more to
    /// make than to read back. `None`: the folder for temporary files; decoded columns only where that is on a disk.
    pub spill: Option<PathBuf>,
    /// Where a pass keeps what it has done, to go on there after its process has ended; `None`: nowhere.
    pub checkpoint: Option<Checkpoint>,
    /// Called with the fraction of the rows that is done.
    pub progress: Option<Arc<dyn Fn(f64) + Send + Sync>>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Options")
            .field("memory_budget", &self.memory_budget)
            .field("streaming_threshold", &self.streaming_threshold)
            .field("chunk_size", &self.chunk_size)
            .field("threads", &self.threads)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

impl Default for Options {
    /// A quarter of the machine's memory, all its cores.
    fn default() -> Self {
        let budget = crate::memory::quarter();
        Self {
            memory_budget: budget,
            streaming_threshold: budget / 2,
            chunk_size: 262_144,
            threads: processors(),
            cache: true,
            spill: None,
            checkpoint: None,
            progress: None,
        }
    }
}

impl Options {
    /// Bounds memory, in gigabytes (10^9 bytes).
    ///
    /// ```
    /// assert_eq!(flow::Options::default().memory_budget_gb(0.5).memory_budget, 500_000_000);
    /// ```
    #[must_use]
    pub fn memory_budget_gb(mut self, gigabytes: f64) -> Self {
        self.memory_budget = (gigabytes.max(0.0) * 1e9) as u64;
        self.streaming_threshold = self.memory_budget / 2;
        self
    }

    /// Streams from this many estimated bytes on.
    ///
    /// ```
    /// assert_eq!(flow::Options::default().streaming_threshold(1000).streaming_threshold, 1000);
    /// ```
    #[must_use]
    pub fn streaming_threshold(mut self, bytes: u64) -> Self {
        self.streaming_threshold = bytes;
        self
    }

    /// Rows of a unit of work.
    ///
    /// ```
    /// assert_eq!(flow::Options::default().chunk_size(1000).chunk_size, 1000);
    /// ```
    #[must_use]
    pub fn chunk_size(mut self, rows: usize) -> Self {
        self.chunk_size = rows.max(1);
        self
    }

    /// Workers.
    ///
    /// ```
    /// assert_eq!(flow::Options::default().threads(2).threads, 2);
    /// ```
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Keeps what a pass has done in this file (or folder) every second. After the process was ended, however it was, the
    /// same query over the same files goes on there, with the same answer bit for bit; the file is removed at the end. For
    /// queries that go straight from the files into histograms or a count, without functions of one's own.
    ///
    /// ```no_run
    /// # fn example(files: std::sync::Arc<dyn sources::Source>) -> flow::Result<()> {
    /// let options = flow::Options::default().checkpoint("pass.checkpoint");
    /// let (rows, report) = flow::Query::new().over(files).options(options).count()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.checkpoint = Some(Checkpoint::new(path));
        self
    }

    /// Hears of progress, as a fraction of the rows.
    #[must_use]
    pub fn progress_callback(mut self, hear: impl Fn(f64) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(hear));
        self
    }
}

/// Processors that this process may use, as they are when it is first asked: the system looks them up in files, again and again.
fn processors() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// Where a pass keeps what it has done. The file is replaced at once, never half-written, and removed at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The file; nothing else may have this name. Or a folder, in which every pass has a file of its own, called after what it
    /// computes and of which files.
    pub path: PathBuf,
    /// Writes at most this often, and more seldom where writing takes longer than a fiftieth of it; zero: as often as there
    /// is something new.
    pub every: Duration,
}

impl Checkpoint {
    /// A checkpoint in this file or folder, written every second.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), every: Duration::from_secs(1) }
    }
}
