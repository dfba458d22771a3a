//! What the groups of a pass may take of memory: what they need more goes to a disk. Where there is none, a pass that would need
//! more ends, never beyond it; then the groups are made in rounds, each of a share of the keys.

use crate::error::{Error, Result};
use crate::memory::spill::Spill;
use crate::plan::options::Options;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes of the groups in all parts of a pass, and how many there may be. Clones share the count.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    bytes: Arc<AtomicU64>,
    most: u64,
    /// What of that rows in work need beside the groups, where groups can go to a disk.
    work: u64,
    /// What answers of earlier rounds take.
    held: u64,
    exceeded: Arc<AtomicBool>,
    disk: Option<Arc<Spill>>,
    /// Bytes that went there.
    spilled: Arc<AtomicU64>,
    /// The most bytes at a time.
    peak: Arc<AtomicU64>,
}

/// The keys of one round: those whose hash has this remainder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub round: u64,
    pub rounds: u64,
}

impl Share {
    /// All keys.
    pub const ALL: Self = Self { round: 0, rounds: 1 };
    /// More rounds than this are not worth their reading.
    const MOST: u64 = 256;

    /// The next number of rounds to try; `None`: it is no use.
    pub fn more(rounds: u64) -> Option<u64> {
        Some(rounds * 4).filter(|rounds| *rounds <= Self::MOST)
    }
}

impl Budget {
    /// What groups may always take: a budget below it is meant for segments in work.
    const LEAST: u64 = if cfg!(test) { 1_000_000 } else { 32_000_000 };

    /// What a thread holds of rows in work: columns as they are stored and decoded, keys, hashes, and rows that are put apart.
    const WORK: u64 = 32_000_000;

    /// What these options leave for groups, and the disk for what they take more.
    pub fn of(options: &Options) -> Self {
        let budget = Self::new(options.memory_budget);
        let work = (options.threads as u64 * Self::WORK).min(budget.most / 2);
        Self { work, disk: Spill::beyond_memory(options.spill.as_deref()), ..budget }
    }

    /// So many bytes at most, and no disk.
    pub fn new(most: u64) -> Self {
        Self {
            bytes: Arc::default(),
            work: 0,
            most: most.max(Self::LEAST),
            held: 0,
            exceeded: Arc::default(),
            disk: None,
            spilled: Arc::default(),
            peak: Arc::default(),
        }
    }

    /// The disk, as long as it takes something.
    pub fn disk(&self) -> Option<&Spill> {
        self.disk.as_deref().filter(|disk| !disk.is_full())
    }

    /// Notes that so many bytes have gone to the disk.
    pub fn note_spilled(&self, bytes: u64) {
        self.spilled.fetch_add(bytes, Ordering::Relaxed);
    }

    /// What a user should know of the disk: how much went there, or why it took nothing.
    pub fn notes(&self) -> Vec<String> {
        let Some(disk) = &self.disk else { return Vec::new() };
        let (mb, folder) = (self.spilled.load(Ordering::Relaxed) as f64 / 1e6, disk.folder().display());
        let note = "the groups did not fit the memory budget together:";
        let spilled = (mb > 0.0).then(|| format!("{note} {mb:.1} MB of their rows went to a disk, in {folder}"));
        spilled.into_iter().chain(disk.refusal()).collect()
    }

    /// The most bytes that groups took at a time.
    #[cfg(test)]
    pub fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    /// The same budget for another round, beside answers that take so many bytes.
    pub fn beside(&self, held: u64) -> Self {
        Self { bytes: Arc::default(), held, exceeded: Arc::default(), ..self.clone() }
    }

    /// Whether groups did not fit.
    pub fn exceeded(&self) -> bool {
        self.exceeded.load(Ordering::Relaxed)
    }

    /// Whether a part may grow from so many bytes to so many; if not, room is made for it.
    pub fn has_room(&self, before: u64, now: u64) -> bool {
        let all = (self.bytes.load(Ordering::Relaxed) + now).saturating_sub(before);
        let work = if self.disk().is_some() { self.work } else { 0 };
        self.held + all + all / 2 + work <= self.most
    }

    /// Notes that a part has grown (or shrunk) to so many bytes.
    ///
    /// # Errors
    /// When all parts together and the answer that is made of them do not fit.
    pub fn change(&self, before: u64, now: u64, groups: usize) -> Result<()> {
        let all = match now.checked_sub(before) {
            Some(more) => self.bytes.fetch_add(more, Ordering::Relaxed) + more,
            None => self.bytes.fetch_sub(before - now, Ordering::Relaxed).saturating_sub(before - now),
        };
        self.peak.fetch_max(all, Ordering::Relaxed);
        // While the answer is made, its columns stand beside the states they are made of.
        let needed = self.held + all + all / 2;
        if needed <= self.most {
            return Ok(());
        }
        self.exceeded.store(true, Ordering::Relaxed);
        Err(self.want(needed, groups))
    }

    /// Checks that there is room for an answer of so many bytes, beside those of other rounds.
    ///
    /// # Errors
    /// When there is not: more rounds would not help.
    pub fn answer(&self, bytes: u64, groups: usize) -> Result<()> {
        if self.held + bytes <= self.most { Ok(()) } else { Err(self.want(self.held + bytes, groups)) }
    }

    fn want(&self, needed: u64, groups: usize) -> Error {
        let gigabytes = |bytes: u64| bytes as f64 / 1e9;
        Error::request(format!(
            "grouping: {groups} groups so far, with what is computed of them, need {:.2} GB, more than the memory budget of \
             {:.2} GB; raise it with `memory_budget_gb`, filter first, or group by fewer values",
            gigabytes(needed),
            gigabytes(self.most)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_work_have_room_beside_groups_that_can_go_to_a_disk() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { spill: Some(folder.path().to_owned()), ..Options::default() }.threads(2);
        let of = |gigabytes: f64| Budget::of(&options.clone().memory_budget_gb(gigabytes));
        let mb = |bytes: u64| bytes * 1_000_000;
        // A half more for the answer, and a half of the budget for rows in work, or what two threads need.
        assert!(of(0.1).has_room(0, mb(33)) && !of(0.1).has_room(0, mb(34)));
        assert!(of(1.0).has_room(0, mb(620)) && !of(1.0).has_room(0, mb(630)));
        assert!(Budget::new(mb(100)).has_room(0, mb(66)), "without a disk no room can be made");
        assert!(of(0.1).change(0, mb(60), 1).is_ok(), "it is no error to need what no disk has taken yet");
    }
}
