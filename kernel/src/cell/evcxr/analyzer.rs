//! What cargo would tell evcxr's rust-analyzer of the crate of a session without added crates.
//!
//! rust-analyzer asks cargo and rustc a dozen questions before a kernel can run its first cell. Nothing of its answers is
//! used here, but it must have some: one crate, no standard library.

use serde_json::{Value, json};
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

/// Answers as cargo would; an exit code.
pub(super) fn answer(arguments: &[OsString]) -> std::io::Result<i32> {
    let arguments: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    let manifest = arguments.iter().position(|argument| argument == "--manifest-path");
    let manifest = manifest.and_then(|at| arguments.get(at + 1)).map(|path| Path::new(path.as_ref()));
    let answer = match (arguments.first().map(AsRef::as_ref), manifest) {
        (Some("locate-project"), Some(manifest)) => json!({"root": manifest}),
        (Some("metadata"), Some(manifest)) => metadata(manifest),
        // Versions, targets and configuration: it goes on without them.
        _ => return Ok(1),
    };
    writeln!(std::io::stdout(), "{answer}")?;
    Ok(0)
}

/// The output of `cargo metadata` for evcxr's crate `ctx` with no dependencies.
fn metadata(manifest: &Path) -> Value {
    let folder = manifest.parent().unwrap_or(manifest);
    let id = format!("path+file://{}#ctx@1.0.0", folder.display());
    let target = json!({
        "kind": ["cdylib"], "crate_types": ["cdylib"], "name": "ctx", "src_path": folder.join("src/lib.rs"),
        "edition": "2024", "doc": true, "doctest": false, "test": true,
    });
    let package = json!({
        "name": "ctx", "version": "1.0.0", "id": id, "license": null, "license_file": null, "description": null,
        "source": null, "dependencies": [], "targets": [target], "features": {}, "manifest_path": manifest,
        "metadata": null, "publish": null, "authors": [], "categories": [], "keywords": [], "readme": null,
        "repository": null, "homepage": null, "documentation": null, "edition": "2024", "links": null,
        "default_run": null, "rust_version": null,
    });
    json!({
        "packages": [package], "workspace_members": [id], "workspace_default_members": [id],
        "resolve": {"nodes": [{"id": id, "dependencies": [], "deps": [], "features": []}], "root": id},
        "target_directory": folder.join("target"), "version": 1, "workspace_root": folder, "metadata": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_of_a_session_is_described() {
        let metadata = metadata(Path::new("/session/Cargo.toml"));
        assert_eq!(metadata["packages"][0]["targets"][0]["src_path"], "/session/src/lib.rs");
        assert_eq!(metadata["resolve"]["root"], metadata["workspace_members"][0]);
        assert_eq!(answer(&["--version".into()]).unwrap(), 1);
    }
}
