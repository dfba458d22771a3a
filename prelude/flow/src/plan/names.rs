//! What can be written where names of columns are wanted.

use polars::prelude::PlSmallStr;

/// One name, or several: `"a"`, `["a", "b"]`, `("a", "b")`, a slice or a vector of texts of any kind.
///
/// ```
/// use flow::Names;
/// assert_eq!("a".names(), ["a"]);
/// assert_eq!(["a", "b"].names(), ["a", "b"]);
/// ```
pub trait Names {
    /// The names, in order.
    ///
    /// ```
    /// use flow::Names;
    /// assert_eq!(("a", "b").names(), ["a", "b"]);
    /// ```
    fn names(self) -> Vec<String>;
}

fn all<T: AsRef<str>>(names: &[T]) -> Vec<String> {
    names.iter().map(|name| name.as_ref().to_owned()).collect()
}

macro_rules! one {
    ($($text:ty)*) => {$(
        impl Names for $text {
            fn names(self) -> Vec<String> {
                vec![self.to_string()]
            }
        }
    )*};
}
one! { &str String &String &&str PlSmallStr &PlSmallStr }

/// No names at all.
impl Names for () {
    fn names(self) -> Vec<String> {
        Vec::new()
    }
}

macro_rules! several {
    ($([$($generic:tt)*] $list:ty;)*) => {$(
        impl<T: AsRef<str>, $($generic)*> Names for $list {
            fn names(self) -> Vec<String> {
                all(self.as_ref())
            }
        }
    )*};
}
several! {
    [] &[T];
    [] Vec<T>;
    [] &Vec<T>;
    [const N: usize] [T; N];
    [const N: usize] &[T; N];
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        #[allow(non_snake_case)] // a type parameter and its value share a name
        impl<$($name: AsRef<str>),*> Names for ($($name,)*) {
            fn names(self) -> Vec<String> {
                let ($($name,)*) = self;
                vec![$($name.as_ref().to_owned()),*]
            }
        }
    )*};
}
tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_every_form() {
        let two = ["a", "b"];
        let owned = vec!["a".to_owned(), "b".to_owned()];
        for names in [two.names(), (&two).names(), two[..].names(), (&owned).names(), owned.names(), ("a", "b").names()]
        {
            assert_eq!(names, ["a", "b"]);
        }
        assert_eq!(["a".names(), String::from("a").names(), PlSmallStr::from_static("a").names()].concat(), ["a"; 3]);
    }
}
