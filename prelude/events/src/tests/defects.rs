//! Inputs on which a tool in use gives wrong events, no events or no error. Each is right here.

use super::made::{self, Packing, open, plain, read, some, words16, words32};
use crate::{Events, Format, PolarityRule, ReadOptions, Recording, Trigger, write};

const TIME_HIGH: u32 = 8 << 28;

fn rows(events: &Events) -> Vec<(i64, u16, u16, i8)> {
    (0..events.len()).map(|row| events.get(row).unwrap()).collect()
}

#[test]
fn dat_is_read() {
    let events = some(400);
    assert_eq!(read(write::dat(&events, None).unwrap()).unwrap(), events);
}

#[test]
fn dat_counts_its_overflows() {
    let mut events = Events::default();
    for t in
        [0, 2_000_000_000, 4_000_000_000, 4_294_967_295, 4_294_967_296, 6_000_000_000, 8_000_000_000, 8_589_934_592]
    {
        events.push(t, 1, 2, 1);
    }
    assert_eq!(read(write::dat(&events, None).unwrap()).unwrap(), events);
}

#[test]
fn dat_of_early_cameras_has_no_geometry_and_type_0() {
    let mut file = b"% Data file containing Event2D events.\n% Version 2\n".to_vec();
    file.extend_from_slice(&[0, 8]);
    file.extend_from_slice(&5u32.to_le_bytes());
    file.extend_from_slice(&(7u32 | 9 << 14 | 1 << 28).to_le_bytes());
    assert_eq!(rows(&read(file).unwrap()), [(5, 7, 9, 1)]);
}

#[test]
fn aedat_2_is_not_taken_for_3_and_not_empty() {
    let events = some(300);
    let address = |x: u16, y: u16, p: i8| u32::from(y) << 8 | u32::from(x) << 1 | u32::from(p > 0);
    let file = made::aedat2(&events, "#!AER-DAT2.0\r\n# Creation time: 2020\r\n", address);
    let recording = open(file).unwrap();
    assert_eq!(recording.format(), Format::Aedat2);
    assert_eq!(recording.read().unwrap(), events);
}

#[test]
fn aedat_2_of_a_davis_leaves_frames_out() {
    let mut events = some(100);
    let address = |x: u16, y: u16, p: i8| u32::from(y) << 22 | u32::from(x) << 12 | u32::from(p > 0) << 11;
    let header = "#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.DAVIS240C\r\n";
    let mut file = made::aedat2(&events, header, address);
    file.extend_from_slice(&(1u32 << 31 | 5 << 12).to_be_bytes());
    file.extend_from_slice(&(events.t[99] as u32 + 1).to_be_bytes());
    let recording = open(file).unwrap();
    assert_eq!(recording.read().unwrap(), events);
    assert_eq!(recording.report().unwrap().other, 1);
    assert_eq!(recording.geometry().map(|geometry| geometry.width), Some(240));
    // The clock of 32 bits goes round.
    events.t.iter_mut().for_each(|t| *t += (1 << 32) - events_middle());
    assert_eq!(read(made::aedat2(&events, header, address)).unwrap().t, events.t);
}

/// Puts the overflow in the middle of the hundred events.
fn events_middle() -> i64 {
    some(50).t[49]
}

#[test]
fn aedat_3_1_is_not_empty() {
    let events = some(300);
    assert_eq!(read(made::aedat3(&events, 64, 0)).unwrap(), events);
    let later = read(made::aedat3(&events, 64, 2)).unwrap();
    assert_eq!(later.t[0], events.t[0] + (2 << 31));
}

#[test]
fn aedat_4_is_read_however_it_is_packed() {
    let events = some(300);
    for packing in [Packing::None, Packing::Lz4, Packing::Zstd] {
        let recording = open(made::aedat4(&events, 100, packing)).unwrap();
        assert_eq!(recording.read().unwrap(), events, "{packing:?}");
        assert_eq!(recording.geometry().map(|geometry| (geometry.width, geometry.height)), Some((346, 260)));
    }
}

#[test]
fn evt21_is_right_in_both_word_orders() {
    let events = some(300);
    for (header, swapped) in [
        ("% evt 2.1\n% format EVT21;endianness=little;height=720;width=1280\n% end\n", false),
        ("% evt 2.1\n% format EVT21;endianness=legacy;height=720;width=1280\n% end\n", true),
        // Old files do not say it: the words do.
        ("% evt 2.1\n% format EVT21;height=720;width=1280\n% end\n", true),
        ("% evt 2.1\n% end\n", false),
    ] {
        assert_eq!(read(made::evt21(&events, header, swapped)).unwrap(), events, "{header}");
    }
}

