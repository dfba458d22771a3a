//! What evcxr gets: the cell's items as they are, and its statements inside of one call, which takes the variables they
//! use out of the prelude's store, runs them, and puts the variables back.

use super::edits::{Edit, Source};
use super::files::Inside;
use super::marks::{BODY, KEEP, MADE, MADE_CLOSE, MADE_OPEN, PUT, TAKE};
use super::parsed::Parsed;
use crate::variables::{Known, Table, is_cheap, is_cheap_of_prelude};
use std::fmt::Write;

/// A cell that imports all of Polars means its functions, not those of the same names in the prelude.
const POLARS_NAMES: &str = "use polars::prelude::{col, first, last, lit, max, mean, median, min, quantile, sum};\n";

/// Generated code, and where its parts came from.
#[derive(Debug, Default)]
pub(crate) struct Generated {
    /// For evcxr.
    pub code: String,
    /// Variables by index: those that are used, then those that are made.
    pub variables: Vec<String>,
    /// The statements, as they stand in the code behind [`BODY`].
    pub body: Source,
    /// The items.
    pub items: Vec<Source>,
    /// Files of Rust that stand in them.
    pub inside: Vec<Inside>,
}

/// What a cell's statements begin with, and what they end with.
const OPEN: &str = "recoil::runtime::done({";
const CLOSE: &str = "__recoil_ended.finish(); }});\n";

impl Generated {
    /// Whether the code is statements and nothing else.
    pub fn is_plain(&self) -> bool {
        self.code.starts_with(OPEN) && self.code.ends_with(CLOSE)
    }
}

/// Generates the code of a cell.
pub(crate) fn generate(code: &str, parsed: &Parsed, table: &Table) -> Generated {
    let body = body(code, parsed);
    let used: Vec<_> = parsed.words.iter().filter_map(|word| table.known.get_key_value(word)).collect();
    let made: Vec<_> = parsed.bindings.iter().map(|binding| binding.name.clone()).collect();
    let variables: Vec<_> = used.iter().map(|(name, _)| (*name).clone()).chain(made.iter().cloned()).collect();
    let mut out = String::new();
    let attributes = parsed.items.iter().filter(|range| code[(*range).clone()].starts_with("#!"));
    for range in attributes {
        out.push_str(&code[range.clone()]);
        out.push('\n');
    }
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{OPEN} let __recoil_ok = ::recoil::runtime::begin();");
    if parsed.names_tokio {
        out.push_str("::recoil::runtime::with_runtime();\n");
    }
    if parsed.statements {
        parsed.errors.paths().for_each(|path| out.push_str(&knows_error(path)));
    }
    for (index, (name, known)) in used.iter().enumerate() {
        let _ = writeln!(out, "{TAKE}{index}*/ let __recoil_ok = {}({name:?}, __recoil_ok);", fits(known));
    }
    out.push_str("if ::recoil::runtime::ready(__recoil_ok) {\n");
    for (index, (name, known)) in used.iter().enumerate() {
        let mutable = if known.mutable { "mut " } else { "" };
        let kind = &known.kind;
        let from_store = from_store(known, index);
        let _ = writeln!(out, "{TAKE}{index}*/ let {mutable}{name}: {kind} = {from_store}({name:?});");
    }
    let (open, close) = if parsed.awaits {
        (
            "::recoil::runtime::block_on(async {",
            "::core::result::Result::<_, ::recoil::runtime::Stop>::Ok(__recoil_shown) })",
        )
    } else {
        ("{", "::core::result::Result::Ok(__recoil_shown) }")
    };
    let lines = body.text.lines().count();
    let _ = writeln!(out, "let __recoil_ended = ::recoil::runtime::run({lines}, || {open}\n{BODY}{}", body.text);
    if parsed.tail.is_none() {
        out.push_str("; let __recoil_shown = ::core::option::Option::None;\n");
    }
    // Later ones first, as values are dropped: they may borrow from earlier ones.
    for (index, name) in made.iter().enumerate().rev() {
        let _ = writeln!(out, "{PUT}{}*/ {}", used.len() + index, put(name, used.len() + index));
    }
    let _ = writeln!(out, "{close});");
    for (index, (name, _)) in used.iter().enumerate().filter(|(_, (_, known))| !is_copied(known)) {
        // The cell's own variable of the same name has taken its place, if the cell came to its end.
        let condition = if made.contains(name) { "if !__recoil_ended.well() " } else { "" };
        let _ = writeln!(out, "{KEEP}{index}*/ {condition}{{ ::recoil::runtime::keep({name:?}, {name}); }}");
    }
    out.push_str(CLOSE);
    let items = parsed.items.iter().filter(|range| !code[(*range).clone()].starts_with("#!"));
    let items: Vec<_> = items.map(|range| Source::new(code, range.start, range.end, &parsed.edits)).collect();
    let ranges = parsed.items.iter().filter(|range| !code[(*range).clone()].starts_with("#!"));
    for (item, range) in items.iter().zip(ranges) {
        match parsed.made.get(&range.start) {
            // As a macro, which evcxr takes for an item and keeps by its name.
            Some(name) => {
                let _ = writeln!(out, "{MADE}{name} {MADE_OPEN}{}{MADE_CLOSE}", item.text);
            }
            None => {
                out.push_str(&item.text);
                out.push('\n');
            }
        }
        if item.text.split_whitespace().collect::<String>() == "usepolars::prelude::*;" {
            out.push_str(POLARS_NAMES);
        }
    }
    for copy in &parsed.copies {
        out.push_str(copy);
        out.push('\n');
    }
    Generated { code: out, variables, body, items, inside: parsed.inside.clone() }
}

