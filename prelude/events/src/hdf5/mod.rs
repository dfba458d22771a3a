//! HDF5: where the columns are in the layouts in use, and how their bytes become events.
//!
//! `hdf5-pure` reads the metadata, `recoil-hdf5` the chunks.

pub(crate) mod ecf;

use std::collections::HashMap;

use hdf5_pure::{AttrValue, Dataset, File};

use crate::bytes::{Bytes, Scratch};
use crate::codec::{Checkpoint, Codec, End, Sink, Span};
use crate::model::columns::{Events, Geometry, Trigger};
use crate::model::error::{EventError, Result};
use crate::model::format::Format;
use crate::model::units::{self, TimeUnit};
use recoil_hdf5::{Field, FileBytes, Number, Store};

/// Events per block, before it is rounded to whole chunks.
const ROWS: u64 = 256 * 1024;

/// The decoder.
pub(crate) struct Hdf5 {
    /// t, x, y, polarity.
    columns: [Column; 4],
    rows: u64,
    block_rows: u64,
    unit: TimeUnit,
    /// Added to every time: the file's `t_offset`.
    offset: i64,
    pub(crate) geometry: Option<Geometry>,
    pub(crate) layout: String,
    pub(crate) attributes: Vec<(String, String)>,
    triggers: Vec<Trigger>,
    bytes: u64,
}

#[derive(Clone)]
struct Column {
    store: std::sync::Arc<Store>,
    field: Field,
}

const NAMES: [&[&str]; 4] = [
    &["t", "ts", "timestamps", "timestamp", "time", "times"],
    &["x", "xs", "x_pos", "x_coord", "x_coordinates"],
    &["y", "ys", "y_pos", "y_coord", "y_coordinates"],
    &["p", "ps", "polarity", "pol", "polarities", "on"],
];

/// So many times are looked at to tell their unit.
const SAMPLE: u64 = 500;

/// The usual order of the columns of an array.
const TXYP: [usize; 4] = [0, 1, 2, 3];

impl Hdf5 {
    pub(crate) fn open(bytes: &Bytes, unit: Option<TimeUnit>) -> Result<Self> {
        let file = open_file(bytes)?;
        let (columns, mut layout, named) = find_columns(&file, bytes)?;
        let rows = columns[0].store.rows;
        for (column, name) in columns.iter().zip(["t", "x", "y", "polarity"]) {
            if column.store.rows != rows {
                let there = column.store.rows;
                return Err(damaged(bytes, 0, format!("column {name} has {there} rows, the time has {rows}")));
            }
        }
        let attributes = attributes(&file);
        let find = |key: &str| attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        let geometry = find("geometry").and_then(parse_geometry).or_else(|| {
            let side = |names: [&str; 2]| names.into_iter().find_map(find).and_then(|value| value.parse().ok());
            Some(Geometry { width: side(["width", "sensor_width"])?, height: side(["height", "sensor_height"])? })
        });
        let chunk = columns.iter().map(|column| column.store.chunk_rows()).max().unwrap_or(1).max(1);
        let (unit, why) = match (unit, named) {
            (Some(unit), _) => (unit, "as asked for".to_string()),
            (None, Some(unit)) => (unit, "an attribute says so".to_string()),
            (None, None) => units::told_by(&first_times(&columns[0], bytes)),
        };
        layout = format!("{layout}; time in {unit}: {why}");
        Ok(Self {
            rows,
            block_rows: ROWS.div_ceil(chunk) * chunk,
            unit,
            offset: t_offset(&file),
            geometry,
            layout,
            attributes,
            triggers: triggers(&file, bytes),
            columns,
            bytes: bytes.len(),
        })
    }

    /// Time in microseconds of one stored number.
    fn microseconds(&self, value: f64) -> Option<i64> {
        let scaled = match self.unit {
            TimeUnit::Seconds => value * 1e6,
            TimeUnit::Milliseconds => value * 1e3,
            TimeUnit::Microseconds => value,
            TimeUnit::Nanoseconds => value * 1e-3,
        };
        // Beyond 2^53 a float does not count microseconds any more.
        (scaled.is_finite() && scaled.abs() < 9.0e15).then(|| scaled.round() as i64)
    }

    fn times(&self, raw: &[u8], out: &mut Vec<i64>) -> std::result::Result<(), String> {
        let field = self.columns[0].field;
        match (field.number, self.unit) {
            (Number::F32 | Number::F64, _) => {
                for value in field.floats(raw) {
                    let t = self.microseconds(value).ok_or_else(|| format!("the time {value}"))?;
                    out.push(t.saturating_add(self.offset));
                }
            }
            (_, TimeUnit::Microseconds) => {
                out.extend(field.integers(raw).map(|value| value.saturating_add(self.offset)))
            }
            (_, TimeUnit::Nanoseconds) => {
                out.extend(
                    field
                        .integers(raw)
                        .map(|value| (value.saturating_add(500)).div_euclid(1000).saturating_add(self.offset)),
                );
            }
            (_, unit) => {
                let factor = if unit == TimeUnit::Seconds { 1_000_000 } else { 1_000 };
                out.extend(field.integers(raw).map(|value| value.saturating_mul(factor).saturating_add(self.offset)));
            }
        }
        Ok(())
    }