#[test]
fn evt2_adds_an_overflow_once() {
    let event = |low: u32, x: u32| 1 << 28 | low << 22 | x << 11 | 1;
    let last = TIME_HIGH | 0x0FFF_FFFF;
    let file = words32(
        "% evt 2.0\n% end\n",
        &[last, event(1, 1), TIME_HIGH, event(2, 2), TIME_HIGH | 1, event(3, 3), TIME_HIGH | 2, event(4, 4)],
    );
    let period = 1i64 << 34;
    assert_eq!(read(file).unwrap().t, [period - 64 + 1, period + 2, period + 64 + 3, period + 128 + 4]);
}

#[test]
fn events_before_the_first_time_are_dropped_and_counted() {
    let file = words16("% evt 3.0\n% end\n", &[5, 0x6064, 0x2003, 0x8001, 0x0007, 0x6001, 0x2804]);
    let recording = open(file).unwrap();
    assert_eq!(rows(&recording.read().unwrap()), [(4097, 4, 7, 1)]);
    assert_eq!(recording.report().unwrap().before_start, 1);
    let file = words32("% evt 2.0\n% end\n", &[1 << 28, TIME_HIGH, 1 << 28 | 1]);
    let recording = open(file).unwrap();
    assert_eq!(recording.read().unwrap().len(), 1);
    assert!(recording.report().unwrap().warnings()[0].starts_with("1 events before"));
}

#[test]
fn evt3_counts_overflows_in_any_block() {
    let mut events = Events::default();
    for k in 0..60 {
        // Two seconds apart: several periods of 16.8 seconds.
        events.push(k * 2_000_000 + 5, (k % 9) as u16, 3, 1);
    }
    let file = write::evt3(&events, None).unwrap();
    for block_bytes in [8, 64, 1 << 20] {
        let recording =
            Recording::from_bytes_with("made", file.clone(), ReadOptions { block_bytes, ..plain() }).unwrap();
        assert_eq!(recording.read().unwrap(), events, "blocks of {block_bytes}");
    }
}

#[test]
fn evt3_forgets_what_comes_before_the_first_time_in_any_block() {
    // A vector at 779 and row 5, then the time: a vector without a start begins at 0, in row 0.
    let words = [0x3800 | 779, 0x0005, 0x8001, 0x6002, 0x6003, 0x4003, 0x2801, 0x6004, 0x5001];
    let file = words16("% evt 3.0\n% end\n", &words);
    let expected = [(4099, 0, 0, 0), (4099, 1, 0, 0), (4099, 1, 0, 1), (4100, 12, 0, 0)];
    for block_bytes in [8, 16, 1 << 20] {
        let options = ReadOptions { block_bytes, threads: 2, ..plain() };
        let recording = Recording::from_bytes_with("made", file.clone(), options).unwrap();
        assert_eq!(rows(&recording.read().unwrap()), expected, "blocks of {block_bytes}");
    }
}

#[test]
fn evt3_vectors_go_on_from_word_to_word() {
    // Base 10: 12 + 12 + 8 pixels.
    let words = [0x8000, 0x6005, 0x0007, 0x3800 | 10, 0x4001, 0x4800, 0x5080, 0x2020];
    let file = words16("% evt 3.0\n% end\n", &words);
    let expected = [(5, 10, 7, 1), (5, 33, 7, 1), (5, 41, 7, 1), (5, 32, 7, 0)];
    for block_bytes in [8, 1 << 20] {
        let recording =
            Recording::from_bytes_with("made", file.clone(), ReadOptions { block_bytes, ..plain() }).unwrap();
        assert_eq!(rows(&recording.read().unwrap()), expected, "blocks of {block_bytes}");
    }
}

#[test]
fn hdf5_survives_a_round_trip_with_signed_polarity() {
    let mut events = Events::default();
    for (t, p) in [(1_000, -1), (500_000, 1), (1_250_000, -1), (2_000_000, 1)] {
        events.push(t, 3, 4, p);
    }
    let signed = ReadOptions { polarity: PolarityRule::Signed, ..plain() };
    let recording = Recording::from_bytes_with("made.h5", write::hdf5(&events, None).unwrap(), signed).unwrap();
    assert_eq!(recording.read().unwrap(), events);
}

