//! The reader stream: records in parallel, results in file order.

use crate::container::record::Record;
use crate::content::event::Event;
use crate::model::error::Result;
use crate::model::threads::{default_threads, ordered};
use crate::read::reader::Reader;

/// Work on a file's records in parallel.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let events = std::sync::atomic::AtomicUsize::new(0);
/// hipo::ReaderStream::new(&reader).run(|_| {
///     events.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///     Ok(())
/// })?;
/// assert_eq!(events.into_inner(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ReaderStream<'r> {
    reader: &'r Reader,
    threads: usize,
}

impl<'r> ReaderStream<'r> {
    /// Over all records of `reader`, with as many threads as the machine has.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert!(hipo::ReaderStream::new(&reader).run(|event| event.check()).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(reader: &'r Reader) -> Self {
        Self { reader, threads: default_threads() }
    }

    /// With this many threads.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert!(hipo::ReaderStream::new(&reader).threads(2).run(|event| event.check()).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// `work` on every record, in parallel; `consume` on this thread with the results, in file order.
    ///
    /// # Errors
    /// The first of a damaged record, `work` or `consume`; work in flight is finished, no more is begun.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let mut lengths = Vec::new();
    /// hipo::ReaderStream::new(&reader).records(|record| Ok(record.len()), |length| {
    ///     lengths.push(length);
    ///     Ok(())
    /// })?;
    /// assert_eq!(lengths, [2, 1], "in file order");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert!(hipo::ReaderStream::new(&reader).run(|_| Err(hipo::Error::stopped())).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run(&self, work: impl Fn(&Event<'_>) -> Result<()> + Sync) -> Result<()> {
        self.records(|record| record.events().try_for_each(|event| work(&event?)), |()| Ok(()))
    }
}
