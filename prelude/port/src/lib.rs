//! Room `port`: what a cell may tell its kernel, and what the kernel may tell a cell.
//!
//! The worker process (which has loaded the prelude and runs cells) and the kernel (which speaks to Jupyter) share one
//! Unix socket. This room defines the messages on it, [`ToKernel`] and [`ToWorker`], and how they become frames:
//! a little-endian `u32` length, then that many bytes of JSON.
//!
//! Standard output and standard error do not come this way: they are pipes that the kernel reads, so that nothing a dying
//! worker has written is lost. Only text of threads that outlive their cells is a message, because a pipe does not say
//! whose text it is.
//!
//! In comes a typed message or a byte stream, out goes the other. The room knows no Jupyter, no rustc and no data frame;
//! it imports only the standard library, serde and base64, because it is the one room that the kernel links.

mod bundle;
mod frame;
mod message;

pub use bundle::Bundle;
pub use frame::{FrameError, MAX_FRAME_BYTES, receive, send};
pub use message::{Comm, Ending, Errand, Note, Place, ToKernel, ToWorker, Variable};
