//! HIPO files as a cell uses them.

mod language;

use crate::{Hipo, WriteHipo, hipo, write_hipo};
use ::hipo::{EventBuilder, Numbers, Reader, Schema, Writer};
use data::{Group, Selection};
use polars::prelude::*;
use std::path::Path;

const EVENTS: i32 = 60;

/// Event `n` has `n % 4` particles with momenta `n + row`, and as many clusters that point at them backwards.
fn file(path: &Path) {
    let schemas = [
        "{REC::Particle/300/31}{pid/I,px/F,py/F,pz/F,charge/B,cov/F#2}",
        "{REC::Calorimeter/300/32}{pindex/S,energy/F}",
        "{RUN::config/10000/11}{event/I}",
    ];
    let mut writer = Writer::builder().limits(7, 1 << 20);
    for schema in schemas {
        writer = writer.schema(Schema::parse(schema).unwrap()).unwrap();
    }
    let mut writer = writer.create(path).unwrap();
    for number in 0..EVENTS {
        let rows = (number % 4) as usize;
        let each = |value: &dyn Fn(usize) -> f32| Numbers::F32((0..rows).map(value).collect());
        let mut particles = writer.bank("REC::Particle", rows).unwrap();
        let (pids, charges) = ([11, 2212, 22], [-1, 1, 0]);
        particles.put_column("pid", &Numbers::I32(pids[..rows].to_vec())).unwrap();
        particles.put_column("charge", &Numbers::I8(charges[..rows].to_vec())).unwrap();
        particles.put_column("px", &each(&|row| (number + row as i32) as f32)).unwrap();
        let pairs = (0..2 * rows).map(|at| at as f32).collect();
        particles.put_column("cov", &Numbers::F32(pairs)).unwrap();
        let mut clusters = writer.bank("REC::Calorimeter", rows).unwrap();
        clusters
            .put_column(
                "pindex",
                &Numbers::I16((0..rows as i16).rev().map(|row| row - i16::from(row == 2) * 3).collect()),
            )
            .unwrap();
        clusters.put_column("energy", &each(&|row| row as f32 / 2.0)).unwrap();
        let mut config = writer.bank("RUN::config", 1).unwrap();
        config.put("event", 0, number).unwrap();
        let mut event = EventBuilder::new();
        event.set_tag(number % 3).add_bank(&config).unwrap().add_bank(&particles).unwrap().add_bank(&clusters).unwrap();
        writer.write(&mut event).unwrap();
    }
    writer.finish().unwrap();
}

fn opened() -> (tempfile::TempDir, Hipo) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.hipo");
    file(&path);
    let run = hipo(path.to_str().unwrap()).unwrap();
    (folder, run)
}

fn integers(group: &Group, column: &str) -> Vec<i64> {
    let frame = group.collect().unwrap();
    let column = frame.column(column).unwrap().cast(&DataType::Int64).unwrap();
    column.i64().unwrap().iter().map(Option::unwrap).collect()
}

#[test]
fn a_bank_is_a_group_of_rows() {
    let (_folder, run) = opened();
    assert_eq!(run.count().unwrap(), 60);
    assert_eq!(run.banks()[..], ["REC::Particle", "REC::Calorimeter", "RUN::config"]);
    let particles = run.bank("REC::Particle");
    assert_eq!(particles.count().unwrap(), 90);
    let electrons = particles.columns(["pid", "px"]).query("pid == 11 & px > 40");
    let frame = electrons.collect().unwrap();
    assert_eq!(frame.get_column_names(), ["pid", "px"]);
    assert_eq!(frame.height(), (41..60).filter(|number| number % 4 > 0).count());
    let hist = run["REC::Particle"].query("pid == 11").hist("px", (60, 0.0, 60.0)).unwrap();
    assert_eq!(hist.counts().iter().sum::<f64>(), 45.0);
    // Every row knows its event, its tag and its place in the event.
    let frame = particles.query("pid == 2212").collect().unwrap();
    assert!(frame.column("__row__").unwrap().i32().unwrap().iter().all(|row| row == Some(1)));
    assert_eq!(frame.height(), 30);
    let events = integers(&run.bank("RUN::config").select(["__event__", "event", "__tag__"]), "__event__");
    assert_eq!(events, (0..60).collect::<Vec<i64>>());
    let tags = integers(&run.bank("RUN::config"), "__tag__");
    let numbers = integers(&run.bank("RUN::config"), "event");
    assert!(tags.iter().zip(&numbers).all(|(tag, number)| *tag == number % 3));
    // Elements of array columns are columns.
    let frame = particles.select(["cov_0", "cov_1"]).query("cov_0 == 2").collect().unwrap();
    assert_eq!(frame.column("cov_1").unwrap().f32().unwrap().iter().collect::<Vec<_>>(), vec![Some(3.0); 30]);
}

