use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// What a value looks like to a front end: one body per mime type, and metadata beside them.
///
/// Every bundle has `text/plain`, so a terminal, an untrusted notebook and a screen reader always have words.
///
/// ```
/// let bundle = show::Bundle::text("42").with("text/html", "<b>42</b>");
/// assert_eq!(bundle.plain(), "42");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    /// Bodies by mime type; binary ones in base64, JSON ones as JSON.
    pub data: Map<String, Value>,
    /// Metadata by mime type.
    pub metadata: Map<String, Value>,
}

/// Metadata of a bundle that says why there is nothing to show.
const REFUSED: &str = "recoil/refused";

impl Bundle {
    /// A bundle of nothing but text.
    pub fn text(plain: impl Into<String>) -> Self {
        let data = Map::from_iter([("text/plain".to_owned(), Value::String(plain.into()))]);
        Self { data, metadata: Map::new() }
    }

    /// Words in place of a picture or table that cannot be made. A front end treats the bundle as a failure.
    ///
    /// ```
    /// assert!(show::Bundle::refused("no such group").is_refused());
    /// assert!(!show::Bundle::text("no such group").is_refused());
    /// ```
    pub fn refused(why: impl Into<String>) -> Self {
        Self::text(why).note(REFUSED, true)
    }

    /// Whether this stands in place of something that cannot be shown.
    pub fn is_refused(&self) -> bool {
        self.metadata.contains_key(REFUSED)
    }

    /// The same bundle with one more body.
    #[must_use]
    pub fn with(mut self, mime: &str, body: impl Into<Value>) -> Self {
        self.data.insert(mime.to_owned(), body.into());
        self
    }

    /// The same bundle with HTML.
    #[must_use]
    pub fn html(self, html: impl Into<String>) -> Self {
        self.with("text/html", html.into())
    }

    /// The same bundle with bytes, which travel as base64.
    #[must_use]
    pub fn bytes(self, mime: &str, bytes: &[u8]) -> Self {
        self.with(mime, STANDARD.encode(bytes))
    }

    /// The same bundle with metadata for one of its bodies.
    #[must_use]
    pub fn note(mut self, mime: &str, metadata: impl Into<Value>) -> Self {
        self.metadata.insert(mime.to_owned(), metadata.into());
        self
    }

    /// The same bundle, marked as one that tells of times or of the machine: whoever compares the outputs of two runs
    /// leaves it out.
    #[must_use]
    pub fn measured(self) -> Self {
        self.note("recoil", Map::from_iter([("measures".to_owned(), Value::from("time"))]))
    }

    /// The text.
    pub fn plain(&self) -> &str {
        self.get("text/plain").unwrap_or_default()
    }

    /// A body that is a string.
    pub fn get(&self, mime: &str) -> Option<&str> {
        self.data.get(mime).and_then(Value::as_str)
    }
}

/// A value that knows how it looks.
pub trait Display {
    /// The value for a front end. Must not fail: what cannot be drawn is said in words.
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
