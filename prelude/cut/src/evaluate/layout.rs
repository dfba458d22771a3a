//! What is known of the domains of a program before any row is looked at.

use crate::check::domain::{DomainId, ROWS};
use crate::check::program::{Id, Op, Program};
use std::collections::HashMap;

/// Which nodes and domains are needed, what goes stale with what, and which folds are made in one pass.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub needed: Vec<bool>,
    pub domains: Vec<bool>,
    /// By domain: the domains and nodes that depend on its lanes.
    pub stale: Vec<(Vec<DomainId>, Vec<Id>)>,
    /// By fold: the pass in which it is made.
    pub passes: HashMap<Id, usize>,
    pub all: Vec<Pass>,
}

/// Folds of one domain to another that do not need each other, made in one pass over the lanes.
#[derive(Debug)]
pub(crate) struct Pass {
    pub from: DomainId,
    pub to: DomainId,
    pub folds: Vec<Id>,
    /// What they need of the domains around, in the order of the nodes.
    pub before: Vec<Id>,
}

impl Layout {
    pub fn new(program: &Program, roots: &[Id]) -> Self {
        let (needed, domains) = reach(program, roots);
        if !program.has_lists() {
            return Self { needed, domains, ..Self::default() };
        }
        let stale = (0..program.domains.len()).map(|domain| stale(program, domain)).collect();
        let mut passes = HashMap::new();
        let mut all: Vec<Pass> = Vec::new();
        for (id, node) in program.nodes.iter().enumerate().filter(|(id, _)| needed[*id]) {
            let Some(from) = folded(program, id) else { continue };
            let inputs = reach(program, &[id]).0;
            let fits = |pass: &Pass| {
                pass.from == from && pass.to == node.domain && !pass.folds.iter().any(|other| inputs[*other])
            };
            let at = all.iter().position(fits).unwrap_or_else(|| {
                all.push(Pass { from, to: node.domain, folds: Vec::new(), before: Vec::new() });
                all.len() - 1
            });
            all[at].folds.push(id);
            passes.insert(id, at);
        }
        for pass in &mut all {
            pass.before = before(program, &pass.folds);
        }
        Self { needed, domains, stale, passes, all }
    }
}

/// The domain that a node folds.
pub(crate) fn folded(program: &Program, id: Id) -> Option<DomainId> {
    match program.op(id) {
        Op::Fold(_, value) => Some(program.nodes[*value].domain),
        Op::Best { key, .. } => Some(program.nodes[*key].domain),
        Op::Length(domain) => Some(*domain),
        _ => None,
    }
}

/// The nodes and domains from which some nodes are computed.
pub(crate) fn reach(program: &Program, roots: &[Id]) -> (Vec<bool>, Vec<bool>) {
    let mut needed = vec![false; program.nodes.len()];
    let mut domains = vec![false; program.domains.len()];
    let mut open = roots.to_vec();
    while let Some(id) = open.pop() {
        if std::mem::replace(&mut needed[id], true) {
            continue;
        }
        open.extend(program.op(id).inputs());
        let mut around = vec![program.nodes[id].domain];
        around.extend(program.op(id).looks_at());
        while let Some(domain) = around.pop() {
            if std::mem::replace(&mut domains[domain], true) {
                continue;
            }
            let domain = &program.domains[domain];
            around.push(domain.parent);
            around.extend(domain.kind.others());
            open.extend(domain.kind.nodes());
        }
    }
    (needed, domains)
}

fn stale(program: &Program, of: DomainId) -> (Vec<DomainId>, Vec<Id>) {
    let mut depends = vec![false; program.domains.len()];
    depends[of] = true;
    // A domain comes after those it is made from.
    for (at, domain) in program.domains.iter().enumerate().filter(|(at, _)| *at != ROWS) {
        if depends[domain.parent] || domain.kind.others().iter().any(|other| depends[*other]) {
            depends[at] = true;
        }
    }
    let nodes = (0..program.nodes.len()).filter(|id| depends[program.nodes[*id].domain]).collect();
    (depends.iter().enumerate().filter(|(at, depends)| **depends && *at != of).map(|(at, _)| at).collect(), nodes)
}

/// What folds need of domains around theirs: it is computed before their lanes come in parts.
pub(crate) fn before(program: &Program, folds: &[Id]) -> Vec<Id> {
    let (needed, domains) = reach(program, folds);
    let mut wanted = vec![false; program.nodes.len()];
    for (_, node) in program.nodes.iter().enumerate().filter(|(id, _)| needed[*id] && !folds.contains(id)) {
        let crossing = matches!(node.op, Op::Expand(_) | Op::Gather(..) | Op::Join(_) | Op::Interleave(_));
        if crossing {
            node.op.inputs().into_iter().for_each(|input| wanted[input] = true);
        }
    }
    for (_, domain) in program.domains.iter().enumerate().filter(|(at, _)| domains[*at]) {
        domain.kind.nodes().iter().for_each(|id| wanted[*id] = true);
    }
    (0..program.nodes.len()).filter(|id| wanted[*id]).collect()
}
