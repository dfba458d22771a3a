//! The processes that cells have started: they are all of the session that the worker leads, and end with it.

use crate::process::Process;

/// Ends every process of the session of a worker that ends or has ended. Its number is that of the session, and the system
/// gives it to no other process while one of the session runs.
pub(super) fn end(worker: &Process) {
    let Ok(processes) = std::fs::read_dir("/proc") else { return };
    let numbers = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<libc::pid_t>().ok());
    for process in numbers.filter(|number| *number != worker.id()).filter_map(Process::open) {
        if process.kin().is_some_and(|kin| kin.session == worker.id()) {
            process.signal(libc::SIGKILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    #[test]
    fn a_session_ends_as_a_whole() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & sleep 600"]);
        // SAFETY: `setsid` may be called between `fork` and `exec`.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                Ok(())
            })
        };
        let mut leader = command.spawn().unwrap();
        let worker = Process::open(leader.id().try_into().unwrap()).unwrap();
        let members = || {
            let all = std::fs::read_dir("/proc").unwrap().flatten();
            let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<libc::pid_t>().ok());
            let others = numbers.filter(|number| *number != worker.id()).filter_map(Process::open);
            others.filter(|process| process.kin().is_some_and(|kin| kin.session == worker.id())).count()
        };
        while members() < 2 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        end(&worker);
        leader.wait().unwrap();
        for _ in 0..1000 {
            if members() == 0 {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("processes are left");
    }
}
