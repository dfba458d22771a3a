//! The variables of the notebook, from cell to cell.

use super::link::lock;
use port::Variable;
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
}

/// Variables that the kernel wants forgotten before the next cell.
static FORGOTTEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What can stand inside strings that are given to a variable's methods.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// What `group("..")` takes.
    pub groups: Vec<String>,
    /// What `hist("..")` and `query("..")` take.
    pub columns: Vec<String>,
}

/// Looks at a variable for [`Names`]; which of the traits of [`kinds`] answers depends on the type.
pub struct Peek<'a, T: ?Sized>(pub &'a T);

/// The ways to look at a variable, best first.
pub mod kinds {
    use super::{Names, Peek};
    use polars::prelude::{DataFrame, LazyFrame};

    /// Frames know their columns.
    pub trait PeekFrame {
        /// Columns.
        fn names(&self) -> Names;
    }
    impl PeekFrame for &Peek<'_, DataFrame> {
        fn names(&self) -> Names {
            let columns = self.0.get_column_names().iter().map(ToString::to_string).collect();
            Names { columns, ..Names::default() }
        }
    }
    impl PeekFrame for &Peek<'_, LazyFrame> {
        fn names(&self) -> Names {
            let schema = self.0.clone().collect_schema();
            let columns = schema.map(|schema| schema.iter_names().map(ToString::to_string).collect());
            Names { columns: columns.unwrap_or_default(), ..Names::default() }
        }
    }
    /// Everything else has none.
    pub trait PeekAny {
        /// Nothing.
        fn names(&self) -> Names;
    }
    impl<T: ?Sized> PeekAny for Peek<'_, T> {
        fn names(&self) -> Names {
            Names::default()
        }
    }
}

/// Stores a variable. `INDEX` makes the call recognisable in the compiler's intermediate representation, where the
/// kernel reads the variable's type; `inline(never)` keeps the call there.
#[inline(never)]
pub fn put<T: 'static, const INDEX: usize>(name: &str, names: Names, value: T) {
    let stored = Stored { value: Box::new(value), names };
    STORE.with_borrow_mut(|store| store.insert(name.to_owned(), stored));
}

/// Takes a variable out of the store. [`holds`] has been asked before, in the same cell.
///
/// # Panics
/// When the variable is not there with this type, which [`super::fits`] excludes.
pub fn take<T: 'static>(name: &str) -> T {
    let stored = STORE.with_borrow_mut(|store| store.remove(name));
    let value = stored.map(|stored| stored.value.downcast::<T>());
    match value {
        Some(Ok(value)) => *value,
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
