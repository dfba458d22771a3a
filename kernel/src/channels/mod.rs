//! The five sockets of a kernel, each with a thread of its own where it matters.
//!
//! Decoded [`Message`](crate::wire::Message)s come out of shell, control and stdin; replies and publications go
//! in through queues that never block the caller. One actor owns iopub: it alone decides what is sent when.
//! Malformed frames are logged and survived. Nothing here knows what a request means.

pub mod flood;
pub mod heartbeat;
pub mod iopub;
mod publisher;
pub mod router;
pub mod stdin;
mod zmtp;

pub use iopub::Iopub;
pub use router::Outgoing;
pub use stdin::Stdin;

/// Why a socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The endpoint is taken or not ours to bind.
    #[error("cannot listen for {channel} on {endpoint}: {source}; is another kernel using this connection file?")]
    Bind {
        /// Which of the five.
        channel: &'static str,
        /// Where.
        endpoint: String,
        /// What the socket says.
        source: Box<zeromq::ZmqError>,
    },
    /// A thread could not be started.
    #[error("cannot start a thread for {channel}: {source}")]
    Thread {
        /// Which of the five.
        channel: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The thread ended before its socket was open.
    #[error("the thread of {channel} ended before its socket was open")]
    Ended {
        /// Which of the five.
        channel: &'static str,
    },
}

/// Binds a socket; `ipc` leaves a file behind when a kernel was killed, which is taken over.
pub(crate) async fn bind<S: zeromq::Socket>(channel: &'static str, endpoint: &str) -> Result<S, ChannelError> {
    let mut socket = S::new();
    let mut bound = socket.bind(endpoint).await;
    if bound.is_err()
        && let Some(path) = endpoint.strip_prefix("ipc://")
        && std::os::unix::net::UnixStream::connect(path).is_err()
        && std::fs::remove_file(path).is_ok()
    {
        bound = socket.bind(endpoint).await;
    }
    match bound {
        Ok(_) => Ok(socket),
        Err(source) => Err(ChannelError::Bind { channel, endpoint: endpoint.to_owned(), source: Box::new(source) }),
    }
}

/// Runs one channel on a thread and a runtime of its own; returns when its socket is open.
///
/// `body` gets a sender to call once it is open; what it returns then ends the thread.
pub(crate) fn on_thread<F, B>(channel: &'static str, body: B) -> Result<(), ChannelError>
where
    F: Future<Output = Result<(), ChannelError>>,
    B: FnOnce(Opened) -> F + Send + 'static,
{
    let (opened, is_open) = std::sync::mpsc::channel();
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let ended = match runtime {
            Ok(runtime) => runtime.block_on(body(Opened(opened.clone()))),
            Err(source) => Err(ChannelError::Thread { channel, source }),
        };
        if let Err(error) = ended {
            let _ = opened.send(Err(error));
        }
    };
    let thread = std::thread::Builder::new().name(format!("recoil-{channel}"));
    thread.spawn(run).map_err(|source| ChannelError::Thread { channel, source })?;
    is_open.recv().unwrap_or(Err(ChannelError::Ended { channel }))
}

/// Says that a channel's socket is open.
pub(crate) struct Opened(std::sync::mpsc::Sender<Result<(), ChannelError>>);

impl Opened {
    pub(crate) fn say(self) {
        let _ = self.0.send(Ok(()));
    }
}
