//! A client of XRootD servers, the file servers of particle physics: files are opened, listed and read in parts.
//!
//! **In**: an address (`root://host:1094//path/file.root`). **Out**: ranges of bytes of a file, or names in a folder, or an
//! [`Error`] with the server's own words. A file may be read by several threads, whose requests share its connection and are
//! answered in any order. Beside the standard library, the crate needs `rustls` for encrypted connections; sockets block,
//! and a question to the caller ([`Options::stop`]) ends a wait.
//!
//! What is spoken is the protocol's version 5 (XRootD Protocol Reference, <https://xrootd.slac.stanford.edu/docs.html>), of
//! which a reader needs: the handshake, `kXR_protocol`, `kXR_login`, `kXR_auth` with the methods `unix`, `host` and `ztn`,
//! `kXR_open`, `kXR_stat`, `kXR_read`, `kXR_readv`, `kXR_close`, `kXR_dirlist`, and the answers redirect, wait, "answer
//! later" and error. Connections are encrypted where the address (`roots://`) or the server wants that. Not spoken:
//! Kerberos, certificates of users, and everything that writes.
//!
//! ```no_run
//! let options = recoil_xrootd::Options::default();
//! let url: recoil_xrootd::Url = "root://host//data/run7.root".parse()?;
//! let file = recoil_xrootd::File::open(&url, &options)?;
//! let ends = file.ranges(&[0..100, file.size() - 100..file.size()])?;
//! # Ok::<(), recoil_xrootd::Error>(())
//! ```

mod auth;
mod connection;
mod error;
#[cfg(test)]
mod fake;
mod file;
mod folder;
mod login;
mod options;
mod pending;
mod tls;
mod url;
mod wire;

pub use error::Error;
pub use file::File;
pub use folder::{Entry, entries, stat};
pub use options::Options;
pub use url::Url;
pub use wire::Stat;

/// For the fuzz targets: what becomes of bytes that a server sent.
#[doc(hidden)]
pub fn parse_reply(bytes: &[u8]) {
    wire::parse_all(bytes);
    pending::hear_all(bytes);
}
