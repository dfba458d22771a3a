//! The archives of the prelude: tar files, compressed by xz with a window that reaches over nearly all of each.
//!
//! The metadata of crates repeats itself over hundreds of files (versions of one crate, instances of one generic function),
//! so that a window of 256 MB and the strongest model make it a sixth smaller than Zstandard's highest level does. Machine
//! code is kept apart, as a filter makes its jumps alike, and as both are then packed and unpacked side by side.

use liblzma::read::XzDecoder;
use liblzma::stream::{Check, Filters, LzmaOptions, Stream};
use liblzma::write::XzEncoder;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The archive of machine code, and that of all else.
pub(super) const PARTS: [&str; 2] = ["code.tar.xz", "metadata.tar.xz"];
/// The most memory that unpacking takes, for each archive.
const WINDOW: u32 = 256 << 20;
/// Slower, and a little smaller.
const EXTREME: u32 = 1 << 31;

fn is_code((_, name): &&(PathBuf, String)) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "so")
}

/// Writes `files`, pairs of a source and a name in the archive, into the archives in `folder`, without owner or time, at a
/// `level` of xz: 0 to 9.
pub(super) fn write(folder: &Path, files: &[(PathBuf, String)], level: u32) -> std::io::Result<[PathBuf; 2]> {
    let [code, rest] = PARTS.map(|name| folder.join(name));
    let of =
        |path: &Path, machine: bool| pack(path, files.iter().filter(|file| is_code(file) == machine), level, machine);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| of(&rest, false));
        of(&code, true)?;
        other.join().unwrap_or_else(|_| Err(std::io::Error::other("a thread that compressed ended early")))
    })?;
    Ok([code, rest])
}

fn pack<'a>(
    path: &Path,
    files: impl Iterator<Item = &'a (PathBuf, String)>,
    level: u32,
    machine: bool,
) -> std::io::Result<()> {
    let mut options = LzmaOptions::new_preset(level.min(9) | if level >= 9 { EXTREME } else { 0 })?;
    if level >= 6 {
        options.dict_size(WINDOW);
    }
    let mut filters = Filters::new();
    match machine {
        true => drop(filters.x86()),
        // Bytes of numbers of any length: where they stand says nothing, the one in front much.
        false => drop(options.position_bits(0).literal_context_bits(4)),
    }
    filters.lzma2(&options);
    let stream = Stream::new_stream_encoder(&filters, Check::Crc64)?;
    let mut tar = tar::Builder::new(XzEncoder::new_stream(BufWriter::new(File::create(path)?), stream));
    for (source, name) in files {
        let mut file = File::open(source)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(file.metadata()?.len());
        header.set_mode(0o644);
        header.set_mtime(0);
        tar.append_data(&mut header, name, &mut file)?;
    }
    tar.into_inner()?.finish()?.flush()
}

/// Unpacks the archives in `from` into `folder`. Names that leave the folder are refused by the library.
pub(super) fn unpack(from: &Path, folder: &Path) -> std::io::Result<()> {
    let one = |name: &str| {
        let file = BufReader::new(File::open(from.join(name))?);
        let mut archive = tar::Archive::new(XzDecoder::new(file));
        archive.unpack(folder)?;
        // The end of a tar file is before that of the stream, whose checksum is to be compared.
        std::io::copy(&mut archive.into_inner(), &mut std::io::sink()).map(drop)
    };
    std::thread::scope(|scope| {
        let [code, rest] = PARTS;
        let other = scope.spawn(move || one(rest));
        one(code)?;
        other.join().unwrap_or_else(|_| Err(std::io::Error::other("a thread that unpacked ended early")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_give_back_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        std::fs::write(&one, (0..100_000_u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect::<Vec<_>>())
            .unwrap();
        std::fs::write(&two, b"text").unwrap();
        let files = [
            (one.clone(), "crates/one.so".into()),
            (two.clone(), "home/notebooks/02 two.ipynb".into()),
            (one.clone(), "crates/one.rmeta".into()),
        ];
        for level in [0, 6] {
            let paths = write(folder.path(), &files, level).unwrap();
            let out = folder.path().join(format!("out-{level}"));
            unpack(folder.path(), &out).unwrap();
            for name in ["one.so", "one.rmeta"] {
                assert_eq!(std::fs::read(out.join("crates").join(name)).unwrap(), std::fs::read(&one).unwrap());
            }
            assert_eq!(std::fs::read(out.join("home/notebooks/02 two.ipynb")).unwrap(), b"text");
            for path in paths {
                let bytes = std::fs::read(&path).unwrap();
                std::fs::write(&path, &bytes[..bytes.len() - 30]).unwrap();
                assert!(unpack(folder.path(), &folder.path().join("cut")).is_err(), "{}", path.display());
                std::fs::write(&path, &bytes).unwrap();
            }
        }
    }
}
