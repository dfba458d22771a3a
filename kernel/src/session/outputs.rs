//! From the evaluator's sink to iopub: each output finds the request of its cell by the cell's token.

use super::comms::Comms;
use crate::channels::Iopub;
use crate::channels::Stdin;
use crate::channels::flood::Flood;
use crate::evaluator::{Bundle, Event, Origin, Output, Sink, Stream};
use crate::lock::lock;
use crate::proof::measures;
use crate::wire::{Parent, content, execute};
use jupyter_protocol::ClearOutput;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Cells whose late outputs (of threads that outlive them) still find their way.
const REMEMBERED: usize = 1_000;

struct Account {
    origin: Arc<Parent>,
    silent: bool,
    allow_stdin: bool,
    flood: Flood,
    shows: Shows,
}

/// What a cell shows so far.
#[derive(Clone, Copy, PartialEq)]
enum Shows {
    Nothing,
    Text,
    /// Nothing, when the next output comes.
    Clearing,
    /// Displays, which carry fingerprints.
    More,
}

/// Who gets which output.
pub(crate) struct Outputs {
    iopub: Iopub,
    stdin: Stdin,
    comms: Arc<Mutex<Comms>>,
    accounts: Mutex<BTreeMap<u64, Account>>,
}

impl Outputs {
    pub(crate) fn new(iopub: Iopub, stdin: Stdin, comms: Arc<Mutex<Comms>>) -> Arc<Self> {
        Arc::new(Self { iopub, stdin, comms, accounts: Mutex::default() })
    }

    /// What the evaluator gets.
    pub(crate) fn sink(self: &Arc<Self>) -> Sink {
        let outputs = self.clone();
        Arc::new(move |event| outputs.take(event))
    }

    /// A cell is about to run.
    pub(crate) fn begin(&self, token: u64, origin: &Arc<Parent>, silent: bool, allow_stdin: bool) {
        let mut accounts = lock(&self.accounts);
        let account =
            Account { origin: origin.clone(), silent, allow_stdin, flood: Flood::default(), shows: Shows::Nothing };
        accounts.insert(token, account);
        while accounts.len() > REMEMBERED {
            accounts.pop_first();
        }
    }

    /// A cell has ended: the end of a flood follows.
    pub(crate) fn end(&self, token: u64) {
        self.stdin.cancel();
        if let Some(account) = lock(&self.accounts).get_mut(&token) {
            let end = account.flood.end();
            self.publish(account, end);
        }
    }

    /// Gives a cell that has only printed an output that shows nothing and carries what the text was made from: streams
    /// have no metadata in the protocol, and front ends keep no others with the cell.
    pub(crate) fn note_origin(&self, token: u64, origin: impl FnOnce() -> Option<Origin>) {
        let only_text = |account: &Account| account.shows == Shows::Text && !account.silent;
        let Some(parent) = lock(&self.accounts).get(&token).filter(|of| only_text(of)).map(|of| of.origin.clone())
        else {
            return;
        };
        if let Some(Origin { metadata, .. }) = origin().filter(|origin| !origin.of_code_alone) {
            let bundle = Bundle { metadata, ..Bundle::default() };
            self.iopub.publish(&parent, "display_data", execute::display(bundle, None));
        }
    }

    fn take(&self, event: Event) {
        let mut accounts = lock(&self.accounts);
        let Some(account) = accounts.get_mut(&event.token) else {
            tracing::debug!(token = event.token, "an output of an unknown cell was ignored");
            return;
        };
        match event.output {
            Output::Input { prompt, password, reply } if account.allow_stdin => {
                self.iopub_first();
                self.stdin.ask(&account.origin, &prompt, password, reply);
            }
            // Dropping the sender says that there is no answer.
            Output::Input { .. } => {}
            Output::Comm { id, event } => lock(&self.comms).said(&self.iopub, &account.origin, &id, event),
            Output::CommsLost => lock(&self.comms).lose(&self.iopub, &account.origin),
            _ if account.silent => {}
            Output::Text(stream, text) => {
                let now = account.flood.text(stream, text);
                account.shows = if account.shows == Shows::More { Shows::More } else { Shows::Text };
                self.publish(account, now);
            }
            Output::Display { bundle, id } => match account.flood.display() {
                Ok(()) => {
                    account.shows = if measures(&bundle.metadata) { account.shows } else { Shows::More };
                    self.iopub.publish(&account.origin, "display_data", execute::display(bundle, id));
                }
                Err(Some(note)) => self.iopub.text(&account.origin, Stream::Stderr, note),
                Err(None) => {}
            },
            Output::Update { bundle, id } => {
                self.iopub.update(&account.origin, id.clone(), execute::display(bundle, Some(id)));
            }
            Output::Clear { wait } => {
                account.flood.clear();
                account.shows = if wait { Shows::Clearing } else { Shows::Nothing };
                self.iopub.publish(&account.origin, "clear_output", content(&ClearOutput { wait }));
            }
        }
    }

    fn publish(&self, account: &Account, texts: Vec<(Stream, String)>) {
        for (stream, text) in texts {
            self.iopub.text(&account.origin, stream, text);
        }
    }

    /// What was printed before a question is shown before it. The answer takes a human, waiting here does not.
    fn iopub_first(&self) {
        self.iopub.flush_blocking();
    }
}
