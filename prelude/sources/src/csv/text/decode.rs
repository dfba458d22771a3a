//! Bytes of a file to UTF-8: compression by its magic, the encoding by its mark or as asked.

use super::Fault;
use std::io::Read;

/// How characters are written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    Latin1,
    Windows1252,
}

/// The characters of Windows-1252 from 0x80 to 0x9f; five bytes have none and stay control characters.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl Encoding {
    /// The encoding of a name as people write it.
    ///
    /// # Errors
    /// A name that is not known, with those that are.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let bare: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        match bare.as_str() {
            "utf8" | "ascii" => Ok(Self::Utf8),
            "utf16" | "utf16le" | "unicode" => Ok(Self::Utf16Le),
            "utf16be" => Ok(Self::Utf16Be),
            "latin1" | "iso88591" => Ok(Self::Latin1),
            "windows1252" | "cp1252" => Ok(Self::Windows1252),
            _ => Err(format!(
                "no encoding `{name}`; known are utf-8, utf-16 (utf-16le, utf-16be), latin-1 and windows-1252"
            )),
        }
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16",
            Self::Utf16Be => "UTF-16 (big endian)",
            Self::Latin1 => "Latin-1",
            Self::Windows1252 => "Windows-1252",
        }
    }
}

/// Takes gzip or zstd off, as the first bytes say, and names it.
///
/// # Errors
/// A damaged stream, or bytes of a format that is no text.
pub(crate) fn inflate(bytes: Vec<u8>) -> Result<(Vec<u8>, Option<&'static str>), String> {
    let (name, out) = match bytes.as_slice() {
        [0x1f, 0x8b, ..] => {
            let mut out = Vec::new();
            ("gzip", flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut out).map(|_| out))
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => ("zstd", zstd::decode_all(&bytes[..])),
        _ => return foreign(&bytes).map_or(Ok((bytes, None)), Err),
    };
    let out = out.map_err(|error| format!("its {name} stream is damaged or cut short ({error})"))?;
    Ok((out, Some(name)))
}

/// Formats that are no text, by their first bytes.
fn foreign(bytes: &[u8]) -> Option<String> {
    let what = match bytes {
        [b'P', b'K', 3, 4, ..] => "a zip archive (perhaps a spreadsheet, .xlsx); unpack it, or save the sheet as CSV",
        [b'B', b'Z', b'h', ..] => "compressed by bzip2; unpack it, or write it as .gz or .zst",
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => "compressed by xz; unpack it, or write it as .gz or .zst",
        [b'P', b'A', b'R', b'1', ..] => "a Parquet file; its name should end in .parquet",
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => "an Arrow file; its name should end in .arrow",
        [b'r', b'o', b'o', b't', 0, ..] => "a ROOT file; its name should end in .root",
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => "text in UTF-32; write it again as UTF-8",
        _ => return None,
    };
    Some(format!("not a text table: this is {what}"))
}

/// The text as UTF-8, and the encoding it had. A byte order mark decides, then what is asked for; without either the text
/// must be UTF-8.
///
/// # Errors
/// Bytes that are not text in that encoding.
pub(crate) fn decode(bytes: Vec<u8>, asked: Option<Encoding>) -> Result<(String, Encoding), Fault> {
    let (mark, length) = match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, ..] => (Some(Encoding::Utf8), 3),
        [0xff, 0xfe, ..] => (Some(Encoding::Utf16Le), 2),
        [0xfe, 0xff, ..] => (Some(Encoding::Utf16Be), 2),
        _ => (None, 0),
    };
    // A mark is believed before a word: `utf-16` is said of both orders of bytes, and nobody begins Latin-1 with one.
    let (encoding, skip) = (mark.or(asked), length);
    match encoding.unwrap_or(Encoding::Utf8) {
        Encoding::Utf8 => utf8(bytes, skip).map(|text| (text, Encoding::Utf8)),
        Encoding::Utf16Le => wide(&bytes[skip..], u16::from_le_bytes).map(|text| (text, Encoding::Utf16Le)),
        Encoding::Utf16Be => wide(&bytes[skip..], u16::from_be_bytes).map(|text| (text, Encoding::Utf16Be)),
        Encoding::Latin1 => Ok((bytes.iter().map(|&byte| char::from(byte)).collect(), Encoding::Latin1)),
        Encoding::Windows1252 => {
            let of = |&byte: &u8| match byte {
                0x80..=0x9f => WINDOWS[usize::from(byte - 0x80)],
                _ => char::from(byte),
            };
            Ok((bytes.iter().map(of).collect(), Encoding::Windows1252))
        }
    }
}

