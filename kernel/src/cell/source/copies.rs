//! Macros of the notebook that make statics.
//!
//! A static must be exported under a name of its own to live on ([`super::statics`]), and one that a macro makes is written
//! only in the macro. So a call in an item gets a copy of the macro, and of those that this one calls, in which each static
//! has its name: that of the call, with the identifiers that the macro puts in. The user's macro stays as it is.

mod own_way;

use super::parsed::words;
use super::statics::{Static, is_placed_text};
use own_way::without_call;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// Names of copies begin with this.
const COPY: &str = "recoil_copy_";
/// Macros that write statics in a way of their own.
const OWN_WAY: [&str; 2] = ["thread_local", "lazy_static"];

/// A copy of a macro for one call.
#[derive(Debug)]
pub(crate) struct MacroCopy {
    /// What is to be called.
    pub name: String,
    /// The copy, and copies of the macros that it calls.
    pub definitions: Vec<String>,
    pub statics: Vec<Static>,
}

/// The notebook's macros, as texts of their definitions.
pub(crate) type Macros<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A copy of `name` for a call with `arguments`, if it makes statics. `call` numbers the calls of a notebook; `symbol` names
/// one static after the other.
pub(crate) fn copied(
    name: &str,
    arguments: &TokenStream,
    call: &str,
    macros: Macros<'_>,
    symbol: &mut dyn FnMut(usize) -> String,
) -> Option<MacroCopy> {
    let mut reached = BTreeMap::new();
    reach(name, macros, &mut reached);
    let names: BTreeMap<String, String> =
        reached.keys().map(|name| (name.clone(), format!("{COPY}{call}_{}", name.trim_start_matches("r#")))).collect();
    let mut copier =
        Copier { names: &names, symbol, made: Vec::new(), identifiers: BTreeSet::new(), visibilities: BTreeSet::new() };
    let mut definitions = Vec::new();
    for (name, rules) in &reached {
        let rules = copier.rules(rules.clone());
        definitions.push(format!("macro_rules! {} {{ {rules} }}", names[name]));
    }
    if copier.made.is_empty() {
        return None;
    }
    // Everything in the macros may be part of a static's type.
    let all: Vec<String> = reached.values().map(ToString::to_string).chain([arguments.to_string()]).collect();
    let kind: Vec<String> = words(&all.join(" ")).into_iter().filter(|word| !reached.contains_key(word)).collect();
    let kind = kind.join(" ");
    let statics = copier.made.into_iter().map(|symbol| Static { symbol, kind: kind.clone() }).collect();
    Some(MacroCopy { name: names[name].clone(), definitions, statics })
}

/// The rules of a macro and of those it calls.
fn reach(name: &str, macros: Macros<'_>, reached: &mut BTreeMap<String, TokenStream>) {
    if reached.contains_key(name) {
        return;
    }
    let definition = macros(name).and_then(|text| syn::parse_str::<syn::ItemMacro>(&text).ok());
    let Some(rules) = definition.filter(|item| item.ident.is_some()).map(|item| item.mac.tokens) else { return };
    reached.insert(name.to_owned(), rules.clone());
    called(&rules, &mut |name, _| reach(&name.to_string(), macros, reached));
}

/// Every name in front of a `!` and a group, with the group.
pub(crate) fn called(tokens: &TokenStream, found: &mut dyn FnMut(&proc_macro2::Ident, &Group)) {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match (token, tokens.get(at + 1), tokens.get(at + 2)) {
            (TokenTree::Ident(name), Some(TokenTree::Punct(bang)), Some(TokenTree::Group(group)))
                if bang.as_char() == '!' =>
            {
                found(name, group);
            }
            (TokenTree::Group(group), _, _) => called(&group.stream(), found),
            _ => {}
        }
    }
}

struct Copier<'a> {
    names: &'a BTreeMap<String, String>,
    symbol: &'a mut dyn FnMut(usize) -> String,
    made: Vec<String>,
    /// Names that the present rule matches as `ident`, and as `vis`.
    identifiers: BTreeSet<String>,
    visibilities: BTreeSet<String>,
}

