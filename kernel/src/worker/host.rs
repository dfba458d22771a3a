//! The worker's own side: take compiled cells from evcxr, load them, run them.
//!
//! evcxr speaks lines over standard input and output. Both are moved away first, so that nothing a cell reads or prints
//! can be mistaken for them; standard output and error become pipes that the kernel reads.

use super::{CELL_FUNCTION, ERROR_SUFFIX, FAILED_MARK, HAS_STATICS, PIPES, PRELUDE, abandoned, opened, printed};
use std::ffi::{CStr, CString, OsString, c_char, c_int, c_void};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::sync::atomic::{AtomicPtr, Ordering};

/// evcxr waits for this line.
const COMPLETE: &str = "EVCXR_EXECUTION_COMPLETE";

/// Runs cells until evcxr closes its pipe, the kernel dies, or a cell ends the process.
pub(super) fn main() -> ! {
    end(serve())
}

/// Ends the process.
fn end(served: std::io::Result<()>) -> ! {
    let code = match served {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("the worker cannot go on: {error}");
            99
        }
    };
    // Not `exit`: destructors of a cell's statics have nothing to say any more.
    // SAFETY: `_exit` may be called at any time.
    unsafe { libc::_exit(code) }
}

fn serve() -> std::io::Result<()> {
    // evcxr asks for backtraces, which are pages of our own functions.
    // SAFETY: this is the only thread.
    unsafe { std::env::remove_var("RUST_BACKTRACE") };
    // SAFETY: `prctl` with these arguments only sets when this process gets a signal.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    // What cells start can be found and ended with the worker; and an interrupt from the terminal is the kernel's.
    // SAFETY: `setsid` has no memory effects.
    unsafe { libc::setsid() };
    let commands = BufReader::new(File::from(keep(0)?));
    let answers = File::from(keep(1)?);
    redirect()?;
    let prelude = load(&variable(PRELUDE)?, libc::RTLD_GLOBAL)?;
    start(prelude)?;
    let failed = symbol(prelude, c"recoil_cell_failed");
    let takes = symbol(prelude, c"recoil_take_text").ok_or_else(loader_error)?;
    // SAFETY: the prelude defines this function with exactly this type, and is never unloaded.
    unsafe { printed::offer_to(takes) };
    if let Some(tell) = symbol(prelude, c"recoil_abandon_cell") {
        abandoned::listen(tell, go_on_after_abandoned);
    }
    let mut list = variable(PIPES)?;
    list.push(opened::SUFFIX);
    opened::record(list.as_ref())?;
    let host = Box::into_raw(Box::new(Host { commands, answers, failed }));
    HOST.store(host, Ordering::SeqCst);
    // SAFETY: made by the line before, and never freed; this thread alone uses it.
    unsafe { &mut *host }.go_on()
}

/// What is needed to serve cells.
struct Host {
    commands: BufReader<File>,
    answers: File,
    /// The prelude's function that says whether the last cell did not run to its end.
    failed: Option<*mut c_void>,
}

static HOST: AtomicPtr<Host> = AtomicPtr::new(std::ptr::null_mut());

/// Serves the following cells in the place of a cell that was given up, and does not return.
fn go_on_after_abandoned() -> ! {
    // SAFETY: a cell runs only after `serve` has made this value, which is never freed. The frame that used it last is one of
    // those that never go on.
    let host = unsafe { &mut *HOST.load(Ordering::SeqCst) };
    end(host.answer().and_then(|()| host.go_on()))
}

impl Host {
    /// Serves cells until evcxr closes its pipe.
    fn go_on(&mut self) -> std::io::Result<()> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.commands.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let mut words = line.trim_end().split(' ').skip_while(|word| *word != "LOAD_AND_RUN").skip(1);
            let (Some(path), Some(name)) = (words.next(), words.next()) else {
                return Err(std::io::Error::other(format!("evcxr sent `{line}`")));
            };
            opened::begin();
            run(path, name)?;
            self.answer()?;
        }
    }

    /// Tells evcxr that the cell has ended.
    fn answer(&mut self) -> std::io::Result<()> {
        if self.failed.is_some_and(|failed| {
            // SAFETY: the prelude defines this function with exactly this type.
            let failed: extern "C" fn() -> c_int = unsafe { std::mem::transmute(failed) };
            failed() != 0
        }) {
            writeln!(self.answers, "{FAILED_MARK}")?;
        }
        writeln!(self.answers, "{COMPLETE}")
    }
}

