//! What a cell calls to show things and to ask for input.

use super::cell::throw;
use super::ending::Stop;
use super::link;
use super::tail::debug_text;
use port::{Bundle, ToKernel};

/// A value that knows how to be shown: as data by mime type, always with `text/plain`.
pub trait Show {
    /// What to show; `None` shows nothing.
    fn bundle(&self) -> Option<Bundle>;
}

impl<T: Show + ?Sized> Show for &T {
    fn bundle(&self) -> Option<Bundle> {
        (**self).bundle()
    }
}

impl<T: Show + ?Sized> Show for Box<T> {
    fn bundle(&self) -> Option<Bundle> {
        (**self).bundle()
    }
}

impl<T: Show> Show for Option<T> {
    fn bundle(&self) -> Option<Bundle> {
        match self {
            Some(value) => value.bundle(),
            None => Some(Bundle::text("None")),
        }
    }
}

impl Show for Bundle {
    fn bundle(&self) -> Option<Bundle> {
        Some(self.clone())
    }
}

macro_rules! show_by_debug {
    ($($kind:ty),*) => {$(
        impl Show for $kind {
            fn bundle(&self) -> Option<Bundle> {
                Some(Bundle::text(debug_text(self)))
            }
        }
    )*};
}
show_by_debug!(str, String, bool, char, f32, f64, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

impl<T: std::fmt::Debug> Show for Vec<T> {
    fn bundle(&self) -> Option<Bundle> {
        Some(Bundle::text(debug_text(self)))
    }
}

impl<T: std::fmt::Debug> Show for [T] {
    fn bundle(&self) -> Option<Bundle> {
        Some(Bundle::text(debug_text(self)))
    }
}

macro_rules! text_wrapper {
    ($(#[$doc:meta])* $name:ident, $mime:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name<T = String>(pub T);

        impl<T: AsRef<str>> Show for $name<T> {
            fn bundle(&self) -> Option<Bundle> {
                let text = self.0.as_ref();
                Some(Bundle::text(text).with($mime, text))
            }
        }
    };
}
text_wrapper!(
    /// Shows its text as HTML.
    Html, "text/html"
);
text_wrapper!(
    /// Shows its text as an SVG image.
    Svg, "image/svg+xml"
);
text_wrapper!(
    /// Shows its text as LaTeX; formulas between `$` signs.
    Latex, "text/latex"
);
text_wrapper!(
    /// Shows its text as Markdown.
    Markdown, "text/markdown"
);

/// Shows its bytes as a PNG image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Png<T = Vec<u8>>(pub T);

impl<T: AsRef<[u8]>> Show for Png<T> {
    fn bundle(&self) -> Option<Bundle> {
        let bytes = self.0.as_ref();
        let text = format!("<PNG image of {} bytes>", bytes.len());
        Some(Bundle::text(text).with("image/png", base64(bytes)))
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0u32, |word, i| word << 8 | u32::from(*chunk.get(i).unwrap_or(&0)));
        for digit in 0..4 {
            let index = (word >> (18 - 6 * digit)) & 63;
            text.push(if digit <= chunk.len() { DIGITS[index as usize] as char } else { '=' });
        }
    }
    text
}

/// Shows a value now, while the cell runs.
pub fn display(value: impl Show) {
    if let Some(bundle) = value.bundle() {
        link::show(bundle, None);
    }
}

/// Shows a value now, so that [`update_display`] with the same id can replace it.
pub fn display_with_id(id: impl Into<String>, value: impl Show) {
    if let Some(bundle) = value.bundle() {
        link::show(bundle, Some(id.into()));
    }
}

/// Replaces what [`display_with_id`] has shown, in every cell where it stands.
pub fn update_display(id: impl Into<String>, value: impl Show) {
    if let Some(bundle) = value.bundle() {
        link::update(bundle, id.into());
    }
}

/// Removes what the cell has shown so far; with `wait`, only when something new comes, which does not flicker.
pub fn clear_output(wait: bool) {
    link::send_in_order(|token| ToKernel::Clear { token, wait });
}

/// Asks the user for a line of text. Ends the cell with an error when nobody can be asked.
pub fn input(prompt: impl AsRef<str>) -> String {
    answer(prompt.as_ref(), false)
}

/// Asks the user for a line of text that is not shown while it is typed.
pub fn password(prompt: impl AsRef<str>) -> String {
    answer(prompt.as_ref(), true)
}

fn answer(prompt: &str, hidden: bool) -> String {
    if let Some(answer) = link::ask(prompt, hidden) {
        return answer;
    }
    let nobody = "nobody can be asked for input here: this front end has not allowed it";
    throw(if segment::work::interrupted() { Stop::Interrupted } else { Stop::plain(nobody, "InputNotAllowed") });
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads() {
        let encoded: Vec<_> = [&b""[..], b"f", b"fo", b"foo", b"foob", &[255, 254]].map(base64).into();
        assert_eq!(encoded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "//4="]);
    }

    #[test]
    fn wrappers_show_as_themselves_and_as_text() {
        let bundle = Html("<b>x</b>").bundle().unwrap();
        assert_eq!(bundle.data["text/html"], "<b>x</b>");
        assert_eq!(bundle.data["text/plain"], "<b>x</b>");
        assert_eq!(Png([1u8, 2, 3]).bundle().unwrap().data["image/png"], "AQID");
        assert_eq!(None::<i32>.bundle(), Some(Bundle::text("None")));
    }
}
