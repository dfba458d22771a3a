//! What holds for a whole data set: limits, weights, and what to tell.

use std::sync::Arc;

/// Settings of a data set; every group made from it has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// Bytes the engine may hold; `None` leaves it to the machine.
    pub memory_budget: Option<u64>,
    /// Whether reports keep every segment.
    pub profile: bool,
    /// Rows per second that a report compares with.
    pub target_rows_per_second: Option<f64>,
    /// Weights of processes.
    pub luminosity: Option<Arc<crate::luminosity::Luminosity>>,
    /// Whether equal event keys in separate runs of rows are one event each (a merged sample without production numbers).
    pub consecutive_keys: bool,
}
