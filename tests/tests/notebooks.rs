//! The tutorials run without a front end, say what they said when they were committed, and verify.
//!
//! After a change that is meant: `recoil run "notebooks/01 first steps.ipynb" -o "notebooks/01 first steps.ipynb"`.

use recoil_tests::cases::project;
use recoil_tests::kernel::{Home, notebooks, notebooks_and_cluster, on_cluster, prepared, said, turn};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

mod notebooks {
    mod packed;
    mod proof;
    mod workspace;
}

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

/// An output: its kind, its words, and by mime type everything that a front end may show instead of them.
struct Output {
    kind: String,
    words: String,
    shown: BTreeMap<String, String>,
}

impl Output {
    fn of(output: &Value) -> Self {
        let data = output["data"].as_object();
        let shown = data.into_iter().flatten().filter(|(mime, _)| *mime != "text/plain").map(|(mime, content)| {
            // Lines of a text, or a JSON of its own such as that of Vega-Lite.
            let lines = content.as_array().is_none_or(|lines| lines.iter().all(Value::is_string));
            let text = content.is_string() || (content.is_array() && lines);
            (mime.clone(), if text { joined(content) } else { content.to_string() })
        });
        let words = if data.is_some() { &output["data"]["text/plain"] } else { &output["text"] };
        let kind = output["output_type"].as_str().unwrap_or_default();
        let name = output["name"].as_str().unwrap_or_default();
        Self { kind: format!("{kind} {name}").trim_end().to_owned(), words: joined(words), shown: shown.collect() }
    }

    fn is_stream(&self) -> bool {
        self.kind.starts_with("stream")
    }
}

/// Every output of a notebook, in order.
fn outputs(notebook: &Value) -> Vec<Output> {
    let cells = notebook["cells"].as_array().expect("cells");
    let all = cells.iter().filter_map(|cell| cell["outputs"].as_array()).flatten();
    let mut outputs: Vec<Output> = Vec::new();
    for output in all.map(Output::of) {
        // Standard output and error have an order each, but none between them, and how often they are cut depends on
        // the clock.
        let run = outputs.len() - outputs.iter().rev().take_while(|output| output.is_stream()).count();
        match outputs[run..].iter_mut().find(|same| same.kind == output.kind) {
            Some(same) => same.words += &output.words,
            // Whether a bar was shown depends on the clock too.
            None if output.kind == "display_data" && output.words.contains(", done in ") => {}
            None if output.kind == "stream stdout" => outputs.insert(run, output),
            None => outputs.push(output),
        }
    }
    outputs
}

/// That an output says and shows what it did, pictures included: they have no names, numbers or times of their own, so
/// every letter of an SVG, every pixel and every byte of a table must be the same.
fn same(notebook: &str, at: usize, was: &Output, is: &Output) {
    assert!(was.words == is.words, "{notebook}, output {at}\nwas:\n{}\nis:\n{}", was.words, is.words);
    for (mime, was) in &was.shown {
        let is = &is.shown[mime];
        let Some(place) = was
            .bytes()
            .zip(is.bytes())
            .position(|(a, b)| a != b)
            .or_else(|| (was.len() != is.len()).then(|| was.len().min(is.len())))
        else {
            continue;
        };
        // Kept, so that somebody can look at the new one.
        let folder = project().join("target/pictures/notebooks");
        std::fs::create_dir_all(&folder).expect("a folder");
        let file =
            folder.join(format!("{} {at}.{}", notebook.trim_end_matches(".ipynb"), mime.replace(['/', '+'], "-")));
        std::fs::write(&file, is).expect("writes");
        let around = |text: &str| {
            let bytes = &text.as_bytes()[place.saturating_sub(60)..text.len().min(place + 60)];
            String::from_utf8_lossy(bytes).into_owned()
        };
        let (was, is, file) = (around(was), around(is), file.display());
        panic!("{notebook}, output {at}: {mime} has changed (see {file})\nwas: ..{was}..\nis:  ..{is}..");
    }
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
    let (notebooks, cluster) = notebooks_and_cluster("the tutorial on clusters");
    let run = |notebook: &Path, copy: &Path| {
        std::fs::copy(notebook, copy).expect("copies");
        let mut command = home.command(&prepared());
        command.env("RECOIL_CACHE", &cache).arg("run").arg(copy).arg("-o").arg(copy);
        let output = on_cluster(&mut command, cluster.as_ref()).output().expect("starts");
        assert!(output.status.success(), "{}\n{}", notebook.display(), said(&output));
    };
    let compiled = || std::fs::read_dir(&cache).expect("a cache").count();
    for notebook in notebooks {
        let copy = folder.join(notebook.file_name().expect("a name"));
        run(&notebook, &copy);
        // The outputs that were committed, in another kernel, which finds every cell compiled.
        let first = compiled();
        let mut verify = home.command(&prepared());
        verify.env("RECOIL_CACHE", &cache).arg("verify").arg(&notebook).arg("--data").arg(&folder);
        let verified = on_cluster(&mut verify, cluster.as_ref()).output().expect("starts");
        assert!(verified.status.success(), "{} does not verify:\n{}", notebook.display(), said(&verified));
        assert_eq!(compiled(), first, "{}: a cell was compiled again", notebook.display());
        let (was, is) = (outputs(&read(&notebook)), outputs(&read(&copy)));
        assert_eq!(was.len(), is.len(), "{}: number of outputs", notebook.display());
        let name = notebook.file_name().expect("a name").to_string_lossy();
        for (at, (was, is)) in was.iter().zip(&is).enumerate() {
            let types = |output: &Output| output.shown.keys().cloned().collect::<Vec<_>>();
            assert_eq!((&was.kind, types(was)), (&is.kind, types(is)), "{name}, output {at}: kinds of outputs");
            if !measures_time(&notebook) {
                same(&name, at, was, is);
            }
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
            told.iter().all(|output| !output.words.trim().is_empty()),
            "{}: an output without words",
            path.display()
        );
        assert!(told.iter().any(|output| output.shown.contains_key("image/svg+xml")) || measures_time(&path));
    }
}

