//! The kernelspec: how Jupyter finds and starts the kernel.

use super::{InstallError, at, user_folder};
use crate::wire::PROTOCOL_VERSION;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Name of the kernel when none is given.
pub const NAME: &str = "recoil";

/// Where a kernelspec goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// For this user.
    User,
    /// Into the active Python environment.
    SysPrefix,
    /// Under this folder.
    Prefix(PathBuf),
}

impl Place {
    /// Jupyter's data folder there.
    ///
    /// # Errors
    /// When no environment is active.
    pub fn folder(&self) -> Result<PathBuf, InstallError> {
        match self {
            Self::User => Ok(user_data()),
            Self::SysPrefix => sys_prefix().map(|prefix| prefix.join("share/jupyter")).ok_or(InstallError::NoPrefix),
            Self::Prefix(prefix) => Ok(prefix.join("share/jupyter")),
        }
    }
}

fn user_data() -> PathBuf {
    let set = std::env::var_os("JUPYTER_DATA_DIR").filter(|folder| !folder.is_empty());
    set.map_or_else(
        || match cfg!(target_os = "macos") {
            true => user_folder("", "Library/Jupyter"),
            false => user_folder("XDG_DATA_HOME", ".local/share").join("jupyter"),
        },
        PathBuf::from,
    )
}

fn sys_prefix() -> Option<PathBuf> {
    let active = ["VIRTUAL_ENV", "CONDA_PREFIX"].iter().find_map(std::env::var_os);
    active.map(PathBuf::from).or_else(|| {
        let output = Command::new("python3").args(["-c", "import sys; print(sys.prefix)"]).output().ok()?;
        let prefix = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success() && !prefix.is_empty()).then(|| PathBuf::from(prefix))
    })
}

/// Writes the kernelspec `name`; one that was there is replaced in one step. Returns its folder.
///
/// # Errors
/// When the name or an environment value is malformed, or a file cannot be written.
pub fn install(place: &Place, name: &str, environment: &[String]) -> Result<PathBuf, InstallError> {
    let name = checked(name)?;
    let program = std::env::current_exe().map_err(at(Path::new("recoil")))?;
    let argv = json!([program.display().to_string(), "kernel", "-f", "{connection_file}"]);
    let spec = spec(&argv, &name, &environment_of(environment)?);
    let kernels = place.folder()?.join("kernels");
    let folder = kernels.join(&name);
    let temporary = kernels.join(format!(".{name}.{}", std::process::id()));
    std::fs::create_dir_all(&temporary).map_err(at(&temporary))?;
    for (file, content) in files(spec) {
        let path = temporary.join(file);
        std::fs::write(&path, content).map_err(at(&path))?;
    }
    swap(&temporary, &folder)?;
    Ok(folder)
}

fn files(spec: String) -> [(&'static str, Vec<u8>); 4] {
    [
        ("kernel.json", spec.into_bytes()),
        ("logo-32x32.png", include_bytes!("logo-32x32.png").to_vec()),
        ("logo-64x64.png", include_bytes!("logo-64x64.png").to_vec()),
        ("logo-svg.svg", include_bytes!("logo-svg.svg").to_vec()),
    ]
}

/// The files of the kernelspec in a wheel. Where the program will be is not known then, so the kernel is started as a
/// Python module: Jupyter puts its own interpreter for `python`.
pub(super) fn files_of_wheel() -> [(&'static str, Vec<u8>); 4] {
    files(spec(&json!(["python", "-m", "recoil", "kernel", "-f", "{connection_file}"]), NAME, &Map::new()))
}

/// Puts a folder into the place of another.
fn swap(new: &Path, folder: &Path) -> Result<(), InstallError> {
    let old = new.with_extension("old");
    let existed = std::fs::rename(folder, &old).is_ok();
    let renamed = std::fs::rename(new, folder);
    if existed {
        match renamed {
            Ok(()) => std::fs::remove_dir_all(&old).map_err(at(&old))?,
            Err(_) => std::fs::rename(&old, folder).map_err(at(folder))?,
        }
    }
    renamed.map_err(at(folder))
}

fn checked(name: &str) -> Result<String, InstallError> {
    let lower = name.to_lowercase();
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match !lower.is_empty() && !lower.starts_with('.') && lower.chars().all(good) {
        true => Ok(lower),
        false => Err(InstallError::Name(name.to_owned())),
    }
}

fn environment_of(pairs: &[String]) -> Result<Map<String, Value>, InstallError> {
    let pair = |pair: &String| match pair.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), json!(value))),
        _ => Err(InstallError::Environment(pair.clone())),
    };
    pairs.iter().map(pair).collect()
}

