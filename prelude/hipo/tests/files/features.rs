//! Reading lazily, chains, skims, fusions, links, tuples, large events.

use hipo::{
    BankRequest, Chain, ColumnQuery, ColumnType, Error, Event, EventBuilder, EventSet, Fusion, Number, Numbers, Reader,
    ReaderOptions, ReaderStream, Schema, Skim, Tuple, TupleWriter, Writer, linked_rows, links,
};

use super::{clusters, particles, place, small, write};

#[test]
fn records_are_decompressed_once_and_only_when_wanted() {
    let (_folder, path) = place("run.hipo");
    write(&path, small(), 100);
    let reader = Reader::open(&path).unwrap();
    let records = reader.index().records().len() as u64;
    assert_eq!((reader.decompressions(), reader.len()), (0, 100));
    let mut events = reader.events();
    while events.next().unwrap().is_some() {}
    assert_eq!(reader.decompressions(), records);
    let mut events = reader.events();
    events.goto(55).unwrap();
    events.goto(56).unwrap();
    assert_eq!(reader.decompressions(), records + 1);
    // Records of other tags are not even in the index.
    let tagged = Reader::open_with(&path, &ReaderOptions::default().record_tags([1])).unwrap();
    assert_eq!(tagged.len(), 33);
    let mut events = tagged.events();
    while let Some(event) = events.next().unwrap() {
        assert_eq!(event.tag(), 1);
    }
    // A range of events touches only its records.
    let one = Reader::open(&path).unwrap();
    let query = ColumnQuery::new().bank(BankRequest::new("REC::Particle", &["pid"])).range(12..14);
    assert_eq!(one.read(&query).unwrap()[0].events(), 2);
    assert_eq!(one.decompressions(), 1);
}

#[test]
fn columns_know_tags_requirements_and_filters() {
    let (_folder, path) = place("run.hipo");
    write(&path, small(), 100);
    let reader = Reader::open(&path).unwrap();
    let all = reader.read_columns("REC::Particle", &["pid", "px"]).unwrap();
    assert_eq!((all.events(), all.rows()), (100, 150));
    for threads in [1, 3] {
        let even = |columns: &hipo::BankColumns| {
            let Numbers::I32(pids) = &columns.column("pid")?.values else { return Ok(Vec::new()) };
            Ok(pids.iter().map(|pid| pid % 2 == 0).collect())
        };
        let request = BankRequest::new("REC::Particle", &["pid"]).filter(even);
        let query = ColumnQuery::new().bank(request).event_tags([2]).require("REC::Calorimeter").threads(threads);
        let found = reader.read(&query).unwrap().remove(0);
        let (mut events, mut rows) = (0, Vec::new());
        for number in (0..100).filter(|number| number % 3 == 2 && number % 4 > 0) {
            events += 1;
            rows.extend((0..number % 4).map(|row| 100 * number + row).filter(|pid| pid % 2 == 0));
        }
        assert_eq!((found.events(), &found.columns[0].values), (events, &Numbers::I32(rows)));
    }
    let stopped = reader
        .scan(&ColumnQuery::new().bank(BankRequest::new::<&str>("REC::Particle", &[])), |_| Err(Error::stopped()));
    assert!(stopped.is_err());
    let count = std::sync::atomic::AtomicUsize::new(0);
    ReaderStream::new(&reader)
        .threads(3)
        .run(|_| {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(())
        })
        .unwrap();
    assert_eq!(count.into_inner(), 100);
}

#[test]
fn rows_are_linked_both_ways() {
    let (_folder, path) = place("run.hipo");
    write(&path, small(), 20);
    let query = ColumnQuery::new()
        .bank(BankRequest::new("REC::Particle", &["pid"]))
        .bank(BankRequest::new("REC::Calorimeter", &["pindex"]));
    let banks = Reader::open(&path).unwrap().read(&query).unwrap();
    let forward = linked_rows(&banks[1], "pindex", &banks[0]).unwrap();
    let backward = links(&banks[1], "pindex", &banks[0]).unwrap();
    for event in 0..20 {
        let rows = banks[0].rows_of(event);
        for (row, back) in rows.clone().zip(rows.rev()) {
            assert_eq!(forward[row], back as i64);
            assert_eq!(backward.of(row), [back as i64]);
        }
    }
    assert!(linked_rows(&banks[0], "pid", &banks[1]).is_err());
}