/// Whether a cell gets a copy of a variable: what is cheap to copy can be given away, and is still there.
fn is_copied(known: &Known) -> bool {
    !known.mutable && is_cheap(&known.kind)
}

/// Tells the prelude of an error type, whose sources it then tells.
fn knows_error(path: &str) -> String {
    format!(
        "{{ use ::recoil::runtime::cause_kinds::*; (&&::recoil::runtime::Cause::<{path}>(::core::marker::PhantomData)).known(); }}\n"
    )
}

/// The function that says whether a variable is there.
fn fits(known: &Known) -> String {
    let kind = &known.kind;
    if is_cheap_of_prelude(kind) {
        format!("<{kind} as ::recoil::runtime::Cheap>::fits")
    } else {
        format!("::recoil::runtime::fits::<{kind}>")
    }
}

/// The function that gives a variable to a cell. For types of the prelude it is compiled there: a call of `Clone::clone`
/// has rustc put all impls of `Clone` in order, those of the prelude's three hundred crates too.
fn from_store(known: &Known, index: usize) -> String {
    let kind = &known.kind;
    match is_copied(known) {
        true if is_cheap_of_prelude(kind) => format!("<{kind} as ::recoil::runtime::Cheap>::copied"),
        true => format!("::recoil::runtime::copy::<{kind}, {index}>"),
        false => format!("::recoil::runtime::take::<{kind}, {index}>"),
    }
}

fn put(name: &str, index: usize) -> String {
    format!(
        "{{ let __recoil_names = {{ use ::recoil::runtime::peek_kinds::*; (&&::recoil::runtime::Peek(&{name})).names() }}; \
         ::recoil::runtime::put::<_, {index}>({name:?}, __recoil_names, {name}); }}"
    )
}

