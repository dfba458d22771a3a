//! Which lines of compiled files are the statements of which cell: what a panic of a thread is told with.
//!
//! The kernel tells the place of a panic that ends a cell. A thread may panic long after its cell, when the kernel has no
//! reason to look, so the worker keeps what it needs: a file per cell.

use super::link;
use segment::lock;
use std::collections::HashMap;
use std::panic::Location;
use std::sync::{LazyLock, Mutex};

/// The statements of a cell in its file.
struct Body {
    cell: u32,
    first: u32,
    lines: u32,
}

static BODIES: LazyLock<Mutex<HashMap<&'static str, Body>>> = LazyLock::new(Mutex::default);

/// Notes that the statements of the running cell are the `lines` lines after a place.
pub(super) fn note(before: &Location<'static>, lines: u32) {
    let body = Body { cell: link::number(), first: before.line() + 1, lines };
    lock(&BODIES).insert(before.file(), body);
}

/// ` in In[3], line 2`, as far as it is known; a place outside of cells as Rust tells it.
pub(super) fn of(place: &Location<'_>) -> String {
    match lock(&BODIES).get(place.file()) {
        Some(Body { cell, first, lines }) if (*first..first + lines).contains(&place.line()) => {
            format!(" in In[{cell}], line {}", place.line() - first + 1)
        }
        // In a function that this or an earlier cell has defined.
        Some(Body { cell, .. }) => format!(" in code of In[{cell}]"),
        None => format!(" at {place}"),
    }
}
