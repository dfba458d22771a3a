//! HIPO files in a cell: `hipo("run*.hipo")?` is a dict of banks, each a group of rows.

use crate::bank::{Bank, process};
use crate::choice::{Choice, Files};
use crate::frame::{hipo_error, parts};
use crate::table::BankTable;
use ::hipo::{AnyFile, Chain, Fusion, Reader, ReaderOptions, Skim};
use data::{Data, Error, Group, Listing, Names, Result, Selection};
use polars::prelude::Schema;
use segment::work::Task;
use show::{Cell, Table};
use std::collections::BTreeMap;
use std::ops::Index;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens a HIPO file, a directory of them or a pattern: headers, dictionaries and indices are read, no record is.
///
/// ```no_run
/// let run = banks::hipo("run_*.hipo")?;
/// run.bank("REC::Particle").columns(["pid", "px", "py"]).query("pid == 11").hist("px", 50)?;
/// # Ok::<(), data::Error>(())
/// ```
///
/// # Errors
/// Nothing to open, a file that is no HIPO file or damaged, files whose dictionaries contradict each other.
pub fn hipo(path: impl AsRef<str>) -> Result<Hipo> {
    Hipo::open(path.as_ref())
}

/// The files of a path, a folder or a glob, here or elsewhere.
fn chain(path: &str) -> Result<Chain> {
    let place = Path::new(path);
    if !sources::is_elsewhere(place) {
        return Chain::open(&[path]).map_err(hipo_error);
    }
    let wrong = |why: String| Error::request(format!("{}: {why}", sources::shown(place)));
    let is_one = place.extension().is_some_and(|ending| ending.to_string_lossy().starts_with("hipo"));
    let files = match is_one && !path.contains('*') {
        true => vec![place.to_owned()],
        false if path.contains('*') => paths(sources::matching(place).map_err(wrong)?),
        false => paths(sources::list(place).map_err(wrong)?),
    };
    if files.is_empty() {
        return Err(wrong("there are no HIPO files".to_owned()));
    }
    let open = |file: &PathBuf| {
        let stream = AnyFile::new(sources::shown(file), sources::bytes(file)?);
        Reader::from_stream(Arc::new(stream), &ReaderOptions::default()).map_err(hipo_error)
    };
    Chain::of(files.iter().map(open).collect::<Result<_>>()?).map_err(hipo_error)
}

/// HIPO files among names that were listed.
fn paths(listed: Vec<sources::Listed>) -> Vec<PathBuf> {
    let is_hipo = |path: &Path| path.to_string_lossy().split('?').next().is_some_and(|name| name.ends_with(".hipo"));
    listed.into_iter().filter(|found| !found.is_folder).map(|found| found.path).filter(|path| is_hipo(path)).collect()
}

/// HIPO files read as one: a dict of banks. Displays as their dictionary.
///
/// ```
#[doc = include_str!("example.txt")]
/// assert_eq!(run["REC::Particle"].query("px > 1.5").count()?, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Hipo {
    path: Arc<str>,
    files: Arc<Files>,
    banks: Data,
    /// A choice of events that could not be understood: every bank says why.
    broken: Option<Arc<Error>>,
}

impl Hipo {
    fn open(path: &str) -> Result<Self> {
        let chain = chain(path)?;
        for note in chain.notes() {
            eprintln!("warning: {note}");
        }
        Self::of(path.into(), Arc::new(Files::new(Arc::new(chain), None, Vec::new())), None)
    }

    fn of(path: Arc<str>, files: Arc<Files>, broken: Option<Arc<Error>>) -> Result<Self> {
        let mut banks = Vec::new();
        for schema in files.chain.dictionary().schemas() {
            let table = BankTable::rows(&files, schema.name(), Vec::new())?;
            banks.push(process(schema.name(), table, &files));
        }
        let banks = Data::from_tables(&*path, banks)?;
        Ok(Self { path, files, banks, broken })
    }

    /// The same files with more asked of their events.
    fn with(&self, tags: Option<Vec<i32>>, choice: Result<Option<Choice>>) -> Self {
        let (choice, broken) = match choice {
            Ok(choice) => (choice, self.broken.clone()),
            Err(error) => (None, self.broken.clone().or_else(|| Some(Arc::new(error)))),
        };
        let files = Arc::new(self.files.with(tags, choice));
        // The banks were there before, and so they are.
        Self::of(self.path.clone(), files, broken).unwrap_or_else(|_| self.clone())
    }

