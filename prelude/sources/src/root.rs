//! ROOT files: a TTree as a table. Numbers, truth values and text are columns; arrays and vectors of numbers are lists.
//!
//! The library beneath panics on what it does not know; here that becomes an error that says what to do.

use crate::source::missing;
use crate::{Identity, SegmentInfo, Source, guarded};
use oxyroot::{Branch, ReaderTree, RootFile, Slice};
use polars::prelude::*;
use rayon::prelude::*;
use segment::{Error, Place, Statistics};
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Result<T, E = Error> = std::result::Result<T, E>;

/// A tree of a ROOT file.
#[derive(Debug)]
pub struct Root {
    path: PathBuf,
    tree: String,
    name: String,
    identity: Identity,
    schema: SchemaRef,
    kinds: Vec<(PlSmallStr, Kind)>,
    skipped: Vec<(String, String)>,
    segments: Vec<SegmentInfo>,
}

/// Type of the values, and whether there are many per row and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    value: Value,
    many: Many,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Many {
    One,
    Array,
    Vector,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    Bool,
    Text,
}

/// Parts `file.root:tree` into the file and the tree.
pub fn split(path: &Path) -> (PathBuf, Option<String>) {
    let text = path.to_string_lossy();
    match text.rsplit_once(':') {
        Some((file, tree)) if file.to_lowercase().ends_with(".root") && !tree.is_empty() => {
            (PathBuf::from(file), Some(tree.to_owned()))
        }
        _ => (path.to_owned(), None),
    }
}

/// Opens a tree of a ROOT file; without a name the only tree there is.
///
/// # Errors
/// A file that cannot be read, no tree, or several trees and no name: the message lists them.
pub fn open(path: impl AsRef<Path>, tree: Option<&str>) -> Result<Root> {
    let path = path.as_ref();
    let place = Place::file(path.display().to_string());
    let identity = Identity::file(path)?;
    let trees = trees(path)?;
    let list = || trees.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let tree = match (tree, &trees[..]) {
        (_, []) => return Err(Error::read(&place, nothing(path))),
        (Some(name), all) if all.iter().any(|have| have == name) => name.to_owned(),
        (Some(name), _) => return Err(Error::read(&place, format!("no tree `{name}`; the trees are {}", list()))),
        (None, [only]) => only.clone(),
        (None, _) => {
            let text = format!("several trees: {}; choose one with \"{}:{}\"", list(), path.display(), trees[0]);
            return Err(Error::read(&place, text));
        }
    };
    let name = format!("{}:{tree}", path.display());
    let (rows, branches) = describe(path, &tree)?;
    let mut root = Root {
        path: path.to_owned(),
        identity,
        name,
        schema: SchemaRef::default(),
        kinds: Vec::new(),
        skipped: Vec::new(),
        segments: Vec::new(),
        tree,
    };
    for (branch, kind, entries) in branches {
        match Kind::parse(&kind) {
            Some(parsed) if entries == rows => root.kinds.push((branch.into(), parsed)),
            _ => root.skipped.push((branch, kind)),
        }
    }
    root.schema = Arc::new(root.kinds.iter().map(|(name, kind)| (name.clone(), kind.dtype())).collect());
    root.segments = vec![SegmentInfo {
        rows: 0..rows,
        columns: 0..root.kinds.len(),
        statistics: Statistics { rows, ..Statistics::default() },
        bytes: std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
        place: Arc::new(place.part(format!("tree {}", root.tree))),
        identity: identity.part(Identity::of(&root.tree).0 as u64),
    }];
    Ok(root)
}

/// The names of the trees of a file.
///
/// # Errors
/// A file that cannot be read.
pub fn trees(path: &Path) -> Result<Vec<String>> {
    let keys = attempt(path, None, || {
        let file = RootFile::open(path).map_err(text)?;
        Ok(file.keys().iter().map(|key| (name_of(key), key.class_name().to_owned())).collect::<Vec<_>>())
    })?;
    let mut trees: Vec<_> =
        keys.into_iter().filter(|(_, class)| class == "TTree" || class == "TNtuple").map(|(name, _)| name).collect();
    trees.sort();
    trees.dedup();
    Ok(trees)
}

fn name_of(key: &impl oxyroot::Named) -> String {
    key.name().to_owned()
}

/// Why a file has no tree.
fn nothing(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    let has = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    if has(b"RNTuple") {
        "holds RNTuples, which cannot be read yet; write a TTree, or convert the RNTuple to Parquet (uproot: \
         `uproot.open(file)[name].arrays()` and `ak.to_parquet`)"
            .to_owned()
    } else {
        "holds no tree at its top level".to_owned()
    }
}

/// Rows of the tree, and name, type and entries of its branches.
fn describe(path: &Path, tree: &str) -> Result<(u64, Vec<(String, String, u64)>)> {
    attempt(path, Some(tree), || {
        let tree = RootFile::open(path).map_err(text)?.get_tree(tree).map_err(text)?;
        let branches = leaves(&tree);
        let one = |(name, branch): (String, &Branch)| (name, branch.item_type_name(), branch.entries().max(0) as u64);
        Ok((tree.entries().max(0) as u64, branches.into_iter().map(one).collect()))
    })
}

