//! Any bytes as a file: opened, read as columns, checked and salvaged.
#![no_main]

use std::sync::Arc;

use hipo::{MemoryFile, Reader, ReaderOptions, Stream};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let stream: Arc<dyn Stream> = Arc::new(MemoryFile::new("fuzz", bytes.to_vec()));
    if let Ok(reader) = Reader::from_stream(Arc::clone(&stream), &ReaderOptions::default()) {
        for schema in reader.dictionary().schemas() {
            let _ = reader.read_columns::<&str>(schema.name(), &[]);
        }
        let mut events = reader.events();
        while let Ok(Some(event)) = events.next() {
            let _ = event.check();
        }
    }
    let _ = hipo::check_stream(&stream, &mut |_, _| Ok(()));
    let new = std::env::temp_dir().join(format!("hipo-fuzz-{}.hipo", std::process::id()));
    let _ = hipo::salvage_stream(&stream, &new, &mut |_, _| Ok(()));
    let _ = std::fs::remove_file(new);
});
