//! Skims: a new file with some of the events, or some of their banks.

use std::path::Path;
use std::sync::Arc;

use crate::container::compression::Compression;
use crate::container::record::Record;
use crate::container::walk::Progress;
use crate::content::dictionary::Dictionary;
use crate::content::event::Event;
use crate::content::event_builder::little_endian;
use crate::model::error::{Error, Fault, Result};
use crate::model::threads::{default_threads, ordered};
use crate::read::chain::Chain;
use crate::write::writer::{WriteSummary, Writer};

/// An event a skim asks about.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let first = hipo::Skim::new().events(|asked: &hipo::SkimEvent| Ok(asked.file == 0 && asked.number == 0));
/// let report = first.write(&hipo::Chain::of(vec![reader])?, folder.path().join("new.hipo"), &mut |_, _| Ok(()))?;
/// assert_eq!(report.written.events, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SkimEvent<'a> {
    /// Number of its file in the chain.
    pub file: usize,
    /// Its number in the file, from 0.
    pub number: u64,
    /// The event.
    pub event: Event<'a>,
}

type Keep = Arc<dyn Fn(&SkimEvent<'_>) -> Result<bool> + Send + Sync>;

/// What to keep.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let electrons = hipo::Skim::new().events(|skimmed| Ok(skimmed.event.tag() == 1));
/// let report = electrons.write(&hipo::Chain::of(vec![reader])?, folder.path().join("new.hipo"), &mut |_, _| Ok(()))?;
/// assert_eq!((report.read, report.written.events), (3, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Skim {
    keep: Option<Keep>,
    banks: Option<Vec<String>>,
    tags: Option<Vec<i32>>,
    compression: Compression,
    threads: usize,
}

impl Default for Skim {
    fn default() -> Self {
        Self::new()
    }
}

/// What a skim did.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let chain = hipo::Chain::of(vec![reader])?;
/// let report: hipo::SkimReport = hipo::Skim::new().write(&chain, folder.path().join("new.hipo"), &mut |_, _| Ok(()))?;
/// assert_eq!((report.read, report.written.records), (3, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SkimReport {
    /// Events that were read.
    pub read: u64,
    /// What was written.
    pub written: WriteSummary,
}

