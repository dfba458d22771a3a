//! Recordings as tables and pictures.

use crate::{EventData, EventLoader, TimeUnit};
use ::events::{Events, Geometry, IndexCache, write};
use polars::prelude::*;
use show::Display;
use std::path::Path;

fn some(count: i64) -> Events {
    let mut events = Events::default();
    for k in 0..count {
        events.push(10_000 + k * 3, (k * 7 % 64) as u16, (k * 5 % 48) as u16, (k % 2) as i8);
    }
    events
}

fn made(folder: &tempfile::TempDir, events: &Events) -> EventData {
    let path = folder.path().join("made.raw");
    std::fs::write(&path, write::evt3(events, Some(Geometry { width: 64, height: 48 })).unwrap()).unwrap();
    EventLoader::new(path).unsigned().index_cache(IndexCache::Off).load().unwrap()
}

#[test]
fn a_recording_is_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let events = some(5000);
    let data = made(&folder, &events);
    let frame = data.collect().unwrap();
    // The engine, which reads block by block, gives the same.
    assert!(frame.equals(&data.query("t >= 0").collect().unwrap()));
    assert_eq!(frame.get_column_names(), ["t", "x", "y", "polarity"]);
    assert_eq!(frame.column("t").unwrap().i64().unwrap().cont_slice().unwrap(), events.t);
    assert_eq!(data.count().unwrap(), 5000);
    assert_eq!(
        data.query("polarity > 0 & x < 32").count().unwrap(),
        (0..5000).filter(|k| k % 2 == 1 && k * 7 % 64 < 32).count() as u64
    );
    assert_eq!(data.hist("t", (10, 10_000.0, 25_000.0)).unwrap().counts().iter().sum::<f64>(), 5000.0);
}

#[test]
fn a_lazy_frame_decodes_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let data = made(&folder, &some(5000));
    let on = data.lazy().unwrap().filter(col("polarity").gt(lit(0))).select([col("x").max(), len().alias("n")]);
    let on = on.collect().unwrap();
    assert_eq!(on.column("n").unwrap().u32().unwrap().get(0), Some(2500));
    assert_eq!(data.lazy().unwrap().limit(3).collect().unwrap().height(), 3);
    let nothing = data.slice(0, 5).lazy().unwrap().select([col("y")]).collect().unwrap();
    assert_eq!((nothing.height(), nothing.width()), (0, 1));
}

#[test]
fn parts_agree_however_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let data = made(&folder, &some(5000));
    let part = data.slice(12_000, 20_000).roi(10, 5, 40, 30).polarity(1);
    let direct = part.read().unwrap();
    assert!(!direct.is_empty());
    let table = part.collect().unwrap();
    assert_eq!(table.column("t").unwrap().i64().unwrap().to_vec_null_aware().left().unwrap(), direct.t);
    let lazy = part.lazy().unwrap().collect().unwrap();
    assert!(lazy.equals(&table));
    let windows = data.windows(1000).unwrap();
    assert_eq!(windows.iter().map(|window| window.count().unwrap()).sum::<u64>(), 5000);
    let counts = data.counts_per_window(1000).unwrap();
    assert_eq!(counts.column("events").unwrap().u64().unwrap().sum(), Some(5000));
}

#[test]
fn a_part_of_a_part_is_inside_of_both() {
    let folder = tempfile::tempdir().unwrap();
    let data = made(&folder, &some(5000));
    let twice = data.roi(10, 5, 40, 30).roi(0, 10, 20, 48);
    assert_eq!(twice.read().unwrap(), data.roi(10, 10, 20, 30).read().unwrap());
    assert_eq!(twice.count().unwrap(), twice.read().unwrap().len() as u64);
    assert!(data.roi(0, 0, 10, 10).roi(20, 20, 30, 30).read().unwrap().is_empty());
    let part = data.slice(12_000, 13_500);
    let counts = part.counts_per_window(1000).unwrap();
    let starts = counts.column("t").unwrap().i64().unwrap().to_vec_null_aware().left().unwrap();
    assert_eq!(starts, [12_000, 13_000]);
    assert_eq!(counts.column("events").unwrap().u64().unwrap().sum(), Some(part.count().unwrap()));
    assert_eq!(part.counts_per_window(i64::MAX).unwrap().height(), 1);
    assert_eq!(data.slice(5, 5).windows(10).unwrap().len(), 0);
}

