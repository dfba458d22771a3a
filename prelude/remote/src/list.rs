//! Names in folders that are elsewhere.

use crate::address::{self, Address};
use crate::entry::Entry;
use crate::error::RemoteError;
use crate::{azure, google, s3, xrootd};
use glob::{MatchOptions, Pattern};

/// The names in a folder, in order.
///
/// # Errors
/// What the server says; web servers have no lists of names.
pub fn list(folder: &str) -> Result<Vec<Entry>, RemoteError> {
    let mut entries = match Address::parse(folder)? {
        Address::Http(_) => {
            let why = "web servers do not say which files they have; name them one by one";
            return Err(RemoteError::Unable { why: why.to_owned() });
        }
        Address::Xrootd(text) => xrootd::entries(&text)?,
        Address::S3(text) => s3::entries(&text)?,
        Address::Google(text) => google::entries(&text)?,
        Address::Azure(text) => azure::entries(&text)?,
    };
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// What a glob matches, in order: `*`, `?` (not in a web address), `[..]` in every part of the path, and `**` for any number
/// of folders. Only folders that can have matches are listed.
///
/// # Errors
/// What is no glob, and what the server says.
pub fn matching(pattern: &str) -> Result<Vec<Entry>, RemoteError> {
    let wrong = |error: glob::PatternError| RemoteError::Address { why: format!("not a glob ({error})") };
    let (pattern, parameters) = pattern.split_once('?').map_or((pattern, None), |(path, more)| (path, Some(more)));
    let first = pattern.find(['*', '[']).unwrap_or(pattern.len());
    let (folder, rest) = pattern.split_at(pattern[..first].rfind('/').map_or(first, |at| at + 1));
    let parts = rest.split('/').filter(|part| !part.is_empty()).map(Pattern::new);
    let parts = parts.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    let folder = parameters.map_or_else(|| folder.to_owned(), |parameters| format!("{folder}?{parameters}"));
    let mut found = Vec::new();
    descend(&folder, &parts, &mut found)?;
    found.sort_by(|a: &Entry, b| a.address.cmp(&b.address));
    found.dedup_by(|a, b| a.address == b.address);
    Ok(found)
}

fn descend(folder: &str, parts: &[Pattern], found: &mut Vec<Entry>) -> Result<(), RemoteError> {
    let Some((part, rest)) = parts.split_first() else { return Ok(()) };
    let any = part.as_str() == "**";
    if any && !rest.is_empty() {
        descend(folder, rest, found)?;
    }
    let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::default() };
    for entry in list(folder)? {
        if !any && !part.matches_with(&entry.name, options) {
            continue;
        }
        match (any, rest.is_empty()) {
            (_, true) => found.push(entry),
            (true, false) if entry.is_folder => descend(&entry.address, parts, found)?,
            (false, false) if entry.is_folder => descend(&entry.address, rest, found)?,
            _ => {}
        }
    }
    Ok(())
}

/// Whether an address may be one of a folder.
///
/// ```
/// assert!(remote::has_folders("root://host//data") && !remote::has_folders("https://host/data"));
/// ```
pub fn has_folders(address: &str) -> bool {
    address::is_address(address) && !matches!(Address::parse(address), Ok(Address::Http(_)))
}
