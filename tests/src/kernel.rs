//! The program `recoil`, its prelude and its kernelspec, as the tests start them.

use crate::sail::Sail;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// The program beside this test's own (Cargo builds it for `kernel/tests`).
///
/// # Panics
/// When it is not there.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own program");
    let folder = test.parent().and_then(Path::parent).expect("tests are in target/release/deps");
    let program = folder.join("recoil");
    assert!(program.is_file(), "no {}: run `cargo build --release -p recoil-kernel`", program.display());
    program
}

/// The program with an up-to-date prelude; built at the first call of a test binary.
///
/// # Panics
/// When the prelude cannot be built.
pub fn prepared() -> PathBuf {
    static PREPARED: OnceLock<PathBuf> = OnceLock::new();
    let prepare = || {
        let program = program();
        let output = Command::new(&program).args(["doctor", "--build"]).stdin(Stdio::null()).output().expect("starts");
        assert!(output.status.success(), "the prelude could not be prepared:\n{}", said(&output));
        program
    };
    PREPARED.get_or_init(prepare).clone()
}

/// All that a program printed.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Tests that start a kernel or a browser take turns: the machine may have two cores.
pub fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A Jupyter of its own: kernelspec `recoil`, configuration, runtime files and history in one folder.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// Installs the kernelspec into a new folder.
    ///
    /// # Panics
    /// When that fails.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut install = Command::new(prepared());
        let output = install.args(["install", "--prefix"]).arg(folder.path()).output().expect("starts");
        assert!(output.status.success(), "{}", said(&output));
        Self { folder }
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A command in which Jupyter finds our kernel and nothing of the user's.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let inside = |name: &str| self.folder.path().join(name);
        command
            .stdin(Stdio::null())
            .env("JUPYTER_PATH", inside("share/jupyter"))
            .env("JUPYTER_CONFIG_DIR", inside("config"))
            .env("JUPYTER_DATA_DIR", inside("data"))
            .env("JUPYTER_RUNTIME_DIR", inside("runtime"))
            .env("JUPYTER_NO_CONFIG", "1")
            // Without configuration the settings of JupyterLab are looked for elsewhere, if nobody says where.
            .env("JUPYTERLAB_SETTINGS_DIR", inside("config/lab/user-settings"))
            .env("IPYTHONDIR", inside("ipython"))
            .env("RECOIL_HISTORY", inside("history.sqlite"))
            .env("NO_COLOR", "1");
        command
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

/// Has the JupyterLab whose configuration lies in this folder ask nothing about news, over the pictures.
///
/// # Panics
/// When that cannot be written.
pub fn without_news(config: &Path) {
    let folder = config.join("lab/user-settings/@jupyterlab/apputils-extension");
    std::fs::create_dir_all(&folder).expect("a folder");
    let quiet = serde_json::json!({ "fetchNews": "false", "checkForUpdates": false }).to_string();
    std::fs::write(folder.join("notification.jupyterlab-settings"), quiet).expect("writes");
}

/// The project's notebooks, in order.
///
/// # Panics
/// When there is none.
pub fn notebooks() -> Vec<PathBuf> {
    let folder = crate::cases::project().join("notebooks");
    let files = std::fs::read_dir(&folder).expect("notebooks").flatten().map(|entry| entry.path());
    let mut notebooks: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == "ipynb")).collect();
    notebooks.sort();
    assert!(!notebooks.is_empty(), "no notebook in {}", folder.display());
    notebooks
}

/// The notebooks that can run here, and the server that the tutorial on clusters asks, by the variable `RECOIL_CLUSTER`. Where
/// there is none, that tutorial is left out; this is said visibly for `test`.
///
/// # Panics
/// When there is no notebook.
pub fn notebooks_and_cluster(test: &str) -> (Vec<PathBuf>, Option<Sail>) {
    let sail = Sail::start(test, 0);
    let asks = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("11"));
    let notebooks = notebooks().into_iter().filter(|path| sail.is_some() || !asks(path)).collect();
    (notebooks, sail)
}

/// Tells a program where the server is.
pub fn on_cluster<'a>(command: &'a mut Command, sail: Option<&Sail>) -> &'a mut Command {
    command.envs(sail.map(|sail| ("RECOIL_CLUSTER", sail.url())))
}
