//! A server of Spark Connect on this machine: Sail, from PyPI.

use crate::python;
use crate::running::Running;
use crate::spark::listening;
use std::process::Command;

const PACKAGE: &[&str] = &["pysail==0.7.2"];

/// A running server; it ends with this.
#[derive(Debug)]
pub struct Sail {
    server: Running,
    /// Where it listens.
    pub port: u16,
}

impl Sail {
    /// Starts a server; with `workers`, one that hands parts of the work to so many workers. `None`, said visibly for `test`,
    /// where Python or the package cannot be had.
    ///
    /// # Panics
    /// When it does not listen in time.
    pub fn start(test: &str, workers: u32) -> Option<Self> {
        Self::start_at(test, workers, 0)
    }

    /// The same at a port.
    ///
    /// # Panics
    /// When it does not listen in time.
    pub fn start_at(test: &str, workers: u32, port: u16) -> Option<Self> {
        let python = python::environment(test, "sail", PACKAGE)?;
        let mut command = Command::new(python.with_file_name("sail"));
        command.args(["spark", "server", "--ip", "127.0.0.1", "--port", &port.to_string()]);
        if workers > 0 {
            command.env("SAIL_MODE", "local-cluster").env("SAIL_CLUSTER__WORKER_INITIAL_COUNT", workers.to_string());
        }
        let (server, port) = listening(command, "Spark Connect server on 127.0.0.1:");
        Some(Self { server, port })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("sc://127.0.0.1:{}", self.port)
    }

    /// Ends it at once, as a machine that goes down does.
    pub fn end(self) {
        drop(self);
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.server.id()
    }
}
