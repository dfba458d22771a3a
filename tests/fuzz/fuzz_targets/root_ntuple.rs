//! RNTuples: fields, columns, lists of pages and pages may be any bytes, behind checksums that fit.
#![no_main]

#[allow(dead_code)]
mod root_parts;

use libfuzzer_sys::fuzz_target;
use root_parts::{Big, POSITION, cut, file, number, read};
use xxhash_rust::xxh3::xxh3_64;

/// An envelope of a kind around bytes.
fn envelope(kind: u64, inside: &[&[u8]]) -> Vec<u8> {
    let size = inside.iter().map(|part| part.len()).sum::<usize>() as u64 + 16;
    let mut out = (kind | size << 16).to_le_bytes().to_vec();
    inside.iter().for_each(|part| out.extend_from_slice(part));
    out.extend(xxh3_64(&out).to_le_bytes());
    out
}

/// A record frame around bytes.
fn record(inside: &[u8]) -> Vec<u8> {
    let mut out = (inside.len() as i64 + 8).to_le_bytes().to_vec();
    out.extend_from_slice(inside);
    out
}

fuzz_target!(|input: &[u8]| {
    let mut pages = input;
    let (schema, extension, list) = (number(&mut pages), number(&mut pages), number(&mut pages));
    let (schema, extension) = (cut(&mut pages, schema), cut(&mut pages, extension));
    let list = cut(&mut pages, list);
    let header = envelope(1, &[&[0; 20], schema]);
    let sum = &header[header.len() - 8..];
    let list = envelope(3, &[sum, list]);
    let empty = [(-12i64).to_le_bytes().as_slice(), &[0; 4]].concat().repeat(4);
    let (header_at, mut bytes) = (POSITION + pages.len(), pages.to_vec());
    bytes.extend_from_slice(&header);
    let list_at = POSITION + bytes.len();
    bytes.extend_from_slice(&list);
    let mut group = Vec::new();
    group.extend([0u64, 1 << 20].iter().flat_map(|value| value.to_le_bytes()));
    group.extend(1u32.to_le_bytes());
    group.extend((list.len() as u64).to_le_bytes());
    group.extend((list.len() as u32).to_le_bytes());
    group.extend((list_at as u64).to_le_bytes());
    let group = record(&group);
    let groups = [(-(group.len() as i64 + 12)).to_le_bytes().as_slice(), &1u32.to_le_bytes(), &group].concat();
    let extension = record(if extension.is_empty() { &empty } else { extension });
    let footer = envelope(2, &[&[0; 8], sum, &extension, &groups]);
    let footer_at = POSITION + bytes.len();
    bytes.extend_from_slice(&footer);
    let mut anchor = Big::default();
    anchor.u32(0x4000_0042).u16(2).u16(1).u16(0).u16(0).u16(0);
    let (header, footer) = ((header_at, header.len()), (footer_at, footer.len()));
    for value in [header.0, header.1, header.1, footer.0, footer.1, footer.1, 1 << 30] {
        anchor.u32(0).u32(value as u32);
    }
    let sum = xxh3_64(&anchor.0[6..]);
    anchor.0.extend(sum.to_be_bytes());
    read(file("ROOT::RNTuple", (&anchor.0, 0), (&[], 0), &bytes));
});
