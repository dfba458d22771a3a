//! The tables of a file, in the layouts in use: compounds (PyTables, basf2, h5py), frames of pandas in both formats, and groups
//! with a dataset for each column.

use super::names::{Meaning, unpickled};
use super::{Column, Table};
use hdf5_pure::{AttrValue, Dataset, File, Group};
use recoil_bytes::Bytes;
use recoil_hdf5::{Error, Item, Kind, Store};
use std::collections::{HashMap, HashSet};

type Result<T> = std::result::Result<T, Error>;

/// Groups in groups that are looked into.
const DEEPEST: usize = 16;

/// How the rows of a table are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// A compound for each row.
    Compound,
    /// pandas, `format="table"`: a compound with blocks of columns.
    Blocks,
    /// pandas, `format="fixed"`: an array for the columns of each type.
    Fixed,
    /// A dataset for each column.
    Columns,
}

type Attributes = HashMap<String, AttrValue>;

fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name)?.as_str()
}

fn unread(error: hdf5_pure::Error) -> Error {
    Error::Unreadable(error.to_string())
}

/// Paths of all tables of a file.
pub(super) fn tables(file: &File) -> Result<Vec<(String, Layout)>> {
    let mut found = Vec::new();
    walk(&file.root(), "", 0, &mut found)?;
    Ok(found)
}

fn walk(group: &Group, path: &str, depth: usize, found: &mut Vec<(String, Layout)>) -> Result<()> {
    // A group without attributes that can be read may still hold tables.
    let attributes = group.attrs().unwrap_or_default();
    let pandas = match text(&attributes, "pandas_type") {
        Some("frame_table") => Some(Layout::Blocks),
        Some("frame") => Some(Layout::Fixed),
        _ => None,
    };
    if let Some(layout) = pandas {
        found.push((path.to_owned(), layout));
        return Ok(());
    }
    let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    let mut lengths = HashSet::new();
    for name in group.datasets().map_err(unread)? {
        let dataset = group.dataset(&name).map_err(unread)?;
        let (Ok(shape), Ok(datatype)) = (dataset.shape(), dataset.datatype()) else { continue };
        match (shape.as_slice(), datatype) {
            ([_], hdf5_pure::Datatype::Compound { .. }) => found.push((inside(&name), Layout::Compound)),
            ([rows], _) => drop(lengths.insert(*rows)),
            _ => {}
        }
    }
    if lengths.len() == 1 {
        found.push((path.to_owned(), Layout::Columns));
    }
    // What PyTables keeps to find rows is no table.
    let is_own = |name: &String| !name.starts_with("_i_");
    for name in group.groups().map_err(unread)?.into_iter().filter(is_own) {
        if depth < DEEPEST {
            walk(&group.group(&name).map_err(unread)?, &inside(&name), depth + 1, found)?;
        }
    }
    Ok(())
}

/// Opens a table that [`tables`] has found.
pub(super) fn open(file: &File, bytes: &Bytes, path: &str, layout: Layout) -> Result<Table> {
    let dataset = |path: &str| file.dataset(path).map_err(unread);
    match layout {
        Layout::Compound => compound(&dataset(path)?, bytes, &Attributes::new()),
        Layout::Blocks => {
            let group = file.group(path).map_err(unread)?.attrs().map_err(unread)?;
            compound(&dataset(&format!("{path}/table"))?, bytes, &group)
        }
        Layout::Fixed => fixed(file, bytes, path),
        Layout::Columns => columns(file, bytes, path),
    }
}

fn compound(dataset: &Dataset, bytes: &Bytes, group: &Attributes) -> Result<Table> {
    let store = Store::open(dataset, bytes, None)?;
    let attributes = dataset.attrs().unwrap_or_default();
    let pandas = !group.is_empty();
    let mut columns = Vec::new();
    let mut blocks: HashMap<String, Vec<String>> = HashMap::new();
    for item in store.items() {
        let said = |what: &str| text(&attributes, &format!("{}_{what}", item.name));
        let kind = said("dtype").or_else(|| said("kind")).unwrap_or_default();
        let meaning = match (pandas, said("meta"), &item.kind) {
            (false, ..) => Meaning::Plain,
            (true, Some("category"), _) => Meaning::Category,
            (true, _, Ok(Kind::Text(_))) => Meaning::Text,
            _ => Meaning::of(kind),
        };
        let name = match item.element {
            // Blocks of pandas have the names of their columns beside them.
            Some(element) if pandas => {
                let names =
                    blocks.entry(item.name.clone()).or_insert_with(|| unpickled(said("kind").unwrap_or_default()));
                names.get(element).cloned().unwrap_or_else(|| format!("{}_{element}", item.name))
            }
            Some(element) => format!("{}_{element}", item.name),
            None => item.name.clone(),
        };
        columns.push(Column { name, store: 0, item, meaning });
    }
    let order = text(group, "non_index_axes").map(unpickled).unwrap_or_default();
    sort(&mut columns, &order);
    // Texts that are missing are stored as this word.
    let missing = text(group, "nan_rep").filter(|word| *word != "N.").unwrap_or("nan").to_owned();
    Ok(Table { rows: store.rows, stores: vec![store], columns, missing })
}