/// A private copy of a standard descriptor that no child process inherits.
fn keep(descriptor: c_int) -> std::io::Result<OwnedFd> {
    // SAFETY: `fcntl` only makes a copy, which is checked and then owned by exactly one value.
    let copy = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 10) };
    if copy < 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: `copy` was made by the line above and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Standard input becomes empty, the other two the kernel's pipes.
fn redirect() -> std::io::Result<()> {
    let pipes = variable(PIPES)?;
    let mut error = pipes.clone();
    error.push(ERROR_SUFFIX);
    let opened =
        [File::open("/dev/null")?, File::options().write(true).open(pipes)?, File::options().write(true).open(error)?];
    for (file, standard) in opened.iter().zip(0..) {
        // SAFETY: both descriptors are open; `dup2` replaces the standard one, which no Rust value owns.
        if unsafe { libc::dup2(file.as_raw_fd(), standard) } < 0 {
            return Err(std::io::Error::last_os_error());
        }
    }
    Ok(())
}

fn variable(name: &str) -> std::io::Result<OsString> {
    std::env::var_os(name).ok_or_else(|| std::io::Error::other(format!("{name} is not set")))
}

fn load(path: &std::ffi::OsStr, scope: c_int) -> std::io::Result<*mut c_void> {
    let path = CString::new(path.to_owned().into_vec())?;
    // SAFETY: the path is a C string. Loading runs the library's initialisers: those of the prelude and of cells are
    // code that the user asked to run.
    let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | scope) };
    if library.is_null() { Err(loader_error()) } else { Ok(library) }
}

fn loader_error() -> std::io::Error {
    // SAFETY: `dlerror` returns null or a C string that stays valid until the next call on this thread.
    let text = unsafe {
        let text: *const c_char = libc::dlerror();
        if text.is_null() { "unknown".into() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
    };
    std::io::Error::other(text)
}

fn symbol(library: *mut c_void, name: &CStr) -> Option<*mut c_void> {
    // SAFETY: `library` came from `dlopen` and is never closed; `name` is a C string.
    let address = unsafe { libc::dlsym(library, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

/// Connects the prelude's runtime to the kernel.
fn start(prelude: *mut c_void) -> std::io::Result<()> {
    let start = symbol(prelude, c"recoil_worker_start").ok_or_else(loader_error)?;
    // SAFETY: the prelude defines this function with exactly this type.
    let start: extern "C" fn() -> c_int = unsafe { std::mem::transmute(start) };
    if start() == 0 { Ok(()) } else { Err(std::io::Error::other("the prelude cannot reach the kernel")) }
}

/// Loads a compiled cell and runs it. The library stays loaded: values it made live on in variables. An empty file is a cell
/// that has nothing to run.
fn run(path: &str, name: &str) -> std::io::Result<()> {
    if std::fs::metadata(path)?.len() == 0 {
        return Ok(());
    }
    let library = load(path.as_ref(), libc::RTLD_LOCAL)?;
    if symbol(library, &CString::new(HAS_STATICS)?).is_some() {
        // The same library again, now where the loader looks when it binds the names of later ones.
        load(path.as_ref(), libc::RTLD_GLOBAL)?;
    }
    let own = CString::new(CELL_FUNCTION)?;
    let function = symbol(library, &own).or_else(|| symbol(library, &CString::new(name).ok()?));
    let function = function.ok_or_else(loader_error)?;
    // SAFETY: evcxr generates this function with exactly this type. Cells keep their variables in the prelude's store,
    // so the pointer, which is evcxr's own store, stays null.
    let cell: extern "C" fn(*mut c_void) -> *mut c_void = unsafe { std::mem::transmute(function) };
    abandoned::run(|| _ = cell(std::ptr::null_mut()), function);
    Ok(())
}
