//! Whose text is written to standard output and error.
//!
//! A pipe does not say which thread has written. Text of the running cell and of what works for it goes there; a thread that
//! has outlived its cell hands its text to the prelude, which knows the cell and sends it as a message. The standard library
//! writes through the C library's `write`. This program defines a function of that name; the loader binds the calls of the
//! prelude and of all cells to it, because a program's own names come first.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

/// The prelude's function that takes text, in a worker; otherwise null.
static TAKES: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

/// Has text that is written offered to this function from now on.
///
/// # Safety
/// It is a function `extern "C" fn(c_int, *const c_void, usize) -> c_int`, and stays loaded.
pub(super) unsafe fn offer_to(function: *mut c_void) {
    TAKES.store(function, Ordering::Release);
}

/// The C library's `write`, with standard output and error offered first.
///
/// # Safety
/// As the C library's: `bytes` points to `count` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(descriptor: c_int, bytes: *const c_void, count: usize) -> isize {
    let standard = matches!(descriptor, libc::STDOUT_FILENO | libc::STDERR_FILENO);
    let takes = if standard { TAKES.load(Ordering::Acquire) } else { std::ptr::null_mut() };
    if !takes.is_null() {
        // SAFETY: `offer_to` was given a function of exactly this type.
        let takes: extern "C" fn(c_int, *const c_void, usize) -> c_int = unsafe { std::mem::transmute(takes) };
        if takes(c_int::from(descriptor == libc::STDERR_FILENO), bytes, count) != 0 {
            return count.cast_signed();
        }
    }
    // SAFETY: the arguments are those of the caller. A system call gives back what `write` does, and sets `errno`.
    unsafe { libc::syscall(libc::SYS_write, descriptor, bytes, count) as isize }
}
