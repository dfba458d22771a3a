//! The laws of the house: which room may import which, as ARCHITECTURE.md has them.

use recoil_tests::cases::project;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// What each room may import of the others.
const MAY_IMPORT: [(&str, &[&str]); 17] = [
    ("segment", &[]),
    ("port", &[]),
    ("macros", &[]),
    ("belle2", &[]),
    ("cut", &["segment"]),
    ("sources", &["segment"]),
    ("toy", &["segment", "sources"]),
    ("hipo", &[]),
    ("events", &[]),
    ("flow", &["segment", "belle2", "cut", "sources"]),
    ("hist", &["segment"]),
    ("show", &["segment", "hist"]),
    ("data", &["segment", "belle2", "cut", "sources", "flow", "hist", "show"]),
    ("banks", &["segment", "cut", "sources", "hipo", "show", "data"]),
    ("recordings", &["segment", "sources", "events", "show", "data"]),
    (
        "recoil",
        &[
            "segment",
            "port",
            "macros",
            "cut",
            "sources",
            "toy",
            "hipo",
            "events",
            "flow",
            "hist",
            "show",
            "data",
            "banks",
            "recordings",
        ],
    ),
    ("recoil-kernel", &["port", "hipo"]),
];

/// Direct dependencies of every package of the workspace, those of tests left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(project().join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    let normal = |package: &serde_json::Value| {
        let all = package["dependencies"].as_array().expect("dependencies");
        all.iter()
            .filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| text(&dependency["name"]))
            .collect()
    };
    packages.iter().map(|package| (text(&package["name"]), normal(package))).collect()
}

#[test]
fn a_room_imports_only_what_its_row_allows() {
    let dependencies = dependencies();
    let rooms: BTreeSet<&str> = MAY_IMPORT.iter().map(|(room, _)| *room).collect();
    for (room, allowed) in MAY_IMPORT {
        let imports = dependencies
            .get(room)
            .unwrap_or_else(|| panic!("room {room} is gone: mend ARCHITECTURE.md and this table"));
        for import in imports.iter().filter(|import| rooms.contains(import.as_str())) {
            assert!(allowed.contains(&import.as_str()), "room {room} imports {import}, which its row does not allow");
        }
    }
    let known: BTreeSet<&str> = rooms.iter().copied().chain(["recoil-tests"]).collect();
    let strangers: Vec<_> = dependencies.keys().filter(|package| !known.contains(package.as_str())).collect();
    assert!(strangers.is_empty(), "packages without a row: {strangers:?}");
}

#[test]
fn only_frames_link_polars() {
    let dependencies = dependencies();
    for room in ["port", "macros", "belle2", "hipo", "events", "recoil-kernel"] {
        assert!(!dependencies[room].iter().any(|name| name.starts_with("polars")), "{room} links Polars");
    }
}

#[test]
fn the_walks_name_functions_that_are_there() {
    let page = std::fs::read_to_string(project().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let step = regex::Regex::new(r"`((?:kernel|prelude)/[a-z_/]+\.rs)::([a-z_]+)`").expect("a pattern");
    let steps: Vec<_> = step.captures_iter(&page).map(|found| (found[1].to_owned(), found[2].to_owned())).collect();
    assert!(steps.len() >= 18, "the walks are gone: {steps:?}");
    for (file, function) in steps {
        let code = std::fs::read_to_string(project().join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(code.contains(&format!("fn {function}")), "{file} has no function {function}");
    }
}
