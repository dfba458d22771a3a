//! Any text as a cut: an error with a place, or an expression whose printed form reads back as itself.
#![no_main]

#[allow(dead_code)]
#[path = "../../../prelude/cut/src/error.rs"]
mod error;
// What the files of the room import from the room `segment`, which links Polars.
extern crate self as segment;
#[allow(dead_code)]
#[path = "../../../prelude/segment/src/sealed.rs"]
mod sealed;
pub use sealed::Sealed;
#[path = "../../../prelude/segment/src/zone.rs"]
mod zone;
pub use zone::UNNAMED_ZONE;
#[allow(dead_code)]
#[path = "../../../prelude/cut/src/lookup.rs"]
mod lookup;
#[allow(dead_code)]
#[path = "../../../prelude/cut/src/syntax/mod.rs"]
mod syntax;
#[allow(dead_code)]
#[path = "../../../prelude/cut/src/times.rs"]
mod times;
#[allow(dead_code)]
#[path = "../../../prelude/cut/src/value.rs"]
mod value;

use error::Error;
use libfuzzer_sys::fuzz_target;
use syntax::parse;

fuzz_target!(|text: &str| {
    match parse::parse(text) {
        Err(problem) => {
            assert!(problem.span.start <= problem.span.end && problem.span.end <= text.len());
            assert!(!Error::new(text, vec![problem]).to_string().is_empty());
        }
        Ok(parsed) => {
            let printed = parsed.expr.to_string();
            match parse::parse(&printed) {
                Ok(again) => assert_eq!(again.expr.to_string(), printed),
                // Printing adds brackets, of which there may then be too many.
                Err(problem) => assert!(problem.reason.contains("deeper"), "{printed}: {}", problem.reason),
            }
        }
    }
});