#[test]
fn pictures_are_png_and_say_what_they_show() {
    let folder = tempfile::tempdir().unwrap();
    let data = made(&folder, &some(5000));
    let frame = data.frame().unwrap();
    assert_eq!(frame.size(), (64, 48));
    assert_ne!(frame.pixel(0, 0), frame.pixel(1, 0));
    for bundle in [
        frame.bundle(),
        data.time_surface(2000.0).unwrap().bundle(),
        data.voxel_grid(3).unwrap().bundle(),
        data.stacked_histogram(4).unwrap().bundle(),
        data.player(5000).unwrap().bundle(),
    ] {
        assert!(bundle.get("image/png").is_some_and(|png| png.starts_with("iVBORw0KGgo")), "{}", bundle.plain());
        assert!(bundle.plain().starts_with('['), "{}", bundle.plain());
    }
    assert_eq!(data.player(5000).unwrap().frames().len(), 3);
    assert!(data.time_surface(0.0).is_err());
    let path = folder.path().join("frame.png");
    frame.save(&path).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), frame.png());
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = made(&folder, &some(3000));
    let whole = data.read().unwrap();
    for end in ["csv", "dat", "h5", "evt2", "evt3", "raw"] {
        let path = folder.path().join(format!("again.{end}"));
        data.write(&path).unwrap();
        assert_eq!(
            EventLoader::new(&path).unsigned().index_cache(IndexCache::Off).load().unwrap().read().unwrap(),
            whole,
            "{end}"
        );
    }
    let path = folder.path().join("again.parquet");
    data.write(&path).unwrap();
    assert!(data::load(&path).unwrap().collect().unwrap().equals(&data.collect().unwrap()));
    let on = data.polarity(1);
    let path = folder.path().join("on.evt2");
    crate::write_events(&on.collect().unwrap(), &path, 64, 48).unwrap();
    assert_eq!(crate::events(&path).unwrap().count().unwrap(), on.count().unwrap());
    let bad = df!("t" => [1i64], "x" => [70_000], "y" => [1], "polarity" => [1]).unwrap();
    assert!(crate::write_events(&bad, &path, 64, 48).is_err());
    let error = data.write(folder.path().join("again.xyz")).unwrap_err().to_string();
    assert!(error.contains(".parquet"), "{error}");
}

#[test]
fn errors_come_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.raw");
    let mut file = write::evt2(&some(100), None).unwrap();
    file.push(1);
    std::fs::write(&path, &file).unwrap();
    let load = || EventLoader::new(&path).index_cache(IndexCache::Off);
    let strict = load().load().unwrap();
    let error = strict.count().unwrap_err().to_string();
    assert!(
        error.contains("cut.raw") && error.contains(&(file.len() - 1).to_string()) && error.contains("lenient"),
        "{error}"
    );
    let lenient = load().lenient().load().unwrap();
    assert_eq!(lenient.count().unwrap(), 100);
    assert!(lenient.info().unwrap().bundle().plain().contains("1 damaged items skipped"));
    assert!(EventLoader::new(&path).format("evt9").load().is_err());
    assert!(crate::events(folder.path().join("none.raw")).is_err());
}

