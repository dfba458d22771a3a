//! A name in a folder that is elsewhere, and what is said of it.

use crate::error::RemoteError;

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

/// One page of a list of objects, which have keys with slashes in place of folders.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Keys and their bytes.
    pub(crate) objects: Vec<(String, u64)>,
    /// Prefixes with the slash at their end.
    pub(crate) folders: Vec<String>,
    /// What to ask for next, if there is more.
    pub(crate) next: Option<String>,
}

/// The names in the folder `key` at an address, from all pages; `ask` gets the prefix of the folder, and what the page before
/// said is next.
pub(crate) fn of_pages(
    address: &str,
    key: &str,
    mut ask: impl FnMut(&str, Option<String>) -> Result<Page, RemoteError>,
) -> Result<Vec<Entry>, RemoteError> {
    let prefix = match key.trim_end_matches('/') {
        "" => String::new(),
        key => format!("{key}/"),
    };
    let root = address.trim_end_matches('/').strip_suffix(prefix.trim_end_matches('/')).unwrap_or(address);
    let root = root.trim_end_matches('/');
    let entry = |key: &str, size: u64, is_folder: bool| Entry {
        address: format!("{root}/{}", key.trim_end_matches('/')),
        name: key.strip_prefix(&prefix).unwrap_or(key).trim_end_matches('/').to_owned(),
        size,
        is_folder,
    };
    let (mut entries, mut next) = (Vec::new(), None);
    loop {
        let page = ask(&prefix, next)?;
        entries.extend(page.folders.iter().map(|key| entry(key, 0, true)));
        // Some tools write an object of no bytes for the folder itself.
        let files = page.objects.iter().filter(|(key, _)| *key != prefix && !key.ends_with('/'));
        entries.extend(files.map(|(key, size)| entry(key, *size, false)));
        next = page.next;
        if next.is_none() {
            return Ok(entries);
        }
    }
}

/// The letter of a name of XML such as `amp` or `#38`.
pub(crate) fn letter(name: &str) -> String {
    let letter = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => name.strip_prefix('#').and_then(|code| {
            let code = code.strip_prefix('x').map_or_else(|| code.parse(), |hex| u32::from_str_radix(hex, 16)).ok()?;
            char::from_u32(code)
        }),
    };
    letter.map(String::from).unwrap_or_default()
}
