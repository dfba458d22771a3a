//! What is said, and what is lost, when the worker ends under a cell.

use super::WORKER_PATIENCE;
use super::cells::Engine;
use crate::cell::failure::{failure, interrupted};
use crate::evaluator::Failure;
use crate::lock::lock;

impl Engine {
    /// The cell was left where it is: its variables are there, but for those that it had taken.
    pub(super) fn abandoned(&mut self, taken: &[String], there: &[port::Variable]) -> Failure {
        let is_there = |name: &String| there.iter().any(|variable| variable.name == *name);
        let lost: Vec<&String> = taken.iter().filter(|name| !is_there(name)).collect();
        for name in &lost {
            self.table.known.remove(*name);
            let reason = "the cell that used it did not stop when it was interrupted; run its cell again";
            self.table.gone.insert((*name).clone(), reason.to_owned());
        }
        let lost: Vec<&str> = lost.into_iter().map(String::as_str).collect();
        match lost.as_slice() {
            [] => interrupted(),
            lost => failure(
                "Interrupted",
                format!(
                    "the cell did not stop when it was interrupted, so it was left where it is, with the variables that it used: {}; \
                     all others are kept",
                    lost.join(", ")
                ),
            ),
        }
    }

    /// The worker has ended under a cell: say what happened and what was lost.
    pub(super) fn worker_died(&mut self, message: &str, workers: u64) -> Failure {
        let running = lock(&self.shared.running);
        let (asked, killed) = (running.interrupted, running.killed);
        drop(running);
        let what = if killed {
            "the cell did not stop when it was interrupted, so its worker was ended".to_owned()
        } else {
            describe_end(message)
        };
        let lost = self.table.lose_all("the worker that held it has ended; %restore brings it back");
        lock(&self.shared.ledger).lose();
        let lost = match lost.len() {
            0 => "no variables were lost".to_owned(),
            1..=12 => format!("lost: {}", lost.join(", ")),
            many => format!("lost: {} and {} more", lost[..10].join(", "), many - 10),
        };
        let back = if self.log.is_empty() { "" } else { ". %restore runs the cells again without compiling them" };
        self.shared.listener.wait_for_worker(workers, WORKER_PATIENCE);
        let name = if asked { "Interrupted" } else { "WorkerDied" };
        failure(name, format!("{what}; {lost}{back}"))
    }
}

/// evcxr's text about the end of a process, in words.
fn describe_end(message: &str) -> String {
    let status = message.split_once("with status: ").map_or(message, |(_, status)| status).trim();
    let signals = [
        ("(SIGSEGV)", "the worker died of a segmentation fault (SIGSEGV): unsafe or foreign code, or a stack overflow"),
        (
            "(SIGABRT)",
            "the worker aborted (SIGABRT): out of memory, stack overflow, a panic in a destructor, or `abort()`",
        ),
        ("(SIGKILL)", "the worker was killed (SIGKILL): most likely the system was out of memory"),
        ("(SIGBUS)", "the worker died of a bus error (SIGBUS): a memory-mapped file has changed or the disk is full"),
        ("(SIGILL)", "the worker died of an illegal instruction (SIGILL)"),
        ("(SIGFPE)", "the worker died of an arithmetic fault (SIGFPE)"),
    ];
    if let Some((_, text)) = signals.iter().find(|(signal, _)| status.contains(signal)) {
        return (*text).to_owned();
    }
    match status.strip_prefix("exit status: ") {
        Some(code) => format!("the cell ended its worker with exit({code})"),
        None => format!("the worker has ended: {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_described() {
        let text = describe_end("Subprocess terminated with status: signal: 11 (SIGSEGV) (core dumped)");
        assert!(text.contains("segmentation fault"));
        assert_eq!(
            describe_end("Subprocess terminated with status: exit status: 3"),
            "the cell ended its worker with exit(3)"
        );
    }
}
