//! The worker's process, which nobody starts here.

use std::os::unix::net::UnixStream;

#[derive(Debug)]
pub(crate) struct Process;

impl Process {
    pub(crate) fn of_peer(_stream: &UnixStream) -> Option<Self> {
        None
    }

    pub(crate) fn id(&self) -> libc::pid_t {
        0
    }

    pub(crate) fn signal(&self, _signal: libc::c_int) -> bool {
        false
    }
}
