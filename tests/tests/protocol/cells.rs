//! Cells: order of what is published, numbers, silence, history, abort of the queue.

use crate::front::Channel::{Control, Shell};
use crate::front::request;
use crate::scripted::Kernel;
use serde_json::{Value, json};

#[test]
fn a_cell_publishes_its_input_its_outputs_and_its_result_in_order() {
    let mut kernel = Kernel::start();
    let caused = kernel.execute("print hello\neprint oops\ndisplay <svg>\nvalue 6");
    assert_eq!(caused.kinds(), ["execute_input", "stream", "stream", "display_data", "execute_result"]);
    assert_eq!(caused.published[0].content["execution_count"], 1);
    assert_eq!(caused.text("stdout"), "hello\n");
    assert_eq!(caused.text("stderr"), "oops\n");
    assert_eq!(caused.published[3].content["transient"], json!({}));
    assert_eq!(caused.published[4].content["data"], json!({"text/plain": "6"}));
    assert_eq!(caused.published[4].content["execution_count"], 1);
    let ok = json!({"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}});
    assert_eq!(Value::Object(caused.reply), ok);
    assert_eq!(kernel.execute("value 7").reply["execution_count"], 2);
}

#[test]
fn a_failed_cell_says_so_once_and_in_its_reply() {
    let mut kernel = Kernel::start();
    let caused = kernel.execute("fail no such column");
    assert_eq!(caused.kinds(), ["execute_input", "error"]);
    for content in [&caused.published[1].content, &caused.reply] {
        assert_eq!(content["ename"], "Error");
        assert_eq!(content["evalue"], "no such column");
        assert_eq!(content["traceback"].as_array().map(Vec::len), Some(1));
    }
    assert_eq!(caused.reply["status"], "error");
    assert_eq!(caused.reply["execution_count"], 1);
}

#[test]
fn a_panic_of_the_evaluator_is_a_failed_cell() {
    let mut kernel = Kernel::start();
    let caused = kernel.execute("panic at the disco");
    assert_eq!(caused.reply["ename"], "KernelError");
    assert!(caused.reply["evalue"].as_str().is_some_and(|value| value.contains("at the disco")));
    assert_eq!(kernel.execute("value 1").reply["status"], "ok");
}

#[test]
fn a_missing_evaluator_fails_each_cell_with_the_mend() {
    use recoil_kernel::evaluator::Failure;
    let mend = "the prelude was built by another rustc; run `recoil install`";
    let connection = crate::front::connection("k");
    let mut kernel = Kernel::start_with(connection, move |_| {
        Err(Failure { name: "NoPrelude".into(), value: mend.into(), traceback: vec![mend.into()] })
    });
    assert_eq!(kernel.execute("value 1").reply["evalue"], mend);
    let completed = kernel.ask(Shell, "complete_request", json!({"code": "pr", "cursor_pos": 2})).reply;
    assert_eq!(completed["matches"], json!([]));
    assert_eq!(kernel.ask(Shell, "kernel_info_request", json!({})).reply["status"], "ok");
}

#[test]
fn silent_cells_say_nothing_and_leave_no_trace() {
    let mut kernel = Kernel::start();
    let silent = json!({"code": "print hello\nvalue 6", "silent": true});
    let caused = kernel.ask(Shell, "execute_request", silent);
    assert_eq!(caused.kinds(), Vec::<&str>::new());
    assert_eq!(caused.reply["execution_count"], 1);
    let caused = kernel.ask(Shell, "execute_request", json!({"code": "fail", "silent": true}));
    assert_eq!(caused.kinds(), Vec::<&str>::new());
    assert_eq!(caused.reply["status"], "error");
    let unstored = json!({"code": "value 5", "store_history": false});
    let caused = kernel.ask(Shell, "execute_request", unstored);
    assert_eq!(caused.kinds(), ["execute_input", "execute_result"]);
    assert_eq!(kernel.execute("value 4").reply["execution_count"], 1);
    let history = kernel.ask(Shell, "history_request", json!({"hist_access_type": "tail", "n": 9})).reply;
    assert_eq!(history["history"].as_array().map(Vec::len), Some(1));
}

#[test]
fn blank_cells_take_no_number() {
    let mut kernel = Kernel::start();
    assert_eq!(kernel.execute(" \n").reply["status"], "ok");
    assert_eq!(kernel.execute("value 1").reply["execution_count"], 1);
}

#[test]
fn user_expressions_payloads_and_results_reach_the_reply() {
    let mut kernel = Kernel::start();
    let content = json!({"code": "value 1", "user_expressions": {"good": "value 2", "bad": "x"}});
    let expressions = kernel.ask(Shell, "execute_request", content).reply["user_expressions"].clone();
    assert_eq!(expressions["good"], json!({"status": "ok", "data": {"text/plain": "2"}, "metadata": {}}));
    assert_eq!(expressions["bad"]["status"], "error");
    assert_eq!(expressions["bad"]["ename"], "CompileError");
    let payload = kernel.execute("value page").reply["payload"].clone();
    assert_eq!(payload[0], json!({"source": "page", "data": {"text/plain": "a page"}, "start": 0}));
    assert_eq!(payload[1], json!({"source": "set_next_input", "text": "next", "replace": true}));
}

#[test]
fn a_failure_aborts_the_cells_behind_it_unless_told_otherwise() {
    let mut kernel = Kernel::start();
    let send = |kernel: &mut Kernel, code: &str, stop: bool| {
        kernel.send(Shell, "execute_request", json!({"code": code, "stop_on_error": stop}))
    };
    let first = send(&mut kernel, "pause 300\nfail here", true);
    let waiting = [send(&mut kernel, "value 1", true), send(&mut kernel, "value 2", true)];
    assert_eq!(kernel.take(Shell, &first).reply["status"], "error");
    for id in &waiting {
        let caused = kernel.take(Shell, id);
        assert_eq!(caused.reply["status"], "aborted");
        assert_eq!(caused.kinds(), Vec::<&str>::new());
    }
    let first = send(&mut kernel, "pause 300\nfail here", false);
    let second = send(&mut kernel, "value 1", true);
    assert_eq!(kernel.take(Shell, &first).reply["status"], "error");
    assert_eq!(kernel.take(Shell, &second).reply["status"], "ok");
}

#[test]
fn history_has_tail_range_and_search_with_few_fields_given() {
    let mut kernel = Kernel::start();
    for code in ["value 1", "value 2", "print x", "value 2"] {
        kernel.execute(code);
    }
    let mut find = |content: Value| kernel.ask(Shell, "history_request", content).reply["history"].clone();
    let session = find(json!({"hist_access_type": "tail", "n": 1}))[0][0].clone();
    let range = find(json!({"hist_access_type": "range", "session": 0, "start": 1, "stop": 3}));
    assert_eq!(range, json!([[session, 1, "value 1"], [session, 2, "value 2"]]));
    let search = find(json!({"hist_access_type": "search", "pattern": "value ?"}));
    assert_eq!(search.as_array().map(Vec::len), Some(3));
    let unique = json!({"hist_access_type": "search", "pattern": "value*", "unique": true, "output": true});
    assert_eq!(find(unique), json!([[session, 1, ["value 1", "1"]], [session, 4, ["value 2", "2"]]]));
}

#[test]
fn a_request_with_fields_of_the_wrong_type_gets_an_error() {
    let mut kernel = Kernel::start();
    let caused = kernel.ask(Shell, "execute_request", json!({"code": 5}));
    assert_eq!(caused.reply["ename"], "BadRequest");
    let caused = kernel.ask(Shell, "complete_request", json!({"code": "", "cursor_pos": "x"}));
    assert_eq!(caused.reply["status"], "error");
    let nulls = json!({"code": "value 1", "silent": null, "user_expressions": null, "stop_on_error": null});
    assert_eq!(kernel.ask(Shell, "execute_request", nulls).reply["status"], "ok");
}

#[test]
fn headers_come_back_with_fields_we_do_not_know() {
    let mut kernel = Kernel::start();
    let mut message = request("kernel_info_request", json!({}));
    message.header.insert("x_trace".into(), json!({"span": 1.5}));
    let header = message.header.clone();
    let id = kernel.send_message(Control, message);
    let reply = kernel.receive(Control);
    assert_eq!(reply.parent_header, header);
    assert_eq!(reply.header["version"], "5.5");
    kernel.take_published(&id);
}

/// A cell sent because of the reply did not wait behind the failure.
#[test]
fn a_cell_after_a_failure_runs() {
    let mut kernel = Kernel::start();
    for _ in 0..100 {
        assert_eq!(kernel.execute("fail").reply["status"], "error");
        assert_eq!(kernel.execute("value 1").reply["status"], "ok");
    }
}
