//! The pass that searches the best row of every key: the steps before the choice, and nothing else.

use crate::operators::global::Keys;
use crate::plan::candidates::Best;
use crate::plan::row::ROW;
use crate::run::stage::{Barrier, Stage};
use belle2::event::LISTED;
use polars::prelude::*;
use std::sync::Arc;

impl Keys {
    /// The stage that only looks: the steps before the choice, and of their rows only what it looks at.
    pub fn stage(&self, stage: &Stage, at: usize, input: Option<SchemaRef>) -> Stage {
        let mut wanted = self.keys.clone();
        if let Best::Lowest(column) | Best::Highest(column) = &self.best {
            wanted.push(column.clone());
        }
        let made = |name: &str| stage.steps[..at].iter().any(|step| step.op.makes().is_some_and(|made| made == name));
        if input.is_some_and(|schema| schema.contains(LISTED)) && !made(LISTED) {
            wanted.push(LISTED.into());
        }
        wanted.push(ROW.into());
        let mut unique: Vec<PlSmallStr> = Vec::new();
        for name in wanted {
            if !unique.contains(&name) {
                unique.push(name);
            }
        }
        let mut steps = stage.steps[..at].to_vec();
        let mut needed = unique.clone();
        for step in steps.iter_mut().rev() {
            step.keep = needed.clone();
            needed.retain(|name| step.op.makes() != Some(name) && !step.op.makes_other_columns());
            for input in step.op.inputs(&step.keep) {
                if !needed.contains(&input) {
                    needed.push(input);
                }
            }
        }
        let output = unique.iter().map(|name| (name.clone(), DataType::Null)).collect();
        let (rows, output, lengths) = (stage.rows.clone(), Arc::new(output), Vec::new());
        Stage { rows, steps, columns: needed, lengths, output, barrier: Barrier::End }
    }

    /// Whether the written number of candidates is known, and nothing was cut before.
    pub fn listed(&self, stage: &Stage) -> bool {
        stage.output.contains(LISTED) && stage.steps.iter().all(|step| step.op.keeps_rows())
    }
}
