//! `query!("mu1P < @cut")`: a selection whose `@` names are variables of the notebook.
//!
//! A string cannot see variables; a macro can. It expands to `recoil::Selection::new("..").bind("cut", cut.clone())`,
//! a `bind` for each name (`@cuts.low` binds the field). It knows strings and comments of the selection language,
//! nothing else of it: the language itself is the room `cut`'s.
//!
//! `serve!("pipe")`: where a compiler that the kernel has started before the cell waits for cells ([`serve`]).

mod serve;

use proc_macro::{Literal, TokenStream, TokenTree};

/// A selection with its `@` names bound to the variables of the same names, cloned when the selection is made.
#[proc_macro]
pub fn query(input: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = input.into_iter().collect();
    let text = match tokens.as_slice() {
        [TokenTree::Literal(literal)] => string_of(literal),
        _ => None,
    };
    let code = match text {
        Some((source, text)) => expand(&source, &text),
        None => "::core::compile_error!(\"query! takes one string: query!(\\\"mu1P < @cut\\\")\")".to_owned(),
    };
    code.parse().unwrap_or_default()
}

/// Waits for cells at a named pipe, in the process of the compiler, and becomes the `include!` of one in a child of it.
#[proc_macro]
pub fn serve(input: TokenStream) -> TokenStream {
    let pipe = input.into_iter().next().and_then(|token| match token {
        TokenTree::Literal(literal) => string_of(&literal),
        _ => None,
    });
    let file = pipe.and_then(|(_, pipe)| serve::file_of_next_cell(&pipe));
    let code = file.map(|file| format!("::core::include!({file:?});"));
    code.and_then(|code| code.parse().ok()).unwrap_or_default()
}

fn expand(source: &str, text: &str) -> String {
    let mut code = format!("::recoil::Selection::new({source})");
    for name in names(text) {
        code.push_str(&format!(".bind({name:?}, ::core::clone::Clone::clone(&{name}))"));
    }
    code
}

/// The literal as written, and what it says.
fn string_of(literal: &Literal) -> Option<(String, String)> {
    let source = literal.to_string();
    let text = if let Some(raw) = source.strip_prefix('r') {
        raw.trim_matches('#').strip_prefix('"')?.strip_suffix('"')?.to_owned()
    } else {
        // Escapes matter only where they end a string of the selection; names are found all the same.
        source.strip_prefix('"')?.strip_suffix('"')?.replace("\\\"", "\"").replace("\\n", "\n")
    };
    Some((source, text))
}

/// Names behind `@`, outside strings and comments, each once; with fields: `cuts.low`.
fn names(text: &str) -> Vec<String> {
    let (mut names, mut rest) = (Vec::new(), text.char_indices().peekable());
    let mut quote = None;
    while let Some((at, c)) = rest.next() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '#') => while rest.next_if(|(_, c)| *c != '\n').is_some() {},
            (None, '@') => {
                let tail = &text[at + 1..];
                let end = tail.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(tail.len());
                let name = tail[..end].trim_end_matches('.').to_owned();
                if !name.is_empty() && !names.contains(&name) {
                    names.push(name);
                }
            }
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_found_outside_strings() {
        let found = super::names("a > @cut & b < @cuts.low & s == '@no' # @not\n | c in @list");
        assert_eq!(found, ["cut", "cuts.low", "list"]);
    }

    #[test]
    fn a_selection_binds_each_name_once() {
        let code = super::expand("\"a > @x & b < @x\"", "a > @x & b < @x");
        assert_eq!(code.matches(".bind(").count(), 1);
    }
}
