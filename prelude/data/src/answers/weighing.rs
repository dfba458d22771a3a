//! How the weight of a row is found at some place of a chain.

use crate::lower::plan::{ProcessPlan, WEIGHT};
use flow::{Clause, Define};
use polars::prelude::*;

/// How the weight of a row is found at some place of the chain.
#[derive(Debug, Clone)]
pub(crate) enum Weighing {
    /// Rows have no weight of their own.
    Ones,
    /// It is not known yet: it is made later, of other rows or of a joined table.
    Unknown,
    /// The definitions that are still to come and the weight is made of, in order, and the columns here that they need.
    Made { steps: Vec<Define>, needs: Vec<PlSmallStr> },
}

impl Weighing {
    /// The weight of rows that have yet to go through the clauses from `next` on.
    pub(crate) fn from(lowered: &ProcessPlan<'_>, next: usize) -> Self {
        let Some(weight) = &lowered.weight else { return Self::Ones };
        let mut needs = vec![PlSmallStr::from_str(weight)];
        let mut steps = Vec::new();
        for made in lowered.made.iter().rev().take_while(|made| made.clause >= next) {
            let Some(at) = needs.iter().position(|name| *name == made.name) else { continue };
            let (Some(inputs), Some(Clause::Define(define))) = (&made.inputs, lowered.clauses().get(made.clause))
            else {
                return Self::Unknown;
            };
            needs.swap_remove(at);
            needs.extend(inputs.iter().filter(|input| !needs.contains(input)).cloned().collect::<Vec<_>>());
            steps.push(define.clone());
        }
        steps.reverse();
        Self::Made { steps, needs }
    }

    pub(crate) fn needs(&self) -> &[PlSmallStr] {
        match self {
            Self::Made { needs, .. } => needs,
            _ => &[],
        }
    }

    /// Sum of the weights of the rows, and of their squares.
    pub(crate) fn sums(&self, frame: &DataFrame) -> flow::Result<(f64, f64)> {
        let rows = frame.height() as f64;
        let (steps, needs) = match self {
            Self::Ones => return Ok((rows, rows)),
            Self::Unknown => return Ok((f64::NAN, f64::NAN)),
            Self::Made { steps, needs } => (steps, needs),
        };
        let columns = needs.iter().map(|name| frame.column(name).cloned()).collect::<PolarsResult<_>>()?;
        let mut own = DataFrame::new(frame.height(), columns)?;
        for step in steps {
            let made = match step {
                Define::Expression { name, value, .. } => {
                    value.check(own.schema())?.values(&own)?.with_name(name.clone())
                }
                Define::Function { name, inputs, function, .. } => {
                    function(&own.select(inputs.iter().map(PlSmallStr::as_str))?)?.with_name(name.clone())
                }
            };
            own.with_column(made.into_column())?;
        }
        let weight = own.column(WEIGHT)?.cast(&DataType::Float64)?;
        // A missing weight is no 0: it shows, as it does in a histogram.
        let weights = || weight.f64().map(|weight| weight.iter().map(|w| w.unwrap_or(f64::NAN)));
        Ok((weights()?.sum(), weights()?.map(|w| w * w).sum()))
    }
}
