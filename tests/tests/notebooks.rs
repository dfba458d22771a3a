//! The tutorials run without a front end, and say what they said when they were committed.
//!
//! After a change that is meant: `recoil run "notebooks/01 first steps.ipynb" -o "notebooks/01 first steps.ipynb"`.

use recoil_tests::cases::project;
use recoil_tests::kernel::{Home, notebooks, prepared, said, turn};
use serde_json::Value;
use std::path::Path;

/// An output may be this large, so that notebooks open quickly everywhere.
const LARGEST: usize = 1_000_000;

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("reads");
    serde_json::from_str(&text).expect("a notebook is JSON")
}

fn joined(text: &Value) -> String {
    match text {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    }
}

/// Every output as its kind, its mime types in order, and its words.
fn outputs(notebook: &Value) -> Vec<(String, Vec<String>, String)> {
    let cells = notebook["cells"].as_array().expect("cells");
    let all = cells.iter().filter_map(|cell| cell["outputs"].as_array()).flatten();
    let told = |output: &Value| {
        let mut types: Vec<String> =
            output["data"].as_object().into_iter().flat_map(|data| data.keys().cloned()).collect();
        types.sort();
        let words = if output["data"].is_object() { &output["data"]["text/plain"] } else { &output["text"] };
        let kind = output["output_type"].as_str().unwrap_or_default();
        let name = output["name"].as_str().unwrap_or_default();
        (format!("{kind} {name}").trim_end().to_owned(), types, joined(words))
    };
    let mut outputs: Vec<(String, Vec<String>, String)> = Vec::new();
    for (kind, types, words) in all.map(told) {
        let is_stream = |kind: &str| kind.starts_with("stream");
        // Standard output and error have an order each, but none between them, and how often they are cut depends on
        // the clock.
        let run = outputs.iter().rev().take_while(|(kind, _, _)| is_stream(kind)).count();
        let run = outputs.len() - run..outputs.len();
        match outputs[run.clone()].iter_mut().find(|(same, _, _)| *same == kind) {
            Some(same) => same.2 += &words,
            // Whether a bar was shown depends on the clock too.
            None if kind == "display_data" && words.contains(", done in ") => {}
            None if kind == "stream stdout" => outputs.insert(run.start, (kind, types, words)),
            None => outputs.push((kind, types, words)),
        }
    }
    outputs
}

/// Times, bytes and shares of the cache differ from run to run; everything else must not.
fn measures_time(notebook: &Path) -> bool {
    notebook.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("05"))
}

#[test]
fn every_notebook_says_what_it_said() {
    let _turn = turn();
    let home = Home::new();
    let folder = home.path().join("notebooks");
    let cache = home.path().join("cells");
    std::fs::create_dir_all(folder.join("data")).expect("a folder");
    for file in std::fs::read_dir(project().join("notebooks/data")).expect("data").flatten() {
        std::fs::copy(file.path(), folder.join("data").join(file.file_name())).expect("copies");
    }
    let run = |notebook: &Path, copy: &Path| {
        std::fs::copy(notebook, copy).expect("copies");
        let mut command = home.command(&prepared());
        command.env("RECOIL_CACHE", &cache).arg("run").arg(copy).arg("-o").arg(copy);
        let output = command.output().expect("starts");
        assert!(output.status.success(), "{}\n{}", notebook.display(), said(&output));
    };
    let compiled = || std::fs::read_dir(&cache).expect("a cache").count();
    for notebook in notebooks() {
        let copy = folder.join(notebook.file_name().expect("a name"));
        run(&notebook, &copy);
        // A second run, in another kernel, finds every cell compiled.
        let first = compiled();
        run(&notebook, &copy);
        assert_eq!(compiled(), first, "{}: a cell was compiled again", notebook.display());
        let (was, is) = (outputs(&read(&notebook)), outputs(&read(&copy)));
        assert_eq!(was.len(), is.len(), "{}: number of outputs", notebook.display());
        for (was, is) in was.iter().zip(&is) {
            assert_eq!((&was.0, &was.1), (&is.0, &is.1), "{}: kinds of outputs", notebook.display());
            assert!(
                measures_time(&notebook) || was.2 == is.2,
                "{}\nwas:\n{}\nis:\n{}",
                notebook.display(),
                was.2,
                is.2
            );
        }
    }
}

#[test]
fn no_output_of_a_notebook_is_large_or_without_words() {
    for path in notebooks() {
        let notebook = read(&path);
        for output in
            notebook["cells"].as_array().expect("cells").iter().flat_map(|cell| cell["outputs"].as_array()).flatten()
        {
            let size = output.to_string().len();
            assert!(size < LARGEST, "{}: an output of {size} bytes", path.display());
            assert_ne!(output["output_type"], "error", "{}", path.display());
        }
        let told = outputs(&notebook);
        assert!(told.len() > 5, "{} has {} outputs", path.display(), told.len());
        assert!(
            told.iter().all(|(_, _, words)| !words.trim().is_empty()),
            "{}: an output without words",
            path.display()
        );
        assert!(
            told.iter().any(|(_, types, _)| types.iter().any(|mime| mime == "image/svg+xml") || measures_time(&path))
        );
    }
}

/// The numbers that the tutorials teach with, against what is known from elsewhere: the fit of iminuit to the same
/// bins (90.826 ± 0.031, width 2.070 ± 0.033), and the truth that was put into the toy data.
#[test]
fn the_results_of_the_notebooks_are_right() {
    let words = |start: &str| {
        let path = notebooks().into_iter().find(|path| path.to_string_lossy().contains(start)).expect("the notebook");
        outputs(&read(&path)).into_iter().map(|output| output.2).collect::<Vec<_>>().join("\n")
    };
    let number = |text: &str, before: &str| -> f64 {
        let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no `{before}` in\n{text}"));
        rest.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
    };
    let first = words("01 ");
    assert!((number(&first, "m(Z) =") - 90.826).abs() < 0.2 * 0.031, "{first}");
    assert!((number(&first, "width of the peak") - 2.070).abs() < 0.2 * 0.033, "{first}");
    let second = words("02 ");
    for (before, truth) in [("simulation ", 93.0), ("data       ", 91.0)] {
        let measured = number(&second, before);
        let error = number(&second, &format!("{before}{measured:.2} ±"));
        assert!((measured - truth).abs() < 3.0 * error, "{before}: {measured} ± {error}");
    }
}
