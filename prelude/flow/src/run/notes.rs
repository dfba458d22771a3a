//! What a running query tells its report: where what it kept lies, and why.

use crate::memory::cache::Cache;
use crate::report::decisions::Decision;
use crate::run::checkpoint::CheckpointWriter;
use crate::run::running::Running;
use crate::run::store::Store;

impl Running<'_> {
    /// Tells the report where the rows between two stages lie.
    pub fn note_store(&mut self, at: usize, store: &Store) {
        let what = format!("rows between stages {} and {}", at + 1, at + 2);
        let (bytes, spilled) = (store.bytes(), store.spilled());
        let limit = self.scan.options.memory_budget / 2;
        let (decision, why) = match spilled {
            0 => (Decision::Keep, format!("they fit into half the budget, {:.1} MB", limit as f64 / 1e6)),
            _ => {
                let mb = spilled as f64 / 1e6;
                (Decision::Spill, format!("{mb:.1} MB beyond half the budget of {:.1} MB", limit as f64 / 1e6))
            }
        };
        self.report.materialized.note(what, bytes + spilled, decision, why);
    }

    /// Tells the report what reading the columns has shown.
    pub fn note_remarks(&mut self) {
        let said = self.source.remarks(&self.plan.stages[0].columns);
        self.report.notes.extend(said);
    }

    /// Tells the report what the cache of decoded columns holds, and where.
    pub fn note_cache(&mut self) {
        let cache = Cache::shared();
        let now = cache.statistics();
        self.report.cache_bytes = now.bytes;
        self.report.cache_budget = now.budget;
        self.report.cache_evictions = now.evictions;
        self.report.disk_bytes = now.disk_bytes;
        self.report.disk_budget = now.disk_budget;
        if !self.mode.cache {
            return;
        }
        self.report.notes.extend(cache.refusal());
        if now.spilled > 0 {
            let (columns, folder, mb) = (now.spilled, cache.folder(), now.disk_budget as f64 / 1e6);
            let why = format!(
                "{columns} columns cost more to decode than to read back; at most {mb:.1} MB in {}",
                folder.display()
            );
            self.report.materialized.note("decoded columns on disk", now.disk_bytes, Decision::Spill, why);
        }
    }

    /// Tells what became of the checkpoint, and how many rows an earlier process had done.
    pub fn note_checkpoint(&mut self, keeper: Option<CheckpointWriter<'_>>, resumed: u64, total: u64) {
        if let Some((path, notes)) = keeper.map(CheckpointWriter::end) {
            self.kept = Some(path);
            self.report.notes.extend(notes);
        }
        self.report.resumed_rows += resumed;
        if resumed > 0 {
            let text = format!("{resumed} of {total} rows were done by an earlier process; counts are of the others");
            self.report.notes.push(text);
        }
    }
}
