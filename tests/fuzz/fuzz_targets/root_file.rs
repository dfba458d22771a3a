//! ROOT files: whatever the bytes, opening and reading every column of every table never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = root::File::from_bytes("fuzz.root", bytes.to_vec()) else { return };
    for entry in file.tables() {
        let Ok(table) = file.table(&entry.path) else { continue };
        for start in table.clusters() {
            assert!(start < table.rows(), "a cluster that begins behind the rows");
        }
        for column in 0..table.columns().len() {
            // Few rows: damaged numbers of rows may be any.
            let rows = table.rows().min(1 << 16);
            if let Ok(values) = table.read(&[column], 0..rows) {
                assert_eq!(values[0].len() as u64, rows, "other rows than were asked for");
                assert_eq!(values[0].of(), table.columns()[column].of, "another type than the column has");
            }
        }
    }
});
