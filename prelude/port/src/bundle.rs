//! What a value looks like, on its way from a cell to the front end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Data by mime type with metadata by mime type, as Jupyter's `display_data` carries them.
///
/// What the prelude makes has `text/plain` always, so a terminal, an untrusted notebook and a screen reader have words.
///
/// ```
/// let bundle = port::Bundle::text("42").with("text/html", "<b>42</b>");
/// assert_eq!(bundle.plain(), "42");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// Bodies by mime type; text as a JSON string, binary ones in base64, JSON ones as JSON.
    pub data: Map<String, Value>,
    /// Metadata by mime type, usually empty.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
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
    /// assert!(port::Bundle::refused("no such group").is_refused());
    /// assert!(!port::Bundle::text("no such group").is_refused());
    /// ```
    pub fn refused(why: impl Into<String>) -> Self {
        Self::text(why).note(REFUSED, true)
    }

    /// Whether this is shown in place of something that cannot be shown.
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

    /// The same bundle, marked as one that depends on times or on the machine: a comparison of two runs leaves it
    /// out.
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
