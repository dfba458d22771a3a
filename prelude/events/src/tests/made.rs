//! Files made for tests, of the formats that the room does not write itself.

use crate::{Events, IndexCache, PolarityRule, ReadOptions, Recording};

/// Read as 0 and 1, without a cache.
pub(super) fn plain() -> ReadOptions {
    ReadOptions { polarity: PolarityRule::Unsigned, index_cache: IndexCache::Off, ..ReadOptions::default() }
}

pub(super) fn open(bytes: Vec<u8>) -> crate::Result<Recording> {
    open_as("made", bytes)
}

/// Under a name whose ending matters.
pub(super) fn open_as(name: &str, bytes: Vec<u8>) -> crate::Result<Recording> {
    Recording::from_bytes_with(name, bytes, plain())
}

pub(super) fn read(bytes: Vec<u8>) -> crate::Result<Events> {
    open(bytes)?.read()
}

/// A few hundred events with neighbours, equal times and gaps.
pub(super) fn some(count: usize) -> Events {
    let mut events = Events::default();
    let (mut seed, mut t) = (12345u64, 1000);
    for _ in 0..count {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let dice = (seed >> 33) as u32;
        t += [0, 0, 1, 3, 70, 5000][dice as usize % 6];
        events.push(t, (dice >> 4) as u16 % 126, (dice >> 11) as u16 % 120, (dice >> 20 & 1) as i8);
    }
    events
}

pub(super) fn words32(header: &str, words: &[u32]) -> Vec<u8> {
    let mut out = header.as_bytes().to_vec();
    words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    out
}

pub(super) fn words16(header: &str, words: &[u16]) -> Vec<u8> {
    let mut out = header.as_bytes().to_vec();
    words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    out
}

/// EVT 2.1, one pixel per word; `swapped` as the IMX636 writes it.
pub(super) fn evt21(events: &Events, header: &str, swapped: bool) -> Vec<u8> {
    let mut out = header.as_bytes().to_vec();
    let mut word = |word: u64| out.extend_from_slice(&if swapped { word.rotate_left(32) } else { word }.to_le_bytes());
    let mut base = None;
    for k in 0..events.len() {
        let (t, x, y, p) = events.get(k).unwrap();
        if base != Some(t >> 6) {
            base = Some(t >> 6);
            word(8 << 60 | (t as u64 >> 6) << 32);
        }
        word(
            u64::from(p > 0) << 60
                | (t as u64 & 63) << 54
                | u64::from(x & !31) << 43
                | u64::from(y) << 32
                | 1 << (x & 31),
        );
    }
    out
}

pub(super) fn aedat2(events: &Events, header: &str, address: impl Fn(u16, u16, i8) -> u32) -> Vec<u8> {
    let mut out = header.as_bytes().to_vec();
    for k in 0..events.len() {
        let (t, x, y, p) = events.get(k).unwrap();
        out.extend_from_slice(&address(x, y, p).to_be_bytes());
        out.extend_from_slice(&(t as u32).to_be_bytes());
    }
    out
}

/// AEDAT 3.1 packets of `size` events; an invalid event and a packet of another type are mixed in.
pub(super) fn aedat3(events: &Events, size: usize, overflow: i32) -> Vec<u8> {
    let mut out = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n".to_vec();
    let packet = |out: &mut Vec<u8>, kind: i16, size: i32, count: i32| {
        out.extend_from_slice(&kind.to_le_bytes());
        out.extend_from_slice(&1i16.to_le_bytes());
        for number in [size, 4, overflow, count, count, count] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    };
    packet(&mut out, 3, 36, 1);
    out.extend_from_slice(&[0; 36]);
    let rows: Vec<usize> = (0..events.len()).collect();
    for part in rows.chunks(size) {
        packet(&mut out, 1, 8, part.len() as i32 + 1);
        out.extend_from_slice(&[0; 8]);
        for &k in part {
            let (t, x, y, p) = events.get(k).unwrap();
            let data = 1 | u32::from(p > 0) << 1 | u32::from(y) << 2 | u32::from(x) << 17;
            out.extend_from_slice(&data.to_le_bytes());
            out.extend_from_slice(&(t as i32).to_le_bytes());
        }
    }
    out
}

/// How an AEDAT 4 file is packed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Packing {
    None,
    Lz4,
    Zstd,
}

fn pack(packing: Packing, plain: &[u8]) -> Vec<u8> {
    use std::io::Write;
    match packing {
        Packing::None => plain.to_vec(),
        Packing::Lz4 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        Packing::Zstd => zstd::encode_all(plain, 1).unwrap(),
    }
}

