//! Opening a table of a file, and reading it.

use super::bounds::Bounds;
use super::remarks::Foreign;
use super::series;
use crate::ahead::read_ahead;
use crate::columns::Unreadable;
use crate::file;
use crate::file::TableFile;
use crate::lookup::Lookup;
use crate::reuse;
use crate::source::{Identity, SegmentInfo, Source, not_there};
use polars::prelude::*;
use rayon::prelude::*;
use recoil_bytes::Held;
use root::{Type, Values};
use segment::lists::Lists;
use segment::{Error, Place, Statistics};
use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Result<T, E = Error> = std::result::Result<T, E>;

/// A tree or an ntuple of a ROOT file.
///
/// ```
/// # use polars::prelude::*;
/// # use sources::Source;
/// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// # use sources::root::{WriteRoot, Writer};
/// let mut writer = Writer::create(folder.join("x.root:events"), frame.schema(), WriteRoot::default())?;
/// writer.push(&frame)?;
/// writer.finish()?;
/// let table: sources::root::Root = sources::root::open(folder.join("x.root"), Some("events"))?;
/// assert_eq!(table.rows(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Root {
    file: TableFile,
    name: String,
    tree: String,
    /// The objects of the file that are texts.
    objects: Vec<root::Entry>,
    table: root::Table,
    schema: SchemaRef,
    /// Position of each column in the table.
    positions: HashMap<PlSmallStr, usize>,
    segments: Vec<SegmentInfo>,
    unreadable: Vec<Unreadable>,
    /// Whether the file was never closed.
    recovered: bool,
    bounds: Bounds,
    foreign: Foreign,
}

/// Bytes at the start and the end of a file that is elsewhere that are fetched at first: the header and the record of the top
/// directory are shorter, and most often the lists of objects and classes and the record of a tree together.
const START: u64 = 4 << 10;
const END: u64 = 64 << 10;

/// Clusters of fewer rows than this are read together.
const FEWEST: u64 = 1 << 15;

/// Parts `file.root:tree`, and `file.h5:table`, into the file and the tree. Names of trees may have colons, so the first
/// `.root:` counts.
///
/// ```
/// use std::path::{Path, PathBuf};
/// assert_eq!(sources::root::split(Path::new("f.root:tree")), (PathBuf::from("f.root"), Some("tree".to_string())));
/// assert_eq!(sources::root::split(Path::new("f.root")).1, None);
/// ```
pub fn split(path: &Path) -> (PathBuf, Option<String>) {
    let text = path.to_string_lossy();
    // A host may be called so, too, with a port behind.
    let host = if file::is_elsewhere(path) { text.find("://").map_or(0, |at| at + 3) } else { 0 };
    let host = if host > 0 { text[host..].find('/').map_or(text.len(), |at| host + at) } else { 0 };
    let lower = text.to_lowercase();
    let ends = |ending: &str| Some(lower.get(host..)?.find(ending)? + host + ending.len());
    let found = [".root:", ".h5:", ".hdf5:"].into_iter().filter_map(ends).min();
    match found.filter(|end| text.is_char_boundary(*end)) {
        Some(end) if text.len() > end => {
            let (file, tree) = text.split_at(end - 1);
            // What an address asks of its server stands at the end, behind the tree.
            let query = tree.find('?').filter(|_| host > 0).unwrap_or(tree.len());
            (PathBuf::from(format!("{file}{}", &tree[query..])), Some(tree[1..query].to_owned()))
        }
        _ => (path.to_owned(), None),
    }
}

