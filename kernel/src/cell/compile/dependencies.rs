//! Crates that the user added with `:dep`: built once by the real cargo, then linked like everything else.

use super::process::{real, with_parent};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a cell needs to link to the added crates.
#[derive(Debug, Default)]
pub(crate) struct Dependencies {
    /// `--extern` and `-L` for rustc.
    pub arguments: Vec<String>,
    /// Changes with the crates.
    pub identity: String,
    /// Whether `identity` says it all; a crate in a folder can change under the same name.
    pub cacheable: bool,
}

/// Builds what stands in evcxr's manifest in `folder`, unless it is built already.
pub(crate) fn build(folder: &Path) -> Result<Dependencies, String> {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).map_err(|error| error.to_string())?;
    let wanted = manifest.split_once("[dependencies]").map_or("", |(_, rest)| rest).trim();
    if wanted.is_empty() {
        return Ok(Dependencies { cacheable: true, ..Dependencies::default() });
    }
    let cacheable = !wanted.contains("path") && !wanted.contains("git");
    let place = folder.join("dependencies");
    let known = place.join("built.json");
    if cacheable && let Some(arguments) = remembered(&known, wanted) {
        return Ok(Dependencies { arguments, identity: wanted.to_owned(), cacheable });
    }
    std::fs::create_dir_all(place.join("src")).map_err(|error| error.to_string())?;
    std::fs::write(place.join("src/lib.rs"), "").map_err(|error| error.to_string())?;
    std::fs::write(place.join("Cargo.toml"), manifest.replace("\"cdylib\"", "\"rlib\""))
        .map_err(|error| error.to_string())?;
    let arguments = externs(&place)?;
    let record = json!({"wanted": wanted, "arguments": arguments});
    std::fs::write(&known, record.to_string()).map_err(|error| error.to_string())?;
    Ok(Dependencies { arguments, identity: wanted.to_owned(), cacheable })
}

fn remembered(known: &Path, wanted: &str) -> Option<Vec<String>> {
    let record: Value = serde_json::from_slice(&std::fs::read(known).ok()?).ok()?;
    (record["wanted"] == wanted).then(|| serde_json::from_value(record["arguments"].clone()).ok())?
}

fn cargo(place: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(place).stdin(Stdio::null());
    // evcxr means these for the crate it believes to build.
    for name in ["RUSTFLAGS", "RUSTC", "CARGO_TARGET_DIR", "CARGO_BUILD_BUILD_DIR", "RUSTC_WRAPPER"] {
        command.env_remove(name);
    }
    let output = with_parent(real(&mut command)).output().map_err(|error| format!("cannot run cargo: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        let errors: Vec<_> = said.lines().skip_while(|line| !line.starts_with("error")).collect();
        Err(format!("the added crates cannot be built:\n{}", errors.join("\n")))
    }
}

/// Builds, and finds which files belong to the crates that the manifest names.
fn externs(place: &Path) -> Result<Vec<String>, String> {
    let built = cargo(place, &["build", "--message-format=json"])?;
    let mut files = HashMap::new();
    for message in built.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let mut names = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let library = names.rfind(|name| name.ends_with(".rlib") || name.ends_with(".so"));
        let kinds = message["target"]["kind"].as_array().cloned().unwrap_or_default();
        let is_library =
            kinds.iter().any(|kind| kind == "lib" || kind == "rlib" || kind == "proc-macro" || kind == "dylib");
        if let (true, Some(id), Some(file)) = (is_library, message["package_id"].as_str(), library) {
            files.insert(id.to_owned(), file.to_owned());
        }
    }
    let metadata = cargo(place, &["metadata", "--format-version=1"])?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let root = &metadata["resolve"]["root"];
    let nodes = metadata["resolve"]["nodes"].as_array().into_iter().flatten();
    let direct =
        nodes.filter(|node| &node["id"] == root).flat_map(|node| node["deps"].as_array().into_iter().flatten());
    let mut arguments = Vec::new();
    for dependency in direct {
        let (Some(name), Some(id)) = (dependency["name"].as_str(), dependency["pkg"].as_str()) else { continue };
        if let Some(file) = files.get(id) {
            arguments.extend(["--extern".to_owned(), format!("{name}={file}")]);
        }
    }
    let deps = place.join("target/debug/deps");
    arguments.extend(["-L".to_owned(), format!("dependency={}", deps.display())]);
    Ok(arguments)
}
