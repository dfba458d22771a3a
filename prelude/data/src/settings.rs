//! What holds for a whole data set: limits, weights, and what to tell.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Settings of a data set; every group made from it has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// Bytes the engine may hold; `None` leaves it to the machine.
    pub memory_budget: Option<u64>,
    /// Whether runs are logged for `profiling_report()`.
    pub profile: bool,
    /// Rows per second that a report compares with.
    pub target_rows_per_second: Option<f64>,
    /// Weights of processes.
    pub luminosity: Option<Arc<belle2::luminosity::Luminosity>>,
    /// Whether equal event keys in separate runs of rows are different events.
    pub consecutive_keys: bool,
    /// The columns that name an event; empty: those of basf2, as far as they exist.
    pub event_keys: Vec<String>,
    /// Rows of a unit of work, when the user says so.
    pub chunk_size: Option<usize>,
    /// Workers, when the user says so.
    pub threads: Option<usize>,
    /// The folder in which passes into histograms keep what they have done.
    pub checkpoints: Option<std::path::PathBuf>,
    /// The server that runs queries in place of this machine.
    pub server: Option<cluster::Server>,
    /// Rows that may be fetched from it; `None`: as many as it gives without being asked.
    pub fetched: Option<u64>,
    /// Labels and units of columns, for the axes of their histograms.
    pub labels: Arc<BTreeMap<String, [String; 2]>>,
    /// The runs so far.
    pub log: Arc<Mutex<Vec<flow::Report>>>,
}

impl Settings {
    /// Whether both give the same weights to processes.
    pub(crate) fn weighs_as(&self, other: &Self) -> bool {
        self.luminosity == other.luminosity
    }

    /// How the engine is to run.
    pub(crate) fn options(&self) -> flow::Options {
        let mut options = flow::Options::default();
        if let Some(bytes) = self.memory_budget {
            options.memory_budget = bytes;
            options.streaming_threshold = bytes / 2;
        }
        options.chunk_size = self.chunk_size.unwrap_or(options.chunk_size);
        options.threads = self.threads.unwrap_or(options.threads);
        options
    }
}
