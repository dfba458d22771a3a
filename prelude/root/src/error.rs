//! One error: what is wrong, and where: file, object, branch, basket, byte.

use std::fmt;

/// What can go wrong with a ROOT file, or a value.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Where in a file something is wrong. What is not known is left out.
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
/// let error = file.table("no such table").unwrap_err();
/// let place: &root::Place = error.place();
/// assert!(place.file.is_some() && place.byte.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The file as the caller named it.
    pub file: Option<String>,
    /// The object in it: path of a tree, an ntuple or a directory.
    pub object: Option<String>,
    /// Branch of a tree or field of an ntuple.
    pub branch: Option<String>,
    /// Basket of the branch, or page of the field, from 0.
    pub basket: Option<u64>,
    /// Byte of the file at which the record begins, or the byte that is wrong.
    pub byte: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.file.clone());
        parts.extend(self.object.as_ref().map(|name| format!("object `{name}`")));
        parts.extend(self.branch.as_ref().map(|name| format!("branch `{name}`")));
        parts.extend(self.basket.map(|number| format!("basket {number}")));
        parts.extend(self.byte.map(|byte| format!("byte {byte}")));
        f.write_str(&parts.join(": "))
    }
}

/// What is wrong.
///
/// ```
/// let error = root::File::from_bytes("a message", vec![7; 200]).unwrap_err();
/// assert!(matches!(error.kind, root::Kind::NotRoot), "{error}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Kind {
    /// The system refused.
    #[error("{0}")]
    Io(String),
    /// It does not begin as a ROOT file does.
    #[error("not a ROOT file (it does not begin with `root`), or cut short; look whether the copy is complete")]
    NotRoot,
    /// Something says that more bytes follow than there are.
    #[error("{what} needs {need} bytes and {have} are left: the file is cut short or damaged")]
    Short {
        /// What was being read.
        what: &'static str,
        /// Bytes that it says it has.
        need: u64,
        /// Bytes that are there.
        have: u64,
    },
    /// Bytes that contradict themselves.
    #[error("{0}: the file is damaged")]
    Damaged(String),
    /// Something this reader does not know.
    #[error("{0}")]
    Unknown(String),
    /// A name that is not there.
    #[error("{0}")]
    Missing(String),
    /// A value that cannot be written.
    #[error("{0}")]
    Refused(String),
}

/// An error of a ROOT file, with its place.
///
/// ```
/// let error: root::Error = root::File::from_bytes("a message", b"no file of ROOT".to_vec()).unwrap_err();
/// assert!(error.to_string().contains("a message"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub kind: Kind,
    place: Box<Place>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.to_string();
        if place.is_empty() { write!(f, "{}", self.kind) } else { write!(f, "{place}: {}", self.kind) }
    }
}

impl std::error::Error for Error {}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self { kind, place: Box::default() }
    }
}

impl Error {
    /// Where it is wrong.
    ///
    /// ```
    /// let error = root::File::from_bytes("a message", b"no file of ROOT".to_vec()).unwrap_err();
    /// assert_eq!(error.place().file.as_deref(), Some("a message"));
    /// ```
    pub fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn damaged(text: impl Into<String>) -> Self {
        Kind::Damaged(text.into()).into()
    }

    pub(crate) fn unknown(text: impl Into<String>) -> Self {
        Kind::Unknown(text.into()).into()
    }

    pub(crate) fn short(what: &'static str, need: u64, have: u64) -> Self {
        Kind::Short { what, need, have }.into()
    }

    pub(crate) fn in_file(mut self, file: &str) -> Self {
        self.place.file.get_or_insert_with(|| file.to_owned());
        self
    }

    pub(crate) fn in_object(mut self, object: &str) -> Self {
        self.place.object.get_or_insert_with(|| object.to_owned());
        self
    }

    pub(crate) fn in_branch(mut self, branch: &str) -> Self {
        self.place.branch.get_or_insert_with(|| branch.to_owned());
        self
    }

    pub(crate) fn in_basket(mut self, basket: u64) -> Self {
        self.place.basket.get_or_insert(basket);
        self
    }

    pub(crate) fn at(mut self, byte: u64) -> Self {
        self.place.byte.get_or_insert(byte);
        self
    }
}
