//! The type of a chain of the prelude's calls, read from their signatures. The compiler knows more and takes longer; it is
//! asked where this knows nothing.

use super::entry::Entry;
use super::index::{Index, members};
use super::scan::is_word;
use crate::variables::{Known, is_dict_of_data};
use std::collections::BTreeMap;

const GROUP: &str = "recoil::Group";

/// A type, and whether it is inside a `Result`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kind {
    name: String,
    fallible: bool,
}

/// The type of `text`, such as `data.mumu.query("x > 2").hist("x", 50)?`, if all its calls are of the prelude.
pub(super) fn type_of(variables: &BTreeMap<String, Known>, indices: &[&Index], text: &str) -> Option<String> {
    let text = text.trim();
    let root: String = text.chars().take_while(|c| is_word(*c)).collect();
    let mut rest = &text[root.len()..];
    let variable = variables.get(&root);
    let mut kind = match (variable, arguments(rest)) {
        (Some(known), _) => Kind { name: known.kind.clone(), fallible: false },
        (None, Some(behind)) => {
            rest = behind;
            let function = indices.iter().find_map(|index| index.item(&root)).filter(|entry| entry.own)?;
            returned(function, "")?
        }
        _ => return None,
    };
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return (!kind.fallible).then_some(kind.name);
        }
        if let Some(behind) = rest.strip_prefix('?').filter(|_| kind.fallible) {
            (rest, kind.fallible) = (behind, false);
            continue;
        }
        if kind.fallible {
            return None;
        }
        if rest.starts_with('[') && is_dict_of_data(&kind.name) {
            (rest, kind.name) = (arguments(rest)?, GROUP.into());
            continue;
        }
        let behind = rest.strip_prefix('.')?.trim_start();
        let name: String = behind.chars().take_while(|c| is_word(*c)).collect();
        rest = &behind[name.len()..];
        match arguments(rest) {
            Some(behind) => {
                rest = behind;
                let method = members(indices, &kind.name).into_iter().find(|entry| entry.name == name);
                kind = returned(method.filter(|entry| entry.own && entry.kind == "method")?, &kind.name)?;
            }
            None => {
                let known = variable.filter(|known| is_dict_of_data(&kind.name) && known.groups.contains(&name));
                known?;
                kind.name = GROUP.into();
            }
        }
    }
}

/// What stands behind the brackets that `text` begins with.
fn arguments(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let mut scanned = 0;
    text.starts_with(['(', '[']).then_some(())?;
    for (at, c) in text.char_indices() {
        if at >= scanned && matches!(c, ')' | ']') {
            let open = super::scan::scan(&text[..=at]);
            if open.quote.is_none() && open.open.is_empty() {
                return Some(&text[at + 1..]);
            }
            scanned = at + 1;
        }
    }
    None
}

/// What a function returns, by its signature.
fn returned(entry: &Entry, owner: &str) -> Option<Kind> {
    let signature: syn::Signature = syn::parse_str(entry.signature.trim_start_matches("pub ")).ok()?;
    let syn::ReturnType::Type(_, kind) = signature.output else { return None };
    named(&kind, owner)
}

fn named(kind: &syn::Type, owner: &str) -> Option<Kind> {
    match kind {
        syn::Type::Reference(reference) => named(&reference.elem, owner),
        syn::Type::Path(path) => {
            let last = path.path.segments.last()?;
            let name = last.ident.to_string();
            if name == "Result" {
                let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
                let Some(syn::GenericArgument::Type(inner)) = arguments.args.first() else { return None };
                return Some(Kind { fallible: true, ..named(inner, owner)? });
            }
            let name = match name.as_str() {
                "Self" => owner.to_owned(),
                // A dict and its groups hold the same steps.
                "Data" | "Group" => format!("recoil::{name}"),
                // Of one letter: a type that the caller chooses.
                name if name.len() == 1 => return None,
                name => name.to_owned(),
            };
            Some(Kind { name, fallible: false })
        }
        _ => None,
    }
}

/// The type of an argument as the signature of a function has it, such as `impl Into<Selection>`.
pub(super) fn parameter(entry: &Entry, argument: usize) -> Option<String> {
    let signature: syn::Signature = syn::parse_str(entry.signature.trim_start_matches("pub ")).ok()?;
    let typed = signature.inputs.iter().filter_map(|input| match input {
        syn::FnArg::Typed(input) => Some(&*input.ty),
        syn::FnArg::Receiver(_) => None,
    });
    let kind = typed.into_iter().nth(argument)?;
    let text = quote::ToTokens::to_token_stream(kind).to_string();
    // `fn f<P: AsRef<Path>>(path: P)`: what the letter stands for.
    let bound = signature.generics.params.iter().find_map(|parameter| match parameter {
        syn::GenericParam::Type(parameter) if parameter.ident == text.as_str() => {
            Some(quote::ToTokens::to_token_stream(&parameter.bounds).to_string())
        }
        _ => None,
    });
    Some(bound.unwrap_or(text))
}

