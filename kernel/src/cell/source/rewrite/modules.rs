//! Files of Rust that take the place of their names: `mod x;`, `include!("x.rs")`.

use super::super::definitions::Imports;
use super::super::edits::{Edit, Source};
use super::super::files::{self, Broken, Inlined, Inside, Origin};
use super::super::notebook::Notebook;
use super::super::parse::with_semicolon;
use super::super::parsed::{Parsed, range, words};
use super::Rewriter;
use std::collections::HashMap;
use std::ops::Range;
use syn::Item;
use syn::spanned::Spanned;
use syn::visit::Visit;

impl Rewriter<'_> {
    /// A module whose text is in a file.
    pub(super) fn module(&mut self, item: &syn::ItemMod) {
        let [beside, modules] = &self.notebook.beside;
        let Some((path, inner)) = files::of_module(item, beside, modules).filter(|_| self.lasting) else { return };
        let Some(semicolon) = item.semi.map(|semicolon| range(semicolon.span)) else { return };
        let name = item.ident.to_string().trim_start_matches("r#").to_owned();
        let (folder, runs) = (self.notebook.folder.clone(), self.notebook.runs);
        self.inline(semicolon, Origin { module: Some(name), path, inner, folder, runs });
    }

    /// A file that a macro includes: of items, or of anything else.
    pub(super) fn includes(&mut self, call: &syn::Macro) {
        let beside = &self.notebook.beside[0];
        if let Some(path) = files::of_items(call, beside).filter(|_| self.lasting) {
            let whole = with_semicolon(self.code, range(call.span()));
            let inner = path.parent().map(std::path::Path::to_path_buf).unwrap_or_default();
            let (folder, runs) = (self.notebook.folder.clone(), self.notebook.runs);
            self.inline(whole, Origin { module: None, path, inner, folder, runs });
        } else if let Some((edit, named)) = files::include(call, beside) {
            self.parsed.edits.push(edit);
            if self.lasting {
                self.parsed.named.push(named);
            }
        }
    }

    fn inline(&mut self, Range { start, end }: Range<usize>, origin: Origin) {
        match inside(origin) {
            Some(Ok(inside)) => {
                self.parsed.edits.push(Edit { start, end, text: inside.text() });
                self.parsed.statics.extend(inside.statics.iter().cloned());
                self.parsed.named.extend(inside.named.iter().cloned());
                self.parsed.heavy |= inside.heavy;
                self.parsed.inside.push(inside);
            }
            Some(Err(broken)) => self.parsed.broken = Some(broken),
            None => {}
        }
    }
}

/// A file of Rust as it is now, changed as the items of cells are; `None` where it cannot be read.
///
/// # Errors
/// When it is not Rust.
pub(crate) fn inside(origin: Origin) -> Option<Result<Inside, Broken>> {
    let original = files::read(&origin.path)?;
    let name = origin.path.strip_prefix(&origin.folder).unwrap_or(&origin.path).display().to_string();
    let file = match syn::parse_file(&original) {
        Ok(file) => file,
        Err(error) => return Some(Err(Broken { name, text: original, message: error.to_string() })),
    };
    let macros: HashMap<String, Range<usize>> = file.items.iter().filter_map(named_macro).collect();
    let beside = origin.path.parent().map(std::path::Path::to_path_buf).unwrap_or_default();
    let notebook = Notebook {
        definition_of: &|name| macros.get(name).map(|range| original[range.clone()].to_owned()),
        folder: origin.folder.clone(),
        beside: [beside, origin.inner.clone()],
        place: name.clone(),
        runs: origin.runs,
        ..Notebook::empty()
    };
    let mut parsed = Parsed { words: words(&original), ..Parsed::default() };
    let mut imports = Imports::default();
    imports.visit_file(&file);
    let mut rewriter = Rewriter::new(&original, &notebook, &mut parsed, imports);
    rewriter.lasting = true;
    rewriter.identity = format!("{name}\n{original}");
    // By it the text is found where it stands.
    let mark = format!("/* {} */", files::mark(rewriter.identity.as_bytes()));
    rewriter.visit_file(&file);
    if let Some(broken) = parsed.broken {
        return Some(Err(broken));
    }
    let first = file.items.first().map_or(original.len(), |item| range(item.span()).start);
    let copies = parsed.copies.iter().map(|copy| copy.to_owned() + "\n").collect();
    // In front of what else is changed there.
    let front = [Edit { start: 0, end: 0, text: mark }, Edit { start: first, end: first, text: copies }];
    parsed.edits.splice(0..0, front);
    let source = Source::new(&original, 0, original.len(), &parsed.edits);
    let inner = parsed.inside.into_iter().flat_map(|inside| inside.files);
    let files =
        inner.chain([Inlined { name, path: origin.path.clone(), original: original.clone(), source }]).collect();
    Some(Ok(Inside { origin, files, statics: parsed.statics, named: parsed.named, heavy: parsed.heavy }))
}

/// The name of a macro that an item defines, and where it stands.
fn named_macro(item: &Item) -> Option<(String, Range<usize>)> {
    match item {
        Item::Macro(call) => Some((call.ident.as_ref()?.to_string(), range(call.span()))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::source::statics;

    #[test]
    fn files_take_the_place_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        std::fs::create_dir(at.join("x")).unwrap();
        std::fs::write(at.join("x.rs"), "//! About x.\npub mod y;\npub fn f() { loop { y::g(); } }").unwrap();
        let inner = "pub static N: u8 = 1;\nmacro_rules! m { () => { static M: u8 = 2; } }\npub fn g() -> &'static str { m!(); include_str!(\"z.txt\") }";
        std::fs::write(at.join("x/y.rs"), inner).unwrap();
        std::fs::write(at.join("x/z.txt"), "text").unwrap();
        let (path, inner) = (at.join("x.rs"), at.join("x"));
        let origin = Origin { module: Some("x".into()), path, inner, folder: at.to_path_buf(), runs: 0 };
        let found = inside(origin.clone()).unwrap().unwrap();
        let text = format!("mod x {}", found.text());
        syn::parse_file(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let names: Vec<_> = found.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!((names.as_slice(), found.statics.len(), found.named.len()), (&["x/y.rs", "x.rs"][..], 2, 1));
        assert!(found.heavy && text.contains("checkpoint()") && text.contains("macro_rules! recoil_copy_"), "{text}");
        assert!(text.contains(statics::SYMBOL) && text.contains("z.txt\" /* "), "{text}");
        for file in &found.files {
            let at = file.source.text.rfind("pub fn").unwrap();
            assert_eq!(Some(file.source.original(at)), file.original.rfind("pub fn"), "{}", file.name);
            assert!(text.contains(&file.source.text));
        }
        assert!(!found.is_changed());
        std::fs::write(at.join("x/y.rs"), "pub fn g( {}").unwrap();
        assert!(found.is_changed());
        assert_eq!(inside(origin).unwrap().unwrap_err().name, "x/y.rs");
    }
}
