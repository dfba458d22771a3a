//! What a failing cell says: the user's own places and types, and what is behind an error.

use super::table::Comes::{Fails, Prints, To};
use super::table::check;

/// evcxr: the outermost error only.
#[test]
fn the_errors_behind_an_error_are_told() {
    const WIRE: &str = "#[derive(Debug)]\nstruct Lost(std::num::ParseIntError);\n\
        impl std::fmt::Display for Lost { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(\"lost a wire\") } }\n\
        impl std::error::Error for Lost { fn source(&self) -> Option<&(dyn std::error::Error + 'static)> { Some(&self.0) } }\n\
        fn wire(text: &str) -> Result<i32, Lost> { text.parse().map_err(Lost) }";
    check(&[
        (WIRE, To("")),
        ("wire(\"7\")?", To("7")),
        ("let n = wire(\"x\")?;", Fails("because invalid digit found")),
        ("let n = wire(\"x\")?;", Fails("Lost: lost a wire")),
        ("wire(\"x\")", Fails("because invalid digit found")),
        (
            "fn boxed() -> Result<i32, Box<dyn std::error::Error>> { Ok(wire(\"x\")?) }\nboxed()?",
            Fails("because invalid digit found"),
        ),
        ("std::io::Error::other(wire(\"x\").unwrap_err())", Prints("")),
        ("Err::<u8, _>(std::io::Error::other(wire(\"x\").unwrap_err()))?", Fails("because invalid digit found")),
        // In the cell that defines it, in a module, and by a name that is not `Error`.
        (
            "mod io {\n  use std::error::Error as Failure;\n  #[derive(Debug)] pub enum Broken { Inner(super::Lost) }\n  \
             impl std::fmt::Display for Broken { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(\"broken\") } }\n  \
             impl std::error::Error for Broken { fn source(&self) -> Option<&(dyn Failure + 'static)> { match self { Self::Inner(lost) => Some(lost) } } }\n}\n\
             Err::<u8, _>(io::Broken::Inner(wire(\"x\").unwrap_err()))?",
            Fails("because lost a wire"),
        ),
        // What can only be displayed is an error, too.
        (
            "struct Plain;\nimpl std::fmt::Display for Plain { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(\"plain words\") } }\nErr::<u8, _>(Plain)?",
            Fails("Plain: plain words"),
        ),
        ("Err::<u8, _>(\"only words\")?", Fails("Error: only words")),
        // The type changes, and so does what is behind it.
        (
            "#[derive(Debug)]\nstruct Lost(std::fmt::Error);\n\
             impl std::fmt::Display for Lost { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(\"lost\") } }\n\
             impl std::error::Error for Lost { fn source(&self) -> Option<&(dyn std::error::Error + 'static)> { Some(&self.0) } }\n\
             fn wire(_: &str) -> Result<i32, Lost> { Err(Lost(std::fmt::Error)) }",
            To(""),
        ),
        ("wire(\"x\")?", Fails("because an error occurred when formatting")),
    ]);
}

/// evcxr: places in its generated file, and its own types.
#[test]
fn compile_errors_point_to_cells_and_name_the_users_types() {
    check(&[
        (
            "#[derive(Debug)]\nstruct Track { momentum: f64 }\nfn total(tracks: &[Track]) -> f64 {\n    tracks.iter().map(|t| t.momentum).sum()\n}",
            To(""),
        ),
        ("let track = Track { momentum: 1.5 };", To("")),
        // The note is about the function of the first cell.
        ("total(5)", Fails("In[1]:3:4")),
        ("total(&[track, 3])", Fails("expected `Track`, found integer")),
        ("track == track", Fails("`==` cannot be applied to type `Track`")),
        ("let copy = track.clone();", Fails("no method named `clone` found")),
        ("track.momentun", Fails("momentum")),
        ("let x: u8 = 256;", Fails("literal out of range")),
        ("let s = String::from(\"a\"); let t = s; s.len()", Fails("borrow of moved value: `s`")),
        ("fn longest(a: &str, b: &str) -> &str { a }", Fails("missing lifetime specifier")),
        ("match Some(1) { Some(n) => n }", Fails("non-exhaustive patterns: `None` not covered")),
        ("track.momentum = 2.0;", Fails("declare it there with `let mut track`")),
        ("use std::collections::HashMop;", Fails("HashMop")),
        ("use no_such_crate::Thing;", Fails(":dep no-such-crate = \"*\"")),
        ("let n = 1;\nlet m = n + \"a\";", Fails("In[15]:2:11")),
        // What fails when it runs.
        ("let v = vec![1]; let i = 5; v[i]", Fails("index out of bounds")),
        ("let text: Option<u8> = None; text.unwrap()", Fails("In[17]:1:35")),
        ("\"x\".parse::<f64>().expect(\"a number\")", Fails("a number")),
        ("fn deep() -> u8 { let none: Option<u8> = None; none.unwrap() }\ndeep()", Fails("In[19]:1:53")),
        ("let a = [1, 2]; a.iter().map(|x| 10 / (x - 1)).collect::<Vec<i32>>()", Fails("divide by zero")),
        ("u8::MAX + std::env::args().count() as u8", Fails("overflow")),
    ]);
}

