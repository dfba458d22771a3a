//! What is left after each cut, counted by a server.

use crate::answers::weighing::Weighing;
use crate::error::Result;
use crate::group::Group;
use crate::lower::pass::GroupPlan;
use crate::lower::plan::ProcessPlan;
use cluster::Server;
use flow::Clause;

/// Rows, events, the sum of weights and that of squared weights.
pub(crate) type Counted = (u64, u64, f64, f64);

/// Whether a cutflow counts behind a clause.
pub(crate) fn removes(clause: &Clause) -> bool {
    matches!(
        clause,
        Clause::Filter(_)
            | Clause::Candidates(_)
            | Clause::Head(_)
            | Clause::Tail(_)
            | Clause::RowRange(..)
            | Clause::Sample { .. }
            | Clause::Custom(_)
    )
}

/// Names of the steps, and of each process what is left after each. Events are different values of the keys: a server does
/// not see which rows follow each other.
pub(crate) fn left_on(group: &Group, server: &Server) -> Result<(Vec<String>, Vec<(String, Vec<Counted>)>)> {
    let mut pass = GroupPlan::new(group, &[])?;
    let mut steps = Vec::new();
    let processes = pass.each(|lowered| {
        let taps = taps(lowered);
        steps = taps.iter().map(|(step, _)| step.clone()).collect();
        taps.iter().map(|(_, next)| left(lowered, server, *next)).collect::<Result<Vec<_>>>()
    })?;
    pass.log("cutflow");
    Ok((steps, processes))
}

/// The steps behind which is counted, and the clauses that come next.
fn taps(lowered: &ProcessPlan<'_>) -> Vec<(String, usize)> {
    let clauses = lowered.clauses().iter().enumerate();
    let behind = clauses.filter(|(_, clause)| removes(clause)).map(|(at, clause)| (clause.to_string(), at + 1));
    std::iter::once(("all".to_owned(), 0)).chain(behind).collect()
}

fn left(lowered: &ProcessPlan<'_>, server: &Server, next: usize) -> Result<Counted> {
    let mut clauses = lowered.clauses()[..next].to_vec();
    let (weight, known) = match Weighing::from(lowered, next) {
        Weighing::Ones => (None, true),
        Weighing::Unknown => (None, false),
        Weighing::Made { steps, .. } => {
            clauses.extend(steps.into_iter().map(Clause::Define));
            (lowered.weight.as_deref(), true)
        }
    };
    lowered.on_server(server, &clauses, |mut table| {
        let schema = table.schema();
        let keys: Vec<String> = match lowered.event_keys() {
            [] => belle2::event::KEYS.into_iter().filter(|key| schema.contains(key)).map(str::to_owned).collect(),
            own => own.to_vec(),
        };
        let (rows, events, weights, squares) = table.left(&keys, weight)?;
        let (weights, squares) = if known { (weights, squares) } else { (f64::NAN, f64::NAN) };
        Ok((rows, events, weights * lowered.scale, squares * lowered.scale * lowered.scale))
    })
}