/// All branches that hold values, with the names to ask for them.
fn leaves(tree: &ReaderTree) -> Vec<(String, &Branch)> {
    let mut found = Vec::new();
    for branch in tree.branches() {
        let inner: Vec<_> = branch.branches_r().into_iter().filter(|b| b.branches().next().is_none()).collect();
        if inner.is_empty() {
            found.push((branch.name().to_owned(), branch));
        } else {
            found.extend(inner.into_iter().map(|branch| (branch.name().to_owned(), branch)));
        }
    }
    found
}

/// Runs the library; its errors and its panics become one message.
fn attempt<T>(path: &Path, part: Option<&str>, work: impl FnOnce() -> Result<T, String>) -> Result<T> {
    let message = match guarded(work) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) | Err(error) => error,
    };
    let mut place = Place::file(path.display().to_string());
    if let Some(part) = part {
        place = place.part(part);
    }
    Err(Error::read(&place, advice(path, &message)))
}

/// The library's errors are of several types; their texts are what is used.
fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// What a failure means and what to do about it.
fn advice(path: &Path, message: &str) -> String {
    match header(path) {
        None => {
            "not a ROOT file (it does not begin with `root`), or cut short; look whether the copy is complete".into()
        }
        Some(5) => "compressed with ZSTD, which cannot be read yet; rewrite it with zlib or lz4 \
                    (`hadd -f101 new.root old.root`), or convert it to Parquet"
            .into(),
        Some(_) if message.contains("UnexpectedEof") || message.contains("eof") => format!(
            "a basket ends too early ({message}): the file is cut short, or has baskets over 16 MiB; \
             rewrite it with smaller baskets (`hadd -f101 new.root old.root`), or convert it to Parquet"
        ),
        Some(_) => format!("cannot be read ({message}); rewrite it with `hadd`, or convert it to Parquet"),
    }
}

/// The compression algorithm that the file's header names; `None` when there is no such header.
fn header(path: &Path) -> Option<u32> {
    let mut bytes = [0; 64];
    std::fs::File::open(path).ok()?.read_exact(&mut bytes).ok()?;
    if &bytes[..4] != b"root" {
        return None;
    }
    let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    // Files over 2 GB have a version above a million and longer offsets.
    Some(if number(4) >= 1_000_000 { number(41) } else { number(33) } / 100)
}

impl Root {
    /// Branches that are not columns, with their types: types that cannot be read, or other numbers of entries.
    pub fn skipped(&self) -> &[(String, String)] {
        &self.skipped
    }

    fn column(&self, name: &PlSmallStr) -> Result<Series> {
        let Some((_, kind)) = self.kinds.iter().find(|(have, _)| have == name) else {
            if let Some((_, kind)) = self.skipped.iter().find(|(have, _)| have == name.as_str()) {
                let place = &self.segments[0].place;
                return Err(Error::read(place, format!("branch `{name}` is a `{kind}`, which cannot be read yet")));
            }
            return Err(missing(name, &self.schema));
        };
        let series = attempt(&self.path, Some(&self.tree), || {
            let tree = RootFile::open(&self.path).map_err(text)?.get_tree(&self.tree).map_err(text)?;
            let branch = leaves(&tree).into_iter().find(|(have, _)| have == name.as_str());
            branch.map(|(_, branch)| kind.read(name.clone(), branch).map_err(text)).transpose()
        })?;
        let place = &self.segments[0].place;
        let series =
            series.ok_or_else(|| Error::read(place, format!("branch `{name}` is gone; load the file again")))?;
        if series.len() as u64 != self.segments[0].rows.end {
            let text = format!(
                "branch `{name}` has {} values for {} rows; its layout is not known",
                series.len(),
                self.rows()
            );
            return Err(Error::read(place, text));
        }
        Ok(series)
    }
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

    fn read(&self, _: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame> {
        self.identity.unchanged(&self.path, &self.segments[0].place)?;
        let decode = |name: &PlSmallStr| {
            segment::work::check()?;
            Ok(self.column(name)?.slice(rows.start as i64, rows.len()).into_column())
        };
        let columns = columns.par_iter().map(decode).collect::<Result<Vec<_>>>()?;
        Ok(DataFrame::new(rows.len(), columns)?)
    }

    fn divisible(&self) -> bool {
        false
    }
}

impl Kind {
    fn parse(name: &str) -> Option<Self> {
        if let Some(inner) = name.strip_suffix("[]") {
            return Some(Self { value: Value::parse(inner)?, many: Many::Array });
        }
        let vector = name.strip_prefix("std::").unwrap_or(name).strip_prefix("vector<");
        if let Some(inner) = vector.and_then(|rest| rest.strip_suffix('>')) {
            return Some(Self { value: Value::parse(inner.trim())?, many: Many::Vector });
        }
        Some(Self { value: Value::parse(name)?, many: Many::One })
    }

