//! Statics, and methods behind a `dyn`, whose types change by ways that do not stand in their words. Each of these reads foreign
//! memory where only the words are compared.

use super::table::Comes::{Fails, Prints, To};
use super::table::{check, check_in};

/// evcxr: each cell has statics of its own; values behind a `dyn` are called with the new types.
#[test]
fn a_static_begins_anew_when_its_layout_changes() {
    check(&[
        // By a `use m::*`, and by one inside of a module.
        (
            "use std::sync::Mutex;\nmod m { pub struct P(pub u8); }\nuse m::*;\nstatic PS: Mutex<Vec<P>> = Mutex::new(Vec::new());\nPS.lock()?.push(P(7));",
            To(""),
        ),
        ("mod m { pub struct P(pub String); }", To("")),
        ("PS.lock()?.get(0).map(|p| p.0.len())", To("None")),
        (
            "mod inner { pub struct Q(pub u8); }\nmod outer { pub use crate::inner::*; }\nuse outer::*;\nstatic QS: Mutex<Vec<Q>> = Mutex::new(Vec::new());\nQS.lock()?.push(Q(7));",
            To(""),
        ),
        ("mod inner { pub struct Q(pub String); }", To("")),
        ("QS.lock()?.get(0).map(|q| q.0.len())", To("None")),
        // By constants and constant functions of a type and of a trait.
        (
            "struct S;\nimpl S { const N: usize = 2; const fn n() -> usize { 2 } }\ntrait Size { const M: usize; }\nimpl Size for S { const M: usize = 2; }\n\
             static A: Mutex<[u8; S::N]> = Mutex::new([1; S::N]);\nstatic B: Mutex<[u8; S::n()]> = Mutex::new([1; S::n()]);\nstatic C: Mutex<[u8; S::M]> = Mutex::new([1; S::M]);\n\
             for all in [&mut *A.lock()?, &mut *B.lock()?, &mut *C.lock()?] { all[0] = 7; }",
            To(""),
        ),
        ("(*A.lock()?, *B.lock()?, *C.lock()?)", To("([7, 1], [7, 1], [7, 1])")),
        ("impl S { const N: usize = 3; }", To("")),
        ("(*A.lock()?, *B.lock()?, *C.lock()?)", To("([1, 1, 1], [7, 1], [7, 1])")),
        ("impl S { const fn n() -> usize { 4 } }\nimpl Size for S { const M: usize = 5; }", To("")),
        ("(*A.lock()?, *B.lock()?, *C.lock()?)", To("([1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1, 1])")),
        // An old value that is found by a new type of the same name.
        (
            "use std::any::Any;\nstruct Old(u64);\nstatic ANY: Mutex<Vec<Box<dyn Any + Send>>> = Mutex::new(Vec::new());\nANY.lock()?.push(Box::new(Old(7)));",
            To(""),
        ),
        ("ANY.lock()?[0].downcast_ref::<Old>().map(|a| a.0)", To("Some(7)")),
        ("struct Old(String);", To("")),
        ("ANY.lock()?.get(0).and_then(|x| x.downcast_ref::<Old>().map(|a| a.0.len()))", To("None")),
    ]);
}

