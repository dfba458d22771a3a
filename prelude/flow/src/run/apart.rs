//! Events whose rows stand in several places: all rows are held, and those of each event put side by side.

use crate::error::Result;
use crate::operators::events::Events;
use crate::plan::structure::ProcessingStructure;
use crate::run::gather::{Gather, stack};
use crate::run::running::{Feed, Running};
use crate::run::stage::{Barrier, Op, Stage};
use crate::run::store::Store;
use crate::sink::Sink;
use polars::prelude::*;
use std::sync::Arc;

impl Running<'_> {
    /// One pass for the steps before step `at`, which makes events of rows, and one for the others.
    pub(super) fn side_by_side<S: Sink>(
        &mut self,
        feed: &Feed,
        stage: &Stage,
        at: usize,
        events: &Events,
        sink: &S,
    ) -> Result<S::Part> {
        let mut wanted: Vec<PlSmallStr> = Vec::new();
        for name in stage.steps[at].op.inputs(&stage.steps[at].keep) {
            if !wanted.contains(&name) {
                wanted.push(name);
            }
        }
        let output: Schema = wanted.iter().map(|name| Field::new(name.clone(), DataType::Null)).collect();
        let before = Stage {
            steps: stage.steps[..at].to_vec(),
            output: Arc::new(output),
            barrier: Barrier::Collect(ProcessingStructure::OnePiece),
            ..stage.clone()
        };
        let store = Store::default();
        let (entities, _) =
            self.pass(feed, &before, &Gather { store: &store, limit: None, fetches: 1, spill: None })?;
        let frames = store.gather(&entities)?.into_iter().map(|(frame, _)| frame).collect();
        let (frame, apart) = events.side_by_side(&stack(frames, &before.output)?)?;
        self.report.notes.push(format!(
            "{apart} event keys come in separate runs of rows; the rows of each key were put together, over the whole table and \
             in memory. If these are different events with the same key (merged files), use consecutive_keys(true)"
        ));
        let mut after = Stage { rows: Vec::new(), columns: wanted, steps: stage.steps[at..].to_vec(), ..stage.clone() };
        if let Op::Candidates { runs, .. } = &mut after.steps[0].op {
            *runs = true;
        }
        let store = Store::default();
        let rows = 0..frame.height() as u64;
        let entity = store.push(frame, rows.clone(), self.fetches(&after));
        let feed = Feed::of_store(store, vec![(entity, rows)], &after);
        self.pass(&feed, &after, sink)
    }
}