    /// The rows of a bank, with `__event__`, `__tag__` and `__row__` (in the event) beside its columns.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(run.bank("REC::Particle").count()?, 4, "rows of three events");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn bank(&self, name: impl AsRef<str>) -> Bank {
        let name = name.as_ref();
        let group = match &self.broken {
            Some(error) => Group::failed(name, (**error).clone()),
            None => self.banks.group(name),
        };
        Bank::new(name, &self.files, group)
    }

    /// One row per event: a list for every column of every bank, named `REC::Particle.px`. Only lists that are asked
    /// for are read.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(run.events().select(["REC::Particle.px"]).collect()?.height(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn events(&self) -> Group {
        let names: Vec<String> =
            self.files.chain.dictionary().schemas().iter().map(|schema| schema.name().into()).collect();
        self.group_of("events", BankTable::events(&self.files, "events", &names, false))
    }

    /// One row per event: a list for every column of a bank, with the columns' own names.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let electrons = run.lists("REC::Particle").query("any(pid == 11)");
    /// assert_eq!(electrons.count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn lists(&self, bank: impl AsRef<str>) -> Group {
        let bank = bank.as_ref();
        self.group_of(bank, BankTable::events(&self.files, bank, &[bank.to_owned()], true))
    }

    fn group_of(&self, name: &str, table: Result<BankTable>) -> Group {
        match (&self.broken, table) {
            (Some(error), _) => Group::failed(name, (**error).clone()),
            (None, Err(error)) => Group::failed(name, error),
            (None, Ok(table)) => Group::from_source(&*self.path, process(name, table, &self.files)),
        }
    }

    /// Only events of these tags.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!((run.tags([0]).count()?, run.tags([1]).count()?), (3, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn tags(&self, tags: impl IntoIterator<Item = i32>) -> Self {
        self.with(Some(tags.into_iter().collect()), Ok(None))
    }

    /// Only events in which a row of the bank passes: `keep("REC::Particle", "pid == 11 & pz > 2")`.
    ///
    /// Events of tag 1 without the bank stay, too: they hold scalers and configuration, which a skim must not lose.
    /// `.tags([0])` leaves them out.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(run.keep("REC::Particle", "pid == 11 & px > 2").count()?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn keep(&self, bank: impl AsRef<str>, selection: impl Into<Selection>) -> Self {
        self.with(None, self.rows_choice(bank.as_ref(), selection.into()).map(Some))
    }

    fn rows_choice(&self, bank: &str, selection: Selection) -> Result<Choice> {
        let schema = self.files.chain.dictionary().get(bank).map_err(|fault| hipo_error(fault.into()))?;
        let columns: Schema = parts(schema).into_iter().map(|part| (part.name, part.dtype)).collect();
        let cut = selection.cut()?.check(&columns)?.selection()?;
        if cut.needs_whole_table() {
            return Err(Error::request("events are chosen one by one: the selection must not need the whole table"));
        }
        Ok(Choice::rows(bank, cut))
    }

    /// Only events whose particles in `REC::Particle` fit a topology: `"11:2212:X+:X-:Xn"` is an electron, a proton, and
    /// any other positive, negative and neutral particles; without an `X` of a charge there are no others of it.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(run.reaction("11:2212").count()?, 1);
    /// assert_eq!(run.reaction("11:X+").count()?, 2, "with any other positive particles");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn reaction(&self, topology: impl AsRef<str>) -> Self {
        self.reaction_in("REC::Particle", topology)
    }

    /// The same for another bank with `pid` and `charge`.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(run.reaction_in("REC::Particle", "22").count()?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn reaction_in(&self, bank: impl AsRef<str>, topology: impl AsRef<str>) -> Self {
        let bank = bank.as_ref();
        let reaction = topology.as_ref().parse().map_err(|fault: ::hipo::Fault| hipo_error(fault.into()));
        let known = self.files.chain.dictionary().get(bank).map(drop).map_err(|fault| hipo_error(fault.into()));
        let choice = known.and(reaction).map(|reaction| Some(Choice::Reaction { bank: bank.into(), reaction }));
        self.with(None, choice)
    }

    /// Number of events that are left.
    ///
    /// # Errors
    /// An invalid choice; what cannot be read, with its place.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(run.count()?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn count(&self) -> Result<u64> {
        self.check()?;
        Ok(self.files.events()?)
    }

    fn check(&self) -> Result<()> {
        self.broken.as_ref().map_or(Ok(()), |error| Err((**error).clone()))
    }

    /// The names of the banks; displays as the dictionary.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(run.banks()[..], ["REC::Particle"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn banks(&self) -> Listing {
        let names = self.files.chain.dictionary().schemas().iter().map(|schema| schema.name().to_owned()).collect();
        Listing::of(names, self.table())
    }

    /// Texts of the user configuration, by key; of several files the first that has it.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert!(run.config().is_empty(), "the file has no texts of its user");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn config(&self) -> BTreeMap<String, String> {
        let readers = self.files.chain.readers().iter().rev();
        readers.flat_map(|reader| reader.config().clone()).collect()
    }

    /// The files for reading event by event.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(run.chain().readers().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn chain(&self) -> &Chain {
        &self.files.chain
    }

    /// Writes the events that are left to a new file, tags kept.
    ///
    /// # Errors
    /// An invalid choice; what cannot be read, with its place, or written. No file appears then.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(run.keep("REC::Particle", "pid == 2212").skim(folder.join("protons.hipo"))?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn skim(&self, path: impl AsRef<Path>) -> Result<u64> {
        self.write_skim(Skim::new(), path.as_ref())
    }

    /// Writes only these banks (`"REC::*"` is a pattern) of the events that are left.
    ///
    /// # Errors
    /// See [`Hipo::skim`].
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(run.skim_banks("REC::*", folder.join("rec.hipo"))?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn skim_banks(&self, banks: impl Names, path: impl AsRef<Path>) -> Result<u64> {
        self.write_skim(Skim::new().banks(&banks.names()), path.as_ref())
    }

    fn write_skim(&self, mut skim: Skim, path: &Path) -> Result<u64> {
        self.check()?;
        if let Some(tags) = self.files.tags() {
            skim = skim.tags(tags.iter().copied());
        }
        if let Some(sets) = self.files.chosen()? {
            skim = skim.events(move |asked| Ok(sets[asked.file].contains(asked.number)));
        }
        let task = Task::new("writing", "records", None);
        let mut progress = |_, _| task.advance(1, 0).map_err(|_| ::hipo::Error::stopped());
        let report = skim.write(&self.files.chain, path, &mut progress).map_err(hipo_error)?;
        Ok(report.written.events)
    }

    /// Writes a file with the banks of this file and another side by side, event by event.
    ///
    /// # Errors
    /// Several files on a side, different numbers of events, dictionaries that contradict each other.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// # let clusters = df!("__event__" => [0, 1, 2], "pindex" => [1, 0, 0], "energy" => [0.1, 0.2, 0.3])?;
    /// # banks::write_hipo(&clusters, folder.join("clusters.hipo"), "REC::Calorimeter", 300, 32)?;
    /// # let clusters = banks::hipo(folder.join("clusters.hipo").display().to_string())?;
    /// assert_eq!(run.fuse(&clusters, folder.join("both.hipo"))?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fuse(&self, other: &Self, path: impl AsRef<Path>) -> Result<u64> {
        let reader = |side: &Self| match side.files.chain.readers() {
            [one] => Reader::from_stream(one.stream().clone(), &ReaderOptions::default()).map_err(hipo_error),
            several => Err(Error::request(format!("a fusion takes one file on each side, not {}", several.len()))),
        };
        let fusion = Fusion::of(vec![reader(self)?, reader(other)?]).map_err(hipo_error)?;
        let task = Task::new("fusing", "events", Some(fusion.len()));
        let mut progress = |_, _| task.advance(10_000, 0).map_err(|_| ::hipo::Error::stopped());
        Ok(fusion.write(path, &mut progress).map_err(hipo_error)?.events)
    }

    fn table(&self) -> Table {
        let chain = &self.files.chain;
        let (files, events) = (chain.readers().len(), chain.len());
        let mut table = Table::new(["bank", "group", "item", "columns", "meaning"]).caption(format!(
            "{}: {files} HIPO file{}, {events} events",
            self.path,
            if files == 1 { "" } else { "s" }
        ));
        for schema in chain.dictionary().schemas() {
            let text = schema.to_string();
            let columns = text.split_once("}{").map_or("", |(_, columns)| columns.trim_end_matches('}'));
            table.push([
                Cell::text(schema.name()),
                Cell::count(schema.group().into()),
                Cell::count(schema.item().into()),
                Cell::text(columns.replace(',', " ")),
                Cell::text(schema.description()),
            ]);
        }
        for note in chain.notes() {
            table = table.note(note);
        }
        table
    }
}

impl Index<&str> for Hipo {
    type Output = Group;

    /// The rows of a bank.
    fn index(&self, bank: &str) -> &Group {
        &self.banks[bank]
    }
}

impl show::Display for Hipo {
    fn bundle(&self) -> show::Bundle {
        self.table().bundle()
    }
}
