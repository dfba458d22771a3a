//! Which format a file is in: told from its first bytes, always with the reason.
//!
//! A format without a signature is taken only when the ending of the name agrees, or the user names it.

use crate::bytes::Bytes;
use crate::codec::header::Header;
use crate::decode::{aedat12, nmnist, text};
use crate::model::error::{EventError, Result};
use crate::model::format::{Detection, Format};
use crate::model::report::Report;
use crate::recording::foreign;

const HDF5_MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";
const HEAD: u64 = 64 * 1024;

/// Looks at the content of a file, and at its ending where a format has no signature.
pub(crate) fn detect(bytes: &Bytes) -> Result<Detection> {
    let head = bytes.head(0, HEAD)?;
    let found = |format, reason: &str| Ok(Detection { format, reason: reason.to_string() });
    if head.is_empty() {
        return unknown(bytes, "it is empty".to_string());
    }
    if head.starts_with(HDF5_MAGIC) || has_user_block(bytes)? {
        return found(Format::Hdf5, "it has the HDF5 signature");
    }
    if let Some((name, hint)) = foreign::kind(&head) {
        return unknown(bytes, format!("it is {name}; {hint}"));
    }
    if head.starts_with(b"Event Stream") {
        return found(Format::EventStream, "it starts with `Event Stream`");
    }
    if head.starts_with(b"#!AER-DAT") {
        return aedat(bytes, &head);
    }
    if head.starts_with(b"% ") {
        return prophesee(bytes, &head);
    }
    if let Some(reason) = text::looks_like(&head) {
        return found(Format::Text, &reason);
    }
    if head[0] == b'#' && aedat12::header(&head).body == bytes.len() {
        return unknown(bytes, "it is text of comments without a line of four numbers".to_string());
    }
    without_signature(bytes, &head)
}

/// Formats without a signature: many bytes could be any of them, so that the ending of the name has to agree.
fn without_signature(bytes: &Bytes, head: &[u8]) -> Result<Detection> {
    let ending = bytes.path().extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let ending = ending.as_deref().unwrap_or_default();
    let found = |format, reason: String| {
        Ok(Detection { format, reason: format!("its name ends in `.{ending}`, and {reason}") })
    };
    match ending {
        "aedat" if head[0] == b'#' => {
            return found(
                Format::Aedat1,
                "it starts with `#` lines without a version and goes on in binary".to_string(),
            );
        }
        "bin" => {
            if let Some(reason) = nmnist::looks_like(head, bytes.len()) {
                return found(Format::Nmnist, reason);
            }
        }
        "raw" | "evt" | "evt2" | "evt21" | "evt3" => {
            if let Some((format, reason)) = plausible_words(head) {
                return found(format, reason);
            }
        }
        _ => {}
    }
    unknown(
        bytes,
        "no header of EVT, DAT, AEDAT, HDF5 or ES, and no text of events; formats without a header are tried only for \
         the endings .raw and .evt (EVT), .bin (N-MNIST) and .aedat (AEDAT 1); if you know the format, name it with `format`"
            .to_string(),
    )
}

fn unknown(bytes: &Bytes, reason: String) -> Result<Detection> {
    Err(EventError::Unknown { path: bytes.path().to_path_buf(), reason })
}

/// HDF5 allows a user block of 512, 1024, 2048, ... bytes before its signature.
fn has_user_block(bytes: &Bytes) -> Result<bool> {
    let mut offset = 512;
    while offset < bytes.len() {
        if bytes.head(offset, 8)? == HDF5_MAGIC {
            return Ok(true);
        }
        offset *= 2;
    }
    Ok(false)
}

fn aedat(bytes: &Bytes, head: &[u8]) -> Result<Detection> {
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(&line[..line.len().min(40)]).trim().to_string();
    let format = match line.trim_start_matches("#!AER-DAT").chars().next() {
        Some('1') => Format::Aedat1,
        Some('2') => Format::Aedat2,
        Some('3') => Format::Aedat3,
        Some('4') => Format::Aedat4,
        _ => return unknown(bytes, format!("its first line is `{line}`, a version of AEDAT that does not exist here")),
    };
    Ok(Detection { format, reason: format!("its first line is `{line}`") })
}

