//! Which definitions lead to which.

use super::*;

fn of(items: &[&str]) -> Definitions {
    let mut definitions = Definitions::default();
    items.iter().for_each(|item| definitions.add(item));
    definitions
}

#[test]
fn definitions_are_followed() {
    let mut definitions = of(&["struct P { q: Vec<Q> }", "struct Q { x: f64 }"]);
    let before = definitions.of("Vec<P>");
    definitions.add("struct Q { x: f64, }");
    definitions.add("fn f() {}");
    assert_eq!(definitions.of("i32"), "");
    definitions.add("struct Q { x: String }");
    assert_ne!(definitions.of("Vec<P>"), before);
}

#[test]
fn constants_aliases_modules_macros_and_associated_types_are_followed() {
    for (item, other) in [
        ("const N: usize = 3;", "const N: usize = 6;"),
        ("type N = f64;", "type N = u64;"),
        ("mod N { pub struct X(u8); }", "mod N { pub struct X(u16); }"),
        ("use a::X as N;", "use b::X as N;"),
        ("macro_rules! N { () => { u8 } }", "macro_rules! N { () => { u16 } }"),
        ("impl N for A { type Out = u8; }", "impl N for A { type Out = u16; }"),
    ] {
        let mut definitions = of(&["struct A(N);", item]);
        let before = definitions.of("Vec<A>");
        definitions.add(other);
        assert_ne!(definitions.of("Vec<A>"), before, "{item}");
    }
}

#[test]
fn what_methods_behind_dyn_take_matters() {
    let mut definitions =
        of(&["trait T { fn f(&self, x: X); }", "struct A(Box<dyn T>);", "struct B<X: T>(X);", "struct X(u8);"]);
    for dynamic in ["A", "Box<dyn T>"] {
        let behind = definitions.behind_dyn(dynamic);
        assert!(behind.contains_key("T") && behind.contains_key("X"), "{behind:?}");
    }
    assert!(definitions.behind_dyn("B<u8>").is_empty());
    let function = "std::boxed::Box<dyn std::ops::Fn(X) -> u8>";
    let before = definitions.behind_dyn(function);
    assert!(before.contains_key("X") && !definitions.is_changed_behind_dyn(function, &before));
    let before = definitions.behind_dyn("Box<dyn T>");
    definitions.add("impl T for u64 { type Out = u8; }");
    assert!(!definitions.is_changed_behind_dyn("Box<dyn T>", &before), "another impl");
    definitions.add("struct X(u16);");
    assert!(definitions.is_changed_behind_dyn("Box<dyn T>", &before));
}

#[test]
fn hidden_types_matter_to_who_asks_for_them() {
    let asks = words("b.downcast_ref::<A>()");
    let mut definitions = of(&["struct A(u8);", "struct Held(Box<dyn std::any::Any>);"]);
    assert!(definitions.hides_types("Box<dyn Any>", &asks) && definitions.hides_types("Held", &asks));
    assert!(!definitions.hides_types("Box<dyn Fn(A)>", &asks) && !definitions.hides_types("Held", &words("b")));
    definitions.add("fn f(e: &dyn Error) -> bool { e.downcast_ref::<A>().is_some() }");
    assert!(definitions.hides_types("Box<dyn Error>", &words("f(&*e)")));
    assert_eq!(definitions.redefined, 0);
    definitions.add("/// Documented.\nstruct A(u8);");
    assert_eq!(definitions.redefined, 0);
    definitions.add("struct A(u16);");
    assert_eq!(definitions.redefined, 1);
}

#[test]
fn what_is_made_of_a_macro_with_types_depends_on_its_calls() {
    let calls = |rules: &str| {
        let mut definitions = of(&["struct P(u8);", rules, "make!(A, P);"]);
        let before = (definitions.of("P"), definitions.of("A"));
        definitions.add("make!(B, P);");
        (definitions.of("P"), definitions.of("A")) != before
    };
    assert!(!calls("macro_rules! make { ($n:ident, $t:ty) => { static $n: Mutex<Vec<$t>> = f(vec![]); } }"));
    for types in ["struct Q($t);", "impl $t {}", "other!($n);", "const $n: u8 = 1;"] {
        let rules = format!("macro_rules! make {{ ($n:ident, $t:ty) => {{ static $n: u8 = 1; {types} }} }}");
        assert!(calls(&rules), "{types}");
    }
}

#[test]
fn macros_that_make_items_are_told_from_others() {
    for (rules, makes) in [
        ("macro_rules! m { ($n:ident) => { struct $n; } }", true),
        ("macro_rules! m { ($(#[$m:meta])* $v:vis $n:ident) => { $(#[$m])* $v struct $n(u8); } }", true),
        ("macro_rules! m { ($($n:ident),*) => { $( impl T for $n {} )* } }", true),
        ("macro_rules! m { ($n:ident) => { #[derive(Debug)] pub(crate) enum $n { A } } }", true),
        ("macro_rules! m { ($x:expr) => { $x + 1 } }", false),
        ("macro_rules! m { ($x:expr) => { println!(\"{}\", $x) } }", false),
        ("macro_rules! m { ($x:expr) => {{ let y = $x; y }} }", false),
        ("macro_rules! m { () => { bitflags! { struct A: u8 { const B = 1; } } } }", true),
    ] {
        assert_eq!(of(&[rules]).makes_items("m"), makes, "{rules}");
    }
}
