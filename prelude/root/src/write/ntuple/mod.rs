//! An RNTuple in the making: clusters of rows, pages of each column in them, checksums of everything.
//!
//! In go columns while they come, out come pages, and at the end the lists that say where they are. The version of the
//! format is 1.0. It must not know trees.

mod little;
mod page;
mod schema;

use super::file::Writer;
use super::out::Out;
use super::pack::{Compression, pack};
use super::rows::Rows;
use crate::block::xxh3;
use crate::columns::{Type, Values};
use crate::error::{Kind, Result};
use little::{Little, envelope};
use page::Elements;
use rayon::prelude::*;
use schema::Schema;

/// An ntuple that gets rows while they come. Texts are `std::string`, lists are `std::vector`, also in each other.
///
/// ```
/// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
/// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
/// # let path = path.with_extension(format!("{}.root", std::process::id()));
/// # let mut writer = Writer::create(&path, Compression::Default)?;
/// # let columns = [("x".to_string(), Type::F64)];
/// let mut ntuple = NtupleWriter::new("events", &columns)?;
/// ntuple.push(&mut writer, vec![Values::F64(vec![0.5, 1.5])])?;
/// ntuple.finish(&mut writer)?;
/// writer.finish()?;
/// assert_eq!(File::open(&path)?.table("events")?.rows(), 2);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct NtupleWriter {
    name: String,
    schema: Schema,
    /// Position, stored bytes, bytes and checksum of the header.
    header: Option<(u64, u64, u64, u64)>,
    rows: Rows,
    clusters: Vec<Cluster>,
    /// Elements of each column so far.
    elements: Vec<u64>,
    types: Vec<(String, Type)>,
}

#[derive(Debug)]
struct Cluster {
    first: u64,
    rows: u64,
    columns: Vec<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    /// Elements of the column before this cluster.
    first: u64,
    /// Elements, position and stored bytes.
    pages: Vec<(u32, u64, u32)>,
}

/// Bytes of a page, unpacked.
const PAGE: usize = 512 << 10;
/// Bytes of pages that are written in one record.
const RECORD: usize = 64 << 20;
/// Records above this would be in several parts; none is.
const LARGEST: u64 = 1 << 30;
/// What writes the file.
const PROGRAM: &str = concat!("Recoil ", env!("CARGO_PKG_VERSION"));

impl NtupleWriter {
    /// An ntuple with these columns.
    ///
    /// # Errors
    /// A name that occurs twice, or that a field cannot have.
    ///
    /// ```
    /// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64)];
    /// let twice = [columns[0].clone(), columns[0].clone()];
    /// assert!(NtupleWriter::new("events", &columns).is_ok() && NtupleWriter::new("events", &twice).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(name: &str, columns: &[(String, Type)]) -> Result<Self> {
        // Checked here, laid out when the compression is known.
        let schema = Schema::new(columns, true)?;
        let rows = Rows::new(columns)?;
        let (clusters, elements) = (Vec::new(), Vec::new());
        Ok(Self { name: name.to_owned(), schema, header: None, rows, clusters, elements, types: columns.to_vec() })
    }

    /// Adds rows: a column each, of the types that were said, all of one length.
    ///
    /// # Errors
    /// Columns of other numbers or lengths; what the system says.
    ///
    /// ```
    /// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64)];
    /// let mut ntuple = NtupleWriter::new("events", &columns)?;
    /// ntuple.push(&mut writer, vec![Values::F64(vec![0.5])])?;
    /// assert_eq!(ntuple.finish(&mut writer)?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn push(&mut self, file: &mut Writer, columns: Vec<Values>) -> Result<()> {
        self.rows.push(columns)?;
        while let Some(cluster) = self.rows.full() {
            self.cluster(file, &cluster)?;
        }
        Ok(())
    }

    /// Writes the header before everything else.
    fn begin(&mut self, file: &mut Writer) -> Result<(u64, u64, u64, u64)> {
        if let Some(header) = self.header {
            return Ok(header);
        }
        self.schema = Schema::new(&self.types, file.compression() != Compression::None)?;
        self.elements = vec![0; self.schema.columns.len()];
        let (bytes, sum) = envelope(1, |out| {
            out.i64(0).text(&self.name).text("").text(PROGRAM);
            self.schema.write(out);
        });
        let (at, stored, plain) = blob(file, bytes)?;
        self.header = Some((at, stored, plain, sum));
        Ok((at, stored, plain, sum))
    }

    /// Packs the pages of a cluster in parallel and writes them.
    fn cluster(&mut self, file: &mut Writer, values: &[Values]) -> Result<()> {
        self.begin(file)?;
        let mut elements = Vec::with_capacity(self.schema.columns.len());
        for (column, (name, of)) in values.iter().zip(&self.types) {
            if column.of() != *of {
                return Err(Kind::Refused(format!("column `{name}` is {} now, and was {of}", column.of())).into());
            }
            page::columns(column, &mut elements)?;
        }
        let first = self.clusters.last().map_or(0, |last| last.first + last.rows);
        let rows = values.first().map_or(0, Values::len) as u64;
        let mut columns: Vec<Pages> =
            self.elements.iter().map(|first| Pages { first: *first, pages: Vec::new() }).collect();
        let parts = parts(&self.schema, &elements);
        let mut rest = &parts[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(together(&self.schema, rest));
            self.pages(file, &elements, now, &mut columns)?;
            rest = later;
        }
        self.elements.iter_mut().zip(&elements).for_each(|(have, more)| *have += more.len() as u64);
        self.clusters.push(Cluster { first, rows, columns });
        Ok(())
    }

    /// Writes pages into one record.
    fn pages(&self, file: &mut Writer, all: &[Elements], parts: &[Part], columns: &mut [Pages]) -> Result<()> {
        let compression = file.compression();
        let packed = parts.par_iter().map(|part| {
            let element = self.schema.columns[part.column].element;
            let stored = pack(page::encode(element, all[part.column], part.from, part.to)?, compression)?;
            let sum = xxh3(&stored);
            Ok((stored, sum))
        });
        let packed: Vec<(Vec<u8>, u64)> = packed.collect::<Result<_>>()?;
        let mut record = Vec::with_capacity(packed.iter().map(|(stored, _)| stored.len() + 8).sum());
        let mut starts = Vec::with_capacity(parts.len());
        for (stored, sum) in &packed {
            starts.push((record.len() as u64, stored.len() as u32));
            record.extend_from_slice(stored);
            record.extend_from_slice(&sum.to_le_bytes());
        }
        let at = file.blob(&record, record.len())?;
        for (part, (start, stored)) in parts.iter().zip(starts) {
            columns[part.column].pages.push(((part.to - part.from) as u32, at + start, stored));
        }
        Ok(())
    }

    /// Writes what is left, the footer and the anchor; gives the number of rows.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// ```
    /// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64)];
    /// assert_eq!(NtupleWriter::new("events", &columns)?.finish(&mut writer)?, 0, "no rows");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn finish(mut self, file: &mut Writer) -> Result<u64> {
        if let Some(rest) = self.rows.rest() {
            self.cluster(file, &rest)?;
        }
        let header = self.begin(file)?;
        let (bytes, _) = envelope(3, |out| self.list(out, header.3, file.compression()));
        let list = blob(file, bytes)?;
        let rows = self.clusters.last().map_or(0, |last| last.first + last.rows);
        let (bytes, _) = envelope(2, |out| {
            out.i64(0).u64(header.3).record(|out| schema::nothing(out, 4));
            out.list(1, |out| {
                out.record(|out| {
                    out.u64(0).u64(rows).u32(self.clusters.len() as u32);
                    out.u64(list.2).locator(list.1 as u32, list.0);
                });
            });
        });
        let footer = blob(file, bytes)?;
        file.plain("ROOT::RNTuple", &self.name, "", anchor(&header, &footer))?;
        Ok(rows)
    }

    /// The list of clusters, and where the pages of each are.
    fn list(&self, out: &mut Little, header: u64, compression: Compression) {
        out.u64(header);
        out.list(self.clusters.len(), |out| {
            for cluster in &self.clusters {
                out.record(|out| {
                    out.u64(cluster.first).u64(cluster.rows);
                });
            }
        });
        out.list(self.clusters.len(), |out| {
            for cluster in &self.clusters {
                out.list(cluster.columns.len(), |out| {
                    cluster.columns.iter().for_each(|column| column.write(out, compression));
                });
            }
        });
    }
}

