//! What has changed since a notebook was run is found and named; fingerprints are small and survive other writers.

use recoil_tests::cases::project;
use recoil_tests::kernel::{Home, prepared, said, turn};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Output;

/// One analysis, run once, of which tests make copies.
struct Analysis {
    home: Home,
    notebook: Value,
}

const CELLS: [&str; 9] = [
    "let data = load(\"Zmumu.csv\")?;",
    "let cut = 20.0;",
    "let seed = 7_u64;",
    "data.query(\"pt1 > @cut\").count()?",
    "data.sample(0.5, seed).count()?",
    "data.query(\"pt1 > @cut\").hist(\"pt1\", (10, 0.0, 100.0))?",
    "println!(\"{} rows\", data.count()?);",
    "histogram(&data.query(\"pt1 > @cut\").hist(\"pt1\", (10, 0.0, 100.0))?).save(\"f.pdf\")?;",
    "%provenance",
];

fn notebook(cells: &[&str]) -> Value {
    let code = |(at, source): (usize, &&str)| json!({"cell_type": "code", "id": format!("c{at}"), "execution_count": null, "metadata": {}, "outputs": [], "source": source});
    let cells: Vec<Value> = cells.iter().enumerate().map(code).collect();
    json!({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
}

impl Analysis {
    /// A folder with the input and a notebook of these cells.
    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.home.path().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::copy(project().join("notebooks/data/Zmumu_Run2011A.csv"), folder.join("Zmumu.csv")).expect("copies");
        folder
    }

    fn run(&self, arguments: &[&str], folder: &Path) -> Output {
        let mut command = self.home.command(&prepared());
        command.env("RECOIL_CACHE", self.home.path().join("cells")).current_dir(folder).args(arguments);
        command.output().expect("starts")
    }

    fn new(cells: &[&str]) -> Self {
        let mut analysis = Self { home: Home::new(), notebook: Value::Null };
        let folder = analysis.folder("first");
        std::fs::write(folder.join("a.ipynb"), notebook(cells).to_string()).expect("writes");
        let output = analysis.run(&["run", "a.ipynb", "-o", "a.ipynb", "--html", "a.html"], &folder);
        assert!(output.status.success(), "{}", said(&output));
        let text = std::fs::read_to_string(folder.join("a.ipynb")).expect("reads");
        analysis.notebook = serde_json::from_str(&text).expect("JSON");
        analysis
    }

    /// What `verify` says of a changed copy, and its exit code.
    fn verify(&self, name: &str, change: impl FnOnce(&mut Value, &Path)) -> (String, Option<i32>) {
        let folder = self.folder(name);
        let mut notebook = self.notebook.clone();
        change(&mut notebook, &folder);
        std::fs::write(folder.join("a.ipynb"), notebook.to_string()).expect("writes");
        let output = self.run(&["verify", "a.ipynb"], &folder);
        (said(&output), output.status.code())
    }
}

/// The line of a cell.
fn line(told: &str, cell: u32) -> &str {
    let start = format!("cell {cell}: ");
    told.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("nothing on cell {cell} in\n{told}"))
}

/// Fingerprints of all cells, on outputs or on the cell itself.
fn fingerprints(notebook: &Value) -> Vec<&Value> {
    let cells = notebook["cells"].as_array().expect("cells");
    cells
        .iter()
        .flat_map(|cell| {
            let outputs = cell["outputs"].as_array().into_iter().flatten().map(|output| &output["metadata"]["recoil"]);
            outputs.chain([&cell["metadata"]["recoil"]])
        })
        .filter(|fingerprint| fingerprint["history"].is_array())
        .collect()
}

/// The hash of the input, as a fingerprint has it.
fn found_hash(notebook: &Value) -> String {
    fingerprints(notebook)[0]["inputs"][0]["sha256"].as_str().expect("a hash").to_owned()
}

