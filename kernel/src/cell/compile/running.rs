//! The compilers of one compilation, which others can end.

use crate::lock::lock;
use crate::process::Process;
use std::process::Child;
use std::sync::Mutex;

/// The compilers of a compilation that others can end.
#[derive(Debug)]
pub(super) struct Running {
    /// `None` when all are to end.
    all: Mutex<Option<Vec<Process>>>,
    /// Those that have said all that is asked for.
    done: Mutex<Vec<Child>>,
}

impl Running {
    /// Without any.
    pub fn new() -> Self {
        Self { all: Mutex::new(Some(Vec::new())), done: Mutex::default() }
    }

    /// Notes a compiler. One that comes when all are to end ends at once.
    pub fn add(&self, process: Process) {
        match &mut *lock(&self.all) {
            Some(all) => all.push(process),
            None => drop(process.signal(libc::SIGKILL)),
        }
    }

    /// Takes a compiler that nobody waits for; it ends with this process at the latest.
    pub fn leave(&self, child: Child) {
        lock(&self.done).push(child);
    }

    /// Ends all of them, also those that are still to come.
    pub fn end(&self) {
        for process in lock(&self.all).take().into_iter().flatten() {
            process.signal(libc::SIGKILL);
        }
    }

    /// Has the system forget those that were left.
    pub fn reap(&self) {
        for mut child in std::mem::take(&mut *lock(&self.done)) {
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers_end_also_when_they_come_late() {
        let sleeper = || {
            let child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
            let process = Process::open(child.id().try_into().unwrap()).unwrap();
            (child, process)
        };
        let running = Running::new();
        let (mut one, process) = sleeper();
        running.add(process);
        running.end();
        one.wait().unwrap();
        let (mut late, process) = sleeper();
        running.add(process);
        late.wait().unwrap();
    }
}
