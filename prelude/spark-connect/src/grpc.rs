//! gRPC over HTTP/2: messages behind a prefix of five bytes, and a status in the trailers.

use crate::error::{Error, Result};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use h2::RecvStream;
use http::HeaderMap;
use prost::Message;

/// Bytes of the prefix: whether the message is compressed, and its length.
const PREFIX: usize = 5;
/// The longest message that is taken.
const LONGEST: usize = 512 << 20;

/// A message with its prefix.
pub(crate) fn framed(message: &impl Message) -> Result<Bytes> {
    let length = message.encoded_len();
    let short = u32::try_from(length).map_err(|_| Error::Unable(format!("a request of {length} bytes is too long")))?;
    let mut bytes = BytesMut::with_capacity(PREFIX + length);
    bytes.put_u8(0);
    bytes.put_u32(short);
    message.encode(&mut bytes).map_err(|error| Error::Unable(error.to_string()))?;
    Ok(bytes.freeze())
}

/// The messages of an answer while they arrive.
pub(crate) struct Answers {
    body: RecvStream,
    held: BytesMut,
    ended: bool,
}

impl Answers {
    pub fn new(body: RecvStream) -> Self {
        Self { body, held: BytesMut::new(), ended: false }
    }

    /// The next message; `None` at the end, when the server says that all went well.
    pub async fn next<M: Message + Default>(&mut self) -> Result<Option<M>> {
        loop {
            if let Some(message) = taken(&mut self.held)? {
                let message = M::decode(message);
                return message.map(Some).map_err(|error| Error::Unable(format!("a message is not readable: {error}")));
            }
            if self.ended {
                return Ok(None);
            }
            match self.body.data().await {
                Some(data) => {
                    let data = data.map_err(|error| lost(&error))?;
                    self.held.extend_from_slice(&data);
                    // The next bytes may come.
                    self.body.flow_control().release_capacity(data.len()).map_err(|error| lost(&error))?;
                }
                None => {
                    let trailers = self.body.trailers().await.map_err(|error| lost(&error))?;
                    status(&trailers.unwrap_or_default())?;
                    if !self.held.is_empty() {
                        return Err(Error::Lost("the answer was cut off".to_owned()));
                    }
                    self.ended = true;
                }
            }
        }
    }
}

/// Takes the first whole message off the bytes that have arrived.
fn taken(held: &mut BytesMut) -> Result<Option<Bytes>> {
    let Some(prefix) = held.first_chunk::<PREFIX>() else { return Ok(None) };
    let [compressed, length @ ..] = *prefix;
    let length = u32::from_be_bytes(length) as usize;
    if compressed != 0 || length > LONGEST {
        return Err(Error::Unable(format!("a message of {length} bytes is compressed or too long")));
    }
    if held.len() < PREFIX + length {
        held.reserve(PREFIX + length - held.len());
        return Ok(None);
    }
    held.advance(PREFIX);
    Ok(Some(held.split_to(length).freeze()))
}

/// What the server says at the end of an answer.
///
/// # Errors
/// Anything but "all went well".
pub(crate) fn status(headers: &HeaderMap) -> Result<()> {
    let text = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let Some(code) = text("grpc-status") else {
        return Err(Error::Lost("the answer ended without a status".to_owned()));
    };
    match code.parse() {
        Ok(0) => Ok(()),
        Ok(code) => Err(Error::of_status(code, &decoded(&text("grpc-message").unwrap_or_default()))),
        Err(_) => Err(Error::Unable(format!("`{code}` is no gRPC status"))),
    }
}

/// A message of a status, in which signs that are not plain stand as `%0A`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        let coded = (*byte == b'%').then(|| behind.get(..2)).flatten();
        let coded = coded.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match coded {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*byte);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A connection that broke, in the words of the transport.
pub(crate) fn lost(error: &h2::Error) -> Error {
    match error.get_io() {
        Some(error) => Error::Lost(format!("the connection broke: {error}")),
        None => Error::Lost(format!("the connection broke: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::request::{ExecuteResponse, Pair};

    #[test]
    fn messages_are_taken_off_whole() {
        let pair = Pair { key: "a".into(), value: Some("b".into()) };
        let bytes = framed(&pair).unwrap();
        let mut held = BytesMut::new();
        for byte in &bytes[..bytes.len() - 1] {
            held.put_u8(*byte);
            assert_eq!(taken(&mut held).unwrap(), None);
        }
        held.extend_from_slice(&bytes[bytes.len() - 1..]);
        held.put_u8(0);
        assert_eq!(Pair::decode(taken(&mut held).unwrap().unwrap()).unwrap(), pair);
        assert_eq!((taken(&mut held).unwrap(), held.len()), (None, 1));
    }

    #[test]
    fn what_is_compressed_or_too_long_is_refused() {
        assert!(taken(&mut BytesMut::from(&[1, 0, 0, 0, 1, 0][..])).is_err());
        assert!(taken(&mut BytesMut::from(&[0, 255, 255, 255, 255][..])).is_err());
    }

    #[test]
    fn a_status_is_read_with_its_message() {
        let headers = |code: &str, message: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-status", code.parse().unwrap());
            headers.insert("grpc-message", message.parse().unwrap());
            headers
        };
        assert_eq!(status(&headers("0", "")), Ok(()));
        assert_eq!(status(&headers("13", "a%0Ab%C3%A9 5%")), Err(Error::Server("a\nbé 5%".to_owned())));
        assert!(matches!(status(&HeaderMap::new()), Err(Error::Lost(_))));
        assert!(matches!(status(&headers("x", "")), Err(Error::Unable(_))));
    }

    #[test]
    fn damaged_messages_are_errors_and_no_panics() {
        let whole = framed(&ExecuteResponse { response: "x".repeat(40), ..ExecuteResponse::default() }).unwrap();
        for cut in 0..whole.len() - PREFIX {
            let bytes = &whole[PREFIX..PREFIX + cut];
            // Cut inside the one field it is an error, before it an empty message.
            assert_eq!(ExecuteResponse::decode(bytes).is_ok(), cut == 0, "{cut}");
        }
    }
}