    fn places(&self, column: usize, raw: &[u8], out: &mut Vec<u16>) -> std::result::Result<(), String> {
        let field = self.columns[column].field;
        let (before, mut wrong) = (out.len(), None);
        if matches!(field.number, Number::F32 | Number::F64) {
            out.extend(field.floats(raw).map(|value| {
                if !(0.0..=65535.0).contains(&value) {
                    wrong = Some(value.to_string());
                }
                value as u16
            }));
        } else {
            out.extend(field.integers(raw).map(|value| {
                u16::try_from(value).unwrap_or_else(|_| {
                    wrong = Some(value.to_string());
                    0
                })
            }));
        }
        match wrong {
            Some(value) => {
                out.truncate(before);
                Err(format!("the place {} = {value}", ["t", "x", "y"][column]))
            }
            None => Ok(()),
        }
    }

    fn polarities(&self, raw: &[u8], out: &mut Vec<i8>) {
        let field = self.columns[3].field;
        if matches!(field.number, Number::F32 | Number::F64) {
            out.extend(field.floats(raw).map(|value| if value > 0.0 { 1 } else { -i8::from(value < 0.0) }));
        } else {
            // A simulator stores -1 as the unsigned 2^32 - 1.
            out.extend(
                field.integers(raw).map(|value| if value == i64::from(u32::MAX) { -1 } else { value.signum() as i8 }),
            );
        }
    }
}

fn damaged(bytes: &Bytes, offset: u64, what: String) -> EventError {
    let hint = "open it with another HDF5 tool to see what is left".to_string();
    EventError::Damaged { path: bytes.path().to_path_buf(), format: Format::Hdf5, offset, what, hint }
}

/// The filter of recordings that only these files have.
const ECF: u16 = 36559;

/// The rows of a dataset.
fn store_of(dataset: &Dataset, bytes: &Bytes) -> Result<Store> {
    Store::open(dataset, bytes, Some((ECF, ecf::decode))).map_err(|error| match error {
        recoil_hdf5::Error::Damaged(what) => damaged(bytes, 0, what),
        recoil_hdf5::Error::Unsupported(what) => {
            let hint = "repack the file with gzip or zstd".to_string();
            EventError::Unsupported { path: bytes.path().to_path_buf(), what, hint }
        }
        unread @ recoil_hdf5::Error::Unreadable(_) => unreadable(bytes, &unread.to_string()),
    })
}

impl FileBytes for Bytes {
    fn length(&self) -> u64 {
        self.len()
    }

    fn fill(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        self.read_at(offset, buffer).map_err(std::io::Error::other)
    }

    fn load<'s>(&'s self, start: u64, end: u64, words: &'s mut Vec<u64>) -> std::io::Result<&'s [u8]> {
        Self::load(self, start, end, words).map_err(std::io::Error::other)
    }
}

/// What `hdf5-pure` cannot read: damage in files of the old format. In the format of `libver="latest"` everything has a
/// checksum, and what is not understood is more likely newer than the library.
fn unreadable(bytes: &Bytes, what: &str) -> EventError {
    let path = bytes.path().to_path_buf();
    // The version of the superblock stands behind the signature.
    let newer = bytes.head(8, 1).is_ok_and(|version| version.first().is_some_and(|version| *version >= 2));
    if newer && !what.contains("checksum") {
        let hint = "if other HDF5 tools open it, it is of a newer format (h5py: `libver=\"latest\"`): write it anew with \
                    `libver=\"earliest\"`, or `h5repack --low=0 --high=1 old.h5 new.h5`; if they do not, it is damaged";
        return EventError::Unsupported { path, what: format!("{what}: this HDF5"), hint: hint.to_string() };
    }
    damaged(bytes, 0, what.to_owned())
}

fn open_file(bytes: &Bytes) -> Result<File> {
    let file = if bytes.in_memory() || bytes.is_elsewhere() {
        File::from_bytes(bytes.head(0, bytes.len())?)
    } else {
        File::open_streaming(bytes.path())
    };
    file.map_err(|error| unreadable(bytes, &format!("its structure cannot be read ({error})")))
}

fn parse_geometry(text: &str) -> Option<Geometry> {
    let (width, height) = text.split_once(['x', ','])?;
    Some(Geometry { width: width.trim().parse().ok()?, height: height.trim().parse().ok()? })
}