impl Pages {
    fn write(&self, out: &mut Little, compression: Compression) {
        out.list(self.pages.len(), |out| {
            for (elements, at, stored) in &self.pages {
                // Negative: a checksum follows the page.
                out.i32(-(*elements as i32)).locator(*stored, *at);
            }
            out.i64(self.first as i64).u32(compression.setting() as u32);
        });
    }
}

/// Elements of a column that are one page.
#[derive(Debug, Clone, Copy)]
struct Part {
    column: usize,
    from: usize,
    to: usize,
}

/// The pages of all columns.
fn parts(schema: &Schema, elements: &[Elements]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (column, all) in elements.iter().enumerate() {
        let (_, bits) = schema.columns[column].element.code();
        let each = (PAGE * 8 / usize::from(bits)).min(PAGE);
        let all = all.len();
        parts.extend((0..all).step_by(each).map(|from| Part { column, from, to: all.min(from + each) }));
    }
    parts
}

/// How many of the pages go into one record.
fn together(schema: &Schema, parts: &[Part]) -> usize {
    let mut bytes = 0;
    let large = |part: &Part| {
        bytes += (part.to - part.from) * usize::from(schema.columns[part.column].element.code().1) / 8;
        bytes > RECORD
    };
    parts.iter().position(large).unwrap_or(parts.len()).max(1)
}

/// Writes a description; gives position, stored bytes and bytes.
fn blob(file: &mut Writer, plain: Vec<u8>) -> Result<(u64, u64, u64)> {
    let size = plain.len();
    let stored = pack(plain, file.compression())?;
    if stored.len() as u64 > LARGEST {
        return Err(Kind::Refused(format!("a description of {} bytes", stored.len())).into());
    }
    let at = file.blob(&stored, size)?;
    Ok((at, stored.len() as u64, size as u64))
}

/// The object that is listed in the file: where header and footer are. It is big-endian, as all objects of a file.
fn anchor(header: &(u64, u64, u64, u64), footer: &(u64, u64, u64)) -> Vec<u8> {
    let mut out = Out::default();
    let wide = |out: &mut Out, value: u64| {
        out.i64(value as i64);
    };
    out.object(2, |out| {
        out.u16(1).u16(0).u16(0).u16(0);
        [header.0, header.1, header.2, footer.0, footer.1, footer.2, LARGEST]
            .iter()
            .for_each(|value| wide(out, *value));
    });
    // The checksum is of the bytes after byte count and version.
    let sum = xxh3(&out.bytes[6..]);
    wide(&mut out, sum);
    out.bytes
}
