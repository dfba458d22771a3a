//! EVT2, EVT2.1 and EVT3: never a panic, and blocks of any size give the same events.
#![no_main]

use events::{Events, Format, IndexCache, ReadOptions, Recording};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, u8, Vec<u8>)| {
    let (which, block, bytes) = input;
    let format = [Format::Evt2, Format::Evt21, Format::Evt3][usize::from(which % 3)];
    let read = |block_bytes| {
        let options = ReadOptions {
            format: Some(format),
            lenient: true,
            index_cache: IndexCache::Off,
            block_bytes,
            threads: 2,
            ..ReadOptions::default()
        };
        let mut all = Events::default();
        for chunk in Recording::from_bytes_with("fuzz", bytes.clone(), options).ok()?.stream().blocks() {
            all.append(&chunk.ok()?);
        }
        Some(all)
    };
    assert_eq!(read(u64::from(block) + 1), read(1 << 20));
});
