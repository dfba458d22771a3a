//! What is done with lists, in words: which lanes are made, what is brought to them, and what folds them.

use crate::check::domain::{DomainId, Kind, ROWS};
use crate::check::program::{Fold, Id, Op, Program};
use crate::check::typed::Typed;
use crate::check::types::Type;
use crate::evaluate::layout::{folded, reach};

impl Typed {
    /// What is done with lists, a line for each domain: how its lanes are made (`expand` makes combinations, `filter` keeps
    /// some), how many values are brought to each (`gather`), and what folds them to the lanes of which domain. Nothing where
    /// there are no lists.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let lists = |values: [f32; 2]| Series::new("".into(), [Series::new("".into(), values)]);
    /// let frame = df!("Muon_pt" => lists([20.0, 30.0]), "Muon_charge" => lists([1.0, -1.0])).unwrap();
    /// let cut = cut::parse("any(a.charge != b.charge for a, b in pairs(Muon) if a.pt > 25)").unwrap();
    /// assert_eq!(cut.check(frame.schema()).unwrap().list_steps(), [
    ///     "lists Muon: charge, pt",
    ///     "expand pairs(Muon): gather 1",
    ///     "filter pairs(Muon): gather 2, fold any to events",
    /// ]);
    /// ```
    pub fn list_steps(&self) -> Vec<String> {
        let ids: Vec<Id> = self.fields.iter().map(|(_, id)| *id).chain([self.root]).collect();
        let (needed, domains) = reach(&self.program, &ids);
        let needed: Vec<Id> = (0..needed.len()).filter(|id| needed[*id]).collect();
        let one = |domain: DomainId| line(&self.program, domain, &needed);
        (0..domains.len()).filter(|domain| domains[*domain] && *domain != ROWS).filter_map(one).collect()
    }
}

/// A domain, or the one whose lanes it has, one to one.
fn home(program: &Program, domain: DomainId) -> DomainId {
    match program.domains[domain].kind {
        Kind::Items { of, .. } if program.is_identity(domain) => home(program, of),
        _ => domain,
    }
}

/// What is done with the lanes of a domain; `None` where it has those of another, one to one.
fn line(program: &Program, domain: DomainId, needed: &[Id]) -> Option<String> {
    if home(program, domain) != domain {
        return None;
    }
    let of = |id: Id| home(program, program.nodes[id].domain);
    let mut parts = Vec::new();
    let moved = |id: &&Id| match program.op(**id) {
        Op::Gather(value, _) => of(*value) != domain,
        Op::Join(_) | Op::Interleave(_) => true,
        _ => false,
    };
    let values = needed.iter().filter(|id| of(**id) == domain && *program.dtype(**id) != Type::Position);
    let gathered = values.filter(moved).count();
    if gathered > 0 {
        parts.push(format!("gather {gathered}"));
    }
    for &id in needed.iter().filter(|id| folded(program, **id).is_some_and(|from| home(program, from) == domain)) {
        let to = match of(id) {
            ROWS => "events".to_owned(),
            to => program.lanes_are(to),
        };
        let fold = format!("fold {} to {to}", name(program.op(id)));
        if !parts.contains(&fold) {
            parts.push(fold);
        }
    }
    let lanes = program.lanes_are(domain);
    let made = match &program.domains[domain].kind {
        Kind::Objects { .. } => return Some(with(format!("lists {lanes}"), &fields(program, domain, needed), &parts)),
        Kind::Rows => return None,
        Kind::Items { .. } | Kind::Combinations { .. } => format!("expand {lanes}"),
        Kind::Filter { .. } => format!("filter {lanes}"),
        Kind::Slice { .. } => format!("slice {lanes}"),
        Kind::Concat(_) => format!("join {lanes}"),
        Kind::InList(_) => format!("list {lanes}"),
        Kind::Sorted(_) => format!("sort {lanes}"),
    };
    Some(with(made, &[], &parts))
}

fn with(made: String, fields: &[String], parts: &[String]) -> String {
    let what = [if fields.is_empty() { None } else { Some(fields.join(", ")) }, Some(parts.join(", "))];
    let what: Vec<String> = what.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    if what.is_empty() { made } else { format!("{made}: {}", what.join("; ")) }
}

/// The fields that are read of the objects of a domain.
fn fields(program: &Program, domain: DomainId, needed: &[Id]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for &id in needed.iter().filter(|id| program.nodes[**id].domain == domain) {
        let Op::Leaf(column, field) = program.op(id) else { continue };
        let column = program.columns[*column].as_str();
        let name = field.as_deref().unwrap_or_else(|| {
            let own = program.lanes_are(domain);
            let rest = column.rsplit_once("::").map_or(column, |(_, last)| last).strip_prefix(own.as_str());
            rest.and_then(|rest| rest.strip_prefix(['.', '_'])).unwrap_or(column)
        });
        if !all.iter().any(|known| known == name) {
            all.push(name.to_owned());
        }
    }
    all.sort();
    all
}

fn name(op: &Op) -> &'static str {
    match op {
        Op::Fold(fold, _) => match fold {
            Fold::Sum => "sum",
            Fold::Mean => "mean",
            Fold::Min => "min",
            Fold::Max => "max",
            Fold::Count => "count",
            Fold::Any => "any",
            Fold::All => "all",
        },
        Op::Best { largest: true, .. } => "argmax",
        Op::Best { .. } => "argmin",
        _ => "len",
    }
}
