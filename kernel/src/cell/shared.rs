//! What the engine's thread shares with everybody else.

use crate::proof::Ledger;
use crate::worker::Listener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// The running cell, for code that wants to stop it.
#[derive(Debug, Default)]
pub(crate) struct Running {
    /// Its token; `None` when idle.
    pub token: Option<u64>,
    /// Whether the user asked to stop it.
    pub interrupted: bool,
    /// Whether its worker was asked to go on without it, because it did not stop.
    pub abandoned: bool,
    /// Whether its worker was ended because it did not stop.
    pub killed: bool,
}

/// Shared between the engine's thread and everybody else.
pub(crate) struct Shared {
    pub running: Mutex<Running>,
    pub listener: Listener,
    pub folder: PathBuf,
    /// What the session's outputs are made from.
    pub ledger: Arc<Mutex<Ledger>>,
}
