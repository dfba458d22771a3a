//! What to read as columns: banks side by side, of which events.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use crate::content::columns::BankColumns;
use crate::content::event::Event;
use crate::model::error::{Fault, Result};
use crate::model::threads::default_threads;

/// A row filter: says for each row of a bank's columns whether to keep it.
pub type RowFilter = Arc<dyn Fn(&BankColumns) -> Result<Vec<bool>, Fault> + Send + Sync>;
/// An event filter.
pub type EventFilter = Arc<dyn Fn(&Event<'_>) -> Result<bool> + Send + Sync>;

/// A bank and which of its columns are wanted.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// use hipo::{BankRequest, ColumnQuery};
/// let banks = reader.read(&ColumnQuery::new().bank(BankRequest::new("REC::Particle", &["pid"])))?;
/// assert_eq!(banks[0].columns.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct BankRequest {
    pub(crate) bank: String,
    pub(crate) columns: Vec<String>,
    pub(crate) filter: Option<RowFilter>,
}

impl BankRequest {
    /// These columns of a bank; none means all.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// use hipo::{BankRequest, ColumnQuery};
    /// let all: [&str; 0] = [];
    /// assert_eq!(reader.read(&ColumnQuery::new().bank(BankRequest::new("REC::Particle", &all)))?[0].columns.len(), 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new<S: AsRef<str>>(bank: &str, columns: &[S]) -> Self {
        let columns = columns.iter().map(|column| column.as_ref().to_string()).collect();
        Self { bank: bank.into(), columns, filter: None }
    }

    /// Only rows that `filter` keeps; it sees the wanted columns, one record at a time.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # use hipo::{BankRequest, ColumnQuery};
    /// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
    /// let first_rows = pids().filter(|bank| Ok((0..bank.rows()).map(|row| row == 0).collect()));
    /// assert_eq!(reader.read(&ColumnQuery::new().bank(first_rows))?[0].rows(), 2, "one of each record");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn filter(mut self, filter: impl Fn(&BankColumns) -> Result<Vec<bool>, Fault> + Send + Sync + 'static) -> Self {
        self.filter = Some(Arc::new(filter));
        self
    }
}

/// What to read of a file: several banks side by side, of which events.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # use hipo::{BankRequest, ColumnQuery};
/// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
/// let query = ColumnQuery::new().bank(pids()).event_tags([1]);
/// assert_eq!(reader.read(&query)?[0].rows(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ColumnQuery {
    pub(crate) banks: Vec<BankRequest>,
    pub(crate) event_tags: Option<HashSet<i32>>,
    pub(crate) required: Vec<String>,
    pub(crate) event_filter: Option<EventFilter>,
    pub(crate) events: Option<Arc<EventSet>>,
    pub(crate) range: Option<Range<u64>>,
    pub(crate) threads: usize,
}

impl Default for ColumnQuery {
    fn default() -> Self {
        Self::new()
    }
}

impl ColumnQuery {
    /// Nothing yet; all events, as many threads as the machine has.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert!(reader.read(&hipo::ColumnQuery::new())?.is_empty(), "no bank is wanted yet");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self {
            banks: Vec::new(),
            event_tags: None,
            required: Vec::new(),
            event_filter: None,
            events: None,
            range: None,
            threads: default_threads(),
        }
    }

    /// One more bank.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # use hipo::{BankRequest, ColumnQuery};
    /// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
    /// assert_eq!(reader.read(&ColumnQuery::new().bank(pids()))?[0].rows(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn bank(mut self, bank: BankRequest) -> Self {
        self.banks.push(bank);
        self
    }

    /// Only events of these tags.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # use hipo::{BankRequest, ColumnQuery};
    /// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
    /// assert_eq!(reader.read(&ColumnQuery::new().bank(pids()).event_tags([0]))?[0].rows(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn event_tags(mut self, tags: impl IntoIterator<Item = i32>) -> Self {
        self.event_tags = Some(tags.into_iter().collect());
        self
    }

    /// Only events that hold this bank with at least one row.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # use hipo::{BankRequest, ColumnQuery};
    /// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
    /// assert_eq!(reader.read(&ColumnQuery::new().bank(pids()).require("REC::Particle"))?[0].events(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn require(mut self, bank: &str) -> Self {
        self.required.push(bank.into());
        self
    }

    /// Only events that `filter` keeps.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # use hipo::{BankRequest, ColumnQuery};
    /// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
    /// let query = ColumnQuery::new().bank(pids()).event_filter(|event| Ok(event.tag() == 1));
    /// assert_eq!(reader.read(&query)?[0].rows(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn event_filter(mut self, filter: impl Fn(&Event<'_>) -> Result<bool> + Send + Sync + 'static) -> Self {
        self.event_filter = Some(Arc::new(filter));
        self
    }

    /// Only events of this set; records without any are not decompressed.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # use hipo::{BankRequest, ColumnQuery};
    /// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
    /// let mut wanted = hipo::EventSet::new(reader.len());
    /// wanted.insert(1);
    /// assert_eq!(reader.read(&ColumnQuery::new().bank(pids()).events(wanted.into()))?[0].rows(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn events(mut self, events: Arc<EventSet>) -> Self {
        self.events = Some(events);
        self
    }

    /// Only these event numbers; records outside are not decompressed.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # use hipo::{BankRequest, ColumnQuery};
    /// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
    /// assert_eq!(reader.read(&ColumnQuery::new().bank(pids()).range(1..3))?[0].rows(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn range(mut self, events: Range<u64>) -> Self {
        self.range = Some(events);
        self
    }

    /// With this many threads.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # use hipo::{BankRequest, ColumnQuery};
    /// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
    /// assert_eq!(reader.read(&ColumnQuery::new().bank(pids()).threads(1))?[0].rows(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }
}

