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
/// ```
/// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
/// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
/// # let path = path.with_extension(format!("{}.root", std::process::id()));
/// # let mut writer = Writer::create(&path, Compression::Default)?;
/// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
/// # let mut tree = TreeWriter::new("events", &columns)?;
/// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
/// # tree.finish(&mut writer)?;
/// # writer.finish()?;
/// # let file = File::open(&path)?;
/// # std::fs::remove_file(&path)?;
/// # let table = file.table("events")?;
/// let table: root::Table = table;
/// assert_eq!(table.read(&[1], 0..3)?, [Values::I32(vec![1, 2, 3])]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
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
    ///
    /// ```
    /// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
    /// # let mut tree = TreeWriter::new("events", &columns)?;
    /// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
    /// # tree.finish(&mut writer)?;
    /// # writer.finish()?;
    /// # let file = File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// assert_eq!(file.tables().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tables(&self) -> Vec<Entry> {
        self.newest(is_table)
    }

    /// Whether there is a table of this name.
    ///
    /// ```
    /// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
    /// # let mut tree = TreeWriter::new("events", &columns)?;
    /// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
    /// # tree.finish(&mut writer)?;
    /// # writer.finish()?;
    /// # let file = File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// assert!(file.has_table("events") && !file.has_table("event"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn has_table(&self, path: &str) -> bool {
        self.key(path, is_table).is_ok()
    }

    /// Opens a table: `name`, `directory/name`, `name;cycle`.
    ///
    /// # Errors
    /// A name that is not there, or a table whose description cannot be read.
    ///
    /// ```
    /// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
    /// # let mut tree = TreeWriter::new("events", &columns)?;
    /// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
    /// # tree.finish(&mut writer)?;
    /// # writer.finish()?;
    /// # let file = File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// assert_eq!(file.table("events")?.columns().len(), 2);
    /// assert!(file.table("event").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn table(&self, path: &str) -> Result<Table> {
        let key = self.key(path, is_table)?;
        let _held = self.hold(key).map_err(|error| error.in_file(self.name()))?;
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
    ///
    /// ```
    /// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
    /// # let mut tree = TreeWriter::new("events", &columns)?;
    /// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
    /// # tree.finish(&mut writer)?;
    /// # writer.finish()?;
    /// # let file = File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// # let table = file.table("events")?;
    /// assert_eq!(table.rows(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rows(&self) -> u64 {
        match &self.kind {
            Kind::Tree(tree) => tree.rows(),
            Kind::Ntuple(ntuple) => ntuple.rows(),
        }
    }

    /// All columns.
    ///
    /// ```
    /// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
    /// # let mut tree = TreeWriter::new("events", &columns)?;
    /// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
    /// # tree.finish(&mut writer)?;
    /// # writer.finish()?;
    /// # let file = File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// # let table = file.table("events")?;
    /// assert_eq!(table.columns()[1].name, "n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn columns(&self) -> &[Column] {
        match &self.kind {
            Kind::Tree(tree) => &tree.columns,
            Kind::Ntuple(ntuple) => ntuple.columns(),
        }
    }

    /// Branches that are no columns, and why.
    ///
    /// ```
    /// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
    /// # let mut tree = TreeWriter::new("events", &columns)?;
    /// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
    /// # tree.finish(&mut writer)?;
    /// # writer.finish()?;
    /// # let file = File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// # let table = file.table("events")?;
    /// assert!(table.skipped().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn skipped(&self) -> &[Skipped] {
        match &self.kind {
            Kind::Tree(tree) => &tree.skipped,
            Kind::Ntuple(ntuple) => ntuple.skipped(),
        }
    }

    /// First rows of the clusters: rows that were written together and are best read together. The first is 0; a table
    /// without rows has none.
    ///
    /// ```
    /// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
    /// # let mut tree = TreeWriter::new("events", &columns)?;
    /// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
    /// # tree.finish(&mut writer)?;
    /// # writer.finish()?;
    /// # let file = File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// # let table = file.table("events")?;
    /// assert_eq!(table.clusters(), [0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clusters(&self) -> Vec<u64> {
        match &self.kind {
            Kind::Tree(tree) => tree.clusters(),
            Kind::Ntuple(ntuple) => ntuple.clusters(),
        }
    }

    /// The index of a tree by which friends find their rows, if it has one.
    ///
    /// ```no_run
    /// let table = root::File::open("scores.root")?.table("scores")?;
    /// let row = table.index()?.and_then(|index| index.row(7, 12));
    /// # Ok::<(), root::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
    /// # let mut tree = TreeWriter::new("events", &columns)?;
    /// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
    /// # tree.finish(&mut writer)?;
    /// # writer.finish()?;
    /// # let file = File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// # let table = file.table("events")?;
    /// assert!(table.stored(0, 0..3) > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stored(&self, column: usize, rows: Range<u64>) -> u64 {
        match &self.kind {
            Kind::Tree(tree) => tree.stored(column, &rows),
            Kind::Ntuple(ntuple) => ntuple.stored(column, &rows),
        }
    }

    /// Where the bytes of some rows of some columns are in the file: baskets or pages as a whole, in no order.
    ///
    /// ```
    /// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
    /// # let mut tree = TreeWriter::new("events", &columns)?;
    /// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
    /// # tree.finish(&mut writer)?;
    /// # writer.finish()?;
    /// # let file = File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// # let table = file.table("events")?;
    /// let bytes: u64 = table.ranges(&[0], 0..3).iter().map(|range| range.end - range.start).sum();
    /// assert!(bytes > 0 && bytes < file.size());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
    /// # let mut tree = TreeWriter::new("events", &columns)?;
    /// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
    /// # tree.finish(&mut writer)?;
    /// # writer.finish()?;
    /// # let file = File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// # let table = file.table("events")?;
    /// let held = table.hold(&[0], 0..3)?;
    /// assert_eq!(table.read(&[0], 0..3)?[0].len(), 3);
    /// # drop(held);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hold(&self, columns: &[usize], rows: Range<u64>) -> Result<Held> {
        let columns: Vec<usize> = columns.iter().copied().filter(|column| *column < self.columns().len()).collect();
        match &self.kind {
            Kind::Tree(tree) => tree.hold(&columns, &rows),
            Kind::Ntuple(ntuple) => ntuple.hold(&columns, &rows),
        }
    }

    /// Says that rows of some columns are going to be held soon: of a file that is elsewhere, what they need is fetched
    /// meanwhile. It does not wait.
    ///
    /// ```
    /// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
    /// # let mut tree = TreeWriter::new("events", &columns)?;
    /// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
    /// # tree.finish(&mut writer)?;
    /// # writer.finish()?;
    /// # let file = File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// # let table = file.table("events")?;
    /// table.expect(&[0], 0..3);
    /// assert_eq!(table.read(&[0], 0..3)?[0].len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
    /// # let mut tree = TreeWriter::new("events", &columns)?;
    /// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
    /// # tree.finish(&mut writer)?;
    /// # writer.finish()?;
    /// # let file = File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// # let table = file.table("events")?;
    /// assert_eq!(table.read(&[0], 1..3)?, [Values::F64(vec![1.5, 2.5])]);
    /// assert!(table.read(&[0], 0..4).is_err(), "there are three rows");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(&self, columns: &[usize], rows: Range<u64>) -> Result<Vec<Values>> {
        let mut values = Vec::new();
        self.read_into(columns, rows, &mut values)?;
        Ok(values)
    }

    /// The same in the memory of values that are not needed any more, for those who read rows after rows: fresh memory costs
    /// as much in page faults as what is written to it. Numbers of a tree go into the vector that stands at their place in
    /// `values`, where it is of their type and large enough; whatever else is there is dropped.
    ///
    /// # Errors
    /// As [`Table::read`]; what `values` has then is not said.
    ///
    /// ```
    /// # use root::{Compression, File, Text, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64), ("n".to_string(), Type::I32)];
    /// # let mut tree = TreeWriter::new("events", &columns)?;
    /// # tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5, 2.5]), Values::I32(vec![1, 2, 3])])?;
    /// # tree.finish(&mut writer)?;
    /// # writer.finish()?;
    /// # let file = File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// # let table = file.table("events")?;
    /// let mut values = Vec::new();
    /// for row in 0..3 {
    ///     table.read_into(&[0], row..row + 1, &mut values)?;
    ///     assert_eq!(values, [Values::F64(vec![0.5 + row as f64])]);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_into(&self, columns: &[usize], rows: Range<u64>, values: &mut Vec<Values>) -> Result<()> {
        if rows.start > rows.end || rows.end > self.rows() {
            return Err(Error::unknown(format!("rows {} to {} of {}", rows.start, rows.end, self.rows())));
        }
        if let Some(column) = columns.iter().find(|column| **column >= self.columns().len()) {
            return Err(Error::unknown(format!("column {column} of {}", self.columns().len())));
        }
        values.resize_with(columns.len(), || Values::U8(Vec::new()));
        columns.par_iter().zip(values).try_for_each(|(column, values)| {
            let old = std::mem::replace(values, Values::U8(Vec::new()));
            *values = self.one(*column, rows.clone(), Some(old))?;
            Ok(())
        })
    }

    /// How many values the lists of some rows of a column have, where that is stored apart from the values: in the ends of an
    /// ntuple's collection, or in the leaf that counts the values of an array. `None` where the values have to be read.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn lengths(&self, column: usize, rows: Range<u64>) -> Result<Option<Vec<u32>>> {
        if rows.start > rows.end || rows.end > self.rows() || column >= self.columns().len() {
            return Err(Error::unknown(format!("rows {} to {} of column {column}", rows.start, rows.end)));
        }
        match &self.kind {
            Kind::Tree(tree) => tree.lengths(column, rows),
            Kind::Ntuple(ntuple) => ntuple.lengths(column, rows),
        }
    }

    fn one(&self, column: usize, rows: Range<u64>, old: Option<Values>) -> Result<Values> {
        match &self.kind {
            Kind::Tree(tree) => tree.read(column, rows, old),
            Kind::Ntuple(ntuple) => ntuple.read(column, rows),
        }
    }
}
