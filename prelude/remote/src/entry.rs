//! A name in a folder that is elsewhere, and what is said of it.

/// A name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The address of the file or folder.
    pub address: String,
    /// Its name alone.
    pub name: String,
    /// Bytes of a file.
    pub size: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
}