/// Puts columns in an order; those that are not in it, such as the index, come first.
fn sort(columns: &mut [Column], order: &[String]) {
    let place: HashMap<&str, usize> = order.iter().enumerate().map(|(at, name)| (name.as_str(), at + 1)).collect();
    columns.sort_by_key(|column| place.get(column.name.as_str()).copied().unwrap_or(0));
}

fn fixed(file: &File, bytes: &Bytes, path: &str) -> Result<Table> {
    let dataset = |name: &str| file.dataset(&format!("{path}/{name}")).map_err(unread);
    let mut table = Table { rows: 0, stores: Vec::new(), columns: Vec::new(), missing: String::new() };
    let index = dataset("axis1")?;
    let attributes = index.attrs().unwrap_or_default();
    let name = text(&attributes, "name").filter(|name| *name != "N.").unwrap_or("index").to_owned();
    let meaning = Meaning::of(text(&attributes, "kind").unwrap_or_default());
    // An index of objects is a pickle of its own; the columns are there without it.
    if let Ok(store) = Store::open(&index, bytes, None) {
        table.rows = store.rows;
        table.columns.extend(store.items().into_iter().map(|item| Column {
            name: name.clone(),
            store: 0,
            item,
            meaning,
        }));
        table.stores.push(store);
    }
    for block in 0.. {
        let Ok(values) = dataset(&format!("block{block}_values")) else { break };
        let names = labels(&dataset(&format!("block{block}_items"))?, bytes)?;
        let attributes = values.attrs().unwrap_or_default();
        let meaning = Meaning::of(text(&attributes, "value_type").unwrap_or_default());
        let at = table.stores.len();
        let (store, items) = match Store::open(&values, bytes, None) {
            Ok(store) if store.items().len() == names.len() => {
                let items = store.items();
                (Some(store), items)
            }
            // Objects, each a pickle.
            _ => (None, names.iter().map(|_| Item::unknown("objects of Python")).collect()),
        };
        table.rows = store.as_ref().map_or(table.rows, |store| store.rows);
        let named = names.into_iter().zip(items);
        table.columns.extend(named.map(|(name, item)| Column { name, store: at, item, meaning }));
        table.stores.extend(store);
    }
    sort(&mut table.columns, &labels(&dataset("axis0")?, bytes)?);
    Ok(table)
}

/// Names of columns that are stored as a dataset: texts, or numbers.
fn labels(dataset: &Dataset, bytes: &Bytes) -> Result<Vec<String>> {
    let store = Store::open(dataset, bytes, None)?;
    let mut raw = Vec::new();
    store.read(bytes, 0, store.rows, &mut raw).map_err(|(_, what)| Error::Damaged(what))?;
    let items = store.items();
    let item = items.first().ok_or_else(|| Error::Damaged("names that are no values".to_owned()))?;
    Ok(match (&item.kind, item.field()) {
        (Ok(Kind::Text(_)), _) => item.texts(&raw).map(|text| String::from_utf8_lossy(text).into_owned()).collect(),
        (_, Some(field)) => field.integers(&raw).map(|number| number.to_string()).collect(),
        _ => return Err(Error::Unsupported("names of columns that are neither texts nor numbers".to_owned())),
    })
}

fn columns(file: &File, bytes: &Bytes, path: &str) -> Result<Table> {
    let group = if path.is_empty() { file.root() } else { file.group(path).map_err(unread)? };
    let mut table = Table { rows: 0, stores: Vec::new(), columns: Vec::new(), missing: String::new() };
    for name in group.datasets().map_err(unread)? {
        let dataset = group.dataset(&name).map_err(unread)?;
        if dataset.shape().is_ok_and(|shape| shape.len() == 1)
            && !matches!(dataset.datatype(), Ok(hdf5_pure::Datatype::Compound { .. }))
        {
            let at = table.stores.len();
            let item = match Store::open(&dataset, bytes, None) {
                Ok(store) => {
                    let item = store.items().into_iter().next();
                    table.rows = store.rows;
                    table.stores.push(store);
                    item.unwrap_or_else(|| Item::unknown("nothing"))
                }
                Err(error) => Item::unknown(&error.to_string()),
            };
            table.columns.push(Column { name, store: at, item, meaning: Meaning::Plain });
        }
    }
    Ok(table)
}
