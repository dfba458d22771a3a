//! A table of a file, of whichever kind.

use crate::columns::{Column, Skipped, Values};
use crate::error::{Error, Result};
use crate::file::{Entry, File};
use crate::rntuple::{self, Ntuple};
use crate::tree::{self, Index, Tree};
use rayon::prelude::*;
use recoil_bytes::Held;
use std::ops::Range;

/// A TTree or an RNTuple.
///
/// ```no_run
/// let table = root::File::open("ntuple.root")?.table("tree")?;
/// let position = table.columns().iter().position(|column| column.name == "mass");
/// if let Some(position) = position {
///     let values = table.read(&[position], 0..table.rows())?;
///     println!("{} masses", values[0].len());
/// }
/// # Ok::<(), root::Error>(())
/// ```
#[derive(Debug)]
pub struct Table {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Tree(Tree),
    Ntuple(Ntuple),
}

fn is_table(class: &str) -> bool {
    tree::is_tree(class) || rntuple::is_ntuple(class)
}

impl File {
    /// The tables of the file: trees and ntuples of all directories, each name once.
    pub fn tables(&self) -> Vec<Entry> {
        self.newest(is_table)
    }

    /// Whether there is a table of this name.
    pub fn has_table(&self, path: &str) -> bool {
        self.key(path, is_table).is_ok()
    }

    /// Opens a table: `name`, `directory/name`, `name;cycle`.
    ///
    /// # Errors
    /// A name that is not there, or a table whose description cannot be read.
    pub fn table(&self, path: &str) -> Result<Table> {
        let key = self.key(path, is_table)?;
        let kind = if tree::is_tree(&key.class) {
            Kind::Tree(Tree::open(self, key, path)?)
        } else {
            Kind::Ntuple(Ntuple::open(self, key, path)?)
        };
        Ok(Table { kind })
    }
}

impl Table {
    /// Number of rows.
    pub fn rows(&self) -> u64 {
        match &self.kind {
            Kind::Tree(tree) => tree.rows(),
            Kind::Ntuple(ntuple) => ntuple.rows(),
        }
    }

    /// All columns.
    pub fn columns(&self) -> &[Column] {
        match &self.kind {
            Kind::Tree(tree) => &tree.columns,
            Kind::Ntuple(ntuple) => ntuple.columns(),
        }
    }

    /// Branches that are no columns, and why.
    pub fn skipped(&self) -> &[Skipped] {
        match &self.kind {
            Kind::Tree(tree) => &tree.skipped,
            Kind::Ntuple(ntuple) => ntuple.skipped(),
        }
    }

    /// First rows of the clusters: rows that were written together and are best read together. The first is 0; a table
    /// without rows has none.
    pub fn clusters(&self) -> Vec<u64> {
        match &self.kind {
            Kind::Tree(tree) => tree.clusters(),
            Kind::Ntuple(ntuple) => ntuple.clusters(),
        }
    }

    /// The index of a tree by which friends find their rows, if it has one.
    ///
    /// # Errors
    /// An index that cannot be read.
    pub fn index(&self) -> Result<Option<&Index>> {
        match &self.kind {
            Kind::Tree(tree) => tree.index(),
            Kind::Ntuple(_) => Ok(None),
        }
    }

    /// Bytes on disk of some rows of a column.
    pub fn stored(&self, column: usize, rows: Range<u64>) -> u64 {
        match &self.kind {
            Kind::Tree(tree) => tree.stored(column, &rows),
            Kind::Ntuple(ntuple) => ntuple.stored(column, &rows),
        }
    }

    /// Where the bytes of some rows of some columns are in the file: baskets or pages as a whole, in no order.
    pub fn ranges(&self, columns: &[usize], rows: Range<u64>) -> Vec<Range<u64>> {
        let columns: Vec<usize> = columns.iter().copied().filter(|column| *column < self.columns().len()).collect();
        match &self.kind {
            Kind::Tree(tree) => tree.ranges(&columns, &rows),
            Kind::Ntuple(ntuple) => ntuple.ranges(&columns, &rows),
        }
    }

    /// Says that rows of some columns are going to be read: what they need of a file that is elsewhere is brought into
    /// memory together, and stays there as long as the answer lives. For other files nothing is done.
    ///
    /// # Errors
    /// What the server or the connection says.
    pub fn hold(&self, columns: &[usize], rows: Range<u64>) -> Result<Held> {
        let columns: Vec<usize> = columns.iter().copied().filter(|column| *column < self.columns().len()).collect();
        match &self.kind {
            Kind::Tree(tree) => tree.hold(&columns, &rows),
            Kind::Ntuple(ntuple) => ntuple.hold(&columns, &rows),
        }
    }

    /// Says that rows of some columns are going to be held soon: of a file that is elsewhere, what they need is fetched
    /// meanwhile. It does not wait.
    pub fn expect(&self, columns: &[usize], rows: Range<u64>) {
        let columns: Vec<usize> = columns.iter().copied().filter(|column| *column < self.columns().len()).collect();
        match &self.kind {
            Kind::Tree(tree) => tree.expect(&columns, &rows),
            Kind::Ntuple(ntuple) => ntuple.expect(&columns, &rows),
        }
    }

    /// Rows of some columns, by their positions in [`Table::columns`].
    ///
    /// # Errors
    /// Rows that are not there, and bytes that are damaged: the error names file, object, branch, basket and byte.
    pub fn read(&self, columns: &[usize], rows: Range<u64>) -> Result<Vec<Values>> {
        if rows.start > rows.end || rows.end > self.rows() {
            return Err(Error::unknown(format!("rows {} to {} of {}", rows.start, rows.end, self.rows())));
        }
        if let Some(column) = columns.iter().find(|column| **column >= self.columns().len()) {
            return Err(Error::unknown(format!("column {column} of {}", self.columns().len())));
        }
        columns.par_iter().map(|column| self.one(*column, rows.clone())).collect()
    }

    fn one(&self, column: usize, rows: Range<u64>) -> Result<Values> {
        match &self.kind {
            Kind::Tree(tree) => tree.read(column, rows),
            Kind::Ntuple(ntuple) => ntuple.read(column, rows),
        }
    }
}
