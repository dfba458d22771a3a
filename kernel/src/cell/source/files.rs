//! Files that the Rust of a cell names: `mod x;`, `include_str!("x.txt")`.
//!
//! rustc would look for them beside the generated source. They are meant from the folder of the cells, and what is in
//! them must change the compiled cell, which is kept by its text: so the path becomes a whole one, with a hash behind it.

use super::edits::Edit;
use super::notebook::hash;
use std::ops::Range;
use std::path::{Path, PathBuf};
use syn::spanned::Spanned;

/// The change for a module whose text is in a file: `at` is the place of `mod`.
pub(crate) fn module(item: &syn::ItemMod, folder: &Path) -> Option<Edit> {
    let placed = item.attrs.iter().any(|attribute| attribute.path().is_ident("path"));
    if item.content.is_some() || placed {
        return None;
    }
    let name = item.ident.to_string();
    let name = name.trim_start_matches("r#");
    let candidates = [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")];
    let (path, text) =
        candidates.into_iter().find_map(|path| Some((path.clone(), std::fs::read_to_string(path).ok()?)))?;
    let at = item.mod_token.span().byte_range().start;
    let text = format!("#[path = {:?}] #[doc = \"{:016x}\"] ", path.display().to_string(), hash(&text));
    Some(Edit { start: at, end: at, text })
}

/// The change for a macro that includes a file under a relative path.
pub(crate) fn include(call: &syn::Macro, folder: &Path) -> Option<Edit> {
    let name = call.path.segments.last()?.ident.to_string();
    if !matches!(name.as_str(), "include_str" | "include_bytes" | "include") {
        return None;
    }
    let literal: syn::LitStr = call.parse_body().ok()?;
    let named = PathBuf::from(literal.value());
    let path = folder.join(&named);
    let bytes = std::fs::read(&path).ok().filter(|_| named.is_relative())?;
    let range: Range<usize> = literal.span().byte_range();
    let text = format!("{:?} /* {:016x} */", path.display().to_string(), hash(&String::from_utf8_lossy(&bytes)));
    Some(Edit { start: range.start, end: range.end, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_from_the_folder_of_the_cells() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.rs"), "pub fn f() {}").unwrap();
        let item: syn::ItemMod = syn::parse_str("pub mod x;").unwrap();
        let edit = module(&item, folder.path()).unwrap();
        assert_eq!(edit.start, 4);
        assert!(edit.text.contains("x.rs\"] #[doc"), "{}", edit.text);
        std::fs::write(folder.path().join("x.rs"), "pub fn g() {}").unwrap();
        assert_ne!(module(&item, folder.path()).unwrap().text, edit.text);
        assert_eq!(module(&syn::parse_str("mod y;").unwrap(), folder.path()), None);
        let call: syn::Macro = syn::parse_str("include_str!(\"x.rs\")").unwrap();
        assert_eq!(include(&call, folder.path()).map(|edit| (edit.start, edit.end)), Some((13, 19)));
        assert_eq!(include(&syn::parse_str("vec![\"x.rs\"]").unwrap(), folder.path()), None);
    }
}
