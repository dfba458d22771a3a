//! Everything but cells: kernel info, completion, inspection, completeness, comms, stdin; no subshells.

use crate::front::Channel::{Control, Iopub, Shell, Stdin};
use crate::front::{Front, request};
use crate::scripted::Kernel;
use serde_json::{Value, json};

#[test]
fn kernel_info_says_everything_on_both_channels() {
    let mut kernel = Kernel::start();
    for channel in [Shell, Control] {
        let info = kernel.ask(channel, "kernel_info_request", json!({})).reply;
        assert_eq!(info["status"], "ok");
        assert_eq!(info["implementation"], "recoil");
        assert_eq!(info["supported_features"], json!(["iopub_welcome"]));
        let language = &info["language_info"];
        assert_eq!((&language["name"], &language["file_extension"]), (&json!("rust"), &json!(".rs")));
        assert_eq!((&language["pygments_lexer"], &language["codemirror_mode"]), (&json!("rust"), &json!("rust")));
        assert!(language["version"].as_str().is_some_and(|version| version.starts_with("1.")));
        assert!(info["help_links"].as_array().is_some_and(|links| !links.is_empty()));
        assert!(info["banner"].as_str().is_some_and(|banner| !banner.is_empty()));
    }
}

#[test]
fn cursors_count_code_points() {
    let mut kernel = Kernel::start();
    let code = "😀😀 pr";
    let reply = kernel.ask(Shell, "complete_request", json!({"code": code, "cursor_pos": 5})).reply;
    assert_eq!((&reply["cursor_start"], &reply["cursor_end"]), (&json!(3), &json!(5)));
    assert_eq!(reply["matches"], json!(["print"]));
    let kinds = &reply["metadata"]["_jupyter_types_experimental"];
    assert_eq!((&kinds[0]["start"], &kinds[0]["type"]), (&json!(3), &json!("keyword")));
    let at_end = kernel.ask(Shell, "complete_request", json!({"code": code})).reply;
    assert_eq!(at_end["cursor_end"], 5);
    let far = kernel.ask(Shell, "complete_request", json!({"code": code, "cursor_pos": 99})).reply;
    assert_eq!(far["cursor_end"], 5);
    let found = kernel.ask(Shell, "inspect_request", json!({"code": "value ä", "cursor_pos": 7, "detail_level": 1}));
    assert_eq!(found.reply["data"]["text/plain"], "at 8, detail 1");
    let missing = kernel.ask(Shell, "inspect_request", json!({"code": "x", "cursor_pos": 1})).reply;
    assert_eq!(Value::Object(missing), json!({"status": "ok", "found": false, "data": {}, "metadata": {}}));
}

#[test]
fn a_crash_of_the_completer_is_an_error_reply() {
    let mut kernel = Kernel::start();
    let caused = kernel.ask(Shell, "complete_request", json!({"code": "crash", "cursor_pos": 5}));
    assert_eq!(caused.reply["status"], "error");
    let again = kernel.ask(Shell, "complete_request", json!({"code": "pr", "cursor_pos": 2}));
    assert_eq!(again.reply["matches"], json!(["print"]));
}

#[test]
fn completeness_has_three_answers() {
    let mut kernel = Kernel::start();
    let mut is = |code: &str| Value::Object(kernel.ask(Shell, "is_complete_request", json!({"code": code})).reply);
    assert_eq!(is("value 1"), json!({"status": "complete"}));
    assert_eq!(is("value 1\\"), json!({"status": "incomplete", "indent": "  "}));
    assert_eq!(is(""), json!({"status": "invalid"}));
}