impl Copier<'_> {
    /// `(matcher) => { transcriber }; ..`
    fn rules(&mut self, rules: TokenStream) -> TokenStream {
        let mut out: Vec<TokenTree> = Vec::new();
        let mut matcher = true;
        for token in rules {
            match token {
                TokenTree::Group(group) if matcher => {
                    (self.identifiers, self.visibilities) = (fragments(&group, "ident"), fragments(&group, "vis"));
                    matcher = false;
                    out.push(group.into());
                }
                TokenTree::Group(group) => {
                    matcher = true;
                    out.push(self.group(&group, &BTreeSet::new(), true).into());
                }
                other => out.push(other),
            }
        }
        out.into_iter().collect()
    }

    /// A group of a transcriber. `around` are the identifiers that are put in around it; a repetition has more of them.
    fn group(&mut self, group: &Group, around: &BTreeSet<String>, more: bool) -> Group {
        let mut here = around.clone();
        if more {
            here.extend(put_in(&group.stream()).into_iter().filter(|name| self.identifiers.contains(name)));
        }
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let mut out: Vec<TokenTree> = Vec::new();
        let mut written_out = false;
        for (at, token) in tokens.iter().enumerate() {
            let ends = std::mem::take(&mut written_out) && is_punct(Some(token), ';');
            match token {
                // The statics that have taken the place of a macro's call need none.
                TokenTree::Punct(_) if ends => {}
                TokenTree::Group(inner) if writes_own_way(&out) => match self.own_way(inner, &here, &out) {
                    Some(statics) => {
                        without_call(&mut out);
                        out.extend(statics);
                        written_out = true;
                    }
                    None => out.push(inner.clone().into()),
                },
                TokenTree::Group(inner) => {
                    let repeated = inner.delimiter() == Delimiter::Parenthesis && is_punct(out.last(), '$');
                    out.push(self.group(inner, &here, repeated).into());
                }
                TokenTree::Ident(word) if word == "static" && begins_static(&out, &tokens[at + 1..]) => {
                    self.export(&here, &mut out);
                    out.push(token.clone());
                }
                TokenTree::Ident(word) if is_punct(tokens.get(at + 1), '!') && !is_punct(out.last(), '$') => {
                    let copy = self.names.get(&word.to_string());
                    out.push(copy.map_or(token.clone(), |copy| proc_macro2::Ident::new(copy, word.span()).into()));
                }
                other => out.push(other.clone()),
            }
        }
        let mut copy = Group::new(group.delimiter(), out.into_iter().collect());
        copy.set_span(group.span());
        copy
    }

    /// Puts the attribute that exports a static in front of it, and of its visibility.
    fn export(&mut self, identifiers: &BTreeSet<String>, out: &mut Vec<TokenTree>) {
        let start = self.start_of_item(out);
        let mut before = &out[..start];
        while let [rest @ .., TokenTree::Punct(hash), TokenTree::Group(attribute)] = before
            && hash.as_char() == '#'
        {
            if is_placed_text(&attribute.to_string()) {
                return;
            }
            before = rest;
        }
        let symbol = (self.symbol)(self.made.len());
        let parts: String = identifiers.iter().map(|name| format!(", \"_\", stringify!(${name})")).collect();
        let attribute = format!("#[unsafe(export_name = concat!(\"{symbol}\"{parts}))]");
        if let Ok(attribute) = TokenStream::from_str(&attribute) {
            out.splice(start..start, attribute);
            self.made.push(symbol);
        }
    }

    /// Where the visibility begins that the tokens end in, or their end.
    fn start_of_item(&self, tokens: &[TokenTree]) -> usize {
        let end = tokens.len();
        let is_public = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Ident(word)) if word == "pub");
        let before = |back: usize| end.checked_sub(back).and_then(|at| tokens.get(at));
        match before(1) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis && is_public(before(2)) => {
                end - 2
            }
            Some(TokenTree::Ident(word)) if word == "pub" => end - 1,
            Some(TokenTree::Ident(word))
                if self.visibilities.contains(&word.to_string()) && is_punct(before(2), '$') =>
            {
                end - 2
            }
            _ => end,
        }
    }
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// Whether what comes next is the body of a macro that writes statics in its own way.
fn writes_own_way(before: &[TokenTree]) -> bool {
    let [.., TokenTree::Ident(name), TokenTree::Punct(bang)] = before else { return false };
    bang.as_char() == '!' && OWN_WAY.contains(&name.to_string().as_str())
}