type Way = (&'static str, fn(EventLoader) -> EventLoader);

/// Reads a file in every way, one after another and again: the engine with its caches gives what the decoder alone gives, and
/// no way gives what another has given.
fn flipped(path: &Path, index: &Path, ways: &[Way]) {
    let mut seen = Vec::new();
    for (name, way) in ways.iter().chain(ways) {
        let data = way(EventLoader::new(path).index_cache(IndexCache::Folder(index.to_owned()))).load().unwrap();
        let alone = ::events::Recording::open_with(
            path,
            ::events::ReadOptions { index_cache: IndexCache::Off, ..data.recording().options().clone() },
        );
        let expected = crate::table::frame(alone.unwrap().read().unwrap()).unwrap();
        let table = data.query("t > -1").collect().unwrap();
        assert!(table.equals(&expected), "{name}: {table}");
        assert!(data.collect().unwrap().equals(&expected), "{name}");
        assert_eq!(data.count().unwrap() as usize, expected.height(), "{name}");
        let bins = data.hist("x", (3, -1.0, 1e9)).unwrap().sum();
        assert_eq!(bins as usize, expected.height(), "{name}");
        seen.push(expected);
    }
    for (at, (name, _)) in ways.iter().enumerate() {
        let same = ways[..at].iter().zip(&seen).find(|(_, table)| table.equals(&seen[at]));
        assert!(same.is_none(), "{name} reads as {:?}, so that it shows nothing", same.map(|(way, _)| way.0));
        assert!(seen[at].equals(&seen[at + ways.len()]), "{name} reads otherwise the second time");
    }
}

/// Every option after a first read with another. What an identity is made of names every field of `ReadOptions`; here every
/// option of a cell changes what is read.
#[test]
fn another_way_of_reading_is_another_table() {
    let folder = tempfile::tempdir().unwrap();
    let (path, index) = (folder.path().join("made.csv"), folder.path().join("index"));
    let lines = (0..500).map(|k| format!("{},{},{},{}\n", 10_000 + k * 3, k * 7 % 64, k * 5 % 48, k % 2));
    std::fs::write(&path, format!("t,x,y,p\n{}", lines.collect::<String>())).unwrap();
    let ways: [Way; 8] = [
        ("plain", |it| it),
        ("signed", EventLoader::signed),
        ("shifted", EventLoader::shifted),
        ("flipped", |it| it.geometry(64, 48).flipped()),
        ("flipped on another sensor", |it| it.geometry(100, 100).flipped()),
        ("columns", |it| it.columns("t y x p")),
        ("nanoseconds", |it| it.time_unit(TimeUnit::Nanoseconds)),
        ("milliseconds", |it| it.time_unit(TimeUnit::Milliseconds)),
    ];
    flipped(&path, &index, &ways);
    let error = EventLoader::new(&path).flipped().load().err().unwrap().to_string();
    assert!(error.contains("`geometry`"), "{error}");

    let path = folder.path().join("made.raw");
    std::fs::write(&path, write::evt2(&some(5000), None).unwrap()).unwrap();
    let ways: [Way; 4] = [
        ("signed", |it| it),
        ("unsigned", EventLoader::unsigned),
        ("flipped", |it| it.geometry(64, 48).flipped()),
        ("another format", |it| it.format("dat")),
    ];
    flipped(&path, &index, &ways[..3]);
    let other = (ways[3].1)(EventLoader::new(&path)).load().and_then(|data| data.read());
    assert!(other.map_or(true, |events| events != EventLoader::new(&path).load().unwrap().read().unwrap()));

    let path = folder.path().join("made.aedat");
    let mut bytes = b"#!AER-DAT2.0\r\n# AEChip: ch.unizh.ini.jaer.chip.retina.DVS128\r\n".to_vec();
    (0..400_u32).for_each(|k| bytes.extend([(k * 37 % 0x7fff).to_be_bytes(), (10 * k).to_be_bytes()].concat()));
    std::fs::write(&path, bytes).unwrap();
    let ways: [Way; 3] =
        [("as said", |it| it), ("DVS640", |it| it.chip("DVS640")), ("DAVIS346", |it| it.chip("DAVIS346"))];
    flipped(&path, &index, &ways);
}

#[test]
fn what_is_damaged_stays_an_error_after_it_was_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.csv");
    let lines = (0..500).map(|k| if k == 300 { "what is this?\n".to_owned() } else { format!("{k},1,2,1\n") });
    std::fs::write(&path, format!("t,x,y,p\n{}", lines.collect::<String>())).unwrap();
    let loader = || EventLoader::new(&path).index_cache(IndexCache::Folder(folder.path().join("index")));
    let strict = || loader().load().and_then(|data| data.query("t > -1").count());
    let lenient = || loader().lenient().load().and_then(|data| data.query("t > -1").count());
    for _ in 0..2 {
        let error = strict().unwrap_err().to_string();
        assert!(error.contains("made.csv"), "{error}");
        assert_eq!(lenient().unwrap(), 499);
    }
}
