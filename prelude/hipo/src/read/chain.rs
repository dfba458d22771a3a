//! Chains: many files as one, with the union of their dictionaries.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::content::columns::BankColumns;
use crate::content::dictionary::Dictionary;
use crate::content::event::Event;
use crate::model::error::{Error, Fault, Result};
use crate::model::schema::Schema;
use crate::read::query::{BankRequest, Block, ColumnQuery};
use crate::read::reader::{Events, Reader, ReaderOptions};
use crate::read::scan::{no_rows, scan_files};
use crate::stream::{LocalFile, ReopenedFile, Stream};

/// So many files are held open; of more, each is opened for every read.
const MAX_OPEN: usize = 200;

/// Several files read as one, in the order given; files of a pattern in the order of their names.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let chain = hipo::Chain::open(&[path.display().to_string(), path.display().to_string()])?;
/// assert_eq!((chain.readers().len(), chain.len()), (2, 6));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Chain {
    readers: Vec<Reader>,
    dictionary: Dictionary,
    /// Events before each file, and at the end all.
    first: Vec<u64>,
}

impl Chain {
    /// Opens files, directories (their `*.hipo`) and patterns such as `"run_*/*.hipo"`.
    ///
    /// # Errors
    /// When nothing matches, a file cannot be opened, or two files define a bank differently.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let chain = hipo::Chain::open(&[folder.path().join("*.hipo").display().to_string()])?;
    /// assert_eq!(chain.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open<S: AsRef<str>>(patterns: &[S]) -> Result<Self> {
        Self::open_with(patterns, &ReaderOptions::default())
    }

    /// The same with options for every file.
    ///
    /// # Errors
    /// As [`Chain::open`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let options = hipo::ReaderOptions::default().record_tags([1]);
    /// assert_eq!(hipo::Chain::open_with(&[path.display().to_string()], &options)?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_with<S: AsRef<str>>(patterns: &[S], options: &ReaderOptions) -> Result<Self> {
        let mut paths = Vec::new();
        for pattern in patterns {
            paths.extend(expand(pattern.as_ref())?);
        }
        let many = paths.len() > MAX_OPEN;
        let open = |path: &PathBuf| Reader::from_stream(stream(path, many)?, options);
        Self::of(paths.iter().map(open).collect::<Result<_>>()?)
    }

    /// A chain of readers.
    ///
    /// # Errors
    /// When two files define a bank differently.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(hipo::Chain::of(vec![reader])?.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(readers: Vec<Reader>) -> Result<Self> {
        let (mut dictionary, mut first, mut total) = (Dictionary::default(), vec![0], 0);
        for reader in &readers {
            dictionary =
                unite(&dictionary, reader.dictionary()).map_err(|fault| Error::in_file(reader.name(), fault))?;
            total += reader.len();
            first.push(total);
        }
        Ok(Self { readers, dictionary, first })
    }

    /// The files.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let chain = hipo::Chain::open(&[path.display().to_string(), path.display().to_string()])?;
    /// assert_eq!(chain.readers()[1].len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn readers(&self) -> &[Reader] {
        &self.readers
    }

    /// All schemas of all files.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let chain = hipo::Chain::open(&[path.display().to_string(), path.display().to_string()])?;
    /// assert_eq!(chain.dictionary().schemas().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Number of events of all files.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let chain = hipo::Chain::open(&[path.display().to_string(), path.display().to_string()])?;
    /// assert_eq!(chain.len(), 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> u64 {
        self.first.last().copied().unwrap_or(0)
    }

    /// Whether there are no events.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let chain = hipo::Chain::open(&[path.display().to_string(), path.display().to_string()])?;
    /// assert!(!chain.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of events in the files before file `file`.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let chain = hipo::Chain::open(&[path.display().to_string(), path.display().to_string()])?;
    /// assert_eq!(chain.first_event(1), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn first_event(&self, file: usize) -> u64 {
        self.first.get(file).copied().unwrap_or_else(|| self.len())
    }

    /// What a user should know of the files: see [`Reader::notes`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let chain = hipo::Chain::open(&[path.display().to_string(), path.display().to_string()])?;
    /// assert!(chain.notes().is_empty(), "nothing is wrong with the files");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.readers.iter().flat_map(Reader::notes).collect()
    }

    /// A cursor over all events.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let chain = hipo::Chain::open(&[path.display().to_string(), path.display().to_string()])?;
    /// let mut events = chain.events();
    /// let (file, event) = events.next()?.unwrap();
    /// assert_eq!((file, event.tag()), (0, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn events(&self) -> ChainEvents<'_> {
        ChainEvents { chain: self, file: 0, events: self.readers.first().map(Reader::events) }
    }

    /// Reads columns of all files, records in parallel; `consume` gets the file's number and its blocks in order. A file
    /// whose dictionary lacks a bank has no rows of it. A range of event numbers counts in each file.
    ///
    /// # Errors
    /// As [`Reader::scan`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let chain = hipo::Chain::open(&[path.display().to_string(), path.display().to_string()])?;
    /// # use hipo::{BankRequest, ColumnQuery};
    /// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
    /// let mut rows = 0;
    /// chain.scan(&ColumnQuery::new().bank(pids()), |_file, block| {
    ///     rows += block.banks[0].rows();
    ///     Ok(())
    /// })?;
    /// assert_eq!(rows, 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scan(&self, query: &ColumnQuery, consume: impl FnMut(usize, Block) -> Result<()>) -> Result<()> {
        scan_files(&self.readers, &self.dictionary, query, consume)
    }

    /// Whole columns of one bank of all files, in memory; no columns means all.
    ///
    /// # Errors
    /// As [`Reader::scan`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let chain = hipo::Chain::open(&[path.display().to_string(), path.display().to_string()])?;
    /// assert_eq!(chain.read_columns("REC::Particle", &["pid"])?.rows(), 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_columns<S: AsRef<str>>(&self, bank: &str, columns: &[S]) -> Result<BankColumns> {
        let query = ColumnQuery::new().bank(BankRequest::new(bank, columns));
        let mut all: Option<BankColumns> = None;
        self.scan(&query, |_, block| {
            for part in block.banks {
                match &mut all {
                    Some(all) => all.append(&part),
                    None => all = Some(part),
                }
            }
            Ok(())
        })?;
        match all {
            Some(all) => Ok(all),
            // No records: the columns are there, without rows.
            None => no_rows(&self.dictionary, &query),
        }
    }
}

