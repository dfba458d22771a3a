//! Jupyter's own programs against the kernel: its conformance tests, nbclient, nbconvert, papermill and the
//! console. `cargo test --release --test jupyter`.

use recoil_tests::cases::project;
use recoil_tests::kernel::{Home, notebooks, notebooks_and_cluster, on_cluster, said, turn};
use recoil_tests::python;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn environment(test: &str) -> Option<PathBuf> {
    python::environment(test, "jupyter", recoil_tests::JUPYTER)
}

/// Runs a command that must succeed; returns what it said.
fn succeed(command: &mut Command) -> String {
    let output = command.output().expect("starts");
    assert!(output.status.success(), "{command:?}\n{}", said(&output));
    said(&output)
}

/// The notebooks with what they need beside them, copied to where they may write.
fn copied(home: &Home, notebooks: &[PathBuf]) -> Vec<PathBuf> {
    let folder = home.path().join("notebooks");
    std::fs::create_dir_all(folder.join("data")).expect("a folder");
    for file in std::fs::read_dir(project().join("notebooks/data")).expect("data").flatten() {
        std::fs::copy(file.path(), folder.join("data").join(file.file_name())).expect("copies");
    }
    let copy = |path: &PathBuf| {
        let copy = folder.join(path.file_name().expect("a name"));
        std::fs::copy(path, &copy).expect("copies");
        copy
    };
    notebooks.iter().map(copy).collect()
}

#[test]
fn jupyter_kernel_test_passes_with_nothing_skipped() {
    let Some(python) = environment("jupyter_kernel_test") else { return };
    let _turn = turn();
    let home = Home::new();
    let folder = project().join("tests/tests/jupyter");
    let mut command = home.command(&python);
    let said = succeed(command.args(["-m", "unittest", "-v", "kernel_test"]).current_dir(folder));
    assert!(said.contains("Ran 13 tests"), "{said}");
    assert!(said.trim_end().ends_with("OK"), "nothing may be skipped:\n{said}");
}

#[test]
fn nbclient_runs_every_notebook() {
    let Some(python) = environment("nbclient") else { return };
    let _turn = turn();
    let home = Home::new();
    let (notebooks, cluster) = notebooks_and_cluster("nbclient on a cluster");
    for notebook in copied(&home, &notebooks) {
        let mut command = home.command(&python);
        on_cluster(&mut command, cluster.as_ref());
        command.args(["-m", "jupyter", "execute", "--kernel_name=recoil", "--timeout=600", "--inplace"]).arg(&notebook);
        succeed(command.current_dir(project()));
        let text = std::fs::read_to_string(&notebook).expect("reads");
        assert!(text.contains("\"output_type\""), "{} has no output", notebook.display());
        assert!(!text.contains("\"output_type\": \"error\""), "{} has an error", notebook.display());
    }
}

#[test]
fn nbconvert_and_papermill_run_the_tutorial() {
    let Some(python) = environment("nbconvert") else { return };
    let _turn = turn();
    let home = Home::new();
    let tutorial = copied(&home, &notebooks()).remove(0);
    let mut convert = home.command(&python);
    convert.args(["-m", "jupyter", "nbconvert", "--to", "html", "--execute"]).arg("--ExecutePreprocessor.timeout=600");
    convert.arg("--output-dir").arg(home.path()).args(["--output", "tutorial"]).arg(&tutorial);
    succeed(convert.current_dir(project()));
    let html = std::fs::read_to_string(home.path().join("tutorial.html")).expect("written");
    assert!(html.contains("<table") && html.contains("<img"), "tables and plots are in the page");
    let out = home.path().join("out.ipynb");
    let mut papermill = home.command(&python);
    papermill.args(["-m", "papermill", "--kernel", "recoil", "--no-progress-bar", "--cwd"]);
    papermill.arg(home.path().join("notebooks")).arg(&tutorial).arg(&out);
    succeed(papermill.current_dir(project()));
    assert!(std::fs::read_to_string(out).expect("written").contains("\"status\": \"completed\""));
}

