//! Memory by the page, for readers of large files.
//!
//! [`Mapped`] is a file whose bytes are read where the system keeps them, and that answers with `None`, not with a signal,
//! when they cannot be had. [`in_large_pages`] asks for large pages for a column that is about to be filled. Both are
//! wishes: where the system cannot grant them, readers do without.
//!
//! `hipo` and `events` are published apart and may not import each other, so this folder is part of both: one of them
//! has it, the other a link to it.

mod large;
mod mapped;

pub(crate) use large::in_large_pages;
pub(crate) use mapped::Mapped;
