//! Completion and help of the program itself: files, groups, parameters, words of selections, the order of lists, pages.

use crate::front::Channel::Shell;
use crate::real::Program;
use serde_json::json;
use std::time::Duration;

/// The cursor in `code` is where `¦` stands.
fn cursor(code: &str) -> (String, usize) {
    let at = code.chars().position(|c| c == '¦').expect("a cursor");
    (code.replace('¦', ""), at)
}

/// Candidates at the cursor, best first; asked again while there are none, as a busy machine may need longer than a user
/// would wait.
fn complete(program: &mut Program, code: &str) -> Vec<String> {
    let (text, at) = cursor(code);
    for _ in 0..60 {
        let reply = program.ask(Shell, "complete_request", json!({"code": text, "cursor_pos": at})).reply;
        let found = reply["matches"].as_array().expect("matches").clone();
        if !found.is_empty() {
            return found.iter().map(|name| name.as_str().expect("text").to_owned()).collect();
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    panic!("nothing is offered at {code}");
}

/// Asserts which candidates are first.
fn first(program: &mut Program, code: &str, expected: &[&str]) {
    let found = complete(program, code);
    assert_eq!(found.iter().take(expected.len()).collect::<Vec<_>>(), expected, "{code}: {found:?}");
}

fn inspect(program: &mut Program, code: &str) -> String {
    let (text, at) = cursor(code);
    for _ in 0..60 {
        let reply = program.ask(Shell, "inspect_request", json!({"code": text, "cursor_pos": at})).reply;
        if reply["found"] == true {
            return reply["data"]["text/plain"].as_str().expect("text").to_owned();
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    panic!("nothing is known at {code}");
}

/// A notebook with data of two processes, a fit and a cut, in a folder with files.
fn notebook() -> (Program, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("runs")).expect("a folder");
    for name in ["a.root", "b.root", "notes.md", "runs/one.parquet"] {
        std::fs::write(folder.path().join(name), "").expect("writes");
    }
    let mut program = Program::start();
    let cells = [
        format!("std::env::set_current_dir({:?})?;", folder.path()),
        "let x: Vec<f64> = (0..200).map(|i| 5.0 + ((i * 37 % 100) as f64 / 50.0 - 1.0).powi(3)).collect();\n\
         let frame = df!(\"mass\" => x, \"Jet_pt\" => vec![1.0; 200])?;\n\
         let data = Data::from_frames([(\"mumu\", frame.clone()), (\"ee\", frame)])?; let cut = 1.5; let title = \"t\";"
            .into(),
        "let h = data.hist(\"mass\", (20, 4.0, 6.0))?; let f = h.fit(Gaussian)?;".into(),
    ];
    for cell in cells {
        let reply = program.execute(&cell).reply;
        assert_eq!(reply["status"], "ok", "{cell}: {reply:?}");
    }
    (program, folder)
}

#[test]
fn strings_are_completed_as_what_they_are_for() {
    let (mut program, _folder) = notebook();
    first(&mut program, "let d = load(\"¦", &["a.root", "b.root", "runs/", "notes.md", "*.root"]);
    first(&mut program, "let d = load(\"runs/¦", &["one.parquet"]);
    first(&mut program, "load_with(\"no¦", &["notes.md"]);
    first(&mut program, "%load no¦", &["notes.md"]);
    let groups = complete(&mut program, "data.group(\"¦");
    assert!(groups.contains(&"mumu".to_owned()) && groups.contains(&"ee".to_owned()), "{groups:?}");
    first(&mut program, "data[\"mu¦", &["mumu"]);
    first(&mut program, "f[\"me¦", &["mean"]);
    let parameter = f_first(&mut program);
    first(&mut program, "f[\"¦", &[parameter.as_str()]);
    first(&mut program, "data.hist(\"ma¦", &["mass"]);
    first(&mut program, "data.query(query!(\"mass > @¦", &["cut"]);
    first(&mut program, "data.query(\"mass > 2 & ma¦", &["mass", "max"]);
    first(&mut program, "data.define(\"r\", \"sq¦", &["sqrt"]);
    first(&mut program, "data.query(\"mass.bet¦", &["between"]);
    first(&mut program, "data.query(\"name.str.con¦", &["contains"]);
    first(&mut program, "data.query(\"Jet.¦", &["pt"]);
    first(&mut program, "data.define(\"ratio\", \"mass / 2\").hist(\"ra¦", &["ratio"]);
}

/// The first parameter of the fit, by the fit itself.
fn f_first(program: &mut Program) -> String {
    program.value("f.parameters[0].name.clone()").trim_matches('"').to_owned()
}

#[test]
fn lists_begin_with_what_fits_and_hide_internals() {
    let (mut program, _folder) = notebook();
    let of_group = complete(&mut program, "data.mumu.¦");
    // Names that the notebook has used, then those that are needed first.
    let expected = ["hist", "collect", "fit", "group", "query"];
    assert_eq!(of_group[..5], expected, "{of_group:?}");
    assert!(of_group.contains(&"cutflow".to_owned()) && !of_group.contains(&"names_after_steps".to_owned()));
    let of_chain = complete(&mut program, "data.mumu.query(\"mass > 1\").¦");
    assert_eq!(of_chain[..5], expected, "{of_chain:?}");
    let of_data = complete(&mut program, "data.¦");
    let times = |name: &str| of_data.iter().filter(|found| *found == name).count();
    assert_eq!(of_data[..2], ["ee", "mumu"], "{of_data:?}");
    assert_eq!(times("all"), 1, "a group and a method: {of_data:?}");
    assert!(of_data.iter().all(|name| times(name) == 1), "each name once: {of_data:?}");
    // What the argument wants comes first.
    first(&mut program, "data.best_candidate(\"mass\", ¦", &["Highest", "Lowest"]);
    first(&mut program, "stack(¦", &["h"]);
    let shapes = complete(&mut program, "h.fit(¦");
    assert!(shapes[..8].contains(&"Gaussian".to_owned()) && shapes[..13].contains(&"Line".to_owned()), "{shapes:?}");
    first(&mut program, "lo¦", &["load"]);
    for (typed, internal) in [("recoil¦", "recoil_cell_failed"), ("Wid¦", "WidgetError"), ("Kep¦", "Kept")] {
        let (text, at) = cursor(typed);
        let reply = program.ask(Shell, "complete_request", json!({"code": text, "cursor_pos": at})).reply;
        assert!(!reply["matches"].as_array().expect("matches").contains(&json!(internal)), "{typed}: {reply:?}");
    }
}

#[test]
fn help_is_there_inside_of_strings_and_told_for_cells() {
    let (mut program, _folder) = notebook();
    let hist = inspect(&mut program, "data.hist(\"ma¦ss\", 50)");
    assert!(hist.contains("column `mass` of `data`"), "{hist}");
    let hist = inspect(&mut program, "data.hist(\"¦");
    assert!(hist.contains("fn hist("), "{hist}");
    let hist = inspect(&mut program, "data.mumu.hist(\"mass\", (20¦, 4.0, 6.0))");
    assert!(hist.contains("fn hist("), "{hist}");
    assert!(inspect(&mut program, "data.query(\"sq¦rt(mass) > 1\")").contains("sqrt(x)"));
    assert!(inspect(&mut program, "data.query(query!(\"mass > @cu¦t\"))").contains("f64"));
    for code in ["load¦(\"x\")", "let d = load(\"¦", "data.que¦ry(\"mass > 1\")", "data.mumu.oneCand¦Only()"] {
        let page = inspect(&mut program, code);
        for scaffold in ["data::load", "data::Data", "# let", "use data", "# Ok", "crate::"] {
            assert!(!page.contains(scaffold), "{code}: `{scaffold}` in\n{page}");
        }
    }
    assert!(inspect(&mut program, "load¦(\"x\")").contains("fn load("));
    let help = program.execute("%help");
    let page = format!("{:?}", help.published);
    for method in ["load(", ".query(", ".define(", ".hist(", ".count()", ".cutflow()", ".head(", ".weight(", ".group("]
    {
        assert!(page.contains(method), "{method} in {page}");
    }
}
