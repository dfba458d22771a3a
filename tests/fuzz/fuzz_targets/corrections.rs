//! Any text as a file of corrections: an error with words, or corrections that have a value or a reason for any inputs.
#![no_main]

use corrections::{Input, Kind, Set};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&[u8], f64, i64, &str)| {
    let (bytes, real, integer, text) = data;
    let set = match Set::read(bytes) {
        Ok(set) => set,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let names: Vec<String> = set.names().map(str::to_owned).collect();
    for correction in names.iter().filter_map(|name| set.get(name).ok()) {
        let input = |kind: Kind| match kind {
            Kind::Real => Input::Real(real),
            Kind::Integer => Input::Integer(integer),
            Kind::Text => Input::Text(text),
        };
        let inputs: Vec<Input> = correction.inputs.iter().map(|wanted| input(wanted.kind)).collect();
        if let Err(reason) = correction.value(&inputs) {
            assert!(!reason.to_string().is_empty());
        }
        assert!(correction.value(&[]).is_ok() || !correction.inputs.is_empty());
    }
});
