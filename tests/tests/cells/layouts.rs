//! More ways in which a value of an earlier cell could be read as something else: each of these reads foreign memory, or shows
//! one field as another, if only sizes or names are compared.

use super::table::Comes::{Fails, To};
use super::table::check;

/// evcxr: shows one field as another, or a `bool` that is neither; it compares names of types.
#[test]
fn fields_and_variants_keep_their_meaning() {
    check(&[
        // Same size, same types, another order.
        ("struct P { a: u32, b: u32 }\nlet p = P { a: 1, b: 2 };", To("")),
        ("struct P { b: u32, a: u32 }", To("")),
        ("p.a", Fails("defined anew")),
        ("#[derive(Debug)]\nenum E { One, Two(u8) }\nlet e = E::One;", To("")),
        ("#[derive(Debug)]\nenum E { Two(u8), One }", To("")),
        ("e", Fails("defined anew")),
        // A byte that is no truth value.
        ("struct B(u8);\nlet b = B(7);", To("")),
        ("struct B(bool);", To("")),
        ("b.0", Fails("defined anew")),
        ("type Unit = f64;\nstruct L(Unit); let l = vec![L(1.5)];", To("")),
        ("type Unit = u64;", To("")),
        ("l[0].0", Fails("defined anew")),
        ("#[repr(C)]\nstruct R { x: u8, y: u32 }\nlet r = R { x: 1, y: 2 };", To("")),
        ("#[repr(C, packed)]\nstruct R { x: u8, y: u32 }", To("")),
        ("{ r.y }", Fails("defined anew")),
        ("union U { x: u32, y: f32 }\nlet u = U { x: 1 };", To("")),
        ("union U { y: f32, x: [u32; 4] }", To("")),
        ("unsafe { u.y }", Fails("defined anew")),
        // By a parameter, a default, and a constant of a trait.
        ("struct G<T = u8>(T);\nlet g: G = G(1);", To("")),
        ("struct G<T = u64>(T);", To("")),
        ("g.0", Fails("defined anew")),
        (
            "trait Size { const N: usize; }\nstruct S;\nimpl Size for S { const N: usize = 2; }\nstruct A([u8; S::N]); let a = A([1; 2]);",
            To(""),
        ),
        ("impl Size for S { const N: usize = 64; }", To("")),
        ("a.0.len()", Fails("defined anew")),
        // By a function that is evaluated when the type is made.
        ("const fn size() -> usize { 2 }\nstruct F([u8; size()]); let f = F([1; 2]);", To("")),
        ("const fn size() -> usize { 64 }", To("")),
        ("f.0.len()", Fails("defined anew")),
    ]);
}

