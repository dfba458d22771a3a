//! Macros of the notebook that make items: what they make lives on, and statics keep their contents.

use super::table::Comes::{Fails, To};
use super::table::check;

/// evcxr: each cell has statics of its own.
#[test]
fn statics_of_macros_live_once() {
    check(&[
        (
            "use std::sync::Mutex;\nuse std::sync::atomic::{AtomicU32, Ordering::SeqCst};\n\
             macro_rules! make { ($n:ident) => { static $n: Mutex<Vec<i32>> = Mutex::new(Vec::new()); } }\nmake!(LOG);",
            To(""),
        ),
        ("LOG.lock()?.push(1); LOG.lock()?.len()", To("1")),
        ("LOG.lock()?.push(2); LOG.lock()?.len()", To("2")),
        ("make!(OTHER);\nOTHER.lock()?.push(7);", To("")),
        ("(LOG.lock()?.len(), OTHER.lock()?.clone())", To("(2, [7])")),
        // A macro that is written anew leaves what it has made.
        ("macro_rules! make { ($n:ident) => { pub static $n: Mutex<Vec<i32>> = Mutex::new(vec![]); } }", To("")),
        ("LOG.lock()?.push(3); LOG.lock()?.len()", To("3")),
        // A call that is run again makes a new static.
        ("make!(LOG);", To("")),
        ("LOG.lock()?.len()", To("0")),
        // Several at once, and a module.
        (
            "macro_rules! all { ($m:ident: $($v:vis $n:ident = $x:expr),*) => {\n  mod $m { use super::*; $( #[allow(dead_code)] $v static $n: AtomicU32 = AtomicU32::new($x); )* }\n} }\n\
             all!(numbers: pub A = 1, pub(super) B = 2, C = 3);",
            To(""),
        ),
        ("numbers::A.fetch_add(10, SeqCst) + numbers::B.fetch_add(20, SeqCst)", To("3")),
        ("(numbers::A.load(SeqCst), numbers::B.load(SeqCst))", To("(11, 22)")),
    ]);
}

#[test]
fn statics_inside_functions_of_macros_live_once() {
    check(&[
        (
            "use std::sync::atomic::{AtomicU32, Ordering::SeqCst};\n\
             macro_rules! counter { ($($f:ident),*) => { $( fn $f() -> u32 { static N: AtomicU32 = AtomicU32::new(0); N.fetch_add(1, SeqCst) + 1 } )* } }\n\
             counter!(first, second);",
            To(""),
        ),
        ("(first(), first(), second())", To("(1, 2, 1)")),
        ("(first(), second())", To("(3, 2)")),
        // As an expression, among the arguments of another macro, and by way of a second macro.
        (
            "macro_rules! inner { () => {{ static N: AtomicU32 = AtomicU32::new(5); N.fetch_add(1, SeqCst) }} }\n\
             macro_rules! outer { ($x:expr) => { inner!() * $x } }\n\
             fn id() -> u32 { inner!() }\nfn text() -> String { format!(\"{}\", outer!(10)) }\nfn both() -> u32 { inner!() + inner!() }",
            To(""),
        ),
        ("(id(), text(), both())", To("(5, \"50\", 10)")),
        ("(id(), text(), both())", To("(6, \"60\", 12)")),
        // The same words make three statics, whose names cannot be told apart: they work, and begin anew.
        (
            "macro_rules! three { ($($x:literal)*) => { [$({ static N: AtomicU32 = AtomicU32::new($x); N.fetch_add(1, SeqCst) }),*] } }\n\
             fn values() -> [u32; 3] { three!(1 2 3) }",
            To(""),
        ),
        ("values()", To("[1, 2, 3]")),
        ("values()", To("[1, 2, 3]")),
    ]);
}

/// evcxr: each cell has variables of threads of its own.
#[test]
fn variables_of_threads_live_once_wherever_they_stand() {
    check(&[
        (
            "use std::cell::{Cell, RefCell};\nfn next() -> u32 { thread_local! { static N: Cell<u32> = const { Cell::new(3) }; } N.set(N.get() + 1); N.get() }\n\
             mod m { use std::cell::RefCell; struct Own; thread_local! { pub static Y: RefCell<Vec<u8>> = RefCell::new(vec![]); static O: Own = Own } }\n\
             struct A;\nimpl A { fn id(&self) -> u32 { thread_local!(static I: Cell<u32> = Cell::new(10)); I.replace(I.get() + 1) } }\n\
             macro_rules! local { ($n:ident: $t:ty = $e:expr) => { thread_local! { static $n: $t = $e; } } }\nlocal!(LOC: Cell<u32> = Cell::new(1));\nlocal!(OTHER: Cell<u8> = Cell::new(7));",
            To(""),
        ),
        ("m::Y.with(|y| y.borrow_mut().push(1)); LOC.set(5); (next(), next(), A.id())", To("(4, 5, 10)")),
        ("(next(), m::Y.with(|y| y.borrow().len()), A.id(), LOC.get(), OTHER.get())", To("(6, 1, 11, 5, 7)")),
        ("std::thread::spawn(|| (next(), LOC.get())).join().unwrap()", To("(4, 1)")),
        ("LOC.with(|l| l.get())", To("5")),
    ]);
}

#[test]
fn a_macros_static_begins_anew_when_its_type_changes() {
    check(&[
        (
            "use std::sync::Mutex;\nstruct P(u8);\n\
             macro_rules! list { ($n:ident of $t:ty) => { static $n: Mutex<Vec<$t>> = Mutex::new(Vec::new()); } }\n\
             list!(PS of P);\nlist!(NS of u64);\nPS.lock()?.push(P(1)); NS.lock()?.push(1);",
            To(""),
        ),
        ("(PS.lock()?.len(), NS.lock()?.len())", To("(1, 1)")),
        ("struct P(String);", To("")),
        ("(PS.lock()?.len(), NS.lock()?.len())", To("(0, 1)")),
        ("PS.lock()?.push(P(\"x\".into())); PS.lock()?[0].0.clone()", To("\"x\"")),
        ("PS.lock()?[0].0.clone()", To("\"x\"")),
        // An error in what a macro makes points to its call.
        ("list!(QS of Missing);", Fails("In[7]:1")),
        ("NS.lock()?.len()", To("1")),
    ]);
}

/// evcxr: as here.
#[test]
fn what_a_macro_of_a_module_makes_lives_on() {
    check(&[
        (
            "mod m { #[macro_export] macro_rules! thing { ($n:ident) => { pub struct $n(pub u8); pub fn made() -> $n { $n(5) } } } }",
            To(""),
        ),
        ("thing!(Thing);", To("")),
        ("made().0", To("5")),
        (
            "mod outer { pub mod inner { macro_rules! other { ($n:ident) => { pub fn $n() -> u8 { 6 } } } pub(crate) use other; } }",
            To(""),
        ),
        ("outer::inner::other!(six);", To("")),
        ("six()", To("6")),
    ]);
}
