//! Processes that the cargo shim starts.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// `PATH` without the folder of links.
pub(crate) const REAL_PATH: &str = "RECOIL_REAL_PATH";

/// The command's process ends when this one does.
pub(crate) fn with_parent(command: &mut Command) -> &mut Command {
    // SAFETY: between `fork` and `exec` only `prctl` is called, which is safe there.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        })
    }
}

/// The same command with the user's own `PATH`.
pub(crate) fn real(command: &mut Command) -> &mut Command {
    if let Some(path) = std::env::var_os(REAL_PATH) {
        command.env("PATH", path).env_remove(REAL_PATH);
    }
    command
}
