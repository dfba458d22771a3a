//! Cells that do not stop when they are interrupted: those that wait inside of the standard library or of C, or compute where no
//! checkpoint is. Rust has no way to end them. They are left where they are: the kernel sends a signal, and its handler does not
//! return, but serves the following cells, on the same thread, above the frames of the cell. So nothing that somebody may still
//! point to is taken away, and all variables that the cell has not taken are still there.
//!
//! This is done only where the thread stands in code of the cell itself, or in a system call that waits. There it is in the
//! middle of nothing that others need, such as the allocator.

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

/// The prelude's function that tells the kernel.
static TELL: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
/// Serves the following cells.
static GO_ON: OnceLock<fn() -> !> = OnceLock::new();
/// Whether a cell runs.
static RUNS: AtomicBool = AtomicBool::new(false);
/// Where the code of the present cell begins, and where it ends.
static CODE: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];

/// The signal that asks for it.
pub(super) fn signal() -> c_int {
    libc::SIGRTMAX() - 2
}

/// From now on the signal is understood. `tell` is the prelude's function `recoil_abandon_cell`, `go_on` serves cells.
pub(super) fn listen(tell: *mut c_void, go_on: fn() -> !) {
    GO_ON.get_or_init(|| go_on);
    TELL.store(tell, Ordering::SeqCst);
    // SAFETY: all bytes zero is a valid value of this plain C structure.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = arrived;
    action.sa_sigaction = handler as usize;
    // The handler may never return, and is to be called again all the same; waiting calls of the system end with it.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
    // SAFETY: `action` is complete and outlives the call; `arrived` does what a handler may do, see there.
    unsafe { libc::sigaction(signal(), &raw const action, std::ptr::null_mut()) };
}

/// Calls a cell's function, which may be given up meanwhile.
pub(super) fn run(function: impl FnOnce(), address: *const c_void) {
    let (start, end) = library_of(address as usize);
    CODE[0].store(start, Ordering::SeqCst);
    CODE[1].store(end, Ordering::SeqCst);
    RUNS.store(true, Ordering::SeqCst);
    function();
    RUNS.store(false, Ordering::SeqCst);
}

/// Where the loaded library lies that an address is in.
fn library_of(address: usize) -> (usize, usize) {
    struct Search {
        address: usize,
        found: (usize, usize),
    }
    unsafe extern "C" fn look(info: *mut libc::dl_phdr_info, _: usize, search: *mut c_void) -> c_int {
        // SAFETY: the loader gives a valid `info`, and `search` is what `library_of` has given it.
        let (info, search) = unsafe { (&*info, &mut *search.cast::<Search>()) };
        for index in 0..usize::from(info.dlpi_phnum) {
            // SAFETY: the loader says that there are so many headers.
            let header = unsafe { &*info.dlpi_phdr.add(index) };
            let start = (info.dlpi_addr as usize).wrapping_add(header.p_vaddr as usize);
            let end = start.wrapping_add(header.p_memsz as usize);
            let executable = header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_X != 0;
            if executable && (start..end).contains(&search.address) {
                search.found = (start, end);
                return 1;
            }
        }
        0
    }
    let mut search = Search { address, found: (0, 0) };
    // SAFETY: `look` fits the type that is asked for, and `search` outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
    search.found
}

/// Whether the thread stands where its cell can be left: in its own code, or in a call of the system that waits.
#[cfg(target_arch = "x86_64")]
fn can_be_left(context: &libc::ucontext_t) -> bool {
    const SYSCALL: [u8; 2] = [0x0f, 0x05];
    let registers = &context.uc_mcontext.gregs;
    let at = registers[libc::REG_RIP as usize] as usize;
    if (CODE[0].load(Ordering::SeqCst)..CODE[1].load(Ordering::SeqCst)).contains(&at) {
        return true;
    }
    // Only calls that have waited end so.
    if registers[libc::REG_RAX as usize] != -i64::from(libc::EINTR) {
        return false;
    }
    let before = std::ptr::with_exposed_provenance::<[u8; 2]>(at.wrapping_sub(SYSCALL.len()));
    // SAFETY: the thread goes on at `at`, so code is mapped there. Where it begins a page, it is no way back from a call, and
    // is not looked at.
    at % 4096 >= SYSCALL.len() && unsafe { before.read() } == SYSCALL
}

#[cfg(target_arch = "aarch64")]
fn can_be_left(context: &libc::ucontext_t) -> bool {
    let at = context.uc_mcontext.pc as usize;
    (CODE[0].load(Ordering::SeqCst)..CODE[1].load(Ordering::SeqCst)).contains(&at)
        || context.uc_mcontext.regs[0] as i64 == -i64::from(libc::EINTR)
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn can_be_left(_: &libc::ucontext_t) -> bool {
    false
}

/// The handler. It returns where the cell cannot be left, and the kernel asks again. Otherwise the interrupted code never goes
/// on, so this is an ordinary function that it has called: it may lock and allocate, because that code was doing neither.
extern "C" fn arrived(signal: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: neither has memory effects.
    let (thread, process) = unsafe { (libc::gettid(), libc::getpid()) };
    if thread != process {
        // SAFETY: `tgkill` has no memory effects; cells run on the first thread, whose number is the process's.
        unsafe { libc::syscall(libc::SYS_tgkill, process, process, signal) };
        return;
    }
    // SAFETY: the system gives a handler with `SA_SIGINFO` the context of the interrupted code.
    let left = RUNS.load(Ordering::SeqCst) && can_be_left(unsafe { &*context.cast::<libc::ucontext_t>() });
    let tell = TELL.load(Ordering::SeqCst);
    let Some(go_on) = GO_ON.get().filter(|_| left && !tell.is_null()) else { return };
    // SAFETY: the prelude defines this function with exactly this type.
    let tell: extern "C" fn() -> c_int = unsafe { std::mem::transmute(tell) };
    if tell() != 0 {
        RUNS.store(false, Ordering::SeqCst);
        go_on()
    }
}
