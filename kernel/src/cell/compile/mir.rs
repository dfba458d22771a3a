//! The types of a cell's variables, read from the compiler's intermediate representation.
//!
//! A cell stores variables by calls of one generic function, so it never has to name their types; only later cells,
//! which take the variables, do. `rustc --emit=mir` prints the generic arguments of each call, with paths that can be
//! written in the cell: one pass of the compiler both compiles the cell and names its types.

/// The marked function's path ends like this in the representation.
const CALL: &str = "put::<";

/// Types by index of variable. Types that cannot be written (closures, futures) are left out.
pub(crate) fn types(mir: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for (at, _) in mir.match_indices(CALL) {
        let Some((kind, index)) = arguments(&mir[at + CALL.len()..]) else { continue };
        if found.iter().all(|(known, _)| *known != index) {
            found.push((index, kind.to_owned()));
        }
    }
    found.sort();
    found
}

/// Whether a later cell can write this type.
pub(crate) fn can_be_written(kind: &str) -> bool {
    !kind.contains(['{', '}'])
        && !kind.starts_with("impl ")
        && !kind.contains("<impl ")
        && !kind.contains(" impl ")
        && !holds_never(kind)
        && syn::parse_str::<syn::Type>(kind).is_ok()
}

/// Whether a part of a type is `!`, which stable Rust has no name for but as what a function gives.
fn holds_never(kind: &str) -> bool {
    ["<!", "(!", ", !", "[!"].iter().any(|part| kind.contains(part))
}

/// Why not, for people.
pub(crate) fn why_not(kind: &str) -> String {
    let (what, mend) = if kind.starts_with("std::iter::") {
        ("an iterator with a closure", "collect it into a `Vec`, or box it as `Box<dyn Iterator<Item = ..>>`")
    } else if holds_never(kind) {
        ("a value with the type `!` in it", "say that it gives `()`, as in `spawn(|| -> () { loop {} })`")
    } else if kind.contains("{closure@") {
        ("a closure", "`let f: Box<dyn Fn(f64) -> f64> = Box::new(..)` can be kept")
    } else if kind.contains("{async") || kind.contains("impl std::future") {
        ("a future", "wait for it in its cell, or spawn it")
    } else if kind.contains("{closure#") {
        // The cell's statements are a closure.
        ("of a type that is defined inside of a block", "define the type outside of the block")
    } else if kind.contains("impl ") {
        ("of a type without a name", "`Box<dyn ..>` can be kept, or collect it into a `Vec`")
    } else {
        ("of a type that cannot be written", "put it into a `Box<dyn ..>`")
    };
    format!("it is {what}, which lives only in its cell: {mend}")
}

/// Splits `T, 3>(..` into `T` and 3.
fn arguments(text: &str) -> Option<(&str, usize)> {
    let mut depth = 0usize;
    let mut comma = None;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '<' | '(' | '[' | '{' => depth += 1,
            '>' if previous == '-' || previous == '=' => {}
            '>' if depth == 0 => {
                let comma: usize = comma?;
                let index = text[comma + 1..at].trim().trim_end_matches("_usize").parse().ok()?;
                return Some((text[..comma].trim(), index));
            }
            '>' | ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => comma = Some(at),
            '\n' => return None,
            _ => {}
        }
        previous = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_arguments_are_split() {
        let mir = "\
            _4 = recoil::runtime::put::<std::collections::HashMap<std::string::String, (i32, f64)>, 0>(move _5) -> [return: bb2];\n\
            _7 = recoil::runtime::put::<std::boxed::Box<dyn std::ops::Fn(i32) -> i32 + std::marker::Send>, 12>(move _8) -> bb3;\n\
            _9 = recoil::runtime::put::<{closure@cell.rs:3:9: 3:12}, 2>(move _8) -> bb3;\n";
        let types = types(mir);
        assert_eq!(types[0], (0, "std::collections::HashMap<std::string::String, (i32, f64)>".into()));
        assert_eq!(types[1], (2, "{closure@cell.rs:3:9: 3:12}".into()));
        assert_eq!(types[2], (12, "std::boxed::Box<dyn std::ops::Fn(i32) -> i32 + std::marker::Send>".into()));
        assert!(types.iter().map(|(_, kind)| can_be_written(kind)).eq([true, false, true]));
    }

    #[test]
    fn what_cannot_be_written_is_called_by_its_name() {
        for (kind, word) in [
            ("{closure@cell.rs:3:9: 3:12}", "a closure"),
            ("std::vec::Vec<run_user_code_1::{closure#0}::L>", "inside of a block"),
            ("{async block@cell.rs:3:9: 3:14}", "a future"),
            ("impl std::fmt::Debug", "without a name"),
            ("std::thread::JoinHandle<!>", "the type `!`"),
        ] {
            assert!(why_not(kind).contains(word), "{kind}");
        }
    }

    #[test]
    fn opaque_types_cannot_be_written() {
        assert!(!can_be_written("impl std::iter::Iterator<Item = u32>"));
        assert!(!can_be_written("fn() {local}"));
        assert!(!can_be_written("std::thread::JoinHandle<!>") && can_be_written("fn(u8) -> !"));
        assert!(can_be_written("&str") && can_be_written("[[u8; 3]; 2]") && can_be_written("fn()"));
    }
}
