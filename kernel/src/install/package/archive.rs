//! The archive of the prelude: a tar file, compressed by Zstandard.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Writes `files`, pairs of a source and a name in the archive, in this order and without owner or time.
pub(super) fn write(path: &Path, files: &[(PathBuf, String)], level: i32) -> std::io::Result<()> {
    let plain = path.with_extension("plain");
    let mut tar = tar::Builder::new(BufWriter::new(File::create(&plain)?));
    for (source, name) in files {
        let mut file = File::open(source)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(file.metadata()?.len());
        header.set_mode(0o644);
        header.set_mtime(0);
        tar.append_data(&mut header, name, &mut file)?;
    }
    tar.into_inner()?.flush()?;
    compress(&plain, path, level)?;
    std::fs::remove_file(&plain)
}

/// Compresses in as many frames as there are cores, one thread each. Frames that follow one another are one stream.
fn compress(plain: &Path, path: &Path, level: i32) -> std::io::Result<()> {
    let bytes = std::fs::metadata(plain)?.len();
    let parts = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let size = bytes.div_ceil(parts).max(1);
    let frames: Vec<std::io::Result<Vec<u8>>> = std::thread::scope(|scope| {
        let part = |index: u64| scope.spawn(move || frame(plain, index * size, size, level));
        let threads: Vec<_> = (0..parts).map(part).collect();
        let panicked = |_| Err(std::io::Error::other("a thread that compressed ended early"));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    });
    let mut out = File::create(path)?;
    frames.into_iter().try_for_each(|frame| out.write_all(&frame?))
}

fn frame(plain: &Path, start: u64, size: u64, level: i32) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(plain)?;
    file.seek(SeekFrom::Start(start))?;
    let mut encoder = zstd::Encoder::new(Vec::new(), level)?;
    encoder.long_distance_matching(true)?;
    std::io::copy(&mut file.take(size), &mut encoder)?;
    encoder.finish()
}

/// Unpacks the archive into `folder`. Names that leave the folder are refused by the library.
pub(super) fn unpack(path: &Path, folder: &Path) -> std::io::Result<()> {
    let mut decoder = zstd::Decoder::with_buffer(BufReader::new(File::open(path)?))?;
    // Long-distance matching uses windows above the library's default limit.
    decoder.window_log_max(31)?;
    tar::Archive::new(decoder).unpack(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_gives_back_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        std::fs::write(&one, vec![7; 100_000]).unwrap();
        std::fs::write(&two, b"text").unwrap();
        let path = folder.path().join("a.tar.zst");
        write(&path, &[(one, "crates/one.rmeta".into()), (two, "home/notebooks/02 two.ipynb".into())], 3).unwrap();
        let out = folder.path().join("out");
        unpack(&path, &out).unwrap();
        assert_eq!(std::fs::read(out.join("crates/one.rmeta")).unwrap(), vec![7; 100_000]);
        assert_eq!(std::fs::read(out.join("home/notebooks/02 two.ipynb")).unwrap(), b"text");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(unpack(&path, &folder.path().join("cut")).is_err());
    }
}
