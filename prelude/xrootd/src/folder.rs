//! What is in a folder, and what a name is.

use crate::error::Error;
use crate::file::follow;
use crate::options::Options;
use crate::url::Url;
use crate::wire;
use crate::wire::{Stat, ask};

/// A name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name alone.
    pub name: String,
    /// What the server says of it.
    pub stat: Stat,
}

/// Names and what is said of each.
const SAY_STAT: u8 = 2;
/// Bytes of a list at most: a million names of ordinary length.
const MOST: usize = 128 << 20;

/// The names in a folder, in order.
///
/// # Errors
/// As [`File::open`](crate::file::File::open); a file is no folder.
pub fn entries(url: &Url, options: &Options) -> Result<Vec<Entry>, Error> {
    let arguments = wire::arguments(&[&[0; 15], &[SAY_STAT]]);
    let (_, answer) = follow(url, options, ask::DIRLIST, arguments, MOST)?;
    let folder = url.path.trim_end_matches('/');
    let mut entries = Vec::new();
    for (name, said) in wire::names(&answer)? {
        // Servers older than version 3 give names alone.
        let said = said.map_or_else(|| stat(&url.with_path(&format!("{folder}/{name}")), options), Ok)?;
        entries.push(Entry { name, stat: said });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// What a server says of a file or folder.
///
/// # Errors
/// As [`File::open`](crate::file::File::open).
pub fn stat(url: &Url, options: &Options) -> Result<Stat, Error> {
    let (_, answer) = follow(url, options, ask::STAT, [0; 16], 64 << 10)?;
    wire::stat(&wire::text(&answer))
}
