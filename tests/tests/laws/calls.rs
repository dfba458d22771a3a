//! Which functions name which, read from the syntax of all files: by name only, so that a call through a trait counts for all
//! functions of that name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use syn::visit::{self, Visit};

/// The functions of the house.
#[derive(Default)]
pub struct Calls {
    /// The names of functions in each file.
    pub defined: BTreeMap<String, BTreeSet<String>>,
    /// What functions of a name name in their bodies.
    named: BTreeMap<String, BTreeSet<String>>,
}

impl Calls {
    /// Adds a file, `name` for short.
    pub fn add(&mut self, name: &str, path: &Path) {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Functions { calls: self, file: name.to_owned() }.visit_file(&parsed);
    }

    /// Whether `from` calls `to`, itself or through at most `deep` others.
    pub fn reaches(&self, from: &str, to: &str, deep: usize) -> bool {
        let mut seen = BTreeSet::from([from]);
        let mut now = vec![from];
        for _ in 0..=deep {
            let called = now.iter().filter_map(|name| self.named.get(*name)).flatten();
            let next: Vec<&str> = called.map(String::as_str).filter(|name| self.named.contains_key(*name)).collect();
            if next.contains(&to) {
                return true;
            }
            now = next.into_iter().filter(|name| seen.insert(name)).collect();
        }
        false
    }
}

struct Functions<'c> {
    calls: &'c mut Calls,
    file: String,
}

impl Functions<'_> {
    fn function(&mut self, name: &syn::Ident, block: &syn::Block) {
        let name = name.to_string();
        let mut body = Body::default();
        body.visit_block(block);
        self.calls.defined.entry(self.file.clone()).or_default().insert(name.clone());
        self.calls.named.entry(name).or_default().extend(body.0);
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig.ident, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig.ident, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        let name = item.sig.ident.to_string();
        self.calls.defined.entry(self.file.clone()).or_default().insert(name.clone());
        self.calls.named.entry(name).or_default();
        if let Some(block) = &item.default {
            self.function(&item.sig.ident, block);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.ident != "tests" {
            visit::visit_item_mod(self, item);
        }
    }
}

/// The names that a body calls, or hands on to be called.
#[derive(Default)]
struct Body(BTreeSet<String>);

impl<'ast> Visit<'ast> for Body {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.0.insert(call.method.to_string());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        self.0.extend(path.path.segments.last().map(|segment| segment.ident.to_string()));
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let words = call.tokens.to_string();
        self.0.extend(words.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
    }
}
