//! A process with other steps: one universe alone, or all rows before the cuts.

use crate::catalog::Catalog;
use crate::error::Result;
use crate::group::Group;
use crate::lower::pass::stand_in;
use crate::lower::plan::ProcessPlan;
use crate::steps::chain::{Chain, How, Step};
use crate::steps::vary::{Variation, Varied};
use std::sync::Arc;

impl ProcessPlan<'_> {
    /// The same process with the steps of a group, nominal or in the universe that they choose.
    pub(crate) fn alone<'b>(&self, group: &'b Group, before: &Chain, wanted: &[String]) -> Result<ProcessPlan<'b>> {
        let process = stand_in(self.process.clone(), group, before)?;
        ProcessPlan::new(process, group, before, Some(wanted), false)
    }

    /// The steps that the process had before it came into the group.
    pub(crate) fn steps_before<'b>(&self, group: &'b Group) -> &'b Chain {
        let at = group.parts.catalog.processes.iter().position(|process| process.name == self.process.name);
        group.parts.catalog.before(at.unwrap_or(usize::MAX))
    }

    /// The group with all steps up to the one that varies a source, and those behind it that remove no rows.
    pub(crate) fn before_cuts(&self, group: &Group, source: &str) -> Group {
        let chain = self.steps_before(group).then(&group.parts.chain);
        let steps = chain.steps();
        let varies = |step: &&Step| matches!(step, Step::Vary(variation) if *variation.source == *source);
        let last = steps.iter().rposition(varies).unwrap_or(0);
        let kept = steps.into_iter().enumerate().filter(|(at, step)| *at <= last || !removes(step));
        let chain = kept.fold(Chain::default(), |chain, (_, step)| chain.and(step.clone()));
        group.changed(|parts| parts.chain = chain)
    }
}

/// Whether a step may remove rows, or make other ones.
fn removes(step: &Step) -> bool {
    !matches!(
        step,
        Step::Define { .. }
            | Step::DefineWith { .. }
            | Step::Select(_)
            | Step::Weight(_)
            | Step::Unweighted
            | Step::Bind(..)
            | Step::Rename(_)
            | Step::Drop(_)
            | Step::Vary(_)
            | Step::Universe(..)
            | Step::Join { how: How::Left, .. }
            | Step::AsOf { .. }
            | Step::Attach { .. }
            | Step::Window { .. }
    )
}

impl Group {
    /// The group with all steps that remove no rows. Universes have the sums that their weights give: none is scaled to that of
    /// nominal, and yields that vary alone are left out.
    pub(crate) fn before_all_cuts(&self) -> Self {
        let plain = |step: &Step| match step {
            Step::Vary(variation) if matches!(variation.varied, Varied::Norm { .. }) => None,
            Step::Vary(variation) => {
                Some(Step::Vary(Arc::new(Variation { keep_norm: false, ..(**variation).clone() })))
            }
            step if removes(step) => None,
            step => Some(step.clone()),
        };
        let whole =
            |chain: &Chain| chain.steps().into_iter().filter_map(plain).fold(Chain::none(), |all, step| all.and(step));
        let before = self.parts.catalog.before.iter().map(whole).collect();
        let catalog = Arc::new(Catalog { before, ..(*self.parts.catalog).clone() });
        self.changed(|parts| (parts.chain, parts.catalog) = (whole(&parts.chain), catalog))
    }
}
