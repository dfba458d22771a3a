//! Memory by the page, for readers of large files.
//!
//! [`Mapped`] is a file whose bytes are read where the system keeps them, and that answers with `None`, not with a signal,
//! when they cannot be had. [`in_large_pages`] asks for large pages for a column that is about to be filled. Both are
//! wishes: where the system cannot grant them, readers do without.
//!
//! ```
//! # let mut file = tempfile::tempfile()?;
//! # std::io::Write::write_all(&mut file, b"0123456789")?;
//! // SAFETY: nobody else has the file, and its bytes are only compared.
//! if let Some(mapped) = unsafe { pages::Mapped::new(&file) } {
//!     assert_eq!(mapped.bytes(2, 4), Some(&b"2345"[..]));
//!     assert_eq!(mapped.bytes(8, 4), None);
//! }
//! # Ok::<(), std::io::Error>(())
//! ```

mod large;
mod mapped;

pub use large::in_large_pages;
pub use mapped::Mapped;