#[test]
fn events_are_lists() {
    let (_folder, run) = opened();
    let lists = run.lists("REC::Particle");
    assert_eq!(lists.count().unwrap(), 60);
    let frame = lists.select(["px", "cov_1", "__event__"]).collect().unwrap();
    let lengths: Vec<usize> =
        frame.column("px").unwrap().list().unwrap().amortized_iter().map(|list| list.unwrap().as_ref().len()).collect();
    assert_eq!(lengths.iter().sum::<usize>(), 90);
    let side_by_side = run.events().select(["RUN::config.event", "REC::Calorimeter.energy"]).collect().unwrap();
    let numbers = side_by_side.column("RUN::config.event").unwrap().list().unwrap();
    for (at, length) in lengths.iter().enumerate() {
        let number = numbers.get_as_series(at).unwrap().i32().unwrap().get(0).unwrap();
        assert_eq!(*length, (number % 4) as usize);
    }
}

#[test]
fn events_are_chosen_and_skimmed() {
    let (folder, run) = opened();
    assert_eq!(run.tags([1]).count().unwrap(), 20);
    assert_eq!(run.tags([1]).bank("RUN::config").count().unwrap(), 20);
    let kept = run.keep("REC::Particle", "pid == 11 & px >= 40");
    let numbers: Vec<i64> = integers(&kept.bank("RUN::config"), "event");
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    // Events of tag 1 without particles are kept: those of a run hold its scalers.
    let service = |number: &i64| number % 3 == 1 && number % 4 == 0;
    let wanted = |number: &i64| service(number) || (*number >= 40 && number % 4 > 0);
    assert_eq!(sorted, (0..60).filter(wanted).collect::<Vec<i64>>());
    assert_eq!(kept.lists("REC::Particle").count().unwrap(), 20);
    assert_eq!(kept.bank("REC::Particle").count().unwrap(), 30);
    assert_eq!(
        kept.tags([0]).count().unwrap(),
        (40..60).filter(|number| number % 3 == 0 && number % 4 > 0).count() as u64
    );
    assert_eq!(run.reaction("11:2212:X+:X-:Xn").count().unwrap(), 35);
    assert_eq!(run.reaction("11:2212").count().unwrap(), 20);
    assert_eq!(run.reaction("11:2212").keep("REC::Particle", "px > 40").count().unwrap(), 10);

    let new = folder.path().join("skim.hipo");
    assert_eq!(kept.skim(&new).unwrap(), 20);
    let again = hipo(new.to_str().unwrap()).unwrap();
    let tags = integers(&again.bank("RUN::config"), "__tag__");
    // Records are of one tag: the order of events of different tags is not kept.
    let numbers = integers(&again.bank("RUN::config"), "event");
    let mut again_sorted = numbers.clone();
    again_sorted.sort_unstable();
    assert_eq!(again_sorted, sorted);
    assert!(tags.iter().zip(&numbers).all(|(tag, number)| *tag == number % 3));
    assert_eq!(kept.skim_banks(["RUN::*"], folder.path().join("few.hipo")).unwrap(), 20);
    assert_eq!(hipo(folder.path().join("few.hipo").to_str().unwrap()).unwrap().banks()[..], ["RUN::config"]);
}

#[test]
fn rows_bring_what_they_point_at() {
    let (_folder, run) = opened();
    let clusters = run.bank("REC::Calorimeter").linked("REC::Particle", "pindex");
    let frame = clusters.select(["pindex", "__event__", "Particle_pid", "Particle_cov_1"]).collect().unwrap();
    assert_eq!(frame.height(), 90);
    let pids = frame.column("Particle_pid").unwrap().i32().unwrap();
    for (pindex, pid) in frame.column("pindex").unwrap().i16().unwrap().iter().zip(pids.iter()) {
        let known = usize::try_from(pindex.unwrap()).ok().map(|row| [11, 2212, 22][row]);
        assert_eq!(pid, known);
    }
    assert!(pids.null_count() == 15);
    assert!(clusters.linked("REC::Track", "pindex").count().unwrap_err().to_string().contains("no bank `REC::Track`"));
}

