//! What a session is told about the machine before it runs cells.

use super::prelude::Prelude;
use super::toolchain::PreludeError;
use std::path::PathBuf;
use std::time::Duration;

/// What an evaluator needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The program `recoil`, which is also the worker and the cargo shim.
    pub program: PathBuf,
    /// The prelude that cells link to.
    pub prelude: Prelude,
    /// Where compiled cells are kept.
    pub cache: PathBuf,
    /// The notebook's folder, from which paths are told, and where the lock of added crates is.
    pub folder: PathBuf,
    /// How long an output may wait until the files that it was made from are hashed.
    pub patience: Duration,
}

/// For an interactive session.
const PATIENCE: Duration = Duration::from_millis(250);

impl Config {
    /// The present program, the prelude that is built, and the user's cache.
    ///
    /// # Errors
    /// When there is no prelude that fits.
    pub fn new() -> Result<Self, StartError> {
        let program = std::env::current_exe().map_err(StartError::Io)?;
        let prelude = super::prelude::find()?;
        // Front ends start a kernel in the folder of its notebook.
        let folder = std::env::current_dir().map_err(StartError::Io)?;
        Ok(Self { program, prelude, cache: default_folder(), folder, patience: PATIENCE })
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
    let set = std::env::var_os("RECOIL_CACHE").filter(|value| !value.is_empty()).map(PathBuf::from);
    set.unwrap_or_else(|| own_cache().join("cells"))
}

/// Where the kernel and the prelude's rooms keep what they can make again.
pub(crate) fn own_cache() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = from("XDG_CACHE_HOME").or_else(|| super::home().map(|home| home.join(".cache")));
    user.unwrap_or_else(std::env::temp_dir).join("recoil")
}
