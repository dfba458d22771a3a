//! Every format of event cameras and every compression of HIPO, decoded from a file in the cache on one thread:
//! `cargo bench --locked --bench formats`.
//!
//! Criterion measures and compares with its last run on this machine. `-- guard` instead measures each against a loop that
//! adds up the words of the same memory, in the same run, compares with the committed ratios in `formats.baseline`, and
//! fails below 85 % of one; `-- ratios` prints them in the form of that file.

use criterion::{Criterion, Throughput};
use events::{Events, Geometry, IndexCache, ReadOptions, Recording};
use hipo::{BankRequest, ColumnQuery, Compression, EventBuilder, Numbers, Reader, Schema, Writer};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const GEOMETRY: Geometry = Geometry { width: 1280, height: 720 };
const EVENTS: i64 = 2_000_000;
const HIPO_EVENTS: usize = 40_000;

/// What is measured: a name, how many events (rows of a column) it gives, and the work.
struct Case {
    name: String,
    count: u64,
    work: Box<dyn Fn() -> u64>,
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cases = cases(folder.path());
    for case in &cases {
        assert_eq!((case.work)(), case.count, "{}", case.name);
    }
    let asked = |word: &str| std::env::args().any(|argument| argument == word);
    if asked("guard") || asked("ratios") {
        return guard(&cases, asked("ratios"));
    }
    let mut criterion = Criterion::default().configure_from_args().measurement_time(Duration::from_secs(3));
    let mut group = criterion.benchmark_group("formats");
    for case in &cases {
        group.throughput(Throughput::Elements(case.count)).sample_size(10);
        group.bench_function(&case.name, |bencher| bencher.iter(&case.work));
    }
    group.finish();
    criterion.final_summary();
}

fn cases(folder: &Path) -> Vec<Case> {
    let events = scene();
    let packed = "the events fit every format";
    let mut files = vec![
        ("evt2", events::write::evt2(&events, Some(GEOMETRY)).expect(packed)),
        ("evt2.1", evt21(&events)),
        ("evt3", events::write::evt3(&events, Some(GEOMETRY)).expect(packed)),
        ("dat", events::write::dat(&events, Some(GEOMETRY)).expect(packed)),
        ("aedat2", aedat2(&events)),
        ("aedat3", aedat3(&events)),
        ("csv", events::write::csv(&events, Some(GEOMETRY))),
        ("hdf5", events::write::hdf5(&events, Some(GEOMETRY)).expect(packed)),
    ];
    let mut cases: Vec<Case> = files.drain(..).map(|(name, bytes)| recording(folder, name, &bytes)).collect();
    for compression in [Compression::None, Compression::Lz4, Compression::Lz4High, Compression::Gzip] {
        let path = folder.join(format!("{}.hipo", compression.name()));
        let rows = write_hipo(&path, compression);
        cases.push(column(&path, compression, &["px"], rows));
        if compression == Compression::Lz4 {
            cases.push(column(&path, compression, &[], rows));
        }
    }
    cases
}

fn recording(folder: &Path, name: &str, bytes: &[u8]) -> Case {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("room for a file");
    let work = move || {
        let options = ReadOptions { threads: 1, index_cache: IndexCache::Off, ..ReadOptions::default() };
        let recording = Recording::open_with(&path, options).expect("our own file");
        let mut count = 0;
        let counted = recording.stream().for_each(|events| {
            count += std::hint::black_box(events).len() as u64;
            Ok(())
        });
        counted.expect("our own file");
        count
    };
    Case { name: name.to_string(), count: EVENTS as u64, work: Box::new(work) }
}

fn column(path: &Path, compression: Compression, columns: &'static [&'static str], rows: u64) -> Case {
    let path = PathBuf::from(path);
    let which = if columns.is_empty() { "all" } else { "one" };
    let work = move || {
        let query = ColumnQuery::new().bank(BankRequest::new("REC::Particle", columns)).threads(1);
        let banks = Reader::open(&path).and_then(|reader| reader.read(&query)).expect("our own file");
        std::hint::black_box(&banks)[0].rows() as u64
    };
    Case { name: format!("hipo-{}-{which}", compression.name()), count: rows, work: Box::new(work) }
}

/// Ten events per microsecond; every third starts a new row, others are its neighbours.
fn scene() -> Events {
    let (mut events, mut seed) = (Events::default(), 88_172_645_463_325_252_u64);
    let (mut x, mut y) = (0, 0);
    for k in 0..EVENTS {
        let dice = next(&mut seed);
        (x, y) = if dice.is_multiple_of(3) { ((dice >> 40) % 1200, (dice >> 20) % 720) } else { ((x + 1) % 1280, y) };
        events.push(64_000 + k / 10, x as u16, y as u16, (dice >> 63) as i8);
    }
    events
}

fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

