//! A file that is added to: what of it stays.

use crate::error::{Error, Kind, Result};
use crate::file::{Bytes, Header, keys_of};
use std::path::Path;

/// What is known of a file before objects are added to it.
#[derive(Debug)]
pub(super) struct Kept {
    /// Names and keys of the objects of the top directory, as its list has them.
    pub keys: Vec<(String, Vec<u8>)>,
    /// Position and size of the descriptions of classes.
    pub infos: (u64, u64),
    /// Where the record of the top directory is.
    pub directory: u64,
    /// Its bytes up to and with the number that names the file.
    bytes: Vec<u8>,
    /// Bytes between the first record and the directory in it.
    pub names: u32,
    /// Behind the last record.
    pub end: u64,
    /// The number that names the file.
    pub uuid: [u8; 16],
}

/// Versions above this have positions of eight bytes.
const LARGE: i16 = 1000;
/// Bytes before the three positions of the record of a directory, and behind them.
const BEFORE: usize = 18;
const UUID: usize = 18;
/// Where the first record begins in every file since ROOT 3.
const BEGIN: u64 = 100;

impl Kept {
    /// Reads what a file has.
    ///
    /// # Errors
    /// A file that cannot be added to.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let bytes = Bytes::open(path)?;
        let header = Header::read(&bytes)?;
        let refuse = |why: String| {
            Error::from(Kind::Refused(format!("{why}: it cannot be added to; remove it, or take another name")))
        };
        if header.begin != BEGIN || header.directory <= BEGIN {
            return Err(refuse(format!("the first record is at byte {}", header.begin)));
        }
        if header.end > bytes.length() {
            return Err(refuse(format!("the file has {} of its {} bytes", bytes.length(), header.end)));
        }
        let keys = keys_of(&bytes, header.directory)?.ok_or_else(|| refuse("the file was never closed".to_owned()))?;
        let version = bytes.get(header.directory, 2, "a directory")?;
        let wide = i16::from_be_bytes([version[0], version[1]]) > LARGE;
        let size = BEFORE + if wide { 24 } else { 12 } + UUID;
        let record = bytes.get(header.directory, size, "a directory")?;
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&record[size - 16..]);
        Ok(Self {
            keys,
            infos: header.infos,
            directory: header.directory,
            bytes: record,
            names: (header.directory - BEGIN) as u32,
            end: header.end,
            uuid,
        })
    }

    /// Without the objects of these names.
    pub(super) fn without(mut self, names: &[&str]) -> Self {
        self.keys.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// Whether nothing stays.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The record of the directory with a new list of keys, whose position and size are `keys`.
    ///
    /// # Errors
    /// A list behind what positions of four bytes can say.
    pub(super) fn record(&self, keys: (u64, u32), stamp: u32) -> Result<Vec<u8>> {
        let mut record = self.bytes.clone();
        record[6..10].copy_from_slice(&stamp.to_be_bytes());
        record[10..14].copy_from_slice(&keys.1.to_be_bytes());
        if i16::from_be_bytes([record[0], record[1]]) > LARGE {
            record[BEFORE + 16..BEFORE + 24].copy_from_slice(&keys.0.to_be_bytes());
            return Ok(record);
        }
        let Ok(at) = i32::try_from(keys.0) else {
            let text = "the file would pass 2 GB, which its directory cannot say: write into a new file";
            return Err(Kind::Refused(text.to_owned()).into());
        };
        record[BEFORE + 8..BEFORE + 12].copy_from_slice(&at.to_be_bytes());
        Ok(record)
    }
}