fn attributes(file: &File) -> Vec<(String, String)> {
    let all: HashMap<String, AttrValue> = file.root().attrs().unwrap_or_default();
    let mut found: Vec<(String, String)> = all
        .iter()
        .map(|(key, value)| {
            let text = value.as_str().map(str::to_string).or_else(|| value.as_i64().map(|number| number.to_string()));
            let text = text
                .or_else(|| value.as_u64().map(|number| number.to_string()))
                .or_else(|| value.as_f64().map(|number| number.to_string()));
            (key.clone(), text.unwrap_or_default())
        })
        .collect();
    found.sort();
    found
}

/// DSEC keeps the absolute start apart: a number beside the events or in the root.
fn t_offset(file: &File) -> i64 {
    ["t_offset", "events/t_offset"]
        .into_iter()
        .find_map(|path| file.dataset(path).ok()?.read_i64().ok()?.first().copied())
        .unwrap_or(0)
}

/// The four columns, in the first layout that fits.
fn find_columns(file: &File, bytes: &Bytes) -> Result<([Column; 4], String, Option<TimeUnit>)> {
    // MVSEC has x and y before the time.
    let tables = [("CD/events", TXYP), ("events", TXYP), ("events/events", TXYP), ("davis/left/events", [2, 0, 1, 3])];
    for (path, order) in tables {
        if let Some(columns) = one_dataset(file, bytes, path, order)? {
            let unit = file.dataset(path).ok().and_then(|dataset| unit_of(&dataset));
            return Ok((columns, format!("table `{path}`"), unit));
        }
    }
    for group in ["events", "CD", "", "davis/left/events", "prophesee/left"] {
        if let Some(columns) = four_datasets(file, bytes, group)? {
            let place = if group.is_empty() { "the root" } else { group };
            let path = |name: &str| if group.is_empty() { name.to_string() } else { format!("{group}/{name}") };
            let times = NAMES[0].iter().find_map(|name| file.dataset(&path(name)).ok());
            return Ok((columns, format!("columns in `{place}`"), times.and_then(|times| unit_of(&times))));
        }
    }
    let names = file.root().datasets().unwrap_or_default();
    let groups = file.root().groups().unwrap_or_default();
    Err(EventError::Unsupported {
        path: bytes.path().to_path_buf(),
        what: format!("an HDF5 file without events in a known place (datasets {names:?}, groups {groups:?})"),
        hint: "`CD/events`, `events` with t, x, y, p in it, a table `events`, or the four in the root are known"
            .to_string(),
    })
}

/// The unit of time that an attribute of the dataset names.
fn unit_of(dataset: &Dataset) -> Option<TimeUnit> {
    let attributes = dataset.attrs().ok()?;
    let named = ["unit", "units", "time_unit", "t_unit"].into_iter().find_map(|key| attributes.get(key));
    TimeUnit::from_name(named?.as_str()?)
}

/// The first times as they are stored; none where they cannot be read, which is told when they are asked for.
fn first_times(column: &Column, bytes: &Bytes) -> Vec<f64> {
    let mut raw = Vec::new();
    let rows = column.store.rows.min(SAMPLE);
    if column.store.read(bytes, 0, rows, &mut raw).is_err() {
        return Vec::new();
    }
    match column.field.number {
        Number::F32 | Number::F64 => column.field.floats(&raw).collect(),
        _ => column.field.integers(&raw).map(|value| value as f64).collect(),
    }
}

fn four_datasets(file: &File, bytes: &Bytes, group: &str) -> Result<Option<[Column; 4]>> {
    let mut found = Vec::new();
    for names in NAMES {
        let path = |name: &str| if group.is_empty() { name.to_string() } else { format!("{group}/{name}") };
        let Some(dataset) = names.iter().find_map(|name| file.dataset(&path(name)).ok()) else { return Ok(None) };
        let store = store_of(&dataset, bytes)?;
        let Some(field) = store.whole_row() else { return Ok(None) };
        found.push(Column { store: std::sync::Arc::new(store), field });
    }
    Ok(found.try_into().ok())
}

/// A compound dataset, or an array of N rows and 4 columns; `order` says which are t, x, y, polarity.
fn one_dataset(file: &File, bytes: &Bytes, path: &str, order: [usize; 4]) -> Result<Option<[Column; 4]>> {
    let Ok(dataset) = file.dataset(path) else { return Ok(None) };
    let store = std::sync::Arc::new(store_of(&dataset, bytes)?);
    let mut found = Vec::new();
    for (number, names) in NAMES.iter().enumerate() {
        let Some(field) = names.iter().find_map(|name| store.member(name)).or_else(|| store.place(order[number]))
        else {
            return Ok(None);
        };
        found.push(Column { store: store.clone(), field });
    }
    Ok(found.try_into().ok())
}

