//! Any format and any bytes as a composite: rows and columns agree.
#![no_main]

use hipo::{ByteOrder, COMPOSITE, Structure};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((format_length, payload)) = bytes.split_first() else { return };
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let format_length = usize::from(*format_length);
        let structure = Structure { group: 1, item: 1, kind: COMPOSITE, format_length, payload, order };
        let Some(Ok(composite)) = structure.composite() else { continue };
        for field in 0..composite.fields().len() {
            let column = composite.column(field).unwrap();
            assert_eq!(column.len(), composite.rows());
            for row in 0..composite.rows().min(100) {
                let (one, other) = (composite.get(field, row).unwrap(), column.get(row).unwrap());
                assert_eq!(one.to_string(), other.to_string());
            }
        }
    }
});
