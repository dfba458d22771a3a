//! A group made ready to be read: its chain is lowered for each process, checked, and run once for each pass that a
//! terminal needs.

use crate::catalog::Process;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::plan::ProcessPlan;
use crate::lower::report;
use crate::steps::chain::{Chain, Step, chosen};
use crate::steps::vary::{Member, Up, Varied};
use polars::prelude::{DataType, Schema};
use segment::work::Task;
use std::sync::Arc;

/// A group made ready to be read: one lowered chain per process, all checked.
pub(crate) struct GroupPlan<'a> {
    group: &'a Group,
    lowered: Vec<ProcessPlan<'a>>,
    reports: Vec<flow::Report>,
    /// What is told of all runs together while they go on.
    work: Option<Task>,
}

impl<'a> GroupPlan<'a> {
    /// Lowers and checks the chain for every process; `wanted` are columns or expressions that the terminal needs.
    pub(crate) fn new(group: &'a Group, wanted: &[String]) -> Result<Self> {
        Self::lower(group, Some(wanted))
    }

    /// The same for a terminal that needs all columns; also gives them, those of all processes together.
    pub(crate) fn of_everything(group: &'a Group) -> Result<(Self, Schema)> {
        let pass = Self::lower(group, None)?;
        let mut all = Schema::default();
        for lowered in &pass.lowered {
            for name in lowered.columns() {
                let dtype = lowered.schema.get(&name).cloned().unwrap_or(DataType::Null);
                match all.get(&name) {
                    None => {
                        all.insert(name.into(), dtype);
                    }
                    Some(have) if *have == dtype => {}
                    Some(have) => {
                        let text = format!(
                            "column `{name}` is {dtype}, but {have} in the processes before; select or define it anew"
                        );
                        return Err(Error::request(text).of(lowered.name()));
                    }
                }
            }
        }
        Ok((pass, all))
    }

    /// The same with all universes of systematic variations beside nominal; says what is odd about the steps.
    pub(crate) fn together(group: &'a Group, wanted: &[String]) -> Result<Self> {
        let processes = group.members()?;
        let several = processes.len() > 1;
        let mut lowered = Vec::with_capacity(processes.len());
        for (process, &at) in processes.into_iter().zip(group.parts.members.iter()) {
            let name = process.name.clone();
            let before = group.parts.catalog.before(at);
            let process = stand_in(process, group, before)?;
            let one = ProcessPlan::together(process, group, before, wanted);
            lowered.push(if several { one.map_err(|error| error.of(&name))? } else { one? });
        }
        let pass = Self { group, lowered, reports: Vec::new(), work: None };
        pass.refuses_samples()?;
        let mut said: Vec<&String> = Vec::new();
        for note in pass.lowered.iter().flat_map(|one| &one.universes.notes) {
            if !said.contains(&note) {
                eprintln!("note: {note}");
                said.push(note);
            }
        }
        Ok(pass)
    }

    /// Refuses a sample that stands in for another in a universe, and is in nominal itself.
    fn refuses_samples(&self) -> Result<()> {
        let variations = self.lowered.iter().flat_map(|one| &one.universes.variations);
        for variation in variations {
            let Varied::Sample { up, down, .. } = &variation.varied else { continue };
            for name in std::iter::once(up).chain(down) {
                let found = self.group.parts.catalog.find(name)?;
                if found.iter().any(|at| self.group.parts.members.contains(at)) {
                    return Err(Error::request(format!(
                        "vary(\"{}\", Sample(..)): `{name}` is in the group itself and would count in nominal; leave it out \
                         with .difference(&data.group(\"{name}\"))",
                        variation.source
                    )));
                }
            }
        }
        Ok(())
    }