/// One pixel per word, as in a scene where little happens.
fn evt21(events: &Events) -> Vec<u8> {
    let mut out = b"% evt 2.1\n% format EVT21;endianness=little;height=720;width=1280\n% end\n".to_vec();
    let mut base = None;
    for row in 0..events.len() {
        let (t, x, y) = (events.t[row] as u64, u64::from(events.x[row]), u64::from(events.y[row]));
        if base != Some(t >> 6) {
            base = Some(t >> 6);
            out.extend_from_slice(&(8 << 60 | (t >> 6) << 32).to_le_bytes());
        }
        let polarity = u64::from(events.polarity[row] > 0);
        let word = polarity << 60 | (t & 63) << 54 | (x & !31) << 43 | y << 32 | 1 << (x & 31);
        out.extend_from_slice(&word.to_le_bytes());
    }
    out
}

fn aedat2(events: &Events) -> Vec<u8> {
    let mut out = b"#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.Davis346B\r\n".to_vec();
    for row in 0..events.len() {
        let (x, y) = (u32::from(events.x[row]) % 346, u32::from(events.y[row]) % 260);
        let address = y << 22 | x << 12 | u32::from(events.polarity[row] > 0) << 11;
        out.extend_from_slice(&address.to_be_bytes());
        out.extend_from_slice(&(events.t[row] as u32).to_be_bytes());
    }
    out
}

fn aedat3(events: &Events) -> Vec<u8> {
    let mut out = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n".to_vec();
    let rows: Vec<usize> = (0..events.len()).collect();
    for packet in rows.chunks(4096) {
        let count = packet.len() as i32;
        out.extend_from_slice(&[1, 0, 1, 0]);
        [8, 4, 0, count, count, count].iter().for_each(|word: &i32| out.extend_from_slice(&word.to_le_bytes()));
        for &row in packet {
            let place = u32::from(events.x[row]) << 17 | u32::from(events.y[row]) << 2;
            let data = place | u32::from(events.polarity[row] > 0) << 1 | 1;
            out.extend_from_slice(&data.to_le_bytes());
            out.extend_from_slice(&(events.t[row] as i32).to_le_bytes());
        }
    }
    out
}

/// A bank of seven columns with 0 to 9 rows per event; gives the number of rows.
fn write_hipo(path: &Path, compression: Compression) -> u64 {
    let schema = Schema::parse("{REC::Particle/300/31}{pid/I,px/F,py/F,pz/F,charge/B,chi2pid/F,status/S}");
    let schema = schema.expect("a schema");
    let mut writer = Writer::builder()
        .compression(compression)
        .schema(schema.clone())
        .and_then(|builder| builder.create(path))
        .expect("room for a file");
    let (mut event, mut seed, mut all) = (EventBuilder::new(), 1_u64, 0);
    for _ in 0..HIPO_EVENTS {
        let rows = (next(&mut seed) % 10) as usize;
        all += rows as u64;
        let mut bank = writer.bank("REC::Particle", rows).expect("a bank");
        for column in schema.columns() {
            let mut numbers = Numbers::zeros(column.kind, rows);
            match &mut numbers {
                Numbers::F32(values) => values.iter_mut().for_each(|value| *value = (next(&mut seed) % 9973) as f32),
                Numbers::I32(values) => values.iter_mut().for_each(|value| *value = (next(&mut seed) % 40) as i32),
                _ => {}
            }
            bank.put_column(&column.name, &numbers).expect("as many numbers as rows");
        }
        event.reset();
        event.add_bank(&bank).expect("it fits");
        writer.write(&mut event).expect("written");
    }
    writer.finish().expect("closed");
    all
}

/// Events per second, over words per second that a plain loop adds up of 16 MB of memory.
fn guard(cases: &[Case], print: bool) {
    let path = recoil_tests::cases::project().join("tests/bench/formats.baseline");
    let known = if print { String::new() } else { std::fs::read_to_string(&path).expect("the committed ratios") };
    let words: Vec<u64> = (0..2 << 20).collect();
    let mut lost = Vec::new();
    for case in cases {
        let wanted = known.lines().find_map(|line| line.strip_prefix(&format!("{} ", case.name))?.parse::<f64>().ok());
        let enough = |ratio: f64| wanted.is_none_or(|wanted| ratio >= 0.85 * wanted);
        let mut found = ratio(case, &words);
        // Who is slow because of others is not slow a second and a third time.
        for _ in 0..2 {
            if !enough(found) {
                found = found.max(ratio(case, &words));
            }
        }
        println!("{} {found:.4}", case.name);
        match wanted {
            Some(wanted) if !enough(found) => lost.push(format!("{}: {found:.4}, was {wanted:.4}", case.name)),
            None if !print => lost.push(format!("{}: not in {}", case.name, path.display())),
            _ => {}
        }
    }
    assert!(lost.is_empty(), "slower than the baseline by more than 15 %: {}", lost.join("; "));
}

/// The best of both, measured in turns: others on the machine can only slow them down, and its pace may change.
fn ratio(case: &Case, words: &[u64]) -> f64 {
    let (mut events, mut plain) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..15 {
        plain = plain.min(seconds(|| words.iter().fold(0, |sum: u64, word| sum.rotate_left(1) ^ word)));
        events = events.min(seconds(&case.work));
    }
    (case.count as f64 / events) / (words.len() as f64 / plain)
}

fn seconds<T>(work: impl Fn() -> T) -> f64 {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed().as_secs_f64()
}
