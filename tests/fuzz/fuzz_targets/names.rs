//! Any text as a process name, and as a grammar: an error, or a name that reads back as itself.
#![no_main]

#[allow(dead_code)]
#[path = "../../../prelude/belle2/src/names/mod.rs"]
mod names;

use libfuzzer_sys::fuzz_target;
use names::Grammar;

fuzz_target!(|text: &str| {
    if let Ok(parsed) = Grammar::default().parse(text) {
        assert_eq!(names::bare(text), parsed.name);
        assert_eq!(Grammar::default().parse(&parsed.name).as_ref(), Ok(&parsed));
        assert_eq!(parsed.is_data, parsed.sample.is_none());
    }
    // The first line as a pattern, the rest as a name.
    if let Some((pattern, name)) = text.split_once('\n')
        && let Ok(grammar) = Grammar::from_toml(&format!("patterns = ['''{pattern}''']"))
    {
        let _ = grammar.parse(name);
    }
});
