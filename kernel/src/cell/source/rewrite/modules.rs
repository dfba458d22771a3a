//! Files of Rust that take the place of their names: `mod x;`, `include!("x.rs")`.

use super::super::definitions::Imports;
use super::super::edits::{Edit, Source};
use super::super::files::{self, Broken, Inlined, Inside, Origin};
use super::super::notebook::{Around, Notebook};
use super::super::parse::with_semicolon;
use super::super::parsed::{Parsed, range, words};
use super::Rewriter;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use syn::Item;
use syn::spanned::Spanned;
use syn::visit::Visit;

impl Rewriter<'_> {
    /// Visits what is inside of a module.
    pub(super) fn in_module(&mut self, item: &syn::ItemMod, visit: impl FnOnce(&mut Self)) {
        let before = self.beside.clone();
        let [beside, modules] = &before;
        let folder =
            files::said_path(item).map_or_else(|| modules.join(files::name_of(item)), |path| beside.join(path));
        self.beside = [folder.clone(), folder];
        self.modules.push(files::name_of(item));
        visit(self);
        self.modules.pop();
        self.beside = before;
    }

    /// A module whose text is in a file.
    pub(super) fn module(&mut self, item: &syn::ItemMod) {
        let [beside, modules] = &self.beside;
        let Some((path, inner)) = files::of_module(item, beside, modules).filter(|_| self.lasting) else { return };
        let Some(semicolon) = item.semi.map(|semicolon| range(semicolon.span)) else { return };
        self.modules.push(files::name_of(item));
        self.inline(semicolon, path, inner, true);
        self.modules.pop();
    }

    /// A file that a macro includes: of items, or of anything else.
    pub(super) fn includes(&mut self, call: &syn::Macro) {
        let beside = &self.notebook.beside[0];
        if let Some(path) = files::of_items(call, beside).filter(|_| self.lasting) {
            let whole = with_semicolon(self.code, range(call.span()));
            let inner = path.parent().map(Path::to_path_buf).unwrap_or_default();
            self.inline(whole, path, inner, false);
        } else {
            self.included(call);
        }
    }

    /// A file that is no items.
    pub(super) fn included(&mut self, call: &syn::Macro) {
        let Some((edit, named)) = files::include(call, &self.notebook.beside[0]) else { return };
        self.parsed.edits.push(edit);
        if self.lasting {
            self.parsed.named.push(named);
        }
    }

    fn inline(&mut self, Range { start, end }: Range<usize>, path: PathBuf, inner: PathBuf, is_module: bool) {
        let around = Around { modules: self.modules.clone(), ..self.notebook.around.clone() };
        match inside(Origin { path, inner, is_module, around, first: self.parsed.statics.len() }) {
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
/// When it is not Rust, or names itself.
pub(crate) fn inside(origin: Origin) -> Option<Result<Inside, Broken>> {
    let original = files::read(&origin.path)?;
    let Around { folder, files: open, modules, .. } = &origin.around;
    let name = origin.path.strip_prefix(folder).unwrap_or(&origin.path).display().to_string();
    let broken = |message: String| {
        let module = modules.first().cloned();
        Some(Err(Broken { name: name.clone(), text: original.clone(), message, module }))
    };
    let whole = files::whole(&origin.path)?;
    if open.contains(&whole) {
        return broken(format!("{name} names itself, by itself or through other files"));
    }
    let file = match syn::parse_file(&original) {
        Ok(file) => file,
        Err(error) => return broken(format!("{name}: {error}")),
    };
    let macros: HashMap<String, Range<usize>> = file.items.iter().filter_map(named_macro).collect();
    let beside = origin.path.parent().map(Path::to_path_buf).unwrap_or_default();
    let notebook = Notebook {
        definition_of: &|name| macros.get(name).map(|range| original[range.clone()].to_owned()),
        beside: [beside, origin.inner.clone()],
        place: name.clone(),
        around: Around { files: open.iter().cloned().chain([whole]).collect(), ..origin.around.clone() },
        ..Notebook::empty()
    };
    let mut parsed = Parsed { words: words(&original), ..Parsed::default() };
    let mut imports = Imports::default();
    imports.visit_file(&file);
    let mut rewriter = Rewriter::new(&original, &notebook, &mut parsed, imports);
    rewriter.lasting = true;
    // The same file may stand in several places, and another folder have one of the same name.
    let place = format!("{} {} {}", origin.path.display(), modules.join("::"), origin.first);
    rewriter.identity = format!("{place}\n{original}");
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
    let last = Inlined { name: name.clone(), path: origin.path.clone(), original: original.clone(), source };
    let files = inner.chain([last]).collect();
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
        let around = Around { folder: at.to_path_buf(), modules: vec!["x".to_owned()], ..Around::default() };
        let origin = Origin { path, inner, is_module: true, around, first: 0 };
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
        let broken = inside(origin.clone()).unwrap().unwrap_err();
        assert_eq!((broken.name.as_str(), broken.module.as_deref()), ("x/y.rs", Some("x")));
        std::fs::write(at.join("x/y.rs"), "#[path = \"../x.rs\"] mod again;").unwrap();
        assert!(inside(origin).unwrap().unwrap_err().message.contains("x.rs names itself"));
    }

    #[test]
    fn each_place_of_a_file_has_statics_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        std::fs::create_dir(at.join("out")).unwrap();
        std::fs::write(at.join("n.rs"), "pub static N: u8 = 1; // last").unwrap();
        std::fs::write(at.join("out/n.rs"), "pub static N: u8 = 2;").unwrap();
        let code = "mod n; #[path = \"n.rs\"] mod m; mod out { pub mod n; }\nfn f() { include!(\"n.rs\"); }\nfn g() { include!(\"n.rs\"); }";
        let around = Around { folder: at.to_path_buf(), ..Around::default() };
        let notebook = Notebook { beside: [at.to_path_buf(), at.to_path_buf()], around, ..Notebook::empty() };
        let parsed = super::super::super::parse::parse(code, &notebook).unwrap();
        let symbols: std::collections::BTreeSet<_> = parsed.statics.iter().map(|one| one.symbol.as_str()).collect();
        assert_eq!((symbols.len(), parsed.inside.len()), (5, 5));
        let text = Source::new(code, 0, code.len(), &parsed.edits).text;
        assert!(text.contains("mod out { pub mod n{") && text.contains("N: u8 = 2"), "{text}");
        syn::parse_file(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}
