//! Formats that are close to one another, and what a file does not say: refused, or told with the reason.

use super::made::{self, open, open_as, plain, some};
use crate::{
    Events, Flip, Format, Geometry, IndexCache, PolarityRule, ReadOptions, Recording, TimeRule, TimeUnit, write,
};

fn refusal(name: &str, bytes: &[u8]) -> String {
    open_as(name, bytes.to_vec()).expect_err(name).to_string()
}

#[test]
fn foreign_files_are_refused_by_name() {
    let mut binary: Vec<u8> = (0..20_000u32).flat_map(|k| (k * 37).to_le_bytes()).collect();
    for (magic, word) in [
        (&b"#ROSBAG V2.0\n"[..], "ROS bag"),
        (b"# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\n", "point cloud"),
        (b"\x93NUMPY\x01\0v\0{'descr': '<i8'", "NumPy"),
        (b"PK\x03\x04", "ZIP"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"SQLite format 3\0", "ROS 2"),
    ] {
        binary.splice(..magic.len(), magic.iter().copied());
        for name in ["made", "made.raw", "made.bin", "made.aedat", "made.txt"] {
            let error = refusal(name, &binary);
            assert!(error.contains(word), "{error}");
        }
    }
}

#[test]
fn formats_without_a_signature_need_an_ending_or_a_word() {
    let words = write::evt2(&some(5000), None).unwrap().split_off(30);
    let mut early = some(300);
    early.t.iter_mut().for_each(|t| *t /= 8);
    early.y.iter_mut().for_each(|y| *y %= 34);
    for (bytes, right, format) in
        [(words, "made.raw", Format::Evt2), (made::nmnist(&early), "00012.bin", Format::Nmnist)]
    {
        assert_eq!(open_as(right, bytes.clone()).unwrap().format(), format);
        for name in ["made", "made.dat", "made.npz"] {
            assert!(refusal(name, &bytes).contains("name it with `format`"), "{name}");
        }
        let said = ReadOptions { format: Some(format), ..plain() };
        assert_eq!(Recording::from_bytes_with("made", bytes, said).unwrap().format(), format);
    }
}

const JAER: &str =
    "#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n# AEChip: ch.unizh.ini.jaer.chip.retina.";

#[test]
fn addresses_are_read_as_their_chip_means_them() {
    let mut events = some(300);
    let dvs128 = |x: u16, y: u16, p: i8| u32::from(y) << 8 | u32::from(127 - x) << 1 | u32::from(p == 0);
    let file = made::aedat2(&events, &format!("{JAER}DVS128\r\n"), dvs128);
    assert_eq!(open(file).unwrap().read().unwrap(), events);
    events.x.iter_mut().for_each(|x| *x *= 5);
    events.y.iter_mut().for_each(|y| *y *= 3);
    let dvs640 = |x: u16, y: u16, p: i8| u32::from(y) << 11 | u32::from(639 - x) << 1 | u32::from(p > 0);
    let recording = open(made::aedat2(&events, &format!("{JAER}DVS640\r\n"), dvs640)).unwrap();
    assert_eq!(recording.read().unwrap(), events);
    assert_eq!(recording.geometry(), Some(Geometry { width: 640, height: 480 }));

    let unknown = made::aedat2(&events, &format!("{JAER}DVS999\r\n"), dvs640);
    let error = refusal("made.aedat", &unknown);
    assert!(error.contains("DVS999") && error.contains("`chip`"), "{error}");
    let said = ReadOptions { chip: Some("DVS640".to_string()), ..plain() };
    assert_eq!(Recording::from_bytes_with("made", unknown, said).unwrap().read().unwrap(), events);
    // Nobody names a chip: addresses must be those of a DVS128, at the front and far behind it.
    let mut few = some(300);
    few.t.iter_mut().for_each(|t| *t /= 100);
    let mut unnamed = made::aedat2(&few, "#!AER-DAT2.0\r\n", dvs128);
    assert!(open(unnamed.clone()).unwrap().detection().reason.contains("no chip is named"));
    let wide = [0, 9, 0, 0, 0, 0, 0, 0];
    assert!(refusal("made.aedat", &[&unnamed[..], &wide].concat()).contains("`chip`"));
    unnamed.resize(14 + 300_000 / 8 * 8, 0);
    let error = open([&unnamed[..], &wide].concat()).unwrap().read().unwrap_err().to_string();
    assert!(error.contains("byte 300014") && error.contains("`chip`"), "{error}");
}

#[test]
fn event_streams_count_as_the_format_says() {
    let mut file = b"Event Stream\x02\x00\x00\x01".to_vec();
    file.extend_from_slice(&[64, 0, 48, 0]);
    // 127 + 127 us, then a reset that adds nothing, then an event 3 us later.
    file.extend_from_slice(&[0xFF, 0xFF, 0xFE, 3 << 1 | 1, 5, 0, 7, 0]);
    let recording = open(file.clone()).unwrap();
    assert_eq!(recording.read().unwrap().get(0), Some((257, 5, 7, 1)));
    assert!(recording.detection().reason.contains("from the bottom"));
    let flipped = ReadOptions { flip: Flip::Jaer, ..plain() };
    let flipped = Recording::from_bytes_with("made", file, flipped).unwrap();
    assert_eq!(flipped.read().unwrap().get(0), Some((257, 5, 40, 1)), "only y is counted from the other side");
}

fn text(events: &Events, line: impl Fn(i64, u16, u16, i8) -> String) -> Vec<u8> {
    (0..events.len())
        .map(|k| events.get(k).unwrap())
        .map(|(t, x, y, p)| line(t, x, y, p) + "\n")
        .collect::<String>()
        .into()
}

