//! The heartbeat: what comes in goes back unchanged.

use super::{ChannelError, bind};
use std::time::Duration;
use zeromq::{RouterSocket, SocketRecv, SocketSend};

/// Opens the socket and echoes for ever. A ROUTER echoes for REQ and DEALER clients alike.
pub(crate) async fn open(endpoint: &str) -> Result<impl Future<Output = ()> + use<>, ChannelError> {
    let mut socket: RouterSocket = bind("heartbeat", endpoint).await?;
    Ok(async move {
        loop {
            let echoed = match socket.recv().await {
                Ok(beat) => socket.send(beat).await,
                Err(error) => Err(error),
            };
            if let Err(error) = echoed {
                tracing::debug!(%error, "heartbeat");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    })
}
