//! The wheel file: a zip with the metadata that pip reads (the binary distribution format of the Python packaging
//! user guide, with its scheme folders `scripts` and `data`).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use zip::CompressionMethod::{Deflated, Stored};
use zip::write::SimpleFileOptions;

/// A wheel that is being written. The archive in it is compressed already and is stored as it is.
pub(super) struct Wheel {
    zip: zip::ZipWriter<BufWriter<File>>,
    record: String,
    info: String,
}

impl Wheel {
    /// Starts the wheel of `name` and `version` at `path`.
    pub(super) fn create(path: &Path, name: &str, version: &str) -> std::io::Result<Self> {
        let zip = zip::ZipWriter::new(BufWriter::new(File::create(path)?));
        Ok(Self { zip, record: String::new(), info: format!("{name}-{version}.dist-info") })
    }

    /// Adds a file with a text at hand.
    pub(super) fn text(&mut self, name: &str, content: &str) -> std::io::Result<()> {
        self.bytes(name, content.as_bytes())
    }

    /// Adds a file with a content at hand.
    pub(super) fn bytes(&mut self, name: &str, mut content: &[u8]) -> std::io::Result<()> {
        self.add(name, false, &mut content)
    }

    /// Adds a file of the disk; `program` makes it executable.
    pub(super) fn file(&mut self, name: &str, program: bool, path: &Path) -> std::io::Result<()> {
        self.add(name, program, &mut File::open(path)?)
    }

    fn add(&mut self, name: &str, program: bool, content: &mut dyn Read) -> std::io::Result<()> {
        let (mode, method) = if program { (0o755, Deflated) } else { (0o644, Stored) };
        let options = SimpleFileOptions::default().compression_method(method);
        // The best that pip understands.
        let options = if program { options.compression_level(Some(9)) } else { options };
        self.zip.start_file(name, options.unix_permissions(mode))?;
        let (mut hash, mut size) = (Sha256::new(), 0_u64);
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = content.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
            self.zip.write_all(&buffer[..read])?;
            size += read as u64;
        }
        let hash = BASE64_URL_SAFE_NO_PAD.encode(hash.finalize());
        self.record += &format!("{name},sha256={hash},{size}\n");
        Ok(())
    }

    /// Adds the metadata and ends the file.
    pub(super) fn finish(mut self, metadata: &str, tag: &str) -> std::io::Result<()> {
        let info = self.info.clone();
        self.text(&format!("{info}/METADATA"), metadata)?;
        let wheel = format!("Wheel-Version: 1.0\nGenerator: recoil package\nRoot-Is-Purelib: false\nTag: {tag}\n");
        self.text(&format!("{info}/WHEEL"), &wheel)?;
        let record = format!("{}{info}/RECORD,,\n", self.record);
        self.text(&format!("{info}/RECORD"), &record)?;
        self.zip.finish()?.flush()
    }
}
