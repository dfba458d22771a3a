//! HDF5 files and ECF chunks: never a panic, whatever the bytes.
#![no_main]

use events::{Events, Format, IndexCache, ReadOptions, Recording};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut events = Events::default();
    (0..2000).for_each(|k| events.push(k * 7, (k % 640) as u16, (k % 480) as u16, (k % 2) as i8));
    events::write::hdf5(&events, None).expect("these events can be written")
});

fuzz_target!(|input: (Vec<(u16, u8)>, u16, &[u8])| {
    let (changes, cut, chunk) = input;
    let _ = events::decode_ecf_chunk(chunk);
    let mut file = WHOLE.clone();
    file.truncate(file.len() - usize::from(cut) % file.len());
    for (at, byte) in changes {
        let length = file.len();
        file[usize::from(at) % length] = byte;
    }
    let options = ReadOptions { format: Some(Format::Hdf5), index_cache: IndexCache::Off, ..ReadOptions::default() };
    if let Ok(recording) = Recording::from_bytes_with("fuzz", file, options) {
        let _ = recording.stream().memory_limit_mb(256).collect();
    }
});
