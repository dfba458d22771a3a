//! The prelude.
mod exports;
pub use exports::*;
