//! Connection files: reading never panics, and what is read names five endpoints.
#![no_main]

#[allow(dead_code)]
#[path = "../../../kernel/src/evaluator.rs"]
mod evaluator;
#[allow(dead_code)]
#[path = "../../../kernel/src/wire/mod.rs"]
mod wire;

use libfuzzer_sys::fuzz_target;
use wire::Connection;

fuzz_target!(|text: &str| {
    let Ok(connection) = Connection::parse(text) else { return };
    for port in [connection.shell_port, connection.iopub_port, connection.hb_port] {
        assert!(connection.endpoint(port).contains("://"));
    }
    let written = serde_json::to_string(&connection).expect("a connection can be written");
    Connection::parse(&written).expect("what was written can be read");
});