fn prophesee(bytes: &Bytes, head: &[u8]) -> Result<Detection> {
    let header = Header::parse(head);
    let detection = |format, reason: String| Ok(Detection { format, reason });
    if let Some(name) = header.get("format") {
        let short = name.split(';').next().unwrap_or_default().trim();
        let format = match short {
            "EVT2" => Format::Evt2,
            "EVT21" => Format::Evt21,
            "EVT3" => Format::Evt3,
            _ => {
                return Err(EventError::Unsupported {
                    path: bytes.path().to_path_buf(),
                    what: format!("the Prophesee encoding `{short}` named in the header"),
                    hint: "EVT2, EVT21 and EVT3 are; record or convert to one of them".to_string(),
                });
            }
        };
        return detection(format, format!("its header says `format {short}`"));
    }
    if let Some(version) = header.get("evt") {
        let format = match version.trim() {
            "2.0" => Format::Evt2,
            "2.1" => Format::Evt21,
            "3.0" => Format::Evt3,
            _ => {
                return Err(EventError::Unsupported {
                    path: bytes.path().to_path_buf(),
                    what: format!("the Prophesee encoding `evt {version}` named in the header"),
                    hint: "2.0, 2.1 and 3.0 are; record or convert to one of them".to_string(),
                });
            }
        };
        return detection(format, format!("its header says `evt {version}`"));
    }
    let dat = ["Version", "Width", "Height"].iter().any(|key| header.get(key).is_some());
    if dat || header.lines.iter().any(|(key, _)| key.starts_with("Data")) {
        return detection(Format::Dat, "it has the header of a Prophesee DAT file".to_string());
    }
    if header.get("system_ID").is_some() || header.get("integrator_name").is_some() {
        let body = &head[(header.body as usize).min(head.len())..];
        if let Some((format, reason)) = plausible_words(body) {
            return detection(format, format!("its Prophesee header names no encoding, and {reason}"));
        }
        return detection(
            Format::Evt2,
            "it has a Prophesee header that names no encoding, as the first cameras wrote".to_string(),
        );
    }
    if let Some(reason) = text::looks_like(head) {
        return detection(Format::Text, reason);
    }
    unknown(bytes, "it has a header of `%` lines that names neither an EVT encoding nor a DAT version".to_string())
}

/// Which raw EVT words these bytes could be, if only one fits well.
fn plausible_words(body: &[u8]) -> Option<(Format, String)> {
    let scores = [
        (Format::Evt3, crate::decode::evt3::plausibility(body)),
        (Format::Evt2, crate::decode::evt2::plausibility(body)),
        (Format::Evt21, crate::decode::evt21::plausibility(body)),
    ];
    let (format, best) = scores.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let second = scores.iter().filter(|(other, _)| *other != format).map(|(_, score)| *score).fold(0.0, f64::max);
    (best > 0.99 && second < best - 0.005)
        .then(|| (format, format!("{:.1} % of its first words are {format} words in a possible order", best * 100.0)))
}

/// What to do when a file with data has no events: perhaps it is another format.
pub(crate) fn hint_for_nothing(bytes: &Bytes, format: Format, report: &Report) -> String {
    if report.before_start > 0 {
        return format!(
            "{} events come before the first time word and have no time; the start of the stream is missing",
            report.before_start
        );
    }
    if report.other > 0 {
        return format!("{} items are there, but none is a polarity event", report.other);
    }
    let head = bytes.head(0, HEAD).ok();
    match head.and_then(|head| plausible_words(&head[Header::parse(&head).body as usize..])) {
        Some((likely, _)) if likely != format => format!("the words look like {likely}: try `format`"),
        _ => "is it another format? `format` names one; `lenient` reads it as empty".to_string(),
    }
}
