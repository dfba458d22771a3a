//! Zstandard frames of measured numbers, faster than the library alone: RFC 8878.
//!
//! The low bytes of measured numbers are noise, so that hardly anything repeats, and a frame of them is one long Huffman
//! code. The library decodes four streams of a block at once and waits for itself most of the time; here the streams of
//! all blocks of a frame are decoded side by side, 32 at once (`lanes`). In goes a frame, out comes what it holds; a frame
//! that is not of that kind, is damaged, or meets a processor without AVX-512, is left to the library, which also takes
//! what repeats: it is given the same frame with its literals decoded.

mod frame;
mod huffman;
#[cfg(target_arch = "x86_64")]
mod lanes;
#[cfg(not(target_arch = "x86_64"))]
#[path = "no_lanes.rs"]
mod lanes;
pub mod stored;
mod weights;

use frame::{Frame, Stream};
use huffman::Tables;
use std::cell::RefCell;
use zstd::zstd_safe::{DCtx, get_error_name};

/// What a thread keeps from one frame to the next.
struct Context {
    library: DCtx<'static>,
    tables: Tables,
    /// Frames whose literals are decoded.
    plain: Vec<Vec<u8>>,
}

thread_local! {
    static CONTEXT: RefCell<Context> =
        RefCell::new(Context { library: DCtx::create(), tables: Tables::default(), plain: Vec::new() });
}

/// Decompresses frames to their places, and says how many bytes each had. Several at once are faster.
///
/// # Errors
/// What the library says of a frame that is damaged or has no room.
pub fn decompress(frames: &[&[u8]], places: &mut [&mut [u8]]) -> Vec<Result<usize, &'static str>> {
    CONTEXT.with_borrow_mut(|context| {
        let Context { library, tables, plain } = context;
        plain.resize_with(plain.len().max(frames.len()), Vec::new);
        let done = if lanes::available() { side_by_side(frames, places, tables, plain) } else { None };
        let done = done.unwrap_or_else(|| vec![Done::Nothing; frames.len()]);
        let each = frames.iter().zip(places).zip(done.iter().zip(plain));
        each.map(|((frame, place), (done, plain))| match done {
            Done::Content => Ok(place.len()),
            // What is wrong with a frame, the library says of the frame itself.
            Done::Literals(whole) => library
                .decompress(*place, &plain[..*whole])
                .or_else(|_| library.decompress(*place, frame))
                .map_err(get_error_name),
            Done::Nothing => library.decompress(*place, frame).map_err(get_error_name),
        })
        .collect()
    })
}

/// The beginning of a buffer that grows to what is needed; its contents are unspecified.
pub fn room(buffer: &mut Vec<u8>, length: usize) -> &mut [u8] {
    if buffer.len() < length {
        buffer.resize(length, 0);
    }
    &mut buffer[..length]
}

/// What has been decoded of a frame.
#[derive(Clone, Copy, PartialEq)]
enum Done {
    /// Nothing, because most of it repeats, or it is not understood or wrong.
    Nothing,
    /// The content, to its place.
    Content,
    /// The literals, to another frame of so many bytes with the same content.
    Literals(usize),
}

