//! Crates that the user added with `:dep`: built by the real cargo, then linked like everything else.
//!
//! Crates of the registry are built once per machine: all kernels share one folder of built crates for each compiler, which
//! cargo locks while it builds. Which versions the words mean is written into `recoil.lock` beside the notebook
//! ([`super::lock`]) and used again; without it, what this machine has resolved before is used.
//! Crates in folders and repositories can change under the same name; they are built in the session's own folder, and of
//! those in folders the lock has the hashes of all files ([`super::crate_sources`]).

use super::cache::{Cache, place as place_file};
use super::crate_sources::{CrateSources, crate_sources};
use super::lock::Lock;
use super::plan::Plan;
use super::process::{real, with_parent};
use super::reactor;
use crate::proof::relative;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of built crates may grow to this; then it is emptied, when no build runs.
const MOST_BYTES: u64 = 6 << 30;

/// What a cell needs to link to the added crates.
#[derive(Debug, Default)]
pub(crate) struct Dependencies {
    /// `--extern` and `-L` for rustc.
    pub arguments: Vec<String>,
    /// Changes with the crates.
    pub identity: String,
    /// Whether `identity` says it all; a crate in a folder can change under the same name.
    pub cacheable: bool,
    /// What the user should know of the versions.
    pub note: Option<String>,
}

/// Where crates are built, and by which compiler.
struct Place {
    /// The compiler of the cells.
    rustc: PathBuf,
    /// The manifest, its lock file, and what was learnt.
    manifest: PathBuf,
    /// The compiled crates.
    target: PathBuf,
}

/// Builds the crates of evcxr's manifest in `folder`, unless it is built already.
pub(crate) fn build(folder: &Path, plan: &Plan) -> Result<Dependencies, String> {
    let (rustc, lock) = (&plan.rustc, plan.lock.as_path());
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).map_err(|error| error.to_string())?;
    let wanted = manifest.split_once("[dependencies]").map_or("", |(_, rest)| rest).trim();
    if wanted.is_empty() {
        return Ok(Dependencies { cacheable: true, ..Dependencies::default() });
    }
    let known = Lock::read(lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    if can_change(wanted) {
        return in_session(folder, &manifest, wanted, known, plan);
    }
    let shared = plan.cache.join("crates").join(Cache::key(&[&plan.compiler]));
    let locked = known.of(wanted);
    // Whoever has a lock has a place of its own for it: another notebook may mean other versions by the same words.
    let key = locked.as_deref().map_or_else(|| Cache::key(&[wanted]), |locked| Cache::key(&[wanted, locked]));
    let place = Place { rustc: rustc.clone(), manifest: shared.join(key), target: shared.join("target") };
    let arguments = match place.remembered(wanted) {
        Some(arguments) => arguments,
        None => {
            let failed = |error: std::io::Error| format!("{}: {error}", place.manifest.display());
            std::fs::create_dir_all(&shared).map_err(failed)?;
            let _building = place.lock(&shared).map_err(failed)?;
            let base = locked.clone().map(Base::Exactly).or_else(|| known.nearest(wanted).map(Base::AsFarAsItGoes));
            place.build(&manifest, wanted, base)?
        }
    };
    let resolved = std::fs::read_to_string(place.manifest.join("Cargo.lock")).unwrap_or_default();
    if locked.is_none() {
        // The same place, under the name that it has from now on.
        let manifest = shared.join(Cache::key(&[wanted, &resolved]));
        let named = Place { rustc: rustc.clone(), manifest, target: place.target.clone() };
        // Without it the next kernel asks cargo once more.
        let _ = named.remember(wanted, &arguments, &resolved);
    }
    let note = known.keep(lock, wanted, &resolved, CrateSources::default());
    let identity = Cache::key(&[wanted, &resolved]);
    Ok(Dependencies { arguments, identity, cacheable: true, note })
}

