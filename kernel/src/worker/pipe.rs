//! The worker's output pipes: their bytes as text, whole characters only.

use crate::evaluator::Stream;
use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A pipe that this process holds open at both ends, so that it never ends when a worker does.
pub(super) fn open_pipe(path: &Path) -> std::io::Result<File> {
    let name = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: `name` is a C string.
    if unsafe { libc::mkfifo(name.as_ptr(), 0o600) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    // A larger buffer makes floods of output cheaper; the default does too, so a refusal does not matter.
    // SAFETY: `fcntl` on an open descriptor.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETPIPE_SZ, 1 << 20) };
    Ok(file)
}

/// One output pipe, and the bytes of a character that has not arrived as a whole.
pub(super) struct Pipe {
    file: File,
    pub stream: Stream,
    rest: Vec<u8>,
}

impl Pipe {
    pub fn new(file: File, stream: Stream) -> Self {
        Self { file, stream, rest: Vec::new() }
    }

    /// For `poll`.
    pub fn descriptor(&self) -> RawFd {
        self.file.as_raw_fd()
    }

    /// Reads what is there; `None` when there is nothing more.
    pub fn read(&mut self) -> Option<String> {
        let mut buffer = [0; 1 << 16];
        let read = self.file.read(&mut buffer).ok().filter(|read| *read > 0)?;
        self.rest.extend_from_slice(&buffer[..read]);
        Some(whole_characters(&mut self.rest))
    }

    /// What is left of a character whose end will not come.
    pub fn end(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.rest);
        (!rest.is_empty()).then(|| String::from_utf8_lossy(&rest).into_owned())
    }
}

/// Takes all whole characters off the front; bytes that can never become one are shown as `\u{fffd}`.
fn whole_characters(bytes: &mut Vec<u8>) -> String {
    let mut text = String::new();
    loop {
        match std::str::from_utf8(bytes) {
            Ok(rest) => {
                text.push_str(rest);
                bytes.clear();
                return text;
            }
            Err(error) => {
                let (good, bad) = bytes.split_at(error.valid_up_to());
                text.push_str(&String::from_utf8_lossy(good));
                let Some(broken) = error.error_len() else {
                    *bytes = bad.to_vec();
                    return text;
                };
                text.push('\u{fffd}');
                *bytes = bad[broken..].to_vec();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_wait_for_their_last_byte() {
        let mut bytes = vec![b'a', 0xc3];
        assert_eq!(whole_characters(&mut bytes), "a");
        bytes.push(0xa9);
        assert_eq!(whole_characters(&mut bytes), "é");
        assert!(bytes.is_empty());
        let mut bytes = vec![0xff, b'b', 0xe2, 0x82];
        assert_eq!(whole_characters(&mut bytes), "\u{fffd}b");
        assert_eq!(bytes, [0xe2, 0x82]);
    }
}
