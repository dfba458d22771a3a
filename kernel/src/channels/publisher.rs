//! An XPUB socket: tells of subscriptions, and lets no subscriber wait for another.
//!
//! The `zeromq` crate's XPUB waits for each subscriber's transport in turn, so that one suspended console would
//! stop the outputs of everybody; its PUB does not tell of subscriptions. Here each subscriber has a queue of
//! its own, and one that lets too much pile up is disconnected (it reconnects by itself).

use super::{ChannelError, zmtp};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc;

/// Bytes that may wait for one subscriber.
const PILE: usize = 64_000_000;
/// How long a new connection may take to say who it is.
const HANDSHAKE: Duration = Duration::from_secs(10);

enum Event {
    Joined(u64, Subscriber),
    Subscribed(u64, Bytes),
    Unsubscribed(u64, Bytes),
    Left(u64),
}

struct Subscriber {
    queue: mpsc::UnboundedSender<Bytes>,
    waiting: Arc<AtomicUsize>,
    topics: Vec<Bytes>,
}

/// A new subscription.
pub(super) struct Subscription {
    subscriber: u64,
    /// What the messages wanted begin with.
    pub topic: Bytes,
}

/// The socket.
pub(super) struct Publisher {
    events: mpsc::UnboundedReceiver<Event>,
    subscribers: HashMap<u64, Subscriber>,
}

impl Publisher {
    /// Listens on an endpoint, `tcp://host:port` or `ipc://path`.
    pub(super) async fn bind(endpoint: &str) -> Result<Self, ChannelError> {
        let (sender, events) = mpsc::unbounded_channel();
        let bound = match endpoint.strip_prefix("ipc://") {
            Some(path) => bind_ipc(path, sender),
            None => bind_tcp(endpoint.trim_start_matches("tcp://"), sender).await,
        };
        bound.map_err(|source| ChannelError::Bind {
            channel: "iopub",
            endpoint: endpoint.to_owned(),
            source: Box::new(zeromq::ZmqError::Network(source)),
        })?;
        Ok(Self { events, subscribers: HashMap::new() })
    }

    /// The next subscription. Loses nothing when it is dropped while it waits.
    pub(super) async fn subscription(&mut self) -> Subscription {
        loop {
            match self.events.recv().await {
                Some(Event::Joined(id, subscriber)) => {
                    self.subscribers.insert(id, subscriber);
                }
                Some(Event::Subscribed(id, topic)) => {
                    if let Some(subscriber) = self.subscribers.get_mut(&id) {
                        subscriber.topics.push(topic.clone());
                        return Subscription { subscriber: id, topic };
                    }
                }
                Some(Event::Unsubscribed(id, topic)) => {
                    if let Some(subscriber) = self.subscribers.get_mut(&id)
                        && let Some(place) = subscriber.topics.iter().position(|have| *have == topic)
                    {
                        subscriber.topics.remove(place);
                    }
                }
                Some(Event::Left(id)) => {
                    self.subscribers.remove(&id);
                }
                None => std::future::pending().await,
            }
        }
    }

    /// Sends a message to all whose subscription its first frame begins with; never waits.
    pub(super) fn publish(&mut self, frames: &[Bytes]) {
        let Some(first) = frames.first() else { return };
        let bytes = zmtp::message(frames);
        self.subscribers.retain(|_, subscriber| {
            let wanted = subscriber.topics.iter().any(|topic| first.starts_with(topic));
            !wanted || subscriber.send(bytes.clone())
        });
    }

    /// Sends a message to one subscriber.
    pub(super) fn answer(&mut self, subscription: &Subscription, frames: &[Bytes]) {
        if let Some(subscriber) = self.subscribers.get(&subscription.subscriber) {
            subscriber.send(zmtp::message(frames));
        }
    }

