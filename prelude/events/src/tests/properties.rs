//! What holds for any events: what is written is read, for any blocks.

use proptest::prelude::*;

use super::made::plain;
use crate::{Events, ReadOptions, Recording, write};

/// Events in order of time, with gaps up to hours and neighbours of one row.
fn any_events(longest_gap: i64) -> impl Strategy<Value = Events> {
    let step = prop_oneof![4 => Just(0i64), 4 => 0..100i64, 2 => 0..100_000i64, 1 => 0..longest_gap];
    let event = (step, 0..2048u16, 0..2048u16, 0..2i8, any::<bool>());
    prop::collection::vec(event, 1..200).prop_map(|list| {
        let mut events = Events::default();
        let (mut t, mut before) = (0, (0u16, 0u16));
        for (step, x, y, polarity, near) in list {
            t += step;
            let place = if near { ((before.0 + 1 + x % 3).min(2047), before.1) } else { (x, y) };
            events.push(t, place.0, place.1, polarity);
            before = place;
        }
        events
    })
}

fn same(file: Vec<u8>, events: &Events, block_bytes: u64, threads: usize) {
    let options = ReadOptions { block_bytes, threads, ..plain() };
    let recording = Recording::from_bytes_with("made", file, options).unwrap();
    let mut joined = Events::default();
    recording.stream().chunk_size(33).chunks().for_each(|chunk| joined.append(&chunk.unwrap()));
    assert_eq!(&joined, events);
    assert_eq!(&recording.read().unwrap(), events);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn evt2_survives(events in any_events(1 << 36), block in 4u64..200, threads in 1usize..4) {
        same(write::evt2(&events, None).unwrap(), &events, block, threads);
    }

    #[test]
    fn evt3_survives(events in any_events(1 << 28), block in 2u64..200, threads in 1usize..4) {
        same(write::evt3(&events, None).unwrap(), &events, block, threads);
    }

    #[test]
    fn dat_survives(events in any_events(1 << 30), block in 8u64..200, threads in 1usize..4) {
        same(write::dat(&events, None).unwrap(), &events, block, threads);
    }

    #[test]
    fn csv_survives(events in any_events(1 << 40), block in 1u64..200, threads in 1usize..4) {
        same(write::csv(&events, None), &events, block, threads);
    }

    #[test]
    fn hdf5_survives(events in any_events(1 << 22)) {
        same(write::hdf5(&events, None).unwrap(), &events, 0, 2);
    }

    #[test]
    fn any_bytes_are_no_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..600), head in 0usize..10) {
        let heads: [&[u8]; 10] = [
            b"", b"% evt 2.0\n% end\n", b"% evt 2.1\n% end\n", b"% evt 3.0\n% end\n", b"% Version 2\n\x0c\x08", b"#!AER-DAT2.0\r\n",
            b"#!AER-DAT3.1\r\n#!END-HEADER\r\n", b"#!AER-DAT4.0\r\n", b"Event Stream\x02\x00\x00\x01\x00\x05\x00\x05", b"\x89HDF\r\n\x1a\n",
        ];
        bytes.splice(0..0, heads[head].iter().copied());
        for lenient in [false, true] {
            let options = ReadOptions { lenient, block_bytes: 32, ..plain() };
            if let Ok(recording) = Recording::from_bytes_with("made", bytes.clone(), options)
                && let Ok(events) = recording.read()
            {
                prop_assert_eq!(events.len(), events.polarity.len());
            }
        }
    }
}
