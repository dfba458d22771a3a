//! Damage: an error with its place or the right numbers, never a panic; what is whole is salvaged.

use std::sync::Arc;

use hipo::{BankColumns, Compression, EventBuilder, MemoryFile, Reader, ReaderOptions, Stream};
use proptest::prelude::*;

use super::{place, small, write};

fn file(compression: Compression) -> Vec<u8> {
    let (_folder, path) = place("whole.hipo");
    write(&path, small().compression(compression), 100);
    std::fs::read(path).unwrap()
}

fn open(bytes: Vec<u8>) -> hipo::Result<Reader> {
    Reader::from_stream(Arc::new(MemoryFile::new("file", bytes)), &ReaderOptions::default())
}

fn read(bytes: &[u8]) -> hipo::Result<BankColumns> {
    open(bytes.to_vec())?.read_columns::<&str>("REC::Particle", &[])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_panics(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::weighted(0.3, any::<prop::sample::Index>()),
        compression in prop::sample::select(vec![Compression::None, Compression::Lz4, Compression::Gzip]),
    ) {
        let mut bytes = file(compression);
        for (at, value) in &flips {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Err(error) = read(&bytes) {
            prop_assert!(error.to_string().contains("file") || error.to_string().contains("REC::Particle"), "{}", error);
        }
        if let Ok(reader) = open(bytes.clone()) {
            let mut events = reader.events();
            while let Ok(Some(event)) = events.next() {
                for found in event.structures().flatten() {
                    if let Some(Ok(composite)) = found.composite() {
                        let _ = (composite.get(0, 0), composite.column(0));
                    }
                    let _ = (found.text(), found.numbers());
                }
            }
        }
        let stream: Arc<dyn Stream> = Arc::new(MemoryFile::new("file", bytes));
        let report = hipo::check_stream(&stream, &mut |_, _| Ok(())).unwrap();
        let (_folder, new) = place("salvaged.hipo");
        if let Ok(salvaged) = hipo::salvage_stream(&stream, &new, &mut |_, _| Ok(())) {
            let again = hipo::check(&new, &mut |_, _| Ok(())).unwrap();
            prop_assert!(again.is_whole(), "{:?}", again.faults);
            prop_assert_eq!(again.events, salvaged.written.events);
            prop_assert!(salvaged.written.events >= report.events);
        }
    }
}

#[test]
fn a_broken_record_is_named_and_the_others_are_salvaged() {
    let bytes = file(Compression::Lz4);
    let reader = open(bytes.clone()).unwrap();
    let entry = reader.index().records()[2].clone();
    let mut broken = bytes;
    let start = entry.position as usize;
    broken[start + 60..start + 100].fill(0);
    let error = read(&broken).unwrap_err();
    assert_eq!((error.place.record, error.place.offset), (Some(3), Some(entry.position)), "{error}");
    assert!(error.is_damage() && error.to_string().contains("salvage"), "{error}");

    let (_folder, new) = place("salvaged.hipo");
    let stream: Arc<dyn Stream> = Arc::new(MemoryFile::new("file", broken));
    let report = hipo::salvage_stream(&stream, &new, &mut |_, _| Ok(())).unwrap();
    assert_eq!((report.lost_records, report.lost_bytes), (1, entry.length));
    assert_eq!(report.written.events, 100 - entry.events);
    assert_eq!(report.faults.len(), 1);
}

#[test]
fn a_file_that_was_never_closed_is_read_to_its_last_whole_record() {
    let mut bytes = file(Compression::Lz4);
    let reader = open(bytes.clone()).unwrap();
    let cut = reader.index().records()[4].clone();
    let before = reader.index().first_event(4);
    bytes[40..48].fill(0);
    bytes.truncate(cut.position as usize + 70);
    let reader = open(bytes.clone()).unwrap();
    assert_eq!(reader.len(), before);
    let tail = reader.cut_tail().unwrap();
    assert_eq!((tail.record, tail.offset, tail.bytes), (5, cut.position, 70));
    assert_eq!(reader.notes().len(), 2, "{:?}", reader.notes());
    // With its trailer's place known the same file is not unfinished but damaged.
    bytes[40..48].copy_from_slice(&9_999_999_u64.to_le_bytes());
    assert!(open(bytes).is_err_and(|error| error.is_damage()));
}

#[test]
fn a_lost_header_does_not_lose_the_events() {
    let mut bytes = file(Compression::Lz4);
    bytes[..56].fill(0xff);
    let stream: Arc<dyn Stream> = Arc::new(MemoryFile::new("file", bytes));
    let (_folder, new) = place("salvaged.hipo");
    let report = hipo::salvage_stream(&stream, &new, &mut |_, _| Ok(())).unwrap();
    assert_eq!(report.written.events, 100);
    assert_eq!(Reader::open(&new).unwrap().read_columns("REC::Particle", &["pid"]).unwrap().rows(), 150);
}

#[test]
fn a_record_that_claims_too_much_takes_no_memory() {
    let mut bytes = file(Compression::Lz4);
    let reader = open(bytes.clone()).unwrap();
    let at = reader.index().records()[0].position as usize;
    bytes[at + 32..at + 36].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = read(&bytes).unwrap_err();
    assert!(error.to_string().contains("cannot"), "{error}");
}

#[test]
fn compressions_of_others_are_refused_by_name() {
    let mut bytes = file(Compression::Lz4);
    let reader = open(bytes.clone()).unwrap();
    let at = reader.index().records()[0].position as usize;
    bytes[at + 39] = 6 << 4;
    let error = read(&bytes).unwrap_err();
    assert!(error.to_string().contains("compression type 6"), "{error}");
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let reader = open(file(Compression::Lz4)).unwrap();
    let message = |bank: &str, column: &str| reader.read_columns(bank, &[column]).unwrap_err().to_string();
    assert_eq!(message("REC::Partcle", "px"), "file: no bank `REC::Partcle`; did you mean `REC::Particle`?");
    assert_eq!(message("REC::Particle", "pxx"), "file: no column of REC::Particle `pxx`; did you mean `px`?");
}

#[test]
fn events_from_elsewhere_are_checked() {
    let mut event = EventBuilder::new();
    event.add_text(1, 1, "text").unwrap();
    let bytes = event.finish().unwrap().to_vec();
    for cut in 0..bytes.len() {
        assert!(hipo::Event::from_bytes("message", &bytes[..cut], hipo::ByteOrder::Little).is_err());
    }
}

/// One bit of the trailer hides the bank of its index, so that it seems to list nothing.
#[test]
fn an_empty_trailer_index_is_not_believed() {
    let bytes = file(Compression::None);
    let trailer = open(bytes.clone()).unwrap().header().trailer_position as usize;
    let numbers = 32111u16.to_le_bytes();
    let at = trailer + bytes[trailer..].windows(2).position(|pair| pair == numbers).unwrap();
    let mut broken = bytes.clone();
    broken[at] ^= 1;
    let reader = open(broken.clone()).unwrap();
    assert_eq!(reader.len(), 100);
    assert_eq!(read(&broken).unwrap(), read(&bytes).unwrap());
    let notes = reader.notes();
    assert!(notes.iter().any(|note| note.contains("lists 0 records") && note.contains("12 with 100")), "{notes:?}");
    assert!(open(bytes).unwrap().notes().is_empty());

    let stream: Arc<dyn Stream> = Arc::new(MemoryFile::new("file", broken.clone()));
    let report = hipo::check_stream(&stream, &mut |_, _| Ok(())).unwrap();
    assert!(!report.is_whole() && report.faults[0].to_string().contains("12 records with 100 events"), "{report:?}");
    // Damage in the records as well: nothing can be read, and that is an error.
    let first = reader.index().records()[0].position as usize;
    broken[first + 28] ^= 1;
    assert!(open(broken).is_err());
}
