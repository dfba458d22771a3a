//! Collects what cells show, as a front end would keep it in the notebook.

use crate::evaluator::{Bundle, Event, Failure, Output, Sink, Stream};
use nbformat::v4::{self, DisplayData, ErrorOutput, ExecuteResult, MultilineString};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Text kept of one cell, in bytes.
const LIMIT: usize = 2_000_000;

#[derive(Default)]
struct Page {
    outputs: Vec<(v4::Output, Option<String>)>,
    clear_at_next: bool,
    text_bytes: usize,
}

/// The outputs of all cells by token.
#[derive(Clone, Default)]
pub struct Collector(Arc<Mutex<BTreeMap<u64, Page>>>);

impl Collector {
    /// What the evaluator gets.
    pub fn sink(&self) -> Sink {
        let collector = self.clone();
        Arc::new(move |event| collector.take(event))
    }

    /// The outputs of a cell so far.
    pub fn outputs(&self, token: u64) -> Vec<v4::Output> {
        let pages = self.pages();
        pages.get(&token).map_or_else(Vec::new, |page| page.outputs.iter().map(|(output, _)| output.clone()).collect())
    }

    pub(crate) fn result(&self, token: u64, number: u32, bundle: Bundle) {
        let DisplayData { data, metadata } = display(bundle);
        let execution_count = serde_json::from_value(Value::from(number)).unwrap_or_default();
        self.push(token, v4::Output::ExecuteResult(ExecuteResult { execution_count, data, metadata }), None);
    }

    pub(crate) fn error(&self, token: u64, failure: &Failure) {
        let Failure { name, value, traceback } = failure.clone();
        self.push(token, v4::Output::Error(ErrorOutput { ename: name, evalue: value, traceback }), None);
    }

    fn take(&self, event: Event) {
        match event.output {
            Output::Text(stream, text) => self.text(event.token, stream, &text),
            Output::Display { bundle, id } => self.push(event.token, v4::Output::DisplayData(display(bundle)), id),
            Output::Update { bundle, id } => self.update(&id, &display(bundle)),
            Output::Clear { wait } => {
                let mut pages = self.pages();
                let page = pages.entry(event.token).or_default();
                page.clear_at_next = wait;
                if !wait {
                    *page = Page::default();
                }
            }
            // Dropping the sender says that nobody is there to answer.
            Output::Input { .. } => {}
            // Nor is there anybody to move a widget; what it displays is kept.
            Output::Comm { .. } | Output::CommsLost => {}
        }
    }

    fn push(&self, token: u64, output: v4::Output, id: Option<String>) {
        let mut pages = self.pages();
        fresh(pages.entry(token).or_default()).outputs.push((output, id));
    }

    fn text(&self, token: u64, stream: Stream, text: &str) {
        let stream = match stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        };
        let mut pages = self.pages();
        let page = fresh(pages.entry(token).or_default());
        let before = page.text_bytes;
        page.text_bytes += text.len();
        let text = match page.text_bytes > LIMIT {
            true if before > LIMIT => return,
            true => "\n[recoil: the rest of this cell's output is not kept]\n",
            false => text,
        };
        match page.outputs.last_mut() {
            Some((v4::Output::Stream { name, text: MultilineString(held) }, _)) if name == stream => {
                held.push_str(text)
            }
            _ => {
                let text = MultilineString(text.to_owned());
                page.outputs.push((v4::Output::Stream { name: stream.to_owned(), text }, None));
            }
        }
    }

    /// A display may be updated by a later cell.
    fn update(&self, id: &str, new: &DisplayData) {
        let mut pages = self.pages();
        let displays = pages.values_mut().flat_map(|page| page.outputs.iter_mut());
        for (output, _) in displays.filter(|(_, of)| of.as_deref() == Some(id)) {
            *output = v4::Output::DisplayData(new.clone());
        }
    }

    fn pages(&self) -> MutexGuard<'_, BTreeMap<u64, Page>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fresh(page: &mut Page) -> &mut Page {
    if page.clear_at_next {
        *page = Page::default();
    }
    page
}

fn display(bundle: Bundle) -> DisplayData {
    let data = serde_json::from_value(Value::Object(bundle.data)).unwrap_or_default();
    DisplayData { data, metadata: bundle.metadata }
}
