//! Frames, whole and damaged: what is decoded side by side is what the library decodes, and the library's error is ours.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zstd::zstd_safe::{DCtx, get_error_name};

/// What both say of frames that should hold so many bytes.
fn same(frames: &[(&[u8], usize)]) {
    let mut ours: Vec<Vec<u8>> = frames.iter().map(|(_, length)| vec![0; *length]).collect();
    let mut places: Vec<&mut [u8]> = ours.iter_mut().map(Vec::as_mut_slice).collect();
    let bytes: Vec<&[u8]> = frames.iter().map(|(frame, _)| *frame).collect();
    let own = recoil_zstandard::decompress(&bytes, &mut places);
    for (((frame, length), own), ours) in frames.iter().zip(own).zip(ours) {
        let mut theirs = vec![0; *length];
        let library = DCtx::create().decompress(&mut theirs[..], frame).map_err(get_error_name);
        assert_eq!(own, library);
        if let Ok(length) = library {
            assert!(ours[..length] == theirs[..length]);
        }
    }
}

/// Noise of which the bytes given are the size, position by position, so that blocks have codes of many shapes; and where
/// they are zero, the bytes themselves, which repeat.
fn content(shape: &[u8]) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = || {
        state = (state ^ state << 13) ^ (state ^ state << 13) >> 7;
        state ^= state << 17;
        (state >> 40) as u8
    };
    let turns = 300_000 / shape.len();
    (0..turns * shape.len())
        .map(|at| match shape[at / turns] {
            0 => shape[at % shape.len()],
            size => (u32::from(noise()) * u32::from(size) >> 8) as u8 ^ shape[at % shape.len()] & 3,
        })
        .collect()
}

fuzz_target!(|input: (u16, i8, [(u32, u8); 3], Vec<u8>)| {
    let (length, level, damage, bytes) = input;
    same(&[(&bytes, usize::from(length))]);
    if bytes.is_empty() {
        return;
    }
    let content = content(&bytes);
    let Ok(frame) = zstd::bulk::compress(&content, i32::from(level % 6)) else { return };
    let mut damaged = frame.clone();
    for (at, change) in damage {
        let at = at as usize % frame.len();
        damaged[at] ^= change;
    }
    same(&[(&frame, content.len())]);
    same(&[(&damaged, content.len())]);
    same(&[(&frame, content.len()), (&bytes, usize::from(length)), (&damaged, content.len())]);
});
