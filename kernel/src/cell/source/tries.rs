//! `?` in a cell's own statements, said in other words.
//!
//! `?` converts errors by the trait `From`, and to find the code for that, rustc puts all impls of `From` in order, those of the
//! prelude's three hundred crates too: that takes longer than all else that a short cell makes it do. A `match` does the same for
//! results. Where a cell means another `?`, or is wrong, rustc refuses the `match`; then it gets the cell as it was written.

use super::edits::Edit;
use std::borrow::Cow;
use std::ops::Range;

/// Stands in front of the expression.
pub(crate) const OPEN: &str = "/*recoil ?*/(match (";
/// Stands in the place of the `?`.
pub(crate) const CLOSE: &str = ") { ::core::result::Result::Ok(recoil_value) => recoil_value, ::core::result::Result::Err(recoil_error) \
                     => return ::core::result::Result::Err(::recoil::runtime::Failed(recoil_error).recoil_stop()) })";

/// The edits for a `?` behind the expression at `inner`.
pub(super) fn matched(inner: Range<usize>, question: Range<usize>) -> [Edit; 2] {
    [
        Edit { start: inner.start, end: inner.start, text: OPEN.into() },
        Edit { start: question.start, end: question.end, text: CLOSE.into() },
    ]
}

/// The places of other words in a source.
pub(crate) fn rewritten(source: &str) -> Vec<Range<usize>> {
    let of = |words: &'static str| source.match_indices(words).map(move |(at, _)| at..at + words.len());
    of(OPEN).chain(of(CLOSE)).collect()
}

/// The source with every `?` as it was written; with blanks, so that places stay. `None` when there are none in other words.
pub(crate) fn as_written(source: &str) -> Option<String> {
    source.contains(OPEN).then(|| {
        let blank = " ".repeat(OPEN.len());
        source.replace(OPEN, &blank).replace(CLOSE, &format!("{:1$}", "?", CLOSE.len()))
    })
}

/// A text that is compared with another, in which each `?` may be as it was written.
pub(crate) fn compared(text: &str) -> Cow<'_, str> {
    as_written(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::super::edits::Source;
    use super::*;

    #[test]
    fn what_is_said_in_other_words_goes_back_and_places_stay() {
        let code = "f(a?.b()?)";
        let edits: Vec<_> = [matched(2..8, 8..9), matched(2..3, 3..4)].concat();
        let text = Source::new(code, 0, code.len(), &edits).text;
        syn::parse_str::<syn::Expr>(&text).unwrap();
        let written = as_written(&text).unwrap();
        assert_eq!(written.split_whitespace().collect::<String>(), code);
        assert_eq!((written.len(), written.find(".b()")), (text.len(), text.find(".b()")));
        assert_eq!((compared(&text).as_ref(), compared(code).as_ref()), (written.as_str(), code));
        assert!(as_written(code).is_none());
    }
}
