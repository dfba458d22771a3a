//! The reader stream: records in parallel, results in file order.

use crate::container::record::Record;
use crate::content::event::Event;
use crate::model::error::Result;
use crate::model::threads::{default_threads, ordered};
use crate::read::reader::Reader;

/// Work on a file's records in parallel.
pub struct ReaderStream<'r> {
    reader: &'r Reader,
    threads: usize,
}

impl<'r> ReaderStream<'r> {
    /// Over all records of `reader`, with as many threads as the machine has.
    #[must_use]
    pub fn new(reader: &'r Reader) -> Self {
        Self { reader, threads: default_threads() }
    }

    /// With this many threads.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// `work` on every record, in parallel; `consume` on this thread with the results, in file order.
    ///
    /// # Errors
    /// The first of a damaged record, `work` or `consume`; work in flight is finished, no more is begun.
    pub fn records<T: Send>(
        &self,
        work: impl Fn(&Record) -> Result<T> + Sync,
        consume: impl FnMut(T) -> Result<()>,
    ) -> Result<()> {
        let load = |record: &mut Record, number: usize| {
            self.reader.load(number, record)?;
            work(record)
        };
        ordered(self.reader.index().records().len(), self.threads, Record::new, load, consume)
    }

    /// `work` on every event, in parallel and in no order.
    ///
    /// # Errors
    /// The first of a damaged record or `work`.
    pub fn run(&self, work: impl Fn(&Event<'_>) -> Result<()> + Sync) -> Result<()> {
        self.records(|record| record.events().try_for_each(|event| work(&event?)), |()| Ok(()))
    }
}
