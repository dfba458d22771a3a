//! Shutdown, interrupt, heartbeat, several clients, both transports.

use crate::front::Channel::{Control, Iopub, Shell};
use crate::front::{Front, connection};
use crate::scripted::{Kernel, scripted};
use serde_json::json;
use std::sync::Arc;

#[test]
fn the_heartbeat_echoes_also_while_a_cell_runs() {
    let mut kernel = Kernel::start();
    assert_eq!(kernel.beat(b"ping"), b"ping");
    let cell = kernel.send(Shell, "execute_request", json!({"code": "pause 300"}));
    assert_eq!(kernel.beat(b"\0\xff other"), b"\0\xff other");
    kernel.take(Shell, &cell);
}

#[test]
fn shutdown_replies_before_the_end_also_while_a_cell_runs() {
    let mut kernel = Kernel::start();
    let cell = kernel.send(Shell, "execute_request", json!({"code": "pause 1000"}));
    assert_eq!(kernel.receive(Iopub).parent_header["msg_id"], cell);
    assert_eq!(kernel.receive(Iopub).kind(), "execute_input");
    let caused = kernel.ask(Control, "shutdown_request", json!({"restart": true}));
    assert_eq!(caused.reply["restart"], true);
    kernel.join();
}

#[test]
fn an_interrupt_while_idle_changes_nothing() {
    let mut kernel = Kernel::start();
    assert_eq!(kernel.ask(Control, "interrupt_request", json!({})).reply["status"], "ok");
    assert_eq!(kernel.execute("value 1").reply["status"], "ok");
}

#[test]
fn requests_we_do_not_know_get_an_answer() {
    let mut kernel = Kernel::start();
    let debug = kernel.ask(Control, "debug_request", json!({"command": "initialize"}));
    assert_eq!(debug.reply["status"], "error");
    let teapot = kernel.ask(Shell, "brew_request", json!({}));
    assert_eq!(teapot.reply["ename"], "Unsupported");
    let ports = kernel.ask(Shell, "connect_request", json!({})).reply;
    assert_eq!(ports["shell_port"], kernel.connection.shell_port);
    let id = kernel.send(Shell, "whisper", json!({}));
    assert!(kernel.take_published(&id).is_empty());
}

#[test]
fn two_front_ends_see_the_same_and_get_their_own_replies() {
    let mut kernel = Kernel::start();
    let mut second = Front::connect(&kernel.connection);
    let id = second.send(Shell, "execute_request", json!({"code": "value 1"}));
    assert_eq!(second.take(Shell, &id).reply["status"], "ok");
    assert_eq!(kernel.take_published(&id).len(), 2);
    drop(second);
    assert_eq!(kernel.execute("value 2").reply["execution_count"], 2);
}

#[test]
fn ipc_serves_too_and_takes_over_a_dead_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut ipc = connection("");
    ipc.transport = "ipc".into();
    ipc.ip = folder.path().join("kernel").display().to_string();
    // What a killed kernel leaves behind.
    drop(std::os::unix::net::UnixListener::bind(format!("{}-{}", ipc.ip, ipc.shell_port)).expect("binds"));
    let mut kernel = Kernel::start_with(ipc, |sink| Ok(Arc::new(scripted(sink))));
    assert_eq!(kernel.execute("value 1").reply["status"], "ok");
    assert_eq!(kernel.beat(b"ping"), b"ping");
}

#[test]
fn a_taken_port_is_an_error_that_names_it() {
    use recoil_kernel::session::{Options, serve};
    let kernel = Kernel::start();
    let options = Options { history: std::env::temp_dir().join("unused.sqlite"), signals: false };
    let refused = serve(kernel.connection.clone(), Box::new(|sink| Ok(Arc::new(scripted(sink)))), &options);
    let message = refused.expect_err("the ports are taken").to_string();
    assert!(message.contains(&kernel.connection.iopub_port.to_string()), "{message}");
}
