//! Damaged files: an error with its place, or what is left and a count. Never silence.

use std::io::Read;

use super::made::{self, Packing, open, plain, read, some, words16, words32};
use crate::{EventError, Events, Format, ReadOptions, Recording, write};

fn lenient(bytes: Vec<u8>) -> Recording {
    Recording::from_bytes_with("made", bytes, ReadOptions { lenient: true, ..plain() }).unwrap()
}

#[test]
fn a_cut_word_is_told_with_its_offset() {
    let mut file = write::evt2(&some(50), None).unwrap();
    let whole = file.len() as u64;
    file.extend_from_slice(&[1, 2, 3]);
    let Err(EventError::Damaged { offset, .. }) = read(file.clone()) else { panic!("not an error") };
    assert_eq!(offset, whole);
    let recording = lenient(file);
    assert_eq!(recording.read().unwrap(), some(50));
    let report = recording.report().unwrap();
    assert_eq!((report.skipped, report.skipped_bytes), (1, 3));
    assert!(report.warnings()[0].contains(&format!("byte {whole}")), "{:?}", report.warnings());
}

#[test]
fn garbage_in_the_middle_is_told_with_its_offset() {
    let header = "% evt 2.0\n% end\n";
    let mut words = vec![8 << 28];
    words.extend((0..100).map(|k| 1 << 28 | k << 11));
    words.insert(50, 0x7777_7777);
    let file = words32(header, &words);
    let Err(EventError::Damaged { offset, what, .. }) = read(file.clone()) else { panic!("not an error") };
    assert_eq!(offset, header.len() as u64 + 200);
    assert!(what.contains("0x77777777"), "{what}");
    let recording = lenient(file);
    assert_eq!(recording.read().unwrap().len(), 100);
    assert_eq!(recording.report().unwrap().skipped, 1);

    let header = "% evt 3.0\n% end\n";
    let file = words16(header, &[0x8000, 0x0001, 0x2001, 0x9999, 0x2002]);
    let Err(EventError::Damaged { offset, .. }) = read(file.clone()) else { panic!("not an error") };
    assert_eq!(offset, header.len() as u64 + 6);
    assert_eq!(lenient(file).read().unwrap().len(), 2);
}

#[test]
fn a_wrong_header_is_an_error() {
    // EVT3 words behind an EVT2 header.
    let mut file = b"% evt 2.0\n% end\n".to_vec();
    file.extend_from_slice(&write::evt3(&some(500), None).unwrap()[30..]);
    assert!(read(file).is_err());
    assert!(matches!(open(b"% evt 9.9\n% end\n\0\0\0\0".to_vec()), Err(EventError::Unsupported { .. })));
    assert!(matches!(open(b"% format EVT4;width=3\n\0\0\0\0".to_vec()), Err(EventError::Unsupported { .. })));
    assert!(matches!(open(Vec::new()), Err(EventError::Unknown { .. })));
    assert!(matches!(open(vec![0xAB; 1001]), Err(EventError::Unknown { .. })));
}

#[test]
fn data_without_an_event_are_never_silent() {
    let file = words32("% evt 2.0\n% end\n", &[8 << 28, 8 << 28 | 1]);
    assert!(matches!(read(file.clone()), Err(EventError::NoEvents { bytes: 8, .. })));
    assert_eq!(lenient(file).read().unwrap().len(), 0);
    let never = words32("% evt 2.0\n% end\n", &[1 << 28, 1 << 28]);
    let error = read(never).unwrap_err().to_string();
    assert!(error.contains("2 events come before the first time word"), "{error}");
}

#[test]
fn cut_packets_are_told_and_the_rest_is_read() {
    let events = some(300);
    let cut = |mut file: Vec<u8>| {
        file.truncate(file.len() - 11);
        file
    };
    for file in [
        made::aedat3(&events, 100, 0),
        made::aedat4(&events, 100, Packing::Lz4),
        made::aedat4(&events, 100, Packing::None),
    ] {
        let file = cut(file);
        assert!(matches!(read(file.clone()), Err(EventError::Damaged { offset: 1.., .. })));
        let recording = lenient(file);
        let rest = recording.read().unwrap();
        assert_eq!(rest.t, events.t[..200]);
        assert_eq!(recording.report().unwrap().skipped, 1);
    }
}

#[test]
fn a_packet_that_does_not_unpack_is_told() {
    let file = made::aedat4(&some(300), 100, Packing::Zstd);
    let mut broken = file.clone();
    let at = file.len() - 20;
    broken[at] ^= 0xFF;
    broken[at + 1] ^= 0xFF;
    let error = read(broken.clone()).unwrap_err();
    assert!(matches!(error, EventError::Damaged { offset: 1.., .. }), "{error}");
    assert_eq!(lenient(broken).read().unwrap().len(), 200);
}

