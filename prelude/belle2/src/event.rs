//! The columns by which basf2 names events.

/// The columns that together name an event; those that a table has are used.
pub const KEYS: [&str; 4] = ["__experiment__", "__run__", "__event__", "__production__"];

/// The column with the number of candidates that an event had when it was written.
pub const LISTED: &str = "__ncandidates__";

/// Whether a table with these columns was written by basf2: it has the columns `__experiment__`, `__run__` and `__event__`.
///
/// ```
/// assert!(belle2::event::is_recognised(["__experiment__", "__run__", "__event__", "p"]));
/// assert!(!belle2::event::is_recognised(["run", "event", "E"]));
/// ```
pub fn is_recognised<'a>(columns: impl IntoIterator<Item = &'a str>) -> bool {
    let wanted = &KEYS[..3];
    let mut found = [false; 3];
    for column in columns {
        if let Some(at) = wanted.iter().position(|key| *key == column) {
            found[at] = true;
        }
    }
    found == [true; 3]
}
