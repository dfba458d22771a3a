//! What a cell defines again: it replaces what was there, however it is written, and nothing else.

use super::table::Comes::{Fails, Prints, To};
use super::table::{check, check_in};

/// evcxr: E0119 and E0592 for all of these.
#[test]
fn an_impl_is_replaced_however_it_is_written() {
    check(&[
        (
            "struct A(i32);\nimpl A { fn f(&self) -> i32 { self.0 } }\n\
             impl std::fmt::Debug for A { fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, \"one\") } }\n\
             impl<T> From<Vec<T>> for A { fn from(v: Vec<T>) -> A { A(v.len() as i32) } }",
            To(""),
        ),
        (
            "impl<U> From<Vec<U>> for A { fn from(v: Vec<U>) -> A { A(2 * v.len() as i32) } }\nA::from(vec![1]).0",
            To("2"),
        ),
        (
            "use std::fmt;\nimpl fmt::Debug for A { fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { write!(f, \"two\") } }\nA(1)",
            To("two"),
        ),
        ("A(1)", To("two")),
        ("impl crate::A { fn f(&self) -> i32 { 10 * self.0 } }\nA(2).f()", To("20")),
        (
            "struct W<T>(T);\nimpl<T: Clone> W<T> { fn get(&self) -> T { self.0.clone() } fn one(&self) -> u8 { 1 } }",
            To(""),
        ),
        (
            "impl<T> W<T> where T: Clone { fn get(&self) -> Option<T> { Some(self.0.clone()) } }\nW(4).get()",
            To("Some(4)"),
        ),
        ("W(4).one()", To("1")),
        ("trait Area { fn area(&self) -> f64; }\nimpl Area for A { fn area(&self) -> f64 { 1.0 } }", To("")),
        ("impl crate::Area for A { fn area(&self) -> f64 { 2.0 } }\nA(1).area()", To("2.0")),
        ("mod sub { impl super::Area for super::A { fn area(&self) -> f64 { 4.0 } } }\nA(1).area()", To("4.0")),
        // The first one again.
        ("impl Area for A { fn area(&self) -> f64 { 1.0 } }", To("")),
        ("A(1).area()", To("1.0")),
        // By a macro.
        (
            "macro_rules! imp { ($t:ty, $e:expr) => { impl Area for $t { fn area(&self) -> f64 { $e } } } }\nimp!(A, 7.0);\nimp!(u8, 8.0);",
            To(""),
        ),
        ("(A(1).area(), 1u8.area())", To("(7.0, 8.0)")),
        ("impl Area for u8 { fn area(&self) -> f64 { 9.0 } }", To("")),
        ("(A(1).area(), 1u8.area())", To("(7.0, 9.0)")),
        // A cell that fails replaces nothing.
        ("impl crate::Area for u8 { fn area(&self) -> f64 { 0.0 } }\npanic!(\"no\");", Fails("no")),
        ("1u8.area()", To("9.0")),
        // A type with a derive is more than what the derive makes.
        ("#[derive(Clone)]\nstruct Derived(u8);", To("")),
        ("impl Clone for Derived { fn clone(&self) -> Self { Derived(1) } }", Fails("E0119")),
        ("Derived(5).clone().0", To("5")),
        ("mod many { pub fn f() -> u8 { 3 } impl super::Area for bool { fn area(&self) -> f64 { 1.0 } } }", To("")),
        ("impl Area for bool { fn area(&self) -> f64 { 2.0 } }\n(true.area(), many::f())", To("(2.0, 3)")),
        // Two in one cell are the user's own error.
        (
            "impl Area for u16 { fn area(&self) -> f64 { 0.0 } }\nimpl crate::Area for u16 { fn area(&self) -> f64 { 1.0 } }",
            Fails("E0119"),
        ),
        ("#[derive(Clone)] struct D(u8);\nimpl Clone for D { fn clone(&self) -> Self { D(1) } }", Fails("E0119")),
    ]);
}

/// evcxr: the items of such macros are gone in the next cell.
#[test]
fn calls_of_a_macro_replace_only_what_they_define_again() {
    check(&[
        (
            "macro_rules! getter { ($t:ident, $f:ident) => { impl $t { fn $f(&self) -> u8 { self.0 } } } }\nstruct T(u8);\ngetter!(T, a);\ngetter!(T, b);\nT(1).a() + T(2).b()",
            To("3"),
        ),
        ("getter!(T, c);", To("")),
        ("T(1).a() + T(2).b() + T(3).c()", To("6")),
        ("getter!(T, c);\nT(3).c()", To("3")),
        (
            "macro_rules! make { ($n:ident, $x:expr) => { struct $n; impl $n { fn x(&self) -> i32 { $x } } } }\nmake!(Foo, 3);\nmake!(Bar, 4);",
            To(""),
        ),
        ("Foo.x() + Bar.x()", To("7")),
        ("make!(Foo, 5);\nFoo.x()", To("5")),
        ("struct Foo(u8);\nFoo(1).0 as i32 + Bar.x()", To("5")),
        ("make!(Foo, 6);\nFoo.x()", To("6")),
        ("struct Foo(u8);\nFoo(1).0 as i32 + Bar.x()", To("5")),
        ("make!(Foo, 5);\nFoo.x() + Bar.x()", To("9")),
    ]);
}

/// evcxr: a file with items cannot be included.
#[test]
fn items_of_an_included_file_live_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display();
    let write = |text: &str| {
        format!("std::fs::write(\"{path}/items.rs\", {text:?})?; std::fs::write(\"{path}/value.rs\", \"6 * 7\")?;")
    };
    let (first, second) = (
        write("#[derive(Debug)] pub struct P(pub u8); pub fn make() -> P { P(7) }"),
        write("#[derive(Debug)] pub struct P(pub String); pub fn make() -> P { P(String::from(\"x\")) }"),
    );
    let folder_of_cells = format!("%cd {path}");
    check_in(
        folder.path(),
        &[
            (&first, To("")),
            (&folder_of_cells, Prints("")),
            ("include!(\"items.rs\");\nlet p = make();", To("")),
            ("(p.0, make())", To("(7, P(7))")),
            ("include!(\"value.rs\")", To("42")),
            ("let v: u8 = include!(\"value.rs\"); v", To("42")),
            (&second, To("")),
            ("p.0.len()", Fails("defined anew")),
            ("make()", To("P(\"x\")")),
        ],
    );
}
