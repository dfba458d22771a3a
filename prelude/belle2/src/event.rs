//! The columns by which basf2 names events.

/// The columns that together name an event; those that a table has are used.
pub const KEYS: [&str; 4] = ["__experiment__", "__run__", "__event__", "__production__"];

/// The column with the number of candidates that an event had when it was written.
pub const LISTED: &str = "__ncandidates__";

/// Whether a table with these columns was written by basf2: it has the number of candidates, or the event beside the run, the
/// experiment or the production. A column `__event__` alone is found in other formats, too.
///
/// ```
/// assert!(belle2::event::is_recognised(["__experiment__", "__run__", "__event__", "p"]));
/// assert!(!belle2::event::is_recognised(["__event__", "run", "E"]));
/// ```
pub fn is_recognised<'a>(columns: impl IntoIterator<Item = &'a str>) -> bool {
    let (mut event, mut other) = (false, false);
    for column in columns {
        match column {
            LISTED => return true,
            "__event__" => event = true,
            column => other |= KEYS.contains(&column),
        }
    }
    event && other
}
