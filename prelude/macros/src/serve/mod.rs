//! A compiler that forks for each cell.
//!
//! rustc runs macros like these in its own process, on the thread that compiles. So a copy of the process that is made here goes
//! on with the crate where it stands: the prelude has been read, the cell is still to come. It tells what it finds to the pipe
//! that the kernel has made for the cell, and ends with the compiler that it was copied from. The copy is made before the cell is
//! there, and prepares itself for it ([`warm`]).

mod warm;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

/// The longest name of a file.
const LONGEST: usize = 4096;

/// Forks. The child reads the name of a file from a named pipe and returns it; what it writes to its standard error from then on
/// goes to the pipe `NAME.said`. The parent stays here: when the child has ended, it makes another one. `None` when that fails.
pub(crate) fn file_of_next_cell(pipe: &str) -> Option<String> {
    // Whoever has a pipe for both reading and writing never finds its end.
    let mut pipe = File::options().read(true).write(true).open(pipe).ok()?;
    while let Some(child) = fork()? {
        if !ended_well(child) {
            return None;
        }
    }
    warm::warm(&|| holds_something(&pipe));
    let mut name = vec![0; LONGEST];
    let length = pipe.read(&mut name).ok()?;
    name.truncate(length);
    let file = String::from_utf8(name).ok()?.trim_end().to_owned();
    answer_to(&format!("{file}.said")).ok().map(|()| file)
}

/// Whether there is something to be read.
fn holds_something(pipe: &File) -> bool {
    let mut asked = libc::pollfd { fd: pipe.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: `asked` is one such structure, and outlives the call.
    unsafe { libc::poll(&raw mut asked, 1, 0) > 0 }
}

/// Waits until a child has ended; whether it did so by itself or was killed, as all are that have compiled their cell. One that
/// ended in another way would be followed by others like it.
fn ended_well(child: libc::pid_t) -> bool {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    while unsafe { libc::waitpid(child, &raw mut status, 0) } != child {
        if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return false;
        }
    }
    libc::WIFEXITED(status) || libc::WTERMSIG(status) == libc::SIGKILL
}

/// Forks; gives the child to the parent, and nothing to the child. `None` when there is no child.
fn fork() -> Option<Option<libc::pid_t>> {
    let parent = libc::pid_t::try_from(std::process::id()).ok()?;
    // SAFETY: only this thread goes on in the child. The other threads of a rustc that expands a crate wait for the end of this
    // one, for Ctrl-C, or to be asked for a token of the job server: they hold no lock, and the C library takes care of those of
    // its allocator. The child opens its own descriptors and then does what rustc would do.
    match unsafe { libc::fork() } {
        -1 => None,
        0 => {
            // SAFETY: none of these calls has memory effects.
            unsafe {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                // The parent may have ended before.
                if libc::getppid() != parent {
                    libc::_exit(0);
                }
            }
            Some(None)
        }
        child => Some(Some(child)),
    }
}

/// Has this process write its errors to a pipe, and its number in front of them.
fn answer_to(pipe: &str) -> io::Result<()> {
    // With this flag it fails when nobody reads any more.
    let mut pipe = File::options().write(true).custom_flags(libc::O_NONBLOCK).open(pipe)?;
    writeln!(pipe, "{}", std::process::id())?;
    // SAFETY: neither call has memory effects; the descriptor is open.
    let ended = unsafe {
        libc::fcntl(pipe.as_raw_fd(), libc::F_SETFL, 0) == -1 || libc::dup2(pipe.as_raw_fd(), libc::STDERR_FILENO) == -1
    };
    if ended { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;

    #[test]
    fn each_line_has_a_process_of_its_own() {
        let folder = std::env::temp_dir().join(format!("recoil-serve-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let pipe = |name: &str| {
            let path = folder.join(name).into_os_string().into_string().unwrap();
            let text = CString::new(path.clone()).unwrap();
            // SAFETY: `text` is a C string.
            assert_eq!(unsafe { libc::mkfifo(text.as_ptr(), 0o600) }, 0);
            path
        };
        let requests = pipe("requests");
        let asked = requests.clone();
        // The parent stays in there for good; the test's process ends it.
        std::thread::spawn(move || {
            let file = file_of_next_cell(&asked);
            // SAFETY: writes bytes that are there, and ends the child at once.
            unsafe {
                let text = file.unwrap_or_default();
                libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len());
                libc::_exit(0);
            }
        });
        for name in ["one", "two"] {
            let said = pipe(&format!("{name}.said"));
            let file = said.trim_end_matches(".said");
            let mut said = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(&said).unwrap();
            File::options().write(true).open(&requests).unwrap().write_all(format!("{file}\n").as_bytes()).unwrap();
            let mut text = String::new();
            while !text.ends_with(file) {
                let mut bytes = [0; 4096];
                match said.read(&mut bytes) {
                    Ok(read) => text.push_str(std::str::from_utf8(&bytes[..read]).unwrap()),
                    Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
                }
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            let number: u32 = text.lines().next().unwrap().parse().unwrap();
            assert_ne!(number, std::process::id());
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
