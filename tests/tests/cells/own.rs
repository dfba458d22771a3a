//! What belongs to a cell or a notebook stays with it: the text of threads, and the names that cells have defined.

use super::Notebook;
use recoil_kernel::evaluator::{Evaluator, Outcome};
use recoil_tests::kernel;
use std::time::Duration;

#[test]
fn a_thread_prints_into_the_cell_that_started_it() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    // The first cell: a thread that goes on, and one that it starts itself.
    notebook.value(
        "use std::sync::atomic::{AtomicU32, Ordering};\nuse std::time::Duration;\nstatic GO: AtomicU32 = AtomicU32::new(0);\n\
         let ticker = std::thread::spawn(|| {\n  while GO.load(Ordering::SeqCst) < 1 { std::thread::sleep(Duration::from_millis(5)); }\n  \
         println!(\"tick of one\"); eprintln!(\"error of one\");\n  \
         let inner = std::thread::spawn(|| println!(\"inner of one\")); inner.join().unwrap();\n  \
         GO.store(2, Ordering::SeqCst);\n});",
    );
    notebook.value(
        "println!(\"begin of two\");\nGO.store(1, Ordering::SeqCst);\nwhile GO.load(Ordering::SeqCst) < 2 { std::thread::sleep(Duration::from_millis(5)); }\n\
         std::thread::spawn(|| println!(\"thread of two\")).join().unwrap();\n\
         (0..4).collect::<Vec<_>>().iter().for_each(|_| ());\nprintln!(\"end of two\");",
    );
    notebook.value("ticker.join().unwrap(); println!(\"three\");");
    let of = |cell: u64| -> String {
        let texts = notebook.texts.lock().expect("not poisoned");
        texts.iter().filter(|(token, _)| *token == cell).map(|(_, text)| text.as_str()).collect()
    };
    let lines = |cell: u64| {
        let text = of(cell);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(1), ["error of one", "inner of one", "tick of one"]);
    assert_eq!(lines(2), ["begin of two", "end of two", "thread of two"]);
    assert_eq!(lines(3), ["three"]);
}

