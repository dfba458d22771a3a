//! Baskets of ROOT trees: the branches are as they were written, what they find in the file may be any bytes.
#![no_main]

#[allow(dead_code)]
mod root_parts;

use libfuzzer_sys::fuzz_target;

const FILES: [&[u8]; 5] = [
    include_bytes!("../../../prelude/root/tests/data/arrays.root"),
    include_bytes!("../../../prelude/root/tests/data/objects.root"),
    include_bytes!("../../../prelude/root/tests/data/strings.root"),
    include_bytes!("../../../prelude/root/tests/data/alias.root"),
    include_bytes!("../../../prelude/root/tests/data/leaf_lists.root"),
];

/// Where the baskets of a file are: position, bytes, and bytes of the key.
fn baskets(file: &[u8]) -> Vec<(usize, usize, usize)> {
    let number = |at: usize| i32::from_be_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]);
    let mut found = Vec::new();
    let mut at = 100;
    while at + 26 < file.len() {
        let size = number(at);
        if size > 0 {
            let header = usize::from(file[at + 14]) << 8 | usize::from(file[at + 15]);
            if file[at..(at + header).min(file.len())].windows(7).any(|word| word == b"TBasket") {
                found.push((at, size as usize, header));
            }
        }
        at += (size.unsigned_abs() as usize).max(1);
    }
    found
}

fuzz_target!(|input: (u8, u8, Option<(u32, u32)>, bool, Vec<u8>)| {
    let (which, basket, numbers, plain, bytes) = input;
    let mut file = FILES[usize::from(which) % FILES.len()].to_vec();
    let baskets = baskets(&file);
    let (at, size, header) = baskets[usize::from(basket) % baskets.len()];
    let inside = &mut file[at + header..at + size];
    let length = bytes.len().min(inside.len());
    inside[..length].copy_from_slice(&bytes[..length]);
    if plain {
        // Bytes that are not packed.
        file[at + 6..at + 10].copy_from_slice(&((size - header) as u32).to_be_bytes());
    }
    if let Some((entries, last)) = numbers {
        file[at + header - 9..at + header - 5].copy_from_slice(&entries.to_be_bytes());
        file[at + header - 5..at + header - 1].copy_from_slice(&(last % (1 << 17)).to_be_bytes());
    }
    root_parts::read(file);
});
