//! Values that are dropped by their makers' code.
//!
//! A type of a library is dropped by code that the compiler makes anew in every crate that drops it, with all that stands in its
//! fields: of a group of rows that is all of Polars' expressions. Each cell of a notebook is such a crate. What stands in a
//! [`Sealed`] is dropped through a pointer to a function, so that a cell only holds the call.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

/// A value of a type that others hold and drop, but whose parts they need not know.
///
/// ```
/// use segment::Sealed;
/// let mut names = Sealed::new(vec!["mumu"]);
/// names.push("taupair");
/// assert_eq!(names.clone().into_inner(), ["mumu", "taupair"]);
/// ```
pub struct Sealed<T> {
    value: ManuallyDrop<T>,
    /// Drops the value; it was compiled where the value was sealed.
    drop: unsafe fn(&mut ManuallyDrop<T>),
}

impl<T> Sealed<T> {
    /// Seals a value.
    pub const fn new(value: T) -> Self {
        Self { value: ManuallyDrop::new(value), drop: ManuallyDrop::drop }
    }

    /// The value itself.
    pub fn into_inner(self) -> T {
        let mut sealed = ManuallyDrop::new(self);
        // SAFETY: `sealed` is not dropped, so its value is taken once and not used again.
        unsafe { ManuallyDrop::take(&mut sealed.value) }
    }
}

impl<T> Drop for Sealed<T> {
    fn drop(&mut self) {
        // SAFETY: the value is there until this one call, and `self.drop` is `ManuallyDrop::drop` of its type.
        unsafe { (self.drop)(&mut self.value) }
    }
}

impl<T> Deref for Sealed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Sealed<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Clone> Clone for Sealed<T> {
    fn clone(&self) -> Self {
        // Not `new`: who copies a value may be a cell, where the function that drops it would be compiled again.
        Self { value: ManuallyDrop::new(T::clone(self)), drop: self.drop }
    }
}

impl<T: Default> Default for Sealed<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: PartialEq> PartialEq for Sealed<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Sealed<T> {}

impl<T: fmt::Display> fmt::Display for Sealed<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(out)
    }
}

impl<T: fmt::Debug> fmt::Debug for Sealed<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(out)
    }
}

impl<T> From<T> for Sealed<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

#[cfg(test)]
mod tests {
    use super::Sealed;
    use std::sync::Arc;

    #[test]
    fn a_sealed_value_is_dropped_once_and_taken_out_once() {
        let value = Arc::new(());
        let sealed = Sealed::new(value.clone());
        let copy = sealed.clone();
        assert_eq!(Arc::strong_count(&value), 3);
        drop(sealed);
        assert_eq!(Arc::strong_count(&value), 2);
        let inner = copy.into_inner();
        assert_eq!(Arc::strong_count(&value), 2);
        drop(inner);
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn it_is_shown_and_compared_like_its_value() {
        let sealed = Sealed::from(vec![1, 2]);
        assert_eq!(format!("{sealed:?}"), "[1, 2]");
        assert!(sealed == Sealed::new(vec![1, 2]) && sealed != Sealed::default());
    }
}
