//! Macros that write statics in a way of their own, `thread_local!` and `lazy_static!`, inside of the notebook's macros.

use super::{Copier, is_punct, put_in};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::str::FromStr;

impl Copier<'_> {
    /// What a `thread_local!` or `lazy_static!` declares, as statics; `None` for what is not plainly a list of declarations.
    pub(super) fn own_way(
        &mut self,
        group: &Group,
        around: &BTreeSet<String>,
        call: &[TokenTree],
    ) -> Option<Vec<TokenTree>> {
        let local = matches!(call, [.., TokenTree::Ident(name), _] if name == "thread_local");
        self.declarations(group.stream(), around, local)
    }

    fn declarations(&mut self, list: TokenStream, around: &BTreeSet<String>, local: bool) -> Option<Vec<TokenTree>> {
        let tokens: Vec<TokenTree> = list.into_iter().collect();
        let mut here = around.clone();
        here.extend(
            put_in(&tokens.iter().cloned().collect()).into_iter().filter(|name| self.identifiers.contains(name)),
        );
        let mut out = Vec::new();
        let mut rest = tokens.as_slice();
        while !rest.is_empty() {
            if let [TokenTree::Punct(dollar), TokenTree::Group(inner), TokenTree::Punct(times), ..] = rest
                && dollar.as_char() == '$'
                && matches!(times.as_char(), '*' | '+' | '?')
            {
                let inner: TokenStream = self.declarations(inner.stream(), &here, local)?.into_iter().collect();
                out.push(rest[0].clone());
                out.push(Group::new(Delimiter::Parenthesis, inner).into());
                out.push(rest[2].clone());
                rest = &rest[3..];
                continue;
            }
            let begin = rest.iter().position(|token| matches!(token, TokenTree::Ident(word) if word == "static"))?;
            let (before, behind) = (&rest[..begin], &rest[begin + 1..]);
            let behind = match behind {
                [TokenTree::Ident(word), behind @ ..] if word == "ref" => behind,
                behind => behind,
            };
            let name_end = behind.iter().position(|token| is_punct(Some(token), ':'))?;
            let (name, behind) = (&behind[..name_end], &behind[name_end + 1..]);
            let kind_end = end_of_type(behind)?;
            let (kind, behind) = (&behind[..kind_end], &behind[kind_end + 1..]);
            let value_end = behind.iter().position(|token| is_punct(Some(token), ';')).unwrap_or(behind.len());
            let (value, behind) = behind.split_at(value_end);
            out.extend(before.iter().cloned());
            self.export(&here, &mut out);
            out.extend(TokenStream::from_str(&declared(name, kind, value, local)).ok()?);
            rest = behind.get(1..).unwrap_or_default();
        }
        Some(out)
    }
}

/// The static in place of a declaration.
fn declared(name: &[TokenTree], kind: &[TokenTree], value: &[TokenTree], local: bool) -> String {
    let text = |tokens: &[TokenTree]| tokens.iter().cloned().collect::<TokenStream>().to_string();
    let (name, kind, value) = (text(name), text(kind), text(value));
    if local {
        format!(
            "static {name}: ::recoil::runtime::Kept<::std::thread::LocalKey<{kind}>> = \
             ::recoil::runtime::Kept::new({{ ::std::thread_local! {{ static {name}: {kind} = {value}; }} {name} }});"
        )
    } else {
        format!(
            "static {name}: ::std::sync::LazyLock<{kind}> = ::std::sync::LazyLock::new(|| -> {kind} {{ {value} }});"
        )
    }
}

/// Where a type ends and its value begins: at the `=` that is in no angle brackets.
fn end_of_type(tokens: &[TokenTree]) -> Option<usize> {
    let mut depth = 0usize;
    let mut arrow = false;
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Punct(punct) = token else {
            arrow = false;
            continue;
        };
        match punct.as_char() {
            '<' => depth += 1,
            '>' if !arrow => depth = depth.checked_sub(1)?,
            '=' if depth == 0 => return Some(at),
            _ => {}
        }
        arrow = punct.as_char() == '-';
    }
    None
}

/// Takes the name of a macro, with the path in front of it, and its `!` from the end.
pub(super) fn without_call(out: &mut Vec<TokenTree>) {
    out.pop();
    loop {
        out.pop();
        if !(is_punct(out.last(), ':') && is_punct(out.len().checked_sub(2).and_then(|at| out.get(at)), ':')) {
            return;
        }
        out.truncate(out.len() - 2);
        if !matches!(out.last(), Some(TokenTree::Ident(_))) {
            return;
        }
    }
}
