//! Which types of a notebook are errors. `?` in a cell takes everything that can be displayed, so the prelude is told of those
//! that have more to say: the errors behind them.

use std::collections::BTreeSet;
use syn::{Attribute, Generics, Item, Visibility};

/// Derives that make a type an error.
const DERIVES: [&str; 2] = ["Error", "Snafu"];

/// The error types of a notebook, by their paths from its root.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Errors(BTreeSet<String>);

impl Errors {
    /// Takes in an item.
    pub fn add(&mut self, item: &Item) {
        match item {
            Item::Struct(item) => self.add_type(&item.ident, &item.generics, &item.attrs),
            Item::Enum(item) => self.add_type(&item.ident, &item.generics, &item.attrs),
            Item::Union(item) => self.forget(&item.ident),
            Item::Type(item) => self.forget(&item.ident),
            Item::Trait(item) => self.forget(&item.ident),
            Item::Impl(item) => self.0.extend(implemented(item)),
            Item::Mod(item) => {
                self.forget(&item.ident);
                let mut inner = Self::default();
                let items = item.content.iter().flat_map(|(_, items)| items);
                items.clone().for_each(|item| inner.add(item));
                inner.0.retain(|path| items.clone().any(|item| is_seen(item, path)));
                self.0.extend(inner.0.into_iter().map(|path| format!("{}::{path}", item.ident)));
            }
            _ => {}
        }
    }

    fn add_type(&mut self, name: &syn::Ident, generics: &Generics, attributes: &[Attribute]) {
        if !generics.params.is_empty() {
            self.forget(name);
        } else if attributes.iter().any(derives_error) {
            self.0.insert(name.to_string());
        }
    }

    fn forget(&mut self, name: &syn::Ident) {
        let name = name.to_string();
        self.0.retain(|path| path.split("::").next() != Some(&name));
    }

    /// Their paths.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// The type of an `impl Error for ..`, if it has no parameters.
fn implemented(item: &syn::ItemImpl) -> Option<String> {
    let (_, path, _) = item.trait_.as_ref()?;
    let syn::Type::Path(kind) = &*item.self_ty else { return None };
    let plain = kind.path.segments.iter().all(|segment| segment.arguments.is_none());
    let fits = item.generics.params.is_empty() && plain && path.segments.last()?.ident == "Error";
    let names: Vec<String> = kind.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    fits.then(|| names.join("::"))
}

fn derives_error(attribute: &Attribute) -> bool {
    let mut found = false;
    if attribute.path().is_ident("derive") {
        // What does not parse is for rustc to say.
        let _ = attribute.parse_nested_meta(|derive| {
            found |= derive.path.segments.last().is_some_and(|last| DERIVES.iter().any(|name| last.ident == name));
            Ok(())
        });
    }
    found
}

/// Whether an item of a module is what the path begins with, and can be named outside.
fn is_seen(item: &Item, path: &str) -> bool {
    let first = path.split("::").next().unwrap_or(path);
    let (name, visibility) = match item {
        Item::Struct(item) => (&item.ident, &item.vis),
        Item::Enum(item) => (&item.ident, &item.vis),
        Item::Mod(item) => (&item.ident, &item.vis),
        _ => return false,
    };
    name == first && !matches!(visibility, Visibility::Inherited)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(items: &[&str]) -> Vec<String> {
        let mut errors = Errors::default();
        items.iter().for_each(|item| errors.add(&syn::parse_str(item).unwrap()));
        errors.paths().map(str::to_owned).collect()
    }

    #[test]
    fn errors_are_found_by_their_impls_and_derives() {
        let failed = "impl std::error::Error for Failed { }";
        assert_eq!(of(&["#[derive(Debug)] struct Failed;", failed]), ["Failed"]);
        assert_eq!(of(&["#[derive(Debug, thiserror::Error)] enum E { A }", "#[derive(Clone)] struct F;"]), ["E"]);
        assert_eq!(of(&["impl<T> Error for G<T> {}", "impl Error for G<u8> {}", "impl Display for H {}"]), [""; 0]);
        assert_eq!(of(&[failed, "struct Failed { n: u8 }"]), ["Failed"], "its impl is still there");
        for other in ["struct Failed<T>(T);", "trait Failed {}", "type Failed = u8;"] {
            assert_eq!(of(&[failed, other]), [""; 0], "{other}");
        }
    }

    #[test]
    fn errors_in_modules_have_paths_if_they_can_be_named() {
        let module = "mod m { pub struct A; impl Error for A {} struct B; impl Error for B {} \
                      pub mod n { #[derive(Error)] pub enum C {} } mod o { #[derive(Error)] pub enum D {} } }";
        assert_eq!(of(&[module]), ["m::A", "m::n::C"]);
        assert_eq!(of(&[module, "mod m {}"]), [""; 0]);
    }
}
