//! Statics that live once.
//!
//! Every cell compiles all items of the notebook again, and with them their statics, which would start anew in each cell.
//! So each static is exported under a name of its own: the loader binds all copies of a name to the one that was loaded
//! first. A cell that is run again has new names, and so new statics. `thread_local!` and `lazy_static!` are written out
//! as statics.

use super::edits::Edit;
use super::notebook::hash;
use std::ops::Range;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Ident, Token, Type, Visibility};

/// Names of exported statics begin with this.
pub(crate) const SYMBOL: &str = "recoil_static_";
/// Digits of the number of runs, which can be replaced without moving anything.
pub(crate) const RUN_DIGITS: usize = 4;

/// A static of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Static {
    /// The name it is exported under.
    pub symbol: String,
    /// Its type, as it is written.
    pub kind: String,
}

/// The symbol of a cell's static.
pub(crate) fn symbol(code: &str, index: usize, runs: u32) -> String {
    format!("{SYMBOL}{:016x}_{index}_{runs:0RUN_DIGITS$}", hash(code))
}

/// The same symbol for another run.
pub(crate) fn of_run(symbol: &str, runs: u32) -> String {
    let stem = &symbol[..symbol.len().saturating_sub(RUN_DIGITS)];
    format!("{stem}{runs:0RUN_DIGITS$}")
}

/// The attribute that exports a static.
pub(crate) fn exported(symbol: &str) -> String {
    format!("#[unsafe(export_name = \"{symbol}\")] ")
}

/// Whether an attribute already says what a static is called, or where it is.
pub(crate) fn is_placed(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| is_placed_text(&quote::ToTokens::to_token_stream(attribute).to_string()))
}

/// The same of attributes as text.
pub(crate) fn is_placed_text(attributes: &str) -> bool {
    ["no_mangle", "export_name", "link_section", "thread_local"].iter().any(|name| attributes.contains(name))
}

/// One declaration inside of `thread_local!` or `lazy_static!`.
struct Declaration {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    name: Ident,
    kind: Type,
    value: Expr,
}

struct Declarations(Vec<Declaration>);

impl Parse for Declarations {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut all = Vec::new();
        while !input.is_empty() {
            let attributes = Attribute::parse_outer(input)?;
            let visibility = input.parse()?;
            input.parse::<Token![static]>()?;
            input.parse::<Option<Token![ref]>>()?;
            let name = input.parse()?;
            input.parse::<Token![:]>()?;
            let kind = input.parse()?;
            input.parse::<Token![=]>()?;
            let value = input.parse()?;
            input.parse::<Option<Token![;]>>()?;
            all.push(Declaration { attributes, visibility, name, kind, value });
        }
        Ok(Self(all))
    }
}

/// Whether a macro is `thread_local!` (true) or `lazy_static!` (false).
fn is_local(call: &syn::Macro) -> Option<bool> {
    match call.path.segments.last()?.ident.to_string().as_str() {
        "thread_local" => Some(true),
        "lazy_static" => Some(false),
        _ => None,
    }
}

/// Whether a macro can be written out as statics.
pub(crate) fn can_be_written_out(call: &syn::Macro) -> bool {
    is_local(call).is_some() && syn::parse2::<Declarations>(call.tokens.clone()).is_ok()
}

/// Edits that write a `thread_local!` or `lazy_static!` out as statics, and the statics; `None` for other macros.
/// `whole` is the range of the call with its semicolon.
pub(crate) fn written_out(
    code: &str,
    call: &syn::Macro,
    whole: &Range<usize>,
    symbol: &mut dyn FnMut() -> String,
) -> Option<(Vec<Edit>, Vec<Static>)> {
    let local = is_local(call)?;
    let declarations = syn::parse2::<Declarations>(call.tokens.clone()).ok()?.0;
    let mut edits = Vec::new();
    let mut statics = Vec::new();
    let mut at = whole.start;
    let mut before = String::new();
    for declaration in &declarations {
        let (kind, value) = (declaration.kind.span().byte_range(), declaration.value.span().byte_range());
        let name = &declaration.name;
        let visibility = code[declaration.visibility.span().byte_range()].to_owned();
        let symbol = symbol();
        let export = exported(&symbol);
        let attributes: String =
            declaration.attributes.iter().map(|a| code[a.span().byte_range()].to_owned() + "\n").collect();
        let written = &code[kind.clone()];
        let (open, close) = if local {
            (
                format!(
                    "{attributes}{export}{visibility} static {name}: ::recoil::runtime::Kept<::std::thread::LocalKey<\
                     {written}>> = ::recoil::runtime::Kept::new({{ ::std::thread_local! {{ static {name}: "
                ),
                format!("; }} {name} }});\n"),
            )
        } else {
            (
                format!(
                    "{attributes}{export}{visibility} static {name}: ::std::sync::LazyLock<{written}> = \
                     ::std::sync::LazyLock::new(|| -> "
                ),
                " });\n".to_owned(),
            )
        };
        edits.push(Edit { start: at, end: kind.start, text: before + &open });
        edits.push(Edit {
            start: kind.end,
            end: value.start,
            text: if local { " = ".into() } else { " { ".to_owned() },
        });
        before = close;
        at = value.end;
        statics.push(Static { symbol, kind: written.to_owned() });
    }
    edits.push(Edit { start: at, end: whole.end, text: before });
    Some((edits, statics))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::source::edits::Source;

    fn rewritten(code: &str) -> String {
        let call: syn::ItemMacro = syn::parse_str(code).unwrap();
        let mut count = 0;
        let mut symbol = || {
            count += 1;
            format!("s{count}")
        };
        let (edits, statics) = written_out(code, &call.mac, &(0..code.len()), &mut symbol).unwrap();
        assert_eq!(statics.len(), count);
        let text = Source::new(code, 0, code.len(), &edits).text;
        syn::parse_file(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        text
    }

    #[test]
    fn thread_locals_and_lazy_statics_become_statics() {
        let text = rewritten("thread_local! { static N: Cell<u32> = Cell::new(1); pub static M: u8 = const { 2 } }");
        assert!(text.contains("{ static N: Cell<u32> = Cell::new(1); } N });"), "{text}");
        assert!(text.contains("#[unsafe(export_name = \"s2\")] pub static M:"), "{text}");
        let text = rewritten("lazy_static! { static ref M: Mutex<Vec<u8>> = { f(); Mutex::new(vec![]) }; }");
        assert!(text.contains("static M: ::std::sync::LazyLock<Mutex<Vec<u8>>>"), "{text}");
    }

    #[test]
    fn runs_change_a_symbol_and_not_its_length() {
        let symbol = symbol("static X: u8 = 1;", 0, 0);
        assert_eq!(of_run(&symbol, 12).len(), symbol.len());
        assert_ne!(of_run(&symbol, 12), symbol);
        assert_eq!(of_run(&of_run(&symbol, 12), 0), symbol);
    }
}
