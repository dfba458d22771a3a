//! What runs inside the worker: the other end of the kernel's socket, the variables of the notebook, and what a cell
//! may call to show things, ask for input and tell how far it is.
//!
//! The kernel generates code that calls the hidden items here, and its worker finds [`recoil_worker_start`],
//! [`recoil_cell_failed`] and [`recoil_take_text`] by their names; people call [`display`], [`progress`] and [`input`]. Nothing here knows Jupyter: bundles go out as messages of room `port`.

mod browse;
mod cell;
mod ending;
mod errand;
mod kept;
mod link;
mod own;
mod places;
mod progress;
mod show;
mod start;
mod stdin;
mod store;
mod tail;
mod threads;
mod waits;
mod widget;

pub use browse::{Browse, BrowseError, Browser};
pub use cell::{
    Ended, View, begin, block_on, checkpoint, divided_counts, done, fits, guard, ready, recoil_cell_failed, run, sleep,
    timeit, with_runtime,
};
pub use ending::{Cause, Failed, Stop, StopsCell, Why, cause_kinds};
pub use kept::Kept;
pub use link::recoil_take_text;
pub use macros::serve;
pub use own::Cheap;
pub use progress::{Progress, ProgressExt, progress};
pub use show::{
    clear_output, display, display_bundle, display_with_id, input, opened_or_stop, password, update_display,
};
pub use start::recoil_worker_start;
pub use stdin::{Stdin, stdin};
pub use store::{Names, Peek, copy, keep, kinds as peek_kinds, put, take};
pub use tail::{Opened, Shown, kinds as tail_kinds};
pub use threads::{of_cell, task_of_cell};
pub use waits::{
    LoopsOverMessages, Messages, WaitsForCommand, WaitsForConnection, WaitsForMessage, WaitsForProcess, WaitsForThread,
};
pub use widget::{Widget, WidgetError, slider};
