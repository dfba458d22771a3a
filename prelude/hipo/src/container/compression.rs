//! The four compressions of stock HIPO.

use std::io::Read;

use crate::model::error::Fault;

/// How the body of a record is stored. Raw blocks, no frames.
///
/// ```
/// assert_eq!(hipo::Compression::from_name("lz4")?, hipo::Compression::Lz4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// As it is.
    None,
    /// One LZ4 block, made fast. What C++ and Java write by default.
    #[default]
    Lz4,
    /// One LZ4 block, made small; read as fast.
    Lz4High,
    /// One gzip member. C++ cannot read it.
    Gzip,
}

impl Compression {
    /// The compression with this number in a record header.
    pub(crate) fn from_code(code: u8) -> Result<Self, Fault> {
        match code {
            0 => Ok(Self::None),
            1 => Ok(Self::Lz4),
            2 => Ok(Self::Lz4High),
            3 => Ok(Self::Gzip),
            6 | 7 => Err(Fault::Unsupported(format!(
                "compression type {code} (a layout split by bank or column); stock HIPO has 0 to 3, rewrite the file with \
                 the program that made it"
            ))),
            other => Err(Fault::Unsupported(format!("compression type {other}; stock HIPO has 0 to 3"))),
        }
    }

    /// The number in a record header.
    ///
    /// ```
    /// assert_eq!((hipo::Compression::None.code(), hipo::Compression::Lz4.code()), (0, 1));
    /// ```
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Lz4 => 1,
            Self::Lz4High => 2,
            Self::Gzip => 3,
        }
    }

    /// The name tools print and take: none, lz4, lz4hc, gzip.
    ///
    /// ```
    /// assert_eq!(hipo::Compression::Lz4High.name(), "lz4hc");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Lz4High => "lz4hc",
            Self::Gzip => "gzip",
        }
    }

    /// The compression of this name.
    ///
    /// # Errors
    /// When there is none.
    ///
    /// ```
    /// assert_eq!(hipo::Compression::from_name("gzip")?, hipo::Compression::Gzip);
    /// assert!(hipo::Compression::from_name("zip").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_name(name: &str) -> Result<Self, Fault> {
        let all = [Self::None, Self::Lz4, Self::Lz4High, Self::Gzip];
        let found = all.into_iter().find(|compression| compression.name() == name);
        found.ok_or_else(|| Fault::unknown("compression", name, all.map(Self::name)))
    }

    /// The most bytes that `stored` bytes can hold: what a length word may claim.
    fn most(self, stored: usize) -> u64 {
        let stored = stored as u64;
        match self {
            Self::None => stored,
            Self::Lz4 | Self::Lz4High => stored * 255 + 64,
            Self::Gzip => stored * 1032 + 64,
        }
    }

    /// Puts exactly `length` bytes into the front of `out`, from the stored body without its pad.
    pub(crate) fn unpack(self, stored: &[u8], length: u64, out: &mut Vec<u8>) -> Result<(), Fault> {
        if length > self.most(stored.len()) {
            return Err(Fault::Damaged(format!(
                "the record says it holds {length} bytes; {} bytes of {} cannot",
                stored.len(),
                self.name()
            )));
        }
        // Positions in a record are 32 bits wide here.
        let fits = u32::try_from(length).ok().and_then(|length| usize::try_from(length).ok());
        let length = fits.ok_or_else(|| Fault::Unsupported(format!("a record of {length} bytes: 4 GiB or more")))?;
        // Records of one file are alike: the buffer grows to the largest and stays.
        if out.len() < length {
            out.resize(length, 0);
        }
        let out = &mut out[..length];
        match self {
            Self::None => out.copy_from_slice(&stored[..length]),
            Self::Lz4 | Self::Lz4High => unpack_lz4(stored, out)?,
            Self::Gzip => unpack_gzip(stored, out)?,
        }
        Ok(())
    }

    /// The stored form of a body.
    pub(crate) fn pack(self, body: &[u8]) -> Result<Vec<u8>, Fault> {
        use lz4::block::{CompressionMode, compress};
        let packed = match self {
            Self::None => body.to_vec(),
            Self::Lz4 => compress(body, Some(CompressionMode::FAST(1)), false)?,
            Self::Lz4High => compress(body, Some(CompressionMode::HIGHCOMPRESSION(9)), false)?,
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                std::io::Write::write_all(&mut encoder, body)?;
                encoder.finish()?
            }
        };
        Ok(packed)
    }
}

fn unpack_lz4(stored: &[u8], out: &mut [u8]) -> Result<(), Fault> {
    let wanted = out.len();
    let size = i32::try_from(wanted).map_err(|_| Fault::Damaged(format!("an LZ4 block of {wanted} bytes")))?;
    match lz4::block::decompress_to_buffer(stored, Some(size), out) {
        Ok(found) if found == wanted => Ok(()),
        Ok(found) => Err(Fault::Damaged(format!("its LZ4 block gives {found} bytes, its header says {wanted}"))),
        Err(_) => Err(Fault::Damaged(format!("its LZ4 block of {} bytes is broken", stored.len()))),
    }
}

fn unpack_gzip(stored: &[u8], out: &mut [u8]) -> Result<(), Fault> {
    // The member ends before up to 3 bytes of padding, which the decoder leaves alone.
    let mut decoder = flate2::bufread::GzDecoder::new(stored);
    let broken = |error: std::io::Error| Fault::Damaged(format!("its gzip member is broken: {error}"));
    decoder.read_exact(out).map_err(broken)?;
    // Reading on to the end is what verifies the checksum.
    match decoder.read(&mut [0]).map_err(broken)? {
        0 => Ok(()),
        _ => Err(Fault::Damaged(format!("its gzip member holds more than the {} bytes its header says", out.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked_and_a_claim_too_large_is_refused_before_memory_is_taken() {
        let body: Vec<u8> = (0..10_000_u32).flat_map(|value| (value / 7).to_le_bytes()).collect();
        for compression in [Compression::None, Compression::Lz4, Compression::Lz4High, Compression::Gzip] {
            let stored = compression.pack(&body).unwrap();
            let mut out = Vec::new();
            compression.unpack(&stored, body.len() as u64, &mut out).unwrap();
            assert_eq!(out, body, "{compression:?}");
            let mut none = Vec::new();
            assert!(compression.unpack(&stored, 1 << 40, &mut none).is_err());
            assert_eq!(none.capacity(), 0, "{compression:?}");
            if compression != Compression::None {
                assert!(compression.unpack(&stored, body.len() as u64 - 1, &mut none).is_err(), "{compression:?}");
                assert!(compression.unpack(&stored, body.len() as u64 + 1, &mut none).is_err(), "{compression:?}");
            }
        }
    }
}
