//! Fingerprints on what is displayed.

use super::ledger::Ledger;
use super::{KEY, MEASURES};
use crate::evaluator::{Bundle, Event, Output, Sink};
use crate::lock::lock;
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex};

/// A sink that puts the fingerprint of the running cell on everything that is displayed.
pub(crate) fn stamping(sink: Sink, ledger: Arc<Mutex<Ledger>>) -> Sink {
    Arc::new(move |mut event: Event| {
        if let Output::Display { bundle, .. } | Output::Update { bundle, .. } = &mut event.output {
            lock(&ledger).stamp(bundle);
        }
        sink(event);
    })
}

impl Ledger {
    /// Puts the fingerprint of the running cell on an output; not on what depends on times, which is not compared.
    pub fn stamp(&mut self, bundle: &mut Bundle) {
        if !measures(&bundle.metadata)
            && let Some(fingerprint) = self.fingerprint()
        {
            bundle.metadata.insert(KEY.to_owned(), fingerprint.to_json());
        }
    }

    /// The fingerprint of the last cell, for one that has only printed.
    pub fn origin_of_text(&mut self) -> Option<crate::evaluator::Origin> {
        let fingerprint = self.fingerprint()?;
        let metadata = Map::from_iter([(KEY.to_owned(), fingerprint.to_json())]);
        Some(crate::evaluator::Origin { of_code_alone: fingerprint.is_of_code_alone(), metadata })
    }
}

/// Whether the metadata of an output say that it tells of times.
pub(crate) fn measures(metadata: &Map<String, Value>) -> bool {
    metadata.get(KEY).is_some_and(|own| own.get(MEASURES).is_some())
}
