//! Directories: lists of keys, and the directories in them.

use super::{Bytes, Key};
use crate::error::{Error, Result};
use crate::stream::Cursor;

/// An object of a file: its directory (`""`, or `a/b/` with the slash at the end) and its key.
pub(crate) type Found = (String, Key);

/// Directories in directories that are followed.
const DEPTH: usize = 64;
const LARGE: i16 = 1000;
/// A record of a directory.
const RECORD: usize = 64;

/// The objects of the directory whose record is at `at`, and of all directories below it.
pub(crate) fn list(bytes: &Bytes, at: u64) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut seen = Vec::new();
    walk(bytes, at, "", &mut seen, &mut found)?;
    Ok(found)
}

/// Position and size of the list of keys of a directory; 0 when it was never written.
pub(crate) fn keys_at(bytes: &Bytes, at: u64) -> Result<(u64, u64)> {
    let record = bytes.up_to(at, RECORD)?;
    let mut cursor = Cursor::new(&record);
    let version = cursor.i16()?;
    cursor.skip(8)?;
    let size = cursor.u32()?.into();
    cursor.skip(4)?;
    if version > LARGE {
        cursor.skip(16)?;
        Ok((cursor.u64()?, size))
    } else {
        cursor.skip(8)?;
        Ok((cursor.u32()?.into(), size))
    }
}

fn walk(bytes: &Bytes, at: u64, path: &str, seen: &mut Vec<u64>, found: &mut Vec<Found>) -> Result<()> {
    if seen.contains(&at) || path.matches('/').count() > DEPTH {
        // A directory that holds itself.
        return Ok(());
    }
    seen.push(at);
    let place = |error: Error| if path.is_empty() { error.at(at) } else { error.at(at).in_object(path) };
    let (keys, size) = keys_at(bytes, at).map_err(place)?;
    if keys == 0 {
        return Ok(());
    }
    for (key, _) in parse(bytes, keys, size).map_err(place)? {
        let inner = matches!(key.class.as_str(), "TDirectory" | "TDirectoryFile");
        let (to, name) = (key.seek.saturating_add(u64::from(key.header)), format!("{path}{}/", key.name));
        found.push((path.to_owned(), key));
        if inner {
            walk(bytes, to, &name, seen, found)?;
        }
    }
    Ok(())
}

/// Names and keys of the directory whose record is at `at`, each as the list has it; `None` without a list.
pub(crate) fn keys_of(bytes: &Bytes, at: u64) -> Result<Option<Vec<(String, Vec<u8>)>>> {
    let (keys, size) = keys_at(bytes, at)?;
    if keys == 0 {
        return Ok(None);
    }
    let keys = parse(bytes, keys, size)?;
    Ok(Some(keys.into_iter().map(|(key, raw)| (key.name, raw)).collect()))
}

/// The keys of a list, and the bytes of each. Its own record and the directory both say its size; some writers are wrong
/// in one of them.
fn parse(bytes: &Bytes, at: u64, size: u64) -> Result<Vec<(Key, Vec<u8>)>> {
    let list = Key::read(bytes, at)?;
    let record = bytes.up_to(at, list.size.max(size) as usize)?;
    let mut cursor = Cursor::new(&record);
    cursor.go(usize::from(list.header))?;
    let number = cursor.count(1, "a list of keys")?;
    let one = |_| {
        let start = cursor.at();
        let key = Key::parse(&mut cursor).map_err(|error| error.at(at))?;
        Ok((key, record[start..cursor.at()].to_vec()))
    };
    (0..number).map(one).collect()
}
