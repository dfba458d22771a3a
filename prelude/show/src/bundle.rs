//! Values that know how they look.

pub use port::Bundle;

/// A value that knows how it looks.
///
/// ```
/// use show::{Bundle, Display};
/// struct Run(u32);
/// impl Display for Run {
///     fn bundle(&self) -> Bundle {
///         Bundle::text(format!("run {}", self.0))
///     }
/// }
/// assert_eq!(Run(7).bundle().plain(), "run 7");
/// ```
pub trait Display {
    /// The value for a front end. Must not fail: what cannot be drawn is said in words.
    ///
    /// ```
    /// use show::Display;
    /// assert_eq!(1.5.bundle().plain(), "1.5");
    /// ```
    fn bundle(&self) -> Bundle;
}

impl Display for Bundle {
    fn bundle(&self) -> Bundle {
        self.clone()
    }
}

impl<T: Display + ?Sized> Display for &T {
    fn bundle(&self) -> Bundle {
        (**self).bundle()
    }
}

impl<T: Display + ?Sized> Display for Box<T> {
    fn bundle(&self) -> Bundle {
        (**self).bundle()
    }
}

impl<T: Display + ?Sized> Display for std::sync::Arc<T> {
    fn bundle(&self) -> Bundle {
        (**self).bundle()
    }
}

/// Plain values look as Rust prints them, so that `display(x)` takes them too.
macro_rules! plain {
    ($($kind:ty),* $(,)?) => {$(
        impl Display for $kind {
            fn bundle(&self) -> Bundle {
                Bundle::text(format!("{self:?}"))
            }
        }
    )*};
}
plain!(bool, char, f32, f64, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, ());

impl Display for str {
    fn bundle(&self) -> Bundle {
        Bundle::text(self)
    }
}

impl Display for String {
    fn bundle(&self) -> Bundle {
        Bundle::text(self)
    }
}
