//! The text of a table: bytes to text, text to records and fields, fields to kinds of values. It knows no frames, so that
//! a fuzzer can hold it alone.
//!
//! In go bytes and what the user has fixed; out come a [`Dialect`], ranges of fields and the [`Kind`] of each column, or a
//! [`Fault`] with the byte where reading stopped. Nothing here guesses from a name.

pub(crate) mod decode;
pub(crate) mod fault;
pub(crate) mod kind;
pub(crate) mod records;
pub(crate) mod sniff;
pub(crate) mod time;

pub(crate) use fault::Fault;
pub(crate) use kind::Kind;
pub(crate) use records::{Dialect, Field};
