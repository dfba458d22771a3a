//! What a cell's own code cannot know, mended by changing it after rustc's errors: a variable that cannot be stored is left
//! out, an ambiguous name is the user's, `data.mumu` is a group, a value of the prelude that is given away is cloned.
//!
//! In come a source and rustc's errors as JSON; out goes another source, or nothing when the errors are the user's.

use crate::cell::source::marks::{KEEP, PUT, TAKE};
use crate::cell::source::rewrite::renamed;
use crate::cell::source::statics::SYMBOL;
use crate::variables::{is_cheap, is_dict_of_data};
use serde_json::Value;

/// Why a variable that borrows is not stored.
const BORROWS: &str = "it borrows from another value, and lives only as long as its cell runs";

/// A better source, or `None` when the errors are the user's.
pub(super) fn repaired(
    source: &str,
    errors: &[Value],
    dropped: &mut Vec<(usize, String)>,
    imports: &mut Vec<String>,
) -> Option<String> {
    let lines: Vec<&str> = source.lines().collect();
    let mut without: Vec<(usize, Option<String>)> = Vec::new();
    let mut edits = Vec::new();
    let known = imports.len();
    for error in errors {
        if let Some((line, index, reason)) = unstorable(&lines, error) {
            if without.iter().all(|(other, _)| *other != line) {
                // Dropped now, so that what it borrows from can be stored.
                let borrower = lines.get(line).filter(|_| reason == BORROWS).and_then(|line| stored_name(line));
                without.push((line, borrower.map(|name| format!("::core::mem::drop({name});"))));
                dropped.push((index, reason));
            }
        } else if let Some(edit) = repaired_in_place(source, error) {
            edits.push(edit);
        } else if let Some(import) = meant(source, error).filter(|import| !imports.contains(import)) {
            imports.push(import);
        }
    }
    if without.is_empty() && edits.is_empty() && imports.len() == known {
        return None;
    }
    edits.sort_by_key(|(start, _, _)| std::cmp::Reverse(*start));
    edits.dedup();
    let mut better = source.to_owned();
    for (start, end, text) in edits {
        better.replace_range(start..end, &text);
    }
    // Lines stay where they are: emptied, not removed.
    let instead = |index: usize| without.iter().find(|(line, _)| *line == index).map(|(_, instead)| instead);
    let kept = better.split('\n').enumerate().map(|(index, line)| match instead(index) {
        Some(instead) => instead.as_deref().unwrap_or_default(),
        None => line,
    });
    let mut better = kept.collect::<Vec<_>>().join("\n");
    for import in &imports[known..] {
        better.push_str(import);
        better.push('\n');
    }
    Some(better)
}

/// The import that settles an ambiguity between the prelude's names and those of a `use path::*` of the user, in the
/// user's favour.
fn meant(source: &str, error: &Value) -> Option<String> {
    if error["code"]["code"] != "E0659" && error["code"]["code"] != "ambiguous_glob_imports" {
        return None;
    }
    let name = error["message"].as_str()?.split('`').nth(1)?;
    let children = error["children"].as_array()?;
    let globs = children.iter().flat_map(spans).filter_map(|span| {
        let start = usize::try_from(span["byte_start"].as_u64()?).ok()?;
        let end = usize::try_from(span["byte_end"].as_u64()?).ok()?;
        source.get(start..end)?.strip_suffix("::*")
    });
    let path = globs.filter(|path| *path != "recoil").last()?;
    Some(format!("use {path}::{name};"))
}

/// The name in a line that stores a variable.
fn stored_name(line: &str) -> Option<&str> {
    let name = line.split("::recoil::runtime::Peek(&").nth(1)?.split(')').next()?;
    line.trim_start().starts_with(PUT).then_some(name)
}

/// The marked line at fault in an error, with the index of its variable and the reason.
fn unstorable(lines: &[&str], error: &Value) -> Option<(usize, usize, String)> {
    let code = error["code"]["code"].as_str().unwrap_or_default();
    let places = spans(error).filter_map(|span| (span["line_start"].as_u64()? as usize).checked_sub(1));
    let mut marked: Vec<(usize, usize)> =
        places.filter_map(|line| Some((line, marked_index(lines.get(line)?)?))).collect();
    let reason = match code {
        "E0382" | "E0381" | "E0425" | "E0507" => "its value was moved away in its cell",
        "E0597" | "E0505" | "E0506" | "E0502" | "E0716" | "E0521" | "E0515" | "E0373" | "E0310" | "E0499" => BORROWS,
        "E0603" | "E0433" | "E0412" | "E0107" | "E0423" => "its type is private and cannot be named in another cell",
        _ => "its type cannot be kept from cell to cell",
    };
    // What the cell itself does with a borrow is the user's: without the variable, nobody would know what is meant.
    if reason == BORROWS {
        marked.retain(|(line, _)| !lines[*line].trim_start().starts_with(TAKE));
    }
    // When a value is moved into the store while another variable borrows from it, the other one is at fault: the
    // line named last.
    let (line, index) = if matches!(code, "E0505" | "E0597") { *marked.last()? } else { *marked.first()? };
    Some((line, index, reason.to_owned()))
}

