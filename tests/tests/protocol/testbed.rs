//! What two programs from outside ask of a kernel, put to the program: the 27 conditions of runtimed's kernel-testbed, message by
//! message and in its order, and two of a probe of our own that the other tests do not have.
//!
//! The testbed reads messages as the crate `jupyter_protocol` does, and so does its test: a reply that clients of that crate
//! cannot read fails. Conditions that it lets pass with half a point must hold in full.

use crate::front::Caused;
use crate::front::Channel::{Control, Iopub, Shell, Stdin};
use crate::front::request;
use crate::real::Program;
use jupyter_protocol::JupyterMessage;
use recoil_kernel::wire::Message;
use recoil_tests::kernel::Home;
use serde_json::{Value, json};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// A condition: its name in the testbed, and what does not hold.
type Condition = (&'static str, fn(&mut Program) -> Result<(), String>);

/// By tier: 1 (without `shutdown_reply`, which comes last), 2, 3, 4.
const CONDITIONS: [Condition; 27] = [
    ("heartbeat_responds", heartbeat_responds),
    ("iopub_welcome", iopub_welcome),
    ("kernel_info_reply_valid", kernel_info_reply_valid),
    ("kernel_info_has_language_info", kernel_info_has_language_info),
    ("kernel_info_has_protocol_version", kernel_info_has_protocol_version),
    ("execute_stdout", execute_stdout),
    ("execute_stderr", execute_stderr),
    ("execute_reply_ok", execute_reply_ok),
    ("status_busy_idle_lifecycle", status_busy_idle_lifecycle),
    ("execute_input_broadcast", execute_input_broadcast),
    ("complete_request", complete_request),
    ("inspect_request", inspect_request),
    ("is_complete_complete", is_complete_complete),
    ("is_complete_incomplete", is_complete_incomplete),
    ("history_request", history_request),
    ("comm_info_request", comm_info_request),
    ("error_handling", error_handling),
    ("display_data", display_data),
    ("update_display_data", update_display_data),
    ("execute_result", execute_result),
    ("rich_execute_result", rich_execute_result),
    ("stdin_input_request", stdin_input_request),
    ("comms_lifecycle", comms_lifecycle),
    ("interrupt_request", interrupt_request),
    ("execution_count_increments", execution_count_increments),
    ("parent_header_correlation", parent_header_correlation),
    ("shutdown_reply", shutdown_reply),
];

const WHOLE: &str = "let x = 1;";
const VARIABLE: &str = "test_variable_for_completion";

#[test]
fn all_conditions_of_the_kernel_testbed_hold() {
    let mut program = Program::start();
    let mut wrong = Vec::new();
    for (name, holds) in CONDITIONS {
        if let Err(reason) = holds(&mut program) {
            wrong.push(format!("{name}: {reason}"));
        }
    }
    let held = CONDITIONS.len() - wrong.len();
    assert!(wrong.is_empty(), "{held}/27 hold\n{}", wrong.join("\n"));
}

/// The probe's condition on partial lines. The cell prints when it does so, by the clock that this test has, too.
#[test]
fn a_partial_line_shows_within_a_fifth_of_a_second_without_a_flush() {
    let mut program = Program::start();
    let code = "use std::time::{SystemTime, UNIX_EPOCH};\n\
                print!(\"at {}.\", SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros()); \
                std::thread::sleep(std::time::Duration::from_secs(3)); println!(\"end\");";
    let took = |program: &mut Program| {
        let cell = program.start_cell(code);
        let printed = loop {
            let message = program.receive(Iopub);
            if message.kind() == "stream" {
                break message.content["text"].as_str().expect("text").to_owned();
            }
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_micros();
        assert_eq!(program.reply_of(&cell)["status"], "ok");
        let at = printed.strip_prefix("at ").and_then(|text| text.strip_suffix('.')).map(str::parse::<u128>);
        now - at.unwrap_or_else(|| panic!("the line is not whole, or more than it: {printed:?}")).expect("a number")
    };
    // Another program may hold up one of them.
    let times: Vec<u128> = (0..3).map(|_| took(&mut program)).collect();
    assert!(times.iter().all(|time| *time < 2_000_000), "while the cell runs: {times:?}");
    assert!(times.iter().any(|time| *time < 200_000), "microseconds: {times:?}");
}

/// The probe's condition on signals: who starts the kernel by its kernelspec, which asks for messages, may send one all the same.
#[test]
fn a_signal_interrupts_although_the_kernelspec_says_message() {
    let home = Home::new();
    let file = home.path().join("share/jupyter/kernels/recoil/kernel.json");
    let spec: Value = serde_json::from_slice(&std::fs::read(file).expect("a kernelspec")).expect("JSON");
    assert_eq!(spec["interrupt_mode"], "message");
    let argv: Vec<&str> = spec["argv"].as_array().expect("argv").iter().filter_map(Value::as_str).collect();
    let [program, arguments @ .., "{connection_file}"] = argv.as_slice() else { panic!("{argv:?}") };
    let mut command = Command::new(program);
    command.args(arguments);
    let mut program = Program::start_by(command);
    assert_eq!(program.execute("let kept = 41;").reply["status"], "ok");
    for _ in 0..2 {
        let cell = program.start_cell("println!(\"running\"); let mut n = 0_u64; loop { n = n.wrapping_add(1); }");
        program.until_text("running");
        program.signal(program.kernel(), libc::SIGINT);
        assert_eq!(program.reply_of(&cell)["ename"], "Interrupted");
        assert_eq!(program.value("kept + 1"), "42");
    }
}

fn holds(condition: bool, otherwise: impl std::fmt::Debug) -> Result<(), String> {
    if condition { Ok(()) } else { Err(format!("{otherwise:?}")) }
}

/// Whether a client of `jupyter_protocol` can read the message.
fn read(message: &Message) -> Result<(), String> {
    let whole = json!({
        "header": message.header, "parent_header": message.parent_header, "metadata": message.metadata, "content": message.content,
    });
    let read = serde_json::from_value::<JupyterMessage>(whole).map_err(|error| format!("{error} in {message:?}"))?;
    holds(read.parent_header.is_some(), message)?;
    holds(read.content.message_type() == message.kind(), message)
}

/// All that a request causes, in messages that can be read.
fn ask(program: &mut Program, kind: &str, content: Value) -> Result<Caused, String> {
    let id = program.send(Shell, kind, content);
    let reply = program.receive(Shell);
    holds(reply.parent_header["msg_id"] == id && reply.kind() == kind.replace("_request", "_reply"), &reply)?;
    read(&reply)?;
    let published = program.take_published(&id);
    published.iter().try_for_each(read)?;
    Ok(Caused { reply: reply.content, published })
}

/// The fields as the testbed's client sends them.
fn execute(program: &mut Program, code: &str) -> Result<Caused, String> {
    let content = json!({
        "code": code, "silent": false, "store_history": true, "user_expressions": null, "allow_stdin": false, "stop_on_error": true,
    });
    ask(program, "execute_request", content)
}

fn ok(program: &mut Program, kind: &str, content: Value) -> Result<Caused, String> {
    let caused = ask(program, kind, content)?;
    holds(caused.reply["status"] == "ok", &caused)?;
    Ok(caused)
}

/// Runs a cell that must publish messages of these kinds.
fn publishes(program: &mut Program, code: &str, kinds: &[&str]) -> Result<Caused, String> {
    let caused = execute(program, code)?;
    holds(kinds.iter().all(|kind| caused.kinds().contains(kind)), &caused)?;
    Ok(caused)
}

fn heartbeat_responds(program: &mut Program) -> Result<(), String> {
    holds(program.beat(b"ping") == b"ping", "no echo")
}

/// The front end takes the welcome when it connects, and fails without one; a second one sees it again.
fn iopub_welcome(program: &mut Program) -> Result<(), String> {
    drop(crate::front::Front::connect(program.connection()));
    Ok(())
}

fn kernel_info(program: &mut Program) -> Result<Caused, String> {
    ask(program, "kernel_info_request", json!({}))
}

fn kernel_info_reply_valid(program: &mut Program) -> Result<(), String> {
    let caused = kernel_info(program)?;
    holds(caused.reply["status"] == "ok", caused)
}

fn kernel_info_has_language_info(program: &mut Program) -> Result<(), String> {
    let caused = kernel_info(program)?;
    holds(caused.reply["language_info"]["name"] == "rust", caused)
}

fn kernel_info_has_protocol_version(program: &mut Program) -> Result<(), String> {
    let caused = kernel_info(program)?;
    holds(caused.reply["protocol_version"].as_str().is_some_and(|version| version.starts_with("5.")), caused)
}

fn execute_stdout(program: &mut Program) -> Result<(), String> {
    let caused = publishes(program, "println!(\"hello\");", &["stream"])?;
    holds(caused.text("stdout").contains("hello"), caused)
}

fn execute_stderr(program: &mut Program) -> Result<(), String> {
    let caused = publishes(program, "eprintln!(\"error\");", &["stream"])?;
    holds(caused.text("stderr").contains("error"), caused)
}

fn execute_reply_ok(program: &mut Program) -> Result<(), String> {
    let caused = execute(program, WHOLE)?;
    holds(caused.reply["status"] == "ok", caused)
}

/// `take_published` fails unless busy comes first and idle last.
fn status_busy_idle_lifecycle(program: &mut Program) -> Result<(), String> {
    execute(program, WHOLE).map(|_| ())
}

fn execute_input_broadcast(program: &mut Program) -> Result<(), String> {
    let caused = publishes(program, WHOLE, &["execute_input"])?;
    holds(caused.published[0].content["code"] == WHOLE, caused)
}

/// The testbed takes any reply; here the variable must be offered.
fn complete_request(program: &mut Program) -> Result<(), String> {
    execute(program, &format!("let {VARIABLE} = 42;"))?;
    let typed = "test_variable_for_";
    let caused = ok(program, "complete_request", json!({"code": typed, "cursor_pos": typed.len()}))?;
    holds(caused.reply["matches"] == json!([VARIABLE]), caused)
}

fn inspect_request(program: &mut Program) -> Result<(), String> {
    execute(program, &format!("let {VARIABLE} = 42;"))?;
    let content = json!({"code": VARIABLE, "cursor_pos": VARIABLE.len(), "detail_level": 0});
    let caused = ok(program, "inspect_request", content)?;
    holds(caused.reply["found"] == true, caused)
}

fn is_complete(program: &mut Program, code: &str, status: &str) -> Result<(), String> {
    let caused = ask(program, "is_complete_request", json!({"code": code}))?;
    holds(caused.reply["status"] == status, caused)
}

fn is_complete_complete(program: &mut Program) -> Result<(), String> {
    is_complete(program, WHOLE, "complete")
}

fn is_complete_incomplete(program: &mut Program) -> Result<(), String> {
    is_complete(program, "fn foo(", "incomplete")
}

fn history_request(program: &mut Program) -> Result<(), String> {
    execute(program, WHOLE)?;
    let content = json!({"hist_access_type": "tail", "n": 10, "output": false, "raw": true});
    let caused = ok(program, "history_request", content)?;
    let last = caused.reply["history"].as_array().and_then(|all| all.last().cloned());
    holds(last.is_some_and(|entry| entry[2] == WHOLE), caused)
}

fn comm_info_request(program: &mut Program) -> Result<(), String> {
    ok(program, "comm_info_request", json!({"target_name": null})).map(|_| ())
}

/// The testbed wants an error in the reply or on iopub; here it must be in both.
fn error_handling(program: &mut Program) -> Result<(), String> {
    let caused = publishes(program, "fn fn", &["error"])?;
    holds(caused.reply["status"] == "error", caused)
}

fn display_data(program: &mut Program) -> Result<(), String> {
    publishes(program, "display(Html(\"<b>bold</b>\"));", &["display_data"]).map(|_| ())
}

fn update_display_data(program: &mut Program) -> Result<(), String> {
    let code = "display_with_id(\"one\", Html(\"<b>initial</b>\")); update_display(\"one\", Html(\"<b>updated</b>\"));";
    let caused = publishes(program, code, &["display_data", "update_display_data"])?;
    let ids: Vec<_> = caused.published[1..].iter().map(|message| &message.content["transient"]["display_id"]).collect();
    holds(ids[0].is_string() && ids[0] == ids[1], caused)
}

fn execute_result(program: &mut Program) -> Result<(), String> {
    let caused = publishes(program, "1 + 1", &["execute_result"])?;
    holds(caused.published.last().is_some_and(|result| result.content["data"]["text/plain"] == "2"), caused)
}

fn rich_execute_result(program: &mut Program) -> Result<(), String> {
    let caused = publishes(program, "Html(\"<b>bold</b>\")", &["execute_result"])?;
    holds(caused.published.last().is_some_and(|result| result.content["data"]["text/html"] == "<b>bold</b>"), caused)
}

fn stdin_input_request(program: &mut Program) -> Result<(), String> {
    let content = json!({"code": "println!(\"{}\", input(\"Enter: \"));", "allow_stdin": true});
    let cell = program.send(Shell, "execute_request", content);
    let question = program.receive(Stdin);
    read(&question)?;
    holds(question.kind() == "input_request" && question.parent_header["msg_id"] == cell, &question)?;
    let mut answer = request("input_reply", json!({"value": "\"test_input_42\"", "status": "ok"}));
    answer.parent_header = question.header;
    program.send_message(Stdin, answer);
    let caused = program.take(Shell, &cell);
    holds(caused.reply["status"] == "ok" && caused.text("stdout").contains("test_input_42"), caused)
}

fn comms_lifecycle(program: &mut Program) -> Result<(), String> {
    let open = json!({"comm_id": "test-comm", "target_name": "jupyter.kernel_testbed.test", "data": {}});
    let id = program.send(Shell, "comm_open", open);
    let closed = program.take_published(&id);
    closed.iter().try_for_each(read)?;
    holds(
        closed.iter().any(|message| message.kind() == "comm_close" && message.content["comm_id"] == "test-comm"),
        closed,
    )?;
    // And it still answers.
    let id = program.send(Shell, "comm_close", json!({"comm_id": "test-comm", "data": {}}));
    program.take_published(&id);
    execute_reply_ok(program)
}

fn interrupt_request(program: &mut Program) -> Result<(), String> {
    on_control(program, "interrupt_request", json!({}))
}

fn execution_count_increments(program: &mut Program) -> Result<(), String> {
    let [first, second] = [(); 2].map(|()| execute(program, WHOLE));
    let (first, second) = (first?.reply["execution_count"].as_u64(), second?.reply["execution_count"].as_u64());
    holds(first.is_some() && second > first, (first, second))
}

/// `take_published` fails unless all parents are the request; `read` fails without one.
fn parent_header_correlation(program: &mut Program) -> Result<(), String> {
    publishes(program, "println!(\"hello\");", &["execute_input", "stream"]).map(|_| ())
}

fn shutdown_reply(program: &mut Program) -> Result<(), String> {
    on_control(program, "shutdown_request", json!({"restart": false}))?;
    holds(program.ends_well(), "it has not ended well")
}

fn on_control(program: &mut Program, kind: &str, content: Value) -> Result<(), String> {
    let id = program.send(Control, kind, content);
    let reply = program.receive(Control);
    read(&reply)?;
    holds(reply.kind() == kind.replace("_request", "_reply") && reply.content["status"] == "ok", &reply)?;
    let mut message = program.receive(Iopub);
    while message.content.get("execution_state") != Some(&json!("idle")) {
        message = program.receive(Iopub);
    }
    holds(message.parent_header["msg_id"] == id, message)
}