/// evcxr: code that was compiled for the old type is called with the new one.
#[test]
fn code_of_an_earlier_cell_is_not_called_with_other_types() {
    check(&[
        ("struct A(u64);\nlet f: Box<dyn Fn(A) -> u64> = Box::new(|a| a.0);", To("")),
        ("f(A(3))", To("3")),
        ("struct A(String);", To("")),
        ("f(A(\"x\".into()))", Fails("defined anew")),
        // A pointer to a function.
        ("struct B(u64);\nfn read(b: &B) -> u64 { b.0 }\nlet g: fn(&B) -> u64 = read;", To("")),
        ("g(&B(4))", To("4")),
        ("struct B(String);\nfn read(b: &B) -> u64 { b.0.len() as u64 }", To("")),
        ("g(&B(\"x\".into()))", Fails("defined anew")),
        // What a method takes.
        (
            "struct C(u64);\ntrait Reads { fn read(&self, c: &C) -> u64; }\nimpl Reads for u8 { fn read(&self, c: &C) -> u64 { c.0 } }\nlet r: Box<dyn Reads> = Box::new(1_u8);",
            To(""),
        ),
        ("r.read(&C(5))", To("5")),
        ("struct C(String);\nimpl Reads for u8 { fn read(&self, c: &C) -> u64 { c.0.len() as u64 } }", To("")),
        ("r.read(&C(\"x\".into()))", Fails("defined anew")),
        // What an iterator and a future give.
        ("struct D(u64);\nlet mut i: Box<dyn Iterator<Item = D>> = Box::new((0..3).map(D));", To("")),
        ("i.next().map(|d| d.0)", To("Some(0)")),
        ("struct D(String);", To("")),
        ("i.next().map(|d| d.0)", Fails("defined anew")),
        ("struct E(u64);\nlet h = tokio::spawn(async { E(7) });", To("")),
        ("struct E(String);", To("")),
        ("h.await?.0", Fails("defined anew")),
        ("struct F(u64);\nlet (sender, receiver) = std::sync::mpsc::channel::<F>(); sender.send(F(1))?;", To("")),
        ("struct F(String);", To("")),
        ("receiver.recv()?.0", Fails("defined anew")),
        // Another type that has the trait changes nothing.
        (
            "trait Area { fn area(&self) -> f64; }\nimpl Area for f64 { fn area(&self) -> f64 { *self } }\nlet areas: Vec<Box<dyn Area>> = vec![Box::new(2.0)];",
            To(""),
        ),
        (
            "struct Square(f64);\nimpl Area for Square { fn area(&self) -> f64 { self.0 * self.0 } }\nareas[0].area()",
            To("2.0"),
        ),
        (
            "struct Count(u8);\nimpl Iterator for Count { type Item = u8; fn next(&mut self) -> Option<u8> { None } }\nlet mut n: Box<dyn Iterator<Item = u8>> = Box::new(Count(0)); n.next()",
            To("None"),
        ),
        (
            "struct Two(u8);\nimpl Iterator for Two { type Item = u16; fn next(&mut self) -> Option<u16> { None } }\nn.next()",
            To("None"),
        ),
        // Documentation changes nothing.
        ("struct G(u64);\nlet k: Box<dyn Fn(G) -> u64> = Box::new(|g| g.0);", To("")),
        ("/// A number.\nstruct G(u64);", To("")),
        ("k(G(6))", To("6")),
    ]);
}

/// evcxr: each cell has statics of its own.
#[test]
fn a_static_stays_when_another_type_gets_its_trait() {
    check(&[
        (
            "trait Area { fn area(&self) -> f64; }\nimpl Area for f64 { fn area(&self) -> f64 { *self } }\nstatic AREAS: std::sync::Mutex<Vec<Box<dyn Area + Send>>> = std::sync::Mutex::new(Vec::new());\nAREAS.lock()?.push(Box::new(2.0));",
            To(""),
        ),
        (
            "struct Square(f64);\nimpl Area for Square { fn area(&self) -> f64 { self.0 * self.0 } }\nAREAS.lock()?.push(Box::new(Square(3.0)));",
            To(""),
        ),
        ("AREAS.lock()?.iter().map(|a| a.area()).sum::<f64>()", To("11.0")),
    ]);
}

/// evcxr: an old value is found by a new type of the same name.
#[test]
fn hidden_values_are_not_found_by_new_types() {
    check(&[
        ("use std::any::Any;\nstruct A(u64);\nlet mut held: Vec<Box<dyn Any>> = vec![Box::new(A(7))];", To("")),
        ("held[0].downcast_ref::<A>().map(|a| a.0)", To("Some(7)")),
        // Something new is nothing that could be in it.
        ("struct Other(u8);", To("")),
        ("held.push(Box::new(Other(1))); held[1].downcast_ref::<Other>().map(|o| o.0)", To("Some(1)")),
        ("struct A(String);", To("")),
        ("held[0].downcast_ref::<A>().map(|a| a.0.len())", Fails("defined anew")),
        (
            "#[derive(Debug)]\nstruct Lost(u64);\nimpl std::fmt::Display for Lost { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(\"lost\") } }\nimpl std::error::Error for Lost {}\nlet e: Box<dyn std::error::Error> = Box::new(Lost(1));",
            To(""),
        ),
        ("#[derive(Debug)]\nstruct Lost(String);", To("")),
        ("e.downcast_ref::<Lost>().map(|lost| lost.0.len())", Fails("defined anew")),
    ]);
}
