//! The index of a file, kept from one session to the next.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::codec::Checkpoint;
use crate::model::columns::TimeJump;
use crate::model::options::IndexCache;
use crate::model::report::Report;
use crate::recording::index::{BlockEntry, BlockIndex};

const MAGIC: &[u8; 8] = b"EVINDEX1";

/// What an index belongs to: a file that changes gets another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) u64);

pub(crate) fn hash(parts: &[&[u8]]) -> u64 {
    // FNV-1a: not for secrets, but the same on every machine and version.
    parts
        .iter()
        .flat_map(|part| part.iter())
        .fold(0xCBF2_9CE4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

impl IndexCache {
    fn file(&self, path: &Path, key: Key) -> Option<PathBuf> {
        let name = path.file_name()?.to_string_lossy().into_owned();
        match self {
            Self::Off => None,
            Self::Beside => Some(path.with_file_name(format!("{name}.index"))),
            Self::Folder(folder) => Some(folder.join(format!("{name}-{:016x}.index", key.0))),
            Self::User => Some(user_folder()?.join(format!("{name}-{:016x}.index", key.0))),
        }
    }

    /// The index kept for this file, if there is one and it is whole.
    pub(crate) fn load(&self, path: &Path, key: Key) -> Option<BlockIndex> {
        let raw = std::fs::read(self.file(path, key)?).ok()?;
        decode(&raw, key)
    }

    /// Keeps an index. A cache that cannot be written is no error: the next session decodes again.
    pub(crate) fn store(&self, path: &Path, key: Key, index: &BlockIndex) {
        let Some(file) = self.file(path, key) else { return };
        let write = || -> std::io::Result<()> {
            let folder = file.parent().unwrap_or(Path::new("."));
            std::fs::create_dir_all(folder)?;
            // Written aside and renamed, so that half of it is never read.
            let aside = folder.join(format!(
                ".{}.{}",
                std::process::id(),
                file.file_name().unwrap_or_default().to_string_lossy()
            ));
            let mut out = std::fs::File::create(&aside)?;
            out.write_all(&encode(index, key))?;
            drop(out);
            std::fs::rename(&aside, &file).inspect_err(|_| {
                std::fs::remove_file(&aside).ok();
            })
        };
        write().ok();
    }
}

fn user_folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Caches"))
    } else {
        variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))
    };
    Some(base?.join("recoil").join("events"))
}

struct Out(Vec<u8>);

impl Out {
    fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn i64(&mut self, value: i64) {
        self.u64(value as u64);
    }

    fn jump(&mut self, jump: Option<TimeJump>) {
        self.u64(u64::from(jump.is_some()));
        let jump = jump.unwrap_or(TimeJump { row: 0, offset: 0, from: 0, to: 0 });
        self.u64(jump.row);
        self.u64(jump.offset);
        self.i64(jump.from);
        self.i64(jump.to);
    }
}

struct In<'b>(&'b [u8]);

impl In<'_> {
    fn u64(&mut self) -> Option<u64> {
        let (head, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*head))
    }

    fn i64(&mut self) -> Option<i64> {
        self.u64().map(|value| value as i64)
    }

    fn jump(&mut self) -> Option<Option<TimeJump>> {
        let some = self.u64()? == 1;
        let jump = TimeJump { row: self.u64()?, offset: self.u64()?, from: self.i64()?, to: self.i64()? };
        Some(some.then_some(jump))
    }
}

fn encode(index: &BlockIndex, key: Key) -> Vec<u8> {
    let mut out = Out(MAGIC.to_vec());
    out.u64(key.0);
    let report = &index.report;
    for number in [
        report.events,
        report.triggers,
        report.before_start,
        report.other,
        report.skipped,
        report.skipped_bytes,
        report.outside,
        report.steps_back,
    ] {
        out.u64(number);
    }
    out.jump(report.first_step_back);
    out.jump(report.largest_step_back);
    let (offset, what) = report.first_skipped.clone().unwrap_or_default();
    out.u64(u64::from(report.first_skipped.is_some()));
    out.u64(offset);
    out.u64(what.len() as u64);
    out.0.extend_from_slice(what.as_bytes());
    out.u64(index.entries.len() as u64);
    for entry in &index.entries {
        let start = entry.start;
        let small = u64::from(start.x)
            | u64::from(start.y) << 16
            | u64::from(start.polarity) << 32
            | u64::from(start.started) << 40
            | u64::from(entry.sorted) << 41;
        out.u64(small);
        for number in [start.base, start.t, start.offset, entry.first_t, entry.last_t, entry.min_t, entry.max_t] {
            out.i64(number);
        }
        out.u64(entry.rows);
        out.u64(entry.on);
    }
    let sum = hash(&[&out.0]);
    out.u64(sum);
    out.0
}

