//! Room `remote`: files on servers as bytes.
//!
//! **In**: an address (`http://`, `https://`, `root://`, `roots://`, `s3://`, `gs://`, `az://`). **Out**: [`Bytes`] that are read where they are wanted,
//! or an error that says what the server or the connection said. Ranges of a file are fetched side by side, a bounded number
//! at a time; what a bad moment can cause is tried again, from the byte that came last. A file that changes while it is read
//! is an error. This room knows no format.
//!
//! The client is `reqwest`, because Polars links it already with TLS: a second one would be built for nothing. `object_store`
//! is linked by Polars without its stores; to switch them on would build Polars anew with every change of their features.

mod address;
mod azure;
mod cache;
mod coded;
mod counts;
mod entry;
mod error;
mod fetch;
mod google;
mod http;
mod list;
mod s3;
mod sign;
mod work;
mod xrootd;

pub use address::{is_address, shown};
pub use counts::{Counts, counts};
pub use entry::Entry;
pub use error::RemoteError;
pub use list::{has_folders, list, matching};

use recoil_bytes::Bytes;

/// Opens a file by its address. Its length, its identity and its first bytes are read.
///
/// # Errors
/// An address that is none, a file that is not there or may not be read, a server that does not answer or cannot send parts
/// of files.
pub fn open(address: &str) -> Result<Bytes, RemoteError> {
    match address::Address::parse(address)? {
        address::Address::Http(url) => http::open(url),
        address::Address::Xrootd(text) => xrootd::open(&text),
        address::Address::S3(text) => s3::open(&text),
        address::Address::Google(text) => google::open(&text),
        address::Address::Azure(text) => azure::open(&text),
    }
}
