//! What each output was made from.
//!
//! In come the runs of a session, one after the other, and the files that the worker has opened; out go
//! [`Fingerprint`]s, small enough to travel with every output: the code and the earlier cells that it used, the inputs
//! with their contents, seeds and options, prelude, compiler and processor. The room reads no output, runs nothing, and
//! knows neither rustc nor Jupyter.

mod fingerprint;
mod hashes;
mod ledger;
mod paths;
mod program;
mod provenance;
mod stamp;

pub use fingerprint::{Content, Fingerprint, Input, LARGEST, More, code_hash};
pub use hashes::{Hashes, WHOLE_BELOW, sampled, whole};
pub(crate) use ledger::{Begun, Ledger};
pub(crate) use paths::relative;
pub use program::Program;
pub use provenance::{Provenance, Read};
pub(crate) use stamp::{measures, stamping};

/// The key of a fingerprint in the metadata of an output or of a cell.
pub const KEY: &str = "recoil";
/// The entry beside it that marks what tells of times.
pub const MEASURES: &str = "measures";
/// The option of a fingerprint that names the added crates and their versions.
pub const CRATES: &str = "crates";
