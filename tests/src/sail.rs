//! A server of Spark Connect on this machine: Sail, from PyPI.

use crate::python;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

const PACKAGE: &[&str] = &["pysail==0.7.2"];
/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; it ends with this.
#[derive(Debug)]
pub struct Sail {
    child: Child,
    /// Where it listens.
    pub port: u16,
}

impl Drop for Sail {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
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
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("sail");
        let log = BufReader::new(child.stderr.take().expect("its log"));
        let (sender, found) = channel();
        // It reads on until the server ends, so that the log never fills up.
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                if let Some((_, rest)) = line.split_once("Spark Connect server on 127.0.0.1:") {
                    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                    sender.send(digits.parse::<u16>().expect("a port")).ok();
                }
            }
        });
        let port = found.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            child.kill().ok();
            panic!("Sail does not listen in {PATIENCE:?}")
        });
        Some(Self { child, port })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("sc://127.0.0.1:{}", self.port)
    }

    /// Ends it at once, as a machine that goes down does.
    pub fn end(mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}
