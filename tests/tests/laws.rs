//! The laws of the house: which room may import which, as ARCHITECTURE.md has them.

#[path = "laws/calls.rs"]
mod calls;
#[path = "laws/graph.rs"]
mod graph;
#[path = "laws/public.rs"]
mod public;
#[path = "laws/walks.rs"]
mod walks;

use recoil_tests::cases::project;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The page on the house.
fn page() -> String {
    std::fs::read_to_string(project().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md")
}

/// The names in backticks in a piece of the page.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The rooms in the order of the page's table, and what the row of each allows it to import.
fn rooms() -> Vec<(String, BTreeSet<String>)> {
    let page = page();
    let mut rooms: Vec<(String, BTreeSet<String>)> = Vec::new();
    let rows =
        page.lines().skip_while(|line| !line.starts_with("| room |")).skip(2).take_while(|line| line.starts_with('|'));
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let above: BTreeSet<String> = rooms.iter().map(|(room, _)| room.clone()).collect();
        let allowed: BTreeSet<String> = match cells[3] {
            "all above" => above.clone(),
            "–" => BTreeSet::new(),
            // A remark in parentheses says why.
            list => list.split(',').filter_map(|name| name.split_whitespace().next()).map(str::to_owned).collect(),
        };
        let low: Vec<_> = allowed.difference(&above).collect();
        assert!(low.is_empty(), "the row `{row}` allows {low:?}, which is no row above it");
        // What is in parentheses after a room is its folder.
        let names = quoted(cells[1].split(" (").next().unwrap_or_default());
        rooms.extend(names.into_iter().map(|name| (name, allowed.clone())));
    }
    assert!(rooms.len() >= 17, "the table of rooms is gone: {rooms:?}");
    rooms
}

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
    let rooms = rooms();
    let known: BTreeSet<&str> = rooms.iter().map(|(room, _)| room.as_str()).chain(["recoil-tests"]).collect();
    for (room, allowed) in &rooms {
        let imports =
            dependencies.get(room).unwrap_or_else(|| panic!("room {room} is gone: mend the table of ARCHITECTURE.md"));
        for import in imports.iter().filter(|import| known.contains(import.as_str())) {
            assert!(allowed.contains(import), "room {room} imports {import}, which its row does not allow");
        }
    }
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

/// The storeys of each room that lists them: the folder, and the names of files and folders of each storey, lowest first.
fn storeys() -> Vec<(PathBuf, Vec<String>)> {
    let page = page();
    let lines =
        page.lines().skip_while(|line| *line != "### Storeys").skip(1).take_while(|line| !line.starts_with('#'));
    let listed = lines.filter_map(|line| line.strip_prefix("- `")?.split_once("`: "));
    let rooms: Vec<_> = listed
        .map(|(room, storeys)| {
            let folder = if room.contains('/') { room.to_owned() } else { format!("prelude/{room}/src") };
            (project().join(folder), storeys.split(", ").map(str::to_owned).collect())
        })
        .collect();
    assert!(rooms.len() >= 2, "the storeys are gone");
    rooms
}

/// All Rust files below a folder, as paths in it; those of tests left out.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            match path.is_dir() {
                _ if matches!(name, "tests" | "tests.rs" | "lib.rs" | "main.rs") => {}
                true => open.push(path),
                false if name.ends_with(".rs") => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found.into_iter().map(|path| path.strip_prefix(folder).expect("below").to_owned()).collect()
}