fn decode(raw: &[u8], key: Key) -> Option<BlockIndex> {
    let (body, sum) = raw.split_last_chunk::<8>()?;
    if hash(&[body]) != u64::from_le_bytes(*sum) || !body.starts_with(MAGIC) {
        return None;
    }
    let mut from = In(&body[MAGIC.len()..]);
    if from.u64()? != key.0 {
        return None;
    }
    let mut report = Report {
        events: from.u64()?,
        triggers: from.u64()?,
        before_start: from.u64()?,
        other: from.u64()?,
        skipped: from.u64()?,
        skipped_bytes: from.u64()?,
        outside: from.u64()?,
        steps_back: from.u64()?,
        ..Report::default()
    };
    report.first_step_back = from.jump()?;
    report.largest_step_back = from.jump()?;
    let (some, offset, length) = (from.u64()? == 1, from.u64()?, from.u64()? as usize);
    let (what, rest) = from.0.split_at_checked(length)?;
    from.0 = rest;
    report.first_skipped = some.then(|| (offset, String::from_utf8_lossy(what).into_owned()));
    let count = from.u64()? as usize;
    let mut entries = Vec::with_capacity(count.min(from.0.len() / 80 + 1));
    for _ in 0..count {
        let small = from.u64()?;
        let mut entry = BlockEntry { sorted: small >> 41 & 1 == 1, ..BlockEntry::default() };
        entry.start = Checkpoint {
            started: small >> 40 & 1 == 1,
            x: small as u16,
            y: (small >> 16) as u16,
            polarity: (small >> 32) as u8,
            base: from.i64()?,
            t: from.i64()?,
            offset: from.i64()?,
        };
        (entry.first_t, entry.last_t, entry.min_t, entry.max_t) = (from.i64()?, from.i64()?, from.i64()?, from.i64()?);
        (entry.rows, entry.on) = (from.u64()?, from.u64()?);
        entries.push(entry);
    }
    Some(BlockIndex { entries, report })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index with a value in every field.
    fn index() -> BlockIndex {
        let jump = TimeJump { row: 7, offset: 99, from: 5, to: -5 };
        let report = Report {
            events: 3,
            steps_back: 1,
            first_step_back: Some(jump),
            first_skipped: Some((4, "x".into())),
            ..Report::default()
        };
        let start = Checkpoint { started: true, base: -9, t: 8, offset: 1 << 40, x: 3, y: 65535, polarity: 1 };
        let entry = BlockEntry { start, rows: 3, on: 2, first_t: -1, last_t: 5, min_t: -2, max_t: 9, sorted: true };
        BlockIndex { entries: vec![entry; 2], report }
    }

    /// The file is kept from the version that is named in it. Who changes the format gives it another name, so that old files
    /// are made anew, and adds a file; `RECOIL_WRITE_FIXTURES=1` writes it.
    #[test]
    fn an_index_of_an_earlier_version_is_read() {
        if std::env::var_os("RECOIL_WRITE_FIXTURES").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/recording/index_v1.bin");
            std::fs::write(path, encode(&index(), Key(5))).unwrap();
        }
        assert_eq!(decode(include_bytes!("index_v1.bin"), Key(5)), Some(index()));
    }

    #[test]
    fn an_index_survives_and_damage_does_not() {
        let index = index();
        let raw = encode(&index, Key(5));
        assert_eq!(decode(&raw, Key(5)), Some(index));
        assert_eq!(decode(&raw, Key(6)), None);
        for at in 0..raw.len() {
            let mut broken = raw.clone();
            broken[at] ^= 1;
            assert_eq!(decode(&broken, Key(5)), None, "byte {at}");
        }
    }
}
