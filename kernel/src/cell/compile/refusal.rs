//! Whether rustc would say the same against a cell as it was written.
//!
//! A waiting compiler gets the cell in an included file, and every cell is compiled first with its `?` in other words
//! ([`crate::cell::source::tries`]). What is refused then may be none of the user's errors, so the cell is compiled again, as it was
//! written, in a plain file. That is not needed for errors that have nothing to do with either: their places, and those of all
//! that is said beside them, lie in the cell's own file and touch no `?`.

use crate::cell::source::tries::rewritten;
use serde_json::Value;

/// The errors without those that only follow from others: where the type of an error is not known, because the expression in front of
/// a `?` is wrong, several methods in its other words could be meant (E0034).
pub(super) fn without_followers(source: &str, errors: &[Value]) -> Vec<Value> {
    let others = rewritten(source);
    let within = |span: &Value| {
        let (start, end) = (span["byte_start"].as_u64().unwrap_or(0), span["byte_end"].as_u64().unwrap_or(u64::MAX));
        others.iter().any(|other| other.start as u64 <= start && end <= other.end as u64)
    };
    let follows = |error: &&Value| {
        let mut spans = error["spans"].as_array().into_iter().flatten();
        error["code"]["code"] == "E0034" && spans.all(within)
    };
    let first: Vec<Value> = errors.iter().filter(|error| !follows(error)).cloned().collect();
    if first.is_empty() { errors.to_vec() } else { first }
}

/// Whether the errors of a source, which is in this file, are the last word.
pub(super) fn is_last_word(file: &str, source: &str, errors: &[Value]) -> bool {
    let others = rewritten(source);
    let is_own = |span: &Value| {
        let name = span["file_name"].as_str().unwrap_or_default();
        let at = |name: &str| span[name].as_u64().and_then(|at| usize::try_from(at).ok());
        let (Some(start), Some(end)) = (at("byte_start"), at("byte_end")) else { return false };
        // Paths from the root are those of the standard library and of the prelude.
        name.starts_with('/') || (name == file && others.iter().all(|other| end <= other.start || other.end <= start))
    };
    // What macros mean depends on the file that they stand in.
    !source.contains("macro_rules!") && errors.iter().all(|error| all_spans(error, &is_own))
}

/// Whether something holds for all places that a message names.
fn all_spans(message: &Value, holds: &impl Fn(&Value) -> bool) -> bool {
    let list = |name: &str| message[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let span_holds = |span: &Value| {
        let mut span = span;
        while !span.is_null() {
            if !holds(span) {
                return false;
            }
            span = &span["expansion"]["span"];
        }
        true
    };
    list("spans").iter().all(span_holds) && list("children").iter().all(|child| all_spans(child, holds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn errors_that_touch_no_question_mark_are_the_last_word() {
        let span =
            |file: &str, start: usize, end: usize| json!({"file_name": file, "byte_start": start, "byte_end": end});
        let source =
            ["let a = ", crate::cell::source::tries::OPEN, "f()", crate::cell::source::tries::CLOSE, ";"].concat();
        let (f, end) = (source.find("f()").unwrap(), source.len() - 1);
        let error = |span: Value| json!({"spans": [span], "children": []});
        let says = |error: Value| is_last_word("a.rs", &source, &[error]);
        assert!(says(error(span("a.rs", f, f + 3))) && says(error(span("a.rs", end, end + 1))));
        assert!(!says(error(span("a.rs", 8, end))) && !says(error(span("a.rs", f + 2, f + 4))));
        assert!(!says(error(span("waiting-1.rs", f, f + 3))) && says(error(span("/rustc/library/vec.rs", 8, end))));
        assert!(!says(json!({"spans": [], "children": [error(span("a.rs", 8, end))]})));
        let called =
            json!({"file_name": "a.rs", "byte_start": f, "byte_end": f + 3, "expansion": {"span": span("b.rs", 0, 1)}});
        assert!(!says(error(called)));
        assert!(!is_last_word("a.rs", "macro_rules! a { () => {} }", &[error(span("a.rs", 0, 1))]));
    }
}