/// evcxr: as here for the first; the error borrows from the variable.
#[test]
fn a_lock_of_an_earlier_cell_can_be_asked_for_with_a_question_mark() {
    check(&[
        (
            "let m = std::sync::Arc::new(std::sync::Mutex::new(vec![1, 2])); let n = std::sync::RwLock::new(5); let x = 3;",
            To(""),
        ),
        ("(x, m.lock()?.len(), *n.read()?)", To("(3, 2, 5)")),
        ("m.lock()?.push(3); let len = m.try_lock()?.len(); len", To("3")),
        ("let own = std::sync::Mutex::new(4); *own.lock()? += 1; let y = *own.lock()?; y", To("5")),
        (
            "let o = m.clone(); std::thread::spawn(move || { let _held = o.lock(); panic!(\"poisons\") }).join().is_err()",
            To("true"),
        ),
        ("m.lock()?.len()", Fails("poisoned lock")),
        // Where it cannot be, the words are those of the compiler.
        (
            "struct Held<'a>(&'a str);\nimpl std::fmt::Display for Held<'_> { fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { f.write_str(self.0) } }\nlet text = String::from(\"x\");",
            To(""),
        ),
        ("let r: Result<u8, Held> = Err(Held(&text)); r?", Fails("does not live long enough")),
        ("text.len()", To("1")),
    ]);
}

/// evcxr: its own types and folders.
#[test]
fn no_types_and_folders_of_ours_are_told() {
    check(&[
        ("return 5;", Fails("a cell returns nothing")),
        (
            "macro_rules! bail { ($text:literal) => { return Err(std::io::Error::other($text)) } }\nbail!(\"x\");",
            Fails("`Err(..)?` ends the cell early"),
        ),
        ("return Ok(None);", To("")),
        ("let x: i32 = 5", Fails("found the end of the cell")),
        ("let a = { let s = 1", Fails("unclosed delimiter")),
    ]);
}

/// evcxr: `display` does not exist; a value without `Debug` does not compile.
#[test]
fn everything_can_be_displayed_as_at_the_end_of_a_cell() {
    check(&[
        ("struct Bare;\n#[derive(Debug)]\nstruct Shown { x: u8 }", To("")),
        ("&vec![Bare]", To("<&Vec<Bare>, which cannot be shown: #[derive(Debug)] would do>")),
        ("Bare", To("<Bare, which cannot be shown: #[derive(Debug)] would do>")),
        ("display(Bare);", Prints("<Bare, which cannot be shown")),
        ("display(Shown { x: 1 });", Prints("Shown { x: 1 }")),
        ("display(&vec![Shown { x: 2 }]);", Prints("[Shown { x: 2 }]")),
        ("display(Ok::<u8, String>(3));", Prints("3")),
        ("display(\"x\".parse::<f64>());", Fails("invalid float literal")),
        ("display(());", To("")),
        (
            "struct Worded;\nimpl std::fmt::Display for Worded { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(\"in words\") } }\ndisplay(Worded);",
            Prints("in words"),
        ),
    ]);
}

/// evcxr: as here, without the line that helps.
#[test]
fn a_last_line_without_a_type_is_said_so() {
    check(&[
        ("\"x\".parse()?", Fails("say the type, as in `\"1\".parse::<f64>()`")),
        ("\"1\".parse().unwrap()", Fails("CompileError: type annotations needed")),
        ("vec![1, 2].iter().sum()", Fails("say the type, as in `.sum::<f64>()`")),
        ("[1.5].iter().collect()", Fails("nothing says of which type its value is")),
        ("[\"1\"].iter().map(|x| x.parse::<f64>()).collect()?", Fails("say the type, as in `.collect::<Vec<_>>()`")),
        ("Default::default()", Fails("CompileError: type annotations needed")),
        ("vec![]", Fails("say the type, as in")),
        ("Err(\"x\")", Fails("CompileError: type annotations needed")),
        ("let a = [1.0, 2.0;", Fails("this cell contains an unclosed delimiter")),
        ("let v = 1;\n!ls", Fails("stand in front of the Rust of a cell")),
        ("if true {\n\t/* ü */ panic!(\"behind a tab\") }", Fails(":2:10")),
        ("let x = vec![1]; drop(x);", To("")),
        ("let c = |x| x;\nc(1); c(\"a\")", Fails("mismatched types")),
        ("let a = { struct L(u8); L(1) };", To("")),
        ("a", Fails("of a type that is defined inside of a block")),
        (
            "let ticker = std::thread::spawn(|| loop { std::thread::sleep(std::time::Duration::from_secs(1)); });",
            To(""),
        ),
        ("ticker.is_finished()", Fails("a value with the type `!` in it")),
        ("async { 5 }", Prints("")),
        ("%timeit 1 + 1", Prints("per run")),
    ]);
}
