//! Event-camera files: counts, first and last event and column hashes as independent decoders found them.

use std::path::Path;

use events::{Events, IndexCache, PolarityRule, ReadOptions, Recording};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

#[test]
fn events() {
    let Some(folder) = recoil_tests::cases::folder("events") else { return };
    let expected = std::fs::read_to_string(folder.join("expected.json")).expect("the cases have expectations");
    let expected: Map<String, Value> = serde_json::from_str(&expected).expect("the expectations are JSON");
    let mut different = Vec::new();
    for (name, case) in &expected {
        let file = folder.join(name);
        let outcome = if name.ends_with(".json") {
            ecf_vectors(&file)
        } else if case["n"].is_u64() {
            reads_as(&file, case)
        } else {
            refuses(&file)
        };
        if let Err(why) = outcome {
            different.push(format!("{name}: {why}"));
        }
    }
    assert!(!expected.is_empty());
    assert!(different.is_empty(), "{} of {} cases differ:\n{}", different.len(), expected.len(), different.join("\n"));
}

/// The same events in one piece, in chunks, in small blocks, and without threads.
fn reads_as(file: &Path, case: &Value) -> Result<(), String> {
    let options =
        ReadOptions { index_cache: IndexCache::Off, polarity: PolarityRule::Unsigned, ..ReadOptions::default() };
    let open = |options: &ReadOptions| Recording::open_with(file, options.clone()).map_err(|error| error.to_string());
    let recording = open(&options)?;
    let all = recording.read().map_err(|error| error.to_string())?;
    compare("", &describe(&all), case)?;
    let info = recording.info().map_err(|error| error.to_string())?;
    if info.events != all.len() as u64 {
        return Err(format!("info counts {} events", info.events));
    }
    if case["triggers"].is_array() {
        let triggers = recording.triggers().map_err(|error| error.to_string())?;
        let triggers: Vec<Value> =
            triggers.iter().map(|trigger| json!([trigger.t, trigger.id, trigger.value])).collect();
        compare(".triggers", &Value::Array(triggers), &case["triggers"])?;
    }
    for (block_bytes, threads) in [(64, 3), (1000, 2), (4096, 1)] {
        let recording = open(&ReadOptions { block_bytes, threads, ..options.clone() })?;
        let mut joined = Events::default();
        for chunk in recording.stream().chunk_size(777).chunks() {
            joined.append(&chunk.map_err(|error| error.to_string())?);
        }
        if joined != all {
            return Err(format!("other events in blocks of {block_bytes} bytes and chunks of 777"));
        }
    }
    slices_agree(&recording, &all)
}

/// A slice by the index is what a filter of everything is.
fn slices_agree(recording: &Recording, all: &Events) -> Result<(), String> {
    let (Some(low), Some(high)) = (all.t.iter().min(), all.t.iter().max()) else { return Ok(()) };
    let width = (high - low) / 5 + 1;
    for part in 0..5 {
        let (start, end) = (low + part * width, low + (part + 1) * width);
        let slice = recording.slice(start, end).map_err(|error| error.to_string())?;
        let mut filtered = all.clone();
        filtered.retain(|t, _, _, _| t >= start && t < end);
        if slice != filtered {
            return Err(format!("the slice from {start} to {end} us differs"));
        }
    }
    Ok(())
}

fn refuses(file: &Path) -> Result<(), String> {
    match Recording::open(file).and_then(|recording| recording.read()) {
        Ok(events) => Err(format!("damaged, but read as {} events without an error", events.len())),
        Err(error) if error.to_string().contains(&file.display().to_string()) => Ok(()),
        Err(error) => Err(format!("the error does not name the file: {error}")),
    }
}

/// Chunks of the HDF5 codec of event cameras, in all its modes.
fn ecf_vectors(file: &Path) -> Result<(), String> {
    let vectors = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let vectors: Vec<Value> = serde_json::from_str(&vectors).map_err(|error| error.to_string())?;
    for vector in &vectors {
        let hex = vector["hex"].as_str().ok_or("a vector without bytes")?;
        let bytes: Result<Vec<u8>, _> =
            (0..hex.len() / 2).map(|k| u8::from_str_radix(&hex[2 * k..2 * k + 2], 16)).collect();
        let events = events::decode_ecf_chunk(&bytes.map_err(|error| error.to_string())?)?;
        let found = json!({"t": events.t, "x": events.x, "y": events.y, "p": events.polarity});
        ["t", "x", "y", "p"]
            .into_iter()
            .try_for_each(|key| compare(&format!("{}.{key}", vector["label"]), &found[key], &vector[key]))?;
    }
    Ok(())
}

fn describe(events: &Events) -> Value {
    let row = |row: usize| events.get(row).map(|(t, x, y, on)| json!([t, x, y, on]));
    let hash =
        |bytes: Vec<u8>| Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
    json!({
        "n": events.len(),
        "first": row(0),
        "last": row(events.len().saturating_sub(1)),
        "on": events.count_on(),
        "sha_t_i64": hash(events.t.iter().flat_map(|t| t.to_le_bytes()).collect()),
        "sha_x_u16": hash(events.x.iter().flat_map(|x| x.to_le_bytes()).collect()),
        "sha_y_u16": hash(events.y.iter().flat_map(|y| y.to_le_bytes()).collect()),
        "sha_on_u8": hash(events.polarity.iter().map(|&on| on as u8).collect()),
    })
}

/// Every number that is both found and expected is the same.
fn compare(path: &str, found: &Value, expected: &Value) -> Result<(), String> {
    if let (Value::Object(found), Value::Object(expected)) = (found, expected) {
        let shared = found.iter().filter_map(|(key, found)| Some((key, found, expected.get(key)?)));
        return shared
            .into_iter()
            .try_for_each(|(key, found, expected)| compare(&format!("{path}.{key}"), found, expected));
    }
    if found == expected {
        return Ok(());
    }
    let short = |value: &Value| value.to_string().chars().take(200).collect::<String>();
    Err(format!("{path} is {}, not {}", short(found), short(expected)))
}
