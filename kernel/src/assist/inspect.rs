//! What is known of the name at the cursor: its type, documentation and source.

use super::assistant::{Assistant, PATIENCE, PATIENCE_OF_CELLS, floor, word_end};
use super::context::{Call, Context, context, word_start};
use super::index::members;
use super::snapshot::Snapshot;
use super::texts::{self, Purpose};
use super::{chain, language, pages, probe};
use crate::evaluator::Bundle;
use crate::lock::lock;
use std::time::Duration;

impl Assistant {
    pub fn inspect(&self, code: &str, cursor: usize, detail: u8) -> Option<Bundle> {
        self.inspect_within(code, cursor, detail, PATIENCE)
    }

    /// What is known of an item, for a cell that asks.
    pub fn page(&self, item: &str, detail: u8) -> Option<Bundle> {
        self.inspect_within(item, item.len(), detail, PATIENCE_OF_CELLS)
    }

    fn inspect_within(&self, code: &str, cursor: usize, detail: u8, patience: Duration) -> Option<Bundle> {
        let cursor = floor(code, cursor);
        let snapshot = lock(&self.snapshot).clone();
        if let Context::Text { call, word_start, .. } = context(code, cursor) {
            let found = self.in_string(&snapshot, code, &call, word_start..word_end(code, cursor));
            return found.or_else(|| self.of_call(&snapshot, code, &call, detail, patience));
        }
        let end = word_end(code, cursor);
        // Behind an opening parenthesis the function in front of it is meant.
        let end = if word_start(code, end) == end { code[..end].trim_end_matches(['(', ' ', '!']).len() } else { end };
        let name = code.get(word_start(code, end)..end).unwrap_or_default();
        let found = match name {
            "" => None,
            name => self.named(&snapshot, code, end, name, detail, patience),
        };
        found.or_else(|| match context(code, cursor) {
            Context::Word { call: Some(call), .. } => self.of_call(&snapshot, code, &call, detail, patience),
            _ => None,
        })
    }

    /// The name that ends at `end`.
    fn named(
        &self,
        snapshot: &Snapshot,
        code: &str,
        end: usize,
        name: &str,
        detail: u8,
        patience: Duration,
    ) -> Option<Bundle> {
        let index = self.index(patience);
        let indices = snapshot.indices(index);
        match context(code, end) {
            Context::Member { receiver, receiver_start, .. } => {
                let kind = self.type_of(snapshot, code, &receiver, receiver_start, patience.max(probe::PATIENCE))?;
                let entry = members(&indices, &kind).into_iter().find(|entry| entry.name == name)?;
                Some(pages::of_entry(entry, detail, &snapshot.items))
            }
            Context::Path { path, .. } => {
                let owner = path.rsplit("::").next().unwrap_or_default().to_owned();
                let found = indices.iter().find_map(|index| index.associated(&owner).find(|entry| entry.name == name));
                let found = found.or_else(|| indices.iter().find_map(|index| index.item(name)));
                found.map(|entry| pages::of_entry(entry, detail, &snapshot.items))
            }
            _ => match snapshot.variables.get(name) {
                Some(known) => Some(pages::of_variable(name, known, &indices)),
                None => {
                    let found = indices.iter().find_map(|index| index.item(name));
                    found.map(|entry| pages::of_entry(entry, detail, &snapshot.items))
                }
            },
        }
    }

    /// A word inside a string: of the language of selections, a variable behind `@`, a group or a column.
    fn in_string(&self, snapshot: &Snapshot, code: &str, call: &Call, word: std::ops::Range<usize>) -> Option<Bundle> {
        let name = code.get(word.clone()).filter(|name| !name.is_empty())?;
        let purpose = self.purpose(snapshot, call);
        let groups = purpose == Purpose::Groups;
        if purpose == Purpose::Files {
            return None;
        }
        if purpose == Purpose::Selection && code[..word.start].ends_with('@') {
            let known = snapshot.variables.get(name)?;
            return Some(pages::of_variable(name, known, &snapshot.indices(None)));
        }
        let behind = code[word.end..].trim_start();
        if purpose == Purpose::Selection && (behind.starts_with('(') || code[..word.start].ends_with('.')) {
            return language::about(name);
        }
        let known = texts::names(&snapshot.variables, groups, &call.receiver);
        let (name, kind) = known.into_iter().find(|(known, _)| known == name)?;
        let of: String = call.receiver.chars().take_while(|c| super::scan::is_word(*c)).collect();
        Some(pages::of_name(&name, &kind, &of))
    }

    /// The function around the cursor.
    fn of_call(&self, snapshot: &Snapshot, code: &str, call: &Call, detail: u8, patience: Duration) -> Option<Bundle> {
        let indices = snapshot.indices(self.index(patience));
        let patience = patience.max(probe::PATIENCE);
        let receiver = match call.receiver.as_str() {
            "" => None,
            receiver => self.type_of(snapshot, code, receiver, call.receiver_start, patience),
        };
        let found = chain::called(&indices, receiver.as_deref(), &call.name, !call.receiver.is_empty());
        match found.first() {
            Some(entry) => Some(pages::of_entry(entry, detail, &snapshot.items)),
            // The macro is not among the items.
            None if call.name == "query" => Some(language::page()),
            None => None,
        }
    }
}
