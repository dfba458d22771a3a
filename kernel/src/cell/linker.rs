//! Linking a cell without the compiler driver: it saves a process or two per cell.

use crate::install::prelude::Toolchain;

/// rustc's arguments for the linker that comes with it; none when it is not there.
pub(super) fn arguments(toolchain: &Toolchain) -> Vec<String> {
    let _ = toolchain;
    Vec::new()
}
