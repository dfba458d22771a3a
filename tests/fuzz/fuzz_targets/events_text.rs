//! Text in any order: never a panic, and blocks of any size give the same events.
#![no_main]

use events::{Events, Format, IndexCache, ReadOptions, Recording};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (block, text) = input;
    let read = |block_bytes| {
        let options = ReadOptions {
            format: Some(Format::Text),
            columns: Some("t x y p".to_string()),
            lenient: true,
            index_cache: IndexCache::Off,
            block_bytes,
            ..ReadOptions::default()
        };
        let mut all = Events::default();
        let recording = Recording::from_bytes_with("fuzz", text.as_bytes().to_vec(), options).ok()?;
        for chunk in recording.stream().blocks() {
            all.append(&chunk.ok()?);
        }
        Some(all)
    };
    assert_eq!(read(u64::from(block) + 1), read(1 << 20));
    let free = ReadOptions { format: Some(Format::Text), index_cache: IndexCache::Off, ..ReadOptions::default() };
    let _ = Recording::from_bytes_with("fuzz", text.as_bytes().to_vec(), free).and_then(|recording| recording.read());
});
