//! What is kept, where, and why.

/// What is done with columns of an estimated size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// All columns are read first and kept.
    Keep,
    /// Segments pass by, and are kept as far as the cache has room.
    StreamAndCache,
    /// Segments pass by and are not kept.
    Stream,
    /// What does not fit goes to the spill disk, compressed.
    Spill,
}

/// A line of the controller's table.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it is about.
    pub what: String,
    /// Its estimated bytes.
    pub bytes: u64,
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub why: String,
}

/// Decides what is kept in memory, and remembers why.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MaterializationController {
    entries: Vec<Entry>,
}

impl MaterializationController {
    /// Remembers what was decided elsewhere.
    pub fn note(&mut self, what: impl Into<String>, bytes: u64, decision: Decision, why: impl Into<String>) {
        self.entries.push(Entry { what: what.into(), bytes, decision, why: why.into() });
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// The table.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
