//! Which names a cell knows, and where the sources of Polars are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use syn::{Attribute, UseTree};

/// Crates of Polars with what people call.
const POLARS: [&str; 6] = ["polars-core", "polars-lazy", "polars-plan", "polars-ops", "polars-io", "polars-time"];

/// Names that the prelude exports, without those that it hides and without types of errors, which nobody writes.
pub(super) fn names(exports: &Path) -> BTreeSet<String> {
    std::fs::read_to_string(exports).map(|text| names_in(&text)).unwrap_or_default()
}

fn names_in(text: &str) -> BTreeSet<String> {
    let mut found = Vec::new();
    for item in syn::parse_file(text).map(|file| file.items).unwrap_or_default() {
        if let syn::Item::Use(item) = item
            && matches!(item.vis, syn::Visibility::Public(_))
            && !is_hidden(&item.attrs)
        {
            leaves(&item.tree, "", &mut found);
        }
    }
    found.into_iter().filter(|name| !name.ends_with("Error") && name != "_").collect()
}

/// Whether an item is marked as none of the users' business.
pub(super) fn is_hidden(attributes: &[Attribute]) -> bool {
    let marks = attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
    let lists = marks.filter_map(|attribute| attribute.meta.require_list().ok());
    lists.into_iter().any(|list| list.tokens.to_string() == "hidden")
}

/// The names that a `use` brings.
fn leaves(tree: &UseTree, parent: &str, found: &mut Vec<String>) {
    match tree {
        UseTree::Path(path) => leaves(&path.tree, &path.ident.to_string(), found),
        UseTree::Name(name) if name.ident == "self" => found.push(parent.to_owned()),
        UseTree::Name(name) => found.push(name.ident.to_string()),
        UseTree::Rename(rename) => found.push(rename.rename.to_string()),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, parent, found)),
        UseTree::Glob(_) => {}
    }
}

/// Sources of Polars in Cargo's registry, of the version that the prelude uses.
pub(super) fn polars_folders() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| crate::install::home().map(|home| home.join(".cargo")));
    let registry = home.map(|home| home.join("registry/src"));
    let registries = registry.and_then(|registry| std::fs::read_dir(registry).ok()).into_iter().flatten().flatten();
    let mut found = Vec::new();
    for registry in registries {
        let Ok(crates) = std::fs::read_dir(registry.path()) else { continue };
        let named: Vec<_> = crates.flatten().map(|folder| folder.path()).collect();
        for name in POLARS {
            let of = |path: &&PathBuf| {
                let folder = path.file_name().and_then(|folder| folder.to_str()).unwrap_or_default();
                folder
                    .strip_prefix(name)
                    .and_then(|rest| rest.strip_prefix('-'))
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            };
            found.extend(named.iter().filter(of).max().cloned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_read_without_hidden_ones_and_errors() {
        let text = "pub mod runtime;\npub use ::toy::toy;\n#[doc(hidden)]\npub use data::X as Left;\npub use hist::{Axis, pair as compare, WidgetError};\npub use polars::prelude::{self as pl, Column};\nuse private::Thing;\n";
        assert_eq!(names_in(text).into_iter().collect::<Vec<_>>(), ["Axis", "Column", "compare", "pl", "toy"]);
    }
}