/// The statements: the cell with its items blanked out, so that lines and columns stay.
fn body(code: &str, parsed: &Parsed) -> Source {
    let within = |edit: &Edit| parsed.items.iter().any(|item| item.start <= edit.start && edit.end <= item.end);
    let mut edits: Vec<_> = parsed.edits.iter().filter(|edit| !within(edit)).cloned().collect();
    for range in &parsed.items {
        let blank = code[range.clone()].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        edits.insert(0, Edit { start: range.start, end: range.end, text: blank });
    }
    if let Some(tail) = &parsed.tail {
        let open = "let __recoil_shown = { use ::recoil::runtime::tail_kinds::*; match &(";
        // No `?`: see `tries`.
        let close = ") { __recoil_value => match (&&&::recoil::runtime::Opened(__recoil_value)).opened() { \
                     ::core::result::Result::Ok(__recoil_value) => (&&&&&::recoil::runtime::Shown(__recoil_value)).shown(), \
                     ::core::result::Result::Err(__recoil_stop) => return ::core::result::Result::Err(__recoil_stop) } } };";
        edits.insert(0, Edit { start: tail.start, end: tail.start, text: open.into() });
        edits.push(Edit { start: tail.end, end: tail.end, text: close.into() });
    }
    Source::new(code, 0, code.len(), &edits)
}

#[cfg(test)]
mod tests {
    use super::super::notebook::Notebook;
    use super::super::parse::parse;
    use super::*;

    fn table() -> Table {
        let mut table = Table::default();
        table.known.insert("b".into(), Known { kind: "i32".into(), mutable: true, ..Known::default() });
        table
    }

    #[test]
    fn generated_code_is_rust_and_keeps_lines() {
        let code = "struct P { x: i32 }\nlet a = P { x: b };\nfor _ in 0..2 { b += 1; }\na.x + b";
        let generated = generate(code, &parse(code, &Notebook::empty()).unwrap(), &table());
        assert_eq!(generated.variables, ["b", "a"]);
        assert!(!generated.is_plain() && generate("1", &parse("1", &Notebook::empty()).unwrap(), &table()).is_plain());
        let file = format!("fn f() {{ {} }}", generated.code);
        syn::parse_file(&file).unwrap_or_else(|error| panic!("{error}\n{file}"));
        let body = &generated.code[generated.code.find(BODY).unwrap() + BODY.len()..];
        assert!(body.starts_with("                   \nlet a = P { x: b };\n"));
        assert_eq!(generated.items[0].text, "struct P { x: i32 }");
    }

    #[test]
    fn what_is_cheap_is_copied_by_the_prelude() {
        let mut table = table();
        let known = |kind: &str, mutable| Known { kind: kind.into(), mutable, ..Known::default() };
        for (kind, mutable, expected) in [
            ("recoil::Data", false, "<recoil::Data as ::recoil::runtime::Cheap>::copied(\"d\")"),
            ("recoil::Data", true, "::recoil::runtime::take::<recoil::Data, 0>(\"d\")"),
            ("polars::prelude::DataFrame", false, "::recoil::runtime::copy::<polars::prelude::DataFrame, 0>(\"d\")"),
            ("ctx::Data", false, "::recoil::runtime::take::<ctx::Data, 0>(\"d\")"),
        ] {
            table.known.insert("d".into(), known(kind, mutable));
            let code = generate("d", &parse("d", &Notebook::empty()).unwrap(), &table).code;
            assert!(code.contains(&format!("{kind} = {expected};")), "{code}");
            syn::parse_file(&format!("fn f() {{ {code} }}")).unwrap();
        }
    }

    #[test]
    fn a_comment_at_the_end_does_not_swallow_what_follows() {
        let code = "let a = 1; // one";
        let generated = generate(code, &parse(code, &Notebook::empty()).unwrap(), &table());
        let file = format!("fn f() {{ {} }}", generated.code);
        assert!(file.contains("// one\n"));
        syn::parse_file(&file).unwrap_or_else(|error| panic!("{error}\n{file}"));
    }

    #[test]
    fn awaiting_cells_run_in_a_future() {
        let code = "let x = f().await?;\nx";
        let generated = generate(code, &parse(code, &Notebook::empty()).unwrap(), &table());
        assert!(generated.code.contains("block_on(async {"));
        syn::parse_file(&format!("fn f() {{ {} }}", generated.code)).unwrap();
    }
}