/// Whether the word `static` between these tokens begins an item: not a lifetime, a closure or a `static ref`.
fn begins_static(before: &[TokenTree], after: &[TokenTree]) -> bool {
    let after = match after {
        [TokenTree::Ident(word), rest @ ..] if word == "mut" => rest,
        all => all,
    };
    let named = match after {
        [TokenTree::Punct(dollar), TokenTree::Ident(_), colon, ..] if dollar.as_char() == '$' => {
            is_punct(Some(colon), ':')
        }
        [TokenTree::Ident(_), colon, ..] => is_punct(Some(colon), ':'),
        _ => false,
    };
    named && !is_punct(before.last(), '\'')
}

/// Names in a matcher of one kind of fragment.
fn fragments(matcher: &Group, kind: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let tokens: Vec<TokenTree> = matcher.stream().into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match (token, tokens.get(at + 1..at + 4)) {
            (TokenTree::Group(group), _) => found.extend(fragments(group, kind)),
            (TokenTree::Punct(dollar), Some([TokenTree::Ident(name), colon, TokenTree::Ident(of)]))
                if dollar.as_char() == '$' && is_punct(Some(colon), ':') && of == kind =>
            {
                found.insert(name.to_string());
            }
            _ => {}
        }
    }
    found
}

/// Names behind a `$`, without those in repetitions.
fn put_in(tokens: &TokenStream) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut dollar = false;
    for token in tokens.clone() {
        match &token {
            TokenTree::Ident(name) if dollar => drop(found.insert(name.to_string())),
            TokenTree::Group(group) if !dollar => found.extend(put_in(&group.stream())),
            _ => {}
        }
        dollar = is_punct(Some(&token), '$');
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(macros: &[&str], name: &str, arguments: &str) -> Option<MacroCopy> {
        let text = |wanted: &str| {
            let all = macros.iter().rev();
            let start = format!("macro_rules! {wanted} ");
            all.into_iter().find(|text| text.starts_with(&start)).map(|text| (*text).to_owned())
        };
        let arguments = TokenStream::from_str(arguments).unwrap();
        copied(name, &arguments, "7_0", &text, &mut |index| format!("recoil_static_7_{index}_0000"))
    }

    fn definitions(macros: &[&str], name: &str) -> String {
        let text = copy(macros, name, "LOG").unwrap().definitions.join("\n");
        syn::parse_file(&text).unwrap();
        text.split_whitespace().collect()
    }

    #[test]
    fn statics_of_a_copy_have_names() {
        let made = definitions(
            &["macro_rules! make { ($n:ident, $t:ty) => { pub static $n: Mutex<Vec<$t>> = x(); } }"],
            "make",
        );
        assert!(
            made.contains("{#[unsafe(export_name=concat!(\"recoil_static_7_0_0000\",\"_\",stringify!($n)))]pubstatic$n:Mutex<Vec<$t>>"),
            "{made}"
        );
        assert!(made.starts_with("macro_rules!recoil_copy_7_0_make{"));
    }

    #[test]
    fn each_static_has_a_name_of_its_own() {
        let made = definitions(
            &[
                "macro_rules! make { ($n:ident) => { #[allow(x)] static A: u8 = 1; #[no_mangle] static B: u8 = 1; static mut C: u8 = 1; } }",
            ],
            "make",
        );
        assert!(
            made.contains("#[allow(x)]#[unsafe(export_name=concat!(\"recoil_static_7_0_0000\"))]staticA"),
            "{made}"
        );
        assert!(
            made.contains(
                "#[no_mangle]staticB:u8=1;#[unsafe(export_name=concat!(\"recoil_static_7_1_0000\"))]staticmutC"
            ),
            "{made}"
        );
    }

    #[test]
    fn only_identifiers_that_are_put_in_around_a_static_are_in_its_name() {
        let made = definitions(
            &[
                "macro_rules! make { ($m:ident; $($v:vis $f:ident $x:expr),*) => { mod $m { $( $v fn $f() { $v static N: u8 = $x; } )* } $(g($f);)* } }",
            ],
            "make",
        );
        assert!(
            made.contains("concat!(\"recoil_static_7_0_0000\",\"_\",stringify!($f),\"_\",stringify!($m)))]$vstaticN"),
            "{made}"
        );
    }

    #[test]
    fn macros_that_are_called_are_copied_too() {
        let inner = "macro_rules! inner { ($n:ident) => { static $n: u8 = 1; } ; () => {} }";
        let outer = "macro_rules! outer { ($n:ident) => { inner!($n); outer!(); vec![1]; } ; () => {} }";
        let made = definitions(&[inner, outer], "outer");
        assert!(made.contains("recoil_copy_7_0_inner!($n);recoil_copy_7_0_outer!();vec![1];"), "{made}");
        assert!(made.contains("macro_rules!recoil_copy_7_0_inner{"));
    }

    #[test]
    fn macros_without_statics_are_left_alone() {
        for rules in [
            "($n:ident) => { fn $n(x: &'static str) -> &'static str { x } }",
            "($n:ident) => { #[unsafe(no_mangle)] static $n: u8 = 1; }",
            "($n:ident) => { thread_local! { some $n } }",
            "($n:ident) => { struct $n; }",
        ] {
            assert!(copy(&[&format!("macro_rules! make {{ {rules} }}")], "make", "X").is_none(), "{rules}");
        }
        assert!(copy(&[], "make", "X").is_none());
    }

    #[test]
    fn thread_locals_and_lazy_statics_are_written_out() {
        let made = definitions(
            &[
                "macro_rules! make { ($($n:ident),*) => { ::std::thread_local! { $( pub static $n: Cell<Box<dyn Fn(u8) -> u8>> = f(); )* } fn g() {} } }",
            ],
            "make",
        );
        assert!(
            made.contains(
                "$(#[unsafe(export_name=concat!(\"recoil_static_7_0_0000\",\"_\",stringify!($n)))]pubstatic$n:::recoil::runtime::Kept<::std::thread::LocalKey<Cell<Box<dynFn(u8)->u8>>>>"
            ),
            "{made}"
        );
        assert!(made.contains("::std::thread_local!{static$n:Cell<Box<dynFn(u8)->u8>>=f();}$n});)*fng(){}"), "{made}");
        let made = definitions(
            &["macro_rules! make { ($n:ident) => { lazy_static! { static ref $n: u8 = 1; static ref M: u8 = 2 }; } }"],
            "make",
        );
        assert!(made.contains("static$n:::std::sync::LazyLock<u8>=::std::sync::LazyLock::new(||->u8{1});"), "{made}");
        assert!(made.contains("staticM:::std::sync::LazyLock<u8>=::std::sync::LazyLock::new(||->u8{2});}"), "{made}");
    }

    #[test]
    fn a_static_depends_on_all_that_its_macro_names() {
        let copy =
            copy(&["macro_rules! make { ($n:ident, $t:ty) => { static $n: Slot<$t> = new(); } }"], "make", "A, Point");
        let kind = copy.unwrap().statics[0].kind.clone();
        assert!(kind.contains("Slot") && kind.contains("Point") && !kind.contains("make"), "{kind}");
    }
}
