//! Values in statics that all cells share.

use std::cell::UnsafeCell;
use std::ops::Deref;

/// A value that the compiler must read from memory each time. Without this it may put the contents of a constant static in
/// place of the static, and each cell would have its own again.
pub struct Kept<T>(UnsafeCell<T>);

// SAFETY: the value is only ever reached through shared references, which `T: Sync` allows between threads; nothing
// writes through the cell.
unsafe impl<T: Sync> Sync for Kept<T> {}

impl<T> Kept<T> {
    /// Keeps a value.
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: nothing ever makes a mutable reference to the value or writes to it.
        unsafe { &*self.0.get() }
    }
}