/// Whether a wish names a crate that can change under the same name: one in a folder or a repository.
fn can_change(wanted: &str) -> bool {
    let says = |wish: &str, key: &str| {
        wish.match_indices(key).any(|(at, _)| {
            let before = wish[..at].chars().next_back();
            let behind = wish[at + key.len()..].trim_start();
            before.is_some_and(|c| c.is_whitespace() || matches!(c, '{' | ',' | '.')) && behind.starts_with('=')
        })
    };
    wanted.lines().any(|wish| ["path", "git"].iter().any(|key| says(wish, key)))
}

/// Builds in the session's own folder. What the lock has of versions is kept as far as it goes.
fn in_session(folder: &Path, manifest: &str, wanted: &str, known: Lock, plan: &Plan) -> Result<Dependencies, String> {
    let (own, lock) = (folder.join("dependencies"), plan.lock.as_path());
    let place = Place { rustc: plan.rustc.clone(), target: own.join("target"), manifest: own };
    let beside = lock.parent().unwrap_or(Path::new("."));
    let portable = portable(wanted, beside);
    let base = known.of(&portable).or_else(|| known.nearest(&portable)).map(Base::AsFarAsItGoes);
    let arguments = place.build(manifest, wanted, base)?;
    let resolved = std::fs::read_to_string(place.manifest.join("Cargo.lock")).unwrap_or_default();
    let sources = crate_sources(&place.target, &place.manifest, beside);
    let hashes: Vec<&str> = sources.files.iter().flat_map(|(path, hash)| [path.as_str(), hash.as_str()]).collect();
    let identity = Cache::key(&[&[portable.as_str(), resolved.as_str()], hashes.as_slice()].concat());
    let note = known.keep(lock, &portable, &resolved, sources);
    Ok(Dependencies { arguments, identity, cacheable: false, note })
}

/// The wishes with folders told from the lock, so that they are the same when the notebook is moved.
fn portable(wanted: &str, beside: &Path) -> String {
    let beside = beside.canonicalize().unwrap_or_else(|_| beside.to_path_buf());
    let mut out = String::new();
    let mut rest = wanted;
    while let Some(at) = rest.find("\"/") {
        let (before, path) = rest.split_at(at + 1);
        let end = path.find('"').unwrap_or(path.len());
        out += before;
        out += &relative(&beside, Path::new(&path[..end]));
        rest = &path[end..];
    }
    out + rest
}

/// A lock to begin with.
enum Base {
    /// These versions and no others.
    Exactly(String),
    /// These versions of the crates that are in it.
    AsFarAsItGoes(String),
}

