//! The tutorials as chapters of the book: a preprocessor of mdBook, which gives it the book as JSON and takes it back.

use super::html::{self, inline};
use super::{NotebookError, notebook};
use nbformat::v4;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The chapter under which the tutorials stand.
const PARENT: &str = "tutorials.md";

/// Puts a chapter for each notebook in `notebooks` into `input`, what mdBook sends: its context and the book. Gives the book.
///
/// # Errors
/// What is no such JSON; notebooks that cannot be read.
pub(crate) fn with_tutorials(input: &str, notebooks: &Path) -> Result<String, NotebookError> {
    let wrong = |reason: String| NotebookError::Book { reason };
    let (_, mut book): (Value, Value) = serde_json::from_str(input).map_err(|error| wrong(error.to_string()))?;
    // Until mdBook 0.5 they were called sections.
    let key = if book["items"].is_array() { "items" } else { "sections" };
    let items = book[key].as_array_mut().ok_or_else(|| wrong("it has no chapters".to_owned()))?;
    let parent = items.iter_mut().find(|item| item["Chapter"]["path"] == PARENT);
    let parent = parent.ok_or_else(|| wrong(format!("it has no chapter {PARENT}")))?;
    let number = parent["Chapter"]["number"].as_array().cloned().unwrap_or_default();
    let name = parent["Chapter"]["name"].clone();
    let mut chapters = Vec::new();
    for (at, path) in files(notebooks)?.iter().enumerate() {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let notebook = notebook::read(path)?;
        let number: Vec<Value> = number.iter().cloned().chain([json!(at + 1)]).collect();
        chapters.push(json!({ "Chapter": {
            "name": stem.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' '), "content": markdown(&notebook),
            "number": number, "sub_items": [], "path": format!("tutorials/{}.md", stem.replace(' ', "-")),
            "source_path": null, "parent_names": [name],
        }}));
    }
    parent["Chapter"]["sub_items"] = Value::Array(chapters);
    Ok(book.to_string())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, NotebookError> {
    let at = |source| NotebookError::File { path: folder.to_path_buf(), source };
    let files = std::fs::read_dir(folder).map_err(at)?.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "ipynb")).collect();
    files.sort();
    Ok(files)
}

/// A notebook as a page of the book: its texts, its code, and its outputs as HTML.
fn markdown(notebook: &v4::Notebook) -> String {
    let mut page = String::new();
    for cell in &notebook.cells {
        match cell {
            v4::Cell::Markdown { source, attachments, .. } => {
                let text = html::with_attachments(source.concat(), attachments.as_ref());
                page += &inline(&links(&text));
            }
            v4::Cell::Raw { source, .. } => page += &format!("```text\n{}\n```", source.concat()),
            v4::Cell::Code { source, outputs, .. } => {
                // Not one of the examples that mdBook offers to run.
                page += &format!("```rust,ignore\n{}\n```\n\n", source.concat());
                for output in outputs {
                    // A blank line would end a piece of HTML in Markdown.
                    page += html::output(output).trim().replace('\n', "&#10;").as_str();
                    page += "\n\n";
                }
            }
        }
        page += "\n\n";
    }
    page
}

/// Links between notebooks lead to their chapters, those to the pages of the book to these.
fn links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        let (before, behind) = rest.split_at(at + 2);
        out += before;
        let target = behind.split(')').next().unwrap_or_default();
        match target.strip_suffix(".ipynb").filter(|target| !target.contains("://")) {
            Some(name) => out += &format!("{}.md", name.replace("%20", "-")),
            // From the folder of the notebooks to that of the chapters.
            None => out += &target.replacen("../docs/src/", "../", 1),
        }
        rest = &behind[target.len()..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notebooks_become_chapters() {
        let folder = tempfile::tempdir().unwrap();
        let output = json!({"output_type": "stream", "name": "stdout", "text": ["one\n", "\n", "two\n"]});
        let notebook = json!({
            "cells": [
                {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Title\n", "$x^2$, [next](02%20more%20of%20it.ipynb), [page](../docs/src/files.md)"]},
                {"cell_type": "code", "id": "b", "metadata": {}, "execution_count": 1, "source": ["f()"], "outputs": [output]},
            ],
            "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
        });
        std::fs::write(folder.path().join("01 first of all.ipynb"), notebook.to_string()).unwrap();
        let chapter = |path: &str| json!({"Chapter": {"name": "Tutorials", "content": "", "number": [3], "sub_items": [], "path": path, "source_path": path, "parent_names": []}});
        let input = json!([{"root": "/"}, {"items": [chapter("index.md"), chapter("tutorials.md")]}]).to_string();
        let book: Value = serde_json::from_str(&with_tutorials(&input, folder.path()).unwrap()).unwrap();
        let made = &book["items"][1]["Chapter"]["sub_items"][0]["Chapter"];
        assert_eq!((&made["name"], &made["number"]), (&json!("first of all"), &json!([3, 1])));
        assert_eq!(made["path"], "tutorials/01-first-of-all.md");
        let content = made["content"].as_str().unwrap();
        assert!(
            content.contains("<msup>") && content.contains("](02-more-of-it.md), [page](../files.md)"),
            "{content}"
        );
        assert!(content.contains("```rust,ignore\nf()\n```") && content.contains("one&#10;&#10;two"), "{content}");
        let without = json!([{}, {"items": [chapter("index.md")]}]).to_string();
        assert!(with_tutorials(&without, folder.path()).unwrap_err().to_string().contains("tutorials.md"));
    }
}