    fn lower(group: &'a Group, wanted: Option<&[String]>) -> Result<Self> {
        let processes = group.members()?;
        let several = processes.len() > 1;
        let weighted = group.is_weighted();
        let count = processes.len();
        let mut lowered = Vec::with_capacity(count);
        let mut failed: Vec<(std::sync::Arc<str>, Error)> = Vec::new();
        for (process, &at) in processes.into_iter().zip(group.parts.members.iter()) {
            let name = process.name.clone();
            let before = group.parts.catalog.before(at);
            let process = stand_in(process, group, before)?;
            match ProcessPlan::new(process, group, before, wanted, weighted) {
                Ok(one) => lowered.push(one),
                Err(error) => failed.push((name, error)),
            }
        }
        if !failed.is_empty() {
            // What is wrong in every process is said of none.
            // The hints under the first line are of a process each, such as the nearest names.
            let what = |error: &Error| error.to_string().lines().next().map(str::to_owned);
            let everywhere = failed.len() == count && failed.iter().all(|(_, error)| what(error) == what(&failed[0].1));
            let (name, error) = failed.swap_remove(0);
            return Err(if several && !everywhere { error.of(&name) } else { error });
        }
        Ok(Self { group, lowered, reports: Vec::new(), work: None })
    }

    /// Runs something for each process, in the order of their names.
    pub(crate) fn each<T>(&mut self, mut run: impl FnMut(&ProcessPlan<'a>) -> Result<T>) -> Result<Vec<(String, T)>> {
        let several = self.lowered.len() > 1;
        let mut answers = Vec::with_capacity(self.lowered.len());
        let rows = self.lowered.iter().map(ProcessPlan::rows).sum();
        let work = match self.work.take() {
            Some(work) => {
                work.extend(rows);
                work
            }
            None => Task::new(Arc::clone(&self.group.parts.label), "rows", Some(rows)),
        };
        for lowered in &self.lowered {
            let answer = work.part(lowered.rows(), || run(lowered));
            let answer = answer.map_err(|error| if several { error.of(lowered.name()) } else { error })?;
            self.reports.push(lowered.report.take());
            answers.push((lowered.name().to_owned(), answer));
        }
        self.work = Some(work);
        Ok(answers)
    }

    /// What is lowered.
    pub(crate) fn group(&self) -> &'a Group {
        self.group
    }

    /// Says on standard error that a terminal does not use the weights, when there are any.
    pub(crate) fn ignores_weights(&self, terminal: &str, instead: &str) {
        if self.lowered.iter().any(|one| one.weight.is_some() || one.scale != 1.0) {
            eprintln!("note: {terminal} does not use the weights of the rows{instead}");
        }
    }

    /// What all runs did together; says on standard error what is odd about the cuts.
    pub(crate) fn report(self, title: impl Into<String>) -> show::Report {
        let mut total = flow::Report::default();
        self.reports.iter().for_each(|run| report::absorb(&mut total, run.clone()));
        for warning in report::warnings(&total) {
            eprintln!("warning: {warning}");
        }
        self.log(title)
    }

    /// The same for a terminal that need not have seen all rows, or counts otherwise: nothing is said of the cuts.
    pub(crate) fn log(self, title: impl Into<String>) -> show::Report {
        report::report(title.into(), self.reports, &self.group.parts.settings)
    }

    /// The chain of each process.
    pub(crate) fn lowered(&self) -> &[ProcessPlan<'a>] {
        &self.lowered
    }
}

/// The process that is read for a process: another one in a universe of a source that varies the sample.
pub(crate) fn stand_in(process: Arc<Process>, group: &Group, before: &Chain) -> Result<Arc<Process>> {
    let steps: Vec<&Step> = before.steps().into_iter().chain(group.parts.chain.steps()).collect();
    for (at, step) in steps.iter().enumerate() {
        let Step::Vary(variation) = step else { continue };
        let Varied::Sample { process: name, up, down } = &variation.varied else { continue };
        let Some(Member::Towards(direction)) = chosen(&variation.source, &steps[at..]) else { continue };
        let other = if direction == Up { Some(up) } else { down.as_ref() };
        let Some(other) = other.filter(|_| *name == *process.name) else { continue };
        let found = group.parts.catalog.find(other)?;
        let [one] = found.as_slice() else {
            return Err(Error::request(format!(
                "vary(\"{}\", Sample(..)): `{other}` is not one process",
                variation.source
            )));
        };
        let other = (*group.parts.catalog.processes[*one]).clone();
        return Ok(Arc::new(Process { name: process.name.clone(), ..other }));
    }
    Ok(process)
}
