//! What a cell shows, in the form in which it is compared.

use super::source;
use crate::cell::source::makers;
use crate::proof::{KEY, MEASURES};
use nbformat::v4;
use serde_json::{Map, Value};

/// What is only in a bundle so that a front end shows the same picture in another way.
const OF_A_PICTURE: [&str; 2] = ["text/html", "image/png"];
/// A widget's model has a new name in every session.
const WIDGET: &str = "application/vnd.jupyter.widget-view+json";

/// What a cell shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    /// All that was printed, in any number of pieces.
    pub stdout: String,
    /// All that was printed to standard error.
    pub stderr: String,
    /// Displays and the result, in order: bodies by mime type.
    pub displays: Vec<Map<String, Value>>,
    /// Name and text of the error.
    pub error: Option<String>,
    /// How many outputs tell of times, and are not here.
    pub left_out: usize,
}

impl Shown {
    /// What a cell's outputs show.
    pub fn of(cell: &v4::Cell) -> Self {
        let v4::Cell::Code { outputs, .. } = cell else { return Self::default() };
        let mut shown = Self::default();
        for output in outputs {
            match output {
                v4::Output::Stream { name, text } if name == "stderr" => shown.stderr += &text.0,
                v4::Output::Stream { text, .. } => shown.stdout += &text.0,
                v4::Output::DisplayData(display) => shown.display(serde_json::to_value(display)),
                v4::Output::ExecuteResult(result) => shown.display(serde_json::to_value(result)),
                v4::Output::Error(error) => shown.error = Some(format!("{}: {}", error.ename, error.evalue)),
            }
        }
        let (stdout, lines) = makers::without_times(&source(cell), &shown.stdout);
        shown.stdout = stdout;
        shown.left_out += lines;
        shown
    }

    fn display(&mut self, output: Result<Value, serde_json::Error>) {
        let Ok(Value::Object(mut output)) = output else { return };
        if output.get("metadata").is_some_and(|metadata| metadata[KEY].get(MEASURES).is_some()) {
            self.left_out += 1;
            return;
        }
        // One without data carries the fingerprint of what was printed.
        let Some(Value::Object(mut data)) = output.remove("data").filter(|data| *data != Value::Object(Map::new()))
        else {
            return;
        };
        if data.contains_key("image/svg+xml") {
            data.retain(|mime, _| !OF_A_PICTURE.contains(&mime.as_str()));
        }
        data.remove(WIDGET);
        self.displays.push(data);
    }

    /// Whether there is nothing to compare.
    pub fn is_empty(&self) -> bool {
        self.stdout.is_empty() && self.stderr.is_empty() && self.displays.is_empty() && self.error.is_none()
    }
}
