//! What the notebook's own types look like.

use super::parse::words;
use std::collections::BTreeMap;

/// The notebook's own types by name, with their definitions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Definitions(BTreeMap<String, String>);

impl Definitions {
    /// Takes in an item, if it defines a type; a later definition of a name replaces an earlier one.
    pub fn add(&mut self, item: &str) {
        let Ok(item) = syn::parse_str::<syn::Item>(item) else { return };
        let name = match &item {
            syn::Item::Struct(item) => &item.ident,
            syn::Item::Enum(item) => &item.ident,
            syn::Item::Union(item) => &item.ident,
            syn::Item::Type(item) => &item.ident,
            syn::Item::Trait(item) => &item.ident,
            _ => return,
        };
        // Without comments and blanks, which change nothing.
        let text = quote::ToTokens::to_token_stream(&item).to_string();
        self.0.insert(name.to_string(), text);
    }

    /// Everything the notebook defines that a type is made of.
    pub fn of(&self, kind: &str) -> String {
        let mut found: BTreeMap<&str, &str> = BTreeMap::new();
        let mut wanted = words(kind);
        while let Some(word) = wanted.pop_first() {
            if let Some((name, text)) = self.0.get_key_value(&word)
                && found.insert(name, text).is_none()
            {
                wanted.extend(words(text));
            }
        }
        found.into_values().collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_followed() {
        let mut definitions = Definitions::default();
        definitions.add("struct P { q: Vec<Q> }");
        definitions.add("struct Q { x: f64 }");
        let before = definitions.of("Vec<P>");
        definitions.add("struct Q { x: f64, }");
        definitions.add("fn f() {}");
        assert_eq!(definitions.of("i32"), "");
        definitions.add("struct Q { x: String }");
        assert_ne!(definitions.of("Vec<P>"), before);
    }
}
