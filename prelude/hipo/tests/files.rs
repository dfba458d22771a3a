//! Files from outside: what is written is read, what is damaged is told.

#[path = "files/damage.rs"]
mod damage;
#[path = "files/features.rs"]
mod features;
#[path = "files/round_trip.rs"]
mod round_trip;
#[path = "files/tools.rs"]
mod tools;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hipo::{EventBuilder, Numbers, Schema, Writer, WriterBuilder};

/// A folder of its own and a path in it.
fn place(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

fn particles() -> Arc<Schema> {
    Arc::new(Schema::parse("{REC::Particle/300/31}{pid/I,px/F,charge/B}").unwrap())
}

fn clusters() -> Arc<Schema> {
    Arc::new(Schema::parse("{REC::Calorimeter/300/32}{pindex/S,energy/F}").unwrap())
}

/// Event `number` has `number % 4` particles, and as many clusters that point at them backwards.
fn write(path: &Path, builder: WriterBuilder, events: i32) {
    let builder = builder.schema(particles()).unwrap().schema(clusters()).unwrap();
    let mut writer = builder.create(path).unwrap();
    let mut event = EventBuilder::new();
    for number in 0..events {
        event.reset();
        let rows = (number % 4) as usize;
        let mut bank = writer.bank("REC::Particle", rows).unwrap();
        bank.put_column("pid", &Numbers::I32((0..rows as i32).map(|row| 100 * number + row).collect())).unwrap();
        bank.put_column("px", &Numbers::F32(vec![number as f32; rows])).unwrap();
        let mut linked = writer.bank("REC::Calorimeter", rows).unwrap();
        linked.put_column("pindex", &Numbers::I16((0..rows as i16).rev().collect())).unwrap();
        event.add_bank(&bank).unwrap().add_bank(&linked).unwrap();
        writer.write(event.set_tag(number % 3)).unwrap();
    }
    writer.finish().unwrap();
}

fn small() -> WriterBuilder {
    Writer::builder().limits(10, 1 << 20)
}
