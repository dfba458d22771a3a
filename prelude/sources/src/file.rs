//! The file of a table: a local one is opened anew for each reading, one that is elsewhere stays open.

use crate::source::Identity;
use recoil_bytes::{Bytes, Held};
use segment::{Error, Place, Result};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A file of which a table knows how it was when it was opened.
#[derive(Debug)]
pub(crate) struct TableFile {
    name: String,
    at: At,
    identity: Identity,
}

#[derive(Debug)]
enum At {
    Here(PathBuf),
    Elsewhere(Bytes),
}

impl TableFile {
    /// Opens a file by its path or address; the bytes are open, too, to look into it.
    ///
    /// # Errors
    /// A file that is not there or may not be read.
    pub(crate) fn open(path: &Path) -> Result<(Self, Bytes)> {
        let name = shown(path);
        let place = Place::file(name.as_str());
        match address(path) {
            Some(address) => {
                let bytes = remote::open(address).map_err(|error| told(&place, error.into()))?;
                let identity = Identity::named(&name, bytes.elsewhere().and_then(|file| file.identity()))?;
                Ok((Self { name, at: At::Elsewhere(bytes.clone()), identity }, bytes))
            }
            None => {
                let identity = Identity::file(path)?;
                let bytes = Bytes::open(path).map_err(|error| told(&place, error))?;
                Ok((Self { name, at: At::Here(path.to_owned()), identity }, bytes))
            }
        }
    }

    /// What messages and listings call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What caches may key its parts by.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// Where it is on this machine.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.at {
            At::Here(path) => Some(path),
            At::Elsewhere(_) => None,
        }
    }

    /// Whether a question for bytes goes over a network.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(self.at, At::Elsewhere(_))
    }

    /// Its bytes, those of the file that was opened. A local file is opened anew: thousands of files do not hold thousands
    /// of descriptors, and a file that was replaced since is noticed instead of being read with what was known of the old
    /// one. Of a file that is elsewhere every answer says whether it is still the same.
    ///
    /// # Errors
    /// A file that has changed since it was opened, or is gone.
    pub(crate) fn bytes(&self, place: &Place) -> Result<Bytes> {
        self.unchanged(place)?;
        match &self.at {
            At::Here(path) => Bytes::open(path).map_err(|error| told(place, error)),
            At::Elsewhere(bytes) => Ok(bytes.clone()),
        }
    }

    /// Refuses a local file that is no longer what it was when it was opened.
    ///
    /// # Errors
    /// A file that has changed since it was opened, or is gone.
    pub(crate) fn unchanged(&self, place: &Place) -> Result<()> {
        self.path().map_or(Ok(()), |path| self.identity.unchanged(path, place))
    }

    /// Begins to fetch ranges that are going to be held, if the file is elsewhere.
    pub(crate) fn expect(&self, ranges: impl FnOnce() -> Vec<Range<u64>>) {
        if let At::Elsewhere(bytes) = &self.at {
            bytes.expect(ranges());
        }
    }

    /// Brings ranges into memory if the file is elsewhere, as long as the answer lives.
    ///
    /// # Errors
    /// What the server or the connection says.
    pub(crate) fn hold(&self, ranges: impl FnOnce() -> Vec<Range<u64>>, place: &Place) -> Result<Held> {
        match &self.at {
            At::Here(_) => Ok(Held::default()),
            At::Elsewhere(bytes) => bytes.hold(&ranges()).map_err(|error| told(place, error)),
        }
    }
}

/// The address that a path is, if it is one of a file that is elsewhere.
pub(crate) fn address(path: &Path) -> Option<&str> {
    path.to_str().filter(|text| remote::is_address(text))
}

/// How a path is shown: an address without its secrets.
pub fn shown(path: &Path) -> String {
    address(path).map_or_else(|| path.display().to_string(), remote::shown)
}

/// Whether a path is the address of a file that is elsewhere.
pub fn is_elsewhere(path: &Path) -> bool {
    address(path).is_some()
}

/// Whether an address may be one of a folder.
pub fn has_folders(path: &Path) -> bool {
    address(path).is_some_and(remote::has_folders)
}

/// A file or folder in a folder that is elsewhere.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its address.
    pub path: PathBuf,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Bytes of a file.
    pub size: u64,
}

impl From<remote::Entry> for Listed {
    fn from(entry: remote::Entry) -> Self {
        Self { path: entry.address.into(), is_folder: entry.is_folder, size: entry.size }
    }
}

/// What is in a folder that is elsewhere, in the order of the names.
///
/// # Errors
/// What the server says.
pub fn list(folder: &Path) -> std::result::Result<Vec<Listed>, String> {
    let entries = remote::list(&folder.to_string_lossy()).map_err(|error| error.to_string())?;
    Ok(entries.into_iter().map(Listed::from).collect())
}

/// What a glob matches that is elsewhere, in order.
///
/// # Errors
/// What is no glob, and what the server says.
pub fn matching(pattern: &Path) -> std::result::Result<Vec<Listed>, String> {
    let entries = remote::matching(&pattern.to_string_lossy()).map_err(|error| error.to_string())?;
    Ok(entries.into_iter().map(Listed::from).collect())
}

/// The bytes of a file by its path or address, for formats that are not read here.
///
/// # Errors
/// A file that is not there or may not be read.
pub fn bytes(path: &Path) -> Result<Bytes> {
    Ok(TableFile::open(path)?.1)
}

/// An error of a file as one of the table at a place.
pub(crate) fn told(place: &Place, error: std::io::Error) -> Error {
    match segment::work::interrupted() {
        true => Error::Interrupted,
        false => Error::read(place, error.to_string()),
    }
}