#[test]
fn units_of_text_are_told_by_more_than_a_point() {
    let events = some(400);
    let files = [
        ("microseconds", text(&events, |t, x, y, p| format!("{t} {x} {y} {p}"))),
        ("microseconds", text(&events, |t, x, y, p| format!("{t}.0,{x}.0,{y}.0,{p}.0"))),
        ("nanoseconds", text(&events, |t, x, y, p| format!("{} {x} {y} {p}", t * 1000))),
        ("milliseconds", text(&events, |t, x, y, p| format!("{}.{:03} {x} {y} {p}", t / 1000, t % 1000))),
        ("seconds", text(&events, |t, x, y, p| format!("{}.{:06} {x} {y} {p}", t / 1_000_000, t % 1_000_000))),
    ];
    for (unit, file) in files {
        let recording = open_as("made.txt", file).unwrap();
        let reason = &recording.detection().reason;
        assert!(reason.contains(&format!("time in {unit}")), "{reason}");
        assert_eq!(recording.read().unwrap(), events, "{reason}");
    }
}

#[test]
fn the_first_line_of_e2vid_is_the_size() {
    let mut file = b"346 260\n".to_vec();
    file.extend(text(&some(50), |t, x, y, p| format!("{}.{:06} {x} {y} {p}", t / 1_000_000, t % 1_000_000)));
    let recording = open_as("events.txt", file).unwrap();
    assert_eq!(recording.geometry(), Some(Geometry { width: 346, height: 260 }));
    assert_eq!(recording.read().unwrap(), some(50));
}

/// Every option after a first read with another, beside the same option alone: what was kept of the first changes nothing.
#[test]
fn an_index_is_kept_for_one_way_of_reading() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.csv");
    let mut file = b"t,x,y,p\n".to_vec();
    file.extend(text(&some(400), |t, x, y, p| format!("{t},{x},{y},{p}")));
    file.extend_from_slice(b"1,2,3,1\n");
    std::fs::write(&path, file).unwrap();
    let base = ReadOptions {
        index_cache: IndexCache::Folder(folder.path().join("cache")),
        geometry: Some(Geometry { width: 1000, height: 1000 }),
        ..ReadOptions::default()
    };
    let answer = |options: &ReadOptions| {
        let recording = Recording::open_with(&path, options.clone()).unwrap();
        (recording.info().unwrap(), recording.report().unwrap(), recording.read().unwrap(), recording.identity())
    };
    let other = |change: &dyn Fn(&mut ReadOptions)| {
        let mut options = base.clone();
        change(&mut options);
        options
    };
    let ways = [
        other(&|options| options.polarity = PolarityRule::Signed),
        other(&|options| options.time = TimeRule::Shifted),
        other(&|options| options.flip = Flip::Jaer),
        other(&|options| options.columns = Some("t y x p".to_string())),
        other(&|options| options.time_unit = Some(TimeUnit::Nanoseconds)),
        other(&|options| options.time_unit = Some(TimeUnit::Milliseconds)),
        other(&|options| options.geometry = Some(Geometry { width: 10, height: 10 })),
        other(&|options| options.lenient = true),
        other(&|options| options.block_bytes = 100),
    ];
    let first = answer(&base);
    for options in &ways {
        let alone = answer(&ReadOptions { index_cache: IndexCache::Off, ..options.clone() });
        assert_eq!(answer(options), alone, "{options:?}");
        assert_eq!(answer(options), alone, "{options:?} again");
        assert_ne!(alone.3, first.3, "{options:?}");
    }
    assert_eq!(answer(&base), first);
}

/// An HDF5 array of N rows and 4 columns in chunks of parts of rows, as h5py chooses them.
#[test]
fn arrays_in_tiles_are_read() {
    let events = some(1000);
    let rows = |k: usize| [events.t[k] as u32, events.x[k].into(), events.y[k].into(), events.polarity[k] as u32];
    let numbers: Vec<u32> = (0..events.len()).flat_map(rows).collect();
    for tile in [[1000, 4], [64, 1], [300, 2], [77, 3], [1, 4], [2000, 1]] {
        let mut file = hdf5_pure::FileBuilder::new();
        let table = file.create_dataset("events").with_u32_data(&numbers).with_shape(&[1000, 4]);
        table.with_chunks(&tile).with_shuffle().with_deflate(1);
        let Ok(file) = file.finish() else { continue };
        let recording = open(file).unwrap();
        assert_eq!(recording.read().unwrap(), events, "{tile:?}");
        let (start, end) = (events.t[300], events.t[700]);
        let slice = recording.slice(start, end).unwrap();
        assert!(slice.t.iter().all(|t| (start..end).contains(t)) && !slice.is_empty());
    }
}

/// What HDF5 2.0 refuses is not written: sizes of chunks that need three bytes; and a single number is a scalar.
#[test]
fn written_hdf5_is_as_strict_readers_want_it() {
    let mut events = Events::default();
    (0..70_000).for_each(|k| events.push(k, 1, 2, 1));
    let file = hdf5_pure::File::from_bytes(write::hdf5(&events, None).unwrap()).unwrap();
    assert_eq!(file.dataset("t_offset").unwrap().shape().unwrap(), [0_u64; 0]);
    let hdf5_pure::Layout::Chunked { chunk_shape, .. } = file.dataset("events/t").unwrap().layout().unwrap() else {
        panic!("not in chunks")
    };
    assert!(chunk_shape.iter().all(|size| *size < 1 << 16), "{chunk_shape:?}");
}
