//! What a thread keeps between records.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::container::record::Record;

/// What each thread keeps between records.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) record: Record,
    /// Per bank, the payload of each wanted event: where in the record's body, and rows.
    pub(crate) pieces: Vec<Vec<Piece>>,
}

/// Scratch that is not in use: reading a file piece by piece would else take fresh memory for every piece.
#[derive(Default)]
pub(crate) struct Spare(Mutex<Vec<Scratch>>);

impl Spare {
    fn lock(&self) -> MutexGuard<'_, Vec<Scratch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self) -> Scratch {
        self.lock().pop().unwrap_or_default()
    }

    pub(crate) fn put(&self, scratch: Scratch) {
        self.lock().push(scratch);
    }
}

/// Where in a record's body the payload of a bank is.
#[derive(Clone, Copy, Default)]
pub(crate) struct Piece {
    pub(crate) event: u32,
    pub(crate) start: u32,
    pub(crate) rows: u32,
}