/// A cursor over the events of a chain.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let chain = hipo::Chain::open(&[path.display().to_string(), path.display().to_string()])?;
/// let mut events: hipo::ChainEvents = chain.events();
/// let mut count = 0;
/// while events.next()?.is_some() {
///     count += 1;
/// }
/// assert_eq!(count, 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ChainEvents<'c> {
    chain: &'c Chain,
    file: usize,
    events: Option<Events<'c>>,
}

impl ChainEvents<'_> {
    /// The next event with the number of its file; `None` after the last.
    ///
    /// # Errors
    /// When its record is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let chain = hipo::Chain::open(&[path.display().to_string(), path.display().to_string()])?;
    /// assert_eq!(chain.events().next()?.map(|(file, _)| file), Some(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(
        clippy::should_implement_trait,
        reason = "the event borrows the cursor's record: no Iterator can say that"
    )]
    pub fn next(&mut self) -> Result<Option<(usize, Event<'_>)>> {
        while self.events.as_ref().is_some_and(|events| events.position() >= self.chain.readers[self.file].len()) {
            self.file += 1;
            self.events = self.chain.readers.get(self.file).map(Reader::events);
        }
        match &mut self.events {
            Some(events) => Ok(events.next()?.map(|event| (self.file, event))),
            None => Ok(None),
        }
    }
}

fn stream(path: &Path, many: bool) -> Result<Arc<dyn Stream>> {
    let in_file = |error: std::io::Error| Error::in_file(&path.display().to_string(), error);
    Ok(if many {
        Arc::new(ReopenedFile::open(path).map_err(in_file)?)
    } else {
        Arc::new(LocalFile::open(path).map_err(in_file)?)
    })
}

/// The files of a path, a directory or a pattern, in the order of their names.
fn expand(pattern: &str) -> Result<Vec<PathBuf>> {
    let path = Path::new(pattern);
    if path.is_file() {
        return Ok(vec![path.into()]);
    }
    let pattern =
        if path.is_dir() { format!("{}/*.hipo", glob::Pattern::escape(pattern)) } else { pattern.to_string() };
    let wrong = |why: String| Error::in_file(&pattern, Fault::Argument(why));
    let mut paths = Vec::new();
    for found in glob::glob(&pattern).map_err(|error| wrong(error.to_string()))? {
        paths.push(found.map_err(|error| wrong(error.to_string()))?);
    }
    if paths.is_empty() {
        return Err(wrong("no such file, and nothing matches it as a pattern".into()));
    }
    paths.sort();
    Ok(paths)
}

/// The union; the same numbers with other columns in another file would be read as something else, and are a conflict.
fn unite(all: &Dictionary, file: &Dictionary) -> Result<Dictionary, Fault> {
    for schema in file.schemas() {
        let other = all.by_number(schema.group(), schema.item());
        let same = |other: &Schema| {
            let kinds = |schema: &Schema| -> Vec<_> {
                schema.columns().iter().map(|column| (column.name.clone(), column.kind, column.count)).collect()
            };
            kinds(other) == kinds(schema)
        };
        if let Some(other) = other
            && !same(other)
            && all.get(schema.name()).is_err()
            && file.get(other.name()).is_err()
        {
            return Err(Fault::Schema(format!("conflict over numbers: {other} in a file before, {schema} here")));
        }
    }
    all.union(file)
}
