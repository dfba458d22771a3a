//! The beginning of a page: of a Zstandard frame only the blocks up to a byte are read and decompressed.

use super::plain::room::Room;
use polars_parquet::parquet::compression::Compression;
use recoil_bytes::Bytes;
use std::ops::Range;

/// The most bytes that a block of a frame holds, and what stands before each.
const MOST: usize = 128 << 10;
const HEAD: usize = 3;
/// The most bytes before the first block.
const LONGEST: usize = 18;
/// What a frame begins with; and that it does not say how long it is, and may repeat what is up to 2^27 bytes before.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const OPEN: [u8; 2] = [0, 17 << 3];

/// Whether pages of this kind are read here.
pub(super) fn is_known(codec: Compression) -> bool {
    matches!(codec, Compression::Uncompressed | Compression::Zstd)
}

/// The beginning of a page, in a room.
pub(super) struct Beginning {
    /// The frame that is to be decompressed, if there is one.
    frame: Option<Range<usize>>,
    /// Where its bytes are, or are going to be.
    pub(super) place: Range<usize>,
}

impl Beginning {
    /// Reads as much of a body, which has `size` bytes when decompressed, as its first `needed` bytes want; `None` where that is
    /// not understood.
    pub(super) fn read(
        file: &Bytes,
        body: Range<u64>,
        (size, needed): (usize, usize),
        codec: Compression,
        room: &mut Room,
    ) -> std::io::Result<Option<Self>> {
        let needed = needed.min(size);
        let length = (body.end - body.start) as usize;
        if codec == Compression::Uncompressed {
            let place = room.unpacked.take(needed.min(length));
            file.read_at(body.start, &mut room.unpacked.all()[place.clone()])?;
            return Ok((place.len() == needed).then_some(Self { frame: None, place }));
        }
        let most = needed.div_ceil(MOST).max(1) * (MOST + HEAD) + LONGEST;
        let stored = room.stored.take(length.min(most));
        let bytes = &mut room.stored.all()[stored.clone()];
        file.read_at(body.start, bytes)?;
        let whole = (stored.len() == length).then_some((0..length, size));
        let Some((frame, size)) = cut(bytes, needed, size).or(whole) else { return Ok(None) };
        let frame = stored.start + frame.start..stored.start + frame.end;
        Ok(Some(Self { frame: Some(frame), place: room.unpacked.take(size) }))
    }
}

/// Makes a frame of the first blocks of one of `size` bytes, as many as hold so many bytes, and says where it is and how many
/// bytes it holds at most. `None` where these may be all blocks, and for what is not understood; the bytes are then as they were.
fn cut(bytes: &mut [u8], needed: usize, size: usize) -> Option<(Range<usize>, usize)> {
    let first = first_block(bytes)?;
    let (mut at, mut held, mut ends) = (first, 0, first);
    while held < needed.max(1) {
        let head = little(bytes.get(at..at + HEAD)?);
        let (last, kind, length) = (head & 1 == 1, head >> 1 & 3, head >> 3);
        let (stored, holds) = match kind {
            0 => (length, length),
            1 => (1, length),
            2 => (length, MOST),
            _ => return None,
        };
        (ends, at, held) = (at, at + HEAD + stored, held + holds);
        if last || length > MOST || at > bytes.len() || held >= size {
            return None;
        }
    }
    // It ends with this block.
    bytes[ends] |= 1;
    let start = first - MAGIC.len() - OPEN.len();
    bytes[start..start + MAGIC.len()].copy_from_slice(&MAGIC);
    bytes[start + MAGIC.len()..first].copy_from_slice(&OPEN);
    Some((start..at, held))
}

/// Where the first block of a frame without a dictionary begins.
fn first_block(bytes: &[u8]) -> Option<usize> {
    let descriptor = *bytes.strip_prefix(&MAGIC)?.first()?;
    let (form, single) = (descriptor >> 6, descriptor >> 5 & 1 == 1);
    let length = match form {
        0 => usize::from(single),
        form => 1 << form,
    };
    (descriptor & 0b11 == 0).then_some(MAGIC.len() + 1 + usize::from(!single) + length)
}

fn little(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | usize::from(byte))
}