#[test]
fn questions_are_answered_while_a_cell_runs_and_the_state_stays_busy() {
    let mut kernel = Kernel::start();
    let cell = kernel.send(Shell, "execute_request", json!({"code": "hang"}));
    assert_eq!(kernel.receive(Iopub).content["execution_state"], "busy");
    assert_eq!(kernel.receive(Iopub).kind(), "execute_input");
    for kind in ["complete_request", "inspect_request", "kernel_info_request", "comm_info_request"] {
        let id = kernel.send(Shell, kind, json!({"code": "value", "cursor_pos": 5}));
        let reply = kernel.receive(Shell);
        assert_eq!((&reply.parent_header["msg_id"], &reply.content["status"]), (&json!(id), &json!("ok")));
        let states = [(); 3].map(|()| kernel.receive(Iopub));
        let states =
            states.map(|state| (state.parent_header["msg_id"].clone(), state.content["execution_state"].clone()));
        let expected = [(&id, "busy"), (&id, "idle"), (&cell, "busy")].map(|(id, state)| (json!(id), json!(state)));
        assert_eq!(states, expected);
    }
    let interrupt = kernel.send(Control, "interrupt_request", json!({}));
    assert_eq!(kernel.receive(Control).content["status"], "ok");
    assert_eq!(kernel.receive(Shell).content["ename"], "Interrupted");
    // Interrupt and cell end at the same time: their states may mix.
    let mut left = vec![(interrupt.clone(), "busy"), (interrupt, "idle"), (cell, "idle")];
    while !left.is_empty() {
        let message = kernel.receive(Iopub);
        let state = message.content.get("execution_state").and_then(Value::as_str).unwrap_or_default();
        left.retain(|(id, expected)| !(message.parent_header["msg_id"] == *id && state == *expected));
    }
}

/// They would have to run cells side by side. A front end that asks all the same is told so.
#[test]
fn there_are_no_subshells() {
    let mut kernel = Kernel::start();
    let made = kernel.ask(Control, "create_subshell_request", json!({})).reply;
    assert_eq!(made["ename"], "Unsupported", "{made:?}");
    let mut message = request("complete_request", json!({"code": "pr"}));
    message.header.insert("subshell_id".into(), json!("a"));
    let sent = kernel.send_message(Shell, message);
    assert_eq!(kernel.take(Shell, &sent).reply["ename"], "NoSubshell");
}

#[test]
fn comms_of_our_target_live_and_others_are_closed() {
    let mut kernel = Kernel::start();
    let mut say = |kind: &str, content: Value| {
        let id = kernel.send(Shell, kind, content);
        kernel.take_published(&id)
    };
    let closed = say("comm_open", json!({"comm_id": "w", "target_name": "jupyter.widget", "data": {}}));
    assert_eq!(closed[0].kind(), "comm_close");
    assert_eq!(closed[0].content["comm_id"], "w");
    let opened = say("comm_open", json!({"comm_id": "c", "target_name": "recoil.session"}));
    assert_eq!(opened[0].content["data"], json!({"next_cell": 1, "busy": false}));
    assert_eq!(say("comm_msg", json!({"comm_id": "c", "data": {}}))[0].kind(), "comm_msg");
    assert!(say("comm_msg", json!({"comm_id": "unknown", "data": {}})).is_empty());
    let open = kernel.ask(Shell, "comm_info_request", json!({})).reply;
    assert_eq!(open["comms"], json!({"c": {"target_name": "recoil.session"}}));
    let none = kernel.ask(Shell, "comm_info_request", json!({"target_name": "other"})).reply;
    assert_eq!(none["comms"], json!({}));
    // As some clients do: without data.
    let id = kernel.send(Shell, "comm_close", json!({"comm_id": "c"}));
    assert!(kernel.take_published(&id).is_empty());
    assert_eq!(kernel.ask(Shell, "comm_info_request", json!({})).reply["comms"], json!({}));
}

fn expect_question(kernel: &mut Front, cell: &str, password: bool) -> recoil_kernel::wire::Message {
    let question = kernel.receive(Stdin);
    assert_eq!(question.kind(), "input_request");
    assert_eq!(question.parent_header["msg_id"], cell);
    assert_eq!(Value::Object(question.content.clone()), json!({"prompt": "name?", "password": password}));
    question
}

