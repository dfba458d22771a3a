//! Notebooks through an evaluator that does what its cells say.

use super::{Collector, export, run, to_text};
use crate::evaluator::{
    Bundle, Cell, Comm, Completeness, Completions, Evaluator, Event, Failure, Outcome, Output, Sink, Stream,
};
use nbformat::{Notebook, v4};
use serde_json::{Value, json};

struct Words(Sink);

fn bundle(mime: &str, text: &str) -> Bundle {
    Bundle { data: [(mime.to_owned(), json!(text))].into_iter().collect(), ..Bundle::default() }
}

impl Evaluator for Words {
    fn execute(&self, cell: Cell) -> Outcome {
        let mut result = None;
        for line in cell.code.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let output = match word {
                "print" => Output::Text(Stream::Stdout, format!("{rest}\n")),
                "eprint" => Output::Text(Stream::Stderr, format!("{rest}\n")),
                "bar" => Output::Display { bundle: bundle("text/plain", rest), id: Some("bar".into()) },
                "update" => Output::Update { bundle: bundle("text/plain", rest), id: "bar".into() },
                "clear" => Output::Clear { wait: rest == "wait" },
                "value" => {
                    let (mime, text) = rest.split_once(' ').expect("mime and text");
                    result = Some(bundle(mime, text));
                    continue;
                }
                _ => {
                    let traceback = vec![format!("\u{1b}[31merror\u{1b}[0m: <{rest}>")];
                    return Outcome::Failed(Failure { name: "Error".into(), value: rest.into(), traceback });
                }
            };
            (self.0)(Event { token: cell.token, output });
        }
        Outcome::Done { result, page: None, next_input: None, expressions: Vec::new() }
    }

    fn interrupt(&self) {}

    fn complete(&self, _: &str, _: usize) -> Completions {
        Completions::default()
    }

    fn inspect(&self, _: &str, _: usize, _: u8) -> Option<Bundle> {
        None
    }

    fn comm(&self, _: &str, _: Comm) {}
    fn is_complete(&self, _: &str) -> Completeness {
        Completeness::Complete
    }

    fn shutdown(&self) {}
}

fn notebook(cells: &Value) -> v4::Notebook {
    let text = json!({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).to_string();
    match nbformat::parse_notebook(&text).expect("a notebook") {
        Notebook::V4(notebook) => notebook,
        other => panic!("{other:?}"),
    }
}

fn code(id: &str, source: &str, tags: &[&str]) -> Value {
    let old = json!({"output_type": "stream", "name": "stdout", "text": ["old"]});
    json!({"cell_type": "code", "id": id, "metadata": {"tags": tags}, "execution_count": 77, "outputs": [old], "source": [source]})
}

fn ran(cells: &Value) -> (v4::Notebook, Option<super::Failed>, Vec<u32>) {
    let mut notebook = notebook(cells);
    let collector = Collector::default();
    let words = Words(collector.sink());
    let mut told = Vec::new();
    let ended = run(&mut notebook, &words, &collector, &mut |progress| {
        told.extend(progress.took.map(|_| progress.cell));
    });
    (notebook, ended.err(), told)
}

fn outputs(notebook: &v4::Notebook, index: usize) -> Value {
    let text = to_text(notebook).expect("writes");
    let value: Value = serde_json::from_str(&text).expect("json");
    value["cells"][index]["outputs"].clone()
}

#[test]
fn cells_run_until_one_fails() {
    let cells = json!([
        code("a", "bar 0 %\nprint one\nprint two\neprint three", &[]),
        {"cell_type": "markdown", "id": "b", "metadata": {}, "source": ["# Title\n"]},
        code("c", "fail expected", &["raises-exception"]),
        code("d", " ", &[]),
        code("e", "update 100 %\nvalue text/plain 6", &[]),
        code("f", "print gone\nclear wait\nprint stays", &[]),
        code("g", "fail badly", &[]),
        code("h", "print never", &[]),
    ]);
    let (notebook, failed, told) = ran(&cells);
    let failed = failed.expect("one fails");
    assert_eq!((failed.cell, failed.failure.value.as_str()), (5, "badly"));
    assert_eq!(told, [1, 2, 3, 4, 5]);
    let first = outputs(&notebook, 0);
    assert_eq!(first[0]["data"]["text/plain"], json!(["100 %"]), "a later cell updated it");
    assert_eq!(first[1]["text"], json!(["one\n", "two\n"]));
    assert_eq!(first[2]["name"], "stderr");
    assert_eq!(outputs(&notebook, 2)[0]["output_type"], "error");
    assert_eq!(outputs(&notebook, 4)[0]["execution_count"], 3);
    assert_eq!(outputs(&notebook, 5), json!([{"output_type": "stream", "name": "stdout", "text": ["stays\n"]}]));
    assert_eq!(outputs(&notebook, 6)[0]["evalue"], "badly");
    assert_eq!(outputs(&notebook, 7), json!([]), "old outputs are forgotten");
}

#[test]
fn the_page_has_text_code_outputs_and_errors() {
    let cells = json!([
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["| x |\n|---|\n| ~~1~~ |\n"]},
        code("b", "value image/svg+xml <svg xmlns='http://www.w3.org/2000/svg'/>", &[]),
        code("c", "value text/html <table><tr><td>7</td></tr></table>", &[]),
        code("d", "print 1 < 2", &[]),
        code("e", "fail x", &[]),
    ]);
    let (notebook, _, _) = ran(&cells);
    let html = export(&notebook, "A <title>");
    for expected in [
        "<title>A &lt;title&gt;</title>",
        "<td><del>1</del></td>",
        "src=\"data:image/svg+xml;base64,PHN2Zy",
        "<table><tr><td>7</td></tr></table>",
        "<pre class=\"out stdout\">1 &lt; 2\n</pre>",
        "<span class=\"c1\">error</span>: &lt;x&gt;",
        "prefers-color-scheme: dark",
        "In[1]",
    ] {
        assert!(html.contains(expected), "no {expected} in\n{html}");
    }
    assert!(!html.contains("http://") && !html.contains("https://"), "the page needs nothing else");
}
