//! Streamed objects: a cursor over the bytes of one record.
//!
//! In go bytes that may be anything; out come numbers, texts and pointers, or an error. Everything is big-endian. An object
//! says how many bytes it has, and a reader continues after them, so that unknown members do no harm.
//! It must not know files, classes or trees.

mod cursor;
mod pointer;

pub(crate) use cursor::{Cursor, latin};
pub(crate) use pointer::{Pointer, Pointers};
