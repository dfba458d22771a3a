//! An analysis in one file that others can run: an RO-Crate 1.1 (<https://w3id.org/ro/crate/1.1>), the field's standard for
//! research objects, in a zip archive.
//!
//! A notebook with fingerprints comes in; out goes an archive with the notebook, the inputs that its outputs were made
//! from, its lock, its pictures and tables, and `ro-crate-metadata.json`, which describes all of them. And back: an
//! archive becomes a folder, whose files are checked against the description. Nothing here runs a notebook.

mod describe;
mod pack;
mod unpack;

pub use pack::{Packed, Wishes, pack};
pub use unpack::{Missing, Unpacked, unpack};

use std::path::{Path, PathBuf};

/// The description of a crate, by the standard's name for it.
const DESCRIPTION: &str = "ro-crate-metadata.json";

/// Why an archive could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum CrateError {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The archive itself is at fault.
    #[error("{}: {reason}", path.display())]
    Archive {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Nothing says what the outputs were made from.
    #[error(
        "{} does not say what its outputs were made from: run `recoil run NOTEBOOK -o NOTEBOOK` first, which writes it",
        .0.display()
    )]
    NoFingerprint(PathBuf),
    /// An input is not what it was.
    #[error("input `{0}` {1} since the notebook was run: run the notebook again, or bring the input back")]
    Input(String, &'static str),
    /// An address for a file that is no input.
    #[error("--url {0}: the notebook has no input of this name; it has {1}")]
    Url(String, String),
    /// A folder with something in it.
    #[error("{} is not empty: name another folder", .0.display())]
    NotEmpty(PathBuf),
    /// A file of the archive is not the one that is described.
    #[error("{0} is not the file that the archive describes (its hash is another one): the archive was changed")]
    Changed(String),
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> CrateError {
    let path = path.to_path_buf();
    move |source| CrateError::File { path, source }
}

fn in_archive<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> CrateError {
    let path = path.to_path_buf();
    move |reason| CrateError::Archive { path, reason: reason.to_string() }
}
