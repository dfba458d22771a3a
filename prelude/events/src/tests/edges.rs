//! What a strict user asks: nothing, too much, the wrong way round.

use super::made::{self, open, plain, some, words32};
use crate::{
    EventError, EventFrame, Events, Flip, Geometry, IndexCache, ReadOptions, Recording, RefractoryFilter,
    StackedHistogram, TimeRule, TimeSurface, VoxelGrid, write,
};

fn at(times: &[i64]) -> Events {
    let mut events = Events::default();
    times.iter().for_each(|&t| events.push(t, 1, 2, 1));
    events
}

#[test]
fn a_kept_index_knows_what_times_are_shifted_by() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.dat");
    std::fs::write(&path, write::dat(&at(&[5_000, 5_010, 5_020, 9_000]), None).unwrap()).unwrap();
    let options = ReadOptions {
        time: TimeRule::Shifted,
        index_cache: IndexCache::Folder(folder.path().join("cache")),
        block_bytes: 8,
        ..plain()
    };
    for session in ["first", "second"] {
        let recording = Recording::open_with(&path, options.clone()).unwrap();
        assert_eq!(recording.has_index(), session == "second");
        assert_eq!(recording.slice(5, 100).unwrap().t, [10, 20], "{session} session");
        let recording = Recording::open_with(&path, options.clone()).unwrap();
        assert_eq!(
            recording
                .stream()
                .select(crate::Selection { time: Some((5, 100)), ..Default::default() })
                .collect()
                .unwrap()
                .t,
            [10, 20]
        );
    }
}

#[test]
fn slices_the_wrong_way_round_or_of_no_length_are_empty() {
    let recording = open(write::evt2(&some(500), None).unwrap()).unwrap();
    let (first, last) = recording.time_bounds().unwrap().unwrap();
    for (start, end) in [(last, first), (first, first), (last + 1, i64::MAX), (i64::MIN, first), (i64::MAX, i64::MIN)] {
        assert_eq!(recording.slice(start, end).unwrap(), Events::default(), "{start} to {end}");
    }
    assert_eq!(recording.slice(i64::MIN, i64::MAX).unwrap(), some(500));
}

#[test]
fn windows_wider_than_time_are_one() {
    let recording = open(write::evt2(&at(&[1000, 2000]), None).unwrap()).unwrap();
    for width in [1001, i64::MAX] {
        let counted = recording.counts_per_window(width).unwrap();
        assert_eq!(counted.len(), 1);
        assert_eq!((counted[0].0.start, counted[0].1), (1000, 2));
        assert!(counted[0].0.end > 2000);
    }
    assert!(recording.windows(0).is_err() && recording.windows(-1).is_err());
    let empty = open(write::evt2(&Events::default(), None).unwrap()).unwrap();
    assert!(empty.windows(10).unwrap().is_empty() && empty.counts_per_window(10).unwrap().is_empty());
}

