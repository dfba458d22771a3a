//! The rows of one dataset as raw bytes: where they are, how they are packed, what numbers they hold.

use hdf5_pure::{Dataset, Datatype, Layout};

use crate::bytes::Bytes;
use crate::hdf5::filters::{self, Filter};
use crate::model::error::{EventError, Result};
use crate::model::format::Format;

/// A number in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Signed(u8),
    Unsigned(u8),
    F32,
    F64,
}

/// Where in a row a number is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) number: Number,
    big_endian: bool,
    at: usize,
    row: usize,
}

#[derive(Debug)]
struct Chunk {
    row: u64,
    /// First number of the row that it holds.
    column: u64,
    address: u64,
    size: u64,
    mask: u32,
}

#[derive(Debug)]
enum Place {
    Bytes(Vec<u8>),
    Contiguous(u64),
    /// Chunks of `rows` rows and `columns` numbers of each (all of them, or 1 when a row is one item).
    Chunks {
        rows: u64,
        columns: u64,
        chunks: Vec<Chunk>,
        filters: Vec<Filter>,
    },
}

/// A dataset of rows.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) rows: u64,
    row_bytes: usize,
    /// Numbers in a row, when it is not a compound: 1, or the columns of an array.
    across: usize,
    datatype: Datatype,
    place: Place,
}

fn number(datatype: &Datatype) -> Option<(Number, bool)> {
    use hdf5_pure::DatatypeByteOrder::BigEndian;
    match datatype {
        Datatype::FixedPoint { size, byte_order, layout } => {
            let size = u8::try_from(*size).ok().filter(|size| matches!(size, 1 | 2 | 4 | 8))?;
            let number = if layout.signed { Number::Signed(size) } else { Number::Unsigned(size) };
            Some((number, *byte_order == BigEndian))
        }
        Datatype::FloatingPoint { size: 4, byte_order, .. } => Some((Number::F32, *byte_order == BigEndian)),
        Datatype::FloatingPoint { size: 8, byte_order, .. } => Some((Number::F64, *byte_order == BigEndian)),
        // Booleans are enumerations of bytes.
        Datatype::Enumeration { base_type, .. } => number(base_type),
        Datatype::BitField { size: 1, byte_order, .. } => Some((Number::Unsigned(1), *byte_order == BigEndian)),
        _ => None,
    }
}

/// What `hdf5-pure` cannot read: damage in files of the old format. In the format of `libver="latest"` everything has a
/// checksum, and what is not understood is more likely newer than the library.
pub(crate) fn unreadable(bytes: &Bytes, what: &str) -> EventError {
    let path = bytes.path().to_path_buf();
    // The version of the superblock stands behind the signature.
    let newer = bytes.head(8, 1).is_ok_and(|version| version.first().is_some_and(|version| *version >= 2));
    if newer && !what.contains("checksum") {
        let hint = "if other HDF5 tools open it, it is of a newer format (h5py: `libver=\"latest\"`): write it anew with \
                    `libver=\"earliest\"`, or `h5repack --low=0 --high=1 old.h5 new.h5`; if they do not, it is damaged";
        return EventError::Unsupported { path, what: format!("{what}: this HDF5"), hint: hint.to_string() };
    }
    let hint = "open it with another HDF5 tool to see what is left".to_string();
    EventError::Damaged { path, format: Format::Hdf5, offset: 0, what: what.to_string(), hint }
}

impl Store {
    pub(crate) fn open(dataset: &Dataset, bytes: &Bytes) -> Result<Self> {
        let wrong = |what: String| EventError::Damaged {
            path: bytes.path().to_path_buf(),
            format: Format::Hdf5,
            offset: 0,
            what,
            hint: "open it with another HDF5 tool to see what is left".to_string(),
        };
        let failed = |error: hdf5_pure::Error| unreadable(bytes, &format!("a dataset cannot be read ({error})"));
        let unsupported = |what: String| EventError::Unsupported {
            path: bytes.path().to_path_buf(),
            what,
            hint: "repack the file with gzip or zstd".to_string(),
        };
        let shape = dataset.shape().map_err(failed)?;
        let (rows, across) = match shape[..] {
            [] => (1, 1),
            [rows] => (rows, 1),
            [rows, across] => (rows, across as usize),
            _ => return Err(unsupported(format!("a dataset of {} dimensions", shape.len()))),
        };
        let datatype = dataset.datatype().map_err(failed)?;
        let row_bytes = (datatype.type_size() as usize).saturating_mul(across);
        if row_bytes == 0 || row_bytes > 1 << 20 {
            return Err(unsupported(format!("a dataset with rows of {row_bytes} bytes")));
        }
        let place = match dataset.layout().map_err(failed)? {
            Layout::Compact { .. } => Place::Bytes(dataset.read_raw().map_err(failed)?),
            Layout::Contiguous { address: Some(address), .. } => Place::Contiguous(address),
            Layout::Contiguous { address: None, .. } if rows == 0 => Place::Bytes(Vec::new()),
            Layout::Chunked { chunk_shape, .. } => {
                let columns = chunk_shape.get(1).copied().unwrap_or(1).max(1);
                let filters = dataset
                    .filter_pipeline()
                    .into_iter()
                    .map(|filter| Filter { id: filter.id, data: filter.client_data })
                    .collect::<Vec<_>>();
                filters::check(&filters).map_err(unsupported)?;
                let listed = dataset.chunks().map_err(failed)?;
                let mut chunks: Vec<Chunk> = listed
                    .into_iter()
                    .map(|chunk| Chunk {
                        row: chunk.offset.first().copied().unwrap_or(0),
                        column: if across > 1 { chunk.offset.get(1).copied().unwrap_or(0) } else { 0 },
                        address: chunk.address,
                        size: chunk.storage_size,
                        mask: chunk.filter_mask,
                    })
                    .collect();
                chunks.sort_by_key(|chunk| (chunk.row, chunk.column));
                Place::Chunks { rows: chunk_shape.first().copied().unwrap_or(1).max(1), columns, chunks, filters }
            }
            _ => return Err(unsupported("a dataset stored outside of the file or not at all".to_string())),
        };
        let store = Self { rows, row_bytes, across, datatype, place };
        store.check(bytes).map_err(wrong)?;
        Ok(store)
    }