fn utf8(mut bytes: Vec<u8>, skip: usize) -> Result<String, Fault> {
    bytes.drain(..skip);
    if let Some(order) = zeros(&bytes) {
        return Err(Fault::new(
            0,
            format!(
                "every second byte is 0, as in UTF-16 without a byte order mark; say `Csv::new().encoding(\"{order}\")`"
            ),
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Fault::new(
            at,
            format!(
                "byte 0x{:02x} is not UTF-8; if the text is in another encoding say so, for example \
                 `Csv::new().encoding(\"latin-1\")`",
                error.as_bytes()[at]
            ),
        )
    })
}

/// Whether text of two bytes a character has no mark: then nearly all bytes on one side are zero.
fn zeros(bytes: &[u8]) -> Option<&'static str> {
    let pairs: Vec<_> = bytes.chunks_exact(2).take(500).collect();
    let share = |side: usize| pairs.iter().filter(|pair| pair[side] == 0).count() * 10 > pairs.len() * 8;
    match (share(0), share(1)) {
        (false, true) => Some("utf-16le"),
        (true, false) => Some("utf-16be"),
        _ => None,
    }
}

fn wide(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Result<String, Fault> {
    if bytes.len() % 2 == 1 {
        return Err(Fault::new(0, "UTF-16 with an odd number of bytes; the file is cut short"));
    }
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.map_err(|error| Fault::new(0, format!("not UTF-16 ({error})")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn text(bytes: Vec<u8>, asked: Option<Encoding>) -> String {
        decode(bytes, asked).unwrap().0
    }

    #[test]
    fn marks_decide_and_latin_is_only_read_when_asked_for() {
        let le: Vec<u8> = "\u{feff}größe\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = "\u{feff}größe\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [le.clone(), be.clone(), "\u{feff}größe\n".into(), "größe\n".into()] {
            assert_eq!(text(bytes, None), "größe\n");
        }
        assert_eq!(text(be[2..].to_vec(), Some(Encoding::Utf16Be)), "größe\n");
        assert!(decode(le[2..].to_vec(), None).unwrap_err().message.contains("utf-16le"));
        let latin = b"gr\xf6\xdfe".to_vec();
        let fault = decode(latin.clone(), None).unwrap_err();
        assert!(fault.at == 2 && fault.message.contains("0xf6") && fault.message.contains("latin-1"));
        assert_eq!(text(latin, Some(Encoding::Latin1)), "größe");
        assert_eq!(text(b"\x80".to_vec(), Some(Encoding::Windows1252)), "€");
        assert!(Encoding::named("klingon").unwrap_err().contains("latin-1"));
    }

    #[test]
    fn streams_are_known_by_their_first_bytes() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"a,b\n").unwrap();
        let gzip = gzip.finish().unwrap();
        // Two members, as `cat a.gz b.gz` makes.
        assert_eq!(inflate([gzip.clone(), gzip.clone()].concat()).unwrap(), (b"a,b\na,b\n".to_vec(), Some("gzip")));
        assert!(inflate(gzip[..gzip.len() - 5].to_vec()).unwrap_err().contains("cut short"));
        let zstd = zstd::encode_all(&b"a,b\n"[..], 1).unwrap();
        assert_eq!(inflate(zstd).unwrap(), (b"a,b\n".to_vec(), Some("zstd")));
        assert!(inflate(b"PK\x03\x04rest".to_vec()).unwrap_err().contains("zip"));
    }
}
