//! JupyterLab: the one that is there, or a private one.

use super::kernelspec::{self, Place};
use super::{InstallError, at, user_folder};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A JupyterLab and where its kernels go.
#[derive(Debug)]
pub struct Lab {
    /// The `jupyter` program.
    pub jupyter: PathBuf,
    /// Where it looks for kernels.
    pub place: Place,
}

/// The JupyterLab in the search path, if there is one.
pub fn existing() -> Option<Lab> {
    let jupyter = PathBuf::from("jupyter");
    works(&jupyter).then_some(Lab { jupyter, place: Place::User })
}

fn works(jupyter: &Path) -> bool {
    let mut command = Command::new(jupyter);
    command.args(["lab", "--version"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The private JupyterLab, in a Python environment among the user's data; installed at the first call.
///
/// # Errors
/// When there is no Python, or pip fails.
pub fn private(tell: &mut dyn FnMut(&str)) -> Result<Lab, InstallError> {
    let folder = user_folder("XDG_DATA_HOME", ".local/share").join("recoil/jupyter");
    let lab = Lab { jupyter: folder.join("bin/jupyter"), place: Place::Prefix(folder.clone()) };
    if works(&lab.jupyter) {
        return Ok(lab);
    }
    std::fs::create_dir_all(&folder).map_err(at(&folder))?;
    tell("no `jupyter lab` in the search path: installing a private one (once, about a minute)");
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "jupyterlab", "anywidget"];
    run(Command::new(folder.join("bin/python")).args(pip))?;
    spare_questions(&folder)?;
    match works(&lab.jupyter) {
        true => Ok(lab),
        false => Err(InstallError::NoLab("pip installed it, but it does not start".to_owned())),
    }
}

/// In an environment of ours the first start does not ask whether to fetch news, and does not tell of updates that
/// are not his to install. These are defaults: what the user sets in JupyterLab counts.
fn spare_questions(prefix: &Path) -> Result<(), InstallError> {
    let folder = prefix.join("share/jupyter/lab/settings");
    let file = folder.join("overrides.json");
    if file.exists() {
        return Ok(());
    }
    let quiet = serde_json::json!({
        "@jupyterlab/apputils-extension:notification": { "fetchNews": "false", "checkForUpdates": false }
    });
    std::fs::create_dir_all(&folder).map_err(at(&folder))?;
    std::fs::write(&file, format!("{quiet:#}\n")).map_err(at(&file))
}

fn run(command: &mut Command) -> Result<(), InstallError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| InstallError::NoLab(format!("{program}: {error}")))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let last = || text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message").to_owned();
    if output.status.success() { Ok(()) } else { Err(InstallError::NoLab(last())) }
}

/// Installs the kernelspec for this JupyterLab and becomes it. Returns only when it cannot be started.
///
/// # Errors
/// When the kernelspec cannot be written, or JupyterLab not started.
pub fn open(lab: &Lab, path: Option<&Path>, arguments: &[String]) -> Result<std::convert::Infallible, InstallError> {
    kernelspec::install(&lab.place, kernelspec::NAME, &[])?;
    let mut command = Command::new(&lab.jupyter);
    command.arg("lab").args(arguments).args(path);
    // SAFETY: geteuid only reads the process's own user id.
    if unsafe { libc::geteuid() } == 0 && !arguments.iter().any(|argument| argument == "--allow-root") {
        // In a container everybody is root, and Jupyter would refuse.
        command.arg("--allow-root");
    }
    Err(at(&lab.jupyter)(command.exec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_lab_asks_nothing_at_its_first_start_and_what_is_set_stays() {
        let prefix = tempfile::tempdir().unwrap();
        spare_questions(prefix.path()).unwrap();
        let file = prefix.path().join("share/jupyter/lab/settings/overrides.json");
        let settings: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(settings["@jupyterlab/apputils-extension:notification"]["fetchNews"], "false");
        std::fs::write(&file, "{}").unwrap();
        spare_questions(prefix.path()).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "{}");
    }
}
