//! Any text as a schema in either form: an error, or a schema that its own forms give again.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(schema) = hipo::Schema::parse(text) {
        assert_eq!(hipo::Schema::parse(&schema.to_string()).unwrap(), schema);
    }
    if let Ok(schema) = hipo::Schema::parse_json(text) {
        assert!(hipo::Schema::parse_json(&schema.to_json()).unwrap().same_layout(&schema));
    }
});