#[test]
fn nothing_written_is_nothing_read() {
    let none = Events::default();
    let files = [
        ("evt2", write::evt2(&none, None).unwrap()),
        ("evt3", write::evt3(&none, None).unwrap()),
        ("dat", write::dat(&none, None).unwrap()),
        ("csv", write::csv(&none, None)),
        ("csv with a geometry", write::csv(&none, Some(Geometry { width: 3, height: 4 }))),
        ("hdf5", write::hdf5(&none, None).unwrap()),
    ];
    for (name, file) in files {
        let recording = open(file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(recording.read().unwrap(), none, "{name}");
        let info = recording.info().unwrap();
        assert_eq!((info.events, info.time, info.rate), (0, None, 0.0), "{name}");
    }
}

#[test]
fn comments_alone_are_no_recording() {
    let error = open(b"# recorded yesterday\n# by nobody\n".to_vec()).unwrap_err().to_string();
    assert!(error.contains("four numbers"), "{error}");
}

#[test]
fn a_heading_may_name_the_unit() {
    for (text, t) in [
        ("t [ns],x [px],y [px],p\n1500,1,2,1\n2500,1,2,0\n", [2, 3]),
        ("timestamp_ns x y polarity\n1000 1 2 1\n2000 1 2 0\n", [1, 2]),
        ("t_ms,x,y,p\n3,1,2,1\n4,1,2,0\n", [3_000, 4_000]),
        ("t (us),x,y,p\n3,1,2,1\n4,1,2,0\n", [3, 4]),
        ("time(s),x,y,p\n3,1,2,1\n4,1,2,0\n", [3_000_000, 4_000_000]),
    ] {
        assert_eq!(open(text.as_bytes().to_vec()).unwrap().read().unwrap().t, t, "{text}");
    }
}

#[test]
fn warnings_are_told_whoever_counts() {
    let back = at(&[10, 20, 5, 30]);
    for file in [write::dat(&back, None).unwrap(), write::csv(&back, None)] {
        let recording = open(file).unwrap();
        let info = recording.info().unwrap();
        assert!(info.warnings.iter().any(|warning| warning.starts_with("time steps back 1 times")), "{info:?}");
        assert_eq!(info, recording.info().unwrap());
    }
}

#[test]
fn what_lenient_skips_is_not_counted() {
    let events = some(600_000);
    let whole = write::hdf5(&events, None).unwrap();
    assert_eq!(open(whole.clone()).unwrap().count().unwrap(), 600_000);
    let mut damaged = 0;
    // Most of the front of the file is the index of milliseconds, which is not read.
    for part in 20..31 {
        let mut file = whole.clone();
        let place = file.len() / 32 * part;
        file[place..place + 2000].fill(0xFF);
        let Err(EventError::Damaged { offset: 1.., .. }) = open(file.clone()).and_then(|recording| recording.read())
        else {
            continue;
        };
        damaged += 1;
        let lenient =
            || Recording::from_bytes_with("made", file.clone(), ReadOptions { lenient: true, ..plain() }).unwrap();
        let read = lenient().read().unwrap().len() as u64;
        assert!(read < 600_000);
        assert_eq!((lenient().count().unwrap(), lenient().info().unwrap().events), (read, read));
        assert!(lenient().info().unwrap().warnings[0].contains("skipped"));
    }
    assert!(damaged > 1, "{damaged}");
}

#[test]
fn times_that_need_more_overflows_than_events_are_refused() {
    for t in [1_700_000_000_000_000, i64::MAX] {
        let error = write::evt3(&at(&[t]), None).unwrap_err();
        assert!(matches!(error, EventError::Unwritable { row: 0, .. }), "{error}");
    }
    assert!(write::evt2(&at(&[i64::MAX]), None).is_err());
    let epoch = at(&[1_700_000_000_000_000, 1_700_000_000_000_001]);
    assert_eq!(open(write::evt2(&epoch, None).unwrap()).unwrap().read().unwrap(), epoch);
}

#[test]
fn a_sensor_of_no_size_is_none() {
    let file = words32("% evt 2.0\n% geometry 0x0\n% end\n", &[8 << 28, 1 << 28 | 5 << 11 | 6]);
    let flipped = ReadOptions { flip: Flip::Jaer, ..plain() };
    let error = Recording::from_bytes_with("made", file.clone(), flipped).unwrap_err().to_string();
    assert!(error.contains("give it with `geometry`"), "{error}");
    let recording = open(file.clone()).unwrap();
    assert_eq!(recording.geometry(), None);
    assert_eq!(recording.read().unwrap().x, [5]);
    assert!(recording.info().unwrap().warnings.is_empty());
    let none = ReadOptions { geometry: Some(Geometry { width: 0, height: 4 }), ..plain() };
    assert!(matches!(Recording::from_bytes_with("made", file, none), Err(EventError::Argument(_))));
}

#[test]
fn arrays_that_do_not_fit_are_refused() {
    let huge = Geometry { width: u16::MAX, height: u16::MAX };
    let small = Geometry { width: 3, height: 3 };
    assert!(VoxelGrid::new(huge, 1000, 0, 1).is_err());
    assert!(VoxelGrid::new(small, usize::MAX, 0, 1).is_err());
    assert!(StackedHistogram::new(small, usize::MAX / 8, 0, 1).is_err());
    assert!(VoxelGrid::new(small, 2, 5, 5).is_err() && VoxelGrid::new(small, 0, 0, 5).is_err());
    let events = at(&[i64::MIN, -1, 0, i64::MAX]);
    let mut voxels = VoxelGrid::new(small, 3, i64::MIN, i64::MAX).unwrap();
    voxels.add(&events);
    assert_eq!(voxels.grid.data.iter().sum::<f32>(), 4.0);
    let mut stack = StackedHistogram::new(small, 3, i64::MIN, i64::MAX).unwrap();
    stack.add(&events);
    let mut surface = TimeSurface::new(small, 1.0).unwrap();
    assert!(surface.surface().data.iter().all(|&value| value == 0.0));
    surface.add(&events);
    assert_eq!(surface.surface_at(i64::MIN).data.iter().copied().fold(0.0, f32::max), 1.0);
    let mut refractory = RefractoryFilter::new(small, i64::MAX).unwrap();
    refractory.apply(&mut events.clone());
    let mut frame = EventFrame::new(small).unwrap();
    frame.add(&events);
}

#[test]
fn a_header_without_an_end_stops_where_text_does() {
    // The first word of the body has the bytes of `% `, and a line end follows somewhere.
    let words = [u32::from_le_bytes([b'%', b' ', 1, 0x80]), 1 << 28 | 10, 8 << 28 | 0x0A0A];
    let recording = open(words32("% evt 2.0\n% geometry 640x480\n", &words)).unwrap();
    assert_eq!(recording.read().unwrap().len(), 1);
    assert_eq!(recording.metadata().len(), 2);
}

#[test]
fn aedat_headers_say_where_they_end() {
    // Row 140 and up of a DAVIS: the address begins with the byte of `#`.
    let address = |x: u16, y: u16, p: i8| u32::from(y) << 22 | u32::from(x) << 12 | u32::from(p > 0) << 11;
    let mut events = some(50);
    // A line end comes some records later.
    events.t = (0..50).collect();
    events.y.iter_mut().for_each(|y| *y = 0x23 << 2);
    let header = "#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.Davis346B\r\n#End Of ASCII Header\r\n";
    assert_eq!(open(made::aedat2(&events, header, address)).unwrap().read().unwrap(), events);
    // Without that line only text counts as header.
    let header = "#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.Davis346B\r\n";
    assert_eq!(open(made::aedat2(&events, header, address)).unwrap().read().unwrap(), events);
}