#[test]
fn a_chain_unites_dictionaries_and_refuses_conflicts() {
    let (folder, path) = place("a.hipo");
    write(&path, small(), 30);
    let second = folder.path().join("b.hipo");
    let extra = Schema::parse("{MC::Event/40/1}{weight/D}").unwrap();
    let mut writer = Writer::builder().schema(extra).unwrap().create(&second).unwrap();
    let mut bank = writer.bank("MC::Event", 1).unwrap();
    bank.put("weight", 0, 0.5).unwrap();
    writer.write(EventBuilder::new().add_bank(&bank).unwrap()).unwrap();
    writer.finish().unwrap();
    let pattern = folder.path().join("*.hipo").display().to_string();
    let chain = Chain::open(&[&pattern]).unwrap();
    assert_eq!((chain.len(), chain.dictionary().schemas().len()), (31, 3));
    assert_eq!(chain.read_columns("MC::Event", &["weight"]).unwrap().columns[0].values, Numbers::F64(vec![0.5]));
    assert_eq!(chain.read_columns("REC::Particle", &["pid"]).unwrap().events(), 31);
    let mut events = chain.events();
    let mut files = Vec::new();
    while let Some((file, _)) = events.next().unwrap() {
        files.push(file);
    }
    assert_eq!(files, [vec![0; 30], vec![1]].concat());

    let third = folder.path().join("c.hipo");
    let other = Schema::parse("{REC::Particle/300/31}{pid/L}").unwrap();
    Writer::builder().schema(other).unwrap().create(&third).unwrap().finish().unwrap();
    let error = Chain::open(&[&pattern]).err().unwrap().to_string();
    assert!(error.contains("c.hipo") && error.contains("conflict over REC::Particle"), "{error}");
    // The same numbers under another name would be read as what they are not.
    let other = Schema::parse("{NEW::Particle/300/31}{pid/L}").unwrap();
    Writer::builder().schema(other).unwrap().create(&third).unwrap().finish().unwrap();
    assert!(Chain::open(&[&pattern]).err().unwrap().to_string().contains("conflict over numbers"));
    assert!(Chain::open(&["nothing/*.hipo"]).err().unwrap().to_string().contains("nothing matches"));
}

#[test]
fn a_skim_keeps_what_is_asked_and_the_tags() {
    let (folder, path) = place("run.hipo");
    write(&path, small().config("run", "5032"), 100);
    let chain = Chain::open(&[path.to_str().unwrap()]).unwrap();
    let new = folder.path().join("skim.hipo");
    let schema = particles();
    let skim =
        Skim::new().banks(&["REC::Part*"]).events(move |asked| Ok(asked.event.bank(&schema)?.rows() == 3)).threads(2);
    let report = skim.write(&chain, &new, &mut |_, _| Ok(())).unwrap();
    assert_eq!((report.read, report.written.events), (100, 25));
    let reader = Reader::open(&new).unwrap();
    assert_eq!(reader.config()["run"], "5032");
    assert_eq!(reader.dictionary().schemas().len(), 1);
    let mut events = reader.events();
    let clusters = clusters();
    while let Some(event) = events.next().unwrap() {
        let particles = particles();
        let bank = event.bank(&particles).unwrap();
        let number = bank.get("pid", 0).unwrap().as_i64().unwrap() / 100;
        assert_eq!((i64::from(event.tag()), bank.rows()), (number % 3, 3));
        assert_eq!(event.bank(&clusters).unwrap().rows(), 0);
    }
    let wrong = Skim::new().banks(&["REC::Tracks"]).write(&chain, folder.path().join("none.hipo"), &mut |_, _| Ok(()));
    assert!(wrong.is_err() && !folder.path().join("none.hipo").exists());
}

#[test]
fn a_fusion_puts_events_side_by_side() {
    let (folder, first) = place("first.hipo");
    write(&first, small(), 20);
    let second = folder.path().join("second.hipo");
    let schema = Schema::parse("{MC::Event/40/1}{number/I}").unwrap();
    let mut writer = Writer::builder().schema(schema).unwrap().create(&second).unwrap();
    for number in 0..20 {
        let mut bank = writer.bank("MC::Event", 1).unwrap();
        bank.put("number", 0, number).unwrap();
        writer.write(EventBuilder::new().add_bank(&bank).unwrap()).unwrap();
    }
    writer.finish().unwrap();
    let open = |path: &std::path::Path| Reader::open(path).unwrap();
    let fusion = Fusion::of(vec![open(&first), open(&second)]).unwrap();
    let merged = folder.path().join("merged.hipo");
    assert_eq!(fusion.write(&merged, &mut |_, _| Ok(())).unwrap().events, 20);
    let reader = open(&merged);
    let numbers = reader.read_columns("MC::Event", &["number"]).unwrap();
    // Tags of the first input, and so its records, decide the order: equal to that of the input.
    assert_eq!(numbers.columns[0].values, Numbers::I32((0..20).collect()));
    assert_eq!(
        reader.read_columns("REC::Particle", &["pid"]).unwrap(),
        open(&first).read_columns("REC::Particle", &["pid"]).unwrap()
    );
    let longer = folder.path().join("longer.hipo");
    write(&longer, small(), 21);
    let error = Fusion::of(vec![open(&first), open(&longer)]).err().unwrap().to_string();
    assert!(error.contains("longer.hipo") && error.contains("21 events"), "{error}");
}

