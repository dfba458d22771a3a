//! How long is waited for what.

use std::time::Duration;

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Asked several times a second during every wait; `true` ends it.
    pub stop: fn() -> bool,
    /// For a connection.
    pub connect: Duration,
    /// For the next byte of an answer.
    pub silence: Duration,
    /// For a server that asks to wait, all waits of one request together.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { stop: || false, connect: seconds(10), silence: seconds(60), patience: seconds(300) }
    }
}