#[test]
fn a_bad_line_is_told_with_its_offset() {
    let file = b"t,x,y,p\n1,2,3,1\n2,70000,3,0\n3,4,5,1\n".to_vec();
    let Err(EventError::Damaged { offset, what, .. }) = read(file.clone()) else { panic!("not an error") };
    assert_eq!((offset, what.as_str()), (16, "`70000` as x"));
    assert_eq!(lenient(file).read().unwrap().t, [1, 3]);
    for line in ["1,2,3", "1,2,3,7", "1,-2,3,0", "a,2,3,0"] {
        assert!(read(format!("t,x,y,p\n1,2,3,1\n{line}\n").into_bytes()).is_err(), "{line}");
    }
}

#[test]
fn damaged_hdf5_is_an_error() {
    let file = write::hdf5(&some(5000), None).unwrap();
    assert!(open(file[..file.len() / 2].to_vec()).and_then(|recording| recording.read()).is_err());
    for at in (0..file.len()).step_by(97) {
        let mut broken = file.clone();
        broken[at] ^= 0xFF;
        // Any answer is right that is no panic; checksums are not part of all of the file.
        let _ = open(broken).and_then(|recording| recording.read());
    }
}

#[test]
fn a_jump_back_is_told_with_its_place() {
    let header = "% evt 2.0\n% end\n";
    let event = |low: u32| 1 << 28 | low << 22;
    let file = words32(header, &[8 << 28 | 100, event(5), event(6), 8 << 28 | 50, event(1), 8 << 28 | 51, event(1)]);
    for block_bytes in [0, 8, 16] {
        let recording =
            Recording::from_bytes_with("made", file.clone(), ReadOptions { block_bytes, ..plain() }).unwrap();
        assert_eq!(recording.read().unwrap().t, [6405, 6406, 3201, 3265]);
        let report = recording.report().unwrap();
        assert!(!report.sorted());
        assert_eq!(report.steps_back, 1);
        let jump = report.first_step_back.unwrap();
        assert_eq!((jump.row, jump.from, jump.to), (2, 6406, 3201));
        // The fifth word is the first event after the jump.
        assert_eq!(jump.offset, header.len() as u64 + 16);
        assert_eq!(report.largest_step_back, Some(jump));
        // A slice of a recording that is not in order is still right.
        assert_eq!(recording.slice(3000, 6406).unwrap().t, [6405, 3201, 3265]);
    }
}

#[test]
fn events_outside_of_the_sensor_are_counted() {
    let mut events = Events::default();
    events.push(0, 1, 1, 1);
    events.push(1, 300, 1, 1);
    let geometry = Some(crate::Geometry { width: 240, height: 180 });
    let recording = open(write::evt2(&events, geometry).unwrap()).unwrap();
    assert_eq!(recording.read().unwrap().len(), 2);
    assert_eq!(recording.report().unwrap().outside, 1);
}

#[test]
fn what_cannot_be_stored_is_not_written() {
    let one = |t, x| {
        let mut events = Events::default();
        events.push(t, x, 0, 1);
        events
    };
    let refused = |result: crate::Result<Vec<u8>>, wanted: Format| {
        assert!(matches!(result, Err(EventError::Unwritable { format, .. }) if format == wanted), "{wanted}");
    };
    refused(write::evt2(&one(0, 2048), None), Format::Evt2);
    refused(write::evt3(&one(-1, 0), None), Format::Evt3);
    refused(write::dat(&one(0, 1 << 14), None), Format::Dat);
    let mut back = one(5, 0);
    back.push(4, 0, 0, 1);
    refused(write::evt2(&back, None), Format::Evt2);
    refused(write::hdf5(&back, None), Format::Hdf5);
}

/// A packet of zeros packs far better than events do: it may not take memory that its file does not justify.
#[test]
fn a_packet_takes_no_more_memory_than_it_justifies() {
    let mut file = made::aedat4(&some(100), 100, Packing::Zstd);
    let bomb = zstd::encode_all(std::io::repeat(0).take(200 << 20), 19).unwrap();
    assert!(bomb.len() < 100_000);
    file.extend_from_slice(&0i32.to_le_bytes());
    file.extend_from_slice(&(bomb.len() as i32).to_le_bytes());
    file.extend_from_slice(&bomb);
    let error = read(file.clone()).unwrap_err().to_string();
    assert!(error.contains("unpacks to more than"), "{error}");
    assert_eq!(lenient(file).read().unwrap().len(), 100);
}