    /// No size that the file claims may reserve more memory than the file can fill.
    fn check(&self, bytes: &Bytes) -> std::result::Result<(), String> {
        let need = u128::from(self.rows) * self.row_bytes as u128;
        let held = match &self.place {
            Place::Bytes(raw) => raw.len() as u128,
            Place::Contiguous(address) => u128::from(bytes.len().saturating_sub(*address)),
            Place::Chunks { rows, columns, chunks, .. } => {
                let size = u128::from(*rows) * u128::from(*columns) * self.cell_bytes() as u128;
                if size > 1 << 31 {
                    return Err(format!("chunks of {size} bytes"));
                }
                // What gzip can pack at best; small chunks of one value pack better with others.
                let bomb = |chunk: &&Chunk| size > 64 << 20 && size > u128::from(chunk.size) * 1032;
                if let Some(chunk) = chunks.iter().find(bomb) {
                    return Err(format!("the chunk of row {} has {} bytes for {size}", chunk.row, chunk.size));
                }
                if let Some(chunk) = chunks.iter().find(|chunk| chunk.address.saturating_add(chunk.size) > bytes.len())
                {
                    return Err(format!(
                        "the chunk of row {} lies at byte {}, beyond the end of the file",
                        chunk.row, chunk.address
                    ));
                }
                chunks.len() as u128 * size
            }
        };
        if need > held {
            Err(format!(
                "{} rows of {} bytes are claimed, the file holds {held} bytes of them",
                self.rows, self.row_bytes
            ))
        } else {
            Ok(())
        }
    }

    /// Bytes of one number of a row, or of the row when it is one item.
    fn cell_bytes(&self) -> usize {
        self.row_bytes / self.across.max(1)
    }

    pub(crate) fn chunk_rows(&self) -> u64 {
        match &self.place {
            Place::Chunks { rows, .. } => *rows,
            _ => 1,
        }
    }

    /// The row as one number.
    pub(crate) fn whole_row(&self) -> Option<Field> {
        if self.across != 1 {
            return None;
        }
        self.place_of(0)
    }

    /// Number `number` of the four columns of an array.
    pub(crate) fn place(&self, number: usize) -> Option<Field> {
        if self.across != 4 {
            return None;
        }
        self.place_of(number)
    }

    fn place_of(&self, column: usize) -> Option<Field> {
        let (number, big_endian) = number(&self.datatype)?;
        Some(Field { number, big_endian, at: column * self.datatype.type_size() as usize, row: self.row_bytes })
    }

    /// A member of a compound.
    pub(crate) fn member(&self, name: &str) -> Option<Field> {
        let Datatype::Compound { members, .. } = &self.datatype else { return None };
        let member = members.iter().find(|member| member.name == name)?;
        let (number, big_endian) = number(&member.datatype)?;
        let at = member.byte_offset as usize;
        (at + member.datatype.type_size() as usize <= self.row_bytes).then_some(Field {
            number,
            big_endian,
            at,
            row: self.row_bytes,
        })
    }

    /// Byte offset of what holds a row.
    pub(crate) fn offset_of(&self, row: u64) -> u64 {
        match &self.place {
            Place::Bytes(_) => 0,
            Place::Contiguous(address) => address + row * self.row_bytes as u64,
            Place::Chunks { chunks, .. } => {
                let after = chunks.partition_point(|chunk| chunk.row <= row);
                chunks.get(after.saturating_sub(1)).map_or(0, |chunk| chunk.address)
            }
        }
    }