#[test]
fn frames_become_hipo_and_hipo_parquet() {
    let (folder, run) = opened();
    let path = |name: &str| folder.path().join(name);
    let particles = run.bank("REC::Particle").select(["__event__", "__tag__", "pid", "px"]);
    // Events without a row leave none.
    assert_eq!(particles.write_hipo(path("new.hipo"), "NEW::Particle", 900, 1).unwrap(), 45);
    let again = hipo(path("new.hipo").to_str().unwrap()).unwrap();
    let sorted = |group: &Group, column: &str| {
        let mut values = integers(group, column);
        values.sort_unstable();
        values
    };
    assert_eq!(sorted(&again.bank("NEW::Particle"), "px"), sorted(&particles, "px"));
    assert_eq!(sorted(&again.bank("NEW::Particle"), "__tag__"), sorted(&particles, "__tag__"));
    let lists = run.lists("REC::Particle").select(["px", "pid"]).collect().unwrap();
    assert_eq!(write_hipo(&lists, path("lists.hipo"), "NEW::Particle", 900, 1).unwrap(), 60);
    let columns = Reader::open(path("lists.hipo")).unwrap().read_columns::<&str>("NEW::Particle", &[]).unwrap();
    assert_eq!((columns.events(), columns.rows()), (60, 90));
    let text = df!("name" => ["a"]).unwrap();
    assert!(write_hipo(&text, path("text.hipo"), "A::b", 1, 1).unwrap_err().to_string().contains("column name is str"));
    ParquetWriter::new(std::fs::File::create(path("out.parquet")).unwrap())
        .finish(&mut particles.collect().unwrap())
        .unwrap();
    let read = LazyFrame::scan_parquet(path("out.parquet").to_str().unwrap().into(), ScanArgsParquet::default());
    assert_eq!(read.unwrap().collect().unwrap().height(), 90);
}

#[test]
fn errors_say_what_and_where() {
    let (folder, run) = opened();
    let message = |result: data::Result<u64>| result.unwrap_err().to_string();
    assert!(message(run.bank("REC::Particl").count()).contains("did you mean `REC::Particle`"));
    assert!(message(run.bank("REC::Particle").query("pidd == 11").count()).contains("pid"));
    assert!(message(run.keep("REC::Particle", "pidd == 11").bank("RUN::config").count()).contains("pid"));
    assert!(message(run.reaction("11:e-").count()).contains("\"e-\""));
    // Damage in a record is told with file, record and byte by whatever reads it.
    let path = folder.path().join("run.hipo");
    let entry = Reader::open(&path).unwrap().index().records()[3].clone();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[entry.position as usize + 60..entry.position as usize + 90].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let damaged = hipo(path.to_str().unwrap()).unwrap();
    let told = message(damaged.bank("REC::Particle").count());
    assert!(told.contains("run.hipo, record 4") && told.contains(&format!("byte {}", entry.position)), "{told}");
    assert!(message(hipo("nothing*.hipo").and_then(|run| run.count())).contains("nothing matches"));
}

/// A bound value, a link and tags after a first read with others: nothing kept of the first changes the answer.
#[test]
fn another_choice_is_another_table() {
    let (_folder, run) = opened();
    let events = |n: i64| {
        integers(
            &run.tags([0, 2]).keep("RUN::config", Selection::new("event == @n").bind("n", n)).bank("RUN::config"),
            "event",
        )
    };
    for n in [3, 5, 6, 3] {
        assert_eq!(events(n), [n]);
    }
    let px = |least: f64| {
        run.keep("REC::Particle", Selection::new("px > @x").bind("x", least)).bank("REC::Particle").count().unwrap()
    };
    assert_ne!(px(10.0), px(50.0));
    assert_ne!(run.tags([0]).bank("REC::Particle").count().unwrap(), run.bank("REC::Particle").count().unwrap());
    assert_eq!(
        integers(&run.tags([2]).bank("RUN::config"), "event"),
        (0..60).filter(|n| n % 3 == 2).collect::<Vec<i64>>()
    );
}
