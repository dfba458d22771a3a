//! What is behind the path of a module of the notebook's own.

use super::rank::Candidate;
use syn::Item;

/// Names in the module that a path leads to, in the text of the notebook's items; `None` where it leads to none.
pub(super) fn names(items: &str, path: &str) -> Option<Vec<Candidate>> {
    let file = syn::parse_file(items).ok()?;
    let mut inside = file.items.as_slice();
    let mut parts = path.split("::").filter(|part| !matches!(*part, "" | "crate" | "self")).peekable();
    parts.peek()?;
    for part in parts {
        let of_name = |item: &&Item| matches!(item, Item::Mod(module) if module.ident == part);
        let Some(Item::Mod(module)) = inside.iter().find(of_name) else { return None };
        inside = module.content.as_ref().map_or(&[], |(_, items)| items.as_slice());
    }
    Some(inside.iter().filter_map(named).collect())
}

fn named(item: &Item) -> Option<Candidate> {
    let (name, kind) = match item {
        Item::Fn(item) => (&item.sig.ident, "function"),
        Item::Struct(item) => (&item.ident, "struct"),
        Item::Enum(item) => (&item.ident, "enum"),
        Item::Union(item) => (&item.ident, "union"),
        Item::Type(item) => (&item.ident, "type"),
        Item::Trait(item) => (&item.ident, "trait"),
        Item::Const(item) => (&item.ident, "const"),
        Item::Static(item) => (&item.ident, "static"),
        Item::Mod(item) => (&item.ident, "module"),
        _ => return None,
    };
    Some((name.to_string(), kind.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_looked_into() {
        let items = "mod geo { pub fn far() {} pub mod inner { pub struct P; } }\nfn near() {}";
        let of = |path: &str| names(items, path).map(|all| all.into_iter().map(|(name, _)| name).collect::<Vec<_>>());
        assert_eq!(of("geo"), Some(vec!["far".to_owned(), "inner".to_owned()]));
        assert_eq!(of("crate::geo::inner"), Some(vec!["P".to_owned()]));
        assert_eq!((of("near"), of("geo::far"), of("crate")), (None, None, None));
    }
}
