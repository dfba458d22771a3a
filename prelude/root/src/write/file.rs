//! A file in the making: records one after another, at last the list of keys.

use super::kept::Kept;
use super::out::Out;
use super::pack::{Compression, pack};
use crate::error::{Error, Kind, Result};
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A file that is written. It appears under its name when it is finished; dropped before, it leaves nothing behind.
///
/// ```
/// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
/// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
/// # let path = path.with_extension(format!("{}.root", std::process::id()));
/// # let mut writer = Writer::create(&path, Compression::Default)?;
/// assert!(!path.exists(), "it appears when it is finished");
/// writer.finish()?;
/// assert!(path.exists());
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    part: PathBuf,
    file: Option<BufWriter<File>>,
    at: u64,
    compression: Compression,
    keys: Vec<Vec<u8>>,
    names: Vec<String>,
    stamp: u32,
    uuid: [u8; 16],
    /// What was in the file before.
    kept: Option<Kept>,
}

/// Where the first record begins.
const BEGIN: u64 = 100;
/// The version of ROOT whose format this is, with positions of eight bytes.
const VERSION: i32 = 1_063_400;
/// Keys with positions of eight bytes.
const KEY: u16 = 1004;
/// Directories with positions of eight bytes.
const DIRECTORY: u16 = 1005;
/// Bytes of a key without its three texts.
const FIXED: usize = 34;
/// Bytes that are free behind the end of every file, to the end of all that can be addressed.
const FREE_END: i64 = 2_000_000_000;

/// The key of the descriptions of classes. Its texts have 27 characters in all, so that the key has the 64 bytes that the
/// references in `infos.bin` count with.
const INFOS: [&str; 3] = ["TList", "StreamerInfo", "Class list"];

/// The key of bytes that are found by their position only.
const BLOB: [&str; 3] = ["RBlob", "", ""];

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Bytes of the key of an object with these texts.
pub(super) fn key_length(class: &str, name: &str, title: &str) -> usize {
    let text = |text: &str| text.len() + if text.len() < 255 { 1 } else { 5 };
    FIXED + text(class) + text(name) + text(title)
}

impl Writer {
    /// Begins a file. What was there before under its name is gone when it is finished.
    ///
    /// # Errors
    /// A place that cannot be written.
    ///
    /// ```
    /// assert!(root::Writer::create("no folder/out.root", root::Compression::Default).is_err());
    /// ```
    pub fn create(path: impl AsRef<Path>, compression: Compression) -> Result<Self> {
        let mut writer = Self::begin(path.as_ref(), compression)?;
        let file = File::create(&writer.part).map_err(|error| writer.io(error))?;
        writer.file = Some(BufWriter::with_capacity(1 << 20, file));
        // The header and the directory are written again at the end, with the same lengths.
        let top = writer.top(0, 0);
        writer.seek(0)?;
        writer.put(&[0; BEGIN as usize])?;
        writer.put(&top)?;
        writer.at += top.len() as u64;
        Ok(writer)
    }