impl Skim {
    /// Everything is kept: a copy.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let report =
    ///     hipo::Skim::new().write(&hipo::Chain::of(vec![reader])?, folder.path().join("new.hipo"), &mut |_, _| Ok(()))?;
    /// assert_eq!(report.written.events, 3, "a copy");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { keep: None, banks: None, tags: None, compression: Compression::default(), threads: default_threads() }
    }

    /// Only events that `keep` keeps. It is called from several threads.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let skim = hipo::Skim::new().events(|skimmed| Ok(skimmed.number > 0));
    /// let report = skim.write(&hipo::Chain::of(vec![reader])?, folder.path().join("new.hipo"), &mut |_, _| Ok(()))?;
    /// assert_eq!(report.written.events, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn events(mut self, keep: impl Fn(&SkimEvent<'_>) -> Result<bool> + Send + Sync + 'static) -> Self {
        self.keep = Some(Arc::new(keep));
        self
    }

    /// Only these banks of each event; the dictionary keeps only their schemas. Names may hold `*`: `REC::*`.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let skim = hipo::Skim::new().banks(&["REC::*"]);
    /// skim.write(&hipo::Chain::of(vec![reader])?, folder.path().join("new.hipo"), &mut |_, _| Ok(()))?;
    /// assert_eq!(hipo::Reader::open(folder.path().join("new.hipo"))?.dictionary().schemas().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn banks<S: AsRef<str>>(mut self, names: &[S]) -> Self {
        self.banks = Some(names.iter().map(|name| name.as_ref().to_string()).collect());
        self
    }

    /// Only events of these tags.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let report = hipo::Skim::new().tags([1]).write(
    ///     &hipo::Chain::of(vec![reader])?, folder.path().join("new.hipo"), &mut |_, _| Ok(()))?;
    /// assert_eq!(report.written.events, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = i32>) -> Self {
        self.tags = Some(tags.into_iter().collect());
        self
    }

    /// Written with this compression.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let skim = hipo::Skim::new().compression(hipo::Compression::Gzip);
    /// let report = skim.write(&hipo::Chain::of(vec![reader])?, folder.path().join("new.hipo"), &mut |_, _| Ok(()))?;
    /// assert_eq!(report.written.events, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// With this many threads.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let skim = hipo::Skim::new().threads(2);
    /// let report = skim.write(&hipo::Chain::of(vec![reader])?, folder.path().join("new.hipo"), &mut |_, _| Ok(()))?;
    /// assert_eq!(report.written.events, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Writes the kept events to `path`, those of one tag in order, tags kept; user configurations are united, the first of a key wins.
    ///
    /// # Errors
    /// When a record is damaged, a name matches no bank, `keep` fails, or the system refuses. No file appears then.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let chain = hipo::Chain::of(vec![reader])?;
    /// let report = hipo::Skim::new().tags([0]).write(&chain, folder.path().join("new.hipo"), &mut |_, _| Ok(()))?;
    /// assert_eq!((report.read, report.written.events), (3, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write(&self, chain: &Chain, path: impl AsRef<Path>, progress: Progress<'_>) -> Result<SkimReport> {
        let dictionary = self.dictionary(chain)?;
        let mut writer = Writer::builder().dictionary(&dictionary)?.compression(self.compression).threads(self.threads);
        for reader in chain.readers().iter().rev() {
            for (key, value) in reader.config() {
                writer = writer.config(key, value);
            }
        }
        let mut writer = writer.create(path)?;
        let records = chain.readers().iter().map(|reader| reader.index().records().len()).enumerate();
        let tasks: Vec<(usize, usize)> =
            records.flat_map(|(file, count)| (0..count).map(move |record| (file, record))).collect();
        let work = |record: &mut Record, task: usize| self.record(chain, tasks[task], &dictionary, record);
        let (mut read, mut done) = (0, 0);
        ordered(tasks.len(), self.threads, Record::new, work, |kept: Kept| {
            read += kept.read;
            done += 1;
            let starts = std::iter::once(0).chain(kept.ends.iter().copied());
            for ((start, end), tag) in starts.zip(&kept.ends).zip(&kept.tags) {
                writer.write_bytes(*tag, &kept.bytes[start..*end])?;
            }
            progress(done, tasks.len() as u64)
        })?;
        Ok(SkimReport { read, written: writer.finish()? })
    }

    /// The schemas of the kept banks.
    fn dictionary(&self, chain: &Chain) -> Result<Dictionary> {
        let all = chain.dictionary();
        let Some(names) = &self.banks else { return Ok(all.clone()) };
        let mut kept = Dictionary::default();
        for name in names {
            let pattern = glob::Pattern::new(name)
                .map_err(|error| Error::from(Fault::Argument(format!("{name:?} is no pattern of names: {error}"))))?;
            let mut matching = all.schemas().iter().filter(|schema| pattern.matches(schema.name())).peekable();
            if matching.peek().is_none() {
                return Err(all.get(name).err().unwrap_or(Fault::Stopped).into());
            }
            matching.try_for_each(|schema| kept.add(Arc::clone(schema)))?;
        }
        Ok(kept)
    }

    fn record(
        &self,
        chain: &Chain,
        (file, number): (usize, usize),
        dictionary: &Dictionary,
        record: &mut Record,
    ) -> Result<Kept> {
        let reader = &chain.readers()[file];
        reader.load(number, record)?;
        let first = reader.index().first_event(number);
        let mut kept = Kept { read: record.len() as u64, ..Kept::default() };
        for index in 0..record.len() {
            let event = record.event(index)?;
            if self.tags.as_ref().is_some_and(|tags| !tags.contains(&event.tag())) {
                continue;
            }
            let asked = SkimEvent { file, number: first + index as u64, event };
            if !self.keep.as_ref().map_or(Ok(true), |keep| keep(&asked))? {
                continue;
            }
            event.check()?;
            let mut copy = little_endian(&event, chain.dictionary())?;
            if self.banks.is_some() {
                copy.keep(|structure| dictionary.by_number(structure.group, structure.item).is_some())?;
            }
            kept.bytes.extend_from_slice(copy.finish()?);
            kept.ends.push(kept.bytes.len());
            kept.tags.push(event.tag());
        }
        Ok(kept)
    }
}

/// The kept events of one record, one after the other.
#[derive(Default)]
struct Kept {
    read: u64,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    tags: Vec<i32>,
}
