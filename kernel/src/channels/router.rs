//! What shell, control and stdin share: a ROUTER socket that is read and written at the same time.

use crate::wire::{Message, Signer};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use zeromq::{RouterRecvHalf, RouterSendHalf, SocketRecv, SocketSend, ZmqMessage};

/// How long one client may hold up the replies to the others.
const STALLED: Duration = Duration::from_secs(5);

enum Order {
    Send(Box<Message>),
    Flush(oneshot::Sender<()>),
}

/// The queue in front of a ROUTER socket.
#[derive(Clone)]
pub struct Outgoing(mpsc::UnboundedSender<Order>);

/// The other end of [`Outgoing`].
pub struct Orders(mpsc::UnboundedReceiver<Order>);

impl Outgoing {
    /// A queue and its end for [`send`].
    pub fn new() -> (Self, Orders) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), Orders(receiver))
    }

    /// Sends a message in its turn.
    pub fn send(&self, message: Message) {
        let _ = self.0.send(Order::Send(Box::new(message)));
    }

    /// Waits until everything queued before has been handed to the transport.
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        let _ = self.0.send(Order::Flush(done));
        let _ = flushed.await;
    }
}

/// Gives every good message to `handle`; logs the others. Never ends by itself.
pub async fn receive(
    channel: &'static str,
    mut socket: RouterRecvHalf,
    signer: &Signer,
    mut handle: impl FnMut(Message),
) {
    loop {
        match socket.recv().await {
            Ok(frames) => match Message::decode(frames.into_vec(), signer) {
                Ok(message) => {
                    tracing::debug!(channel, kind = message.kind(), "request");
                    handle(message);
                }
                Err(error) => tracing::warn!(channel, %error, "a message was ignored"),
            },
            Err(error) => {
                tracing::warn!(channel, %error, "cannot receive");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Sends what is queued; gives what could not be delivered (the client has gone) to `undelivered`.
pub async fn send(
    channel: &'static str,
    mut socket: RouterSendHalf,
    signer: &Signer,
    mut orders: Orders,
    mut undelivered: impl FnMut(&Message),
) {
    while let Some(order) = orders.0.recv().await {
        let message = match order {
            Order::Send(message) => message,
            Order::Flush(done) => {
                let _ = done.send(());
                continue;
            }
        };
        let Ok(frames) = ZmqMessage::try_from(message.encode(signer)) else { continue };
        let sent = tokio::time::timeout(STALLED, socket.send(frames)).await;
        let problem = match sent {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the client does not read".to_owned(),
        };
        tracing::warn!(channel, kind = message.kind(), problem, "a reply was not delivered");
        undelivered(&message);
    }
}
