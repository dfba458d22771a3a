//! Types and values of columns.
//!
//! A column is numbers, truth values or text, or lists of these. Values are plain buffers: what is wanted of them, an Arrow
//! array or a NumPy array, can take them over without a copy. It must not know trees or files.

mod append;
mod swap;
mod types;
mod values;

pub(crate) use swap::{Packing, Prim, Range, Slot, turn};
pub use types::{Column, Skipped, Type};
pub use values::{Text, Values};
