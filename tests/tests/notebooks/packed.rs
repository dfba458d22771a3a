//! A tutorial as an archive: complete, valid for others, and the same in an empty home.

use recoil_tests::cases::project;
use recoil_tests::kernel::{Home, prepared, said, turn};
use recoil_tests::python;
use std::process::Command;

/// Reads the crate with the library of the standard's authors, and the notebook with Jupyter's.
const READ: &str = r##"
import json, sys
from pathlib import Path
from rocrate.rocrate import ROCrate
import nbformat

folder = Path(sys.argv[1])
crate = ROCrate(folder)
root = crate.root_dataset
assert root["name"].startswith("First steps"), root["name"]
assert root["license"]["name"] == "CC-BY-4.0"
assert root["author"][0]["name"] == "Ada Lovelace" if isinstance(root["author"], list) else root["author"]["name"] == "Ada Lovelace"
assert root["datePublished"] and root["description"]
main = crate.mainEntity
assert main.id.endswith("01%20first%20steps.ipynb"), main.id
for entity in crate.data_entities:
    assert (folder / entity.id.replace("%20", " ")).is_file(), entity.id
names = {entity.id for entity in crate.data_entities}
assert "data/Zmumu_Run2011A.csv" in names and "data/uproot-Zmumu.root" in names, names
assert any(name.endswith(".svg") for name in names)
run = crate.get("#run")
assert {one.id for one in run["instrument"]} == {"#recoil", "#rustc"}
assert crate.get("#recoil")["softwareVersion"]
crate.write(folder.parent / "written")

path = folder / "01 first steps.ipynb"
before = json.loads(path.read_text())
book = nbformat.read(path, as_version=4)
nbformat.validate(book)
nbformat.write(book, folder.parent / "again.ipynb")
after = json.loads((folder.parent / "again.ipynb").read_text())
fingerprints = lambda book: [output["metadata"]["recoil"] for cell in book["cells"] for output in cell.get("outputs", [])
                             if "recoil" in output.get("metadata", {})]
assert fingerprints(before) and fingerprints(before) == fingerprints(after)
"##;

#[test]
fn a_packed_tutorial_runs_in_an_empty_home_and_is_a_valid_crate() {
    let _turn = turn();
    let home = Home::new();
    let folder = home.path().join("work");
    std::fs::create_dir_all(folder.join("data")).expect("a folder");
    for name in ["Zmumu_Run2011A.csv", "uproot-Zmumu.root"] {
        std::fs::copy(project().join("notebooks/data").join(name), folder.join("data").join(name)).expect("copies");
    }
    let name = "01 first steps.ipynb";
    std::fs::copy(project().join("notebooks").join(name), folder.join(name)).expect("copies");
    let recoil = |arguments: &[&str]| {
        let mut command = home.command(&prepared());
        command.env("RECOIL_CACHE", home.path().join("cells")).current_dir(&folder).args(arguments);
        command.output().expect("starts")
    };
    let output = recoil(&["run", name, "-o", name]);
    assert!(output.status.success(), "{}", said(&output));
    let output = recoil(&["pack", name, "-o", "a.zip", "--author", "Ada Lovelace", "--license", "CC-BY-4.0"]);
    assert!(output.status.success() && !said(&output).contains("note: "), "{}", said(&output));

    let empty = tempfile::tempdir().expect("a folder");
    let toolchain = |name: &str, folder: &str| {
        let own = std::env::var_os("HOME").map(|home| std::path::Path::new(&home).join(folder));
        std::env::var_os(name).map(Into::into).or(own).unwrap_or_default()
    };
    let mut command = home.command(&prepared());
    command.env("HOME", empty.path()).env_remove("RECOIL_CACHE").env_remove("XDG_CACHE_HOME").current_dir(empty.path());
    // The compiler stays where it is.
    command
        .env("RUSTUP_HOME", toolchain("RUSTUP_HOME", ".rustup"))
        .env("CARGO_HOME", toolchain("CARGO_HOME", ".cargo"));
    let output = command.arg("unpack").arg(folder.join("a.zip")).args(["analysis", "--run"]).output().expect("starts");
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("cells with outputs give the same"), "{}", said(&output));

    // Somebody has changed an input since.
    std::fs::write(folder.join("data/Zmumu_Run2011A.csv"), "Run\n1\n").expect("writes");
    let output = recoil(&["pack", name, "-o", "b.zip"]);
    assert!(
        said(&output).contains("input `data/Zmumu_Run2011A.csv` has changed since the notebook was run"),
        "{}",
        said(&output)
    );
    assert!(!folder.join("b.zip").exists());

    let test = "a_packed_tutorial_runs_in_an_empty_home_and_is_a_valid_crate";
    let Some(python) = python::environment(test, "rocrate", &["rocrate==0.16.0", "nbformat==5.11.1"]) else { return };
    let read = Command::new(python).args(["-c", READ]).arg(empty.path().join("analysis")).output().expect("starts");
    assert!(read.status.success(), "{}", said(&read));
}
