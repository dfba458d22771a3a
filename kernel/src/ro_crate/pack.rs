//! A notebook and all it was made from, as one archive.

use super::describe::{About, Contents, DESCRIPTION, Elsewhere, Part, description};
use super::entries::{most, relative};
use super::error::{CrateError, at, in_archive};
use crate::cell::Lock;
use crate::headless;
use crate::proof::{CRATES, Content, Fingerprint, Input, KEY, Provenance, WHOLE_BELOW, sampled, whole};
use crate::verify;
use nbformat::v4;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use zip::write::SimpleFileOptions;

/// Folders above the notebook's that an input may lie in and still come along.
const MOST_UP: usize = 3;
/// Bodies of outputs that become files, best first, with the ending of their names.
const BODIES: [(&str, &str); 5] = [
    ("image/svg+xml", "svg"),
    ("image/png", "png"),
    ("image/jpeg", "jpeg"),
    ("text/html", "html"),
    ("application/vnd.vegalite.v5+json", "json"),
];

/// What the user says about the archive.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Its title; otherwise the notebook's.
    pub title: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// `Name` or `Name <ORCID>`; otherwise those in the notebook's metadata.
    pub authors: Vec<String>,
    /// SPDX identifier or address; otherwise the one in the notebook's metadata.
    pub license: Option<String>,
    /// Where inputs can be had that do not come along, by their paths.
    pub urls: BTreeMap<String, String>,
    /// Inputs of so many bytes do not come along.
    pub largest: Option<u64>,
}

/// What was packed.
#[derive(Debug)]
pub struct Packed {
    /// Files in the archive.
    pub files: usize,
    /// Its bytes.
    pub bytes: u64,
    /// Notes for the user who packs.
    pub notes: Vec<String>,
}

/// Packs a notebook.
///
/// # Errors
/// A notebook that does not say what it was made from, an input that is not what it was, a file that cannot be read.
pub fn pack(path: &Path, archive: &Path, wishes: &Wishes) -> Result<Packed, Box<dyn std::error::Error>> {
    let notebook = headless::read(path)?;
    let mut known = inputs(path, &notebook)?;
    known.extend(crates_in_folders(path, &notebook)?);
    let packing = Packing::new(path, known, wishes)?;
    Ok(packing.write(&notebook, archive, wishes)?)
}

/// A file of the archive before it is written: its place, and where its bytes are.
enum Bytes {
    Here(Vec<u8>),
    In(PathBuf),
}

struct Packing {
    notebook: PathBuf,
    /// The notebook's place in the archive.
    place: String,
    folder: PathBuf,
    /// Inputs that come along, with their places.
    inputs: Vec<(Part, PathBuf)>,
    elsewhere: Vec<Elsewhere>,
    notes: Vec<String>,
}

/// Every input of the notebook's outputs.
fn inputs(path: &Path, notebook: &v4::Notebook) -> Result<Vec<Input>, CrateError> {
    let missing = || CrateError::NoFingerprint(path.to_path_buf());
    let whole = notebook.metadata.additional.get(KEY).cloned();
    let whole = whole.and_then(|known| serde_json::from_value::<Provenance>(known).ok());
    let fingerprints: Vec<Fingerprint> = verify::fingerprints(notebook).into_iter().map(|(_, one)| one).collect();
    if fingerprints.is_empty() {
        return Err(missing());
    }
    let mut inputs: BTreeMap<String, Input> = BTreeMap::new();
    let listed = whole.iter().flat_map(|known| known.inputs.iter().map(|read| &read.input));
    for input in listed.chain(fingerprints.iter().flat_map(|one| &one.inputs)) {
        inputs.entry(input.path.clone()).or_insert_with(|| input.clone());
    }
    // What the notebook makes itself, it makes again.
    inputs.retain(|_, input| !input.made);
    let all_named = whole.is_some() || fingerprints.iter().all(|one| one.more.is_none());
    if all_named { Ok(inputs.into_values().collect()) } else { Err(missing()) }
}