fn triggers(file: &File, bytes: &Bytes) -> Vec<Trigger> {
    let read = || -> Option<Vec<Trigger>> {
        let dataset = file.dataset("EXT_TRIGGER/events").ok()?;
        let store = store_of(&dataset, bytes).ok()?;
        let [t, id, p] = [store.member("t")?, store.member("id")?, store.member("p")?];
        let mut raw = Vec::new();
        store.read(bytes, 0, store.rows, &mut raw).ok()?;
        let (t, id, p) = (t.integers(&raw), id.integers(&raw), p.integers(&raw));
        Some(t.zip(id).zip(p).map(|((t, id), p)| Trigger { t, id: id as u16, value: (p & 1) as u8 }).collect())
    };
    read().unwrap_or_default()
}

impl Codec for Hdf5 {
    fn blocks(&self) -> usize {
        self.rows.div_ceil(self.block_rows) as usize
    }

    /// Rows have no single place in the file: the span is the part of the file that belongs to the block on average.
    fn span(&self, block: usize) -> Span {
        let at =
            |row: u64| (u128::from(self.bytes) * u128::from(row.min(self.rows)) / u128::from(self.rows.max(1))) as u64;
        Span { start: at(block as u64 * self.block_rows), end: at((block as u64 + 1) * self.block_rows) }
    }

    fn decode(
        &self,
        bytes: &Bytes,
        block: usize,
        _start: Option<&Checkpoint>,
        scratch: &mut Scratch,
        sink: &mut Sink<'_>,
    ) -> Result<End> {
        let first = block as u64 * self.block_rows;
        let last = self.rows.min(first + self.block_rows);
        let done = self.rows_into(bytes, first..last, &mut scratch.unpacked, sink.events);
        if let Err((offset, what)) = done {
            sink.events.clear();
            sink.damage(offset, last - first, format!("{what} in rows {first} to {last}"))?;
        }
        Ok(End::At(Checkpoint { started: true, ..Checkpoint::default() }))
    }

    fn rows(&self, block: usize) -> Option<u64> {
        let first = block as u64 * self.block_rows;
        Some(self.rows.min(first + self.block_rows) - first)
    }

    fn shift(&self) -> Option<i64> {
        (self.offset != 0).then_some(self.offset)
    }

    fn triggers(&self) -> &[Trigger] {
        &self.triggers
    }
}

impl Hdf5 {
    fn rows_into(
        &self,
        bytes: &Bytes,
        rows: std::ops::Range<u64>,
        raw: &mut Vec<u8>,
        events: &mut Events,
    ) -> std::result::Result<(), (u64, String)> {
        let mut loaded: Option<&std::sync::Arc<Store>> = None;
        for (number, column) in self.columns.iter().enumerate() {
            // The columns of a table share their bytes.
            if loaded.is_none_or(|store| !std::sync::Arc::ptr_eq(store, &column.store)) {
                raw.clear();
                column.store.read(bytes, rows.start, rows.end, raw)?;
                loaded = Some(&column.store);
            }
            let at = |what: String| (column.store.offset_of(rows.start), what);
            match number {
                0 => self.times(raw, &mut events.t).map_err(at)?,
                1 => self.places(1, raw, &mut events.x).map_err(at)?,
                2 => self.places(2, raw, &mut events.y).map_err(at)?,
                _ => self.polarities(raw, &mut events.polarity),
            }
        }
        Ok(())
    }
}

/// Decodes the ECF chunks of test vectors and files alike.
///
/// ```
/// # let mut chunk = (4_u32 << 2).to_le_bytes().to_vec();
/// # chunk.extend_from_slice(&5_u64.to_le_bytes());
/// # chunk.extend_from_slice(&[0x03, 0x11]);
/// # chunk.extend_from_slice(&(3_u16 << 5 | 4).to_le_bytes());
/// # chunk.extend_from_slice(&(7_u16 << 5 | 0b10100).to_le_bytes());
/// # chunk.extend_from_slice(&(12_u16 << 5).to_le_bytes());
/// # chunk.extend_from_slice(&[2, 0x80 | 2]);
/// let events = events::decode_ecf_chunk(&chunk)?; // four events in one row of pixels
/// assert_eq!((events.t, events.x), (vec![5, 5, 5, 6], vec![7, 8, 10, 12]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode_ecf_chunk(chunk: &[u8]) -> std::result::Result<Events, String> {
    let mut raw = Vec::new();
    ecf::decode(chunk, &mut raw)?;
    let mut events = Events::default();
    for row in raw.chunks_exact(ecf::ROW) {
        let (x, y, polarity, t) = ecf::row(row);
        events.push(t, x, y, polarity);
    }
    Ok(events)
}
