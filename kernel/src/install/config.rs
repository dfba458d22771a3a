//! What a session is told about the machine before it runs cells.

use super::prelude::Prelude;
use super::toolchain::PreludeError;
use std::path::PathBuf;

/// What an evaluator needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The program `recoil`, which is also the worker and the cargo shim.
    pub program: PathBuf,
    /// The prelude that cells link to.
    pub prelude: Prelude,
    /// Where compiled cells are kept.
    pub cache: PathBuf,
}

impl Config {
    /// The present program, the prelude that is built, and the user's cache.
    ///
    /// # Errors
    /// When there is no prelude that fits.
    pub fn new() -> Result<Self, StartError> {
        let program = std::env::current_exe().map_err(StartError::Io)?;
        let prelude = super::prelude::find()?;
        Ok(Self { program, prelude, cache: default_folder() })
    }
}

/// Why no cell can be run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No prelude that fits.
    #[error(transparent)]
    Prelude(#[from] PreludeError),
    /// The session's folder, socket or threads could not be made.
    #[error("a session cannot be started: {0}")]
    Io(#[from] std::io::Error),
}

/// `RECOIL_CACHE`, or the user's cache folder.
fn default_folder() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = || from("XDG_CACHE_HOME").or_else(|| from("HOME").map(|home| home.join(".cache")));
    from("RECOIL_CACHE").unwrap_or_else(|| user().unwrap_or_else(std::env::temp_dir).join("recoil").join("cells"))
}