#[test]
fn questions_to_the_user_are_answered() {
    let mut kernel = Kernel::start();
    for (code, password) in [("print before\nask name?", false), ("secret name?", true)] {
        let cell = kernel.send(Shell, "execute_request", json!({"code": code}));
        let question = expect_question(&mut kernel, &cell, password);
        // An answer to an older question changes nothing.
        let mut stale = request("input_reply", json!({"value": "stale"}));
        stale.parent_header = request("input_request", json!({})).header;
        kernel.send_message(Stdin, stale);
        let mut answer = request("input_reply", json!({"value": "Ada"}));
        answer.parent_header = question.header;
        kernel.send_message(Stdin, answer);
        let caused = kernel.take(Shell, &cell);
        let last = caused.published.last().expect("a result");
        assert_eq!(last.content["data"]["text/plain"], "Ada");
    }
}

#[test]
fn an_interrupt_ends_a_question_and_without_stdin_there_is_none() {
    let mut kernel = Kernel::start();
    let cell = kernel.send(Shell, "execute_request", json!({"code": "ask name?"}));
    expect_question(&mut kernel, &cell, false);
    assert_eq!(kernel.receive(Iopub).kind(), "status");
    assert_eq!(kernel.receive(Iopub).kind(), "execute_input");
    kernel.send(Control, "interrupt_request", json!({}));
    assert_eq!(kernel.receive(Control).content["status"], "ok");
    assert_eq!(kernel.receive(Shell).content["ename"], "Interrupted");
    let mut idle = 0;
    while idle < 2 {
        idle += usize::from(kernel.receive(Iopub).content.get("execution_state") == Some(&json!("idle")));
    }
    let without = json!({"code": "ask name?", "allow_stdin": false});
    let caused = kernel.ask(Shell, "execute_request", without);
    assert_eq!(caused.reply["evalue"], "no answer possible");
}

#[test]
fn a_value_in_the_worker_talks_to_its_widget() {
    let mut kernel = Kernel::start();
    let caused = kernel.execute("widget w\nwidget v");
    assert_eq!(caused.kinds(), ["execute_input", "comm_open", "comm_open"]);
    let open = &caused.published[1];
    assert_eq!(open.content["target_name"], "jupyter.widget");
    assert_eq!(open.content["comm_id"], "w");
    assert_eq!(open.metadata["version"], "2.1.0");
    let listed = kernel.ask(Shell, "comm_info_request", json!({"target_name": "jupyter.widget"})).reply;
    assert_eq!(listed["comms"].as_object().expect("comms").len(), 2);
    // What the front end says reaches the worker; this one says it back, as output of its last cell.
    let id = kernel.send(Shell, "comm_msg", json!({"comm_id": "w", "data": {"method": "update"}}));
    let mut said = Vec::new();
    while said.len() < 3 {
        said.push(kernel.receive(Iopub));
    }
    let echo = said.iter().find(|message| message.kind() == "comm_msg").expect("an echo");
    assert_eq!(echo.content["data"], json!({"method": "update"}));
    assert_ne!(echo.parent_header["msg_id"], id);
    let id = kernel.send(Shell, "comm_close", json!({"comm_id": "w"}));
    let mut kinds: Vec<String> = (0..3).map(|_| kernel.receive(Iopub).kind().to_owned()).collect();
    kinds.sort();
    assert_eq!(kinds, ["comm_close", "status", "status"], "{id}");
    // A worker that ends takes its comms along.
    let caused = kernel.execute("die");
    assert_eq!(caused.kinds(), ["execute_input", "comm_close"]);
    assert_eq!(caused.published[1].content["comm_id"], "v");
    assert_eq!(kernel.ask(Shell, "comm_info_request", json!({})).reply["comms"], json!({}));
}
