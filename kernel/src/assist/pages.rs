//! What is shown of an item: its signature and its documentation, as people read them who write cells.

use super::entry::Entry;
use super::index::{Index, owner_of};
use crate::cell::source::rewrite::CHECKPOINT;
use crate::evaluator::Bundle;
use crate::variables::Known;
use regex::Regex;
use std::sync::OnceLock;

fn bundle(plain: String, markdown: String) -> Bundle {
    Bundle::text(plain).with("text/markdown", markdown)
}

/// What is shown of an entry; `items` are the notebook's.
pub(super) fn of_entry(entry: &Entry, detail: u8, items: &str) -> Bundle {
    let owner = if entry.owner.is_empty() { String::new() } else { format!("{}::", entry.owner) };
    let (signature, docs) = match entry.own {
        true => (without_paths(&entry.signature), for_cells(&entry.docs)),
        false => (entry.signature.clone(), entry.docs.clone()),
    };
    let mut plain = format!("{} {owner}{}\n\n{signature}\n\n{docs}", entry.kind, entry.name);
    let mut markdown = format!("**{owner}{}**\n\n```rust\n{signature}\n```\n\n{docs}", entry.name);
    if detail > 0
        && let Some(source) = source(entry, items)
    {
        plain = format!("{plain}\n\n{source}");
        markdown = format!("{markdown}\n\n```rust\n{source}\n```");
    }
    bundle(plain.trim_end().to_owned(), markdown.trim_end().to_owned())
}

fn source(entry: &Entry, items: &str) -> Option<String> {
    let text = if entry.file.is_empty() { Some(items.to_owned()) } else { std::fs::read_to_string(&entry.file).ok() }?;
    let (first, last) = entry.lines;
    let lines: Vec<_> = text.lines().skip(first.checked_sub(1)?).take(last + 1 - first).collect();
    // As the user wrote it.
    Some(lines.join("\n").replace(CHECKPOINT, ""))
}

pub(super) fn of_variable(name: &str, known: &Known, indices: &[&Index]) -> Bundle {
    let kind = owner_of(&known.kind);
    let docs = indices.iter().find_map(|index| index.item(&kind)).map_or("", |entry| entry.docs.as_str());
    let docs = for_cells(docs);
    let mutable = if known.mutable { "mut " } else { "" };
    let mut facts = format!("made in In[{}]", known.cell);
    for (what, names) in [("groups", &known.groups), ("columns", &known.columns)] {
        if !names.is_empty() {
            facts = format!("{facts}\n{what}: {}", names.join(", "));
        }
    }
    let head = format!("let {mutable}{name}: {}", known.kind);
    bundle(
        format!("{head}\n\n{facts}\n\n{docs}").trim_end().to_owned(),
        format!("```rust\n{head}\n```\n\n{facts}\n\n{docs}"),
    )
}

/// What is known of a name inside a string.
pub(super) fn of_name(name: &str, kind: &str, of: &str) -> Bundle {
    let of = if of.is_empty() { String::new() } else { format!(" of `{of}`") };
    Bundle::text(format!("{kind} `{name}`{of}"))
}

/// Documentation without what only its tests need: hidden lines, imports, paths of rooms, links into the source.
fn for_cells(docs: &str) -> String {
    let mut out = String::new();
    let mut code = false;
    for line in docs.lines() {
        let trimmed = line.trim_start();
        if let Some(marks) = trimmed.strip_prefix("```") {
            let rust = marks
                .split(',')
                .all(|word| matches!(word.trim(), "" | "rust" | "no_run" | "ignore" | "should_panic" | "compile_fail"));
            code = !code;
            out.push_str(if code && rust { "```rust" } else { trimmed });
        } else if code {
            let scaffold = trimmed == "#" || trimmed.starts_with("# ") || trimmed.starts_with("Ok::<");
            if scaffold || is_own_import(trimmed) {
                continue;
            }
            out.push_str(&without_paths(line));
        } else {
            out.push_str(&without_links(&without_paths(line)));
        }
        out.push('\n');
    }
    out.trim_end().to_owned()
}

fn is_own_import(line: &str) -> bool {
    static IMPORT: OnceLock<Option<Regex>> = OnceLock::new();
    let import = IMPORT.get_or_init(|| Regex::new(&format!("^use (?:::)?(?:{ROOMS})(?:::|;)")).ok());
    import.as_ref().is_some_and(|import| import.is_match(line))
}

/// Names of crates that a cell sees only through the prelude.
const ROOMS: &str = "crate|recoil|data|hist|flow|cut|show|segment|sources|belle2|recordings|banks|hipo|events|toy|port|\
                     corrections|cluster|root|remote";

/// `data::load(..)` as a cell says it.
fn without_paths(text: &str) -> String {
    static PATH: OnceLock<Option<Regex>> = OnceLock::new();
    let path =
        PATH.get_or_init(|| Regex::new(&format!(r"(^|[^\w:.])(?:::)?(?:{ROOMS})::((?:[a-z_0-9]+::)*)(\w)")).ok());
    path.as_ref().map_or_else(|| text.to_owned(), |path| path.replace_all(text, "$1$3").into_owned())
}

/// Links to items become their names: a page has nothing to lead to.
fn without_links(text: &str) -> String {
    static LINK: OnceLock<Option<Regex>> = OnceLock::new();
    let link = LINK.get_or_init(|| Regex::new(r"\[([^\[\]]+)\](?:\(([^()]*(?:\(\))?)\))?").ok());
    let Some(link) = link.as_ref() else { return text.to_owned() };
    let replaced = link.replace_all(text, |found: &regex::Captures<'_>| {
        let target = found.get(2).map_or("", |target| target.as_str());
        let item = found[1].starts_with('`') && found[1].ends_with('`');
        if target.contains("://") || (target.is_empty() && !item) { found[0].to_owned() } else { found[1].to_owned() }
    });
    replaced.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_is_told_for_cells() {
        let docs = "Opens [`Data`](crate::Data), see [`hist::Axis`] and [pages](https://x.org/a).\n\n# Errors\nWhen [1] fails.\n\n```no_run\nuse data::{load, Data};\n# fn main() -> data::Result<()> {\nlet data = data::load(\"a\")?;\n    let x = std::fs::read(\"b\")?; // hist::fit::Model\n# Ok(())\n# }\n```";
        assert_eq!(
            for_cells(docs),
            "Opens `Data`, see `Axis` and [pages](https://x.org/a).\n\n# Errors\nWhen [1] fails.\n\n```rust\nlet data = load(\"a\")?;\n    let x = std::fs::read(\"b\")?; // Model\n```"
        );
        assert_eq!(
            without_paths("fn select(&self, columns: impl crate::steps::rows::Names)"),
            "fn select(&self, columns: impl Names)"
        );
    }
}
