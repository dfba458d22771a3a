//! A file that is open: its objects by name.

use super::directory::{self, Found};
use super::header::Header;
use super::{Bytes, Classes, Key, recover};
use crate::error::{Error, Kind, Result};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A ROOT file. Cheap to clone; may be used by several threads at once.
///
/// ```no_run
/// let file = root::File::open("ntuple.root")?;
/// for entry in file.entries() {
///     println!("{};{} is a {}", entry.path, entry.cycle, entry.class);
/// }
/// # Ok::<(), root::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct File {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    name: String,
    bytes: Bytes,
    header: Header,
    found: Vec<Found>,
    recovered: bool,
    classes: OnceLock<Classes>,
}

/// An object of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Directories and name, with slashes between.
    pub path: String,
    /// Which version of it; the highest is the newest.
    pub cycle: i16,
    /// Its class.
    pub class: String,
    /// Its title.
    pub title: String,
}

impl File {
    /// Opens a file and reads its header and its directories.
    ///
    /// # Errors
    /// A file that cannot be read, that is none of ROOT's, or whose directories are damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let name = path.as_ref().display().to_string();
        Bytes::open(path.as_ref()).and_then(|bytes| Self::parse(&name, bytes)).map_err(|error| error.in_file(&name))
    }

    /// The same for bytes in memory; `name` is what errors call them.
    ///
    /// # Errors
    /// As [`File::open`].
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self> {
        Self::of(name, recoil_bytes::Bytes::memory(bytes))
    }

    /// The same for bytes wherever they are.
    ///
    /// # Errors
    /// As [`File::open`].
    pub fn of(name: &str, bytes: recoil_bytes::Bytes) -> Result<Self> {
        Self::parse(name, Bytes::of(bytes)).map_err(|error| error.in_file(name))
    }

    fn parse(name: &str, bytes: Bytes) -> Result<Self> {
        let header = Header::read(&bytes)?;
        let listed = directory::keys_at(&bytes, header.directory);
        let list = directory::list(&bytes, header.directory);
        let (found, recovered) = match (listed, list) {
            (Ok((keys, _)), Ok(found)) if keys != 0 => (found, false),
            (_, list) => {
                let found = recover::walk(&bytes, header.begin);
                if found.is_empty() {
                    list?;
                }
                (found, true)
            }
        };
        let name = name.to_owned();
        let inner = Inner { name, bytes, header, found, recovered, classes: OnceLock::new() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What the caller named it.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.inner.bytes.length()
    }

    /// Whether it was never closed: it has no list of its objects, which were looked for record by record.
    pub fn recovered(&self) -> bool {
        self.inner.recovered
    }

    /// All objects, in the order of the directories.
    pub fn entries(&self) -> Vec<Entry> {
        self.inner.found.iter().map(|(directory, key)| entry(directory, key)).collect()
    }

    /// The objects of classes that `wanted` accepts, each name once with its newest cycle.
    pub(crate) fn newest(&self, wanted: impl Fn(&str) -> bool) -> Vec<Entry> {
        let mut newest: Vec<&Found> = Vec::new();
        for found in self.inner.found.iter().filter(|(_, key)| wanted(&key.class)) {
            match newest.iter_mut().find(|(path, key)| *path == found.0 && key.name == found.1.name) {
                Some(have) if newer(&found.1, &have.1) => *have = found,
                Some(_) => {}
                None => newest.push(found),
            }
        }
        newest.into_iter().map(|(directory, key)| entry(directory, key)).collect()
    }

    /// The key of an object: `dir/name` or `dir/name;cycle`, without a cycle the newest.
    pub(crate) fn key(&self, path: &str, wanted: impl Fn(&str) -> bool) -> Result<&Key> {
        let named = |text: &str, cycle: Option<i16>| {
            let fits = |(directory, key): &&Found| {
                text.strip_prefix(directory.as_str()) == Some(&key.name)
                    && cycle.is_none_or(|cycle| cycle == key.cycle)
                    && wanted(&key.class)
            };
            self.inner.found.iter().filter(fits).map(|(_, key)| key).reduce(|a, b| if newer(b, a) { b } else { a })
        };
        let path = path.trim_start_matches('/');
        let with_cycle = || {
            let (text, cycle) = path.rsplit_once(';')?;
            named(text, Some(cycle.parse().ok()?))
        };
        named(path, None)
            .or_else(with_cycle)
            .ok_or_else(|| Error::from(Kind::Missing(format!("no object `{path}`"))).in_file(self.name()))
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.inner.bytes
    }

    /// Descriptions of the classes in the file. Without them, or when they cannot be read, there are none: only what needs them is lost.
    pub(crate) fn classes(&self) -> &Classes {
        self.inner.classes.get_or_init(|| {
            let (at, size) = self.inner.header.infos;
            if at == 0 || size == 0 {
                return Classes::default();
            }
            Key::read(&self.inner.bytes, at)
                .and_then(|key| Ok(Classes::read(&key.unpacked(&self.inner.bytes)?, key.header)))
                .unwrap_or_default()
        })
    }
}

fn entry(directory: &str, key: &Key) -> Entry {
    Entry {
        path: format!("{directory}{}", key.name),
        cycle: key.cycle,
        class: key.class.clone(),
        title: key.title.clone(),
    }
}

/// Cycles are counted in 16 bits and may have passed their end.
fn newer(one: &Key, other: &Key) -> bool {
    (one.cycle.wrapping_sub(other.cycle) > 0, one.seek) > (other.cycle.wrapping_sub(one.cycle) > 0, other.seek)
}