/// The columns of the kept events of one record.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # use hipo::{BankRequest, ColumnQuery};
/// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
/// reader.scan(&ColumnQuery::new().bank(pids()), |block: hipo::Block| {
///     assert_eq!(block.events.len(), block.banks[0].events());
///     Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Block {
    /// Number of the record, from 0.
    pub record: usize,
    /// Numbers of the events in the file, from 0.
    pub events: Vec<u64>,
    /// Their tags.
    pub tags: Vec<i32>,
    /// The wanted banks, in the wanted order; all have these events.
    pub banks: Vec<BankColumns>,
}

impl ColumnQuery {
    /// Whether an event of this number and tag may be wanted: all that can be said before its banks are looked for.
    #[inline]
    pub(crate) fn may_want(&self, number: u64, tag: i32) -> bool {
        self.range.as_ref().is_none_or(|range| range.contains(&number))
            && self.events.as_ref().is_none_or(|events| events.contains(number))
            && self.event_tags.as_ref().is_none_or(|tags| tags.contains(&tag))
    }

    /// Whether a record with these event numbers must be decompressed.
    pub(crate) fn touches(&self, events: Range<u64>) -> bool {
        let inside = self.range.as_ref().is_none_or(|range| events.start < range.end && range.start < events.end);
        inside && self.events.as_ref().is_none_or(|set| set.any_in(events))
    }
}

/// A set of event numbers of one file, a bit each.
///
/// ```
/// let mut set = hipo::EventSet::new(100);
/// set.insert(7);
/// assert!(set.contains(7) && !set.contains(8));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventSet {
    words: Vec<u64>,
}

impl EventSet {
    /// With room for this many events, none of them in it.
    ///
    /// ```
    /// assert!(hipo::EventSet::new(100).is_empty());
    /// ```
    #[must_use]
    pub fn new(events: u64) -> Self {
        // A file of 2^40 events would need 128 GiB: its index could not be in memory either.
        Self { words: vec![0; usize::try_from(events.div_ceil(64)).unwrap_or(0)] }
    }

    /// Puts an event in.
    ///
    /// ```
    /// let mut set = hipo::EventSet::new(100);
    /// set.insert(7);
    /// set.insert(7);
    /// assert_eq!(set.len(), 1);
    /// ```
    pub fn insert(&mut self, event: u64) {
        let word = (event / 64) as usize;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (event % 64);
    }

    /// Whether an event is in it.
    ///
    /// ```
    /// assert!(!hipo::EventSet::new(100).contains(3));
    /// ```
    #[must_use]
    #[inline]
    pub fn contains(&self, event: u64) -> bool {
        self.words.get((event / 64) as usize).is_some_and(|word| word >> (event % 64) & 1 == 1)
    }

    /// Number of events in it.
    ///
    /// ```
    /// assert_eq!(hipo::EventSet::new(100).len(), 0);
    /// ```
    #[must_use]
    pub fn len(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Whether none is in it.
    ///
    /// ```
    /// assert!(hipo::EventSet::new(100).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Keeps what is in `other` too.
    ///
    /// ```
    /// let (mut a, mut b) = (hipo::EventSet::new(10), hipo::EventSet::new(10));
    /// (1..5).for_each(|event| a.insert(event));
    /// (4..8).for_each(|event| b.insert(event));
    /// a.intersect(&b);
    /// assert!(a.contains(4) && a.len() == 1);
    /// ```
    pub fn intersect(&mut self, other: &Self) {
        for (at, word) in self.words.iter_mut().enumerate() {
            *word &= other.words.get(at).copied().unwrap_or(0);
        }
    }

    fn any_in(&self, mut events: Range<u64>) -> bool {
        events.any(|event| self.contains(event))
    }
}
