//! The walks of ARCHITECTURE.md: every step is a function that is there, and that an earlier step calls.

use super::calls::Calls;
use super::{all_files, folder_of, page, rooms};
use recoil_tests::cases::project;

/// More hops than this between two steps are a step that the page leaves out.
const DEEP: usize = 6;

/// A step of a walk: the file and the function it names, where it names one, and what the page says.
struct Step {
    function: Option<(String, String)>,
    text: String,
}

/// The walks: their titles and steps.
fn walks() -> Vec<(String, Vec<Step>)> {
    let page = page();
    let name = regex::Regex::new(r"`((?:kernel|prelude)/[a-z0-9_/]+\.rs)::([a-z_0-9]+)`").expect("a pattern");
    let mut walks: Vec<(String, Vec<Step>)> = Vec::new();
    let lines =
        page.lines().skip_while(|line| !line.ends_with(" walks")).skip(1).take_while(|line| !line.starts_with("## "));
    for line in lines {
        if let Some(title) = line.strip_prefix("**") {
            walks.push((title.trim_end_matches("**").to_owned(), Vec::new()));
        } else if line.starts_with(|c: char| c.is_ascii_digit())
            && let Some((_, steps)) = walks.last_mut()
        {
            let function = name.captures(line).map(|found| (found[1].to_owned(), found[2].to_owned()));
            steps.push(Step { function, text: line.to_owned() });
        }
    }
    walks
}

#[test]
fn every_step_of_a_walk_is_called_by_an_earlier_one() {
    let mut calls = Calls::default();
    for (room, _) in rooms() {
        for path in all_files(&project().join(folder_of(&room))) {
            let name = path.strip_prefix(project()).expect("below").display().to_string();
            calls.add(&name, &path);
        }
    }
    let walks = walks();
    assert_eq!(walks.len(), 4, "the walks are gone");
    let mut wrong = Vec::new();
    for (title, steps) in &walks {
        assert!((5..=10).contains(&steps.len()), "{title}: {} steps", steps.len());
        for (at, step) in steps.iter().enumerate() {
            let Some((file, function)) = &step.function else { continue };
            if !calls.defined.get(file).is_some_and(|defined| defined.contains(function)) {
                wrong.push(format!("{title}: {file} has no function {function}"));
            }
            let before = steps[..at].iter().filter_map(|step| step.function.as_ref());
            let mut before = before.map(|(_, function)| function.as_str()).peekable();
            let called = before.peek().is_none() || before.any(|earlier| calls.reaches(earlier, function, DEEP));
            let elsewhere = ["queue", "socket", "thread", "the user"].iter().any(|word| step.text.contains(word));
            if !called && !elsewhere {
                wrong.push(format!("{title}: no earlier step calls {function}: `{}`", step.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
