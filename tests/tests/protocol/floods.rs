//! Streams: first output at once, then coalesced, bounded, in order; late outputs find their cell.

use crate::front::Channel::{Iopub, Shell};
use crate::scripted::Kernel;
use serde_json::json;

#[test]
fn output_is_seen_while_the_cell_runs_partial_lines_too() {
    let mut kernel = Kernel::start();
    let cell = kernel.send(Shell, "execute_request", json!({"code": "partial 10 %\nhang"}));
    let kinds = [(); 3].map(|()| kernel.receive(Iopub));
    assert_eq!(kinds[2].content["text"], "10 %");
    assert_eq!(kinds[2].parent_header["msg_id"], cell);
    kernel.send(crate::front::Channel::Control, "interrupt_request", json!({}));
    kernel.receive(crate::front::Channel::Control);
    kernel.receive(Shell);
    let mut idle = 0;
    while idle < 2 {
        idle += usize::from(kernel.receive(Iopub).content.get("execution_state") == Some(&json!("idle")));
    }
}

#[test]
fn many_lines_become_few_messages_in_order() {
    let mut kernel = Kernel::start();
    let code: Vec<String> = (0..2_000).map(|number| format!("print {number}")).collect();
    let caused = kernel.execute(&code.join("\n"));
    let expected: String = (0..2_000).map(|number| format!("{number}\n")).collect();
    assert_eq!(caused.text("stdout"), expected);
    assert!(caused.published.len() < 100, "{} messages", caused.published.len());
}

#[test]
fn alternating_streams_become_few_messages_each_in_order() {
    let mut kernel = Kernel::start();
    let caused = kernel.execute("alternate 5000");
    let expected: String = (0..5_000).map(|number| format!("{number}\n")).collect();
    assert_eq!(caused.text("stdout"), expected);
    assert_eq!(caused.text("stderr"), expected);
    assert!(caused.published.len() < 1_000, "{} messages", caused.published.len());
}

#[test]
fn a_flood_is_bounded_and_says_so() {
    let mut kernel = Kernel::start();
    let caused = kernel.execute("flood 100");
    let shown = caused.text("stdout");
    assert!(shown.len() < 2_100_000, "{} bytes", shown.len());
    assert!(shown.ends_with("the end\n"));
    let notes = caused.text("stderr");
    assert!(notes.contains("more than 2000000 bytes"), "{notes}");
    assert!(notes.contains("bytes of output are not shown"), "{notes}");
    assert_eq!(kernel.execute("print fresh").text("stdout"), "fresh\n");
    let displays = kernel.execute("displays 5000");
    let shown = displays.kinds().iter().filter(|kind| **kind == "display_data").count();
    assert_eq!(shown, 2_000);
    assert!(displays.text("stderr").contains("displays"));
}

#[test]
fn updates_of_one_display_are_coalesced_and_the_last_one_wins() {
    let mut kernel = Kernel::start();
    let caused = kernel.execute("updates 10000\nclear wait");
    assert_eq!(caused.published[1].content["transient"], json!({"display_id": "bar"}));
    let updates: Vec<_> = caused.published.iter().filter(|message| message.kind() == "update_display_data").collect();
    assert!(updates.len() < 200, "{} updates", updates.len());
    assert_eq!(updates.last().expect("one").content["data"]["text/plain"], "10000");
    assert_eq!(caused.published.last().expect("one").content, *json!({"wait": true}).as_object().expect("one"));
}

#[test]
fn output_of_a_thread_that_outlives_its_cell_belongs_to_it() {
    let mut kernel = Kernel::start();
    let cell = kernel.send(Shell, "execute_request", json!({"code": "late hello"}));
    kernel.take(Shell, &cell);
    let late = kernel.receive(Iopub);
    assert_eq!((&late.parent_header["msg_id"], &late.content["text"]), (&json!(cell), &json!("hello")));
}

/// A console that was suspended must not stop the outputs of the others.
#[test]
fn a_subscriber_that_does_not_read_stops_nobody() {
    use std::io::Write;
    let mut kernel = Kernel::start();
    let address = ("127.0.0.1", kernel.connection.iopub_port);
    let mut stalled = std::net::TcpStream::connect(address).expect("connects");
    let mut greeting = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0];
    greeting.extend(b"NULL");
    greeting.resize(64, 0);
    greeting.extend(b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB");
    greeting.extend(b"\0\x01\x01");
    stalled.write_all(&greeting).expect("greets");
    for number in 1..=40 {
        let begun = std::time::Instant::now();
        let caused = kernel.execute("flood 2");
        assert_eq!(caused.reply["execution_count"], number);
        assert!(caused.text("stdout").len() > 1_900_000);
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "held up by the other");
    }
    // More than may pile up was said: it has been let go.
    stalled.set_read_timeout(Some(std::time::Duration::from_secs(30))).expect("sets");
    let read = std::io::copy(&mut stalled, &mut std::io::sink());
    assert!(read.is_ok_and(|bytes| bytes > 100), "disconnected");
}