fn spec(argv: &Value, name: &str, environment: &Map<String, Value>) -> String {
    let display = match name {
        NAME => "Recoil (Rust)".to_owned(),
        _ => format!("Recoil (Rust, {name})"),
    };
    let spec = json!({
        "argv": argv,
        "display_name": display,
        "language": "rust",
        "interrupt_mode": "message",
        "kernel_protocol_version": PROTOCOL_VERSION,
        "metadata": {"debugger": false},
        "env": environment,
    });
    serde_json::to_string_pretty(&spec).unwrap_or_default() + "\n"
}

/// A kernelspec of ours that Jupyter finds.
#[derive(Debug)]
pub struct Installed {
    /// Its folder.
    pub folder: PathBuf,
    /// The program it starts.
    pub program: PathBuf,
}

/// Our kernelspecs for the user and in the active environment.
pub fn installed() -> Vec<Installed> {
    let mut folders: Vec<PathBuf> =
        [Place::User, Place::SysPrefix].iter().filter_map(|place| place.folder().ok()).collect();
    folders.dedup();
    let kernels = folders.iter().filter_map(|folder| std::fs::read_dir(folder.join("kernels")).ok());
    kernels.flatten().flatten().filter_map(|entry| ours(&entry.path())).collect()
}

/// Removes the kernelspec `name`; returns whether there was one.
///
/// # Errors
/// When it is not ours, or cannot be removed.
pub fn uninstall(place: &Place, name: &str) -> Result<Option<PathBuf>, InstallError> {
    let folder = place.folder()?.join("kernels").join(checked(name)?);
    if !folder.exists() {
        return Ok(None);
    }
    if ours(&folder).is_none() {
        return Err(InstallError::NotOurs(folder));
    }
    std::fs::remove_dir_all(&folder).map_err(at(&folder))?;
    Ok(Some(folder))
}

fn ours(folder: &Path) -> Option<Installed> {
    let hidden = folder.file_name()?.to_string_lossy().starts_with('.');
    let text = std::fs::read_to_string(folder.join("kernel.json")).ok().filter(|_| !hidden)?;
    let spec: Value = serde_json::from_str(&text).ok()?;
    let argv = &spec["argv"];
    let mut program = PathBuf::from(argv[0].as_str()?);
    let of_wheel = argv[1] == "-m" && argv[2] == "recoil";
    if of_wheel {
        // PREFIX/share/jupyter/kernels/recoil belongs to PREFIX/bin/recoil.
        program = folder.ancestors().nth(4)?.join("bin/recoil");
    }
    let ours = of_wheel || (program.file_name()? == "recoil" && argv[1] == "kernel");
    ours.then(|| Installed { folder: folder.to_path_buf(), program })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernelspec_is_written_replaced_and_removed() {
        let prefix = tempfile::tempdir().expect("a folder");
        let place = Place::Prefix(prefix.path().to_path_buf());
        let pairs = ["RECOIL_LOG=debug".to_owned(), "EMPTY=".to_owned()];
        for environment in [&pairs[..1], &pairs] {
            let folder = install(&place, "Mine", environment).expect("installs");
            assert_eq!(folder, prefix.path().join("share/jupyter/kernels/mine"));
            let files = std::fs::read_dir(&folder).expect("lists").count();
            assert_eq!(files, 4);
        }
        let folder = prefix.path().join("share/jupyter/kernels/mine");
        let spec: Value =
            serde_json::from_slice(&std::fs::read(folder.join("kernel.json")).expect("reads")).expect("json");
        assert_eq!(spec["env"], json!({"RECOIL_LOG": "debug", "EMPTY": ""}));
        assert_eq!(spec["interrupt_mode"], "message");
        assert_eq!(spec["argv"][3], "{connection_file}");
        assert_eq!(std::fs::read_dir(prefix.path().join("share/jupyter/kernels")).expect("lists").count(), 1);
        // This test's program is not called `recoil`: the kernel counts as somebody else's.
        assert!(matches!(uninstall(&place, "mine"), Err(InstallError::NotOurs(_))));
        let text = spec.to_string().replace(spec["argv"][0].as_str().expect("a path"), "/opt/recoil");
        std::fs::write(folder.join("kernel.json"), text).expect("writes");
        assert_eq!(uninstall(&place, "mine").expect("removes"), Some(folder));
        assert_eq!(uninstall(&place, "mine").expect("nothing there"), None);
    }

    #[test]
    fn names_and_environments_are_checked() {
        assert!(checked("a b").is_err() && checked("").is_err() && checked("../x").is_err());
        assert_eq!(checked("Recoil-1.0").expect("good"), "recoil-1.0");
        assert!(environment_of(&["novalue".to_owned()]).is_err());
        assert!(environment_of(&["=x".to_owned()]).is_err());
    }
}