/// Everything that a tutorial shows says what it was made from, but what tells of times.
#[test]
fn the_outputs_of_the_notebooks_carry_fingerprints() {
    for path in notebooks() {
        let notebook = read(&path);
        for cell in notebook["cells"].as_array().expect("cells") {
            let outputs = cell["outputs"].as_array().map_or(&[][..], Vec::as_slice);
            let own = |output: &Value| output["metadata"]["recoil"].clone();
            let shown = outputs.iter().filter(|output| output["output_type"] != "stream");
            for output in shown.clone() {
                let (fingerprint, words) = (own(output), joined(&output["data"]["text/plain"]));
                let said = fingerprint["history"].is_array() || fingerprint["measures"].is_string();
                assert!(said && fingerprint.to_string().len() <= 1000, "{}: {words}", path.display());
            }
            if !outputs.is_empty() && !shown.clone().any(|output| own(output)["history"].is_array()) {
                assert!(cell["metadata"]["recoil"]["history"].is_array(), "{}: {}", path.display(), cell["source"]);
            }
        }
        assert!(notebook["metadata"]["recoil"]["rustc"].is_string(), "{}", path.display());
    }
}

/// The numbers that the tutorials teach with, against what is known from elsewhere: the fit of iminuit to the same
/// bins (core at 90.992 ± 0.060, width 1.407 ± 0.099), and the truth that was put into the toy data.
#[test]
fn the_results_of_the_notebooks_are_right() {
    let words = |start: &str| {
        let path = notebooks().into_iter().find(|path| path.to_string_lossy().contains(start)).expect("the notebook");
        outputs(&read(&path)).into_iter().map(|output| output.words).collect::<Vec<_>>().join("\n")
    };
    let number = |text: &str, before: &str| -> f64 {
        let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no `{before}` in\n{text}"));
        rest.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
    };
    let first = words("01 ");
    assert!((number(&first, "m(Z) =") - 90.992).abs() < 0.2 * 0.060, "{first}");
    assert!((number(&first, "width of the core") - 1.407).abs() < 0.2 * 0.099, "{first}");
    let second = words("02 ");
    for (before, truth) in [("simulation ", 93.0), ("data       ", 91.0)] {
        let measured = number(&second, before);
        let error = number(&second, &format!("{before}{measured:.2} ±"));
        assert!((measured - truth).abs() < 3.0 * error, "{before}: {measured} ± {error}");
    }
    // What data and the corrected simulation count are the same within the errors; without the correction they are not.
    let last = words("08 ");
    let measured = number(&last, "data                 ");
    let corrected = number(&last, "simulation corrected ");
    let error = measured.sqrt().hypot(number(&last, &format!("simulation corrected {corrected:.0} ± ")));
    assert!((corrected - measured).abs() < 2.0 * error, "{corrected} and {measured} ± {error}");
    assert!((number(&last, "simulation           ") - measured) > 2.0 * error, "{measured} ± {error}");
}

#[test]
#[should_panic(expected = "image/svg+xml has changed")]
fn a_picture_that_has_changed_is_told() {
    let picture = |width: u32| {
        let svg = format!("<svg xmlns='http://www.w3.org/2000/svg' width='{width}'/>");
        let data = serde_json::json!({ "text/plain": "a picture", "image/svg+xml": [svg] });
        Output::of(&serde_json::json!({ "output_type": "execute_result", "data": data }))
    };
    same("a test.ipynb", 0, &picture(1), &picture(1));
    same("a test.ipynb", 0, &picture(1), &picture(2));
}