#[test]
fn every_kind_of_change_is_found_and_named() {
    let _turn = turn();
    let analysis = Analysis::new(&CELLS);
    let found = fingerprints(&analysis.notebook);
    assert_eq!(found.len(), 5, "a number, another, a picture, printed text, and the cell that tells of the others");
    for fingerprint in &found[..4] {
        assert!(fingerprint.to_string().len() <= 1000, "{fingerprint}");
        assert_eq!(fingerprint["inputs"][0]["path"], "Zmumu.csv", "{fingerprint}");
        assert_eq!(fingerprint["inputs"][0]["rows"], 10583, "{fingerprint}");
    }
    let page = std::fs::read_to_string(analysis.home.path().join("first/a.html")).expect("reads");
    let (_, footer) = page.split_once("<footer>").expect("a footer");
    let sha256 = &found_hash(&analysis.notebook);
    assert!(
        footer.contains("<td>Zmumu.csv</td>") && footer.contains(sha256) && footer.contains("rustc 1."),
        "{footer}"
    );
    let table = &analysis.notebook["cells"][8]["outputs"][0]["data"];
    let words = table["text/plain"].to_string();
    assert!(words.contains("Zmumu.csv") && words.contains("10583") && words.contains(sha256), "{words}");
    assert!(words.contains("prelude") && words.contains("rustc") && words.contains("vectors"), "{words}");
    assert!(table["text/html"].to_string().contains("<td>Zmumu.csv</td>"));
    // The picture that cell 8 saved says the same.
    let pdf = std::fs::read(analysis.home.path().join("first/f.pdf")).expect("reads");
    let pdf = String::from_utf8_lossy(&pdf);
    let entry = pdf.rsplit_once("/recoil (").expect("an entry in the information dictionary").1;
    assert!(entry.contains("Zmumu.csv") && entry.contains(sha256), "{entry}");

    let (told, code) = analysis.verify("unchanged", |_, _| {});
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(told.matches(": same").count(), 5, "{told}");

    // A byte of the input, and four more rows.
    let (told, code) = analysis.verify("input", |_, folder| {
        let path = folder.join("Zmumu.csv");
        let text = std::fs::read_to_string(&path).expect("reads");
        let last = text.trim_end().lines().last().expect("rows").to_owned();
        std::fs::write(&path, format!("{}\n{}", text.trim_end(), format!("{last}\n").repeat(4))).expect("writes");
    });
    assert_eq!(code, Some(1), "{told}");
    assert!(line(&told, 4).ends_with("input `Zmumu.csv` changed (hash), rows 10583 -> 10587"), "{told}");
    assert!(line(&told, 7).contains("10583 -> 10587 (stdout, line 1)"), "{told}");
    let (told, code) = analysis.verify("byte", |_, folder| {
        let path = folder.join("Zmumu.csv");
        let mut bytes = std::fs::read(&path).expect("reads");
        let last = bytes.iter().rposition(|byte| *byte == b'1').expect("a digit");
        bytes[last] = b'2';
        std::fs::write(&path, bytes).expect("writes");
    });
    assert!(line(&told, 7).contains("same; although input `Zmumu.csv` changed (hash)"), "{code:?} {told}");

    let (told, code) = analysis.verify("cell", |notebook, _| notebook["cells"][1]["source"] = json!("let cut = 40.0;"));
    assert_eq!(code, Some(1), "{told}");
    assert!(
        line(&told, 4).contains("cell 4 used `cut` of a cell that was changed or removed after it was run"),
        "{told}"
    );
    assert!(line(&told, 6).contains("picture, mark") || line(&told, 6).contains("text, line"), "{told}");
    assert!(line(&told, 5).ends_with("cell 5: same"), "what does not use it stays: {told}");

    let (told, code) =
        analysis.verify("seed", |notebook, _| notebook["cells"][2]["source"] = json!("let seed = 8_u64;"));
    assert_eq!(code, Some(1), "{told}");
    assert!(line(&told, 5).ends_with("seed of sample 7 -> 8"), "{told}");

    // The cell with the cut stands below the one that uses it, and another cut above.
    let (told, code) = analysis.verify("order", |notebook, _| {
        let cells = notebook["cells"].as_array_mut().expect("cells");
        let cut = cells.remove(1);
        cells.insert(3, cut.clone());
        cells.insert(0, cut);
        cells[0]["source"] = json!("let cut = 30.0;");
        cells[0]["id"] = json!("other");
    });
    assert_eq!(code, Some(1), "{told}");
    assert!(
        line(&told, 4).contains("cell 4 used `cut` of cell 5, which stands below it and was run before it"),
        "{told}"
    );

    let (told, code) = analysis.verify("prelude", |notebook, _| {
        let text = notebook.to_string().replace("\"prelude\":\"", "\"prelude\":\"0.0.1-");
        *notebook = serde_json::from_str(&text).expect("JSON");
        notebook["cells"][3]["outputs"][0]["data"]["text/plain"] = json!("10227");
    });
    assert_eq!(code, Some(1), "{told}");
    assert!(line(&told, 4).starts_with("cell 4: 10227 -> "), "{told}");
    assert!(line(&told, 4).contains("same data and code; prelude 0.0.1-"), "{told}");
}

