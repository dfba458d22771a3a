//! evcxr and the worker as a session starts them: with this program in the place of cargo, and in a worker's environment.

use super::cargo_shim::STARTS;
use crate::cell::compile::process::REAL_PATH;
use crate::cell::shared::Shared;
use crate::install::config::Config;
use crate::install::toolchain::REAL_RUSTC;
use crate::lock::lock;
use crate::worker;
use evcxr::{CommandContext, Error, EvalContext};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, OnceLock};

/// Where evcxr is told to write; its own choice would outlive a kernel that is killed.
const CRATE: &str = "evcxr";
const CRATE_FOLDER: &str = "EVCXR_TMPDIR";

/// A folder with this program under the names that evcxr looks for; returns the user's own `PATH`.
pub(crate) fn links(config: &Config, folder: &Path) -> std::io::Result<OsString> {
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin)?;
    std::fs::create_dir_all(folder.join(CRATE))?;
    for name in ["cargo", "rustup"] {
        std::os::unix::fs::symlink(&config.program, bin.join(name))?;
    }
    // Not the one in the search path, which may be another, or broken; and by way of rustup each answer takes twice as long.
    std::os::unix::fs::symlink(&config.prelude.toolchain.rustc, bin.join("rustc"))?;
    Ok(std::env::var_os(REAL_PATH).or_else(|| std::env::var_os("PATH")).unwrap_or_default())
}

pub(crate) fn worker_environment(command: &mut Command, config: &Config, shared: &Shared, path: &OsString) {
    command.env(worker::WORKER, "1").env("PATH", path);
    for name in [REAL_PATH, REAL_RUSTC, STARTS] {
        command.env_remove(name);
    }
    // As the user has them: while the worker starts, they are those of `environment`.
    for name in ["CARGO", CRATE_FOLDER] {
        set_or_remove(command, name, std::env::var_os(name));
    }
    set_or_remove(command, "RUSTC", rustc_of_user());
    command.env(worker::SOCKET, &shared.listener.socket).env(worker::PIPES, &shared.listener.pipes);
    command.env(worker::PRELUDE, &config.prelude.dylib);
    let mut libraries = config.prelude.crates.clone().into_os_string();
    libraries.push(":");
    libraries.push(&config.prelude.toolchain.libraries);
    if let Some(more) = std::env::var_os("LD_LIBRARY_PATH") {
        libraries.push(":");
        libraries.push(more);
    }
    command.env("LD_LIBRARY_PATH", libraries);
}

fn set_or_remove(command: &mut Command, name: &str, value: Option<OsString>) {
    match value {
        Some(value) => command.env(name, value),
        None => command.env_remove(name),
    };
}

/// `RUSTC` as it was when the first session began.
fn rustc_of_user() -> Option<OsString> {
    static RUSTC: OnceLock<Option<OsString>> = OnceLock::new();
    RUSTC.get_or_init(|| std::env::var_os("RUSTC")).clone()
}

/// What evcxr and its rust-analyzer see of the environment while they start. evcxr finds cargo through `PATH`, once; its
/// rust-analyzer is to know nothing of the standard library, whose analysis takes seconds and is of no use here,
/// because cells learn their types from rustc. It looks for it each time a crate is added: `RUSTC` stays what it is here.
fn environment(config: &Config, folder: &Path) -> [(&'static str, OsString); 7] {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let bin = folder.join("bin");
    let mut longer = bin.clone().into_os_string();
    longer.push(":");
    longer.push(&path);
    [
        (REAL_PATH, path),
        ("PATH", longer),
        ("CARGO", bin.join("cargo").into()),
        ("RUSTC", bin.join("nothing").into()),
        (REAL_RUSTC, config.prelude.toolchain.rustc.clone().into()),
        (STARTS, "1".into()),
        (CRATE_FOLDER, folder.join(CRATE).into()),
    ]
}

/// Starts evcxr and its worker.
pub(crate) fn new_context(command: Command, config: &Config, folder: &Path) -> Result<CommandContext, Error> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = lock(&ONE_AT_A_TIME);
    let environment = environment(config, folder);
    let before = environment.each_ref().map(|(name, _)| (*name, std::env::var_os(name)));
    // SAFETY: all changes of the environment in this program are made here, under the lock. Rust's own readers lock
    // too. Of C code there is only SQLite, which reads the environment once, when the history is opened: before any cell, and
    // so before this. Name resolution and time zones are not asked of the C library.
    environment.iter().for_each(|(name, value)| unsafe { std::env::set_var(name, value) });
    let context = EvalContext::with_subprocess_command(command);
    for (name, value) in before {
        match value {
            // The user's own path, and the compiler of the cells, stay known to the cargo shim.
            _ if [REAL_PATH, REAL_RUSTC, "RUSTC"].contains(&name) => {}
            // SAFETY: as above.
            Some(value) => unsafe { std::env::set_var(name, value) },
            // SAFETY: as above.
            None => unsafe { std::env::remove_var(name) },
        }
    }
    let (context, outputs) = context?;
    // evcxr waits until somebody has read these.
    std::thread::spawn(move || {
        for line in outputs.stdout {
            tracing::debug!(line, "evcxr");
        }
    });
    std::thread::spawn(move || {
        for line in outputs.stderr {
            tracing::warn!(line, "worker, before its output was redirected");
        }
    });
    Ok(CommandContext::with_eval_context(context))
}
