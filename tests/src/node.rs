//! Programs of Node in a private folder under `target/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of a package's programs, installed at the first call and kept; `package` is `name@version`. `None`, said visibly
/// for `test`, when it cannot be had.
pub fn programs(test: &str, package: &str) -> Option<PathBuf> {
    let folder = crate::cases::project().join("target/node").join(package);
    match install(&folder, package) {
        Ok(()) => Some(folder.join("node_modules/.bin")),
        Err(why) => {
            crate::skipped(test, &why);
            None
        }
    }
}

fn install(folder: &Path, package: &str) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let lock = std::fs::File::create(folder.join("lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    if folder.join("installed").exists() {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"]).arg(folder).arg(package);
    let status = npm.stdin(Stdio::null()).stdout(Stdio::null()).status();
    if !status.is_ok_and(|status| status.success()) {
        return Err(format!("npm could not install {package}"));
    }
    std::fs::write(folder.join("installed"), package).map_err(|error| error.to_string())
}