#[test]
fn what_tells_of_times_is_left_out_and_tolerances_are_asked_for() {
    let _turn = turn();
    let analysis = Analysis::new(&[
        "%time\nlet data = load(\"Zmumu.csv\")?;\nprintln!(\"{} rows\", data.count()?);",
        "data.hist(\"pt1\", (10, 0.0, 100.0))?.performance_report()",
        "data.mean(\"pt1\")?",
        "std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos()",
        "std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos()",
        "%provenance",
    ]);
    let shift = |notebook: &mut Value| {
        let mean: f64 = notebook["cells"][2]["outputs"][0]["data"]["text/plain"][0]
            .as_str()
            .expect("text")
            .parse()
            .expect("a number");
        notebook["cells"][2]["outputs"][0]["data"]["text/plain"] = json!((mean * (1.0 + 1e-10)).to_string());
        notebook["cells"][4]["metadata"]["tags"] = json!(["recoil-skip"]);
    };
    let (told, code) = analysis.verify("exact", |notebook, _| shift(notebook));
    assert_eq!(code, Some(1), "{told}");
    assert_eq!(line(&told, 1), "cell 1: same (1 left out: times)");
    assert_eq!(line(&told, 2), "cell 2: same (1 left out: times)");
    assert!(line(&told, 3).contains("same data, code and program"), "{told}");
    assert!(line(&told, 4).contains("the cell uses the clock (`SystemTime`)"), "{told}");
    assert_eq!(line(&told, 5), "cell 5: skipped");
    let (told, _) = analysis.verify("near", |notebook, _| {
        shift(notebook);
        notebook["cells"][2]["metadata"]["tags"] = json!(["recoil-tolerance=1e-9"]);
    });
    assert_eq!(line(&told, 3), "cell 3: same");
    let folder = analysis.folder("json");
    std::fs::write(folder.join("a.ipynb"), analysis.notebook.to_string()).expect("writes");
    let output = analysis.run(&["verify", "--json", "a.ipynb"], &folder);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report[0]["cells"][3]["verdict"], "different");
    assert_eq!(report[0]["same"], false);
    // Inputs of another folder.
    std::fs::create_dir(folder.join("empty")).expect("a folder");
    std::fs::rename(folder.join("a.ipynb"), folder.join("empty/a.ipynb")).expect("moves");
    let output = analysis.run(&["verify", "empty/a.ipynb", "--data", "."], &folder);
    assert!(said(&output).contains("cell 1: same"), "{}", said(&output));
    let output = analysis.run(&["verify", "empty/a.ipynb"], &folder);
    assert!(said(&output).contains("cell 1: fails: "), "{}", said(&output));
    assert_eq!(analysis.run(&["verify", "nowhere.ipynb"], &folder).status.code(), Some(2));
}

