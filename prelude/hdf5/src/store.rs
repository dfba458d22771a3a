//! The rows of one dataset as raw bytes: where they are, how they are packed, what numbers they hold.

use hdf5_pure::{Dataset, Datatype, Layout};

use crate::error::{Error, Result};
use crate::file::FileBytes;
use crate::filters::{self, Filter, Undo};

/// A filter of the caller's own: its registered number, and what undoes it.
pub type Own = Option<(u16, Undo)>;

/// A number in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// With a sign, of so many bytes.
    Signed(u8),
    /// Without a sign, of so many bytes.
    Unsigned(u8),
    /// Floating point, 32 bits.
    F32,
    /// Floating point, 64 bits.
    F64,
}

/// Where in a row a number is.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// What it is.
    pub number: Number,
    pub(crate) big_endian: bool,
    pub(crate) at: usize,
    pub(crate) row: usize,
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
pub struct Store {
    /// How many rows there are.
    pub rows: u64,
    pub(crate) row_bytes: usize,
    /// Numbers in a row, when it is not a compound: 1, or the columns of an array.
    pub(crate) across: usize,
    pub(crate) datatype: Datatype,
    place: Place,
    own: Own,
}

pub(crate) fn number(datatype: &Datatype) -> Option<(Number, bool)> {
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

impl Store {
    /// Finds out where the rows of a dataset are; `own` is a filter that the caller knows beside those that are known here.
    ///
    /// # Errors
    /// A dataset that is damaged, or of a kind that is not known.
    pub fn open(dataset: &Dataset, bytes: &impl FileBytes, own: Own) -> Result<Self> {
        let failed = |error: hdf5_pure::Error| Error::Unreadable(error.to_string());
        let unsupported = Error::Unsupported;
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
                filters::check(&filters, own).map_err(unsupported)?;
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
        let store = Self { rows, row_bytes, across, datatype, place, own };
        store.check(bytes).map_err(Error::Damaged)?;
        Ok(store)
    }

    /// No size that the file claims may reserve more memory than the file can fill.
    fn check(&self, bytes: &impl FileBytes) -> std::result::Result<(), String> {
        let need = u128::from(self.rows) * self.row_bytes as u128;
        let held = match &self.place {
            Place::Bytes(raw) => raw.len() as u128,
            Place::Contiguous(address) => u128::from(bytes.length().saturating_sub(*address)),
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
                if let Some(chunk) =
                    chunks.iter().find(|chunk| chunk.address.saturating_add(chunk.size) > bytes.length())
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

    /// Bytes of a row.
    pub fn row_bytes(&self) -> u64 {
        self.row_bytes as u64
    }

    /// Rows that are packed together; 1 where nothing is.
    pub fn chunk_rows(&self) -> u64 {
        match &self.place {
            Place::Chunks { rows, .. } => *rows,
            _ => 1,
        }
    }

    /// The row as one number.
    pub fn whole_row(&self) -> Option<Field> {
        if self.across != 1 {
            return None;
        }
        self.place_of(0)
    }

    /// Number `number` of the four columns of an array.
    pub fn place(&self, number: usize) -> Option<Field> {
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
    pub fn member(&self, name: &str) -> Option<Field> {
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
    pub fn offset_of(&self, row: u64) -> u64 {
        match &self.place {
            Place::Bytes(_) => 0,
            Place::Contiguous(address) => address + row * self.row_bytes as u64,
            Place::Chunks { chunks, .. } => {
                let after = chunks.partition_point(|chunk| chunk.row <= row);
                chunks.get(after.saturating_sub(1)).map_or(0, |chunk| chunk.address)
            }
        }
    }

    /// Adds the bytes of rows `first..last` to `out`.
    ///
    /// # Errors
    /// What is damaged, with its offset in the file.
    pub fn read(
        &self,
        bytes: &impl FileBytes,
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
                bytes.fill(at, &mut out[from..]).map_err(|error| (at, error.to_string()))?;
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
        bytes: &impl FileBytes,
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
            filters::undo(
                (self.filters, store.own),
                chunk.mask,
                packed,
                self.rows as usize * tile_width,
                &mut unpacked,
            )
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
    pub fn integers(self, raw: &[u8]) -> impl Iterator<Item = i64> + '_ {
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
    pub fn floats(self, raw: &[u8]) -> impl Iterator<Item = f64> + '_ {
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
