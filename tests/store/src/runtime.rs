//! Files of the prelude's runtime, unchanged. Without a kernel its messages go nowhere.

#[path = "../../../prelude/src/runtime/cell.rs"]
mod cell;
#[path = "../../../prelude/src/runtime/ending.rs"]
mod ending;
#[path = "../../../prelude/src/runtime/kept.rs"]
mod kept;
#[path = "../../../prelude/src/runtime/link.rs"]
mod link;
#[path = "../../../prelude/src/runtime/places.rs"]
mod places;
#[path = "../../../prelude/src/runtime/store.rs"]
mod store;
#[path = "../../../prelude/src/runtime/threads.rs"]
mod threads;

pub use cell::{begin, block_on, checkpoint, fits, guard, ready, recoil_cell_failed, run};
pub use ending::{Cause, Failed, Stop, StopsCell, Why, cause_kinds};
pub use kept::Kept;
pub use link::recoil_take_text;
pub use store::{Names, Peek, copy, keep, kinds as peek_kinds, put, take};
pub use threads::of_cell;

/// Names of all variables.
pub fn names() -> Vec<String> {
    store::list().into_iter().map(|variable| variable.name).collect()
}

/// What the kernel wants forgotten before the next cell.
pub fn forget(names: &[&str]) {
    store::forget(names.iter().map(|name| (*name).to_owned()).collect());
}
