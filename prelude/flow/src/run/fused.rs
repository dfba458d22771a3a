//! Steps that stand side by side and see the same rows, as one program: what they have in common is computed once.

use crate::run::stage::{Op, Step};
use cut::FusedCuts;
use polars::prelude::PlSmallStr;

/// The programs of a stage.
pub(crate) struct Together {
    /// The cuts at the beginning, and where among them each step is.
    pub cuts: FusedCuts,
    pub at: Vec<Option<usize>>,
    /// What the cuts compute, where their answers may be remembered.
    pub fingerprints: Vec<Option<String>>,
    /// By the first step of several definitions: their program and their names.
    pub definitions: Vec<Option<(FusedCuts, Vec<PlSmallStr>)>>,
    /// The cuts at the beginning with the definitions right behind them, where these are best made with the cuts.
    pub behind: Option<(FusedCuts, Vec<PlSmallStr>)>,
}

impl Together {
    /// The programs of steps, of which the first `lead` are filters.
    pub fn new(steps: &[Step], lead: usize) -> Self {
        let cut = |step: &Step| if let Op::Filter(cut) = &step.op { Some(cut.clone()) } else { None };
        let leading: Vec<_> = steps[..lead].iter().map(cut).collect();
        let mut next = 0;
        let at = leading.iter().map(|cut| {
            let at = cut.as_ref().map(|_| next);
            next += usize::from(cut.is_some());
            at
        });
        Self {
            at: at.collect(),
            cuts: FusedCuts::new(leading.iter().flatten().map(|cut| &**cut)),
            fingerprints: leading.iter().map(|cut| cut.as_ref()?.fingerprint()).collect(),
            definitions: definitions(steps),
            behind: behind(steps, lead),
        }
    }

    /// The objects and combinations that these programs, and those of steps of their own, have looked at.
    pub fn looked_at(&self, steps: &[Step]) -> Vec<(String, u64)> {
        let several = self.definitions.iter().flatten().chain(&self.behind).map(|(several, _)| several);
        let several = std::iter::once(&self.cuts).chain(several);
        let own = steps.iter().filter_map(|step| match &step.op {
            Op::Filter(value) | Op::Define { value, .. } => Some(value),
            _ => None,
        });
        several.flat_map(FusedCuts::looked_at).chain(own.flat_map(|value| value.looked_at())).collect()
    }
}

/// The definitions right behind the first `lead` steps, which are filters, that look at the columns of those and at no more.
fn behind(steps: &[Step], lead: usize) -> Option<(FusedCuts, Vec<PlSmallStr>)> {
    let cut = |step: &Step| if let Op::Filter(cut) = &step.op { Some(cut.clone()) } else { None };
    let cuts: Vec<_> = steps[..lead].iter().map(cut).collect::<Option<_>>()?;
    let known = |column: &PlSmallStr| cuts.iter().any(|cut| cut.columns().contains(column));
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for step in &steps[lead..] {
        let Op::Define { name, value } = &step.op else { break };
        if value.is_column() || value.is_list() || value.is_object() || !value.columns().iter().all(known) {
            break;
        }
        names.push(name.clone());
        values.push(value.clone());
        // What comes next may look at this one.
        if known(name) {
            return None;
        }
    }
    if cuts.is_empty() || names.is_empty() {
        return None;
    }
    Some((FusedCuts::with_values(cuts.iter().map(|cut| &**cut), values.iter().map(|value| &**value))?, names))
}

fn definitions(steps: &[Step]) -> Vec<Option<(FusedCuts, Vec<PlSmallStr>)>> {
    let mut all: Vec<Option<(FusedCuts, Vec<PlSmallStr>)>> = steps.iter().map(|_| None).collect();
    let mut at = 0;
    while at < steps.len() {
        let mut names: Vec<PlSmallStr> = Vec::new();
        let mut values = Vec::new();
        for step in &steps[at..] {
            let Op::Define { name, value } = &step.op else { break };
            // A plain column is only renamed, and what uses a column made here has to wait for it.
            if value.is_column() || value.columns().iter().any(|input| names.contains(input)) {
                break;
            }
            names.push(name.clone());
            values.push(value.clone());
        }
        let count = names.len().max(1);
        if names.len() > 1 {
            all[at] = Some((FusedCuts::new(values.iter().map(|value| &**value)), names));
        }
        at += count;
    }
    all
}
