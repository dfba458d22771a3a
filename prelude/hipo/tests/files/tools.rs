//! The tools, as text and JSON, with their exit status.

use hipo::Reader;
use serde_json::Value;

use super::{place, small, write};

fn run(arguments: &[&str]) -> (u8, String, String) {
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    let (mut out, mut messages) = (Vec::new(), Vec::new());
    let status = hipo::tools::run(&arguments, &mut out, &mut messages);
    (status, String::from_utf8(out).unwrap(), String::from_utf8(messages).unwrap())
}

#[test]
fn a_whole_file_is_shown() {
    let (folder, path) = place("run.hipo");
    write(&path, small().config("run", "5032"), 100);
    let file = path.to_str().unwrap();
    let (status, text, _) = run(&["info", "--rows", file]);
    assert_eq!(status, 0);
    for word in ["little-endian", "12 records, 100 events", "configuration run:\n5032", "REC::Particle", "150"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    let (_, json, _) = run(&["info", "--rows", "--json", file]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json["events"].as_u64(), json["tags"][1]["events"].as_u64()), (Some(100), Some(33)));
    assert_eq!(json["rows"]["REC::Particle"]["rows"], 150);

    let (_, text, _) = run(&["schemas", file]);
    assert!(text.contains("REC::Calorimeter (300,32)") && text.contains("    pindex  S"), "{text}");
    let (_, text, _) = run(&["dump", file, "--event", "1", "--count", "1", "--bank", "REC::Particle"]);
    assert!(text.starts_with("event 1, tag 0") && text.contains("300   3       0"), "{text}");
    let (_, json, _) = run(&["dump", "--json", file, "--tag", "2", "--count", "1"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json["tag"].as_i64(), json["banks"][0]["columns"]["pid"][0].as_i64()), (Some(2), Some(200)));
    assert_eq!(run(&["check", file]).0, 0);

    let target = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let (status, text, messages) = run(&["convert", file, &target("gzip.hipo"), "--compression", "gzip", "--tag", "1"]);
    assert_eq!((status, Reader::open(target("gzip.hipo")).unwrap().len()), (0, 33), "{text}{messages}");
    assert_eq!(run(&["convert", file, &target("p.csv"), "--bank", "REC::Particle"]).0, 0);
    let csv = std::fs::read_to_string(target("p.csv")).unwrap();
    assert!(csv.starts_with("event,pid,px,charge\n1,300,3,0\n1,301,3,0\n"), "{}", &csv[..60]);
    assert_eq!(csv.lines().count(), 151);
    assert_eq!(run(&["convert", file, &target("p.json"), "--bank", "REC::Particle"]).0, 0);
    let lines = std::fs::read_to_string(target("p.json")).unwrap();
    assert_eq!(lines.lines().next(), Some(r#"{"event":1,"pid":300,"px":3.0,"charge":0}"#));
}

#[test]
fn a_damaged_file_is_checked_and_salvaged() {
    let (folder, path) = place("run.hipo");
    write(&path, small(), 100);
    let entry = Reader::open(&path).unwrap().index().records()[1].clone();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[entry.position as usize + 30] ^= 0xff;
    std::fs::write(&path, bytes).unwrap();
    let file = path.to_str().unwrap();
    let (status, text, _) = run(&["check", file]);
    assert_eq!(status, 1);
    assert!(text.contains(&format!("record 2 at byte {}", entry.position)) && text.contains("DAMAGED"), "{text}");
    let (status, json, _) = run(&["check", "--json", file]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, json["faults"][0]["offset"].as_u64()), (1, Some(entry.position)));
    let new = folder.path().join("new.hipo");
    let (status, text, _) = run(&["salvage", file, new.to_str().unwrap()]);
    assert_eq!(status, 0, "{text}");
    assert_eq!(Reader::open(&new).unwrap().len(), 100 - entry.events);
    assert_eq!(run(&["salvage", file, file]).0, 1);
    assert_eq!(run(&["info", "none.hipo"]).0, 1);
}

#[test]
fn a_wrong_command_is_told_with_the_usage() {
    for wrong in [
        &["frobnicate"][..],
        &[],
        &["info"],
        &["dump", "a", "--event"],
        &["dump", "a", "--count", "x"],
        &["check", "--jsn", "a"],
    ] {
        let (status, _, messages) = run(wrong);
        assert_eq!(status, 2, "{wrong:?}");
        assert!(messages.contains("usage: recoil hipo"), "{messages}");
    }
    let (folder, path) = place("run.hipo");
    write(&path, small(), 1);
    let parquet = folder.path().join("out.parquet");
    let (status, _, messages) = run(&["convert", path.to_str().unwrap(), parquet.to_str().unwrap()]);
    assert_eq!(status, 2);
    assert!(messages.contains("from a cell"), "{messages}");
}
