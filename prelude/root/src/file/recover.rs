//! Files whose writer died: no list of keys was written, but the records are there.

use super::directory::Found;
use super::{Bytes, Key};

/// Walks over all records from `begin` and gives the objects among them: all that are not baskets, lists or free.
pub(crate) fn walk(bytes: &Bytes, begin: u64) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = begin;
    while at + 4 <= bytes.length() {
        let Ok(first) = bytes.get(at, 4, "a record") else { break };
        let size = i32::from_be_bytes([first[0], first[1], first[2], first[3]]);
        if size == 0 {
            break;
        }
        if size > 0
            && let Ok(key) = Key::read(bytes, at)
            && key.seek == at
            && !matches!(key.class.as_str(), "TBasket" | "TFile" | "TDirectory" | "TDirectoryFile" | "")
            && at + key.size <= bytes.length()
        {
            found.push((String::new(), key));
        }
        at += u64::from(size.unsigned_abs());
    }
    found
}