impl Place {
    /// Has cargo build the crates; returns the arguments for rustc. Without the network, if all of them are here.
    fn build(&self, manifest: &str, wanted: &str, base: Option<Base>) -> Result<Vec<String>, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.manifest.display());
        std::fs::create_dir_all(self.manifest.join("src")).map_err(failed)?;
        std::fs::write(self.manifest.join("src/lib.rs"), "").map_err(failed)?;
        let text = manifest.replace("\"cdylib\"", "\"rlib\"");
        place_file(&self.manifest.join("Cargo.toml"), |path| std::fs::write(path, &text)).map_err(failed)?;
        if let Some(Base::Exactly(lock) | Base::AsFarAsItGoes(lock)) = &base {
            place_file(&self.manifest.join("Cargo.lock"), |path| std::fs::write(path, lock)).map_err(failed)?;
        }
        let arguments = match base {
            Some(Base::Exactly(_)) => {
                externs(self, &["--locked", "--offline"]).or_else(|_| externs(self, &["--locked"])).map_err(|error| {
                    format!("{error}\n(the versions are those of {}; remove it to resolve them anew)", Lock::NAME)
                })
            }
            _ => externs(self, &[]),
        }?;
        let resolved = std::fs::read_to_string(self.manifest.join("Cargo.lock")).unwrap_or_default();
        self.remember(wanted, &arguments, &resolved).map_err(failed)?;
        Ok(arguments)
    }

    fn record(&self) -> PathBuf {
        self.manifest.join("built-2.json")
    }

    /// Writes down what was built.
    fn remember(&self, wanted: &str, arguments: &[String], resolved: &str) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.manifest)?;
        place_file(&self.manifest.join("Cargo.lock"), |path| std::fs::write(path, resolved))?;
        let record = json!({"wanted": wanted, "arguments": arguments}).to_string();
        place_file(&self.record(), |path| std::fs::write(path, &record))
    }

    /// What was built before, if all of it is still there.
    fn remembered(&self, wanted: &str) -> Option<Vec<String>> {
        let record: Value = serde_json::from_slice(&std::fs::read(self.record()).ok()?).ok()?;
        if record["wanted"] != wanted {
            return None;
        }
        let arguments: Vec<String> = serde_json::from_value(record["arguments"].clone()).ok()?;
        let mut files = arguments.iter().filter_map(|argument| argument.split_once('=').map(|(_, file)| file));
        files.all(|file| Path::new(file).exists()).then_some(arguments)
    }

    /// Held while crates are built, by any number of kernels. A kernel that holds it alone empties a folder that is too large.
    fn lock(&self, shared: &Path) -> std::io::Result<File> {
        let lock = File::options().create(true).append(true).open(shared.join("lock"))?;
        if bytes_in(&self.target) > MOST_BYTES && lock.try_lock().is_ok() {
            // What is left is built again over.
            let _ = std::fs::remove_dir_all(&self.target);
        }
        lock.lock_shared()?;
        Ok(lock)
    }
}

