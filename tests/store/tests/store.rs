//! Cells as the kernel generates them, with values of many kinds, in all ways in which a cell can end. What reads foreign
//! memory, or drops a value twice or never, is for Miri and for the sanitizer to say:
//!
//! ```text
//! cargo +nightly miri test --manifest-path tests/store/Cargo.toml
//! RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo test --manifest-path tests/store/Cargo.toml --target x86_64-unknown-linux-gnu
//! ```

// As in the cells that the kernel generates, where a cell ends before its end.
#![allow(unused_variables, unreachable_code)]

use recoil_store::runtime::*;
use recoil_store::work;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A cell that uses variables of earlier ones, and makes others. Whether it ran to its end; `None` when a variable does not fit.
macro_rules! cell {
    ([$($used:ident: $kind:ty),*], [$($made:ident),*], $($body:tt)*) => {{
        begin();
        let fit = true;
        $(let fit = fits::<$kind>(stringify!($used), fit);)*
        if ready(fit) {
            $(#[allow(unused_mut)] let mut $used: $kind = take::<$kind, 0>(stringify!($used));)*
            let ended = run(1, || {
                $($body)*
                $(put::<_, 1>(stringify!($made), None, $made);)*
                Ok(None)
            });
            $(keep(stringify!($used), $used);)*
            let well = ended.well();
            ended.finish();
            Some(well)
        } else {
            None
        }
    }};
}

#[repr(align(128))]
#[derive(Clone, PartialEq, Debug)]
struct Aligned([u8; 300]);

trait Area {
    fn area(&self) -> f64;
}

impl Area for f64 {
    fn area(&self) -> f64 {
        *self
    }
}

type Functions = Vec<Box<dyn Fn(i32) -> i32>>;
type Shared = Rc<RefCell<Vec<String>>>;
type Map = HashMap<&'static str, Vec<Option<f64>>>;

/// Cells run one after the other, and so do the tests: an interrupt is of the cell that runs, whoever has begun it.
fn alone() -> MutexGuard<'static, ()> {
    static RUNS: Mutex<()> = Mutex::new(());
    RUNS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn values_of_every_kind_go_from_cell_to_cell() {
    let _alone = alone();
    let made = cell!([], [unit, byte, large, text, functions, area, aligned, shared, map],
        let (unit, byte, large, text) = ((), 7_u8, [3_u64; 1000], String::from("ä"));
        let n = 5;
        let functions: Functions = vec![Box::new(move |x| x + n), Box::new(|x| 2 * x)];
        let area: Box<dyn Area> = Box::new(2.5);
        let aligned = Aligned([9; 300]);
        let shared: Shared = Rc::default();
        let map: Map = HashMap::from([("a", vec![Some(1.5)])]);
    );
    assert_eq!(made, Some(true));
    assert_eq!(names(), ["aligned", "area", "byte", "functions", "large", "map", "shared", "text", "unit"]);
    for round in 1..4 {
        let used = cell!([large: [u64; 1000], text: String, functions: Functions, shared: Shared, map: Map], [],
            large[999] += 1;
            text.push('ö');
            functions.push(Box::new(move |x| x - round));
            shared.borrow_mut().push(text.clone());
            map.entry("a").or_default().push(None);
        );
        assert_eq!(used, Some(true));
    }
    let seen = cell!([unit: (), byte: u8, large: [u64; 1000], functions: Functions, area: Box<dyn Area>, aligned: Aligned, shared: Shared], [],
        let () = unit;
        assert_eq!((byte, large[0], large[999]), (7, 3, 6));
        assert_eq!(functions.iter().map(|f| f(10)).collect::<Vec<_>>(), [15, 20, 9, 8, 7]);
        assert_eq!(area.area(), 2.5);
        assert_eq!((aligned.0[299], (&raw const aligned).addr() % 128), (9, 0));
        assert_eq!(shared.borrow().last().map(String::as_str), Some("äööö"));
    );
    assert_eq!(seen, Some(true));
    // A copy leaves the variable where it is.
    let other: Aligned = copy::<Aligned, 0>("aligned");
    assert!(fits::<Aligned>("aligned", true) && other == Aligned([9; 300]));
}

#[test]
fn a_value_is_never_taken_for_one_of_another_type() {
    let _alone = alone();
    cell!([], [x], let x = [1_u64; 3];);
    assert_eq!(cell!([x: [u64; 6]], [], panic!("reads {x:?}");), None);
    assert!(names().is_empty(), "what does not fit is lost");
    mod one {
        pub struct Named(#[expect(dead_code)] pub u8);
    }
    mod two {
        #[derive(Debug)]
        pub struct Named(#[expect(dead_code)] pub String);
    }
    cell!([], [x, y], let (x, y) = (one::Named(1), 2););
    assert_eq!(cell!([x: two::Named, y: i32], [], panic!("reads {x:?}");), None);
    assert_eq!(names(), ["y"]);
    let wrong = std::panic::catch_unwind(|| take::<u32, 0>("y"));
    assert!(wrong.is_err());
}

#[test]
fn what_a_cell_throws_outside_of_its_code_gets_no_further() {
    let _alone = alone();
    recoil_cell_failed();
    guard(|| {
        begin();
        let _dropped = vec![String::from("a")];
        panic!("as a variable that is dropped may do");
    });
    assert_eq!(recoil_cell_failed(), 1);
}

#[test]
fn any_error_ends_a_cell_and_is_dropped_once() {
    struct Own(Rc<()>);
    impl std::fmt::Display for Own {
        fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("own")
        }
    }
    let alive = Rc::new(());
    let why = Failed(Own(alive.clone())).recoil_stop().why();
    assert!(matches!(why, Why::Error { message, kind, .. } if message == "own" && kind == "Own"));
    assert_eq!(Rc::strong_count(&alive), 1);
}

/// Counts how many of it are alive.
struct Counted(Rc<Cell<i32>>);

impl Counted {
    fn new(alive: &Rc<Cell<i32>>) -> Self {
        alive.set(alive.get() + 1);
        Self(alive.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[test]
fn however_a_cell_ends_what_it_used_is_kept_and_what_it_made_is_dropped_once() {
    let _alone = alone();
    let alive: Rc<Cell<i32>> = Rc::default();
    cell!([], [kept], let kept = vec![Counted::new(&alive), Counted::new(&alive)];);
    let add = |kept: &mut Vec<Counted>| kept.push(Counted::new(&alive));
    let panicked = cell!([kept: Vec<Counted>], [lost], add(&mut kept); let lost = Counted::new(&alive); panic!("at {}", kept.len()););
    assert_eq!((panicked, alive.get()), (Some(false), 3));
    let failed =
        cell!([kept: Vec<Counted>], [lost], add(&mut kept); let lost = Counted::new(&alive); "x".parse::<i32>()?;);
    assert_eq!((failed, alive.get()), (Some(false), 4));
    work::interrupt(true);
    let stopped =
        cell!([kept: Vec<Counted>], [lost], add(&mut kept); let lost = Counted::new(&alive); loop { checkpoint(); });
    assert_eq!((stopped, alive.get(), work::interrupted()), (Some(false), 5, false));
    let thread = cell!([kept: Vec<Counted>], [], add(&mut kept);
        std::thread::spawn(of_cell(|| panic!("of a thread"))).join().map_err(|_| "it has panicked")?;
    );
    assert_eq!((thread, alive.get()), (Some(false), 6));
    assert_eq!(names(), ["kept"]);
    // Replaced, and forgotten.
    cell!([], [kept], let kept = Counted::new(&alive););
    assert_eq!(alive.get(), 1);
    forget(&["kept", "nothing"]);
    cell!([], [],);
    assert_eq!((alive.get(), names().len()), (0, 0));
}

/// Its `drop` is user code, which may run anything: here it looks at the store and changes it.
struct Nosy;

impl Drop for Nosy {
    fn drop(&mut self) {
        let seen = names().join(",");
        put::<_, 0>("seen", None, seen);
    }
}

#[test]
fn values_that_use_the_store_when_they_are_dropped_do_no_harm() {
    let _alone = alone();
    cell!([], [nosy, other], let (nosy, other) = (Nosy, 1););
    cell!([], [nosy], let nosy = 5;);
    assert_eq!(cell!([seen: String], [], assert_eq!(seen, "nosy,other");), Some(true));
    cell!([], [nosy], let nosy = Nosy;);
    forget(&["nosy"]);
    assert_eq!(cell!([seen: String], [], assert_eq!(seen, "other,seen");), Some(true));
}

#[test]
fn a_clone_that_panics_leaves_no_broken_value() {
    let _alone = alone();
    struct Once(Box<i32>);
    impl Clone for Once {
        fn clone(&self) -> Self {
            panic!("cannot clone {}", self.0)
        }
    }
    cell!([], [once], let once = Once(Box::new(1)););
    assert!(std::panic::catch_unwind(|| copy::<Once, 0>("once")).is_err());
    assert!(!fits::<Once>("once", true), "it went with the panic");
}

#[test]
fn a_static_is_read_by_all_threads() {
    let _alone = alone();
    static KEPT: Kept<std::sync::Mutex<Vec<usize>>> = Kept::new(std::sync::Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        (0..4).for_each(|n| drop(scope.spawn(move || recoil_store::lock(&KEPT).push(n))));
    });
    let mut all = recoil_store::lock(&KEPT).clone();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3]);
}

#[test]
fn the_errors_behind_an_error_of_the_notebook_are_told() {
    let _alone = alone();
    #[derive(Debug)]
    struct Own(std::num::ParseIntError);
    impl std::fmt::Display for Own {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("no number")
        }
    }
    impl std::error::Error for Own {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let causes = || {
        let own = "x".parse::<i32>().map_err(Own).expect_err("no number");
        match Stop::of(&own).why() {
            Why::Error { causes, .. } => causes,
            Why::Interrupted => panic!("nobody has asked"),
        }
    };
    assert!(causes().is_empty(), "nobody knows that it is an error");
    {
        use cause_kinds::*;
        (&&Cause::<Own>(std::marker::PhantomData)).known();
        (&&Cause::<str>(std::marker::PhantomData)).known();
    }
    assert_eq!(causes(), ["invalid digit found in string"]);
    let wrapped = std::io::Error::other(Own("y".parse::<i32>().expect_err("no number")));
    assert!(
        matches!(Stop::of(&wrapped).why(), Why::Error { causes, .. } if causes == ["invalid digit found in string"])
    );
}

/// Notebooks of many cells in an order that nobody thought of, beside a model that only knows texts.
#[test]
fn long_notebooks_are_as_a_model_has_them() {
    let _alone = alone();
    const CELLS: usize = if cfg!(miri) { 300 } else { 30_000 };
    let mut state = 7_u64;
    let mut next = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut model: BTreeMap<&str, String> = BTreeMap::new();
    for cell in 0..CELLS {
        let name = ["a", "b", "c", "d"][next(4) as usize];
        let kind = next(3);
        let text = format!("{cell}");
        match next(5) {
            0 | 1 => {
                match kind {
                    0 => put::<_, 0>(name, None, text.clone()),
                    1 => put::<_, 0>(name, None, vec![Box::new(text.clone())]),
                    _ => put::<_, 0>(name, None, Rc::new((cell, text.clone()))),
                }
                model.insert(name, format!("{kind} {text}"));
            }
            2 => {
                forget(&[name]);
                cell!([], [],);
                model.remove(name);
            }
            _ => {
                let of = |wanted: u64| model.get(name).and_then(|known| known.strip_prefix(&format!("{wanted} ")));
                begin();
                let found = match kind {
                    0 => ready(fits::<String>(name, true)).then(|| {
                        let value: String = take::<String, 0>(name);
                        keep(name, value.clone());
                        value
                    }),
                    1 => ready(fits::<Vec<Box<String>>>(name, true)).then(|| *copy::<Vec<Box<String>>, 0>(name).remove(0)),
                    _ => {
                        ready(fits::<Rc<(usize, String)>>(name, true)).then(|| copy::<Rc<(usize, String)>, 0>(name).1.clone())
                    }
                };
                assert_eq!(found.as_deref(), of(kind), "cell {cell}");
                if found.is_none() {
                    // A type that does not fit is a value that is lost.
                    model.remove(name);
                }
            }
        }
        assert!(names().iter().eq(model.keys()), "cell {cell}: {:?} and {model:?}", names());
    }
}
