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

/// What h5py finds in files: its HDF5, and of each file the shapes of its datasets, its offset of time, and the digests of
/// its columns.
const H5PY: &str = r#"
import hashlib, json, sys
import h5py, numpy as np
answer = {"hdf5": h5py.version.hdf5_version, "files": []}
for path in sys.argv[1:]:
    with h5py.File(path, "r") as file:
        shapes = {}
        file.visititems(lambda name, item: shapes.update({name: list(item.shape)}) if isinstance(item, h5py.Dataset) else None)
        events = file["events"]
        digest = lambda values, kind: hashlib.sha256(np.ascontiguousarray(values).astype(kind).tobytes()).hexdigest()
        offset = file["t_offset"][()] if "t_offset" in file else 0
        answer["files"].append({
            "shapes": shapes, "scalar": np.ndim(offset) == 0, "n": len(events["t"]),
            "t": digest(events["t"][:].astype("int64") + int(offset), "<i8"), "x": digest(events["x"][:], "<u2"),
            "y": digest(events["y"][:], "<u2"), "on": digest(events["p"][:], "u1"),
        })
print(json.dumps(answer))
"#;

/// From 65,536 events on, HDF5 2.0 has refused how long the sizes of chunks are; before, both read them.
#[test]
fn written_hdf5_is_read_by_both_versions_of_hdf5() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut random = segment::random::SplitMix64::new(10);
    let mut files = Vec::new();
    for count in [1, 65_535, 65_536, 65_537, 200_000, 1_100_000] {
        let mut at = 49_599_300_523_i64;
        let mut events = Events::default();
        for _ in 0..count {
            at += (random.next() % 40) as i64;
            let (x, y, on) = (random.next() % 640, random.next() % 480, random.next() % 2);
            events.push(at, x as u16, y as u16, on as i8);
        }
        let path = folder.path().join(format!("{count}.h5"));
        let bytes = events::write::hdf5(&events, Some(events::Geometry { width: 640, height: 480 }))
            .expect("events are written");
        std::fs::write(&path, bytes).expect("the file is written");
        files.push((path, describe(&events)));
    }
    for (version, name, packages) in
        [("1.14.", "hdf5-1", ["h5py==3.14.0", "numpy==2.3.5"]), ("2.0.", "hdf5-2", ["h5py==3.16.0", "numpy==2.3.5"])]
    {
        let Some(python) = recoil_tests::python::environment("written HDF5", name, &packages) else { return };
        let paths = files.iter().map(|(path, _)| path);
        let output = Command::new(python).args(["-c", H5PY]).args(paths).output().expect("python runs");
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("HDF5 {version}: {}", String::from_utf8_lossy(&output.stderr)));
        assert!(answer["hdf5"].as_str().is_some_and(|found| found.starts_with(version)), "{}", answer["hdf5"]);
        let read = answer["files"].as_array().expect("a list of files");
        assert_eq!(read.len(), files.len());
        for (found, (path, wanted)) in read.iter().zip(&files) {
            assert_eq!(found["scalar"], true, "{path:?}: {}", found["shapes"]);
            for key in ["n", "t", "x", "y", "on"] {
                assert_eq!(found[key], wanted[key], "HDF5 {version}, {path:?}, {key}");
            }
        }
    }
}
