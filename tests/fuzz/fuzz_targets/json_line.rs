//! Any text as a line of JSON: a fault at a border of characters, or a value that is the same when it is written and read again.
#![no_main]

#[allow(dead_code)]
#[path = "../../../prelude/sources/src/json/parse.rs"]
mod parse;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match parse::parse(text) {
        Err(wrong) => assert!(text.is_char_boundary(wrong.at) && !wrong.what.is_empty()),
        Ok(value) => {
            let written = value.to_string();
            assert_eq!(parse::parse(&written).as_ref(), Ok(&value), "{written}");
        }
    }
});
