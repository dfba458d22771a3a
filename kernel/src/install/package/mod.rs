//! Recoil as a Python wheel: what `recoil package` makes and what a program installed from it finds beside itself.
//!
//! Enters: the built program, the prelude's snapshot and its completion index, the tutorials. Leaves: one wheel whose
//! installation is the whole installation: the program, the kernelspec, and archives of the prelude, which the first
//! start unpacks into the user's cache. Must not know: how a cell is compiled.

mod archive;
mod make;
mod unpack;
mod wheel;

pub use make::{PackageError, Packaged, make};
pub use unpack::{Installed, installed};

use serde::{Deserialize, Serialize};

/// What is in the archives, which lie beside the program under `share/recoil`; a file of its own, so that a start need not
/// open them.
const STAMP: &str = "prelude.json";

/// Identity of the archived prelude and of the compiler that cells need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// All that `rustc -vV` printed.
    pub rustc: String,
    /// Hash of the dylib and of the compiler.
    pub identity: String,
}
