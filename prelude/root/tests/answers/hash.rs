//! SHA-1 of values: counts of each level as i64, then the values, all little-endian.

use root::Values;
use std::fmt::Write;

/// The hash that the answers have.
pub fn hash(values: &Values) -> String {
    let mut bytes = Vec::new();
    flat(values, &mut bytes);
    let mut text = String::new();
    sha1(&bytes).iter().for_each(|byte| write!(text, "{byte:02x}").expect("a string"));
    text
}

fn flat(values: &Values, out: &mut Vec<u8>) {
    macro_rules! numbers {
        ($vector:expr) => {
            $vector.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()))
        };
    }
    match values {
        Values::Bool(all) => out.extend(all.iter().map(|value| u8::from(*value))),
        Values::I8(all) => numbers!(all),
        Values::U8(all) => numbers!(all),
        Values::I16(all) => numbers!(all),
        Values::U16(all) => numbers!(all),
        Values::I32(all) => numbers!(all),
        Values::U32(all) => numbers!(all),
        Values::I64(all) => numbers!(all),
        Values::U64(all) => numbers!(all),
        Values::F32(all) => numbers!(all),
        Values::F64(all) => numbers!(all),
        Values::Text(text) => {
            for row in 0..text.offsets.len() - 1 {
                if row > 0 {
                    out.push(0);
                }
                out.extend_from_slice(text.get(row));
            }
        }
        Values::List { offsets, values } => {
            offsets.windows(2).for_each(|pair| out.extend_from_slice(&(pair[1] - pair[0]).to_le_bytes()));
            flat(values, out);
        }
        Values::Fixed { size, rows, values } => {
            (0..*rows).for_each(|_| out.extend_from_slice(&(*size as i64).to_le_bytes()));
            flat(values, out);
        }
    }
}

/// SHA-1; for comparison only.
fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut state = [0x6745_2301u32, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0];
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - bytes.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let end = padded.len();
    padded[end - 8..].copy_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        let mut words = [0u32; 80];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        for at in 16..80 {
            words[at] = (words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (at, word) in words.iter().enumerate() {
            let (f, k) = match at {
                0..20 => (b & c | !b & d, 0x5A82_7999),
                20..40 => (b ^ c ^ d, 0x6ED9_EBA1),
                40..60 => (b & c | b & d | c & d, 0x8F1B_BCDC),
                _ => (b ^ c ^ d, 0xCA62_C1D6u32),
            };
            let next = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (sum, part) in state.iter_mut().zip([a, b, c, d, e]) {
            *sum = sum.wrapping_add(part);
        }
    }
    let mut out = [0; 20];
    out.chunks_exact_mut(4).zip(state).for_each(|(out, word)| out.copy_from_slice(&word.to_be_bytes()));
    out
}