/// The function or method that a call names: of the receiver's type if that is known, else of any type.
pub(super) fn called<'a>(indices: &[&'a Index], receiver: Option<&str>, name: &str, method: bool) -> Vec<&'a Entry> {
    if let Some(kind) = receiver {
        return members(indices, kind).into_iter().filter(|entry| entry.name == name).collect();
    }
    let fits = |entry: &&Entry| entry.name == name && entry.own && (entry.kind == "method") == method;
    indices.iter().flat_map(|index| &index.entries).filter(fits).collect()
}

/// Rewrites `data.mumu` as `data.group("mumu")`, for the compiler.
pub(super) fn with_groups(variables: &BTreeMap<String, Known>, text: &str) -> String {
    let mut out = text.to_owned();
    for (variable, known) in variables.iter().filter(|(_, known)| is_dict_of_data(&known.kind)) {
        let head = format!("{variable}.");
        let mut from = 0;
        while let Some(at) = out[from..].find(&head).map(|at| from + at) {
            from = at + head.len();
            let name: String = out[from..].chars().take_while(|c| is_word(*c)).collect();
            let whole = !out[..at].ends_with(|c: char| is_word(c) || c == '.');
            if whole && known.groups.contains(&name) && !out[from + name.len()..].starts_with('(') {
                out.replace_range(from..from + name.len(), &format!("group(\"{name}\")"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(owner: &str, signature: &str) -> Entry {
        let name = signature.split_once("fn ").unwrap().1.split(['(', '<']).next().unwrap().to_owned();
        let kind = if signature.contains("self") { "method" } else { "function" };
        let owner = owner.to_owned();
        Entry { owner, name, kind: kind.into(), signature: signature.into(), own: true, ..Entry::default() }
    }

    fn index() -> Index {
        let entries = vec![
            method("Group", "fn query(&self, selection: impl Into<Selection>) -> Self"),
            method("Group", "fn hist(&self, column: impl AsRef<str>, bins: impl IntoBins) -> Result<Histogram>"),
            method("Histogram", "fn values(&self) -> Vec<f64>"),
            method("", "fn load<P: AsRef<Path>>(path: P) -> Result<Data>"),
            method("Group", "fn with<T>(&self, f: impl Fn(f64) -> T) -> T"),
        ];
        let derefs = [("Data".to_owned(), "Group".to_owned())].into();
        Index { entries, derefs, ..Index::default() }
    }

    #[test]
    fn chains_are_followed_by_signatures() {
        let known = Known { kind: "recoil::Data".into(), groups: vec!["mumu".into()], ..Known::default() };
        let variables = BTreeMap::from([("data".to_owned(), known)]);
        let index = index();
        let of = |text: &str| type_of(&variables, &[&index], text);
        assert_eq!(of("data.mumu").as_deref(), Some("recoil::Group"));
        assert_eq!(of("data.query(\"x > (\")\n  .query(\"y\")").as_deref(), Some("recoil::Data"));
        assert_eq!(of("data[\"mumu\"].hist(\"x\", (5, 0.0, 1.0))?.values()").as_deref(), Some("Vec"));
        assert_eq!(of("load(\"x\")?").as_deref(), Some("recoil::Data"));
        for unknown in ["data.hist(\"x\", 5)", "data.with(|x| x)", "other.query(\"x\")", "data.nothing", "data.query("]
        {
            assert_eq!(of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn parameters_say_what_they_take() {
        let index = index();
        let of = |name: &str, receiver: Option<&str>, argument: usize| {
            let found = called(&[&index], receiver, name, receiver.is_some());
            parameter(found.first()?, argument)
        };
        assert_eq!(of("query", Some("recoil::Data"), 0).as_deref(), Some("impl Into < Selection >"));
        assert_eq!(of("load", None, 0).as_deref(), Some("AsRef < Path >"));
        assert_eq!(of("hist", Some("recoil::Group"), 2), None);
    }

    #[test]
    fn groups_are_written_for_the_compiler() {
        let known = Known { kind: "recoil::Data".into(), groups: vec!["mumu".into()], ..Known::default() };
        let variables = BTreeMap::from([("data".to_owned(), known)]);
        assert_eq!(
            with_groups(&variables, "data.mumu.count()? + x.data.mumu"),
            "data.group(\"mumu\").count()? + x.data.mumu"
        );
        assert_eq!(with_groups(&variables, "data.mumu(1)"), "data.mumu(1)");
    }
}
