//! Messages to bytes and back.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{ErrorKind, Read, Write};

/// The longest frame that is read: a display of that size would not be usable in a notebook either.
pub const MAX_FRAME_BYTES: u32 = 1 << 30;

/// Why a frame could not be sent or received.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The other side is gone.
    #[error("the connection between kernel and worker failed: {0}")]
    Io(#[from] std::io::Error),
    /// The length in front of the frame cannot be right.
    #[error("a frame of {0} bytes between kernel and worker is longer than {MAX_FRAME_BYTES} bytes")]
    TooLong(u64),
    /// The frame is not the message that was expected here.
    #[error("a frame between kernel and worker is not a known message: {0}")]
    Message(#[from] serde_json::Error),
}

/// Writes one message as one frame, in one `write_all`, so that callers only need a lock around the call.
///
/// # Errors
/// [`FrameError`] when the other side is gone or the message does not fit a frame.
///
/// ```
/// let mut bytes = Vec::new();
/// port::send(&mut bytes, &port::ToWorker::Cancel { token: 7 })?;
/// let message: Option<port::ToWorker> = port::receive(&mut bytes.as_slice())?;
/// assert_eq!(message, Some(port::ToWorker::Cancel { token: 7 }));
/// # Ok::<(), port::FrameError>(())
/// ```
pub fn send(writer: &mut impl Write, message: &impl Serialize) -> Result<(), FrameError> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message)?;
    let bytes = (frame.len() - 4) as u64;
    let length = u32::try_from(bytes).ok().filter(|length| *length <= MAX_FRAME_BYTES);
    let length = length.ok_or(FrameError::TooLong(bytes))?;
    frame[..4].copy_from_slice(&length.to_le_bytes());
    writer.write_all(&frame)?;
    writer.flush()?;
    Ok(())
}

/// Reads one message; `None` when the other side has closed the stream between two frames.
///
/// # Errors
/// [`FrameError`] when the stream ends inside a frame, or the frame is no such message.
pub fn receive<T: DeserializeOwned>(reader: &mut impl Read) -> Result<Option<T>, FrameError> {
    let mut length = [0; 4];
    let mut read = 0;
    while read < 4 {
        match reader.read(&mut length[read..]) {
            Ok(0) if read == 0 => return Ok(None),
            Ok(0) => return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
            Ok(bytes) => read += bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let length = u32::from_le_bytes(length);
    if length > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong(u64::from(length)));
    }
    // Grows with what really arrives, so that a wrong length does not cost a gigabyte.
    let mut frame = Vec::new();
    let arrived = reader.take(u64::from(length)).read_to_end(&mut frame)?;
    if arrived < length as usize {
        return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into());
    }
    Ok(Some(serde_json::from_slice(&frame)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bundle, Comm, Ending, Note, Place, ToKernel, ToWorker, Variable};

    fn bundle() -> Bundle {
        Bundle::text("a \"quoted\" µ")
    }

    #[test]
    fn every_message_survives_the_socket() {
        let place = Place { file: "src/lib.rs".into(), line: 3, column: 5 };
        let messages = vec![
            ToKernel::Hello,
            ToKernel::Started { token: 9 },
            ToKernel::Text { token: 9, error: true, text: "é\n".into() },
            ToKernel::Display { token: 9, bundle: bundle(), id: Some("x".into()) },
            ToKernel::Update { token: 9, bundle: bundle(), id: "x".into() },
            ToKernel::Clear { token: 9, wait: true },
            ToKernel::Input { token: 9, prompt: "?".into(), password: true },
            ToKernel::Comm {
                token: 9,
                id: "c".into(),
                event: Comm::Open { target: "t".into(), data: serde_json::json!([1.5]), metadata: Default::default() },
            },
            ToKernel::Comm { token: 9, id: "c".into(), event: Comm::Close },
            ToKernel::Finished {
                token: 9,
                ending: Ending::Panicked { message: "m".into(), place: Some(place) },
                variables: vec![Variable {
                    name: "a".into(),
                    text: "1".into(),
                    groups: vec![],
                    columns: vec!["c".into()],
                }],
                notes: vec![
                    Note::Seed { step: "sample".into(), seed: u64::MAX },
                    Note::Rows { file: "a.csv".into(), rows: 3 },
                ],
            },
        ];
        let mut bytes = Vec::new();
        for message in &messages {
            send(&mut bytes, message).unwrap();
        }
        let mut reader = bytes.as_slice();
        for message in &messages {
            assert_eq!(receive::<ToKernel>(&mut reader).unwrap().as_ref(), Some(message));
        }
        assert_eq!(receive::<ToKernel>(&mut reader).unwrap(), None);
    }

    #[test]
    fn broken_frames_are_errors() {
        assert!(matches!(receive::<ToWorker>(&mut [1, 0].as_slice()), Err(FrameError::Io(_))));
        assert!(matches!(receive::<ToWorker>(&mut [9, 0, 0, 0, b'{'].as_slice()), Err(FrameError::Io(_))));
        assert!(matches!(receive::<ToWorker>(&mut [2, 0, 0, 0, b'{', b'}'].as_slice()), Err(FrameError::Message(_))));
        assert!(matches!(receive::<ToWorker>(&mut [255; 8].as_slice()), Err(FrameError::TooLong(_))));
    }
}
