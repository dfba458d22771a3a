use polars::prelude::PlSmallStr;
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// A text as methods take it: `"mu1P"`, a `String`, or a reference to one.
///
/// Not `AsRef<str>` or `Into<String>`: to find what these do for a type, the compiler of a cell puts all impls of `AsRef` or `From`
/// in order, those of three hundred crates, which takes as long as the rest of a short cell.
///
/// ```
/// use segment::Text;
/// fn letters(name: impl Text) -> usize {
///     name.text().len()
/// }
/// assert_eq!((letters("mu1P"), letters(String::from("E")), letters(&"px".to_owned())), (4, 1, 2));
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` is not a text", label = "a text is expected here")]
pub trait Text {
    /// The text.
    ///
    /// ```
    /// use segment::Text;
    /// assert_eq!(String::from("mu1P").text(), "mu1P");
    /// ```
    fn text(&self) -> &str;
}

impl Text for str {
    fn text(&self) -> &str {
        self
    }
}

impl<T: Text + ?Sized> Text for &T {
    fn text(&self) -> &str {
        (**self).text()
    }
}

impl<T: Text + ?Sized> Text for &mut T {
    fn text(&self) -> &str {
        (**self).text()
    }
}

macro_rules! texts {
    ($($kind:ty),*) => { $(
        impl Text for $kind {
            fn text(&self) -> &str {
                self
            }
        }
    )* };
}

texts!(String, Box<str>, Rc<str>, Arc<str>, Cow<'_, str>, PlSmallStr);

/// A number of things, in words.
///
/// ```
/// assert_eq!(segment::counted(1, ["process", "processes"]), "1 process");
/// assert_eq!(segment::counted(0, ["process", "processes"]), "0 processes");
/// ```
pub fn counted(count: usize, [one, several]: [&str; 2]) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