#[test]
fn a_tuple_is_written_with_its_tail() {
    let (_folder, path) = place("tuple.hipo");
    let columns = [("mass", ColumnType::F32), ("event", ColumnType::I64)];
    let mut tuple = TupleWriter::create(&path, &columns).unwrap();
    for row in 0..450_i64 {
        tuple.fill(&[Number::F32(row as f32 / 2.0), Number::Integer(row << 33)]).unwrap();
    }
    assert!(tuple.fill(&[Number::F32(0.0), Number::F32(0.5)]).is_err());
    tuple.finish().unwrap();
    let tuple = Tuple::open(&path).unwrap();
    assert_eq!(tuple.columns().collect::<Vec<_>>(), ["mass", "event"]);
    assert_eq!(tuple.read("event").unwrap(), Numbers::I64((0..450).map(|row| row << 33).collect()));
    assert_eq!(tuple.read("mass").unwrap().len(), 450);
    assert!(tuple.read("mas").unwrap_err().to_string().contains("did you mean `mass`"));
}

#[test]
fn records_end_at_their_limits_and_large_events_are_kept() {
    let (_folder, path) = place("large.hipo");
    let schema = Schema::parse("{BIG::bank/1/1}{x/D}").unwrap();
    let mut writer = Writer::builder().schema(schema).unwrap().create(&path).unwrap();
    let rows = [20_000, 1_200_000, 2_000_000, 1];
    for rows in rows {
        let bank = writer.bank("BIG::bank", rows).unwrap();
        writer.write(EventBuilder::new().add_bank(&bank).unwrap()).unwrap();
    }
    assert!(writer.bank("BIG::bank", 2_100_000).unwrap_err().to_string().contains("at most"));
    let mut empty = EventBuilder::new();
    for _ in 0..100_010 {
        writer.write(&mut empty).unwrap();
    }
    writer.finish().unwrap();
    let reader = Reader::open(&path).unwrap();
    let events: Vec<u64> = reader.index().records().iter().map(|record| record.events).collect();
    assert_eq!(events, [1, 1, 1, 100_000, 11]);
    let read: Vec<usize> = {
        let columns = reader.read_columns("BIG::bank", &["x"]).unwrap();
        (0..4).map(|event| columns.rows_of(event).len()).collect()
    };
    assert_eq!(read, rows);
}

#[test]
fn a_file_appears_when_it_is_finished_and_not_before() {
    let (folder, path) = place("atomic.hipo");
    let entries = || std::fs::read_dir(folder.path()).unwrap().count();
    let writer = Writer::builder().create(&path).unwrap();
    assert!(!path.exists() && entries() == 1);
    drop(writer);
    assert_eq!(entries(), 0);
    Writer::builder().create(&path).unwrap().finish().unwrap();
    assert_eq!(entries(), 1);
    assert!(Reader::open(&path).unwrap().is_empty());
}

#[test]
fn an_event_is_edited() {
    let mut event = EventBuilder::new();
    event.add_numbers(1, 1, &Numbers::I32(vec![1, 2])).unwrap().add_text(2, 2, "two").unwrap();
    event.add_numbers(1, 1, &Numbers::F64(vec![0.5])).unwrap();
    assert_eq!(event.remove(1, 1).unwrap(), 2);
    let event = Event::from_bytes("event", event.finish().unwrap(), hipo::ByteOrder::Little).unwrap();
    assert_eq!(event.structures().count(), 1);
    assert_eq!(event.structure(2, 2).unwrap().unwrap().text(), "two");
    assert!(event.structure(1, 1).unwrap().is_none());
}

#[test]
fn rows_are_counted_before_they_are_read() {
    let (_folder, path) = place("run.hipo");
    write(&path, small(), 100);
    let reader = Reader::open(&path).unwrap();
    let mut set = EventSet::new(reader.len());
    (0..50).for_each(|event| set.insert(event));
    let query = ColumnQuery::new().events(std::sync::Arc::new(set)).event_tags([0]);
    let counts = reader.count_rows(&query, reader.dictionary(), || Ok(())).unwrap();
    let rows: u64 = counts.iter().map(|record| record.rows[0]).sum();
    let events: u64 = counts.iter().map(|record| record.events).sum();
    let read = reader.read(&query.bank(BankRequest::new("REC::Particle", &["pid"]))).unwrap().remove(0);
    assert_eq!((rows, events), (read.rows() as u64, read.events() as u64));
    // Records of ten events of the tags 0, 1, 2, 0, 1.
    assert_eq!(events, 20);
    // Records without an event of the set, and those only, are not decompressed.
    assert_eq!(reader.decompressions(), 2 * 5);
}
