//! The variables of the notebook, from cell to cell.

use port::Variable;
use segment::{Sealed, lock};
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Mutex;

struct Stored {
    value: Box<dyn Any>,
    names: Names,
}

thread_local! {
    // Only the thread that runs cells has variables, so they need not be `Send`.
    static STORE: RefCell<HashMap<String, Stored>> = RefCell::default();
    /// Names of the variables that the present cell has taken.
    static TAKEN: RefCell<HashMap<String, Names>> = RefCell::default();
}

/// Variables that the kernel wants forgotten before the next cell.
static FORGOTTEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What can stand inside strings that are given to a variable's methods.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// What `group("..")` takes.
    pub groups: Vec<String>,
    /// What `hist("..")` and `query("..")` take; of a fit its parameters.
    pub columns: Vec<String>,
}

/// Looks at a variable for [`Names`]; which of the traits of [`kinds`] answers depends on the type.
pub struct Peek<'a, T: ?Sized>(pub &'a T);

/// The ways to look at a variable, best first: all of one trait, as in [`super::tail_kinds`].
pub mod kinds {
    use super::{Names, Peek};
    use polars::prelude::{DataFrame, LazyFrame};
    use segment::Sealed;

    /// How names are found.
    pub trait PeekKind {
        /// What is known of them.
        fn names(&self) -> Option<Sealed<Names>>;
    }
    // Frames know their columns.
    impl PeekKind for &Peek<'_, DataFrame> {
        fn names(&self) -> Option<Sealed<Names>> {
            let columns = self.0.get_column_names().iter().map(ToString::to_string).collect();
            Some(Sealed::new(Names { columns, ..Names::default() }))
        }
    }
    impl PeekKind for &Peek<'_, LazyFrame> {
        fn names(&self) -> Option<Sealed<Names>> {
            let schema = self.0.clone().collect_schema();
            let columns = schema.map(|schema| schema.iter_names().map(ToString::to_string).collect());
            Some(Sealed::new(Names { columns: columns.unwrap_or_default(), ..Names::default() }))
        }
    }
    impl PeekKind for &Peek<'_, data::Data> {
        fn names(&self) -> Option<Sealed<Names>> {
            Some(Sealed::new(of_group(self.0)))
        }
    }
    impl PeekKind for &Peek<'_, data::Group> {
        fn names(&self) -> Option<Sealed<Names>> {
            Some(Sealed::new(of_group(self.0)))
        }
    }
    // A fit knows its parameters.
    impl PeekKind for &Peek<'_, hist::FitResult> {
        fn names(&self) -> Option<Sealed<Names>> {
            let columns = self.0.parameters.iter().map(|parameter| parameter.name.clone()).collect();
            Some(Sealed::new(Names { columns, ..Names::default() }))
        }
    }
    #[inline(never)]
    fn of_group(group: &data::Group) -> Names {
        let groups = group.groups().into_iter().chain(group.processes()).collect();
        Names { groups, columns: group.names_after_steps() }
    }
    // Everything else has none.
    impl<T: ?Sized> PeekKind for Peek<'_, T> {
        fn names(&self) -> Option<Sealed<Names>> {
            None
        }
    }
}

/// Stores a variable. `INDEX` makes the call recognisable in the compiler's intermediate representation, where the
/// kernel reads the variable's type; the kernel has rustc inline nothing there.
///
/// Every cell compiles its own copy of this function for its own type, so it does nothing but hand on. It and the others here
/// have no `inline(never)`: for such a function rustc looks whether any crate of the prelude has compiled it already, and
/// reads lists of all that they have, which takes it longer than the rest of the cell.
pub fn put<T: 'static, const INDEX: usize>(name: &str, names: Option<Sealed<Names>>, value: T) {
    put_any(name, names, Box::new(value));
}

#[inline(never)]
fn put_any(name: &str, names: Option<Sealed<Names>>, value: Box<dyn Any>) {
    let stored = Stored { value, names: names.map(Sealed::into_inner).unwrap_or_default() };
    STORE.with_borrow_mut(|store| store.insert(name.to_owned(), stored));
}

/// Puts a variable back that the cell only used; what is known of its names stays as it was.
pub fn keep<T: 'static>(name: &str, value: T) {
    keep_any(name, Box::new(value));
}

#[inline(never)]
fn keep_any(name: &str, value: Box<dyn Any>) {
    let names = TAKEN.with_borrow_mut(|taken| taken.remove(name));
    put_any(name, names.map(Sealed::new), value);
}

/// Takes a variable out of the store. Only called when [`super::fits`] has said that it is there with this type.
/// `INDEX` makes the call recognisable in the compiler's description of types.
pub fn take<T: 'static, const INDEX: usize>(name: &str) -> T {
    let value = Box::into_raw(take_any(name, TypeId::of::<T>()));
    // SAFETY: `take_any` returns only boxes that hold a value of the type with this id, which is `T`.
    *unsafe { Box::from_raw(value.cast::<T>()) }
}

/// A copy of a variable, which stays in the store. Only called when [`super::fits`] has said that it is there with this
/// type.
pub fn copy<T: Clone + 'static, const INDEX: usize>(name: &str) -> T {
    // Taken out while it is copied, because `clone` may run any code.
    let value: T = take::<T, INDEX>(name);
    let copy = value.clone();
    keep(name, value);
    copy
}

#[inline(never)]
fn take_any(name: &str, kind: TypeId) -> Box<dyn Any> {
    let stored = STORE.with_borrow_mut(|store| store.remove(name));
    match stored {
        Some(stored) if (*stored.value).type_id() == kind => {
            TAKEN.with_borrow_mut(|taken| taken.insert(name.to_owned(), stored.names));
            stored.value
        }
        _ => panic!("the variable `{name}` is not there"),
    }
}

/// Whether a variable is there, with exactly this type.
pub(crate) fn holds(name: &str, kind: TypeId) -> bool {
    STORE.with_borrow(|store| store.get(name).is_some_and(|stored| (*stored.value).type_id() == kind))
}

/// Forgets variables before the next cell; called from the socket's thread.
pub(crate) fn forget(names: Vec<String>) {
    lock(&FORGOTTEN).extend(names);
}

/// Does what [`forget`] asked for.
pub(crate) fn sweep() {
    let names = std::mem::take(&mut *lock(&FORGOTTEN));
    let dropped: Vec<_> = STORE.with_borrow_mut(|store| names.iter().filter_map(|name| store.remove(name)).collect());
    // Dropped here, when the store is not borrowed: a value's `drop` is user code.
    drop(dropped);
}

/// All variables, for the kernel's table.
pub(crate) fn list() -> Vec<Variable> {
    STORE.with_borrow(|store| {
        let mut variables: Vec<_> = store
            .iter()
            .map(|(name, stored)| Variable {
                name: name.clone(),
                text: String::new(),
                groups: stored.names.groups.clone(),
                columns: stored.names.columns.clone(),
            })
            .collect();
        variables.sort_by(|a, b| a.name.cmp(&b.name));
        variables
    })
}
