//! The kernel's end of a worker: its listener and what takes messages in, over a worker that is the scenario.

#[path = "../../../kernel/src/worker/event_loop.rs"]
pub(crate) mod event_loop;
#[path = "../../../kernel/src/worker/inbox.rs"]
mod inbox;
#[path = "../../../kernel/src/worker/listener.rs"]
pub(crate) mod listener;
#[path = "../../../kernel/src/worker/pipe.rs"]
mod pipe;
#[path = "../../../kernel/src/worker/state.rs"]
mod state;

pub(crate) const ERROR_SUFFIX: &str = ".err";

mod abandoned {
    pub(crate) fn signal() -> libc::c_int {
        libc::SIGUSR1
    }
}

mod opened {
    pub(crate) const SUFFIX: &str = ".opened";
}

mod session {
    use crate::process::Process;

    pub(super) fn end(_worker: &Process) {}
}

pub mod scenario;
