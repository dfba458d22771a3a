//! Processes that the cargo shim starts.

use crate::install::toolchain::REAL_RUSTC;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// `PATH` without the folder of links.
pub(crate) const REAL_PATH: &str = "RECOIL_REAL_PATH";

/// What would put another compiler, or other flags, in the place of those of the cells.
const WRAPPERS: [&str; 6] = [
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
];

/// The command's process ends when this one does.
pub(crate) fn with_parent(command: &mut Command) -> &mut Command {
    let parent = libc::pid_t::try_from(std::process::id());
    // SAFETY: between `fork` and `exec` only `prctl` and `getppid` are called, which are safe there.
    unsafe {
        command.pre_exec(move || {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            // It may have ended before.
            if parent == Ok(libc::getppid()) { Ok(()) } else { Err(std::io::Error::from_raw_os_error(libc::ESRCH)) }
        })
    }
}

/// The same command with the user's own `PATH`, and with the compiler of the cells: what cargo builds must fit them.
pub(crate) fn real(command: &mut Command) -> &mut Command {
    for name in WRAPPERS {
        command.env_remove(name);
    }
    if let Some(rustc) = std::env::var_os(REAL_RUSTC) {
        command.env("RUSTC", rustc).env_remove(REAL_RUSTC);
    }
    if let Some(path) = std::env::var_os(REAL_PATH) {
        command.env("PATH", path).env_remove(REAL_PATH);
    }
    command
}