/// Decodes the literals of all blocks of all frames; `None` where the library should do it all.
fn side_by_side(
    frames: &[&[u8]],
    places: &mut [&mut [u8]],
    tables: &mut Tables,
    plain: &mut [Vec<u8>],
) -> Option<Vec<Done>> {
    tables.clear();
    let mut streams: Vec<Stream> = Vec::new();
    let mut done = Vec::with_capacity(frames.len());
    for ((frame, place), plain) in frames.iter().zip(places).zip(plain) {
        let before = streams.len();
        let found = match Frame::parse(frame, tables) {
            Some(parsed) if parsed.coded < place.len() / 2 => None,
            Some(parsed) if parsed.nothing_repeats() => parsed.streams_to(place, &mut streams).map(|()| Done::Content),
            Some(parsed) => parsed.streams_to_plain(plain, &mut streams).map(Done::Literals),
            None => None,
        };
        if found.is_none() {
            streams.truncate(before);
        }
        done.push(found.unwrap_or(Done::Nothing));
    }
    lanes::decode(streams, tables)?;
    Some(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(row: u64) -> f64 {
        let word = (row + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let word = (word ^ word >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((word ^ word >> 32) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Bytes of columns as they are measured: noise, with a part that is not there, counts, and a trend.
    fn columns(rows: u64) -> Vec<(&'static str, Vec<u8>)> {
        let f64s = |make: &dyn Fn(u64) -> f64| (0..rows).flat_map(|row| make(row).to_le_bytes()).collect::<Vec<u8>>();
        let f32s = |make: &dyn Fn(u64) -> f64| (0..rows).flat_map(|row| (make(row) as f32).to_le_bytes()).collect();
        vec![
            ("noise", f64s(&|row| noise(row) * 10.0)),
            ("single", f32s(&noise)),
            ("gaps", f64s(&|row| if noise(row) < 0.02 { f64::NAN } else { noise(row + 7) * 3.0 })),
            ("counts", f64s(&|row| (noise(row) * 60.0).floor())),
            ("trend", f64s(&|row| (row / 100) as f64 + noise(row))),
            ("text", (0..rows).flat_map(|row| format!("{:.0} ", noise(row) * 1e6).into_bytes()).collect()),
        ]
    }

    /// Whether our own code took it.
    fn taken(frame: &[u8], length: usize) -> (bool, Vec<u8>) {
        let mut place = vec![7; length];
        let done = side_by_side(&[frame], &mut [&mut place], &mut Tables::default(), &mut [Vec::new()]);
        let own = lanes::available() && done.is_some_and(|done| done[0] != Done::Nothing);
        place.fill(7);
        assert_eq!(decompress(&[frame], &mut [&mut place]), [Ok(length)]);
        (own, place)
    }

    #[test]
    fn columns_come_back_at_every_level() {
        for rows in [10, 1_000, 20_000, 150_000] {
            for (name, bytes) in columns(rows) {
                for level in [-5, 1, 3, 9] {
                    let frame = zstd::bulk::compress(&bytes, level).unwrap();
                    let (own, found) = taken(&frame, bytes.len());
                    assert!(found == bytes, "{rows} rows of {name} at level {level}");
                    let ours =
                        lanes::available() && level == 3 && rows == 150_000 && name != "counts" && name != "text";
                    assert!(own || !ours, "{rows} rows of {name} at level {level} are decoded side by side");
                }
            }
        }
    }

    #[test]
    fn several_frames_are_decoded_at_once_and_a_damaged_one_among_them_is_named() {
        let columns = columns(60_000);
        let frames: Vec<_> = columns.iter().map(|(_, bytes)| zstd::bulk::compress(bytes, 3).unwrap()).collect();
        for damaged in [None, Some(0), Some(3)] {
            let mut frames = frames.clone();
            damaged.iter().for_each(|&at: &usize| frames[at].truncate(70_000));
            let mut found: Vec<_> = columns.iter().map(|(_, bytes)| vec![7; bytes.len()]).collect();
            let mut places: Vec<&mut [u8]> = found.iter_mut().map(Vec::as_mut_slice).collect();
            let lengths = decompress(&frames.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut places);
            for (at, (name, bytes)) in columns.iter().enumerate() {
                assert_eq!(lengths[at].is_err(), damaged == Some(at), "{name}: {:?}", lengths[at]);
                assert!(damaged == Some(at) || &found[at] == bytes, "{name}");
            }
        }
    }

    #[test]
    fn a_table_of_another_frame_is_not_taken() {
        let (_, bytes) = columns(150_000).swap_remove(0);
        let frame = zstd::bulk::compress(&bytes, 3).unwrap();
        let mut tables = Tables::default();
        assert!(Frame::parse(&frame, &mut tables).is_some());
        // The same frame, whose first block, after nine bytes, wants the table of a block before it.
        let mut without = frame.clone();
        let table = Tables::default().read(&frame[17..]).unwrap();
        without.drain(17..17 + table);
        let change = |bytes: &mut [u8], change: &dyn Fn(u64) -> u64| {
            let value = bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte));
            bytes.copy_from_slice(&change(value).to_le_bytes()[..bytes.len()]);
        };
        change(&mut without[9..12], &|block| block - ((table as u64) << 3));
        change(&mut without[12..17], &|literals| (literals | 1) - ((table as u64) << 22));
        assert!(Frame::parse(&without, &mut tables).is_none());
        assert!(decompress(&[&without], &mut [&mut vec![0; bytes.len()]])[0].is_err(), "the library says so too");
    }

    /// A damaged frame is what the library says it is: the same content, or the same error.
    #[test]
    fn damage_is_what_the_library_says() {
        let (mut whole, mut side_by_side_whole) = (0, 0);
        for (number, (name, bytes)) in columns(120_000).into_iter().enumerate() {
            let frame = zstd::bulk::compress(&bytes, 3).unwrap();
            for round in 0..60 {
                let random = |what: u64| noise(round * 10 + what + 10_000 * number as u64);
                let mut frame = frame.clone();
                for hit in 0..=(random(0) * 3.0) as u64 {
                    // Most of what can be wrong stands at the beginning.
                    let at = random(2 * hit + 1).powi(3) * frame.len() as f64;
                    frame[at as usize] ^= (1.0 + random(2 * hit + 2) * 254.0) as u8;
                }
                if round % 10 == 0 {
                    frame.truncate((random(9) * frame.len() as f64) as usize);
                }
                let (mut ours, mut theirs) = (vec![0; bytes.len()], vec![0; bytes.len()]);
                let library = DCtx::create().decompress(&mut theirs[..], &frame).map_err(get_error_name);
                let place = &mut [ours.as_mut_slice()];
                let done = side_by_side(&[&frame], place, &mut Tables::default(), &mut [Vec::new()]);
                side_by_side_whole += usize::from(done.is_some_and(|done| done[0] != Done::Nothing));
                assert_eq!(decompress(&[&frame], &mut [&mut ours]), [library], "{name} {round}");
                assert!(library.is_err() || ours == theirs, "{name} {round}");
                whole += usize::from(library.is_ok());
            }
        }
        assert!(whole > 10, "some damage goes unnoticed by the library: {whole}");
        assert!(side_by_side_whole > 10 || !lanes::available(), "and by the lanes: {side_by_side_whole}");
    }
}
