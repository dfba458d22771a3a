//! Another process, held by a descriptor. The number of a process that has ended may be given to a new one; what is done
//! through the descriptor reaches the process that was meant, or none. A system without such descriptors (before Linux 5.3, or
//! a sandbox) knows the process by its number only.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A process that was running when this value was made.
#[derive(Debug)]
pub(crate) struct Process {
    id: libc::pid_t,
    /// `None` where the system has no descriptors of processes.
    descriptor: Option<OwnedFd>,
}

/// What the system says of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kin {
    /// The process that started it.
    pub parent: libc::pid_t,
    /// The leader of its process group.
    pub group: libc::pid_t,
    /// The leader of its session.
    pub session: libc::pid_t,
}

impl Process {
    /// The process that has this number now; `None` when there is none.
    pub fn open(id: libc::pid_t) -> Option<Self> {
        // SAFETY: `pidfd_open` has no memory effects; it returns a new descriptor or a negative number.
        let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, id, 0) };
        if let Some(descriptor) = libc::c_int::try_from(descriptor).ok().filter(|descriptor| *descriptor >= 0) {
            // SAFETY: the call above has made this descriptor, and no other value owns it.
            return Some(Self { id, descriptor: Some(unsafe { OwnedFd::from_raw_fd(descriptor) }) });
        }
        let refused = std::io::Error::last_os_error().raw_os_error();
        if matches!(refused, Some(libc::ENOSYS | libc::EPERM)) { Self::by_number(id) } else { None }
    }

    /// The process of this number, where the system has no descriptors of processes.
    fn by_number(id: libc::pid_t) -> Option<Self> {
        let process = Self { id, descriptor: None };
        (id > 0 && process.signal(0)).then_some(process)
    }

    /// The process at the other end of a socket, as the system knows it.
    pub fn of_peer(stream: &UnixStream) -> Option<Self> {
        let mut peer = libc::ucred { pid: 0, uid: 0, gid: 0 };
        let mut length = size_of::<libc::ucred>() as libc::socklen_t;
        let place = (&raw mut peer).cast();
        // SAFETY: `peer` is as large as `length` says, and both outlive the call.
        let asked = unsafe {
            libc::getsockopt(stream.as_raw_fd(), libc::SOL_SOCKET, libc::SO_PEERCRED, place, &raw mut length)
        };
        if asked == 0 { Self::open(peer.pid) } else { None }
    }

    /// Its number.
    pub fn id(&self) -> libc::pid_t {
        self.id
    }

    /// Sends a signal; `false` when the process has ended and was waited for.
    pub fn signal(&self, signal: libc::c_int) -> bool {
        let Some(descriptor) = &self.descriptor else {
            // SAFETY: `kill` has no memory effects.
            return unsafe { libc::kill(self.id, signal) == 0 };
        };
        let none = std::ptr::null::<libc::siginfo_t>();
        // SAFETY: the descriptor is open, and without further facts the system makes up its own.
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, descriptor.as_raw_fd(), signal, none, 0) == 0 }
    }

    /// Whether the process ends in this time; `None` where the system has no descriptors of processes.
    pub fn has_ended_within(&self, time: Duration) -> Option<bool> {
        let mut asked = libc::pollfd { fd: self.descriptor.as_ref()?.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let time = libc::c_int::try_from(time.as_millis()).unwrap_or(libc::c_int::MAX);
        // SAFETY: `asked` is one such structure, and outlives the call.
        let answers = unsafe { libc::poll(&raw mut asked, 1, time) };
        Some(answers > 0)
    }

    /// Parent, group and session; `None` when the process has ended and was waited for.
    pub fn kin(&self) -> Option<Kin> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id)).ok()?;
        // Behind the name, which may hold anything: state, parent, group, session.
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(1).map(str::parse);
        let mut next = || fields.next()?.ok();
        let kin = Kin { parent: next()?, group: next()?, session: next()? };
        // The process still has its number, so the file was about it and not about a later one.
        self.signal(0).then_some(kin)
    }

    /// Ends the process and its process group, which it must lead; `false` when it has ended before.
    pub fn end_group(&self) -> bool {
        // A process that is stopped cannot end by itself, so its number, which is that of the group, stays its own.
        if self.kin().is_none_or(|kin| kin.group != self.id) || !self.signal(libc::SIGSTOP) {
            return false;
        }
        // SAFETY: `kill` has no memory effects. The group is that of the process, as argued above.
        unsafe { libc::kill(-self.id, libc::SIGKILL) == 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    fn sleeper() -> (std::process::Child, Process) {
        let child = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
        let process = Process::open(child.id().try_into().unwrap()).unwrap();
        (child, process)
    }

    #[test]
    fn a_group_ends_and_its_leader_is_not_found_again() {
        let (mut child, process) = sleeper();
        let kin = process.kin().unwrap();
        assert_eq!((kin.parent, kin.group), (std::process::id().try_into().unwrap(), process.id()));
        assert!(process.end_group());
        child.wait().unwrap();
        assert_eq!(process.kin(), None);
        assert!(!process.signal(libc::SIGKILL) && !process.end_group());
    }

    #[test]
    fn a_system_without_descriptors_is_served_by_numbers() {
        let mut child = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
        let process = Process::by_number(child.id().try_into().unwrap()).unwrap();
        assert!(process.end_group());
        child.wait().unwrap();
        assert!(Process::by_number(process.id()).is_none() && !process.end_group());
        assert!(Process::by_number(0).is_none() && Process::by_number(-1).is_none(), "no group, and not all processes");
    }

    #[test]
    fn the_end_of_a_process_is_waited_for() {
        let (mut child, process) = sleeper();
        assert_eq!(process.has_ended_within(Duration::from_millis(1)), Some(false));
        assert!(process.signal(libc::SIGKILL));
        // Also before its parent has asked for its status.
        assert_eq!(process.has_ended_within(Duration::from_secs(60)), Some(true));
        assert_eq!(process.has_ended_within(Duration::ZERO), Some(true));
        child.wait().unwrap();
        let by_number = Process::by_number(std::process::id().try_into().unwrap()).unwrap();
        assert_eq!(by_number.has_ended_within(Duration::ZERO), None);
    }

    #[test]
    fn the_peer_of_a_socket_is_this_process() {
        let (one, _other) = UnixStream::pair().unwrap();
        assert_eq!(Process::of_peer(&one).unwrap().id().cast_unsigned(), std::process::id());
    }

    #[test]
    fn a_process_that_leads_no_group_is_left_alone() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let process = Process::open(child.id().try_into().unwrap()).unwrap();
        assert!(!process.end_group());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
