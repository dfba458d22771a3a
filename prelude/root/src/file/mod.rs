//! The container: bytes, header, keys and directories, descriptions of classes.
//!
//! In goes a path, out come the objects by name and the bytes of each. It must not know what an object is: `tree`,
//! `rntuple` and `hist` do.

mod bytes;
mod directory;
mod header;
mod key;
mod open;
mod recover;
mod streamer;

pub(crate) use bytes::Bytes;
pub(crate) use directory::keys_of;
pub(crate) use header::Header;
pub(crate) use key::Key;
pub use open::{Entry, File};
pub(crate) use streamer::{Classes, Element};
