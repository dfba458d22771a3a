//! Frames from a socket: decoding never panics, and what decodes can be encoded and decoded again.
#![no_main]

// Only the two rooms, not the kernel with its compiler: a fuzz build takes seconds.
#[allow(dead_code)]
#[path = "../../../kernel/src/evaluator.rs"]
mod evaluator;
#[allow(dead_code)]
#[path = "../../../kernel/src/wire/mod.rs"]
mod wire;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use wire::{Message, Signer};

fuzz_target!(|data: &[u8]| {
    let signer = Signer::new("");
    // Frames are separated by a byte that JSON text has no use for.
    let frames: Vec<Bytes> = data.split(|byte| *byte == 0).map(Bytes::copy_from_slice).collect();
    let keyed = Signer::new("key");
    assert!(Message::decode(frames.clone(), &keyed).is_err() || frames.len() > 5);
    let Ok(message) = Message::decode(frames, &signer) else { return };
    let again = Message::decode(message.encode(&keyed), &keyed);
    let again = again.expect("what was decoded can be sent");
    assert_eq!(again.header, message.header);
    assert_eq!(again.content, message.content);
    let _ = wire::request::<wire::execute::ExecuteRequest>(&message.content);
    let _ = wire::request::<wire::history::HistoryRequest>(&message.content);
    if let Ok(request) = wire::request::<wire::complete::CompleteRequest>(&message.content) {
        let position = request.cursor_pos.unwrap_or(0);
        let offset = wire::text::byte_offset(&request.code, position);
        assert!(request.code.is_char_boundary(offset));
        assert!(wire::text::position(&request.code, offset) <= position);
    }
});