    fn dtype(self) -> DataType {
        match self.many {
            Many::One => self.value.dtype(),
            Many::Array | Many::Vector => DataType::List(Box::new(self.value.dtype())),
        }
    }

    fn read(self, name: PlSmallStr, branch: &Branch) -> oxyroot::Result<Series> {
        macro_rules! numbers {
            ($type:ty, $chunked:ty) => {
                match self.many {
                    Many::One => {
                        let values: Vec<$type> = branch.as_iter::<$type>()?.collect();
                        <$chunked>::from_vec(name, values).into_series()
                    }
                    Many::Array => {
                        lists(name, branch.as_iter::<Slice<$type>>()?.map(Slice::into_vec), self.value.dtype())
                    }
                    Many::Vector => lists(name, branch.as_iter::<Vec<$type>>()?, self.value.dtype()),
                }
            };
        }
        Ok(match self.value {
            Value::I8 => numbers!(i8, Int8Chunked),
            Value::U8 => numbers!(u8, UInt8Chunked),
            Value::I16 => numbers!(i16, Int16Chunked),
            Value::U16 => numbers!(u16, UInt16Chunked),
            Value::I32 => numbers!(i32, Int32Chunked),
            Value::U32 => numbers!(u32, UInt32Chunked),
            Value::I64 => numbers!(i64, Int64Chunked),
            Value::U64 => numbers!(u64, UInt64Chunked),
            Value::F32 => numbers!(f32, Float32Chunked),
            Value::F64 => numbers!(f64, Float64Chunked),
            Value::Bool => match self.many {
                Many::One => Series::new(name, branch.as_iter::<bool>()?.collect::<Vec<_>>()),
                Many::Array => lists(name, branch.as_iter::<Slice<bool>>()?.map(Slice::into_vec), DataType::Boolean),
                Many::Vector => lists(name, branch.as_iter::<Vec<bool>>()?, DataType::Boolean),
            },
            Value::Text => match self.many {
                Many::One => Series::new(name, branch.as_iter::<String>()?.collect::<Vec<_>>()),
                Many::Array => lists(name, branch.as_iter::<Slice<String>>()?.map(Slice::into_vec), DataType::String),
                Many::Vector => lists(name, branch.as_iter::<Vec<String>>()?, DataType::String),
            },
        })
    }
}

fn lists<T>(name: PlSmallStr, rows: impl Iterator<Item = Vec<T>>, dtype: DataType) -> Series
where
    Series: FromValues<T>,
{
    let rows: Vec<Series> = rows.map(Series::from_values).collect();
    let series = Series::new(name.clone(), rows);
    // Without rows there is nothing to tell the type from.
    series
        .cast(&DataType::List(Box::new(dtype.clone())))
        .unwrap_or_else(|_| Series::new_empty(name, &DataType::List(Box::new(dtype))))
}

/// A series without a name from the values of one row.
trait FromValues<T> {
    fn from_values(values: Vec<T>) -> Self;
}

macro_rules! from_values {
    ($($type:ty),*) => {
        $(impl FromValues<$type> for Series {
            fn from_values(values: Vec<$type>) -> Self {
                Self::new(PlSmallStr::EMPTY, values)
            }
        })*
    };
}

from_values!(i8, u8, i16, u16, i32, u32, i64, u64, f32, f64, bool, String);

impl Value {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "int8_t" | "char" | "Char_t" => Self::I8,
            "uint8_t" | "unsigned char" | "UChar_t" => Self::U8,
            "int16_t" | "short" | "Short_t" => Self::I16,
            "uint16_t" | "unsigned short" | "UShort_t" => Self::U16,
            "int32_t" | "int" | "Int_t" => Self::I32,
            "uint32_t" | "unsigned int" | "UInt_t" => Self::U32,
            "int64_t" | "long" | "Long64_t" | "long long" => Self::I64,
            "uint64_t" | "unsigned long" | "ULong64_t" | "unsigned long long" => Self::U64,
            "float" | "Float_t" => Self::F32,
            "double" | "Double_t" => Self::F64,
            "bool" | "Bool_t" => Self::Bool,
            "char*" | "string" | "TString" | "std::string" => Self::Text,
            _ => return None,
        })
    }

    fn dtype(self) -> DataType {
        match self {
            Self::I8 => DataType::Int8,
            Self::U8 => DataType::UInt8,
            Self::I16 => DataType::Int16,
            Self::U16 => DataType::UInt16,
            Self::I32 => DataType::Int32,
            Self::U32 => DataType::UInt32,
            Self::I64 => DataType::Int64,
            Self::U64 => DataType::UInt64,
            Self::F32 => DataType::Float32,
            Self::F64 => DataType::Float64,
            Self::Bool => DataType::Boolean,
            Self::Text => DataType::String,
        }
    }
}
