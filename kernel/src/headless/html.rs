//! One HTML file that needs nothing else: code, outputs, light and dark.

use super::ansi::{escape, to_html};
use super::{highlight, math};
use crate::proof::{KEY, Provenance};
use base64::Engine as _;
use nbformat::v4;
use pulldown_cmark::{Event, Options, Parser};
use serde_json::{Map, Value};

const STYLE: &str = include_str!("style.css");
/// What is shown of a bundle: the first that is there.
const RICHEST: &[&str] = &[
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "text/markdown",
    "text/latex",
    "application/json",
    "text/plain",
];

/// The notebook as HTML.
pub fn export(notebook: &v4::Notebook, title: &str) -> String {
    let cells: String = notebook.cells.iter().map(cell).collect();
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n{cells}</main>\n{}</body>\n</html>\n",
        footer(notebook)
    )
}

/// What the notebook was made from, where it says so.
fn footer(notebook: &v4::Notebook) -> String {
    let known = notebook.metadata.additional.get(KEY).cloned();
    let known = known.and_then(|known| serde_json::from_value::<Provenance>(known).ok());
    known.map_or_else(String::new, |known| format!("<footer>\n<h2>Made from</h2>\n{}\n</footer>\n", known.html()))
}

fn cell(cell: &v4::Cell) -> String {
    match cell {
        v4::Cell::Markdown { source, attachments, .. } => {
            let text = with_attachments(source.concat(), attachments.as_ref());
            format!("<section class=\"text\">\n{}</section>\n", markdown(&text))
        }
        v4::Cell::Raw { source, .. } => {
            format!("<section class=\"raw\"><pre>{}</pre></section>\n", escape(&source.concat()))
        }
        v4::Cell::Code { source, execution_count, outputs, .. } => {
            let number = execution_count.map_or_else(|| " ".to_owned(), |number| number.to_string());
            let code = highlight::rust(&source.concat());
            let outputs: String = outputs.iter().map(output).collect();
            format!(
                "<section class=\"code\">\n<div class=\"in\"><span class=\"prompt\">In[{number}]</span>\
                 <pre><code>{code}</code></pre></div>\n{outputs}</section>\n"
            )
        }
    }
}

fn markdown(text: &str) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_MATH;
    let mut html = String::new();
    let events = Parser::new_ext(text, options).map(|event| match event {
        Event::InlineMath(tex) => Event::InlineHtml(math::mathml(&tex, false).into()),
        Event::DisplayMath(tex) => Event::InlineHtml(math::mathml(&tex, true).into()),
        event => event,
    });
    pulldown_cmark::html::push_html(&mut html, events);
    html
}

/// Markdown whose formulas are MathML, for a page that has no formulas of its own.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut from = 0;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_MATH).into_offset_iter() {
        let formula = match event {
            Event::InlineMath(tex) => math::mathml(&tex, false),
            Event::DisplayMath(tex) => math::mathml(&tex, true),
            _ => continue,
        };
        out += &text[from..range.start];
        out += &formula;
        from = range.end;
    }
    out + &text[from..]
}

/// Images attached to a cell become data addresses.
pub(super) fn with_attachments(mut text: String, attachments: Option<&Value>) -> String {
    for (name, bundle) in attachments.and_then(Value::as_object).into_iter().flatten() {
        for (mime, data) in bundle.as_object().into_iter().flatten() {
            let data = joined(data);
            text = text.replace(&format!("attachment:{name}"), &format!("data:{mime};base64,{}", data.trim()));
        }
    }
    text
}

pub(super) fn output(output: &v4::Output) -> String {
    match output {
        v4::Output::Stream { name, text } => {
            format!("<pre class=\"out {}\">{}</pre>\n", escape(name), to_html(&text.0))
        }
        v4::Output::Error(error) => {
            let text = match error.traceback.is_empty() {
                true => format!("{}: {}", error.ename, error.evalue),
                false => error.traceback.join("\n"),
            };
            format!("<pre class=\"out error\" role=\"alert\">{}</pre>\n", to_html(&text))
        }
        v4::Output::DisplayData(display) => rich(serde_json::to_value(display)),
        v4::Output::ExecuteResult(result) => rich(serde_json::to_value(result)),
    }
}

fn rich(output: Result<Value, serde_json::Error>) -> String {
    let Ok(Value::Object(output)) = output else { return String::new() };
    let Some(Value::Object(data)) = output.get("data") else { return String::new() };
    let richest = RICHEST.iter().find_map(|mime| data.get(*mime).map(|value| (*mime, joined(value))));
    let Some((mime, text)) = richest else { return String::new() };
    let alt = escape(&data.get("text/plain").map(joined).unwrap_or_default());
    let body = match mime {
        "text/html" => text,
        "text/markdown" => markdown(&text),
        "text/latex" => markdown(text.trim()),
        // As an image its ids cannot clash with those of other plots on the page.
        "image/svg+xml" => {
            let data = base64::engine::general_purpose::STANDARD.encode(text.as_bytes());
            image(mime, &data, &alt, &output)
        }
        _ if mime.starts_with("image/") => image(mime, text.trim(), &alt, &output),
        _ => format!("<pre>{}</pre>", to_html(&text)),
    };
    format!("<div class=\"out\">{body}</div>\n")
}

fn image(mime: &str, base64: &str, alt: &str, output: &Map<String, Value>) -> String {
    let size = |name: &str| {
        let value = output.get("metadata").and_then(|of| of.get(mime)).and_then(|of| of.get(name));
        value.and_then(Value::as_f64).map(|value| format!(" {name}=\"{value}\"")).unwrap_or_default()
    };
    format!("<img alt=\"{alt}\"{}{} src=\"data:{mime};base64,{base64}\">", size("width"), size("height"))
}

/// Notebook files keep text as a string or as a list of lines.
fn joined(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}
