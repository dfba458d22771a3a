//! A file that is open: its objects by name.

use super::directory::{self, Found};
use super::header::Header;
use super::{Bytes, Classes, Key, recover};
use crate::error::{Error, Kind, Result};
use recoil_bytes::Held;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A ROOT file. Cheap to clone; may be used by several threads at once.
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
/// assert_eq!(file.table("events")?.rows(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
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
/// let entries: Vec<root::Entry> = file.entries();
/// assert_eq!((entries[0].path.as_str(), entries[0].class.as_str()), ("events", "TTree"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// assert!(File::open("no such file.root").is_err());
    /// assert_eq!(file.entries().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let name = path.as_ref().display().to_string();
        Bytes::open(path.as_ref()).and_then(|bytes| Self::parse(&name, bytes)).map_err(|error| error.in_file(&name))
    }

    /// The same for bytes in memory; `name` is what errors call them.
    ///
    /// # Errors
    /// As [`File::open`].
    ///
    /// ```
    /// assert!(root::File::from_bytes("a message", b"no file of ROOT".to_vec()).is_err());
    /// ```
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self> {
        Self::of(name, recoil_bytes::Bytes::memory(bytes))
    }

    /// The same for bytes wherever they are.
    ///
    /// # Errors
    /// As [`File::open`].
    ///
    /// ```
    /// let bytes = recoil_bytes::Bytes::memory(b"no file of ROOT".to_vec());
    /// assert!(root::File::of("a message", bytes).unwrap_err().to_string().contains("a message"));
    /// ```
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
    /// assert!(file.name().ends_with(".root"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Bytes of the file.
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
    /// assert!(file.size() > 300);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn size(&self) -> u64 {
        self.inner.bytes.length()
    }

    /// Whether it was never closed: it has no list of its objects, which were looked for record by record.
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
    /// assert!(!file.recovered(), "it was closed");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recovered(&self) -> bool {
        self.inner.recovered
    }

    /// All objects, in the order of the directories.
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
    /// assert_eq!(file.entries()[0].path, "events");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// Brings an object of a file that is elsewhere into memory, with the descriptions of the classes.
    pub(crate) fn hold(&self, key: &Key) -> Result<Held> {
        if !self.bytes().are_elsewhere() {
            return Ok(Held::default());
        }
        let infos = Some(self.inner.header.infos).filter(|_| self.inner.classes.get().is_none());
        let records = [Some((key.seek, key.size)), infos].into_iter().flatten();
        self.bytes().hold(records.map(|(at, size)| at..at.saturating_add(size)).collect())
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