fn bytes_in(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => bytes_in(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

fn cargo(place: &Place, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(&place.manifest).stdin(Stdio::null());
    // evcxr means it for the crate that it believes to build.
    command.env_remove("CARGO_BUILD_BUILD_DIR").env("CARGO_TARGET_DIR", &place.target).env("RUSTC", &place.rustc);
    let output = with_parent(real(&mut command)).output().map_err(|error| format!("cannot run cargo: {error}"))?;
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    if output.status.success() {
        let [answer, _] = said;
        return Ok(answer);
    }
    let told = errors(&said);
    // The package around all wishes is our own.
    let told: Vec<&str> = told.trim().lines().filter(|line| !line.contains("required by package `ctx v")).collect();
    Err(format!("the added crates cannot be built:\n{}", told.join("\n")))
}

/// What is of use in the output of a cargo that has failed: rustc's errors, which are messages, and its own; all of it if
/// there is neither.
fn errors([messages, text]: &[String; 2]) -> String {
    let of_rustc = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter_map(|message| {
        let message = &message["message"];
        (message["level"] == "error").then(|| message["rendered"].as_str().map(str::to_owned)).flatten()
    });
    let own: Vec<_> = text.lines().skip_while(|line| !line.starts_with("error")).collect();
    let own = if own.is_empty() { text.clone() } else { own.join("\n") };
    of_rustc.chain([own]).collect()
}

/// Builds, and finds which files belong to the crates that the manifest names.
fn externs(place: &Place, how: &[&str]) -> Result<Vec<String>, String> {
    let built = cargo(place, &[&["build", "--message-format=json"], how].concat())?;
    let mut files = HashMap::new();
    for message in built.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let mut names = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let library = names.rfind(|name| name.ends_with(".rlib") || name.ends_with(".so"));
        if let (true, Some(id), Some(file)) = (is_library(&message["target"]), message["package_id"].as_str(), library)
        {
            files.insert(id.to_owned(), file.to_owned());
        }
    }
    let metadata = cargo(place, &[&["metadata", "--format-version=1"], how].concat())?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let root = &metadata["resolve"]["root"];
    let nodes = metadata["resolve"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let direct: Vec<&Value> = nodes
        .iter()
        .filter(|node| &node["id"] == root)
        .flat_map(|node| node["deps"].as_array().into_iter().flatten())
        .collect();
    let names: Vec<&str> = direct.iter().filter_map(|dependency| dependency["name"].as_str()).collect();
    let mut arguments = Vec::new();
    for dependency in direct {
        let (Some(name), Some(id)) = (dependency["name"].as_str(), dependency["pkg"].as_str()) else { continue };
        let Some(file) = files.get(id) else { continue };
        // Types of a renamed crate are called by the name that it has itself.
        let own = metadata["packages"].as_array().into_iter().flatten().find(|package| package["id"] == id);
        let own = own.and_then(|package| package["targets"].as_array()?.iter().find(|target| is_library(target)));
        let own = own.and_then(|target| Some(target["name"].as_str()?.replace('-', "_")));
        for name in [name].into_iter().chain(own.as_deref().filter(|own| *own != name && !names.contains(own))) {
            arguments.extend(["--extern".to_owned(), format!("{name}={file}")]);
        }
    }
    arguments.extend(reactor::arguments(nodes, |id| files.get(id)));
    let deps = place.target.join("debug/deps");
    arguments.extend(["-L".to_owned(), format!("dependency={}", deps.display())]);
    Ok(arguments)
}

fn is_library(target: &Value) -> bool {
    let kinds = target["kind"].as_array().map(Vec::as_slice).unwrap_or_default();
    kinds.iter().any(|kind| kind == "lib" || kind == "rlib" || kind == "proc-macro" || kind == "dylib")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_built_is_remembered_while_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let [rustc, manifest, target] = ["rustc", "wish", "target"].map(|name| folder.path().join(name));
        let place = Place { rustc, manifest, target };
        std::fs::create_dir_all(&place.manifest).unwrap();
        let file = folder.path().join("libx.rlib");
        std::fs::write(&file, [0; 100]).unwrap();
        let arguments = ["--extern".to_owned(), format!("x={}", file.display())];
        let record = json!({"wanted": "x = \"1\"", "arguments": arguments}).to_string();
        std::fs::write(place.record(), record).unwrap();
        assert_eq!(place.remembered("x = \"1\"").unwrap(), arguments);
        assert_eq!(place.remembered("x = \"2\""), None);
        assert_eq!(bytes_in(folder.path()) / 100, (100 + std::fs::metadata(place.record()).unwrap().len()) / 100);
        std::fs::remove_file(file).unwrap();
        assert_eq!(place.remembered("x = \"1\""), None);
    }

    #[test]
    fn errors_are_those_of_rustc_and_cargo_or_all_that_was_said() {
        let of = |messages: &str, text: &str| errors(&[messages.to_owned(), text.to_owned()]);
        let message =
            |level: &str| json!({"reason": "compiler-message", "message": {"level": level, "rendered": "rustc: no\n"}});
        let lines = format!("{}\nno message\n{}\n", message("warning"), message("error"));
        assert_eq!(
            of(&lines, "   Compiling x\nerror: could not compile\nmore"),
            "rustc: no\nerror: could not compile\nmore"
        );
        assert_eq!(of("", "the disk is full"), "the disk is full");
    }

    #[test]
    fn wishes_are_told_apart_and_written_from_the_lock() {
        assert!(
            can_change("x = { path = \"/a/x\" }")
                && can_change("y = {git=\"https://x.org/y\"}")
                && can_change("z.path = \"/a\"")
        );
        assert!(!can_change("pathfinding = \"4\"\ngit2 = { version = \"0.20\", features = [\"path\"] }"));
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let wanted = format!("x = {{ path = \"{}\", features = [\"a\"] }}", folder.join("x").display());
        std::fs::create_dir(folder.join("notebook")).unwrap();
        assert_eq!(portable(&wanted, &folder.join("notebook")), "x = { path = \"../x\", features = [\"a\"] }");
        assert_eq!(portable("y = \"1\"", &folder), "y = \"1\"");
    }
}
