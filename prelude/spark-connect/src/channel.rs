//! One connection to a server, over which many questions go at a time.

use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::grpc::{Answers, framed, lost, status};
use crate::tls::encrypted;
use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{Ping, PingPong};
use http::Request;
use prost::Message;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

/// How long a host may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the server is asked whether it is there.
const PING: Duration = Duration::from_secs(10);
/// How long it may take to say so.
const PONG: Duration = Duration::from_secs(20);
/// Bytes that may be under way.
const WINDOW: u32 = 16 << 20;
const AGENT: &str = concat!("recoil-spark-connect/", env!("CARGO_PKG_VERSION"));

pub(crate) struct Channel {
    requests: SendRequest<Bytes>,
    /// `http://host:port`, with headers that go with each request.
    origin: String,
    headers: Vec<(String, String)>,
    connection: AbortHandle,
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Channel {
    pub async fn connect(endpoint: &Endpoint) -> Result<Self> {
        let place = (endpoint.host.trim_matches(['[', ']']), endpoint.port);
        let tcp = match timeout(PATIENCE, TcpStream::connect(place)).await {
            Ok(Ok(tcp)) => tcp,
            Ok(Err(error)) => return Err(Error::Lost(error.to_string())),
            Err(_) => return Err(Error::Lost(format!("no connection in {} s", PATIENCE.as_secs()))),
        };
        tcp.set_nodelay(true).map_err(|error| Error::Lost(error.to_string()))?;
        let (requests, connection) = match endpoint.tls {
            true => opened(within(encrypted(tcp, &endpoint.host)).await?).await?,
            false => opened(tcp).await?,
        };
        let scheme = if endpoint.tls { "https" } else { "http" };
        let origin = format!("{scheme}://{}", endpoint.authority());
        let mut headers = endpoint.headers.clone();
        if let Some(token) = &endpoint.token {
            headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
        Ok(Self { requests, origin, headers, connection })
    }

    /// Asks, and gives the answers as they arrive.
    pub async fn ask(&self, method: &str, message: &impl Message) -> Result<Answers> {
        let body = framed(message)?;
        let mut request = Request::post(format!("{}/spark.connect.SparkConnectService/{method}", self.origin))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("user-agent", AGENT);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        // A header that is none was put into the address.
        let request = request.body(()).map_err(|error| Error::Address(error.to_string()))?;
        let mut requests = self.requests.clone().ready().await.map_err(|error| lost(&error))?;
        let (answer, mut send) = requests.send_request(request, false).map_err(|error| lost(&error))?;
        send.send_data(body, true).map_err(|error| lost(&error))?;
        let answer = answer.await.map_err(|error| lost(&error))?;
        let (head, body) = answer.into_parts();
        // Without a body, the status is in the header.
        if head.headers.contains_key("grpc-status") {
            status(&head.headers)?;
        }
        if head.status != 200 {
            return Err(Error::of_http(head.status.as_u16()));
        }
        Ok(Answers::new(body))
    }

    /// Asks for one answer.
    pub async fn answer<M: Message + Default>(&self, method: &str, message: &impl Message) -> Result<M> {
        let mut answers = self.ask(method, message).await?;
        let answer = answers.next().await?;
        let answer = answer.ok_or_else(|| Error::Unable(format!("it answers {method} with nothing")))?;
        // The status comes behind the answer.
        while answers.next::<M>().await?.is_some() {}
        Ok(answer)
    }
}

async fn within<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let answer = timeout(PATIENCE, work).await;
    answer.unwrap_or_else(|_| Err(Error::Lost(format!("no answer in {} s", PATIENCE.as_secs()))))
}

/// Speaks HTTP/2 over a connection, and watches that the other side stays there.
async fn opened<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
) -> Result<(SendRequest<Bytes>, AbortHandle)> {
    let mut builder = Builder::new();
    builder.initial_window_size(WINDOW).initial_connection_window_size(WINDOW).max_header_list_size(1 << 20);
    let greeted = builder.handshake::<_, Bytes>(stream).await;
    let (requests, mut connection) = greeted.map_err(|error| lost(&error))?;
    let pings = connection.ping_pong();
    let connection = tokio::spawn(async move {
        // The callers that wait for an answer learn why it ended.
        let _ = connection.await;
    });
    let connection = connection.abort_handle();
    if let Some(pings) = pings {
        tokio::spawn(watch(pings, connection.clone()));
    }
    Ok((requests, connection))
}

/// Ends the connection when the other side has gone without a word.
async fn watch(mut pings: PingPong, connection: AbortHandle) {
    loop {
        sleep(PING).await;
        if connection.is_finished() {
            return;
        }
        match timeout(PONG, pings.ping(Ping::opaque())).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => return connection.abort(),
        }
    }
}
