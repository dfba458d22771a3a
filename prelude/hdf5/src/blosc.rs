//! Blosc 1 chunks (HDF5 filter 32001): blocks, each shuffled and packed with one of several codecs.

use std::io::Read;

use crate::shuffle::unshuffle;

const HEADER: usize = 16;

fn u32_at(bytes: &[u8], at: usize) -> Result<usize, String> {
    let raw = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or("a Blosc chunk that is cut")?;
    Ok(u32::from_le_bytes(*raw) as usize)
}

/// Unpacks a chunk of at most `size` bytes.
pub(crate) fn decode(packed: &[u8], size: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let head = packed.get(..HEADER).ok_or("a Blosc chunk that is cut")?;
    let (flags, width) = (head[2], usize::from(head[3]).max(1));
    let (total, block) = (u32_at(packed, 4)?, u32_at(packed, 8)?);
    if total > size {
        return Err(format!("a Blosc chunk of {total} bytes, {size} fit"));
    }
    if flags & 2 != 0 {
        // Stored as it is.
        let data = packed.get(HEADER..HEADER + total).ok_or("a Blosc chunk that is cut")?;
        out.extend_from_slice(data);
        return Ok(());
    }
    if block == 0 {
        return Err("a Blosc chunk with blocks of 0 bytes".to_string());
    }
    let mut plain = Vec::new();
    for number in 0..total.div_ceil(block) {
        let length = block.min(total - number * block);
        let at = u32_at(packed, HEADER + number * 4)?;
        plain.clear();
        // Blocks of whole size may be cut into one part per byte of the element.
        let split = flags & 16 == 0 && width <= 16 && length == block && block / width >= 128;
        unpack_block(packed, at, length, if split { width } else { 1 }, flags >> 5, &mut plain)?;
        match flags & 5 {
            1 if width > 1 => unshuffle(&plain, width, out),
            4 => unshuffle_bits(&plain, width, out),
            _ => out.extend_from_slice(&plain),
        }
    }
    Ok(())
}

/// Bit `k` of byte `b` of all elements lie together; this puts the elements together again.
fn unshuffle_bits(shuffled: &[u8], width: usize, out: &mut Vec<u8>) {
    let count = shuffled.len() / width;
    if !count.is_multiple_of(8) || count == 0 {
        // Blosc leaves such blocks as they are.
        out.extend_from_slice(shuffled);
        return;
    }
    let from = out.len();
    out.resize(from + shuffled.len(), 0);
    let elements = &mut out[from..];
    for (plane, bits) in shuffled[..count * width].chunks_exact(count / 8).enumerate() {
        for (element, bit) in (0..count).map(|element| (element, bits[element / 8] >> (element % 8) & 1)) {
            elements[element * width + plane / 8] |= bit << (plane % 8);
        }
    }
    elements[count * width..].copy_from_slice(&shuffled[count * width..]);
}

fn unpack_block(
    packed: &[u8],
    mut at: usize,
    length: usize,
    parts: usize,
    codec: u8,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let part = length / parts;
    for _ in 0..parts {
        let stored = u32_at(packed, at)?;
        let data = packed.get(at + 4..).and_then(|rest| rest.get(..stored)).ok_or("a Blosc block that is cut")?;
        at += 4 + stored;
        if stored == part {
            out.extend_from_slice(data);
            continue;
        }
        let from = out.len();
        match codec {
            0 => blosclz(data, part, out)?,
            1 => {
                out.resize(from + part, 0);
                lz4_flex::block::decompress_into(data, &mut out[from..]).map_err(|error| format!("LZ4: {error}"))?;
            }
            3 => {
                let reader = flate2::read::ZlibDecoder::new(data);
                reader.take(part as u64).read_to_end(out).map_err(|error| format!("zlib: {error}"))?;
            }
            4 => {
                let plain = zstd::bulk::decompress(data, part).map_err(|error| format!("zstd: {error}"))?;
                out.extend_from_slice(&plain);
            }
            other => return Err(format!("a Blosc chunk of codec {other}, which is not supported")),
        }
        if out.len() - from != part {
            return Err(format!("a Blosc block of {} bytes, {part} are needed", out.len() - from));
        }
    }
    Ok(())
}

/// BloscLZ: literal runs and references back, with long lengths and far distances in extra bytes.
fn blosclz(packed: &[u8], size: usize, out: &mut Vec<u8>) -> Result<(), String> {
    const NEAR: usize = 8191;
    let cut = || "a BloscLZ block that is cut".to_string();
    let from = out.len();
    let mut rest = packed.iter();
    let next = |rest: &mut std::slice::Iter<'_, u8>| rest.next().map(|&byte| usize::from(byte)).ok_or_else(cut);
    // The first control byte is always a literal run: its upper bits mean the version.
    let mut control = next(&mut rest)? & 31;
    loop {
        if control >= 32 {
            let mut length = (control >> 5) - 1;
            if length == 6 {
                loop {
                    let more = next(&mut rest)?;
                    length += more;
                    if more != 255 {
                        break;
                    }
                }
            }
            let low = next(&mut rest)?;
            let mut back = ((control & 31) << 8) + low;
            if low == 255 && control & 31 == 31 {
                back = (next(&mut rest)? << 8) + next(&mut rest)? + NEAR;
            }
            let start = out
                .len()
                .checked_sub(back + 1)
                .filter(|&start| start >= from)
                .ok_or("a BloscLZ reference before the start")?;
            for place in start..start + length + 3 {
                out.push(out[place]);
            }
        } else {
            let literal = rest.as_slice().get(..control + 1).ok_or_else(cut)?;
            out.extend_from_slice(literal);
            rest = rest.as_slice()[control + 1..].iter();
        }
        if out.len() - from > size {
            return Err(format!("a BloscLZ block of more than {size} bytes"));
        }
        match rest.next() {
            Some(&byte) => control = usize::from(byte),
            None => return Ok(()),
        }
    }
}
