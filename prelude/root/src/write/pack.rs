//! Bytes into compressed blocks.

use crate::block::xxh64;
use crate::error::{Error, Kind, Result};
use std::io::Write;

/// How objects are compressed.
///
/// ```
/// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
/// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
/// # let path = path.with_extension(format!("{}.root", std::process::id()));
/// # let mut writer = Writer::create(&path, Compression::Default)?;
/// # let path = path.with_extension("lz4.root");
/// drop(writer);
/// assert!(Writer::create(&path, Compression::Lz4)?.finish().is_ok());
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    None,
    /// zlib, which every version of ROOT reads.
    Zlib(u32),
    /// LZ4, the fastest.
    Lz4,
    /// zstd with a level; ROOT 6.20 and newer.
    Zstd(i32),
    /// zstd with level 5.
    #[default]
    Default,
}

/// The most that a block may have.
const LARGEST: usize = 0xff_ffff;

impl Compression {
    /// The number that ROOT calls the setting.
    pub(crate) fn setting(self) -> i32 {
        match self {
            Self::None => 0,
            Self::Zlib(level) => 100 + level.min(9) as i32,
            Self::Lz4 => 404,
            Self::Zstd(level) => 500 + level.clamp(1, 9),
            Self::Default => 505,
        }
    }
}

/// The blocks of some bytes; the bytes themselves where blocks would not be smaller.
pub(crate) fn pack(plain: Vec<u8>, compression: Compression) -> Result<Vec<u8>> {
    if compression == Compression::None {
        return Ok(plain);
    }
    let mut out = Vec::with_capacity(plain.len() / 2);
    for part in plain.chunks(LARGEST) {
        let (letters, version, body) = block(part, compression)?;
        if body.len() > LARGEST {
            return Ok(plain);
        }
        let three = |number: usize| [number as u8, (number >> 8) as u8, (number >> 16) as u8];
        out.extend_from_slice(letters);
        out.push(version);
        out.extend_from_slice(&three(body.len()));
        out.extend_from_slice(&three(part.len()));
        out.extend_from_slice(&body);
    }
    Ok(if out.len() < plain.len() { out } else { plain })
}

fn block(part: &[u8], compression: Compression) -> Result<(&'static [u8; 2], u8, Vec<u8>)> {
    let wrong = |error: std::io::Error| Error::from(Kind::Io(error.to_string()));
    Ok(match compression {
        Compression::Zlib(level) => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(level.min(9)));
            encoder.write_all(part).map_err(wrong)?;
            (b"ZL", 8, encoder.finish().map_err(wrong)?)
        }
        Compression::Lz4 => {
            let body = lz4::block::compress(part, None, false).map_err(wrong)?;
            let mut whole = xxh64(&body).to_be_bytes().to_vec();
            whole.extend_from_slice(&body);
            (b"L4", 1, whole)
        }
        Compression::Zstd(level) => (b"ZS", 1, zstd::bulk::compress(part, level.clamp(1, 19)).map_err(wrong)?),
        Compression::Default | Compression::None => (b"ZS", 1, zstd::bulk::compress(part, 5).map_err(wrong)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_again() {
        let plain: Vec<u8> = (0..100_000u32).flat_map(|n| (n / 7).to_be_bytes()).collect();
        for compression in [Compression::None, Compression::Zlib(1), Compression::Lz4, Compression::Zstd(3)] {
            let stored = pack(plain.clone(), compression).unwrap();
            let mut out = Vec::new();
            let read = crate::block::unpack(&stored, plain.len(), &mut out).unwrap();
            assert_eq!(read, plain, "{compression:?}");
        }
        let noise: Vec<u8> = (0..1000u32).map(|n| (xxh64(&n.to_le_bytes()) >> 20) as u8).collect();
        assert_eq!(pack(noise.clone(), Compression::Zlib(9)).unwrap(), noise);
    }
}