/// The files of crates in folders, as the lock has them, if the notebook uses added crates.
fn crates_in_folders(path: &Path, notebook: &v4::Notebook) -> Result<Vec<Input>, CrateError> {
    if !verify::fingerprints(notebook).iter().any(|(_, one)| one.options.contains_key(CRATES)) {
        return Ok(Vec::new());
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let lock = folder.join(Lock::NAME);
    let sources = Lock::read(&lock).map_err(in_archive(&lock))?.sources;
    let input = |(path, hash): (String, String)| {
        let size = std::fs::metadata(folder.join(&path)).map_or(0, |data| data.len());
        Input { path, size, rows: None, made: false, content: Content::Whole(hash) }
    };
    Ok(sources.into_iter().map(input).collect())
}

/// How many folders up a relative path goes.
fn up(path: &str) -> usize {
    Path::new(path).components().take_while(|part| *part == Component::ParentDir).count()
}

impl Packing {
    fn new(path: &Path, inputs: Vec<Input>, wishes: &Wishes) -> Result<Self, CrateError> {
        let notebook = std::path::absolute(path).map_err(at(path))?;
        let folder = notebook.parent().unwrap_or(Path::new("/")).to_path_buf();
        let strange = wishes.urls.keys().find(|url| !inputs.iter().any(|input| input.path == **url));
        if let Some(url) = strange {
            let names: Vec<&str> = inputs.iter().map(|input| input.path.as_str()).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(CrateError::Url(url.clone(), names));
        }
        let comes = |input: &Input| Path::new(&input.path).is_relative() && up(&input.path) <= MOST_UP;
        let depth = inputs.iter().filter(|input| comes(input)).map(|input| up(&input.path)).max().unwrap_or(0);
        // The root of the archive lies so far above the notebook that all inputs are under it.
        let names: Vec<_> = folder.components().collect();
        let prefix: PathBuf = names[names.len().saturating_sub(depth).max(1)..].iter().collect();
        let file = notebook.file_name().unwrap_or_default();
        let place = text(&prefix.join(file));
        let mut packing =
            Self { notebook, place, folder, inputs: Vec::new(), elsewhere: Vec::new(), notes: Vec::new() };
        for input in &inputs {
            packing.take(input, comes(input).then_some(&prefix), wishes)?;
        }
        Ok(packing)
    }

    /// Finds an input, makes sure that it is the one, and decides whether it comes along.
    fn take(&mut self, input: &Input, prefix: Option<&PathBuf>, wishes: &Wishes) -> Result<(), CrateError> {
        let source = self.folder.join(&input.path);
        let Ok(data) = std::fs::metadata(&source) else {
            return Err(CrateError::Input(input.path.clone(), "is gone"));
        };
        let sha256 = whole(&source).map_err(at(&source))?;
        let now = match &input.content {
            Content::Whole(_) => Content::Whole(sha256.clone()),
            Content::Sampled(_) => Content::Sampled(sampled(&source).map_err(at(&source))?),
            Content::Modified(_) => input.content.clone(),
        };
        if input.content.differs(&now) || input.size != data.len() {
            return Err(CrateError::Input(input.path.clone(), "has changed"));
        }
        let url = wishes.urls.get(&input.path).cloned();
        let small = data.len() < wishes.largest.unwrap_or(WHOLE_BELOW);
        match prefix.filter(|_| small && url.is_none()) {
            Some(prefix) => {
                let path = inside(prefix, &input.path);
                let what = format!("input {}", input.path);
                self.inputs.push((Part { path, size: data.len(), sha256, what }, source));
            }
            None => {
                let path = prefix.map_or_else(|| input.path.clone(), |prefix| inside(prefix, &input.path));
                self.notes.push(match (&url, prefix) {
                    (Some(url), _) => format!("`{}` does not come along: it is at {url}", input.path),
                    (None, Some(_)) => format!(
                        "`{}` is too large to come along; say where it can be had: --url {}=ADDRESS",
                        input.path, input.path
                    ),
                    (None, None) => format!(
                        "`{}` lies too far from the notebook to come along: cells that name it will not find it elsewhere",
                        input.path
                    ),
                });
                self.elsewhere.push(Elsewhere { path, size: data.len(), sha256, url });
            }
        }
        Ok(())
    }

    fn write(mut self, notebook: &v4::Notebook, archive: &Path, wishes: &Wishes) -> Result<Packed, CrateError> {
        let bytes = std::fs::read(&self.notebook).map_err(at(&self.notebook))?;
        let about = self.about(notebook, wishes)?;
        let mut files: Vec<(Part, Bytes)> = Vec::new();
        let mut add = |path: String, what: String, bytes: Vec<u8>| {
            let part = Part { path, size: bytes.len() as u64, sha256: hash(&bytes), what };
            files.push((part.clone(), Bytes::Here(bytes)));
            part
        };
        let notebook_part = add(self.place.clone(), about.title.clone(), bytes);
        let lock = add(beside(&self.place, Lock::NAME), "versions of program and crates".into(), self.lock(&about)?);
        let outputs = outputs(notebook).into_iter();
        let outputs = outputs.map(|(path, what, bytes)| add(path, what, bytes)).collect();
        let inputs: Vec<Part> = self.inputs.iter().map(|(part, _)| part.clone()).collect();
        files.extend(self.inputs.into_iter().map(|(part, source)| (part, Bytes::In(source))));
        let contents = Contents { notebook: notebook_part, lock, inputs, elsewhere: self.elsewhere, outputs };
        let text = format!("{:#}\n", description(&about, &contents));
        zip(archive, &text, &files)?;
        let bytes = std::fs::metadata(archive).map_err(at(archive))?.len();
        let unpacked = files.iter().fold(text.len() as u64, |sum, (part, _)| sum.saturating_add(part.size));
        if unpacked > most(bytes) {
            self.notes
                .push(format!("it unpacks to {unpacked} bytes, so whoever unpacks it must say `--most {unpacked}`"));
        }
        Ok(Packed { files: files.len() + 1, bytes, notes: std::mem::take(&mut self.notes) })
    }

    /// The lock beside the notebook, with the program that made the outputs.
    fn lock(&self, about: &About) -> Result<Vec<u8>, CrateError> {
        let path = self.folder.join(Lock::NAME);
        let mut lock = Lock::read(&path).map_err(in_archive(&path))?;
        lock.prelude = Some(about.prelude.clone());
        lock.rustc = Some(about.rustc.clone());
        Ok(lock.to_text().into_bytes())
    }

    fn about(&mut self, notebook: &v4::Notebook, wishes: &Wishes) -> Result<About, CrateError> {
        let own = |name: &str| notebook.metadata.additional.get(name).and_then(Value::as_str).map(str::to_owned);
        let stem = self.notebook.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let title = wishes.title.clone().or_else(|| own("title")).or_else(|| heading(notebook)).unwrap_or(stem);
        let license = wishes.license.clone().or_else(|| own("license"));
        let named = notebook.metadata.authors.iter().flatten().map(|author| author.name.clone());
        let authors = if wishes.authors.is_empty() { named.collect() } else { wishes.authors.clone() };
        if license.is_none() {
            self.notes.push("no licence is given: --license CC-BY-4.0, for example; archives ask for one".to_owned());
        }
        if authors.is_empty() {
            self.notes.push("no author is given: --author \"Name <ORCID>\"".to_owned());
        }
        let changed = std::fs::metadata(&self.notebook).and_then(|data| data.modified()).map_err(at(&self.notebook))?;
        let date = chrono::DateTime::<chrono::Utc>::from(changed).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let first = verify::first_fingerprint(notebook).unwrap_or_default();
        let description = wishes.description.clone().unwrap_or_else(|| {
            format!("The notebook `{title}` with the inputs that its outputs were made from; `recoil unpack --run` runs it again.")
        });
        Ok(About { title, description, date, license, authors, prelude: first.prelude, rustc: first.rustc })
    }
}

/// The first heading of the notebook.
fn heading(notebook: &v4::Notebook) -> Option<String> {
    notebook.cells.iter().find_map(|cell| match cell {
        v4::Cell::Markdown { source, .. } => {
            let text = source.concat();
            text.lines().find_map(|line| line.strip_prefix("# ").map(|title| title.trim().to_owned()))
        }
        _ => None,
    })
}

/// Pictures and tables of the notebook as files: path, what they are, bytes.
fn outputs(notebook: &v4::Notebook) -> Vec<(String, String, Vec<u8>)> {
    use base64::Engine as _;
    let code = notebook.cells.iter().filter_map(|cell| match cell {
        v4::Cell::Code { source, outputs, .. } if !source.concat().trim().is_empty() => Some(outputs),
        _ => None,
    });
    let mut files = Vec::new();
    for (number, outputs) in (1..).zip(code) {
        let mut count = 0;
        for output in outputs {
            let value = match output {
                v4::Output::DisplayData(display) => serde_json::to_value(display),
                v4::Output::ExecuteResult(result) => serde_json::to_value(result),
                _ => continue,
            };
            let Ok(value) = value else { continue };
            let best = BODIES.iter().find_map(|(mime, ending)| Some((*mime, *ending, value["data"].get(*mime)?)));
            let Some((mime, ending, body)) = best else { continue };
            count += 1;
            let text = match body {
                Value::String(text) => text.clone(),
                Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
                other => other.to_string(),
            };
            let pixels = mime.starts_with("image/") && mime != "image/svg+xml";
            let joined: String = text.split_whitespace().collect();
            let decoded = pixels.then(|| base64::engine::general_purpose::STANDARD.decode(joined).ok()).flatten();
            let path = format!("outputs/cell-{number:02}-{count}.{ending}");
            files.push((
                path,
                format!("output {count} of cell {number}"),
                decoded.unwrap_or_else(|| text.into_bytes()),
            ));
        }
    }
    files
}

fn zip(archive: &Path, description: &str, files: &[(Part, Bytes)]) -> Result<(), CrateError> {
    let temporary = archive.with_extension(format!("{}.part", std::process::id()));
    let write = || -> Result<(), CrateError> {
        let mut zip = zip::ZipWriter::new(File::create(&temporary).map_err(at(&temporary))?);
        let options = SimpleFileOptions::default().large_file(true);
        zip.start_file(DESCRIPTION, options).map_err(in_archive(archive))?;
        zip.write_all(description.as_bytes()).map_err(at(archive))?;
        let mut seen = BTreeSet::new();
        for (part, bytes) in files.iter().filter(|(part, _)| seen.insert(part.path.clone())) {
            if relative(&part.path).is_none() {
                return Err(in_archive(archive)(format!("`{}` is no name for a file of an archive", part.path)));
            }
            zip.start_file(&part.path, options).map_err(in_archive(archive))?;
            match bytes {
                Bytes::Here(bytes) => zip.write_all(bytes).map_err(at(archive))?,
                Bytes::In(source) => {
                    let mut file = File::open(source).map_err(at(source))?;
                    std::io::copy(&mut file, &mut zip).map_err(at(source))?;
                }
            }
        }
        zip.finish().map_err(in_archive(archive))?;
        Ok(())
    };
    let written = write().and_then(|()| std::fs::rename(&temporary, archive).map_err(at(archive)));
    if written.is_err() {
        // What is half written is of no use to anybody.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A path in the archive: from `prefix`, with `..` taken away.
fn inside(prefix: &Path, path: &str) -> String {
    let mut out = PathBuf::new();
    for part in prefix.join(path).components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    text(&out)
}

/// The place of a file beside another one.
fn beside(place: &str, name: &str) -> String {
    text(&Path::new(place).with_file_name(name))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_keep_their_places_from_the_notebook() {
        assert_eq!(inside(Path::new("analysis"), "../data/x.csv"), "data/x.csv");
        assert_eq!(inside(Path::new(""), "data/x.csv"), "data/x.csv");
        assert_eq!(beside("analysis/a.ipynb", "recoil.lock"), "analysis/recoil.lock");
        assert_eq!((up("../../a"), up("a/../b"), up("a")), (2, 0, 0));
    }
}
