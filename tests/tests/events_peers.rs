//! Event files of other writers are read as what was written: HDF5 in its layouts and compressions, AEDAT 4, Prophesee, text.

use std::path::Path;
use std::process::Command;

use events::{Events, IndexCache, PolarityRule, ReadOptions, Recording};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

const PACKAGES: [&str; 5] = ["h5py==3.16.0", "hdf5plugin==7.1.0", "faery==0.7.1", "dv-processing==2.0.4", "numpy"];

#[test]
fn files_of_other_writers_are_read() {
    let Some(python) = recoil_tests::python::environment("events peers", "events-files", &PACKAGES) else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = recoil_tests::cases::project().join("tests/tests/peers/events.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().expect("python runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let expected: Map<String, Value> = text
        .lines()
        .last()
        .and_then(|line| serde_json::from_str(line).ok())
        .unwrap_or_else(|| panic!("{}{text}", String::from_utf8_lossy(&output.stderr)));
    let wrong: Vec<String> = expected
        .iter()
        .filter_map(|(name, expected)| {
            let found = read(&folder.path().join(name));
            (found != *expected).then(|| format!("{name}: {found}, not {expected}"))
        })
        .collect();
    assert!(expected.len() > 80, "{} files", expected.len());
    assert!(wrong.is_empty(), "{} of {} files differ:\n{}", wrong.len(), expected.len(), wrong.join("\n"));
}

/// What is in a file, `null` when it is refused with its name.
fn read(file: &Path) -> Value {
    let options =
        ReadOptions { index_cache: IndexCache::Off, polarity: PolarityRule::Unsigned, ..ReadOptions::default() };
    let read = Recording::open_with(file, options).and_then(|recording| recording.read());
    match read {
        Ok(events) => describe(&events),
        Err(error) if error.to_string().contains("not supported") => Value::Null,
        Err(error) => error.to_string().into(),
    }
}

fn describe(events: &Events) -> Value {
    let digest = |bytes: Vec<u8>| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    json!({
        "n": events.len(),
        "t": digest(events.t.iter().flat_map(|t| t.to_le_bytes()).collect()),
        "x": digest(events.x.iter().flat_map(|x| x.to_le_bytes()).collect()),
        "y": digest(events.y.iter().flat_map(|y| y.to_le_bytes()).collect()),
        "on": digest(events.polarity.iter().map(|&on| on as u8).collect()),
    })
}
