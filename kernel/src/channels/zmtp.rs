//! The few bytes of ZMTP 3.0 (<https://rfc.zeromq.org/spec/23/>) that a publisher needs: greeting, `READY`,
//! frames out, subscriptions in. Security mechanism NULL, as all of Jupyter's local sockets.

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// A subscriber has little to say; what is longer is no subscription.
const LONGEST: u64 = 64 * 1024;

const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

/// What a subscriber says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Subscribe(Bytes),
    Unsubscribe(Bytes),
    /// A ping; the context comes back in a pong.
    Ping(Bytes),
    Other,
}

/// Our side of the greeting, and `READY` with our socket type.
pub(super) fn greeting() -> Bytes {
    let mut bytes = BytesMut::with_capacity(96);
    bytes.put_slice(&[0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]);
    bytes.put_slice(b"NULL");
    // Rest of the mechanism's 20 bytes, as-server, 31 of filler.
    bytes.put_bytes(0, 16 + 1 + 31);
    let ready = b"\x05READY\x0bSocket-Type\0\0\0\x04XPUB";
    put_frame(&mut bytes, COMMAND, ready);
    bytes.freeze()
}

/// Reads the other side's greeting and `READY`.
pub(super) async fn shake_hands(reader: &mut (impl AsyncRead + Unpin)) -> std::io::Result<()> {
    let mut greeting = [0; 64];
    reader.read_exact(&mut greeting).await?;
    let version_3 = greeting[0] == 0xff && greeting[9] == 0x7f && greeting[10] >= 3;
    if !version_3 || !greeting[12..].starts_with(b"NULL\0") {
        return Err(std::io::Error::other("not a ZMTP 3 peer without encryption"));
    }
    let (flags, body) = read_frame(reader).await?;
    match flags & COMMAND != 0 && body.starts_with(b"\x05READY") {
        true => Ok(()),
        false => Err(std::io::Error::other("no READY after the greeting")),
    }
}

/// Reads the next frame of a subscriber.
pub(super) async fn read(reader: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Said> {
    let (flags, body) = read_frame(reader).await?;
    let rest = |prefix: &[u8]| body.starts_with(prefix).then(|| body.slice(prefix.len()..));
    if flags & COMMAND == 0 {
        // Version 3.0: a message that begins with 1 or 0.
        let said = rest(b"\x01").map(Said::Subscribe).or_else(|| rest(b"\0").map(Said::Unsubscribe));
        return Ok(said.unwrap_or(Said::Other));
    }
    // Version 3.1 has commands for it; a ping has a time to live of two bytes before its context.
    let ping = || rest(b"\x04PING").filter(|rest| rest.len() >= 2).map(|rest| Said::Ping(rest.slice(2..)));
    let said = rest(b"\x09SUBSCRIBE").map(Said::Subscribe).or_else(|| rest(b"\x06CANCEL").map(Said::Unsubscribe));
    Ok(said.or_else(ping).unwrap_or(Said::Other))
}

/// The answer to a ping.
pub(super) fn pong(context: &[u8]) -> Bytes {
    let mut bytes = BytesMut::new();
    put_frame(&mut bytes, COMMAND, &[b"\x04PONG", context].concat());
    bytes.freeze()
}

/// A message as it goes over the wire.
pub(super) fn message(frames: &[Bytes]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(frames.iter().map(|frame| frame.len() + 9).sum());
    for (index, frame) in frames.iter().enumerate() {
        let more = if index + 1 < frames.len() { MORE } else { 0 };
        put_frame(&mut bytes, more, frame);
    }
    bytes.freeze()
}

fn put_frame(bytes: &mut BytesMut, flags: u8, body: &[u8]) {
    match u8::try_from(body.len()) {
        Ok(length) => bytes.put_slice(&[flags, length]),
        Err(_) => {
            bytes.put_u8(flags | LONG);
            bytes.put_u64(body.len() as u64);
        }
    }
    bytes.put_slice(body);
}

async fn read_frame(reader: &mut (impl AsyncRead + Unpin)) -> std::io::Result<(u8, Bytes)> {
    let flags = reader.read_u8().await?;
    let length = match flags & LONG {
        0 => u64::from(reader.read_u8().await?),
        _ => reader.read_u64().await?,
    };
    if length > LONGEST {
        return Err(std::io::Error::other(format!("a frame of {length} bytes from a subscriber")));
    }
    let mut body = vec![0; usize::try_from(length).unwrap_or_default()];
    reader.read_exact(&mut body).await?;
    Ok((flags, Bytes::from(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block<T>(future: impl Future<Output = std::io::Result<T>>) -> std::io::Result<T> {
        futures::executor::block_on(future)
    }

    #[test]
    fn hands_are_shaken_with_ourselves() {
        let greeting = greeting();
        assert_eq!(greeting.len(), 64 + 2 + 26);
        assert!(block(shake_hands(&mut &greeting[..])).is_ok());
        for broken in [0, 9, 10, 12, 64, 67] {
            let mut bytes = greeting.to_vec();
            bytes[broken] = 1;
            assert!(block(shake_hands(&mut &bytes[..])).is_err(), "byte {broken}");
        }
        assert!(block(shake_hands(&mut &greeting[..40])).is_err());
    }

    #[test]
    fn subscriptions_of_both_versions_are_read() {
        let said = |flags: u8, body: &[u8]| {
            let mut bytes = BytesMut::new();
            put_frame(&mut bytes, flags, body);
            block(read(&mut &bytes[..])).expect("reads")
        };
        assert_eq!(said(0, b"\x01topic"), Said::Subscribe(Bytes::from_static(b"topic")));
        assert_eq!(said(0, b"\0"), Said::Unsubscribe(Bytes::new()));
        assert_eq!(said(COMMAND, b"\x09SUBSCRIBE"), Said::Subscribe(Bytes::new()));
        assert_eq!(said(COMMAND, b"\x06CANCELx"), Said::Unsubscribe(Bytes::from_static(b"x")));
        assert_eq!(said(COMMAND, b"\x04PING\0\x0ahi"), Said::Ping(Bytes::from_static(b"hi")));
        assert_eq!(said(COMMAND, b"\x04PING"), Said::Other);
        assert_eq!(said(0, &[7; 300]), Said::Other);
        let huge = [LONG, 0, 0, 0, 1, 0, 0, 0, 0];
        assert!(block(read(&mut &huge[..])).is_err());
    }

    #[test]
    fn messages_have_short_and_long_frames() {
        let bytes = message(&[Bytes::from_static(b"ab"), Bytes::from(vec![7; 256])]);
        assert_eq!(&bytes[..4], [MORE, 2, b'a', b'b']);
        assert_eq!(&bytes[4..13], [LONG, 0, 0, 0, 0, 0, 0, 1, 0]);
        assert_eq!(bytes.len(), 4 + 9 + 256);
    }
}