/// The first names after the root of the room in all paths of a file: `crate::a::b` and `crate::{a::b, c}` name a and c.
/// `above` is how the file says that root: `crate::`, or `super::` as often as it is deep.
fn imports(code: &str, above: &str) -> BTreeSet<String> {
    let name =
        |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(above) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
            continue;
        }
        let rest = &code[at + above.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            found.insert(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = 0;
        for (at, sign) in list.char_indices() {
            match sign {
                '{' => depth += 1,
                ',' | '}' if depth == 0 => {
                    found.insert(name(list[start..at].trim_start()));
                    start = at + 1;
                    if sign == '}' {
                        break;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    found.remove("");
    found
}

/// A file without comments and without the tests at its end.
fn product(code: &str) -> String {
    let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[test]
fn imports_are_read_as_rust_reads_them() {
    let code =
        "use crate::a::b;\nuse crate::{c::{d, e}, f,\n g};\nlet x = crate::h::i(); macro_crate::j; super::super::k::l;";
    let names: Vec<_> = imports(code, "crate::").into_iter().collect();
    assert_eq!(names, ["a", "c", "f", "g", "h"]);
    assert_eq!(imports(code, "super::super::"), ["k".to_owned()].into());
}

#[test]
fn inside_a_room_nothing_is_imported_from_above() {
    let mut wrong = Vec::new();
    for (folder, storeys) in storeys() {
        // By the name that a path in the code has.
        let mut place = BTreeMap::new();
        for (floor, storey) in storeys.iter().enumerate() {
            for name in quoted(storey) {
                assert!(folder.join(&name).exists(), "{} has no {name}, which ARCHITECTURE.md lists", folder.display());
                place.insert(name.trim_end_matches(".rs").to_owned(), floor);
            }
        }
        for file in files(&folder) {
            let depth = file.components().count();
            let top = file.iter().next().and_then(|top| top.to_str()).unwrap_or_default().trim_end_matches(".rs");
            if top == "mod" && depth == 1 {
                continue;
            }
            let shown = folder.join(&file);
            let shown = shown.strip_prefix(project()).unwrap_or(&shown).display();
            let Some(own) = place.get(top) else {
                wrong.push(format!("{shown} has no storey in ARCHITECTURE.md"));
                continue;
            };
            let code = product(&std::fs::read_to_string(folder.join(&file)).expect("a file"));
            // `mod.rs` is its folder.
            let deep = if file.ends_with("mod.rs") { depth - 1 } else { depth };
            // The crate's own name in a room that is a whole crate, and the path to it where the room is a part.
            let root = match folder.ends_with("src") {
                true => "crate::".to_owned(),
                false => format!("crate::{}::", folder.file_name().and_then(|name| name.to_str()).unwrap_or_default()),
            };
            let mut names = imports(&code, &root);
            names.extend(imports(&code, &"super::".repeat(deep)));
            for name in names.iter().filter(|name| *name != "super") {
                match place.get(name) {
                    Some(floor) if floor > own => wrong.push(format!("{shown} imports `{name}`, which is above it")),
                    Some(_) => {}
                    None => wrong.push(format!("{shown} imports `{name}` through the root of its room")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} imports break the order of storeys:\n{}", wrong.len(), wrong.join("\n"));
}

/// The folder of a room's source.
fn folder_of(room: &str) -> String {
    match room {
        "recoil" => "prelude/src".to_owned(),
        "recoil-kernel" => "kernel/src".to_owned(),
        // The names of published crates say whose they are; those of folders need not.
        room => format!("prelude/{}/src", room.strip_prefix("recoil-").unwrap_or(room)),
    }
}

/// All Rust files below a folder.
fn all_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let found = paths.flat_map(|path| if path.is_dir() { all_files(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

/// The circles of files that the page allows, by room.
fn allowed_circles() -> BTreeMap<String, BTreeSet<Vec<String>>> {
    let page = page();
    let lines =
        page.lines().skip_while(|line| *line != "### Circles").skip(1).take_while(|line| !line.starts_with('#'));
    let mut allowed: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
    for (room, files) in lines.filter_map(|line| line.strip_prefix("- `")?.split_once("`: ")) {
        allowed.entry(room.to_owned()).or_default().insert(quoted(files));
    }
    allowed
}

/// `cargo test --release --test laws -- --nocapture files_import` prints the whole graph.
#[test]
fn files_import_one_another_in_no_circle_that_is_not_named() {
    let mut allowed = allowed_circles();
    let mut wrong = Vec::new();
    for room in rooms().into_iter().map(|(room, _)| room) {
        let folder = folder_of(&room);
        let src = project().join(&folder);
        let graph = graph::of_room(&src, &files(&src));
        for (file, imports) in graph.iter().filter(|(_, imports)| !imports.is_empty()) {
            println!("{folder}/{file} -> {}", imports.iter().cloned().collect::<Vec<_>>().join(" "));
        }
        let mut named = allowed.remove(&room).unwrap_or_default();
        let circles = graph::circles(&graph);
        wrong.extend(
            circles.into_iter().filter(|circle| !named.remove(circle)).map(|circle| format!("{room}: {circle:?}")),
        );
        wrong.extend(
            named.into_iter().map(|circle| format!("{room}: {circle:?} is gone: remove it from ARCHITECTURE.md")),
        );
    }
    assert!(wrong.is_empty(), "circles of files:\n{}", wrong.join("\n"));
}

#[test]
fn every_dependency_is_named_by_a_file_of_its_room() {
    let mut unused = Vec::new();
    for (room, imports) in dependencies().into_iter().filter(|(room, _)| room != "recoil-tests") {
        let src = project().join(folder_of(&room));
        let code: String = all_files(&src).iter().map(|path| std::fs::read_to_string(path).expect("a file")).collect();
        let words: BTreeSet<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let named = |name: &String| words.contains(name.replace('-', "_").as_str());
        unused.extend(imports.into_iter().filter(|name| !named(name)).map(|name| format!("{room} declares `{name}`")));
    }
    assert!(unused.is_empty(), "dependencies that no file names:\n{}", unused.join("\n"));
}
