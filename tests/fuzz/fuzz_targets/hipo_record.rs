//! Any bytes as a record: an error or events, never more memory than the bytes can justify.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let stream = hipo::MemoryFile::new("fuzz", bytes.to_vec());
    let mut record = hipo::Record::new();
    if record.load(&stream, 0, 0).is_ok() {
        for event in record.events().flatten() {
            let _ = event.check();
        }
    }
});
