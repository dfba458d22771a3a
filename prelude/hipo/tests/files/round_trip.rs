//! Generated files are read as they were written, event by event and as columns.

use std::sync::Arc;

use hipo::{
    ColumnType, Composite, CompositeBuilder, Compression, EventBuilder, Number, Numbers, Reader, Schema, Writer,
};
use proptest::prelude::*;

use super::place;

#[derive(Clone, Debug)]
struct File {
    schemas: Vec<Vec<(ColumnType, usize)>>,
    /// Tag and, per schema, the rows.
    events: Vec<(i32, Vec<usize>)>,
    compression: Compression,
    max_events: usize,
    max_bytes: usize,
    threads: usize,
    seed: u64,
}

fn kinds() -> impl Strategy<Value = ColumnType> {
    use ColumnType::{F32, F64, I8, I16, I32, I64};
    prop::sample::select(vec![I8, I16, I32, I64, F32, F64])
}

fn files() -> impl Strategy<Value = File> {
    let column = (kinds(), prop_oneof![4 => Just(1_usize), 1 => 2..5_usize]);
    let schemas = prop::collection::vec(prop::collection::vec(column, 1..6), 1..4);
    let compressions = vec![Compression::None, Compression::Lz4, Compression::Lz4High, Compression::Gzip];
    schemas.prop_flat_map(move |schemas| {
        let event = (-2..3_i32, prop::collection::vec(0..7_usize, schemas.len()));
        let events = prop::collection::vec(event, 0..60);
        let compression = prop::sample::select(compressions.clone());
        (Just(schemas), events, compression, 1..20_usize, 1..4000_usize, 1..4_usize, any::<u64>()).prop_map(
            |(schemas, events, compression, max_events, max_bytes, threads, seed)| File {
                schemas,
                events,
                compression,
                max_events,
                max_bytes,
                threads,
                seed: seed | 1,
            },
        )
    })
}

/// Any bits: floats get NaN, infinities and -0 too.
fn numbers(kind: ColumnType, length: usize, seed: &mut u64) -> Numbers {
    let mut bits = || {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        *seed
    };
    match kind {
        ColumnType::I8 => Numbers::I8((0..length).map(|_| bits() as i8).collect()),
        ColumnType::I16 => Numbers::I16((0..length).map(|_| bits() as i16).collect()),
        ColumnType::I32 => Numbers::I32((0..length).map(|_| bits() as i32).collect()),
        ColumnType::I64 => Numbers::I64((0..length).map(|_| bits() as i64).collect()),
        ColumnType::F32 => Numbers::F32((0..length).map(|_| f32::from_bits(bits() as u32)).collect()),
        ColumnType::F64 => Numbers::F64((0..length).map(|_| f64::from_bits(bits())).collect()),
    }
}