#[test]
fn added_crates_keep_their_versions() {
    let _turn = turn();
    let analysis = Analysis { home: Home::new(), notebook: Value::Null };
    let folder = analysis.folder("crates");
    let code = ":dep itoa = \"1\"\nitoa::Buffer::new().format(42).to_owned()";
    std::fs::write(folder.join("a.ipynb"), notebook(&[code]).to_string()).expect("writes");
    let run = |cache: &str, offline: &str| {
        let mut command = analysis.home.command(&prepared());
        command.env("RECOIL_CACHE", analysis.home.path().join(cache)).env("CARGO_NET_OFFLINE", offline);
        command.current_dir(&folder).args(["run", "a.ipynb", "-o", "b.ipynb"]).output().expect("starts")
    };
    let first = run("one", "false");
    if !first.status.success() && said(&first).contains("DependencyError") {
        return recoil_tests::skipped("added_crates_keep_their_versions", "no crate of the registry can be had here");
    }
    assert!(first.status.success(), "{}", said(&first));
    let outputs = || std::fs::read_to_string(folder.join("b.ipynb")).expect("reads");
    assert!(outputs().contains("recoil.lock now has itoa 1."), "{}", outputs());
    let lock = std::fs::read_to_string(folder.join("recoil.lock")).expect("a lock");
    // In a cache of its own, so that cargo must build again; without the network.
    let second = run("two", "true");
    assert!(second.status.success(), "{}", said(&second));
    assert!(!outputs().contains("recoil.lock now has"), "{}", outputs());
    assert_eq!(std::fs::read_to_string(folder.join("recoil.lock")).expect("a lock"), lock);
    let text = outputs();
    let book: Value = serde_json::from_str(&text).expect("JSON");
    assert!(fingerprints(&book)[0]["options"]["crates"].is_string(), "{text}");
    // Versions that cannot be had are not replaced in silence.
    let at = lock.find("\"version = \\\"1.").expect("a version");
    std::fs::write(folder.join("recoil.lock"), format!("{}\"version = \\\"999.{}", &lock[..at], &lock[at + 15..]))
        .expect("writes");
    let third = run("two", "true");
    assert!(said(&third).contains("the versions are those of recoil.lock"), "{}", said(&third));
}

#[test]
fn crates_in_folders_are_locked_by_their_content_and_come_along() {
    let _turn = turn();
    let analysis = Analysis { home: Home::new(), notebook: Value::Null };
    let folder = analysis.folder("study");
    let own = analysis.home.path().join("muons");
    std::fs::create_dir_all(own.join("src")).expect("a folder");
    let manifest = "[package]\nname = \"muons\"\nversion = \"0.3.0\"\nedition = \"2021\"\n";
    std::fs::write(own.join("Cargo.toml"), manifest).expect("writes");
    let source = |answer: u32| {
        let code = format!("pub fn mass() -> u32 {{ {answer} }}\n");
        std::fs::write(own.join("src/lib.rs"), code).expect("writes");
    };
    source(105);
    let code = ":dep muons = { path = \"../muons\" }\nmuons::mass()";
    std::fs::write(folder.join("a.ipynb"), notebook(&[code]).to_string()).expect("writes");
    let run = || analysis.run(&["run", "a.ipynb", "-o", "a.ipynb"], &folder);
    let text = || std::fs::read_to_string(folder.join("a.ipynb")).expect("reads");
    let output = run();
    assert!(output.status.success(), "{}", said(&output));
    assert!(text().contains("recoil.lock now has muons 0.3.0") && text().contains("hashes of 2 files"), "{}", text());
    let lock = std::fs::read_to_string(folder.join("recoil.lock")).expect("a lock");
    assert!(
        lock.contains("\"../muons/src/lib.rs\": \"") && !lock.contains(analysis.home.path().to_str().expect("text")),
        "{lock}"
    );
    assert!(run().status.success());
    assert!(!text().contains("recoil.lock"), "nothing has changed: {}", text());

    let output = analysis.run(&["pack", "a.ipynb", "-o", "a.zip"], &folder);
    assert!(output.status.success(), "{}", said(&output));
    let elsewhere = analysis.home.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder");
    let archive = folder.join("a.zip");
    let output = analysis.run(&["unpack", archive.to_str().expect("text"), "b", "--run"], &elsewhere);
    assert!(output.status.success() && said(&output).contains("cell 1: same"), "{}", said(&output));
    assert!(elsewhere.join("b/muons/src/lib.rs").is_file() && elsewhere.join("b/study/recoil.lock").is_file());

    source(106);
    let output = analysis.run(&["verify", "a.ipynb"], &folder);
    let told = said(&output);
    assert!(
        line(&told, 1).starts_with("cell 1: 105 -> 106 (text, line 1)") && line(&told, 1).contains("; crates "),
        "{told}"
    );
    assert!(run().status.success());
    source(107);
    assert!(run().status.success());
    assert!(text().contains("`../muons/src/lib.rs` changed since recoil.lock was written"), "{}", text());
    let output = analysis.run(&["pack", "a.ipynb", "-o", "c.zip"], &folder);
    assert!(output.status.success(), "{}", said(&output));
    source(108);
    let output = analysis.run(&["pack", "a.ipynb", "-o", "d.zip"], &folder);
    assert!(
        said(&output).contains("input `../muons/src/lib.rs` has changed since the notebook was run"),
        "{}",
        said(&output)
    );
}