/// evcxr: each cell has statics of its own.
#[test]
fn a_static_stays_when_its_layout_does() {
    check(&[
        (
            "struct P { x: f64 }\nstatic PS: std::sync::Mutex<Vec<P>> = std::sync::Mutex::new(Vec::new());\nstatic N: std::sync::Mutex<u8> = std::sync::Mutex::new(1);\n\
             thread_local! { static LOCAL: std::cell::RefCell<Vec<P>> = std::cell::RefCell::new(Vec::new()); }\n\
             PS.lock()?.push(P { x: 1.5 }); *N.lock()? = 5; LOCAL.with_borrow_mut(|l| l.push(P { x: 0.5 }));",
            To(""),
        ),
        ("#[derive(Debug, Clone)]\nstruct P { x: f64 }", To("")),
        ("PS.lock()?.clone()", To("[P { x: 1.5 }]")),
        ("impl P { const A: u8 = 1; fn twice(&self) -> f64 { 2.0 * self.x as f64 } }", To("")),
        ("use std::sync::Mutex;\nmod x { pub fn y() {} }\nuse x::*;", To("")),
        ("(PS.lock()?[0].twice(), *N.lock()?, LOCAL.with_borrow(|l| l[0].x))", To("(3.0, 5, 0.5)")),
        ("type Float = f64;\nstruct P { x: Float }", To("")),
        ("(PS.lock()?.len(), LOCAL.with_borrow(|l| l.len()))", To("(1, 1)")),
        ("type Float = u64;", To("")),
        ("(PS.lock()?.len(), LOCAL.with_borrow(|l| l.len()), *N.lock()?)", To("(0, 0, 5)")),
        // A cell that fails changes nothing.
        ("PS.lock()?.push(P { x: 4 });", To("")),
        ("type Float = f32;\nPS.lock()?.len(); panic!(\"no\");", Fails("no")),
        ("PS.lock()?[0].x", To("4")),
    ]);
}

/// evcxr: code that was compiled for the old types is called with the new ones.
#[test]
fn methods_behind_a_dyn_are_not_called_with_other_types() {
    check(&[
        (
            "struct S;\nimpl S { const N: usize = 2; }\ntrait G { fn get(&self) -> [u64; S::N]; }\nimpl G for u8 { fn get(&self) -> [u64; S::N] { [5; S::N] } }\nlet g: Box<dyn G> = Box::new(1u8);",
            To(""),
        ),
        ("g.get()", To("[5, 5]")),
        ("impl S { const N: usize = 64; }", To("")),
        ("g.get()", Fails("defined anew")),
        // As many methods as before, in another order, by a `use m::*`.
        (
            "mod m {\n  pub trait Say { fn one(&self) -> u8; fn two(&self) -> String; }\n  impl Say for u8 { fn one(&self) -> u8 { 1 } fn two(&self) -> String { \"two\".into() } }\n}\n\
             use m::*;\nstruct H { s: Box<dyn Say> }\nlet h = H { s: Box::new(1u8) };",
            To(""),
        ),
        ("h.s.two()", To("\"two\"")),
        (
            "mod m {\n  pub trait Say { fn two(&self) -> String; fn one(&self) -> u8; }\n  impl Say for u8 { fn one(&self) -> u8 { 1 } fn two(&self) -> String { \"two\".into() } }\n}",
            To(""),
        ),
        ("h.s.two()", Fails("defined anew")),
        // A function of the name of a method changes nothing.
        (
            "trait Area { fn area(&self) -> f64; }\nimpl Area for f64 { fn area(&self) -> f64 { *self } }\nlet a: Box<dyn Area> = Box::new(2.0);",
            To(""),
        ),
        ("fn area() -> u8 { 1 }", To("")),
        ("fn area() -> u16 { 1 }", To("")),
        ("a.area()", To("2.0")),
    ]);
}

/// evcxr: a cell with a loop is compiled like the others.
#[test]
fn a_loop_changes_no_type() {
    check(&[
        (
            "struct A { #[cfg(debug_assertions)] x: u64, y: u64 }\nfn make() -> A { A { #[cfg(debug_assertions)] x: 1, y: 2 } }\n\
             static ALL: std::sync::Mutex<Vec<A>> = std::sync::Mutex::new(Vec::new());\nlet a = make(); ALL.lock()?.push(make());",
            To(""),
        ),
        ("let mut t = 0; for _ in 0..3 { t += a.y; } t", To("6")),
        ("let mut t = 0; for _ in 0..3 { t += ALL.lock()?[0].y; } t", To("6")),
        ("for i in 0..3 { debug_assert!(i < 2, \"too far\"); }", Fails("too far")),
    ]);
}

