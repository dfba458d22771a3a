//! Tables one after another as they pass by: the rows of each go through its own query, take the shape of the whole,
//! and go on into the same terminal. Nothing is collected in between.

use crate::error::{Error, Result};
use crate::plan::concat::Shape;
use crate::plan::concat::conform;
use crate::plan::row::ROW;
use crate::report::counters::Counters;
use crate::run::scan::Scan;
use crate::run::stage::{Op, Stage};
use crate::run::unit::row_step;
use crate::sink::Sink;
use polars::prelude::*;
use segment::Segment;
use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

/// A part of any terminal.
pub(crate) type AnyPart = Box<dyn Any + Send>;

/// A terminal of any kind: so that a query inside a query is not another kind of program.
pub(crate) trait Terminal: Sync {
    fn part(&self) -> AnyPart;
    fn take(&self, part: &mut AnyPart, segment: Segment) -> Result<()>;
    fn merge(&self, whole: &mut AnyPart, next: AnyPart) -> Result<()>;
    fn morsels(&self) -> usize;
    fn enough(&self, whole: &AnyPart) -> bool;
}

fn foreign() -> Error {
    Error::request("a part of another terminal")
}

impl<S: Sink> Terminal for S {
    fn part(&self) -> AnyPart {
        Box::new(Sink::part(self))
    }

    fn take(&self, part: &mut AnyPart, segment: Segment) -> Result<()> {
        Sink::take(self, part.downcast_mut().ok_or_else(foreign)?, segment)
    }

    fn merge(&self, whole: &mut AnyPart, next: AnyPart) -> Result<()> {
        let next: Box<S::Part> = next.downcast().map_err(|_| foreign())?;
        Sink::merge(self, whole.downcast_mut().ok_or_else(foreign)?, *next)
    }

    fn morsels(&self) -> usize {
        Sink::morsels(self)
    }

    fn enough(&self, whole: &AnyPart) -> bool {
        whole.downcast_ref().is_some_and(|whole| Sink::enough(self, whole))
    }
}

/// One of the tables.
pub(crate) struct Piece {
    pub scan: Scan,
    pub shape: Shape,
}

/// Whether a stage can take rows of one table after another: its steps look at each row for itself.
pub(crate) fn passes(stage: &Stage) -> bool {
    let row_by_row = |op: &Op| {
        matches!(op, Op::Filter(_) | Op::Dates { .. } | Op::Define { .. } | Op::Function { .. } | Op::Custom(_))
    };
    stage.rows.is_empty()
        && stage.steps.iter().all(|step| row_by_row(&step.op))
        && stage.columns.iter().all(|name| name != ROW)
}

impl Piece {
    /// Reads only what the whole asks for.
    pub fn narrow(mut self, joined: &Shape, wanted: &[PlSmallStr]) -> Self {
        if self.scan.read.columns.is_none() {
            let levels = self.shape.index.as_ref().map_or(&[][..], |index| &index.columns);
            let targets = joined.index.as_ref().map_or(&[][..], |index| &index.columns);
            let own =
                |name: &PlSmallStr| targets.iter().position(|target| target == name).and_then(|at| levels.get(at));
            let names = wanted.iter().map(|name| own(name).unwrap_or(name));
            self.scan.read.columns = Some(names.filter(|name| self.shape.schema.contains(name)).cloned().collect());
        }
        self
    }

    /// Runs the rows of the table through a stage of the whole.
    pub fn run(
        &self,
        joined: &Shape,
        stage: &Stage,
        counters: &Counters,
        terminal: &dyn Terminal,
    ) -> Result<(AnyPart, crate::report::Report)> {
        let columns = stage.columns.iter().filter_map(|name| Some((name.clone(), joined.schema.get(name)?.clone())));
        let joined = Shape { schema: Arc::new(columns.collect()), index: joined.index.clone() };
        self.scan.run(&Passing { own: &self.shape, joined, stage, counters, terminal })
    }
}

/// The way of a segment of one table into the terminal of the whole.
struct Passing<'a> {
    own: &'a Shape,
    joined: Shape,
    stage: &'a Stage,
    counters: &'a Counters,
    terminal: &'a dyn Terminal,
}

impl Sink for Passing<'_> {
    type Part = AnyPart;

    fn part(&self) -> AnyPart {
        self.terminal.part()
    }

    fn take(&self, part: &mut AnyPart, segment: Segment) -> Result<()> {
        let mut frame = conform(&segment.frame, self.own, &self.joined)?;
        for (step, counts) in self.stage.steps.iter().zip(&self.counters.steps) {
            let (start, height) = (Instant::now(), frame.height());
            frame = row_step(step, frame)?;
            counts.add(height, frame.height(), start.elapsed());
            if frame.height() == 0 {
                return Ok(());
            }
        }
        frame = crate::run::load::select(&frame, self.stage.output.iter_names())?;
        self.counters.add(&self.counters.rows_out, frame.height() as u64);
        self.terminal.take(part, Segment { frame, ..segment })
    }

    fn merge(&self, whole: &mut AnyPart, next: AnyPart) -> Result<()> {
        self.terminal.merge(whole, next)
    }

    fn morsels(&self) -> usize {
        self.terminal.morsels()
    }

    fn enough(&self, whole: &AnyPart) -> bool {
        self.terminal.enough(whole)
    }
}