/// Decompresses the beginnings, which were read one after another, to their places; says of each how many bytes are there,
/// `None` where it cannot be decompressed.
pub(super) fn decompress(beginnings: &[&Beginning], room: &mut Room) -> Vec<Option<usize>> {
    let Room { stored, unpacked } = room;
    let (mut rest, mut from) = (unpacked.all(), 0);
    let (mut frames, mut places) = (Vec::new(), Vec::new());
    for beginning in beginnings {
        if let Some(frame) = &beginning.frame {
            frames.push(stored.of(frame));
            places.push(super::plain::room::cut(&mut rest, &mut from, beginning.place.clone()));
        }
    }
    let mut written = recoil_zstandard::decompress(&frames, &mut places).into_iter();
    let each = beginnings.iter().map(|beginning| match beginning.frame {
        Some(_) => written.next()?.ok(),
        None => Some(beginning.place.len()),
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that repeat, noise, and one byte many times.
    fn contents() -> Vec<Vec<u8>> {
        let noise = |at: u64| ((at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 37) as u8;
        vec![
            (0..900_000).map(|at| (at / 7 % 251) as u8).collect(),
            (0..900_000).map(noise).collect(),
            (0..900_000).map(|at| if at % 8 < 6 { noise(at) } else { 63 }).collect(),
            vec![7; 900_000],
            (0..1_000).map(noise).collect(),
            Vec::new(),
        ]
    }

    fn frames(content: &[u8]) -> Vec<Vec<u8>> {
        let unsized_frame = || {
            let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
            std::io::Write::write_all(&mut encoder, content).unwrap();
            encoder.finish().unwrap()
        };
        let mut summed = zstd::bulk::Compressor::new(3).unwrap();
        summed.include_checksum(true).unwrap();
        vec![
            zstd::bulk::compress(content, 1).unwrap(),
            zstd::bulk::compress(content, 9).unwrap(),
            summed.compress(content).unwrap(),
            unsized_frame(),
            recoil_zstandard::stored::frame(content),
        ]
    }

    #[test]
    fn the_beginning_of_a_frame_is_that_of_its_content() {
        for (number, content) in contents().into_iter().enumerate() {
            for frame in frames(&content) {
                let file = Bytes::memory([b"before", &*frame].concat());
                for needed in [1, 4, 1_000, 131_071, 131_072, 131_073, 500_000, 899_999, 900_000] {
                    let needed = needed.min(content.len());
                    let mut room = Room::default();
                    let body = 6..6 + frame.len() as u64;
                    let both: Vec<Beginning> = (0..2)
                        .map(|_| {
                            Beginning::read(&file, body.clone(), (content.len(), needed), Compression::Zstd, &mut room)
                        })
                        .map(|read| read.unwrap().unwrap())
                        .collect();
                    let written = decompress(&both.iter().collect::<Vec<_>>(), &mut room);
                    for (beginning, written) in both.iter().zip(written) {
                        let written = written.unwrap();
                        // Blocks may be shorter than the most that they hold: then there is less, and it is said.
                        assert!(written <= content.len() && (number == 0 || written >= needed), "{written}");
                        let found = room.unpacked.of(&beginning.place);
                        assert_eq!(found[..written], content[..written], "{needed}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_compressed_is_read_as_far_as_it_is_needed() {
        let file = Bytes::memory((0..100).collect::<Vec<u8>>());
        let mut room = Room::default();
        let read = |size, needed, room: &mut Room| {
            Beginning::read(&file, 10..60, (size, needed), Compression::Uncompressed, room).unwrap()
        };
        let found = read(50, 5, &mut room).unwrap();
        assert_eq!(decompress(&[&found], &mut room), [Some(5)]);
        assert_eq!(room.unpacked.of(&found.place), [10, 11, 12, 13, 14]);
        assert!(read(90, 70, &mut room).is_none(), "there is less than it says");
    }

    #[test]
    fn what_is_damaged_is_not_decompressed() {
        let content = &contents()[2];
        let frame = zstd::bulk::compress(content, 3).unwrap();
        for at in 0..200 {
            let mut frame = frame.clone();
            let place = at * 37 % 3_000;
            frame[place] ^= 1 << (at % 8);
            let (mut room, length) = (Room::default(), frame.len() as u64);
            let file = Bytes::memory(frame);
            let read = Beginning::read(&file, 0..length, (content.len(), 10), Compression::Zstd, &mut room).unwrap();
            if let Some(beginning) = read {
                decompress(&[&beginning], &mut room);
            }
        }
    }
}
