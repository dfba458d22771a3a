//! The program as a user starts it. That this is an integration test also makes Cargo build the program for
//! `cargo test`, where the other rooms' tests expect it.

use std::path::Path;
use std::process::{Command, Output};

fn recoil(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recoil"));
    command.args(arguments).output().expect("starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn help_names_every_command() {
    let help = text(&recoil(&["--help"]).stdout);
    for command in ["lab", "demo", "run", "verify", "pack", "unpack", "install", "uninstall", "doctor", "kernel", "toy"]
    {
        assert!(help.lines().any(|line| line.trim_start().starts_with(command)), "no {command} in\n{help}");
    }
}

#[test]
fn the_kernelspec_comes_and_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let prefix = folder.path().to_str().expect("text");
    let spec = folder.path().join("share/jupyter/kernels/other/kernel.json");
    let installed = recoil(&["install", "--prefix", prefix, "--name", "other", "--env", "RECOIL_LOG=debug"]);
    assert!(installed.status.success(), "{}", text(&installed.stderr));
    assert!(std::fs::read_to_string(&spec).expect("written").contains("\"RECOIL_LOG\": \"debug\""));
    let removed = recoil(&["uninstall", "--prefix", prefix, "--name", "other"]);
    assert!(removed.status.success(), "{}", text(&removed.stderr));
    assert!(!spec.exists());
    let again = recoil(&["uninstall", "--prefix", prefix, "--name", "other"]);
    assert!(text(&again.stdout).contains("no kernel `other`"));
}

#[test]
fn problems_are_said_in_one_line_with_what_to_do() {
    for (arguments, expected) in [
        (vec!["kernel", "-f", "/nowhere/connection.json"], "cannot read the connection file /nowhere/connection.json"),
        (vec!["install", "--name", "a b", "--prefix", "/nowhere"], "cannot name a kernel"),
        (vec!["run", "/nowhere/x.ipynb"], "/nowhere/x.ipynb"),
    ] {
        let output = recoil(&arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(said.starts_with("recoil: ") && said.contains(expected), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn a_file_that_is_no_notebook_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.ipynb");
    std::fs::write(&path, r#"{"nbformat": 99}"#).expect("writes");
    let output = recoil(&["run", path.to_str().expect("text")]);
    assert!(text(&output.stderr).contains("x.ipynb is not a notebook"), "{}", text(&output.stderr));
    assert!(!Path::new("x.html").exists());
}

#[test]
fn the_doctor_gives_a_mend_for_everything_it_misses() {
    let said = text(&recoil(&["doctor"]).stdout);
    for name in ["compiler", "shared standard library", "prelude", "linker", "kernelspec", "JupyterLab", "history"] {
        assert!(said.contains(&format!("{name}: ")), "no {name} in\n{said}");
    }
    let problems = said.lines().filter(|line| line.starts_with("missing") || line.starts_with("absent")).count();
    assert_eq!(said.lines().filter(|line| line.trim_start().starts_with("mend: ")).count(), problems);
}
