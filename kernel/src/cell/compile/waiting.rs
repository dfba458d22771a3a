//! A rustc that was started before the cell: it has read its arguments, the prelude and all crates behind it, and waits for
//! sources. The kernel starts it while the user thinks and holds it; the cargo shim gives it a cell, or does without it.
//!
//! Its root file calls a macro of the prelude, `serve!`, which rustc runs in its own process. The macro forks: the child reads the
//! name of a file from a named pipe and goes on with an `include!` of it, and the parent makes another child when that one has
//! ended. So one rustc compiles the cells of a session, each in the time that is left when the prelude has been read.
//!
//! Items that stand in an included file mean the same as in the root or are refused by rustc (a macro of the cell that hides one
//! of the prelude's), and what is refused is compiled again by a rustc that starts with the cell.

use super::cache::Cache;
use super::invocation::Environment;
use super::plan::{Invocation, Waiting, Wish};
use super::process::with_parent;
use super::running::Running;
use crate::process::Process;
use serde_json::Value;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

/// What every cell begins with, and what the waiting rustc has looked up before.
pub(crate) const PRELUDE: &str = "use recoil::*;";
/// A rustc that does not come to the pipe in this time is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);

impl Wish {
    /// What would be of use for this source; `None` when nothing can be.
    pub fn new(invocation: Invocation, environment: &Environment, source: &str) -> Option<Self> {
        let (attributes, items) = source.split_at(attributes(source));
        items.contains(PRELUDE).then_some(())?;
        Some(Self { invocation, environment: environment.clone(), attributes: attributes.to_owned() })
    }

    fn key(&self) -> String {
        serde_json::to_string(self).map(|text| Cache::key(&[&text])).unwrap_or_default()
    }

    /// Whether a waiting rustc is like this.
    pub fn is_met_by(&self, waiting: &Waiting) -> bool {
        self.key() == waiting.key
    }

    /// Starts a rustc that waits. It ends with the thread that calls this.
    pub fn start(&self, name: String) -> io::Result<(Waiting, Child)> {
        let [root, pipe, errors] = files(&self.invocation.folder, &name);
        let source = format!("{}\n{PRELUDE}\nrecoil::runtime::serve!(\"{name}.pipe\");\n", self.attributes);
        std::fs::write(&root, source)?;
        make_pipe(&pipe)?;
        let mut command = self.invocation.command(&format!("{name}.rs"));
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stderr(File::create(&errors)?).process_group(0);
        let child = with_parent(&mut command).spawn()?;
        let process = child.id().try_into().map_err(io::Error::other)?;
        Ok((Waiting { key: self.key(), name, process }, child))
    }

    /// Has a waiting rustc compile the source, which is to be called `file`; what it has said, line by line. `None` when it did
    /// not come to that.
    pub(super) fn compile(&self, waiting: &Waiting, file: &str, source: &str, running: &Running) -> Option<Vec<Value>> {
        let folder = &self.invocation.folder;
        let [_, pipe, _] = files(folder, &waiting.name);
        let process = Process::open(waiting.process)?;
        // The cell before may have held it up.
        process.signal(libc::SIGCONT);
        std::fs::write(folder.join(file), included(source)).ok()?;
        let answers = Answers::new(folder.join(format!("{file}.said"))).ok()?;
        let said = say(&process, &pipe, file).and_then(|()| self.said(&process, answers, running));
        if said.is_none() {
            process.signal(libc::SIGKILL);
        }
        said
    }

    /// What the child of a waiting rustc says until it has written all that is asked for.
    fn said(&self, process: &Process, answers: Answers, running: &Running) -> Option<Vec<Value>> {
        let mut lines = answers.lines(process)?.map_while(Result::ok);
        let number = lines.next()?.parse().ok()?;
        // One that has ended already has said all, and its number may be that of another process.
        let is_child = |child: &Process| child.kin().is_some_and(|kin| kin.parent == process.id());
        let child = || Process::open(number).filter(is_child);
        child().into_iter().for_each(|child| running.add(child));
        let mut messages: Vec<Value> = Vec::new();
        for line in lines {
            messages.extend(serde_json::from_str::<Value>(&line));
            if self.invocation.has_all(&messages) {
                // What is left is to give back its memory.
                child().into_iter().for_each(|child| _ = child.signal(libc::SIGKILL));
                return Some(messages);
            }
        }
        let refused = messages.iter().any(|message| message["level"].as_str().is_some_and(|l| l.starts_with("error")));
        refused.then_some(messages)
    }
}

