//! The text of a selection or an expression, with the values of its `@` names.

use std::collections::BTreeMap;

/// A selection: `"pRecoil > 2.0 & mu1P < @cut"`, and what `@cut` is.
///
/// It is parsed when the step that holds it is read, so that an error comes with the data's columns in sight.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    pub(crate) text: String,
    pub(crate) values: BTreeMap<String, cut::Value>,
}

impl Selection {
    /// A selection without values.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: BTreeMap::new() }
    }

    /// The same selection with a value for `@name`.
    #[must_use]
    pub fn bind(mut self, name: impl Into<String>, value: impl Into<cut::Value>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }
}

impl From<&str> for Selection {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Selection {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&String> for Selection {
    fn from(text: &String) -> Self {
        Self::new(text.as_str())
    }
}