fn schema(index: usize, columns: &[(ColumnType, usize)]) -> Arc<Schema> {
    let mut schema = Schema::new(&format!("BANK::b{index}"), 10 + index as u16, index as u8).unwrap();
    for (at, (kind, count)) in columns.iter().enumerate() {
        schema = schema.column(&format!("c{at}"), *kind, *count).unwrap().column_described("something in cm");
    }
    Arc::new(schema)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn files_come_back(file in files()) {
        let (_folder, path) = place("generated.hipo");
        let schemas: Vec<Arc<Schema>> = file.schemas.iter().enumerate().map(|(at, columns)| schema(at, columns)).collect();
        let mut builder = Writer::builder().compression(file.compression).threads(file.threads).config("made by", "é μ");
        builder = builder.limits(file.max_events, file.max_bytes);
        for schema in &schemas {
            builder = builder.schema(Arc::clone(schema)).unwrap();
        }
        let mut writer = builder.create(&path).unwrap();
        let mut seed = file.seed;
        // Tag, and the numbers of every bank's columns.
        let mut written: Vec<(i32, Vec<Vec<Numbers>>)> = Vec::new();
        for (tag, rows) in &file.events {
            let mut event = EventBuilder::new();
            event.set_tag(*tag);
            let mut banks = Vec::new();
            for (schema, rows) in schemas.iter().zip(rows) {
                let mut bank = writer.bank(schema.name(), *rows).unwrap();
                let columns: Vec<Numbers> =
                    schema.columns().iter().map(|column| numbers(column.kind, rows * column.count, &mut seed)).collect();
                for (column, numbers) in schema.columns().iter().zip(&columns) {
                    bank.put_column(&column.name, numbers).unwrap();
                }
                event.add_bank(&bank).unwrap();
                banks.push(columns);
            }
            writer.write(&mut event).unwrap();
            written.push((*tag, banks));
        }
        let summary = writer.finish().unwrap();
        prop_assert_eq!(summary.events, file.events.len() as u64);
        prop_assert_eq!(summary.bytes, std::fs::metadata(&path).unwrap().len());

        let reader = Reader::open(&path).unwrap();
        prop_assert_eq!(reader.dictionary().schemas(), schemas.as_slice());
        prop_assert_eq!(reader.config()["made by"].as_str(), "é μ");
        // Events of one tag keep their order; tags are in records of their own.
        let mut read: Vec<(i32, Vec<Vec<Numbers>>)> = Vec::new();
        let mut events = reader.events();
        while let Some(event) = events.next().unwrap() {
            let bank = |schema: &Arc<Schema>| {
                let bank = event.bank(schema).unwrap();
                (0..schema.columns().len()).map(|column| bank.column(column).unwrap()).collect()
            };
            read.push((event.tag(), schemas.iter().map(bank).collect()));
        }
        for tag in -2..3 {
            let of = |all: &[(i32, Vec<Vec<Numbers>>)]| -> Vec<Vec<Vec<u8>>> {
                let banks = all.iter().filter(|(found, _)| *found == tag).map(|(_, banks)| banks);
                banks.map(|banks| banks.iter().flatten().map(|numbers| numbers.bytes().to_vec()).collect()).collect()
            };
            prop_assert_eq!(of(&read), of(&written), "tag {}", tag);
        }
        // Columns are the same numbers in the order of the events.
        for (at, schema) in schemas.iter().enumerate() {
            let columns = reader.read_columns::<&str>(schema.name(), &[]).unwrap();
            prop_assert_eq!(columns.events(), read.len());
            for (index, column) in columns.columns.iter().enumerate() {
                let wanted: Vec<u8> = read.iter().flat_map(|(_, banks)| banks[at][index].bytes().to_vec()).collect();
                prop_assert_eq!(column.values.bytes(), wanted.as_slice());
                for (event, (_, banks)) in read.iter().enumerate() {
                    prop_assert_eq!(columns.rows_of(event).len() * column.count, banks[at][index].len());
                }
            }
        }
        prop_assert!(hipo::check(&path, &mut |_, _| Ok(())).unwrap().is_whole());
    }

    #[test]
    fn composites_come_back(
        kinds in prop::collection::vec(kinds(), 1..8),
        rows in 0..20_usize,
        mut seed in 1..u64::MAX,
    ) {
        let format: String = kinds.iter().map(|kind| kind.letter().to_ascii_lowercase()).collect();
        let columns: Vec<Numbers> = kinds.iter().map(|kind| numbers(*kind, rows, &mut seed)).collect();
        let mut composite = CompositeBuilder::new(7, 8, &format).unwrap();
        for row in 0..rows {
            let numbers: Vec<Number> = columns.iter().filter_map(|column| column.get(row)).collect();
            composite.push(&numbers).unwrap();
        }
        let mut event = EventBuilder::new();
        event.add_composite(&composite).unwrap().add_text(1, 1, "behind").unwrap();
        let event = hipo::Event::from_bytes("event", event.finish().unwrap(), hipo::ByteOrder::Little).unwrap();
        let found: Composite<'_> = event.structure(7, 8).unwrap().unwrap().composite().unwrap().unwrap();
        prop_assert_eq!(found.rows(), rows);
        for (field, column) in columns.iter().enumerate() {
            let read = found.column(field).unwrap();
            prop_assert_eq!(read.bytes(), column.bytes());
        }
        // What follows a composite is found: its format length is no part of its length.
        prop_assert_eq!(event.structure(1, 1).unwrap().unwrap().text(), "behind");
    }
}