/// A flatbuffer whose root has the given inline fields (bytes, alignment 8) and, last, optionally a vector that field 0 points to.
fn table(id: &[u8; 4], fields: &[&[u8]], vector: Option<&[u8]>, count: usize) -> Vec<u8> {
    // Root offset, identifier, vtable, table; every field on 8 bytes.
    let vtable_at = 8;
    let slots = fields.len().max(1);
    let vtable_len = (4 + slots * 2).next_multiple_of(8);
    let table_at = vtable_at + vtable_len;
    let mut out = Vec::new();
    out.extend_from_slice(&(table_at as u32).to_le_bytes());
    out.extend_from_slice(id);
    out.extend_from_slice(&((4 + slots * 2) as u16).to_le_bytes());
    out.extend_from_slice(&((8 + slots * 8) as u16).to_le_bytes());
    for slot in 0..slots {
        out.extend_from_slice(&((8 + slot * 8) as u16).to_le_bytes());
    }
    out.resize(table_at, 0);
    out.extend_from_slice(&((table_at - vtable_at) as i32).to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    for field in fields {
        let at = out.len();
        out.extend_from_slice(field);
        out.resize(at + 8, 0);
    }
    if let Some(vector) = vector {
        // The last field holds the distance to the vector.
        let field_at = table_at + 8 + (slots - 1) * 8;
        out.resize(field_at + 8, 0);
        let distance = (out.len() - field_at) as u32;
        out[field_at..field_at + 4].copy_from_slice(&distance.to_le_bytes());
        out.extend_from_slice(&(count as u32).to_le_bytes());
        out.extend_from_slice(vector);
    }
    out
}

/// An AEDAT 4 file without the table at its end, as a recording that was cut leaves it.
pub(super) fn aedat4(events: &Events, size: usize, packing: Packing) -> Vec<u8> {
    let xml = br#"<dv version="2.0"><node name="outInfo" path="/"><node name="0" path="/0/"><attr key="typeIdentifier" type="string">EVTS</attr><node name="info" path="/0/info/"><attr key="sizeX" type="int">346</attr><attr key="sizeY" type="int">260</attr><attr key="source" type="string">Made</attr></node></node></node></dv>"#;
    let number = [0i32, 1, 3][packing as usize].to_le_bytes();
    let header = table(b"IOHE", &[&number, &(-1i64).to_le_bytes(), &[0; 8]], Some(xml), xml.len());
    let mut out = b"#!AER-DAT4.0\r\n".to_vec();
    out.extend_from_slice(&(header.len() as u32).to_le_bytes());
    out.extend_from_slice(&header);
    let rows: Vec<usize> = (0..events.len()).collect();
    for part in rows.chunks(size) {
        let mut structs = Vec::new();
        for &k in part {
            let (t, x, y, p) = events.get(k).unwrap();
            structs.extend_from_slice(&t.to_le_bytes());
            structs.extend_from_slice(&x.to_le_bytes());
            structs.extend_from_slice(&y.to_le_bytes());
            structs.extend_from_slice(&[u8::from(p > 0), 0, 0, 0]);
        }
        let plain = table(b"EVTS", &[&[0; 8]], Some(&structs), part.len());
        let mut sized = (plain.len() as u32).to_le_bytes().to_vec();
        sized.extend_from_slice(&plain);
        let body = pack(packing, &sized);
        out.extend_from_slice(&0i32.to_le_bytes());
        out.extend_from_slice(&(body.len() as i32).to_le_bytes());
        out.extend_from_slice(&body);
    }
    out
}

pub(super) fn event_stream(events: &Events) -> Vec<u8> {
    let mut out = b"Event Stream\x02\x00\x00\x01".to_vec();
    out.extend_from_slice(&1280u16.to_le_bytes());
    out.extend_from_slice(&720u16.to_le_bytes());
    let mut before = 0;
    for k in 0..events.len() {
        let (t, x, y, p) = events.get(k).unwrap();
        let mut step = t - before;
        while step >= 127 {
            out.push(0xFF);
            step -= 127;
        }
        out.push((step as u8) << 1 | u8::from(p > 0));
        out.extend_from_slice(&x.to_le_bytes());
        out.extend_from_slice(&y.to_le_bytes());
        before = t;
    }
    out
}

pub(super) fn nmnist(events: &Events) -> Vec<u8> {
    let mut out = Vec::new();
    for k in 0..events.len() {
        let (t, x, y, p) = events.get(k).unwrap();
        out.extend_from_slice(&[
            x as u8,
            y as u8,
            ((p > 0) as u8 * 128) | (t >> 16) as u8 & 127,
            (t >> 8) as u8,
            t as u8,
        ]);
    }
    out
}