/// evcxr: a segmentation fault for the trait, foreign memory for the static.
#[test]
fn crates_and_modules_in_files_may_change() {
    const OLD: &str = "pub struct P(pub u8); pub trait Say { fn one(&self) -> u8; fn two(&self) -> String; } \
        impl Say for u8 { fn one(&self) -> u8 { 1 } fn two(&self) -> String { String::from(\"two\") } }";
    const NEW: &str = "pub struct P(pub String); pub trait Say { fn two(&self) -> String; fn one(&self) -> u8; } \
        impl Say for u8 { fn one(&self) -> u8 { 1 } fn two(&self) -> String { String::from(\"two\") } }";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display();
    let make = format!(
        "std::fs::create_dir_all(\"{path}/added/src\")?; std::fs::write(\"{path}/added/src/lib.rs\", {OLD:?})?; std::fs::write(\"{path}/q.rs\", {OLD:?})?;\n\
         std::fs::write(\"{path}/added/Cargo.toml\", \"[package]\\nname = \\\"added\\\"\\nversion = \\\"0.1.0\\\"\\nedition = \\\"2024\\\"\\n\")?;"
    );
    let change =
        format!("std::fs::write(\"{path}/added/src/lib.rs\", {NEW:?})?; std::fs::write(\"{path}/q.rs\", {NEW:?})?;");
    let add = format!(
        "%cd {path}\n:dep added = {{ path = \"{path}/added\" }}\nuse std::sync::Mutex;\nmod q;\n\
         static PS: Mutex<Vec<added::P>> = Mutex::new(Vec::new());\nstatic QS: Mutex<Vec<q::P>> = Mutex::new(Vec::new());\n\
         PS.lock()?.push(added::P(7)); QS.lock()?.push(q::P(7)); let s: Box<dyn added::Say> = Box::new(1u8); let t: Box<dyn q::Say> = Box::new(1u8);"
    );
    check_in(
        folder.path(),
        &[
            (&make, To("")),
            (&add, Prints("recoil.lock")),
            ("(PS.lock()?.len(), QS.lock()?.len())", To("(1, 1)")),
            (&change, To("")),
            ("PS.lock()?.get(0).map(|p| p.0.len())", To("None")),
            ("QS.lock()?.get(0).map(|p| p.0.len())", To("None")),
            ("{ use added::Say; s.two() }", Fails("defined anew")),
            ("{ use q::Say; t.two() }", Fails("defined anew")),
        ],
    );
}

/// evcxr: each cell has statics of its own.
#[test]
fn statics_of_constants_and_constant_functions_live_once() {
    check(&[
        (
            "use std::sync::{OnceLock, atomic::{AtomicU8, Ordering::SeqCst}};\nconst fn counter() -> &'static AtomicU8 { static N: AtomicU8 = AtomicU8::new(0); &N }\n\
             struct Once;\nimpl Once { const fn cell() -> &'static OnceLock<u8> { static O: OnceLock<u8> = OnceLock::new(); &O } }\n\
             const C: &AtomicU8 = { static M: AtomicU8 = AtomicU8::new(5); &M };\ncounter().fetch_add(1, SeqCst)",
            To("0"),
        ),
        ("(counter().fetch_add(1, SeqCst), *Once::cell().get_or_init(|| 1), C.fetch_add(1, SeqCst))", To("(1, 1, 5)")),
        ("(counter().fetch_add(1, SeqCst), *Once::cell().get_or_init(|| 2), C.fetch_add(1, SeqCst))", To("(2, 1, 6)")),
    ]);
}

/// evcxr: files are looked for in its own folder.
#[test]
fn a_static_begins_anew_when_a_file_gives_its_type_another_length() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("n.txt"), "aa").expect("writes");
    let go = format!("%cd {}", folder.path().display());
    check_in(
        folder.path(),
        &[
            (&go, Prints("")),
            (
                "use std::sync::Mutex;\nconst N: usize = include_str!(\"n.txt\").len();\nstatic L: Mutex<[u8; N]> = Mutex::new([1; N]);\n\
                 L.lock()?[0] = 7;",
                To(""),
            ),
            ("*L.lock()?", To("[7, 1]")),
            ("!printf aaaaaa > n.txt", Prints("")),
            ("*L.lock()?", To("[1, 1, 1, 1, 1, 1]")),
        ],
    );
}
