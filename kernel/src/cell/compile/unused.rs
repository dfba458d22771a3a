//! Results of the prelude that are not used.
//!
//! `data.write_parquet("x.parquet");` without `?` writes nothing when it fails and says nothing. rustc warns of every
//! unused `Result`, but not whose it is: a second, short pass asks for the type of each, and those of the prelude become
//! errors of the cell. Other unused results are the user's own business.

use serde_json::{Value, json};

/// A method that does not exist: rustc's complaint names the type. The number of the warning follows.
const ASK: &str = "recoil_unused_";
/// Crates whose errors must not vanish; Polars has many.
const OURS: [&str; 16] = [
    "recoil",
    "segment",
    "port",
    "cut",
    "sources",
    "hipo",
    "events",
    "root",
    "flow",
    "hist",
    "show",
    "data",
    "toy",
    "belle2",
    "banks",
    "recordings",
];
const SAID: &str = "this result is not used, so an error in it would vanish: add `?` behind it \
                    (or `let _ = ` in front of it, to ignore errors)";

/// Whether a warning is about a `Result` in the cell's own text.
pub(crate) fn is_unused_result(warning: &Value) -> bool {
    warning["code"]["code"] == "unused_must_use"
        && warning["message"].as_str().is_some_and(|message| message.contains("Result"))
        && place(warning).is_some()
}

/// Start and end, in bytes, of the expression that a warning is about.
fn place(warning: &Value) -> Option<(usize, usize)> {
    let span = warning["spans"].as_array()?.iter().find(|span| span["is_primary"] == true)?;
    let own = span["expansion"].is_null() && !span["file_name"].as_str()?.starts_with('/');
    let at = |name: &str| usize::try_from(span[name].as_u64()?).ok();
    own.then_some((at("byte_start")?, at("byte_end")?))
}

/// The source, with a question for the type of each unused result.
pub(crate) fn question(source: &str, warnings: &[Value]) -> String {
    let mut places: Vec<_> =
        warnings.iter().enumerate().filter_map(|(number, warning)| Some((place(warning)?, number))).collect();
    places.sort_unstable();
    let mut asked = source.to_owned();
    for ((start, end), number) in places.into_iter().rev() {
        if asked.is_char_boundary(start) && asked.is_char_boundary(end) {
            asked.insert_str(end, &format!(").{ASK}{number}()"));
            asked.insert(start, '(');
        }
    }
    asked
}

/// Errors of the cell, from the answers to [`question`].
pub(crate) fn errors(warnings: &[Value], answers: &[Value]) -> Vec<Value> {
    let ours = answers.iter().filter_map(|answer| {
        let message = answer["message"].as_str()?;
        let (_, rest) = message.split_once(&format!("no method named `{ASK}"))?;
        let (number, rest) = rest.split_once('`')?;
        // The message may leave the arguments out; then a label has them.
        let labels = answer["spans"].as_array().into_iter().flatten().filter_map(|span| span["label"].as_str());
        let mut kinds = [rest].into_iter().chain(labels).filter_map(|text| text.split('`').nth(1));
        kinds.any(is_ours).then(|| number.parse::<usize>().ok())?
    });
    let mut numbers: Vec<_> = ours.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.iter().filter_map(|number| warnings.get(*number)).map(error).collect()
}

/// Whether the error type of a `Result`, written with full paths, comes with the prelude.
fn is_ours(kind: &str) -> bool {
    let Some(inner) = kind.strip_suffix('>') else { return false };
    let mut depth = 0usize;
    let comma = inner.char_indices().rev().find(|(_, c)| {
        match c {
            '>' | ')' | ']' => depth += 1,
            '<' | '(' | '[' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *c == ',' && depth == 0
    });
    let error = comma.map_or(inner, |(at, _)| &inner[at + 1..]).trim();
    let krate = error.split("::").next().unwrap_or_default();
    error.contains("::") && (OURS.contains(&krate) || krate.starts_with("polars"))
}

fn error(warning: &Value) -> Value {
    let spans: Vec<Value> = warning["spans"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|span| {
            let mut span = span.clone();
            span["label"] = json!("add `?`");
            span
        })
        .collect();
    json!({"level": "error", "code": null, "message": SAID, "spans": spans, "children": []})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(start: usize, end: usize) -> Value {
        json!({"level": "warning", "code": {"code": "unused_must_use"},
            "message": "unused `std::result::Result` that must be used",
            "spans": [{"file_name": "x.rs", "byte_start": start, "byte_end": end, "is_primary": true, "expansion": null}]})
    }

    #[test]
    fn each_unused_result_is_asked_for_its_type() {
        let source = "a.b();\nc();";
        let warnings = [warning(7, 10), warning(0, 5)];
        assert!(warnings.iter().all(is_unused_result));
        assert_eq!(question(source, &warnings), "(a.b()).recoil_unused_1();\n(c()).recoil_unused_0();");
    }

    #[test]
    fn only_the_preludes_errors_must_not_vanish() {
        for (kind, ours) in [
            ("std::result::Result<(), data::Error>", true),
            ("std::result::Result<recoil::polars::frame::DataFrame, recoil::polars::error::PolarsError>", true),
            ("std::result::Result<std::vec::Vec<(u8, f64)>, polars_error::PolarsError>", true),
            ("std::result::Result<recoil::Hist, std::io::Error>", false),
            ("std::result::Result<(), Error>", false),
            ("std::result::Result<(), std::boxed::Box<dyn std::error::Error>>", false),
        ] {
            assert_eq!(is_ours(kind), ours, "{kind}");
        }
        let answer = json!({"message": "no method named `recoil_unused_1` found for enum `std::result::Result<(), data::Error>` in the current scope"});
        let short = json!({"message": "no method named `recoil_unused_0` found for enum `std::result::Result<T, E>` in the current scope",
            "spans": [{"label": "method not found in `std::result::Result<(), data::Error>`"}]});
        assert_eq!(errors(&[warning(0, 1)], &[short]).len(), 1);
        let errors = errors(&[warning(0, 1), warning(4, 6)], &[answer]);
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0]["spans"][0]["byte_start"], 4);
        assert!(errors[0]["message"].as_str().unwrap().contains("add `?`"));
    }
}
