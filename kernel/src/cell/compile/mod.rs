//! From generated source to a library that can be loaded: one pass of rustc, or none when [`cache`] has the cell.
//!
//! In come a [`plan`] and a source; out come a library and what was learnt of the cell's variables ([`mir`] reads their
//! types, [`names`] knows those that were asked for before), or rustc's errors. [`waiting`] is a rustc that was started before the
//! cell, and [`early`] has the cell compiled while evcxr still reads it. [`repair`] corrects what the cell's own code cannot know,
//! [`linker`] links without rustc's driver, [`dependencies`] builds added crates with the real cargo. This storey knows nothing
//! of evcxr but what it writes around a cell, and nothing of the session's state or of how errors are shown.

pub(crate) mod cache;
pub(crate) mod canonical;
mod crate_sources;
pub(crate) mod dependencies;
pub(crate) mod early;
mod handed;
mod invocation;
pub(crate) mod linker;
pub(crate) mod lock;
pub(crate) mod mir;
mod names;
pub(crate) mod plan;
pub(crate) mod process;
mod reactor;
mod refusal;
mod repair;
mod running;
pub(crate) mod rustc;
mod serde;
pub(crate) mod shape;
mod unused;
pub(crate) mod waiting;
