//! Text: from what the user typed to what evcxr gets, and the way back.
//!
//! In comes a cell; [`magic`] takes off the lines that are not Rust, [`parse`] takes the Rust apart, [`generate`] writes the
//! code that is compiled, and [`edits`] remembers where each byte of it came from. Everything here is a function of its
//! arguments; [`files`] alone looks at the disk, for files that a cell names. This storey knows no processes and no compiler.

mod copies;
pub(crate) mod definitions;
pub(crate) mod edits;
pub(crate) mod errors;
pub(crate) mod files;
pub(crate) mod generate;
pub(crate) mod magic;
pub(crate) mod makers;
pub(crate) mod marks;
pub(crate) mod notebook;
pub(crate) mod parse;
pub(crate) mod parsed;
pub(crate) mod rewrite;
pub(crate) mod statics;
pub(crate) mod tries;
