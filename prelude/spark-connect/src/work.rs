//! The thread that waits for servers, and those who wait for it.

use crate::Stop;
use crate::error::{Error, Result};
use std::future::Future;
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How often a waiting thread asks whether to give up.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

pub(crate) fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::result::Result<Runtime, String>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        let built = Builder::new_multi_thread().worker_threads(1).thread_name("spark-connect").enable_all().build();
        built.map_err(|error| error.to_string())
    });
    made.as_ref().map_err(|why| Error::Lost(format!("no thread can be started: {why}")))
}

/// Waits for an answer on a thread that may block, and gives up when the caller says so.
pub(crate) fn wait<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
    stop: Stop<'_>,
) -> Result<T> {
    let (sender, answer) = channel();
    let task = runtime()?.spawn(async move {
        // Who waited may have given up.
        sender.send(work.await).ok();
    });
    loop {
        match answer.recv_timeout(LOOK) {
            Ok(answer) => return answer,
            Err(RecvTimeoutError::Timeout) if stop() => {
                task.abort();
                return Err(Error::Interrupted);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(gone()),
        }
    }
}

pub(crate) fn gone() -> Error {
    Error::Lost("the thread that waited for the server is gone".to_owned())
}
