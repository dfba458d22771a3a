//! A Python with the wanted packages, in a private environment under `target/`.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The interpreter of the private environment `name` with `packages` installed (made at the first call, and
/// kept). `None`, said visibly for `test`, when there is no Python or the packages cannot be had.
///
/// The folder is named after the packages, too: tests that run side by side and want other packages must not share one.
pub fn environment(test: &str, name: &str, packages: &[&str]) -> Option<PathBuf> {
    let wanted = Sha256::digest(packages.join("\n"));
    let folder = crate::cases::project().join("target/python").join(format!("{name}-{}", hex(&wanted[..4])));
    match install(&folder, packages) {
        Ok(python) => Some(python),
        Err(why) => {
            crate::skipped(test, &why);
            None
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn install(folder: &Path, packages: &[&str]) -> Result<PathBuf, String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let lock = std::fs::File::create(folder.join("lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let python = folder.join("bin/python");
    let stamp = folder.join("packages");
    let wanted = packages.join("\n");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    run(Command::new(&python).args(["-m", "pip", "install", "-q", "--disable-pip-version-check"]).args(packages))?;
    std::fs::write(&stamp, wanted).map_err(|error| error.to_string())?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} failed: {}", text.lines().last().unwrap_or("no message")))
}