#[test]
fn own_functions_types_and_fields_are_completed_and_inspected() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    notebook.value(
        "/// A track of the detector.\n#[derive(Debug, Clone)]\nstruct Track { /// In GeV.\n momentum: f64, charge: i32 }\n\
         impl Track {\n  /// Its transverse part.\n  fn transverse(&self, theta: f64) -> f64 { self.momentum * theta.sin() }\n  \
         fn positive(momentum: f64) -> Self { Track { momentum, charge: 1 } }\n}\n\
         enum Region { Barrel, Endcap { forward: bool } }\ntype Tracks = Vec<Track>;\nconst LIMIT: f64 = 2.0;\n\
         /// Sums momenta.\nfn total_momentum(tracks: &[Track]) -> f64 {\n    let mut sum = 0.0;\n    for track in tracks { sum += track.momentum; }\n    sum\n}",
    );
    notebook.value("let track = Track::positive(1.5); let tracks: Tracks = vec![track.clone()];");
    let complete = |code: &str| -> Vec<(String, String)> {
        let mut found = Vec::new();
        // A busy machine may need more time than a user who types would wait.
        for _ in 0..60 {
            found = notebook.evaluator.complete(code, code.len()).candidates;
            if !found.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        found
    };
    let has = |code: &str, name: &str, kind: &str| {
        let found = complete(code);
        assert!(found.contains(&(name.to_owned(), kind.to_owned())), "`{code}`: no {kind} {name} in {found:?}");
    };
    has("total_mo", "total_momentum", "function");
    has("let x: Tra", "Track", "struct");
    has("let x: Tra", "Tracks", "type");
    has("LIM", "LIMIT", "const");
    has("track.mo", "momentum", "field");
    has("track.", "transverse", "method");
    has("tracks[0].ch", "charge", "field");
    has("Track::", "positive", "function");
    has("Region::", "Endcap", "variant");
    notebook.value("mod geo { pub fn far() -> u8 { 1 } pub mod inner { pub struct P; } }\nenum Color { Red, Green }");
    has("geo::fa", "far", "function");
    has("use geo::inner::", "P", "struct");
    has("Color::", "Red", "variant");
    assert_eq!(complete("Color::").len(), 2, "the prelude has a `Color`, too");
    let inspect = |code: &str, detail: u8| -> String {
        for _ in 0..60 {
            if let Some(page) = notebook.evaluator.inspect(code, code.len(), detail) {
                return page.data["text/plain"].as_str().expect("text").to_owned();
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        panic!("nothing is known about `{code}`");
    };
    let page = inspect("total_momentum", 0);
    assert!(page.contains("fn total_momentum(tracks: &[Track]) -> f64") && page.contains("Sums momenta."), "{page}");
    let page = inspect("total_momentum", 1);
    assert!(page.contains("for track in tracks { sum += track.momentum; }"), "as it was written: {page}");
    assert!(inspect("track.momentum", 0).contains("momentum: f64") && inspect("track.momentum", 0).contains("In GeV."));
    assert!(inspect("track.transverse", 0).contains("Its transverse part."));
    let page = inspect("Track", 0);
    assert!(page.contains("A track of the detector.") && page.contains("charge: i32"), "{page}");
    assert!(inspect("track", 0).contains("A track of the detector."), "the type of a variable");
    // A later definition counts.
    notebook.value("/// Only one.\nfn total_momentum(track: &Track) -> f64 { track.momentum }");
    let page = inspect("total_momentum", 0);
    assert!(page.contains("Only one.") && !page.contains("Sums momenta."), "{page}");
    assert!(notebook.value("?total_momentum").is_empty());
}

/// A crate whose futures look for the tokio that it was built with, which is not the prelude's.
#[test]
fn futures_of_a_crate_with_its_own_tokio_are_awaited() {
    let _turn = kernel::turn();
    let folder = tempfile::tempdir().expect("a folder");
    let sleeper = folder.path().join("sleeper");
    std::fs::create_dir_all(sleeper.join("src")).expect("a folder");
    let manifest = "[package]\nname = \"sleeper\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                    [dependencies]\ntokio = { version = \"1\", features = [\"rt\", \"time\"] }\n";
    std::fs::write(sleeper.join("Cargo.toml"), manifest).expect("writes");
    let source = "pub async fn later(n: u32) -> u32 { tokio::time::sleep(std::time::Duration::from_millis(5)).await; n }\n\
                  pub async fn beside(n: u32) -> u32 { tokio::spawn(later(n)).await.unwrap() }\n";
    std::fs::write(sleeper.join("src/lib.rs"), source).expect("writes");
    let notebook = Notebook::new(&folder.path().join("cells"));
    let add = format!(":dep sleeper = {{ path = {:?} }}\n1 + 1", sleeper.display().to_string());
    match notebook.run(&add) {
        Outcome::Done { .. } => {}
        Outcome::Failed(failure) => {
            assert_eq!(failure.name, "DependencyError", "{failure:?}");
            return recoil_tests::skipped("futures_of_a_crate_with_its_own_tokio_are_awaited", &failure.value);
        }
    }
    assert_eq!(notebook.value("sleeper::later(7).await"), "7");
    assert_eq!(
        notebook.value(
            "let n = sleeper::beside(8).await; tokio::time::sleep(std::time::Duration::from_millis(1)).await; n"
        ),
        "8"
    );
    assert_eq!(
        notebook
            .value("async fn both() -> u32 { sleeper::later(1).await + sleeper::beside(2).await }\nboth().await + n"),
        "11"
    );
}

/// evcxr: a type of a renamed crate has a name that cells do not know.
#[test]
fn variables_of_renamed_crates_are_kept() {
    let _turn = kernel::turn();
    let folder = tempfile::tempdir().expect("a folder");
    let added = folder.path().join("added");
    std::fs::create_dir_all(added.join("src")).expect("a folder");
    let manifest = "[package]\nname = \"added\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    std::fs::write(added.join("Cargo.toml"), manifest).expect("writes");
    let source =
        "#[derive(Debug, Clone)] pub struct Kaon { pub mass: f64 }\npub fn kaon() -> Kaon { Kaon { mass: 0.5 } }";
    std::fs::write(added.join("src/lib.rs"), source).expect("writes");
    let notebook = Notebook::new(&folder.path().join("cells"));
    let path = added.display().to_string();
    notebook.value(&format!(":dep strange = {{ path = {path:?}, package = \"added\" }}\nlet kaon = strange::kaon();"));
    assert_eq!(notebook.value("kaon.mass"), "0.5");
    assert_eq!(notebook.value("let two = vec![kaon.clone(), strange::kaon()]; two.len()"), "2");
    assert_eq!(notebook.value("two[1].mass + kaon.mass"), "1.0");
    // An error in the crate is told as rustc tells it.
    std::fs::write(added.join("src/lib.rs"), "pub fn kaon() -> u8 { \"heavy\" }").expect("writes");
    let told = notebook.failure("strange::kaon()").traceback.join("\n");
    assert!(told.contains("mismatched types") && told.contains("heavy"), "{told}");
}

/// evcxr: in each session anew.
#[test]
fn a_crate_of_the_registry_is_built_once_for_all_kernels() {
    let _turn = kernel::turn();
    let folder = tempfile::tempdir().expect("a folder");
    let cells = folder.path().join("cells");
    let built = || {
        let mut found = std::collections::BTreeMap::new();
        let mut left = vec![cells.join("crates")];
        while let Some(folder) = left.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let (path, data) = (entry.path(), entry.metadata().expect("is there"));
                if data.is_dir() {
                    left.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rlib") {
                    found.insert(path, data.modified().expect("a time"));
                }
            }
        }
        found
    };
    let mut first = None;
    for _ in 0..2 {
        let notebook = Notebook::new(&cells);
        match notebook.run(":dep itoa = \"1\"\nitoa::Buffer::new().format(42).to_owned()") {
            Outcome::Done { result, .. } => assert_eq!(result.expect("a value").data["text/plain"], "\"42\""),
            Outcome::Failed(failure) => {
                assert_eq!(failure.name, "DependencyError", "{failure:?}");
                return recoil_tests::skipped("a_crate_of_the_registry_is_built_once_for_all_kernels", &failure.value);
            }
        }
        let files = built();
        assert!(!files.is_empty());
        assert_eq!(*first.get_or_insert(files.clone()), files);
    }
}

/// The prelude has a serde and a `serde_json`. evcxr: as here.
#[test]
fn an_added_serde_fits_an_added_serde_json() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    let point = "#[derive(serde::Serialize, Debug)]\nstruct P { x: f64 }\nserde_json::to_string(&P { x: 1.5 })?";
    let written = "\"{\\\"x\\\":1.5}\"";
    assert_eq!(notebook.value(point), written);
    let add = ":dep serde = { version = \"1\", features = [\"derive\"] }\n:dep serde_json = \"1\"\n1";
    if let Outcome::Failed(failure) = notebook.run(add) {
        assert_eq!(failure.name, "DependencyError", "{failure:?}");
        return recoil_tests::skipped("an_added_serde_fits_an_added_serde_json", &failure.value);
    }
    assert_eq!(notebook.value(point), written);
    assert_eq!(notebook.value("serde_json::json!([1])[0].as_u64()"), "Some(1)");
}
