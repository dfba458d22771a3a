//! The entity store: what lies between two stages of a query.
//!
//! An entity is a number. What belongs to it lies in arrays of their own: the data, the rows, how many units still
//! want it. Who fetches an entity for the last time gets its data moved out, so that it is the only owner.

use crate::error::{Error, Result};
use parking_lot::Mutex;
use polars::prelude::DataFrame;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Names an entity of one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(pub u32);

#[derive(Debug, Default)]
struct Components {
    data: Vec<Option<Data>>,
    rows: Vec<Range<u64>>,
    fetches: Vec<u32>,
    /// Whether entities stay however often they are fetched.
    keep: bool,
    /// In memory.
    bytes: u64,
    /// Bytes of frames that went to disk, ever.
    spilled: u64,
}

#[derive(Debug, Clone)]
enum Data {
    Memory(DataFrame),
    Disk(crate::memory::SpillHandle),
}

/// Entities that hold data, in all stores of the process.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// Entities and their components.
#[derive(Debug, Default)]
pub struct Store {
    components: Mutex<Components>,
}

impl Store {
    /// Adds data that `fetches` units are going to fetch.
    pub fn push(&self, data: DataFrame, rows: Range<u64>, fetches: u32) -> EntityId {
        self.add(Data::Memory(data), rows, fetches)
    }

    fn add(&self, data: Data, rows: Range<u64>, fetches: u32) -> EntityId {
        let mut components = self.components.lock();
        let id = EntityId(components.data.len() as u32);
        if let Data::Memory(frame) = &data {
            components.bytes += frame.estimated_size() as u64;
        }
        ALIVE.fetch_add(usize::from(fetches > 0), Ordering::Relaxed);
        components.data.push((fetches > 0).then_some(data));
        components.rows.push(rows);
        components.fetches.push(fetches);
        id
    }

    /// Adds data; to disk when the store already holds more bytes than allowed. A disk that refuses is no error: the data
    /// stays in memory.
    pub(crate) fn push_or_spill(
        &self,
        data: DataFrame,
        rows: Range<u64>,
        fetches: u32,
        spill: Option<(&crate::memory::Spill, u64)>,
    ) -> EntityId {
        if let Some((spill, limit)) = spill
            && self.components.lock().bytes > limit
            && let Ok(ticket) = spill.write(&data)
        {
            self.components.lock().spilled += data.estimated_size() as u64;
            return self.add(Data::Disk(ticket), rows, fetches);
        }
        self.push(data, rows, fetches)
    }

    /// From now on entities stay until the store goes, however often they are fetched: for a stage that may have to read them
    /// again.
    pub(crate) fn keep(&self) {
        self.components.lock().keep = true;
    }

    /// Fetches the data of entities, in the order asked; the last fetch of an entity moves its data out.
    ///
    /// # Errors
    /// An entity that has been fetched as often as was agreed.
    pub fn gather(&self, entities: &[EntityId]) -> Result<Vec<(DataFrame, Range<u64>)>> {
        entities.iter().map(|&entity| self.fetch(entity)).collect()
    }

    fn fetch(&self, EntityId(id): EntityId) -> Result<(DataFrame, Range<u64>)> {
        let (data, rows) = {
            let mut components = self.components.lock();
            let at = id as usize;
            let left = components.fetches[at].checked_sub(u32::from(!components.keep));
            let left = left.ok_or_else(|| Error::request(format!("entity {id} was fetched once too often")))?;
            components.fetches[at] = left;
            let data = if left == 0 { components.data[at].take() } else { components.data[at].clone() };
            ALIVE.fetch_sub(usize::from(left == 0 && data.is_some()), Ordering::Relaxed);
            let data = data.ok_or_else(|| Error::request(format!("entity {id} has no data")))?;
            if let (0, Data::Memory(frame)) = (left, &data) {
                let bytes = frame.estimated_size() as u64;
                components.bytes = components.bytes.saturating_sub(bytes);
            }
            (data, components.rows[at].clone())
        };
        match data {
            Data::Memory(frame) => Ok((frame, rows)),
            // Read outside the lock: other workers go on.
            Data::Disk(ticket) => Ok((ticket.read()?, rows)),
        }
    }

    /// Rows of an entity.
    pub fn rows(&self, EntityId(id): EntityId) -> Range<u64> {
        self.components.lock().rows[id as usize].clone()
    }

    /// Bytes that the store holds in memory.
    pub fn bytes(&self) -> u64 {
        self.components.lock().bytes
    }

    /// Bytes, as they were in memory, of what was put on disk.
    pub fn spilled(&self) -> u64 {
        self.components.lock().spilled
    }

    /// Fetches still expected; zero when the store is empty.
    pub fn expected(&self) -> u32 {
        self.components.lock().fetches.iter().sum()
    }

    /// Forgets all data: of queries that stop early, and what was kept for a second pass that did not take place.
    pub fn clear(&self) {
        *self.components.lock() = Components::default();
    }

    /// Entities that hold data now, in all stores of the process; zero when no query runs.
    pub fn alive() -> usize {
        ALIVE.load(Ordering::Relaxed)
    }
}

impl Drop for Components {
    fn drop(&mut self) {
        ALIVE.fetch_sub(self.data.iter().filter(|data| data.is_some()).count(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;

    #[test]
    fn the_last_fetch_moves_the_data_out() {
        let store = Store::default();
        let frame = df!("x" => [1, 2, 3]).unwrap();
        let shared = store.push(frame.clone(), 0..3, 2);
        let alone = store.push(frame, 3..6, 1);
        assert_eq!(store.gather(&[shared]).unwrap()[0].1, 0..3);
        assert_eq!(store.expected(), 2);
        assert_eq!(store.gather(&[alone, shared]).unwrap().len(), 2);
        assert_eq!((store.expected(), store.bytes()), (0, 0), "nothing is left");
        assert!(store.gather(&[alone]).unwrap_err().to_string().contains("once too often"));
        let frame = df!("x" => [1, 2, 3]).unwrap();
        let kept = store.push(frame, 0..3, 1);
        store.keep();
        assert_eq!(store.gather(&[kept, kept, kept]).unwrap().len(), 3);
        assert!(store.bytes() > 0);
    }
}
