//! Why an archive could not be made or opened.

use std::path::{Path, PathBuf};

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
    /// The archive holds what is not unpacked.
    #[error("{}: {refusal}; nothing was unpacked", path.display())]
    Refused {
        /// Which archive.
        path: PathBuf,
        /// Why.
        refusal: Refusal,
    },
}

pub(super) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> CrateError {
    let path = path.to_path_buf();
    move |source| CrateError::File { path, source }
}

pub(super) fn in_archive<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> CrateError {
    let path = path.to_path_buf();
    move |reason| CrateError::Archive { path, reason: reason.to_string() }
}

/// What an archive may not hold. Names are shown with their control characters escaped: they come from anybody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A name that is absolute, has `..` in it, or characters that no file of a notebook has.
    #[error("the name `{0}` leads out of the folder")]
    Outside(String),
    /// A symbolic link.
    #[error("`{0}` is a symbolic link, which can lead out of the folder")]
    Link(String),
    /// Neither a file nor a folder.
    #[error("`{0}` is neither a file nor a folder")]
    Special(String),
    /// Two entries for one place.
    #[error("`{0}` is there twice, so that nobody knows which one counts")]
    Twice(String),
    /// A file where another entry needs a folder.
    #[error("`{0}` is a file and a folder at once")]
    Clash(String),
    /// A file that the description does not name.
    #[error("`{0}` is not described by ro-crate-metadata.json, so nothing says what it should be")]
    Undescribed(String),
    /// A file that is described and not there.
    #[error("`{0}` is described by ro-crate-metadata.json and not in the archive")]
    Lacking(String),
    /// A file of another size than its description or its own header says.
    #[error("`{name}` has {is} bytes, and {was} are described")]
    Size {
        /// Which.
        name: String,
        /// Bytes that are described.
        was: u64,
        /// Bytes that there are, as far as they were counted.
        is: u64,
    },
    /// More bytes than may be written.
    #[error(
        "its {archive} bytes would become {bytes}, more than the {most} that are allowed: \
         say `--most {bytes}` if you trust it"
    )]
    Bomb {
        /// Bytes of the archive.
        archive: u64,
        /// Bytes that it says it unpacks to.
        bytes: u64,
        /// Bytes that it may unpack to.
        most: u64,
    },
}