#[test]
fn hdf5_adds_the_offset_of_dsec() {
    let mut file = hdf5_pure::FileBuilder::new();
    let mut group = file.create_group("events");
    group.create_dataset("t").with_u32_data(&[10, 20]);
    group.create_dataset("x").with_u16_data(&[1, 2]);
    group.create_dataset("y").with_u16_data(&[3, 4]);
    group.create_dataset("p").with_u8_data(&[0, 1]);
    file.add_group(group.finish());
    file.create_dataset("t_offset").with_i64_data(&[49_599_300_523]);
    let bytes = file.finish().unwrap();
    assert_eq!(rows(&read(bytes.clone()).unwrap()), [(49_599_300_533, 1, 3, 0), (49_599_300_543, 2, 4, 1)]);
    let shifted = ReadOptions { time: crate::TimeRule::Shifted, ..plain() };
    assert_eq!(Recording::from_bytes_with("made", bytes, shifted).unwrap().read().unwrap().t, [10, 20]);
}

#[test]
fn hdf5_of_mvsec_has_places_before_times() {
    let mut file = hdf5_pure::FileBuilder::new();
    let mut davis = file.create_group("davis");
    let mut left = davis.create_group("left");
    let rows_of = [7.0, 8.0, 1_506_118_122.000_001, -1.0, 9.0, 5.0, 1_506_118_122.5, 1.0];
    left.create_dataset("events").with_f64_data(&rows_of).with_shape(&[2, 4]);
    davis.add_group(left.finish());
    file.add_group(davis.finish());
    let events = read(file.finish().unwrap()).unwrap();
    assert_eq!(rows(&events), [(1_506_118_122_000_001, 7, 8, 0), (1_506_118_122_500_000, 9, 5, 1)]);
}

#[test]
fn hdf5_may_begin_behind_a_user_block() {
    let mut file = hdf5_pure::FileBuilder::new();
    file.with_userblock(4096);
    file.create_dataset("t").with_i64_data(&[5, 6]);
    file.create_dataset("x").with_i32_data(&[1, 2]);
    file.create_dataset("y").with_i32_data(&[3, 4]);
    file.create_dataset("p").with_i32_data(&[0, 1]);
    let recording = open(file.finish().unwrap()).unwrap();
    assert_eq!(rows(&recording.read().unwrap()), [(5, 1, 3, 0), (6, 2, 4, 1)]);
}

#[test]
fn hdf5_columns_come_in_many_types_and_names() {
    let mut file = hdf5_pure::FileBuilder::new();
    file.create_dataset("ts").with_f64_data(&[1.000001, 1.25]);
    file.create_dataset("xs").with_i32_data(&[1, 2]);
    file.create_dataset("ys").with_f32_data(&[3.0, 4.0]);
    file.create_dataset("ps").with_u32_data(&[u32::MAX, 1]);
    let native = ReadOptions { polarity: PolarityRule::Native, ..plain() };
    let recording = Recording::from_bytes_with("made", file.finish().unwrap(), native).unwrap();
    assert_eq!(rows(&recording.read().unwrap()), [(1_000_001, 1, 3, -1), (1_250_000, 2, 4, 1)]);
}

#[test]
fn ecf_chunks_may_start_in_the_first_quarter_second() {
    // Four events at t0 = 5, 5, 5, 6; y = 3 for all; x = 7, 8, 10, 12; OFF, OFF, ON, ON.
    let mut chunk = (4u32 << 2).to_le_bytes().to_vec();
    chunk.extend_from_slice(&5u64.to_le_bytes());
    chunk.extend_from_slice(&[0x03, 0x11]);
    chunk.extend_from_slice(&(3u16 << 5 | 4).to_le_bytes());
    chunk.extend_from_slice(&(7u16 << 5 | 0b10100).to_le_bytes());
    chunk.extend_from_slice(&(12u16 << 5).to_le_bytes());
    chunk.extend_from_slice(&[2, 0x80 | 2]);
    let events = crate::decode_ecf_chunk(&chunk).unwrap();
    assert_eq!(rows(&events), [(5, 7, 3, 0), (5, 8, 3, 0), (5, 10, 3, 1), (6, 12, 3, 1)]);
}

#[test]
fn seconds_in_text_are_rounded_not_cut() {
    let events = read(b"# t x y p\n1.000001 1 2 1\n1.0000016 3 4 0\n".to_vec()).unwrap();
    assert_eq!(events.t, [1_000_001, 1_000_002]);
}