fn spans(error: &Value) -> impl Iterator<Item = &Value> {
    error["spans"].as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

/// The variable's index on a marked line.
fn marked_index(line: &str) -> Option<usize> {
    [PUT, KEEP, TAKE].iter().find_map(|mark| {
        let rest = line.trim_start().strip_prefix(mark)?;
        rest.split("*/").next()?.trim().parse().ok()
    })
}

fn repaired_in_place(source: &str, error: &Value) -> Option<(usize, usize, String)> {
    group_access(source, error)
        .or_else(|| other_wait(source, error))
        .or_else(|| cloned(source, error))
        .or_else(|| twice_made(source, error))
}

/// A static that a macro makes more than once in one call, by the same words: its name cannot tell one from the other, so they
/// begin anew in each cell.
fn twice_made(source: &str, error: &Value) -> Option<(usize, usize, String)> {
    let message = error["message"].as_str()?.strip_prefix("symbol `")?;
    let (symbol, _) = message.split_once("` is already defined")?;
    let stem = symbol.strip_prefix(SYMBOL)?.splitn(4, '_').take(3).collect::<Vec<_>>().join("_");
    let at = source.find(&format!("\"{SYMBOL}{stem}\""))?;
    let start = source[..at].rfind('#')?;
    let mut depth = 0usize;
    let length = source[start..].bytes().position(|byte| {
        depth = match byte {
            b'[' => depth + 1,
            b']' => depth.saturating_sub(1),
            _ => return false,
        };
        depth == 0
    })?;
    let end = start + length + 1;
    Some((start, end, " ".repeat(end - start)))
}

/// Where a value of the prelude is given away that is used again, or taken out of a dict: a clone, which is cheap.
fn cloned(source: &str, error: &Value) -> Option<(usize, usize, String)> {
    let message = error["message"].as_str()?;
    let labelled = |wanted: &dyn Fn(&Value) -> bool| spans(error).find(|span| wanted(span));
    let span = match error["code"]["code"].as_str()? {
        "E0382" => {
            let children = error["children"].as_array()?;
            let kind = children.iter().filter_map(|child| child["message"].as_str()).find_map(|text| {
                text.strip_prefix("move occurs because `")?.split_once("has type `")?.1.split('`').next()
            });
            let kind = kind.or_else(|| {
                let labels = spans(error).filter_map(|span| span["label"].as_str());
                labels.filter_map(|text| text.split_once("has type `")?.1.split('`').next()).next()
            })?;
            if !is_cheap(kind) || message.contains("partially") {
                return None;
            }
            labelled(&|span| span["label"].as_str().is_some_and(|label| label.starts_with("value moved here")))?
        }
        "E0507" if message.starts_with("cannot move out of index of `") => {
            let kind = spans(error)
                .filter_map(|span| span["label"].as_str()?.split_once("has type `")?.1.split('`').next())
                .next()?;
            if !is_cheap(kind) {
                return None;
            }
            labelled(&|span| span["is_primary"] == true)?
        }
        _ => return None,
    };
    let end = span["byte_end"].as_u64()? as usize;
    let start = span["byte_start"].as_u64()? as usize;
    // Only a name or an indexed name: a clone of anything else would be of the wrong part.
    let plain = source.get(start..end)?.chars().all(|c| c.is_alphanumeric() || "_[]\".&:/* ".contains(c));
    plain.then(|| (end, end, ".clone()".to_owned()))
}

/// A method that is called like one that waits, on a type of another kind: its own name, with blanks so that places stay.
fn other_wait(source: &str, error: &Value) -> Option<(usize, usize, String)> {
    let span = spans(error).find(|span| span["is_primary"] == true)?;
    let start = span["byte_start"].as_u64()? as usize;
    let end = span["byte_end"].as_u64()? as usize;
    let name = source.get(start..end)?;
    let (own, _) = renamed().find(|(_, ours)| *ours == name)?;
    Some((start, end, format!("{own:0$}", name.len())))
}

/// `.mumu` on a `Data` or a `Group` that has no such field: start, end and new text.
fn group_access(source: &str, error: &Value) -> Option<(usize, usize, String)> {
    let message = error["message"].as_str()?;
    let missing = message.starts_with("no field `");
    let kind = message.split("on type ").nth(1)?.split('`').nth(1)?;
    let kind = kind.trim_start_matches("&mut ").trim_start_matches('&');
    if !missing || !is_dict_of_data(kind) {
        return None;
    }
    let span = spans(error).find(|span| span["is_primary"] == true)?;
    let start = span["byte_start"].as_u64()? as usize;
    let end = span["byte_end"].as_u64()? as usize;
    let name = source.get(start..end)?;
    Some((start, end, format!("group(\"{}\")", name.trim_start_matches("r#"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_moved_variable_is_not_stored() {
        let source = format!("a\n{PUT}0*/ put(a);\n{PUT}1*/ put(b);\nend");
        let error = json!({"code": {"code": "E0382"}, "message": "use of moved value: `a`",
            "spans": [{"line_start": 1, "is_primary": false}, {"line_start": 2, "is_primary": true}]});
        let mut dropped = Vec::new();
        let better = repaired(&source, &[error], &mut dropped, &mut Vec::new()).unwrap();
        assert_eq!(better, format!("a\n\n{PUT}1*/ put(b);\nend"));
        assert_eq!(dropped.len(), 1);
        assert_eq!(dropped[0].0, 0);
    }

    #[test]
    fn errors_of_the_user_are_not_repaired() {
        let error =
            json!({"code": {"code": "E0425"}, "message": "cannot find value `x`", "spans": [{"line_start": 1}]});
        assert_eq!(repaired("x", &[error], &mut Vec::new(), &mut Vec::new()), None);
    }

    #[test]
    fn the_users_glob_wins_over_the_preludes() {
        let source = "use recoil::*;\nuse polars::prelude::*;\ncol";
        let at = source.find("polars").unwrap();
        let error = json!({"code": {"code": "E0659"}, "message": "`col` is ambiguous", "spans": [{"line_start": 3}],
            "children": [{"spans": [{"byte_start": 4, "byte_end": 13}]},
                         {"spans": [{"byte_start": at, "byte_end": at + 18}]}]});
        let mut imports = Vec::new();
        let better = repaired(source, &[error], &mut Vec::new(), &mut imports).unwrap();
        assert!(better.ends_with("use polars::prelude::col;\n"), "{better}");
        assert_eq!(imports, ["use polars::prelude::col;"]);
    }

    #[test]
    fn values_of_the_prelude_are_cloned_where_they_are_given_away() {
        let source = "let g = data; data.count()";
        let error = json!({"code": {"code": "E0382"}, "message": "borrow of moved value: `data`",
            "spans": [{"line_start": 1, "byte_start": 14, "byte_end": 18, "is_primary": true, "label": "value borrowed here after move"},
                {"line_start": 1, "byte_start": 8, "byte_end": 12, "is_primary": false, "label": "value moved here"}],
            "children": [{"message": "move occurs because `data` has type `recoil::Data`, which does not implement the `Copy` trait"}]});
        let better = repaired(source, std::slice::from_ref(&error), &mut Vec::new(), &mut Vec::new());
        assert_eq!(better.as_deref(), Some("let g = data.clone(); data.count()"));
        let other = serde_json::from_str(&error.to_string().replace("recoil::Data", "std::vec::Vec<u8>")).unwrap();
        assert_eq!(repaired(source, &[other], &mut Vec::new(), &mut Vec::new()), None);
    }

    #[test]
    fn other_methods_that_are_called_like_waits_get_their_names_back() {
        let source = "x.recoil_recv()";
        let error = json!({"code": {"code": "E0599"}, "message": "no method named `recoil_recv`",
            "spans": [{"line_start": 1, "byte_start": 2, "byte_end": 13, "is_primary": true}]});
        let better = repaired(source, &[error], &mut Vec::new(), &mut Vec::new());
        assert_eq!(better.as_deref(), Some("x.recv       ()"));
    }

    #[test]
    fn statics_that_are_made_twice_lose_their_name() {
        let static_of =
            |symbol: &str| format!("# [unsafe (export_name = concat ! (\"{symbol}\" , \"_\" , stringify ! ($ n)))]");
        let [first, second] = ["recoil_static_00ab_1_0000", "recoil_static_00ab_11_0000"].map(static_of);
        let source = format!("#[x] {first} static $ n ; {second} static M ;");
        let error = json!({"message": "symbol `recoil_static_00ab_11_0000_a_b` is already defined", "spans": []});
        let better = repaired(&source, &[error], &mut Vec::new(), &mut Vec::new()).unwrap();
        assert_eq!(better, format!("#[x] {first} static $ n ; {} static M ;", " ".repeat(second.len())));
    }

    #[test]
    fn fields_of_data_become_groups() {
        let source = "f().mumu.count()";
        let error = json!({"code": {"code": "E0609"}, "message": "no field `mumu` on type `recoil::Data`",
            "spans": [{"line_start": 1, "byte_start": 4, "byte_end": 8, "is_primary": true}]});
        let better = repaired(source, &[error], &mut Vec::new(), &mut Vec::new());
        assert_eq!(better.as_deref(), Some("f().group(\"mumu\").count()"));
        let other = json!({"code": {"code": "E0609"}, "message": "no field `mumu` on type `Data`",
            "spans": [{"line_start": 1, "byte_start": 4, "byte_end": 8, "is_primary": true}]});
        assert_eq!(repaired(source, &[other], &mut Vec::new(), &mut Vec::new()), None);
    }
}
