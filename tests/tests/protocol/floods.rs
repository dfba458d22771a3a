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