/// Opens a tree or an ntuple of a ROOT file: `tree`, `directory/tree`, `tree;cycle`; without a name the only one there is.
///
/// # Errors
/// A file that cannot be read, no tree, or several trees and no name: the message lists them.
///
/// ```
/// # use polars::prelude::*;
/// # use sources::Source;
/// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// # use sources::root::{WriteRoot, Writer};
/// Writer::create(folder.join("x.root:events"), frame.schema(), WriteRoot::default())?.finish()?;
/// assert_eq!(sources::root::open(folder.join("x.root"), None)?.rows(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(path: impl AsRef<Path>, tree: Option<&str>) -> Result<Root> {
    let path = path.as_ref();
    let (open, file, _held) = opened(path)?;
    let (place, identity) = (Place::file(open.name()), open.identity());
    let tree = match tree {
        Some(tree) => tree.to_owned(),
        None => only(&file, &place)?,
    };
    let table = file.table(&tree).map_err(|error| absent(&file, &tree, &place, error))?;
    let names = |column: &root::Column| PlSmallStr::from_str(&column.name);
    let schema = table.columns().iter().map(|column| (names(column), series::dtype(&column.of))).collect();
    let positions = table.columns().iter().enumerate().map(|(at, column)| (names(column), at)).collect();
    let segments = segments(&table, &file, identity, &place.part(format!("tree {tree}")));
    let name = format!("{}:{tree}", open.name());
    let unreadable = table.skipped().iter().map(unreadable).collect();
    let schema = Arc::new(schema);
    let recovered = file.recovered();
    let objects = file.entries().into_iter().filter(|entry| entry.class == "TNamed").collect();
    let (bounds, foreign) = (Bounds::default(), Foreign::default());
    Ok(Root {
        file: open,
        name,
        tree,
        objects,
        table,
        schema,
        positions,
        segments,
        unreadable,
        recovered,
        bounds,
        foreign,
    })
}

/// A file, and the objects in it. They are found from both of its ends, which stay in memory as long as the last of the
/// three lives: what stands there is fetched once, in one question.
fn opened(path: &Path) -> Result<(TableFile, root::File, Held)> {
    let (open, bytes) = TableFile::open(path)?;
    let (place, length) = (Place::file(open.name()), bytes.length());
    let ends = || vec![0..length.min(START), length.saturating_sub(END)..length];
    let held = open.hold(ends, &place)?;
    let file = root::File::of(open.name(), bytes).map_err(|error| told(&place, error))?;
    Ok((open, file, held))
}

/// What a text is called that is written beside a tree under a key.
pub(super) fn beside(tree: &str, key: &str) -> String {
    format!("{tree}_{key}")
}

/// The names of the trees and ntuples of a file.
///
/// # Errors
/// A file that cannot be read.
///
/// ```
/// # use polars::prelude::*;
/// # use sources::Source;
/// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// # use sources::root::{WriteRoot, Writer};
/// Writer::create(folder.join("x.root:events"), frame.schema(), WriteRoot::default())?.finish()?;
/// assert_eq!(sources::root::trees(&folder.join("x.root"))?, ["events"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn trees(path: &Path) -> Result<Vec<String>> {
    Ok(names(&opened(path)?.1))
}

/// Whether a file is a ROOT file that can be opened and does not have the tree, or has none at all.
///
/// ```
/// # use polars::prelude::*;
/// # use sources::Source;
/// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// # use sources::root::{WriteRoot, Writer};
/// Writer::create(folder.join("x.root:events"), frame.schema(), WriteRoot::default())?.finish()?;
/// assert!(sources::root::lacks(&folder.join("x.root"), Some("event")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lacks(path: &Path, tree: Option<&str>) -> bool {
    let Ok((_, file, _held)) = opened(path) else { return false };
    match tree {
        Some(tree) => !file.has_table(tree),
        None => file.tables().is_empty(),
    }
}

