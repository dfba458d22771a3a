//! What lines such as `!command` and `%cd` ask for: done in the worker, whose folder and environment are those of the cells.

use super::link;
use port::{Bundle, Ending, Errand, ToKernel};
use segment::work;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A command that does not end for this long after it was interrupted is killed.
const PATIENCE: Duration = Duration::from_secs(1);

/// Does an errand on a thread of its own, and tells the kernel when it is done.
pub(super) fn start(token: u64, errand: Errand) {
    let thread = std::thread::Builder::new().name("recoil-errand".into());
    let begun = thread.spawn(move || {
        let ending = run(errand);
        work::interrupt(false);
        link::send_in_order(|_| ToKernel::Finished { token, ending, variables: Vec::new(), notes: Vec::new() });
    });
    if let Err(error) = begun {
        let ending = failed("ShellError", error);
        link::send(&ToKernel::Finished { token, ending, variables: Vec::new(), notes: Vec::new() });
    }
}

fn run(errand: Errand) -> Ending {
    match errand {
        Errand::Shell { command } => shell(&command),
        Errand::Folder { path } => folder(path.as_deref()),
        Errand::Environment { name, value } => environment(name.as_deref(), value.as_deref()),
    }
}

fn failed(kind: &str, message: impl ToString) -> Ending {
    Ending::Error { message: message.to_string(), kind: kind.into(), causes: Vec::new(), place: None }
}

fn told(text: String) -> Ending {
    Ending::Value((!text.is_empty()).then(|| Bundle::text(text)))
}

/// Runs a command in a process group of its own. It prints where cells print. What it leaves in the background goes on,
/// and does not hold up the cell.
fn shell(line: &str) -> Ending {
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).stdin(Stdio::null()).process_group(0);
    let ended = command.spawn().and_then(|mut child| wait(&mut child));
    match ended {
        _ if work::interrupted() => Ending::Interrupted,
        Ok(status) if status.success() => told(String::new()),
        Ok(status) => failed("ShellError", format!("`{line}` ended with {status}")),
        Err(error) => failed("ShellError", format!("cannot run `{line}`: {error}")),
    }
}

/// Waits for a child that leads a process group; an interrupt goes to the whole group.
fn wait(child: &mut Child) -> std::io::Result<ExitStatus> {
    let mut asked: Option<Instant> = None;
    let mut pause = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if work::interrupted() {
            let since = asked.get_or_insert_with(|| {
                signal_group(child, libc::SIGINT);
                Instant::now()
            });
            if since.elapsed() > PATIENCE {
                signal_group(child, libc::SIGKILL);
            }
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

fn signal_group(child: &Child, signal: libc::c_int) {
    if let Ok(id) = libc::pid_t::try_from(child.id()) {
        // SAFETY: `kill` has no memory effects. The child leads the group and has not been waited for, so the id is its own.
        unsafe { libc::kill(-id, signal) };
    }
}

fn folder(path: Option<&str>) -> Ending {
    let home = || std::env::home_dir().map_or_else(|| "/".to_owned(), |home| home.display().to_string());
    if let Some(path) = path {
        let path = match path.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", home()),
            _ => path.to_owned(),
        };
        if let Err(error) = std::env::set_current_dir(&path) {
            return failed("FolderError", format!("cannot go to `{path}`: {error}"));
        }
    }
    match std::env::current_dir() {
        Ok(folder) => told(folder.display().to_string()),
        Err(error) => failed("FolderError", format!("the present folder is gone: {error}")),
    }
}

/// What the kernel tells its worker by the environment.
const OURS: [&str; 4] = ["RECOIL_WORKER", "RECOIL_SOCKET", "RECOIL_PIPES", "RECOIL_PRELUDE"];

fn environment(name: Option<&str>, value: Option<&str>) -> Ending {
    match (name, value) {
        (Some(name), Some(value)) => {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                return failed("EnvironmentError", format!("`{name}` cannot name a variable of the environment"));
            }
            // SAFETY: no cell runs while an errand does, and Rust's own readers of the environment lock it. That leaves threads
            // of earlier cells that call C code which reads the environment: `std` names no way to exclude those, and Python's
            // `os.environ` has the same limit.
            unsafe { std::env::set_var(name, value) };
            told(String::new())
        }
        (Some(name), None) => match std::env::var(name) {
            Ok(value) => told(value),
            Err(_) => failed("EnvironmentError", format!("the environment has no `{name}`")),
        },
        (None, _) => {
            let all = std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value));
            let users = all.filter(|(name, _)| !name.starts_with("EVCXR_") && !OURS.contains(&name.as_str()));
            let mut all: Vec<_> = users.map(|(name, value)| format!("{name}={}", value.to_string_lossy())).collect();
            all.sort();
            told(all.join("\n"))
        }
    }
}
