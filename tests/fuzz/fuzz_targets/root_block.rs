//! Compressed blocks of ROOT files: whatever the bytes, unpacking gives the size that was asked for or an error.
#![no_main]

#[allow(dead_code, unused_imports)]
#[path = "../../../prelude/root/src/block/mod.rs"]
mod block;
#[allow(dead_code)]
#[path = "../../../prelude/root/src/error.rs"]
mod error;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u32, Vec<u8>)| {
    let (size, stored) = input;
    let size = size as usize % (1 << 20);
    let mut out = Vec::new();
    if let Ok(plain) = block::unpack(&stored, size, &mut out) {
        assert_eq!(plain.len(), size);
    }
});
