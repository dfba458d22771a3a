//! One bank of HIPO files, and what it links to.

use crate::choice::Files;
use crate::frame::{ColumnElement, hipo_error, parts};
use crate::table::{BankTable, Linked};
use data::{Error, Group, Names, ProcessSource, Result};
use polars::prelude::PlSmallStr;
use show::{Cell, Table};
use std::ops::Deref;
use std::sync::Arc;

/// The rows of a bank: a [`Group`] with a few words of its own.
///
/// ```
#[doc = include_str!("example.txt")]
/// let particles: banks::Bank = run.bank("REC::Particle");
/// assert_eq!(particles.query("pid == 11").column("px")?, [1.0, 3.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Bank {
    name: String,
    files: Arc<Files>,
    links: Vec<Linked>,
    group: Group,
}

impl Bank {
    /// The rows of a bank of these files, as a group.
    pub(crate) fn new(name: &str, files: &Arc<Files>, group: Group) -> Self {
        Self { name: name.into(), files: Arc::clone(files), links: Vec::new(), group }
    }
}

impl Deref for Bank {
    type Target = Group;

    fn deref(&self) -> &Group {
        &self.group
    }
}

impl Bank {
    /// Only these columns, in this order.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(run.bank("REC::Particle").columns(["pid", "px"]).collect()?.width(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn columns(&self, columns: impl Names) -> Group {
        self.group.select(columns)
    }

    /// What columns of every row of this bank mean; displays as a table.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert!(run.bank("REC::Particle").schema()?.to_text().contains("charge"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn schema(&self) -> Result<Table> {
        let schema = self.files.chain.dictionary().get(&self.name).map_err(|fault| hipo_error(fault.into()))?;
        let mut table = Table::new(["column", "type", "per row", "meaning"]).caption(self.name.as_str());
        for column in schema.columns() {
            let (kind, count) = (format!("{:?}", column.kind), column.count as u64);
            table.push([
                Cell::text(&column.name),
                Cell::text(kind),
                Cell::count(count),
                Cell::text(&column.description),
            ]);
        }
        Ok(table)
    }

    /// With the columns of the row of another bank that the column `index` of this one names, such as `pindex`; null
    /// where it names none. They are called by the bank and the column: `Particle_px` for `REC::Particle`. A bank whose
    /// names are taken, such as `MC::Particle` beside it, has its whole name: `MC_Particle_px`.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// # let clusters = df!("__event__" => [0, 1, 2], "pindex" => [1, 0, 0], "energy" => [0.1, 0.2, 0.3])?;
    /// # banks::write_hipo(&clusters, folder.join("clusters.hipo"), "REC::Calorimeter", 300, 32)?;
    /// # let clusters = banks::hipo(folder.join("clusters.hipo").display().to_string())?;
    /// run.fuse(&clusters, folder.join("both.hipo"))?;
    /// let both = banks::hipo(folder.join("both.hipo").display().to_string())?;
    /// let clusters = both.bank("REC::Calorimeter").linked("REC::Particle", "pindex");
    /// assert_eq!(clusters.column("Particle_pid")?, [2212.0, 11.0, 22.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn linked(&self, bank: impl AsRef<str>, index: impl AsRef<str>) -> Self {
        let mut linked = self.clone();
        match self.link(bank.as_ref(), index.as_ref()) {
            Ok((links, group)) => (linked.links, linked.group) = (links, group),
            Err(error) => linked.group = Group::failed(&self.name, error),
        }
        linked
    }

    fn link(&self, bank: &str, index: &str) -> Result<(Vec<Linked>, Group)> {
        let dictionary = self.files.chain.dictionary();
        let own = dictionary.get(&self.name).map_err(|fault| hipo_error(fault.into()))?;
        own.index_of(index).map_err(|fault| hipo_error(fault.into()))?;
        let other = dictionary.get(bank).map_err(|fault| hipo_error(fault.into()))?;
        if self.links.iter().any(|link| link.bank == bank && link.index == index) {
            return Err(Error::request(format!("{}.{index} is linked to {bank} already", self.name)));
        }
        let links = self.with_link(bank, index, own, other)?;
        let table = BankTable::rows(&self.files, &self.name, links.clone())?;
        let fresh = Group::from_source(&self.name, process(&self.name, table, &self.files));
        // What went wrong before stays wrong.
        self.group.error().map_or(Ok((links, fresh)), |error| Err(error.clone()))
    }

    /// The links with one more. Its columns have the short name of the bank in front; where a column of that name is there
    /// already, the whole name of the bank, or the index, too.
    fn with_link(&self, bank: &str, index: &str, own: &::hipo::Schema, other: &::hipo::Schema) -> Result<Vec<Linked>> {
        let mut taken: Vec<PlSmallStr> = parts(own).into_iter().map(|part| part.name).collect();
        taken.extend(self.links.iter().flat_map(|link| link.columns.iter().map(|(name, _)| name.clone())));
        let short = bank.rsplit("::").next().unwrap_or(bank);
        let whole = bank.replace("::", "_");
        let prefixes = [short.to_string(), whole.clone(), format!("{index}_{short}"), format!("{index}_{whole}")];
        let named = prefixes.iter().map(|prefix| {
            parts(other).into_iter().map(|part| (PlSmallStr::from(format!("{prefix}_{}", part.name)), part)).collect()
        });
        let free = |columns: &Vec<(PlSmallStr, ColumnElement)>| columns.iter().all(|(name, _)| !taken.contains(name));
        let columns = named.into_iter().find(free).ok_or_else(|| {
            Error::request(format!(
                "{bank} cannot be linked: columns of {} and its links have all its names",
                self.name
            ))
        })?;
        let mut links = self.links.clone();
        links.push(Linked { bank: bank.into(), index: index.into(), columns });
        Ok(links)
    }
}

/// A bank as the rows of one process.
pub(crate) fn process(name: &str, table: BankTable, files: &Files) -> ProcessSource {
    ProcessSource::new(name, Arc::new(table)).files(files.chain.readers().len())
}
