//! What is set up on a machine: the prelude that cells link to, the kernelspec that Jupyter finds, JupyterLab
//! itself, and the doctor who looks at all of them.
//!
//! Folders and programs are looked for where Jupyter and Rust put them. Nothing here runs a cell.

pub mod config;
pub mod doctor;
pub mod kernelspec;
pub mod lab;
pub mod package;
pub mod prelude;
mod snapshot;
pub mod toolchain;

/// Why something could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A name Jupyter would not accept.
    #[error("`{0}` cannot name a kernel: letters, digits, `.`, `_` and `-` can")]
    Name(String),
    /// An environment value without a name.
    #[error("`{0}` is not NAME=VALUE")]
    Environment(String),
    /// `--sys-prefix` outside of any environment.
    #[error(
        "no Python environment is active (neither VIRTUAL_ENV nor CONDA_PREFIX is set, and there is no python3): activate one, or say --prefix FOLDER"
    )]
    NoPrefix,
    /// A file could not be written or removed.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A kernel of that name that is not ours.
    #[error("{} is not a kernel of Recoil: it was left alone", .0.display())]
    NotOurs(std::path::PathBuf),
    /// No JupyterLab and no way to get one.
    #[error(
        "there is no `jupyter lab` here, and none could be installed: {0}. Install Python 3 with venv, or JupyterLab yourself"
    )]
    NoLab(String),
}

/// Adds the path to an I/O error.
fn at(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> InstallError {
    let path = path.to_path_buf();
    move |source| InstallError::File { path, source }
}

/// A folder of the user: from the environment, else under the home folder.
fn user_folder(variable: &str, under_home: &str) -> std::path::PathBuf {
    let set = std::env::var_os(variable).filter(|folder| !folder.is_empty());
    set.map_or_else(|| home().unwrap_or_else(std::env::temp_dir).join(under_home), std::path::PathBuf::from)
}

/// The user's home folder: `HOME`, or without it the one that the system knows.
pub(crate) fn home() -> Option<std::path::PathBuf> {
    std::env::home_dir().filter(|home| home.is_absolute())
}