    /// Waits until every subscriber's queue is empty, but not longer than `patience`.
    pub(super) async fn drain(&self, patience: Duration) {
        let until = tokio::time::Instant::now() + patience;
        let waiting = |subscriber: &Subscriber| subscriber.waiting.load(Ordering::SeqCst) > 0;
        while self.subscribers.values().any(waiting) && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Subscriber {
    /// Queues bytes; `false` when the subscriber is gone, or too far behind to be kept.
    fn send(&self, bytes: Bytes) -> bool {
        let waiting = self.waiting.fetch_add(bytes.len(), Ordering::SeqCst);
        if waiting > PILE {
            tracing::warn!(waiting, "a subscriber of iopub does not read: disconnected");
            return false;
        }
        self.queue.send(bytes).is_ok()
    }
}

async fn bind_tcp(address: &str, events: mpsc::UnboundedSender<Event>) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tokio::spawn(async move {
        for id in 0.. {
            match listener.accept().await {
                Ok((stream, _)) => {
                    // Small messages must not wait for more.
                    let _ = stream.set_nodelay(true);
                    tokio::spawn(serve(id, stream, events.clone()));
                }
                Err(error) => refused(&error).await,
            }
        }
    });
    Ok(())
}

fn bind_ipc(path: &str, events: mpsc::UnboundedSender<Event>) -> std::io::Result<()> {
    let listener = match UnixListener::bind(path) {
        // Left behind by a kernel that was killed.
        Err(_) if std::os::unix::net::UnixStream::connect(path).is_err() => {
            std::fs::remove_file(path)?;
            UnixListener::bind(path)?
        }
        bound => bound?,
    };
    tokio::spawn(async move {
        for id in 0.. {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(serve(id, stream, events.clone()))),
                Err(error) => refused(&error).await,
            }
        }
    });
    Ok(())
}

async fn refused(error: &std::io::Error) {
    tracing::warn!(%error, "cannot accept a subscriber");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Serves one connection until either side ends it.
async fn serve(id: u64, stream: impl AsyncRead + AsyncWrite, events: mpsc::UnboundedSender<Event>) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let hello = async {
        writer.write_all(&zmtp::greeting()).await?;
        zmtp::shake_hands(&mut reader).await
    };
    if let Ok(Err(error)) | Err(error) = tokio::time::timeout(HANDSHAKE, hello).await.map_err(std::io::Error::from) {
        tracing::debug!(%error, "no subscriber");
        return;
    }
    let (queue, mut messages) = mpsc::unbounded_channel::<Bytes>();
    let waiting = Arc::new(AtomicUsize::new(0));
    // Held weakly: when the publisher lets go of its queue, the connection ends.
    let pongs = queue.downgrade();
    let subscriber = Subscriber { queue, waiting: waiting.clone(), topics: Vec::new() };
    let _ = events.send(Event::Joined(id, subscriber));
    let write = async {
        while let Some(bytes) = messages.recv().await {
            writer.write_all(&bytes).await?;
            waiting.fetch_sub(bytes.len(), Ordering::SeqCst);
        }
        Ok(())
    };
    let read = async {
        loop {
            let event = match zmtp::read(&mut reader).await? {
                zmtp::Said::Subscribe(topic) => Event::Subscribed(id, topic),
                zmtp::Said::Unsubscribe(topic) => Event::Unsubscribed(id, topic),
                zmtp::Said::Ping(context) => {
                    let pong = zmtp::pong(&context);
                    if let Some(queue) = pongs.upgrade() {
                        waiting.fetch_add(pong.len(), Ordering::SeqCst);
                        let _ = queue.send(pong);
                    }
                    continue;
                }
                zmtp::Said::Other => continue,
            };
            let _ = events.send(event);
        }
    };
    let ended: std::io::Result<()> = tokio::select! {
        ended = read => ended,
        ended = write => ended,
    };
    tracing::debug!(?ended, "a subscriber left");
    let _ = events.send(Event::Left(id));
}
