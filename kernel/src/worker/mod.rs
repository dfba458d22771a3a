//! The process that runs cells, seen from both sides: `host` is what the process itself does, `listener` is the
//! kernel's end, with `event_loop`, the thread that reads its socket (`inbox`) and its two output pipes (`pipe`) into
//! the common `state`.
//!
//! `abandoned` leaves cells where they are that cannot be stopped.
//!
//! `opened` writes down which files cells open, `printed` finds the cell whose thread prints.
//!
//! In come compiled cells (evcxr names them on the worker's standard input) and messages of room `port`; out go outputs,
//! and one ending per cell. The room knows neither rustc nor Jupyter.

mod abandoned;
mod event_loop;
mod host;
mod inbox;
mod listener;
mod opened;
mod pipe;
mod printed;
mod session;
mod state;

pub(crate) use listener::{Listener, Restful};
pub(crate) use opened::{Opened, since as opened_since};
pub(crate) use state::Finished;

/// Environment variable that makes this program the worker.
pub(crate) const WORKER: &str = "RECOIL_WORKER";
/// The kernel's socket.
pub(crate) const SOCKET: &str = "RECOIL_SOCKET";
/// The pipe for standard output; the one for standard error has `.err` at its end.
pub(crate) const PIPES: &str = "RECOIL_PIPES";
/// Path of the prelude's dylib.
pub(crate) const PRELUDE: &str = "RECOIL_PRELUDE";
/// Added to an output pipe's path for standard error.
pub(crate) const ERROR_SUFFIX: &str = ".err";
/// The function that every compiled cell exports; evcxr's own name for it has a number.
pub(crate) const CELL_FUNCTION: &str = "run_user_code";
/// A symbol of cells with statics, which later cells are to find.
pub(crate) const HAS_STATICS: &str = "recoil_has_statics";
/// A line that makes evcxr take back what the cell has defined: it believes that a variable has changed its type, and
/// compiles again, which the cargo shim refuses.
const FAILED_MARK: &str = "EVCXR_VARIABLE_CHANGED_TYPE:recoil";

/// Call this first in `main`: when this process was started as the worker, it runs cells and does not return.
pub fn hook() {
    if std::env::var_os(WORKER).is_some() {
        host::main();
    }
}
