//! Tests and changes of texts.

use memchr::memmem::Finder;
use regex::Regex;
use std::sync::Arc;

/// A question about a text; the answer for a missing text is false.
#[derive(Debug, Clone)]
pub(crate) enum TextTest {
    Starts(Vec<Arc<str>>),
    Ends(Vec<Arc<str>>),
    /// The part, and what looks for it: that is made once and not for each text.
    Contains(Arc<str>, Arc<Finder<'static>>),
    Matches(Regex),
}

impl PartialEq for TextTest {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Starts(a), Self::Starts(b)) | (Self::Ends(a), Self::Ends(b)) => a == b,
            (Self::Contains(a, _), Self::Contains(b, _)) => a == b,
            (Self::Matches(a), Self::Matches(b)) => a.as_str() == b.as_str(),
            _ => false,
        }
    }
}

impl TextTest {
    pub fn contains(part: Arc<str>) -> Self {
        let finder = Arc::new(Finder::new(part.as_bytes()).into_owned());
        Self::Contains(part, finder)
    }

    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::Starts(all) => all.iter().any(|start| text.starts_with(&**start)),
            Self::Ends(all) => all.iter().any(|end| text.ends_with(&**end)),
            Self::Contains(_, finder) => finder.find(text.as_bytes()).is_some(),
            Self::Matches(pattern) => pattern.is_match(text),
        }
    }
}

/// A change of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TextMap {
    Lower,
    Upper,
    Strip,
    StripStart,
    StripEnd,
}

impl TextMap {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "str.lower" => Self::Lower,
            "str.upper" => Self::Upper,
            "str.strip" => Self::Strip,
            "str.lstrip" => Self::StripStart,
            "str.rstrip" => Self::StripEnd,
            _ => return None,
        })
    }

    pub fn apply(self, text: &str) -> String {
        match self {
            Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
            Self::Strip => text.trim().to_owned(),
            Self::StripStart => text.trim_start().to_owned(),
            Self::StripEnd => text.trim_end().to_owned(),
        }
    }
}

/// A pattern, with what is wrong with it in one line. That it ignores case is part of its text, so that patterns are
/// equal only when their texts are.
pub(crate) fn pattern(text: &str, ignore_case: bool) -> Result<Regex, String> {
    let text = if ignore_case { format!("(?i){text}") } else { text.to_owned() };
    let built = regex::RegexBuilder::new(&text).size_limit(1 << 22).build();
    built.map_err(|error| {
        let message = error.to_string();
        let last = message.lines().last().unwrap_or_default().trim();
        last.strip_prefix("error: ").unwrap_or(last).to_owned()
    })
}
