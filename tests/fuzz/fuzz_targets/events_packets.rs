//! AEDAT 3.1 and 4, and whatever the content is taken for: never a panic, strict or lenient.
#![no_main]

use events::{Format, IndexCache, ReadOptions, Recording};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, bool, Vec<u8>)| {
    let (which, lenient, bytes) = input;
    let format = [None, Some(Format::Aedat3), Some(Format::Aedat4)][usize::from(which % 3)];
    let head: &[u8] = match format {
        Some(Format::Aedat3) => b"#!AER-DAT3.1\r\n#!END-HEADER\r\n",
        Some(Format::Aedat4) => b"#!AER-DAT4.0\r\n",
        _ => b"",
    };
    let bytes = [head, &bytes].concat();
    let options = ReadOptions { format, lenient, index_cache: IndexCache::Off, ..ReadOptions::default() };
    if let Ok(recording) = Recording::from_bytes_with("fuzz", bytes, options) {
        let _ = recording.stream().memory_limit_mb(64).collect();
        let _ = recording.triggers();
    }
});
