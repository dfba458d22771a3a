//! Frames from one worker, as they arrive.

use port::ToKernel;
use std::collections::VecDeque;
use std::io::Read;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

/// Bytes of frames from one worker.
pub(super) struct Inbox {
    stream: UnixStream,
    bytes: VecDeque<u8>,
}

impl Inbox {
    pub fn new(stream: UnixStream) -> Self {
        Self { stream, bytes: VecDeque::new() }
    }

    /// For `poll`.
    pub fn descriptor(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    /// Reads what is there; `false` when the worker has closed its end.
    pub fn fill(&mut self) -> bool {
        let mut buffer = [0; 1 << 16];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(read) => {
                self.bytes.extend(&buffer[..read]);
                true
            }
            Err(error) => matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::Interrupted),
        }
    }

    /// The next whole frame.
    pub fn next(&mut self) -> Option<Result<ToKernel, port::FrameError>> {
        let bytes = self.bytes.make_contiguous();
        let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
        let end = 4 + length as usize;
        if bytes.len() < end && length <= port::MAX_FRAME_BYTES {
            return None;
        }
        let message = port::receive(&mut &*bytes);
        self.bytes.drain(..end.min(self.bytes.len()));
        message.transpose()
    }
}
