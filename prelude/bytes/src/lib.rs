//! The bytes of files, for readers of large files.
//!
//! **In**: a path, or a [`Remote`] that the caller has opened. **Out**: its bytes, in place where the system maps the file,
//! else by positioned reads; never a change of what they are. [`in_large_pages`] asks for large pages for a column that is
//! about to be filled. This room knows no format and no protocol.
//!
//! [`Bytes`] are those of a file wherever it is. A reader that knows which ranges it is going to read says so with
//! [`Bytes::hold`]: of a file that is elsewhere, they are then fetched together, and reads only copy. [`LocalFile`] is for
//! readers that want bytes in place.
//!
//! A map answers with `None`, not with a signal, when the bytes cannot be had, so that they are read instead: a file that
//! somebody shortens is found by an error. What is left of that risk is told at [`LocalFile::map`].
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("file.bin");
//! std::fs::write(&path, b"0123456789")?;
//! let file = recoil_bytes::LocalFile::open(&path)?;
//! let mut some = [0; 3];
//! file.read_at(4, &mut some)?;
//! assert_eq!((file.length(), &some), (10, b"456"));
//! assert!(file.bytes(4, 3).is_none(), "nothing is mapped before it is asked for");
//! # Ok::<(), std::io::Error>(())
//! ```

mod bytes;
mod elsewhere;
mod expected;
mod file;
mod gather;
mod large;
mod mapped;

pub use bytes::{Bytes, Reader};
pub use elsewhere::{Held, Remote};
pub use file::LocalFile;
pub use gather::{coalesced, pieces};
pub use large::in_large_pages;