/// Streams have no metadata in the protocol: an output that shows nothing carries what a printed number was made from.
#[test]
fn printed_numbers_carry_their_fingerprint_through_jupyter() {
    const EXECUTE: &str = "
import nbformat, sys
from nbclient import NotebookClient
book = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(book, kernel_name='recoil', timeout=600).execute()
nbformat.validate(book)
nbformat.write(book, sys.argv[1])
";
    let Some(python) = environment("printed numbers") else { return };
    let _turn = turn();
    let home = Home::new();
    let folder = home.path().join("work");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::copy(project().join("notebooks/data/Zmumu_Run2011A.csv"), folder.join("Zmumu.csv")).expect("copies");
    let cells = [
        "let data = load(\"Zmumu.csv\")?;",
        "println!(\"{} rows\", data.count()?);",
        "println!(\"{}\", 6 * 7);",
        "println!(\"working\"); clear_output(true); println!(\"{} muons\", 2 * data.count()?); clear_output(true);",
        "println!(\"mean {}\", data.mean(\"pt1\")?); data.count()?",
    ];
    write_notebook(&folder.join("a.ipynb"), &cells);
    succeed(home.command(&python).args(["-c", EXECUTE, "a.ipynb"]).current_dir(&folder));
    let text = std::fs::read_to_string(folder.join("a.ipynb")).expect("reads");
    let book: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let outputs = |cell: usize| book["cells"][cell]["outputs"].as_array().cloned().unwrap_or_default();
    let kinds = |cell: usize| -> Vec<String> {
        outputs(cell).iter().map(|output| output["output_type"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(kinds(1), ["stream", "display_data"], "{text}");
    let carrier = &outputs(1)[1];
    assert_eq!(carrier["data"], serde_json::json!({}));
    assert_eq!(carrier["metadata"]["recoil"]["inputs"][0]["rows"], 10583, "{carrier}");
    assert_eq!(kinds(2), ["stream"], "it comes from nothing but its own code");
    assert_eq!(kinds(3), ["stream"], "another output would clear it");
    assert_eq!(kinds(4), ["stream", "execute_result"], "the result carries it");

    let verify =
        || home.command(&recoil_tests::kernel::prepared()).args(["verify", "a.ipynb"]).current_dir(&folder).output();
    let told = said(&verify().expect("starts"));
    assert!(told.contains("cell 2: same\n") && told.contains("all 4 cells with outputs give the same"), "{told}");
    let csv = std::fs::read_to_string(folder.join("Zmumu.csv")).expect("reads");
    let last = csv.trim_end().lines().last().expect("rows").to_owned();
    std::fs::write(folder.join("Zmumu.csv"), format!("{}\n{last}\n", csv.trim_end())).expect("writes");
    let told = said(&verify().expect("starts"));
    let expected = "cell 2: 10583 -> 10584 (stdout, line 1); input `Zmumu.csv` changed (hash), rows 10583 -> 10584";
    assert!(told.contains(expected), "{told}");
}

/// A file of Rust through `jupyter run`, where no home is set and temporary files belong to a folder that is of no use:
/// its name has blanks, or is longer than a socket's may be.
#[test]
fn jupyter_run_takes_a_file_in_odd_places() {
    let Some(python) = environment("jupyter run") else { return };
    let _turn = turn();
    let home = Home::new();
    let folder = home.path().join("work");
    std::fs::create_dir(&folder).expect("a folder");
    let code =
        "fn twice(x: i32) -> i32 {\n    2 * x\n}\nlet answer = twice(21);\nprintln!(\"the answer is {answer}\");\n";
    std::fs::write(folder.join("f.rs"), code).expect("writes");
    for name in ["with blank", &"long".repeat(40)] {
        let temporary = home.path().join(name);
        std::fs::create_dir(&temporary).expect("a folder");
        let mut command = home.command(&python);
        command.env("TMPDIR", &temporary).env("RECOIL_CACHE", home.path().join("cells"));
        for variable in ["HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
            command.env_remove(variable);
        }
        let said = succeed(command.args(["-m", "jupyter", "run", "--kernel=recoil", "f.rs"]).current_dir(&folder));
        assert!(said.contains("the answer is 42"), "{name}: {said}");
    }
    let left: Vec<_> =
        std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(left, ["f.rs"], "nothing is left beside it");
}

#[test]
fn the_console_talks_and_asks() {
    let Some(python) = environment("jupyter_console") else { return };
    let _turn = turn();
    let home = Home::new();
    let typed = "let a = 20 + 1;\na * 2\nlet name = input(\"who? \");\nAda\nformat!(\"hello {name}\")\nexit\n";
    let mut command = home.command(&python);
    command.args(["-m", "jupyter_console", "--kernel", "recoil", "--simple-prompt"]);
    let output = talk(&mut command, typed);
    let said = said(&output);
    assert!(said.contains("42"), "{said}");
    assert!(said.contains("hello Ada"), "{said}");
}

fn talk(command: &mut Command, typed: &str) -> Output {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("starts");
    child.stdin.take().expect("piped").write_all(typed.as_bytes()).expect("types");
    child.wait_with_output().expect("ends")
}

#[test]
fn the_tutorial_runs_without_python() {
    let _turn = turn();
    let program = recoil_tests::kernel::prepared();
    let folder = tempfile::tempdir().expect("a folder");
    let mut demo = Command::new(program);
    let said = succeed(demo.arg("demo").arg(folder.path()).current_dir(project()));
    let written = |extension: &str| -> String {
        let files = std::fs::read_dir(folder.path()).expect("lists").flatten().map(|entry| entry.path());
        let path = files.into_iter().find(|path| path.extension().is_some_and(|e| e == extension));
        std::fs::read_to_string(path.unwrap_or_else(|| panic!("no {extension}:\n{said}"))).expect("reads")
    };
    let html = written("html");
    assert!(
        (html.contains("<svg") || html.contains("data:image/svg+xml")) && html.contains("<table"),
        "plots and tables are in the page"
    );
    for elsewhere in ["src=\"http", "href=\"http://", "@import"] {
        assert!(!html.contains(elsewhere), "the page needs nothing else, but has {elsewhere}");
    }
    assert!(written("ipynb").contains("image/svg+xml"));
}

#[test]
fn a_failing_notebook_says_which_cell_and_still_is_written() {
    let _turn = turn();
    let program = recoil_tests::kernel::prepared();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("failing.ipynb");
    let out = folder.path().join("out.ipynb");
    write_notebook(&path, &["let a = cut + 1;", "println!(\"a is {a}\"); a", "panic!(\"no such day\")", "1"]);
    let mut run = Command::new(program);
    run.arg("run").arg(&path).arg("-o").arg(&out).args(["--param", "cut=41"]);
    let output = run.output().expect("starts");
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains("cell 4 of") && said.contains("no such day"), "{said}");
    let written = std::fs::read_to_string(out).expect("written");
    assert!(written.contains("a is 42\\n"), "{written}");
    assert!(written.contains("\"output_type\": \"error\""), "{written}");
}

fn write_notebook(path: &Path, cells: &[&str]) {
    let cell = |code: &&str| {
        serde_json::json!({
            "cell_type": "code", "metadata": {}, "execution_count": null, "outputs": [], "source": [code],
        })
    };
    let cells: Vec<_> = cells.iter().map(cell).collect();
    let notebook = serde_json::json!({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4});
    std::fs::write(path, notebook.to_string()).expect("writes");
}
