//! The threads that wait for servers, and those who wait for them.

use crate::error::RemoteError;
use std::future::Future;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

/// How often a waiting thread looks whether the user has asked to stop.
const LOOK: Duration = Duration::from_millis(50);
/// Questions that are under way at a time, of all files together.
const UNDER_WAY: usize = 24;

fn runtime() -> Result<&'static Runtime, RemoteError> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        let built = Builder::new_multi_thread().worker_threads(2).thread_name("remote").enable_all().build();
        built.map_err(|error| error.to_string())
    });
    made.as_ref().map_err(|why| RemoteError::Lost { attempts: 1, why: why.clone() })
}

/// The right to have one question under way; waits for it.
pub(crate) fn rights() -> &'static Arc<Semaphore> {
    static RIGHTS: OnceLock<Arc<Semaphore>> = OnceLock::new();
    RIGHTS.get_or_init(|| Arc::new(Semaphore::new(UNDER_WAY)))
}

/// Waits for an answer on a thread that may block, and gives up when the user asks to stop.
pub(crate) fn wait<T: Send + 'static>(
    work: impl Future<Output = Result<T, RemoteError>> + Send + 'static,
) -> Result<T, RemoteError> {
    let (sender, answer) = channel();
    let task = runtime()?.spawn(async move {
        // Who waited may have given up.
        sender.send(work.await).ok();
    });
    loop {
        match answer.recv_timeout(LOOK) {
            Ok(answer) => return answer,
            Err(RecvTimeoutError::Timeout) if segment::work::interrupted() => {
                task.abort();
                return Err(RemoteError::Interrupted);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let why = "the thread that waited for the server is gone".to_owned();
                return Err(RemoteError::Lost { attempts: 1, why });
            }
        }
    }
}
