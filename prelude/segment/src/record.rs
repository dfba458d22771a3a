//! What an answer was made from, as far as only the rooms know it: seeds of random choices, rows of tables. Whoever keeps
//! records takes them with [`take`]; and it may say, with [`set_origin`], what files that are saved now are to carry.

use crate::lock::lock;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// More notes than this are not kept between two calls of [`take`].
const MOST: usize = 10_000;

/// One thing that was noted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// A random choice, named after the step that made it.
    Seed {
        /// The step: `sample`, `toy`.
        step: &'static str,
        /// Its seed.
        seed: u64,
    },
    /// A table that was opened.
    Rows {
        /// Its file, as the user named it.
        file: PathBuf,
        /// Its rows.
        rows: u64,
    },
}

// Shared by all cells of a notebook: the prelude is one dylib, so these statics exist once.
static NOTES: Mutex<BTreeSet<Note>> = Mutex::new(BTreeSet::new());
static ORIGIN: Mutex<String> = Mutex::new(String::new());

fn note(note: Note) {
    let mut notes = lock(&NOTES);
    if notes.len() < MOST {
        notes.insert(note);
    }
}

/// Notes the seed of a random choice.
pub fn seed(step: &'static str, seed: u64) {
    note(Note::Seed { step, seed });
}

/// Notes how many rows the table in a file has.
pub fn rows(file: &Path, rows: u64) {
    note(Note::Rows { file: file.to_path_buf(), rows });
}

/// All notes since the last call, each once.
pub fn take() -> Vec<Note> {
    std::mem::take(&mut *lock(&NOTES)).into_iter().collect()
}

/// Says what pictures that are saved from now on carry as their origin; an empty text ends that.
pub fn set_origin(text: &str) {
    text.clone_into(&mut lock(&ORIGIN));
}

/// What a picture that is saved now is to carry as its origin; empty when there is nothing to say.
pub fn origin() -> String {
    lock(&ORIGIN).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_taken_once_and_equal_ones_are_one() {
        seed("test of record", 7);
        seed("test of record", 7);
        rows(Path::new("test of record.csv"), 5);
        let own = |note: &&Note| match note {
            Note::Seed { step, .. } => *step == "test of record",
            Note::Rows { file, .. } => file.starts_with("test of record.csv"),
        };
        assert_eq!(take().iter().filter(own).count(), 2);
        assert_eq!(take().iter().filter(own).count(), 0);
    }
}
