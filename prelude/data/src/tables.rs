//! Data sets made of tables of any format: all that a format outside this room needs.

use crate::catalog::{Catalog, Process};
use crate::dataset::Data;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::settings::Settings;
use belle2::names::Grammar;
use sources::Source;
use std::sync::Arc;

/// A table that is to be a process of a data set.
///
/// ```
/// use sources::memory::{Cutting, Memory};
/// let table = Memory::cut("run 7", polars::df!("px" => [0.5, 1.5])?, None, &Cutting::default())?;
/// let source = data::ProcessSource::new("run 7", std::sync::Arc::new(table));
/// assert_eq!(data::Data::from_tables("a format", [source])?.count()?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ProcessSource {
    name: String,
    source: Arc<dyn Source>,
    files: usize,
}

impl ProcessSource {
    /// A table and the name of its process.
    ///
    /// ```
    /// # use sources::memory::{Cutting, Memory};
    /// # let table = Memory::cut("run 7", polars::df!("px" => [0.5, 1.5])?, None, &Cutting::default())?;
    /// let source = data::ProcessSource::new("run 7", std::sync::Arc::new(table));
    /// assert_eq!(data::Group::from_source("a format", source).processes()[..], ["run 7"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(name: impl Into<String>, source: Arc<dyn Source>) -> Self {
        Self { name: name.into(), source, files: 0 }
    }

    /// How many files the table is made of, which listings show.
    ///
    /// ```
    /// # use sources::memory::{Cutting, Memory};
    /// # let table = Memory::cut("run 7", polars::df!("px" => [0.5, 1.5])?, None, &Cutting::default())?;
    /// let source = data::ProcessSource::new("run 7", std::sync::Arc::new(table)).files(3);
    /// assert_eq!(data::Group::from_source("a format", source).count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn files(mut self, files: usize) -> Self {
        self.files = files;
        self
    }

    fn process(self, grammar: &Grammar) -> Process {
        let parsed = grammar.parse(&self.name).ok();
        Process { name: self.name.into(), parsed, source: self.source, files: self.files, notes: Vec::new() }
    }
}

impl Data {
    /// Tables as processes of a data set, by their names. `path` says in listings where they come from. Nothing is read:
    /// a format of one's own implements [`Source`] and has all steps and terminals.
    ///
    /// ```
    /// use polars::prelude::*;
    /// use sources::memory::{Cutting, Memory};
    /// let frame = df!("px" => [0.5, 1.5, 2.5])?;
    /// let table = Memory::cut("run 7", frame, None, &Cutting::default())?;
    /// let data = data::Data::from_tables("a format", [data::ProcessSource::new("run 7", std::sync::Arc::new(table))])?;
    /// assert_eq!(data.query("px > 1").count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A name that comes twice.
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn from_tables(path: impl AsRef<str>, tables: impl IntoIterator<Item = ProcessSource>) -> Result<Self> {
        let grammar = Grammar::default();
        let mut processes: Vec<_> = tables.into_iter().map(|table| table.process(&grammar)).collect();
        processes.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(pair) = processes.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(Error::request(format!("two tables are called `{}`", pair[0].name)));
        }
        Ok(Self::of(Catalog::of(path.as_ref(), processes, &grammar, Vec::new()), Settings::default()))
    }
}

impl Group {
    /// The group of one table. `path` says in listings where it comes from.
    ///
    /// ```
    /// use data::{Group, ProcessSource};
    /// use sources::memory::{Cutting, Memory};
    /// let table = Memory::cut("run 7", polars::df!("px" => [0.5, 1.5])?, None, &Cutting::default())?;
    /// let group = Group::from_source("a format", ProcessSource::new("run 7", std::sync::Arc::new(table)));
    /// assert_eq!(group.query("px > 1").count()?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_source(path: impl AsRef<str>, table: ProcessSource) -> Self {
        let grammar = Grammar::default();
        let catalog = Catalog::of(path.as_ref(), vec![table.process(&grammar)], &grammar, Vec::new());
        Self::all(Arc::new(catalog), Arc::new(Settings::default()))
    }

    /// A group without rows whose terminals give this error: for constructors that give a group and not a `Result`.
    ///
    /// ```
    /// let group = data::Group::failed("run 7", data::Error::request("run 7 is not calibrated"));
    /// assert_eq!(group.count().unwrap_err().to_string(), "run 7 is not calibrated");
    /// ```
    pub fn failed(label: impl AsRef<str>, error: Error) -> Self {
        let nothing = Catalog::of(label.as_ref(), Vec::new(), &Grammar::default(), Vec::new());
        Self::all(Arc::new(nothing), Arc::new(Settings::default())).broken_by(label.as_ref().into(), error)
    }
}