    /// Adds the bytes of rows `first..last` to `out`. Errors carry the offset of what is damaged.
    pub(crate) fn read(
        &self,
        bytes: &Bytes,
        first: u64,
        last: u64,
        out: &mut Vec<u8>,
    ) -> std::result::Result<(), (u64, String)> {
        let (width, from) = (self.row_bytes as u64, out.len());
        match &self.place {
            Place::Bytes(raw) => match raw.get((first * width) as usize..(last * width) as usize) {
                Some(part) => out.extend_from_slice(part),
                None => return Err((0, "rows that are not there".to_string())),
            },
            Place::Contiguous(address) => {
                out.resize(from + ((last - first) * width) as usize, 0);
                let at = address + first * width;
                bytes.read_at(at, &mut out[from..]).map_err(|error| (at, error.to_string()))?;
            }
            Place::Chunks { rows, columns, chunks, filters } => {
                let tiles = Tiles { store: self, rows: *rows, columns: *columns, chunks, filters };
                let mut row = first;
                while row < last {
                    let stop = last.min(row - row % rows + rows);
                    tiles.read(bytes, row..stop, out)?;
                    row = stop;
                }
            }
        }
        Ok(())
    }
}

/// The chunks of a dataset, side by side where they hold a part of each row only.
struct Tiles<'s> {
    store: &'s Store,
    rows: u64,
    columns: u64,
    chunks: &'s [Chunk],
    filters: &'s [Filter],
}

impl Tiles<'_> {
    /// Adds rows of one row of chunks to `out`.
    fn read(
        &self,
        bytes: &Bytes,
        wanted: std::ops::Range<u64>,
        out: &mut Vec<u8>,
    ) -> std::result::Result<(), (u64, String)> {
        let (store, start) = (self.store, wanted.start - wanted.start % self.rows);
        let (cell, width) = (store.cell_bytes(), store.row_bytes);
        let (from, count) = (out.len(), (wanted.end - wanted.start) as usize);
        let (mut words, mut unpacked) = (Vec::new(), Vec::new());
        // A chunk at the right edge is as wide as all others: what is beyond the row is padding.
        let tile_width = self.columns as usize * cell;
        for (tile, column) in (0..store.across as u64).step_by(self.columns as usize).enumerate() {
            let found = self.chunks.binary_search_by_key(&(start, column), |chunk| (chunk.row, chunk.column));
            let Some(chunk) = found.ok().map(|number| &self.chunks[number]) else {
                return Err((store.offset_of(wanted.start), format!("the chunk of row {start} is missing")));
            };
            let at = |what: String| (chunk.address, what);
            let packed = bytes
                .load(chunk.address, chunk.address + chunk.size, &mut words)
                .map_err(|error| at(error.to_string()))?;
            filters::undo(self.filters, chunk.mask, packed, self.rows as usize * tile_width, &mut unpacked)
                .map_err(at)?;
            let first = (wanted.start - start) as usize;
            let Some(part) = unpacked.get(first * tile_width..(first + count) * tile_width) else {
                let there = unpacked.len() / tile_width;
                return Err(at(format!("a chunk with {there} rows, {} are needed", first + count)));
            };
            if tile_width == width {
                out.extend_from_slice(part);
                continue;
            }
            out.resize(from + count * width, 0);
            let (left, used) = (tile * tile_width, tile_width.min(width - tile * tile_width));
            for (row, piece) in out[from..].chunks_exact_mut(width).zip(part.chunks_exact(tile_width)) {
                row[left..left + used].copy_from_slice(&piece[..used]);
            }
        }
        Ok(())
    }
}

impl Field {
    fn cell<'r>(&self, row: &'r [u8]) -> &'r [u8] {
        row.get(self.at..).unwrap_or_default()
    }

    /// The numbers of a column of integers.
    pub(crate) fn integers(self, raw: &[u8]) -> impl Iterator<Item = i64> + '_ {
        raw.chunks_exact(self.row).map(move |row| self.integer(self.cell(row)))
    }

    #[inline]
    fn integer(&self, cell: &[u8]) -> i64 {
        macro_rules! read {
            ($type:ty) => {
                cell.first_chunk().map_or(0, |raw| {
                    (if self.big_endian { <$type>::from_be_bytes(*raw) } else { <$type>::from_le_bytes(*raw) }) as i64
                })
            };
        }
        match self.number {
            Number::Signed(1) => read!(i8),
            Number::Signed(2) => read!(i16),
            Number::Signed(4) => read!(i32),
            Number::Signed(_) => read!(i64),
            Number::Unsigned(1) => read!(u8),
            Number::Unsigned(2) => read!(u16),
            Number::Unsigned(4) => read!(u32),
            // Times beyond 2^63 microseconds do not exist.
            Number::Unsigned(_) => read!(u64),
            Number::F32 | Number::F64 => 0,
        }
    }

    /// The numbers of a column of floats.
    pub(crate) fn floats(self, raw: &[u8]) -> impl Iterator<Item = f64> + '_ {
        raw.chunks_exact(self.row).map(move |row| {
            let cell = self.cell(row);
            match self.number {
                Number::F32 => cell.first_chunk().map_or(f64::NAN, |raw| {
                    f64::from(if self.big_endian { f32::from_be_bytes(*raw) } else { f32::from_le_bytes(*raw) })
                }),
                _ => cell.first_chunk().map_or(f64::NAN, |raw| {
                    if self.big_endian { f64::from_be_bytes(*raw) } else { f64::from_le_bytes(*raw) }
                }),
            }
        })
    }
}