/// A named pipe for what the child of a waiting rustc says.
struct Answers {
    path: PathBuf,
    pipe: File,
}

impl Answers {
    fn new(path: PathBuf) -> io::Result<Self> {
        let _ = std::fs::remove_file(&path);
        make_pipe(&path)?;
        let pipe = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(&path)?;
        Ok(Self { path, pipe })
    }

    /// The lines, from the first one on; they end with the child. `None` when none comes from this process.
    fn lines(self, process: &Process) -> Option<io::Lines<BufReader<File>>> {
        let start = Instant::now();
        let mut asked = libc::pollfd { fd: self.pipe.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: `asked` is one such structure, and outlives the call.
        while unsafe { libc::poll(&raw mut asked, 1, 50) } <= 0 {
            if start.elapsed() > PATIENCE || process.has_ended_within(Duration::ZERO)? {
                return None;
            }
        }
        // SAFETY: the call has no memory effects; the descriptor is open.
        let waits = unsafe { libc::fcntl(self.pipe.as_raw_fd(), libc::F_SETFL, 0) } == 0;
        let pipe = self.pipe.try_clone().ok().filter(|_| waits)?;
        Some(BufReader::new(pipe).lines())
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn make_pipe(path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: `path` is a C string.
    if unsafe { libc::mkfifo(path.as_ptr(), 0o600) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Holds up compilers that are not for this cell: those that still start would take the processors from it. They go on with
/// [`go_on`].
pub(super) fn hold<'a>(waiting: impl IntoIterator<Item = &'a Waiting>) {
    for process in waiting.into_iter().filter_map(|one| Process::open(one.process)) {
        process.signal(libc::SIGSTOP);
    }
}

/// Has a compiler go on that was held up.
pub(crate) fn go_on(child: &Child) {
    if let Some(process) = child.id().try_into().ok().and_then(Process::open) {
        process.signal(libc::SIGCONT);
    }
}

/// The files of a waiting rustc: its root, the pipe, and what it says.
fn files(folder: &Path, name: &str) -> [PathBuf; 3] {
    ["rs", "pipe", "said"].map(|extension| folder.join(format!("{name}.{extension}")))
}

/// Removes the files of a rustc that waits no longer.
pub(crate) fn clear(wish: &Wish, waiting: &Waiting) {
    let [root, pipe, errors] = files(&wish.invocation.folder, &waiting.name);
    for file in [root, pipe, errors] {
        let _ = std::fs::remove_file(file);
    }
}

/// Writes a line into the pipe as soon as the process reads from it.
fn say(process: &Process, pipe: &Path, line: &str) -> Option<()> {
    let start = Instant::now();
    loop {
        match File::options().write(true).custom_flags(libc::O_NONBLOCK).open(pipe) {
            Ok(mut pipe) => return pipe.write_all(format!("{line}\n").as_bytes()).ok(),
            // Nobody reads yet.
            Err(error) if error.raw_os_error() == Some(libc::ENXIO) => {}
            Err(_) => return None,
        }
        if start.elapsed() > PATIENCE || process.has_ended_within(Duration::from_millis(1))? {
            return None;
        }
    }
}

/// The length of the attributes that a source begins with, which stand on lines of their own.
fn attributes(source: &str) -> usize {
    let is_one = |line: &&str| line.strip_prefix('#').is_some_and(|rest| rest.trim_start().starts_with('!'));
    source.split_inclusive('\n').take_while(is_one).map(str::len).sum()
}

/// The source without its attributes; places stay.
fn included(source: &str) -> String {
    let (attributes, items) = source.split_at(attributes(source));
    let blanks = attributes.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' });
    blanks.collect::<String>() + items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_become_blanks_and_places_stay() {
        let source = "# ! [allow (unused)]\n#![doc = \"\u{e4}\"]\n#[test]\nfn f() {}\n";
        let text = included(source);
        assert_eq!(text.len(), source.len());
        assert_eq!(text.trim_start(), "#[test]\nfn f() {}\n");
        assert_eq!(text.lines().count(), 4);
    }
}
