//! Tests and changes of texts.

use memchr::memmem::Finder;
use regex::Regex;
use regex_syntax::hir::literal::{Extractor, Literal};
use regex_syntax::hir::{Hir, HirKind, Look};
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

    /// Of a regular expression that is a choice of few texts, at the beginning or the end or anywhere, the question for these.
    pub fn matches(pattern: Regex) -> Self {
        match Choice::of(pattern.as_str()) {
            Some(Choice { start: true, end: false, texts }) => Self::Starts(texts),
            Some(Choice { start: false, end: true, texts }) => Self::Ends(texts),
            Some(Choice { start: false, end: false, texts }) if texts.len() == 1 => Self::contains(texts[0].clone()),
            _ => Self::Matches(pattern),
        }
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

/// The texts that a pattern is a choice of, and whether they stand at the beginning and at the end.
struct Choice {
    start: bool,
    end: bool,
    texts: Vec<Arc<str>>,
}

impl Choice {
    /// More texts are left to the pattern.
    const MOST: usize = 16;

    fn of(pattern: &str) -> Option<Self> {
        let hir = regex_syntax::parse(pattern).ok()?;
        let mut parts = match hir.kind() {
            HirKind::Concat(parts) => &parts[..],
            _ => std::slice::from_ref(&hir),
        };
        let is = |part: Option<&Hir>, look: Look| part.is_some_and(|part| *part.kind() == HirKind::Look(look));
        let start = is(parts.first(), Look::Start);
        parts = &parts[usize::from(start)..];
        let end = is(parts.last(), Look::End);
        parts = &parts[..parts.len() - usize::from(end)];
        let middle = Hir::concat(parts.to_vec());
        // What looks around is not part of any text.
        if !middle.properties().look_set().is_empty() {
            return None;
        }
        let found = Extractor::new().extract(&middle);
        let texts = found.literals().filter(|texts| found.is_exact() && (1..=Self::MOST).contains(&texts.len()))?;
        let text = |text: &Literal| std::str::from_utf8(text.as_bytes()).ok().map(Into::into);
        Some(Self { start, end, texts: texts.iter().map(text).collect::<Option<_>>()? })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_are_a_choice_of_texts_are_asked_as_such() {
        let texts = [
            "", "a", "abc", "xabc", "abcx", "ABC", "a705", "705b", "72 5", "a745\n", "735", "aXb", "b\nabc", "ſtreet",
            "street", "ab",
        ];
        let plain = [
            "abc",
            "7[0-4]5$",
            "^ab",
            "^(a|7)",
            "(?i)ab$",
            "5$",
            "(?i)^s",
            "7[0-4]5",
            "a.c",
            "^$",
            "^abc$",
            "",
            "a+$",
            "\\babc",
            "abc$|x",
            "(?m)^abc",
            "(?m)abc$",
            "^",
            "$",
            "[a-z]5$",
            "\\d$",
            "(a|b)(b|c)$",
            "a??b$",
            "x{2}$",
            "(?s).$",
            "a\\z",
            "^a|b$",
        ];
        for pattern in plain {
            let regex = pattern_of(pattern);
            let test = TextTest::matches(regex.clone());
            for text in texts {
                assert_eq!(test.holds(text), regex.is_match(text), "{pattern:?} in {text:?} as {test:?}");
            }
        }
        let ends = TextTest::matches(pattern_of("7[0-4]5$"));
        assert!(matches!(&ends, TextTest::Ends(texts) if texts.len() == 5), "{ends:?}");
        assert!(matches!(TextTest::matches(pattern_of("abc")), TextTest::Contains(..)));
        assert!(matches!(TextTest::matches(pattern_of("^mu")), TextTest::Starts(..)));
        assert!(matches!(TextTest::matches(pattern_of("\\bmu")), TextTest::Matches(_)));
    }

    fn pattern_of(text: &str) -> Regex {
        pattern(text, false).unwrap()
    }
}
