//! iopub: one actor owns the socket, so that everything published has one order.
//!
//! Streams are coalesced (at most 20 messages a second, the first at once), updates of the same display too.
//! A barrier tells when everything before it has been handed to the transport. XPUB rather than PUB, so that a
//! subscriber is welcomed and knows that it misses nothing from then on.

use super::publisher::{Publisher, Subscription};
use super::{ChannelError, Opened};
use crate::evaluator::Stream;
use crate::wire::{Message, Object, Parent, Signer, content};
use jupyter_protocol::{ExecutionState, IoPubWelcome, Status, Stdio, StreamContent};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Time between two messages of a stream.
const PAUSE: Duration = Duration::from_millis(50);
/// A stream message is sent early when it reaches this size, in bytes.
const LARGE: usize = 200_000;
/// Changes between stdout and stderr within one pause that are kept in order.
const CHANGES: usize = 8;
/// At the end, how long to wait for subscribers to take what is theirs.
const LAST_WORDS: Duration = Duration::from_secs(1);

enum Publication {
    Message(Box<Message>),
    Text(Arc<Parent>, Stream, String),
    Update(Arc<Parent>, String, Object),
    Barrier(Box<dyn FnOnce() + Send>),
}

/// The queue in front of iopub; never blocks.
#[derive(Clone)]
pub struct Iopub(mpsc::UnboundedSender<Publication>);

impl Iopub {
    /// Opens the socket on a thread of its own.
    pub(crate) fn open(endpoint: String, signer: Signer) -> Result<Self, ChannelError> {
        let (sender, receiver) = mpsc::unbounded_channel();
        super::on_thread("iopub", move |opened: Opened| async move {
            let socket = Publisher::bind(&endpoint).await?;
            opened.say();
            Actor::new(socket, signer).run(receiver).await;
            Ok(())
        })?;
        Ok(Self(sender))
    }

    /// Publishes a message in its turn.
    pub fn publish(&self, origin: &Parent, kind: &str, content: Object) {
        self.send(Publication::Message(Box::new(Message::publication(Some(origin), kind, content))));
    }

    /// As [`Iopub::publish`], with metadata.
    pub fn publish_with(&self, origin: &Parent, kind: &str, content: Object, metadata: Object) {
        let message = Message { metadata, ..Message::publication(Some(origin), kind, content) };
        self.send(Publication::Message(Box::new(message)));
    }

    /// Publishes `status`.
    pub fn status(&self, origin: &Parent, state: ExecutionState) {
        self.publish(origin, "status", content(&Status { execution_state: state }));
    }

    /// Publishes text, coalesced.
    pub fn text(&self, origin: &Arc<Parent>, stream: Stream, text: String) {
        self.send(Publication::Text(origin.clone(), stream, text));
    }

    /// Publishes the newest state of a display, coalesced.
    pub fn update(&self, origin: &Arc<Parent>, id: String, content: Object) {
        self.send(Publication::Update(origin.clone(), id, content));
    }

    /// Waits until everything published before has been handed to the transport.
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        self.send(Publication::Barrier(Box::new(move || _ = done.send(()))));
        let _ = flushed.await;
    }

    /// As [`Iopub::flush`], from a thread that may block.
    pub fn flush_blocking(&self) {
        let (done, flushed) = std::sync::mpsc::channel();
        self.send(Publication::Barrier(Box::new(move || _ = done.send(()))));
        let _ = flushed.recv();
    }

    fn send(&self, publication: Publication) {
        let _ = self.0.send(publication);
    }
}

struct Actor {
    socket: Publisher,
    signer: Signer,
    texts: Vec<(Arc<Parent>, Stream, String)>,
    updates: Vec<(Arc<Parent>, String, Object)>,
    last: Option<Instant>,
    started: bool,
}

impl Actor {
    fn new(socket: Publisher, signer: Signer) -> Self {
        Self { socket, signer, texts: Vec::new(), updates: Vec::new(), last: None, started: false }
    }

    async fn run(mut self, mut queue: mpsc::UnboundedReceiver<Publication>) {
        loop {
            let due = self.due();
            tokio::select! {
                biased;
                subscription = self.socket.subscription() => self.subscribed(&subscription),
                next = queue.recv() => match next {
                    Some(publication) => self.handle(publication),
                    None => break,
                },
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.flush(),
            }
        }
        self.flush();
        self.socket.drain(LAST_WORDS).await;
    }

    fn handle(&mut self, publication: Publication) {
        match publication {
            Publication::Text(origin, stream, text) => {
                self.append(origin, stream, text);
                self.flush_if_due();
            }
            Publication::Update(origin, id, content) => {
                self.updates.retain(|(_, held, _)| *held != id);
                self.updates.push((origin, id, content));
                self.flush_if_due();
            }
            Publication::Message(message) => {
                self.flush();
                self.send(&message);
            }
            Publication::Barrier(done) => {
                self.flush();
                done();
            }
        }
    }

    /// When what is held back has to go; `None` when nothing is.
    fn due(&self) -> Option<Instant> {
        let held = !self.texts.is_empty() || !self.updates.is_empty();
        held.then(|| self.last.map_or_else(Instant::now, |last| last + PAUSE))
    }

    fn flush_if_due(&mut self) {
        let large = self.texts.iter().map(|(_, _, text)| text.len()).sum::<usize>() > LARGE;
        if large || self.due().is_some_and(|due| due <= Instant::now()) {
            self.flush();
        }
    }

    fn append(&mut self, origin: Arc<Parent>, stream: Stream, text: String) {
        let same = |held: &(Arc<Parent>, Stream, String)| held.1 == stream && Arc::ptr_eq(&held.0, &origin);
        let crowded = self.texts.len() >= CHANGES;
        let place = match crowded {
            // Too many changes to keep in order: each stream stays in its own.
            true => self.texts.iter().rposition(same),
            false => self.texts.len().checked_sub(1).filter(|last| same(&self.texts[*last])),
        };
        match place {
            Some(place) => self.texts[place].2.push_str(&text),
            None => self.texts.push((origin, stream, text)),
        }
    }

    fn flush(&mut self) {
        if self.texts.is_empty() && self.updates.is_empty() {
            return;
        }
        for (origin, stream, text) in std::mem::take(&mut self.texts) {
            let name = match stream {
                Stream::Stdout => Stdio::Stdout,
                Stream::Stderr => Stdio::Stderr,
            };
            self.send(&Message::publication(Some(&origin), "stream", content(&StreamContent { name, text })));
        }
        for (origin, _, content) in std::mem::take(&mut self.updates) {
            self.send(&Message::publication(Some(&origin), "update_display_data", content));
        }
        self.last = Some(Instant::now());
    }

    fn subscribed(&mut self, subscription: &Subscription) {
        let topic = IoPubWelcome::new(String::from_utf8_lossy(&subscription.topic).into_owned());
        let mut welcome = Message::publication(None, "iopub_welcome", content(&topic));
        welcome.identities = vec![subscription.topic.clone()];
        self.socket.answer(subscription, &welcome.encode(&self.signer));
        if !std::mem::replace(&mut self.started, true) {
            self.send(&Message::publication(None, "status", content(&Status::starting())));
        }
    }

    fn send(&mut self, message: &Message) {
        self.socket.publish(&message.encode(&self.signer));
    }
}
