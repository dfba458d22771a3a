//! The processes that cells have started: they are all of the session that the worker leads, and end with it.

/// Ends every process of the session of a worker that ends or has ended.
pub(super) fn end(worker: libc::pid_t) {
    let Ok(processes) = std::fs::read_dir("/proc") else { return };
    let numbers = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<libc::pid_t>().ok());
    for process in numbers.filter(|process| *process != worker && session_of(*process) == Some(worker)) {
        // SAFETY: `kill` has no memory effects; the process belongs to the session of this kernel's own worker.
        unsafe { libc::kill(process, libc::SIGKILL) };
    }
}

/// The session of a process, from the kernel's table.
fn session_of(process: libc::pid_t) -> Option<libc::pid_t> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Behind the name, which may hold anything: state, parent, group, session.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(3)?.parse().ok()
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
        let id = libc::pid_t::try_from(leader.id()).unwrap();
        let members = || {
            let all = std::fs::read_dir("/proc").unwrap().flatten();
            let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<libc::pid_t>().ok());
            numbers.filter(|process| *process != id && session_of(*process) == Some(id)).count()
        };
        while members() < 2 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        end(id);
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