fn names(file: &root::File) -> Vec<String> {
    let mut names: Vec<_> = file.tables().into_iter().map(|entry| entry.path).collect();
    names.sort();
    names
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The only table of a file.
fn only(file: &root::File, place: &Place) -> Result<String> {
    let names = names(file);
    match &names[..] {
        [] => Err(Error::read(place, holds(file))),
        [only] => Ok(only.clone()),
        all => {
            let text = format!("several trees: {}; choose one with \"{}:{}\"", quoted(all), place.file, all[0]);
            Err(Error::read(place, text))
        }
    }
}

/// Why a file has no table.
fn holds(file: &root::File) -> String {
    let mut classes: Vec<_> = file.entries().into_iter().map(|entry| entry.class).collect();
    classes.sort();
    classes.dedup();
    if classes.is_empty() { "holds nothing".to_owned() } else { format!("holds no tree, only {}", classes.join(", ")) }
}

/// The error of a table that could not be opened; if there is none of that name, the names that there are.
fn absent(file: &root::File, tree: &str, place: &Place, error: root::Error) -> Error {
    match error.kind {
        root::Kind::Missing(_) => {
            let names = names(file);
            let text = match &names[..] {
                [] => holds(file),
                all => format!("no tree `{tree}`; the trees are {}", quoted(all)),
            };
            Error::read(place, text)
        }
        _ => told(place, error),
    }
}

/// An error of the reader; its place beyond the file is a part of the message's place.
fn told(place: &Place, error: root::Error) -> Error {
    if segment::work::interrupted() {
        return Error::Interrupted;
    }
    let mut inner = error.place().clone();
    inner.file = None;
    let inner = inner.to_string();
    let place = if inner.is_empty() { place.clone() } else { place.clone().part(inner) };
    Error::read(&place, error.kind.to_string())
}

fn unreadable(skipped: &root::Skipped) -> Unreadable {
    let dtype = if skipped.type_name.is_empty() { "unknown" } else { &skipped.type_name };
    Unreadable { name: skipped.name.as_str().into(), dtype: dtype.to_owned(), reason: skipped.reason.clone() }
}

/// Clusters, small ones together.
fn segments(table: &root::Table, file: &root::File, identity: Identity, place: &Place) -> Vec<SegmentInfo> {
    let rows = table.rows();
    let mut starts: Vec<u64> = Vec::new();
    for start in table.clusters() {
        if starts.last().is_none_or(|last| start - last >= FEWEST) {
            starts.push(start);
        }
    }
    let columns = table.columns().len();
    let ends: Vec<u64> = starts.iter().skip(1).copied().chain([rows]).collect();
    let all = starts.into_iter().zip(ends).enumerate();
    let one = |(number, (start, end)): (usize, (u64, u64))| SegmentInfo {
        rows: start..end,
        columns: 0..columns,
        statistics: Statistics { rows: end - start, ..Statistics::default() },
        bytes: (file.size() as f64 * ((end - start) as f64 / rows.max(1) as f64)) as u64,
        place: Arc::new(place.clone().part(format!("rows {start} to {end}"))),
        identity: identity.part(Identity::of(&(place.to_string(), number)).0 as u64),
    };
    all.map(one).collect()
}

impl Root {
    fn position(&self, name: &PlSmallStr, segment: usize) -> Result<usize> {
        if let Some(position) = self.positions.get(name) {
            return Ok(*position);
        }
        let error = not_there(name, self);
        Err(match error {
            Error::Request(text) => Error::read(&self.segments[segment].place, text),
            other => other,
        })
    }
}

/// Memory of a column that is no longer needed, for so many rows of this type; empty where there is none. The number of rows
/// is what the file says: nothing is allocated for it here.
fn reused(of: &Type, rows: usize) -> Values {
    let kept = match of {
        Type::F64 => reuse::kept(rows).map(Values::F64),
        Type::F32 => reuse::kept(rows).map(Values::F32),
        Type::I64 => reuse::kept(rows).map(Values::I64),
        Type::I32 => reuse::kept(rows).map(Values::I32),
        Type::U64 => reuse::kept(rows).map(Values::U64),
        Type::U32 => reuse::kept(rows).map(Values::U32),
        _ => None,
    };
    kept.unwrap_or(Values::U8(Vec::new()))
}

impl Source for Root {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    fn attached(&self, key: &str) -> Vec<Option<String>> {
        let name = beside(&self.tree, key);
        vec![
            self.objects
                .iter()
                .find(|entry| entry.path == name && entry.class == "TNamed")
                .map(|one| one.title.clone()),
        ]
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame> {
        let info = &self.segments[segment];
        self.file.unchanged(&info.place)?;
        let wanted = info.rows.start + rows.start as u64..info.rows.start + rows.end as u64;
        let positions: Vec<usize> = columns.iter().filter_map(|name| self.positions.get(name).copied()).collect();
        let place = Place::file(self.file.name());
        let _held = self.table.hold(&positions, wanted.clone()).map_err(|error| told(&place, error))?;
        let decode = |name: &PlSmallStr| {
            segment::work::check()?;
            let position = self.position(name, segment)?;
            let mut values = vec![reused(&self.table.columns()[position].of, rows.len())];
            let read = self.table.read_into(&[position], wanted.clone(), &mut values);
            read.map_err(|error| told(&place, error))?;
            let values = values.pop().ok_or_else(|| not_there(name, self))?;
            let (series, foreign) = series::series(name.clone(), values)?;
            self.foreign.note(name, segment, foreign);
            Ok(series.into_column())
        };
        let columns = columns.par_iter().map(decode).collect::<Result<Vec<_>>>()?;
        if rows == (0..info.len()) {
            self.bounds.note(segment, &columns);
        }
        Ok(DataFrame::new(rows.len(), columns)?)
    }

    fn remarks(&self, columns: &[PlSmallStr]) -> Vec<String> {
        self.foreign.said(&self.name, columns)
    }

    fn lookup(&self) -> Result<Option<Lookup>> {
        let index = self.table.index().map_err(|error| told(&Place::file(self.file.name()), error))?;
        Ok(index.map(|index| Lookup::new(index.major.clone(), index.minor.clone(), index.keys().to_vec())))
    }

    fn learned(&self, segment: usize) -> Option<Statistics> {
        self.bounds.of(segment)
    }

    fn lengths(&self, segment: usize, column: &PlSmallStr, rows: Range<usize>) -> Result<Column> {
        let info = &self.segments[segment];
        self.file.unchanged(&info.place)?;
        let wanted = info.rows.start + rows.start as u64..info.rows.start + rows.end as u64;
        let place = Place::file(self.file.name());
        let position = self.position(column, segment)?;
        match self.table.lengths(position, wanted).map_err(|error| told(&place, error))? {
            Some(lengths) => Ok(Column::new(column.clone(), lengths)),
            None => {
                let frame = self.read(segment, std::slice::from_ref(column), rows)?;
                Ok(Lists::count(frame.column(column)?.as_materialized_series())?.into_column())
            }
        }
    }

    fn expect(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) {
        let start = self.segments[segment].rows.start;
        let positions: Vec<usize> = columns.iter().filter_map(|name| self.positions.get(name).copied()).collect();
        let rows = start + rows.start as u64..start + rows.end as u64;
        match self.file.path().map(File::open) {
            Some(Ok(file)) => read_ahead(file, self.table.ranges(&positions, rows)),
            // Why a file cannot be opened any more, reading it says.
            Some(Err(_)) => {}
            None => self.table.expect(&positions, rows),
        }
    }

    fn stored(&self, segment: usize, columns: &[PlSmallStr]) -> u64 {
        let rows = &self.segments[segment].rows;
        let positions = columns.iter().filter_map(|name| self.positions.get(name));
        positions.map(|position| self.table.stored(*position, rows.clone())).sum()
    }

    fn divisible(&self) -> bool {
        false
    }

    fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    fn notes(&self) -> Vec<String> {
        let closed = "was never closed; what was written of it before is read";
        let mut notes: Vec<String> = self.recovered.then(|| format!("{} {closed}", self.name)).into_iter().collect();
        notes.extend(self.unreadable.iter().map(|column| format!("{}: {column}", self.name)));
        notes
    }
}