    /// Begins to add objects of these names to a file. All other objects stay; objects of these names are replaced, and their
    /// bytes stay in the file unused. If there is no file, or it has no other object, this is the same as
    /// [`Writer::create`]. The file is copied first, so that a reader sees the old file meanwhile.
    ///
    /// # Errors
    /// A file that is not one of ROOT's, that is cut short or was never closed; a place that cannot be written.
    ///
    /// ```
    /// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64)];
    /// writer.finish()?;
    /// let mut more = Writer::add(&path, &["events"], Compression::Default)?;
    /// TreeWriter::new("events", &columns)?.finish(&mut more)?;
    /// more.finish()?;
    /// assert!(File::open(&path)?.has_table("events"));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(path: impl AsRef<Path>, names: &[&str], compression: Compression) -> Result<Self> {
        let path = path.as_ref();
        if std::fs::metadata(path).map_or(true, |metadata| metadata.len() == 0) {
            return Self::create(path, compression);
        }
        let place = |error: Error| error.in_file(&path.display().to_string());
        let kept = Kept::read(path).map_err(place)?.without(names);
        if kept.is_empty() {
            return Self::create(path, compression);
        }
        let mut writer = Self::begin(path, compression)?;
        let copied = std::fs::copy(path, &writer.part).and_then(|_| {
            let file = File::options().write(true).open(&writer.part)?;
            file.set_len(kept.end)?;
            Ok(file)
        });
        writer.file = Some(BufWriter::with_capacity(1 << 20, copied.map_err(|error| writer.io(error))?));
        writer.at = kept.end;
        writer.uuid = kept.uuid;
        writer.kept = Some(kept);
        writer.seek(writer.at)?;
        Ok(writer)
    }

    /// All that is the same for a new file and for one that is added to.
    fn begin(path: &Path, compression: Compression) -> Result<Self> {
        let path = path.to_owned();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let part = path.with_file_name(format!(".{name}.{}-{number}.part", std::process::id()));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let half = crate::block::xxh64(format!("{}{number}{now:?}", std::process::id()).as_bytes());
        let mut uuid = [0; 16];
        uuid[..8].copy_from_slice(&half.to_be_bytes());
        uuid[8..].copy_from_slice(&crate::block::xxh64(&half.to_be_bytes()).to_be_bytes());
        let seconds = now.as_secs();
        let (keys, names, stamp) = (Vec::new(), Vec::new(), date(seconds));
        Ok(Self { file: None, at: BEGIN, compression, keys, names, stamp, uuid, path, part, kept: None })
    }

    /// The file that is made.
    ///
    /// ```
    /// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// assert_eq!(writer.path(), path);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn compression(&self) -> Compression {
        self.compression
    }

    fn io(&self, error: std::io::Error) -> Error {
        Error::from(Kind::Io(error.to_string())).in_file(&self.path.display().to_string())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let done = self.file.as_mut().map_or(Ok(()), |file| file.write_all(bytes));
        done.map_err(|error| self.io(error))
    }

    fn seek(&mut self, to: u64) -> Result<()> {
        let done = self.file.as_mut().map_or(Ok(0), |file| file.seek(SeekFrom::Start(to)));
        done.map(|_| ()).map_err(|error| self.io(error))
    }

    fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// A key, with `extra` bytes behind its texts.
    fn key(&self, texts: [&str; 3], sizes: (usize, usize), cycle: u16, extra: &[u8], at: u64) -> Vec<u8> {
        let length = key_length(texts[0], texts[1], texts[2]) + extra.len();
        let mut out = Out::default();
        out.u32((length + sizes.0) as u32).u16(KEY).u32(sizes.1 as u32).u32(self.stamp);
        out.u16(length as u16).u16(cycle).i64(at as i64).i64(if at == BEGIN { 0 } else { BEGIN as i64 });
        texts.iter().for_each(|text| {
            out.text(text);
        });
        out.raw(extra);
        out.bytes
    }

    /// Writes a record; gives its position and size.
    pub(super) fn record(
        &mut self,
        texts: [&str; 3],
        stored: &[u8],
        plain: usize,
        cycle: u16,
        extra: &[u8],
    ) -> Result<(u64, u32)> {
        let at = self.at;
        let key = self.key(texts, (stored.len(), plain), cycle, extra, at);
        self.put(&key)?;
        self.put(stored)?;
        let size = key.len() + stored.len();
        self.at += size as u64;
        Ok((at, size as u32))
    }

    /// Writes bytes that are found by their position; gives it. `plain`: how many they are unpacked.
    pub(super) fn blob(&mut self, stored: &[u8], plain: usize) -> Result<u64> {
        if stored.len() > i32::MAX as usize / 2 || plain > i32::MAX as usize {
            return Err(Kind::Refused(format!("a record of {plain} bytes")).into());
        }
        let (at, _) = self.record(BLOB, stored, plain, 1, &[])?;
        Ok(at + key_length(BLOB[0], BLOB[1], BLOB[2]) as u64)
    }

    /// Writes an object and lists it. A name that is there already gets the next cycle.
    pub(super) fn object(&mut self, class: &str, name: &str, title: &str, plain: Vec<u8>) -> Result<()> {
        let size = plain.len();
        let stored = pack(plain, self.compression)?;
        self.listed([class, name, title], &stored, size)
    }

    /// The same without packing it.
    pub(super) fn plain(&mut self, class: &str, name: &str, title: &str, plain: Vec<u8>) -> Result<()> {
        self.listed([class, name, title], &plain, plain.len())
    }

    fn listed(&mut self, texts: [&str; 3], stored: &[u8], size: usize) -> Result<()> {
        let name = texts[1];
        if name.is_empty() || name.contains('/') {
            let text = format!("`{name}` cannot be the name of an object: it is empty, or has a slash");
            return Err(Error::from(Kind::Refused(text)).in_file(&self.path.display().to_string()));
        }
        let cycle = self.names.iter().filter(|have| *have == name).count() as u16 + 1;
        let at = self.at;
        self.record(texts, stored, size, cycle, &[])?;
        self.keys.push(self.key(texts, (stored.len(), size), cycle, &[], at));
        self.names.push(name.to_owned());
        Ok(())
    }

    /// The record of the top directory.
    fn top(&self, keys: u64, size: u32) -> Vec<u8> {
        let name = self.name();
        let texts = ["TFile", name.as_str(), ""];
        let mut out = Out::default();
        out.text(&name).text("");
        let names = key_length(texts[0], texts[1], texts[2]) + out.bytes.len();
        out.u16(DIRECTORY).u32(self.stamp).u32(self.stamp).u32(size).u32(names as u32);
        out.i64(BEGIN as i64).i64(0).i64(keys as i64).u16(1).raw(&self.uuid);
        // What follows is where a smaller kind of directory would have grown.
        out.raw(&[0; 12]);
        let mut all = self.key(texts, (out.bytes.len(), out.bytes.len()), 1, &[], BEGIN);
        all.extend_from_slice(&out.bytes);
        all
    }

    /// Writes the descriptions of classes, the list of objects and the header, and gives the file its name.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// ```
    /// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// writer.finish()?;
    /// assert!(File::open(&path)?.entries().is_empty());
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn finish(mut self) -> Result<()> {
        let infos = self.infos()?;
        let name = self.name();
        let mut list = Out::default();
        let kept = self.kept.as_ref().map_or(&[][..], |kept| &kept.keys);
        list.u32((self.keys.len() + kept.len()) as u32);
        kept.iter().map(|(_, key)| key).chain(&self.keys).for_each(|key| {
            list.raw(key);
        });
        let keys = self.record(["TFile", &name, ""], &list.bytes, list.bytes.len(), 1, &[])?;
        // One free segment: all behind the end.
        let length = key_length("TFile", &name, "") as u64;
        let end = self.at + length + 18;
        let mut free = Out::default();
        free.u16(1001).i64(end as i64).i64((end as i64).max(FREE_END - 1).max(end as i64 + FREE_END));
        let free = self.record(["TFile", &name, ""], &free.bytes, free.bytes.len(), 1, &[])?;
        let names = length as u32 + name.len() as u32 + if name.len() < 255 { 2 } else { 6 };
        let names = self.kept.as_ref().map_or(names, |kept| kept.names);
        let mut header = Out::default();
        header.raw(b"root").i32(VERSION).u32(BEGIN as u32).i64(end as i64).i64(free.0 as i64).u32(free.1).u32(1);
        header.u32(names).u8(8).i32(self.compression.setting()).i64(infos.0 as i64).u32(infos.1).u16(1);
        header.raw(&self.uuid);
        self.seek(0)?;
        self.put(&header.bytes)?;
        let (at, top) = match &self.kept {
            Some(kept) => (kept.directory, kept.record(keys, self.stamp)?),
            None => (BEGIN, self.top(keys.0, keys.1)),
        };
        self.seek(at)?;
        self.put(&top)?;
        let file = self.file.take().map(BufWriter::into_inner).transpose();
        let file = file.map_err(|error| self.io(error.into_error()))?;
        let synced = file.map_or(Ok(()), |file| file.sync_all());
        synced.and_then(|()| std::fs::rename(&self.part, &self.path)).map_err(|error| self.io(error))
    }

    /// Position and size of the descriptions of classes: those that the file has, else those of all that is written here.
    fn infos(&mut self) -> Result<(u64, u32)> {
        if let Some((at, size)) = self.kept.as_ref().map(|kept| kept.infos).filter(|(at, size)| *at > 0 && *size > 0) {
            return Ok((at, size as u32));
        }
        let mut infos = Vec::new();
        let mut decoder = flate2::read::ZlibDecoder::new(&include_bytes!("infos.bin")[..]);
        std::io::Read::read_to_end(&mut decoder, &mut infos).map_err(|error| self.io(error))?;
        let size = infos.len();
        let stored = pack(infos, Compression::Zlib(1))?;
        self.record(INFOS, &stored, size, 1, &[])
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Finished, there is no such file any more.
        let _ = std::fs::remove_file(&self.part);
    }
}

/// Seconds since 1970 as ROOT has date and time in 32 bits.
fn date(seconds: u64) -> u32 {
    let (days, rest) = ((seconds / 86_400) as i64, seconds % 86_400);
    // Days since the first of March of year 0 as years of 400, by Howard Hinnant's rule.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let parts = [(year - 1995) << 26, month << 22, day << 17].iter().fold(0, |all, part| all | *part as u32);
    let clock = ((rest / 3600) << 12) | ((rest % 3600 / 60) << 6) | (rest % 60);
    parts | clock as u32
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates_are_packed() {
        let date = super::date(1_700_000_000);
        // 14 November 2023, 22:13:20.
        let parts = [date >> 26, date >> 22 & 15, date >> 17 & 31, date >> 12 & 31, date >> 6 & 63, date & 63];
        assert_eq!(parts, [2023 - 1995, 11, 14, 22, 13, 20]);
    }
}
