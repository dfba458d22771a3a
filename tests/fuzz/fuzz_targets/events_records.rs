//! DAT, AEDAT 1 and 2, N-MNIST and Event Stream: never a panic, and blocks of any size give the same events.
#![no_main]

use events::{Events, Format, IndexCache, ReadOptions, Recording};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, u8, Vec<u8>)| {
    let (which, block, mut bytes) = input;
    let formats = [Format::Dat, Format::Aedat1, Format::Aedat2, Format::Nmnist, Format::EventStream];
    let format = formats[usize::from(which) % formats.len()];
    if format == Format::EventStream {
        bytes.splice(0..0, *b"Event Stream\x02\x00\x00\x01\x00\x05\x00\x05");
    }
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
    assert_eq!(read(u64::from(block) + 16), read(1 << 20));
});