#[test]
fn text_comes_in_many_orders() {
    let expected =
        [(1_589_163_147_368_868, 5, 6, 0), (1_589_163_147_368_999, 7, 8, 1), (1_589_163_147_369_000, 7, 9, 1)];
    for (text, signed) in [
        ("x,y,p,t\n5,6,0,1589163147368868\n7,8,1,1589163147368999\n7,9,1,1589163147369000\n", false),
        ("%geometry:640,480\n5,6,0,1589163147368868\n7,8,1,1589163147368999\n7,9,1,1589163147369000\n", false),
        ("t,x@320,y@240,on\n1589163147368868,5,6,0\n1589163147368999,7,8,1\n1589163147369000,7,9,1\n", false),
        ("1589163147.368868 5 6 0\n1589163147.368999 7 8 1\n1589163147.369000 7 9 1\n", false),
        (
            "# timestamp\tx\ty\tpol\r\n1589163147368868\t5\t6\t-1\r\n1589163147368999\t7\t8\t1\r\n1589163147369000\t7\t9\t1\r\n",
            true,
        ),
        ("1589163147368868 0 5 6\n1589163147368999 1 7 8\n1589163147369000 1 7 9", false),
        ("x,y,polarity,t\n5,6,False,1589163147368868\n7,8,True,1589163147368999\n7,9,True,1589163147369000\n", false),
        // The numbers of the rows have no name.
        (",t,x,y,p\n0,1589163147368868,5,6,0\n1,1589163147368999,7,8,1\n2,1589163147369000,7,9,1\n", false),
        (
            "\u{feff}\"t\", \"x\", \"y\", \"p\"\n1589163147368868, 5, 6, 0\n1589163147368999, 7, 8, 1\n1589163147369000, 7, 9, 1\n",
            false,
        ),
    ] {
        let recording = open(text.as_bytes().to_vec()).unwrap();
        assert_eq!(rows(&recording.read().unwrap()), expected, "{text}");
        let native = ReadOptions { polarity: PolarityRule::Native, ..plain() };
        let native = Recording::from_bytes_with("made", text.as_bytes().to_vec(), native).unwrap().read().unwrap();
        assert_eq!(native.polarity[0], if signed { -1 } else { 0 }, "{text}");
    }
}

#[test]
fn triggers_and_geometry_are_kept() {
    let trigger = |low: u32, id: u32, value: u32| 0xA << 28 | low << 22 | id << 8 | value;
    let words = [TIME_HIGH | 1, trigger(7, 3, 1), 1 << 28, trigger(9, 3, 0)];
    let recording = open(words32("% evt 2.0\n% geometry 640x480\n", &words)).unwrap();
    assert_eq!(recording.triggers().unwrap(), [Trigger { t: 71, id: 3, value: 1 }, Trigger { t: 73, id: 3, value: 0 }]);
    assert_eq!(recording.geometry().map(|geometry| geometry.to_string()).as_deref(), Some("640x480"));
}

#[test]
fn event_streams_and_nmnist_are_read() {
    let mut events = some(300);
    assert_eq!(read(made::event_stream(&events)).unwrap(), events);
    // 23 bits of time, places of 8 bits.
    events.t.iter_mut().for_each(|t| *t /= 8);
    events.y.iter_mut().for_each(|y| *y %= 34);
    assert_eq!(made::open_as("0001.bin", made::nmnist(&events)).unwrap().read().unwrap(), events);
}

#[test]
fn the_reason_of_a_detection_is_told() {
    for (file, format, word) in [
        (write::evt3(&some(50), None).unwrap(), Format::Evt3, "header"),
        (write::csv(&some(50), None), Format::Text, "heading"),
        (write::hdf5(&some(50), None).unwrap(), Format::Hdf5, "signature"),
        (write::evt2(&some(5000), None).unwrap().split_off(30), Format::Evt2, "words"),
    ] {
        let recording = made::open_as("made.raw", file).unwrap();
        assert_eq!(recording.format(), format);
        assert!(recording.detection().reason.contains(word), "{}", recording.detection().reason);
    }
}

#[test]
fn times_can_be_shifted_as_the_vendor_does() {
    let mut events = Events::default();
    events.push(11_200_224, 1, 1, 1);
    let shifted = ReadOptions { time: crate::TimeRule::Shifted, ..plain() };
    let read = |file| Recording::from_bytes_with("made", file, shifted.clone()).unwrap().read().unwrap().t[0];
    assert_eq!(read(write::evt2(&events, None).unwrap()), 11_200_224 & 63);
    assert_eq!(read(write::evt3(&events, None).unwrap()), 11_200_224 - (((11_200_224 >> 12) - 1) << 12));
    assert_eq!(read(write::dat(&events, None).unwrap()), 0);
}
