//! Methods of the standard library, from the documentation that comes with the toolchain.

use super::entry::Entry;
use crate::install::toolchain::Toolchain;
use regex::Regex;
use std::collections::BTreeSet;
use std::path::Path;

/// Pages, with the names under which their methods are looked up.
const PAGES: [(&str, &str); 28] = [
    ("Vec", "std/vec/struct.Vec.html"),
    ("slice", "std/primitive.slice.html"),
    ("String", "std/string/struct.String.html"),
    ("str", "std/primitive.str.html"),
    ("Option", "std/option/enum.Option.html"),
    ("Result", "std/result/enum.Result.html"),
    ("Iterator", "std/iter/trait.Iterator.html"),
    ("HashMap", "std/collections/struct.HashMap.html"),
    ("HashSet", "std/collections/struct.HashSet.html"),
    ("BTreeMap", "std/collections/struct.BTreeMap.html"),
    ("BTreeSet", "std/collections/struct.BTreeSet.html"),
    ("VecDeque", "std/collections/struct.VecDeque.html"),
    ("Path", "std/path/struct.Path.html"),
    ("PathBuf", "std/path/struct.PathBuf.html"),
    ("File", "std/fs/struct.File.html"),
    ("Duration", "std/time/struct.Duration.html"),
    ("Instant", "std/time/struct.Instant.html"),
    ("Arc", "std/sync/struct.Arc.html"),
    ("Mutex", "std/sync/struct.Mutex.html"),
    ("Rc", "std/rc/struct.Rc.html"),
    ("RefCell", "std/cell/struct.RefCell.html"),
    ("Box", "std/boxed/struct.Box.html"),
    ("f64", "std/primitive.f64.html"),
    ("f32", "std/primitive.f32.html"),
    ("i32", "std/primitive.i32.html"),
    ("i64", "std/primitive.i64.html"),
    ("usize", "std/primitive.usize.html"),
    ("char", "std/primitive.char.html"),
];

/// All that is found; nothing when the documentation is not installed.
pub(super) fn entries(toolchain: &Toolchain) -> Vec<Entry> {
    // <sysroot>/lib/rustlib/<target>/lib
    let Some(sysroot) = toolchain.libraries.ancestors().nth(4) else { return Vec::new() };
    let folder = sysroot.join("share/doc/rust/html");
    let mut found = Vec::new();
    for (owner, page) in PAGES {
        let Ok(html) = std::fs::read_to_string(folder.join(page)) else { continue };
        found.extend(methods(owner, &html));
        let docs = html.split_once("class=\"docblock\"").and_then(|(_, rest)| rest.split_once("</div>"));
        let docs = docs.map(|(docs, _)| text(docs.split_once('>').map_or(docs, |(_, rest)| rest))).unwrap_or_default();
        let signature =
            format!("std::{}", page.trim_start_matches("std/").trim_end_matches(".html").replace('/', "::"));
        found.push(Entry { name: owner.into(), kind: "type".into(), signature, docs, ..Entry::default() });
    }
    found
}

fn methods(owner: &str, html: &str) -> Vec<Entry> {
    let Ok(heading) =
        Regex::new(r#"(?s)<section id="(?:ty)?method\.([a-z0-9_]+)"[^>]*>.*?<h4 class="code-header">(.*?)</h4>"#)
    else {
        return Vec::new();
    };
    let mut found: Vec<Entry> = Vec::new();
    // Methods of traits that every type has come after this heading.
    let own = html.split("id=\"trait-implementations\"").next().unwrap_or(html);
    for heading in heading.captures_iter(own) {
        let name = &heading[1];
        if found.iter().any(|entry| entry.name == name) {
            continue;
        }
        let end = heading.get(0).map_or(0, |all| all.end());
        let behind: String = own[end..].chars().take(4000).collect();
        let docs = behind.split_once("<section id=").map_or(behind.as_str(), |(before, _)| before);
        let docs = docs.split_once("class=\"docblock\">").map_or("", |(_, docs)| docs);
        let signature = text(&heading[2]);
        found.push(Entry {
            owner: owner.into(),
            name: name.into(),
            kind: if signature.contains("self") { "method".into() } else { "function".into() },
            signature: signature.split_whitespace().collect::<Vec<_>>().join(" "),
            docs: text(docs).trim().to_owned(),
            ..Entry::default()
        });
    }
    found
}

/// HTML without its tags.
fn text(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];
    entities.iter().fold(out, |text, (entity, plain)| text.replace(entity, plain))
}

/// Names in a module of the standard library (`std::collections`), from the sources or else the documentation that come
/// with the toolchain; `None` when there are neither, or no such module.
pub(super) fn module(libraries: &Path, path: &str) -> Option<Vec<String>> {
    // <sysroot>/lib/rustlib/<target>/lib
    let (rustlib, sysroot) = (libraries.ancestors().nth(2)?, libraries.ancestors().nth(4)?);
    let (library, inner) = path.split_once("::").unwrap_or((path, ""));
    let inner = inner.replace("::", "/");
    let sources = rustlib.join("src/rust/library").join(library).join("src");
    let files = if inner.is_empty() {
        vec![sources.join("lib.rs")]
    } else {
        vec![sources.join(format!("{inner}.rs")), sources.join(&inner).join("mod.rs")]
    };
    let names = match files.iter().find_map(|file| std::fs::read_to_string(file).ok()) {
        Some(source) => exported(&source),
        None => {
            let page = sysroot.join("share/doc/rust/html").join(library).join(&inner).join("index.html");
            let title = Regex::new(r#"title="[a-z ]+ [A-Za-z_0-9:]+::(\w+)""#).ok()?;
            let html = std::fs::read_to_string(page).ok()?;
            title.captures_iter(&html).map(|found| found[1].to_owned()).collect()
        }
    };
    Some(names.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
}

/// What a source file exports at its top level: items and the names of `pub use`.
fn exported(source: &str) -> Vec<String> {
    let item = Regex::new(r"(?m)^pub (?:unsafe |const )*(?:mod|struct|enum|trait|fn|type|const|static|union) (\w+)");
    let uses = Regex::new(r"(?ms)^pub use ([^;]+);");
    let (Ok(item), Ok(uses)) = (item, uses) else { return Vec::new() };
    let mut names: Vec<String> = item.captures_iter(source).map(|found| found[1].to_owned()).collect();
    for found in uses.captures_iter(source) {
        for leaf in found[1].split(['{', '}', ',']).map(str::trim) {
            let leaf = leaf.rsplit(" as ").next().unwrap_or(leaf);
            let name = leaf.rsplit("::").next().unwrap_or(leaf).trim();
            if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                names.push(name.to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_become_entries() {
        let html = r#"<section id="method.push" class="method"><h4 class="code-header">pub fn <a href="x">push</a>(&amp;mut self, value: T)</h4></section></summary><div class="docblock"><p>Appends an element.</p></div>"#;
        let found = methods("Vec", html);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].signature.as_str(), found[0].docs.as_str()),
            ("pub fn push(&mut self, value: T)", "Appends an element.")
        );
    }

    #[test]
    fn items_and_uses_are_exported() {
        let source = "pub use a::b::{C, D as E};\npub use x::Y;\npub mod z;\nmod hidden;\n    pub fn inner() {}\npub const fn f() {}\n";
        assert_eq!(exported(source), ["z", "f", "C", "E", "Y"]);
    }
}
