//! From clauses to stages: every name and type is checked, stages are cut, and what is needed is found by one walk
//! back from the answer. Nothing is read.

use crate::error::{Error, Result};
use crate::plan::aggregation::Aggregation;
use crate::plan::candidates::Best;
use crate::plan::clause::{Clause, Define};
use crate::plan::concat::Shape;
use crate::plan::ranges::{ReadRange, Rows};
use crate::plan::resample::{Origin, Resample};
use crate::plan::row::ROW;
use crate::plan::structure::ProcessingStructure;
use crate::run::stage::{Barrier, Op, Stage, Step};
use cut::{Cut, Typed};
use polars::prelude::*;
use sources::Index;
use std::sync::Arc;

/// A checked query.
#[derive(Clone)]
pub(crate) struct Plan {
    pub stages: Vec<Stage>,
    /// The shape of the answer.
    pub output: Shape,
}

/// Checks clauses against the shape of what they read.
pub(crate) fn compile(clauses: &[Clause], input: &Shape, read: &ReadRange, name: &str) -> Result<Plan> {
    let mut walk = Walk {
        shape: input.clone(),
        stages: Vec::new(),
        current: Draft::default(),
        // Rows of a table are numbered.
        structure: ProcessingStructure::AllInOrder,
        dated: false,
        name,
    };
    if read.dates.is_some() && read.rows.is_some() {
        return Err(Error::request("date_range and row_range cannot be asked for together"));
    }
    if let Some((low, high)) = read.dates {
        walk.dates(low, high)?;
    }
    if let Some((start, end)) = read.rows {
        walk.rows(Rows { start, end }, ProcessingStructure::AllInOrder);
    }
    for clause in clauses {
        walk.clause(clause)?;
    }
    walk.project(read.columns.as_deref())?;
    let output = walk.shape.clone();
    walk.barrier(Barrier::End);
    let mut stages = walk.finish();
    needs(&mut stages);
    stages[0].lengths = stages[0].columns.iter().filter(|name| is_length_only(&stages[0], name)).cloned().collect();
    Ok(Plan { stages, output })
}

/// What a sample is drawn of: the columns that name an event, where there are such, so that all candidates of an event are
/// taken or left together; else none, and rows are drawn.
fn sampled(schema: &Schema) -> Vec<PlSmallStr> {
    if !belle2::event::is_recognised(schema.iter_names().map(PlSmallStr::as_str)) {
        return Vec::new();
    }
    let can_be_drawn = |name: &&str| schema.get(name).is_some_and(|dtype| dtype.is_integer() || dtype.is_string());
    belle2::event::KEYS.into_iter().filter(can_be_drawn).map(Into::into).collect()
}

/// A stage in the making.
#[derive(Default)]
struct Draft {
    rows: Vec<Rows>,
    steps: Vec<(Op, String)>,
    /// The columns that come in.
    input: Option<SchemaRef>,
}

struct Walk<'a> {
    shape: Shape,
    stages: Vec<(Draft, SchemaRef, Barrier)>,
    current: Draft,
    /// How the rows are grouped that the next clause gets.
    structure: ProcessingStructure,
    dated: bool,
    name: &'a str,
}

impl Walk<'_> {
    fn schema(&self) -> &Schema {
        &self.shape.schema
    }

    fn missing(&self, column: &str) -> Error {
        segment::Error::column(column, self.schema().iter_names().map(PlSmallStr::as_str)).into()
    }

    fn step(&mut self, op: Op, name: String) {
        let schema = self.shape.schema.clone();
        self.current.input.get_or_insert(schema);
        if !(op.keeps_rows() && self.structure == ProcessingStructure::AllInOrder) {
            self.structure = ProcessingStructure::RowSlice;
        }
        self.current.steps.push((op, name));
    }

    fn barrier(&mut self, barrier: Barrier) {
        let schema = self.shape.schema.clone();
        let mut draft = std::mem::take(&mut self.current);
        draft.input.get_or_insert(schema.clone());
        self.structure = match barrier {
            Barrier::Collect(structure) => structure,
            // Groups and buckets are a table of their own.
            _ => ProcessingStructure::AllInOrder,
        };
        self.stages.push((draft, schema, barrier));
    }

    fn set(&mut self, schema: Schema) {
        // What comes into a stage is fixed before its first step changes it.
        let before = std::mem::replace(&mut self.shape.schema, Arc::new(schema));
        self.current.input.get_or_insert(before);
    }

    fn clause(&mut self, clause: &Clause) -> Result<()> {
        let name = clause.to_string();
        match clause {
            Clause::Filter(cut) => self.filter(cut, name),
            Clause::Define(define) => self.define(define, name),
            Clause::Select(columns) => self.select(columns),
            Clause::Sample { share, seed } => {
                let keys = sampled(self.schema());
                self.step(Op::Sample { share: *share, seed: *seed, keys }, name);
                Ok(())
            }
            Clause::Candidates(candidates) => {
                let keys = candidates.resolve(self.schema())?;
                if let Some(dtype) = candidates.by().and_then(|by| self.schema().get(by))
                    && (!(dtype.is_primitive_numeric() || dtype.is_bool() || dtype.is_temporal())
                        || matches!(dtype, DataType::Int128 | DataType::UInt128))
                {
                    let by = candidates.by().map_or("", |by| by.as_str());
                    return Err(Error::request(format!("candidates cannot be ordered by `{by}`, which is {dtype}")));
                }
                let gathered = match &candidates.best {
                    Best::All(collection) => Some(collection.schema(&keys, self.schema())?),
                    _ => None,
                };
                self.step(Op::Candidates { keys, best: candidates.best.clone(), runs: candidates.runs }, name);
                if let Some(schema) = gathered {
                    self.set(schema);
                }
                Ok(())
            }
            Clause::Head(_) | Clause::Tail(_) | Clause::RowRange(..) => {
                if let Some(rows) = clause.rows() {
                    self.rows(rows, clause.input_structure());
                }
                Ok(())
            }
            Clause::DateRange(low, high) => self.dates(*low, *high),
            Clause::GroupBy { by, aggregations } => self.group(by, aggregations),
            Clause::Resample(resample) => self.resample(resample),
            Clause::Aggregate(_) => Err(Error::request("agg: an aggregation needs a groupby or a resample before it")),
            Clause::Concat(_) => Err(Error::request("concat must be the first clause of a query")),
            Clause::MergeSorted(_) => Err(Error::request("merge_sorted must be the first clause of a query")),
            Clause::Custom(custom) => {
                let schema = custom.schema(self.schema())?;
                self.needs(clause.input_structure());
                self.step(Op::Custom(custom.clone()), name);
                self.set(schema);
                Ok(())
            }
        }
    }

    /// Ends the stage where the rows are grouped otherwise than the next clause needs them.
    fn needs(&mut self, needed: ProcessingStructure) {
        if !self.structure.serves(needed) {
            self.barrier(Barrier::Collect(needed));
        }
    }

    /// An expression that looks at whole columns needs them in one piece.
    fn needs_for(&mut self, typed: &Typed) {
        if typed.needs_whole_table() {
            self.needs(ProcessingStructure::OnePiece);
        }
    }

    fn filter(&mut self, cut: &Cut, name: String) -> Result<()> {
        let typed = cut.check(self.schema())?.selection()?;
        self.needs_for(&typed);
        self.step(Op::Filter(Arc::new(typed)), name);
        Ok(())
    }

    fn define(&mut self, define: &Define, text: String) -> Result<()> {
        if define.name() == ROW {
            return Err(Error::request(format!("`{ROW}` holds the numbers of rows; give the column another name")));
        }
        let (op, dtype) = match define {
            Define::Expression { name, value, strict } => {
                let typed = value.check(self.schema())?;
                if *strict && typed.is_comparison() {
                    let text =
                        format!("`{name}` would be a comparison ({value}); a filter compares, a column is a value");
                    return Err(Error::request(text));
                }
                self.needs_for(&typed);
                let dtype = typed.dtype();
                (Op::Define { name: name.clone(), value: Arc::new(typed) }, dtype)
            }
            Define::Function { name, inputs, dtype, function } => {
                if let Some(input) = inputs.iter().find(|input| !self.schema().contains(input)) {
                    return Err(self.missing(input));
                }
                let (inputs, function) = (inputs.clone(), function.clone());
                (Op::Function { name: name.clone(), inputs, dtype: dtype.clone(), function }, dtype.clone())
            }
        };
        self.step(op, text);
        let mut schema = self.schema().clone();
        schema.with_column(define.name().clone(), dtype);
        self.set(schema);
        Ok(())
    }

    fn select(&mut self, columns: &[PlSmallStr]) -> Result<()> {
        let mut schema = Schema::default();
        let index = self.shape.index.iter().flat_map(|index| &index.columns);
        for name in index.chain(columns) {
            let dtype = match self.schema().get(name) {
                Some(dtype) => dtype.clone(),
                // Row numbers of the source are made on demand, but only as long as rows are those of the source.
                None if name == ROW && self.stages.is_empty() => DataType::UInt64,
                None => return Err(self.missing(name)),
            };
            schema.with_column(name.clone(), dtype);
        }
        self.set(schema);
        Ok(())
    }

    /// The columns of the answer, in the order of the frame, with the index.
    fn project(&mut self, columns: Option<&[PlSmallStr]>) -> Result<()> {
        let Some(columns) = columns else { return Ok(()) };
        if let Some(name) = columns.iter().find(|name| !self.schema().contains(name)) {
            return Err(self.missing(name));
        }
        let ordered: Vec<_> = self.schema().iter_names().filter(|name| columns.contains(name)).cloned().collect();
        self.select(&ordered)
    }

    /// Keeps rows by position.
    fn rows(&mut self, rows: Rows, needed: ProcessingStructure) {
        if rows.is_all() {
            return;
        }
        self.needs(needed);
        self.current.rows.push(rows);
    }

    fn dates(&mut self, low: Option<i64>, high: Option<i64>) -> Result<()> {
        let index = self.time_index("date_range")?;
        if self.shape.index.as_ref().and_then(|index| index.sorted) == Some(false) {
            let text = format!(
                "date_range needs a sorted index, but `{}` is known to be not sorted; sort it first",
                self.name
            );
            return Err(Error::request(text));
        }
        self.dated = true;
        let name = Clause::DateRange(low, high).to_string();
        self.step(Op::Dates { column: index, low: low.unwrap_or(i64::MIN), high: high.unwrap_or(i64::MAX) }, name);
        Ok(())
    }

    fn time_index(&self, who: &str) -> Result<PlSmallStr> {
        let outer = self.shape.index.as_ref().and_then(Index::outer);
        let is_time =
            |name: &PlSmallStr| matches!(self.schema().get(name), Some(DataType::Datetime(..) | DataType::Date));
        match outer {
            Some(name) if is_time(name) => Ok(name.clone()),
            Some(name) => {
                Err(Error::request(format!("{who} needs an index of times, but the index `{name}` has none")))
            }
            None => Err(Error::request(format!("{who} needs an index of times, but the rows are only numbered"))),
        }
    }

    fn types(&self, aggregations: &[Aggregation], resampling: bool) -> Result<(Vec<DataType>, Vec<DataType>)> {
        if aggregations.is_empty() {
            return Err(Error::request("a groupby or resample needs an aggregation: add agg(..)"));
        }
        let mut inputs = Vec::new();
        let mut outputs = Vec::new();
        for (at, aggregation) in aggregations.iter().enumerate() {
            if aggregations[..at].iter().any(|other| other.output == aggregation.output) {
                return Err(Error::request(format!("two aggregations are called `{}`", aggregation.output)));
            }
            outputs.push(aggregation.dtype(self.schema(), resampling)?);
            inputs.extend(self.schema().get(&aggregation.input).cloned());
        }
        Ok((inputs, outputs))
    }

    fn group(&mut self, by: &[PlSmallStr], aggregations: &[Aggregation]) -> Result<()> {
        let mut schema = Schema::default();
        if by.is_empty() {
            return Err(Error::request("groupby needs a column to group by"));
        }
        for key in by {
            let dtype = self.schema().get(key).ok_or_else(|| self.missing(key))?;
            schema.with_column(key.clone(), dtype.clone());
        }
        let keys: Vec<_> = schema.iter().map(|(name, dtype)| (name.clone(), dtype.clone())).collect();
        crate::operators::groups::KeyTable::new(&keys)?;
        let (inputs, outputs) = self.types(aggregations, false)?;
        for (aggregation, dtype) in aggregations.iter().zip(&outputs) {
            if by.contains(&aggregation.output) {
                return Err(Error::request(format!(
                    "`{}` is a key and cannot be an aggregation too",
                    aggregation.output
                )));
            }
            schema.with_column(aggregation.output.clone(), dtype.clone());
        }
        self.barrier(Barrier::Group { by: keys, aggregations: aggregations.to_vec(), inputs, outputs });
        self.shape = Shape { schema: Arc::new(schema), index: Some(Index { columns: by.to_vec(), sorted: None }) };
        Ok(())
    }

    fn resample(&mut self, resample: &Resample) -> Result<()> {
        let index = self.time_index("resample")?;
        let at_ends = !matches!(resample.origin, Origin::Epoch | Origin::At(_));
        if at_ends && self.dated {
            return Err(Error::request("resample: an origin at the start or end cannot be combined with a date_range"));
        }
        let (inputs, outputs) = self.types(&resample.aggregations, true)?;
        let dtype = self.schema().get(&index).cloned().unwrap_or(DataType::Datetime(TimeUnit::Nanoseconds, None));
        resample.buckets(&dtype, 0, 0)?;
        let mut schema = Schema::default();
        schema.with_column(index.clone(), dtype.clone());
        for (aggregation, dtype) in resample.aggregations.iter().zip(&outputs) {
            schema.with_column(aggregation.output.clone(), dtype.clone());
        }
        let barrier = Barrier::Resample { resample: resample.clone(), index: index.clone(), dtype, inputs, outputs };
        self.barrier(barrier);
        self.shape = Shape { schema: Arc::new(schema), index: Some(Index::ascending(index)) };
        Ok(())
    }

    fn finish(self) -> Vec<Stage> {
        let drafts = self.stages.into_iter().map(|(draft, output, barrier)| Stage {
            rows: draft.rows,
            columns: draft.input.iter().flat_map(|schema| schema.iter_names_cloned()).collect(),
            steps: draft.steps.into_iter().map(|(op, name)| Step { op, name, keep: Vec::new() }).collect(),
            lengths: Vec::new(),
            output,
            barrier,
        });
        drafts.collect()
    }
}

/// Whether all that a stage asks of a column are the lengths of its lists.
fn is_length_only(stage: &Stage, name: &PlSmallStr) -> bool {
    let only = |step: &Step| match &step.op {
        Op::Filter(value) | Op::Define { value, .. } => !value.columns().contains(name) || value.asks_lengths_of(name),
        Op::Dates { column, .. } => column != name,
        Op::Sample { keys, .. } => !keys.contains(name),
        Op::Keep(_) => true,
        Op::Function { inputs, .. } => !inputs.contains(name),
        // What these hand on is not known here.
        Op::Candidates { .. } | Op::Custom(_) => false,
    };
    let makes = |step: &Step| step.op.makes() == Some(name);
    !stage.output.contains(name) && stage.steps.iter().all(|step| only(step) && !makes(step))
}

/// Walks back from the answer and notes for every step which columns are still wanted after it.
fn needs(stages: &mut [Stage]) {
    let mut after: Option<Vec<PlSmallStr>> = None;
    for stage in stages.iter_mut().rev() {
        let mut wanted: Vec<PlSmallStr> = match &stage.barrier {
            Barrier::End => stage.output.iter_names_cloned().collect(),
            Barrier::Collect { .. } => after.take().unwrap_or_default(),
            Barrier::Group { by, aggregations, .. } => {
                by.iter().map(|(name, _)| name.clone()).chain(aggregations.iter().map(|a| a.input.clone())).collect()
            }
            Barrier::Resample { resample, index, .. } => {
                std::iter::once(index.clone()).chain(resample.aggregations.iter().map(|a| a.input.clone())).collect()
            }
        };
        unique(&mut wanted);
        let ordered = stage.output.iter_names().filter(|name| wanted.contains(name)).cloned();
        let extra = wanted.iter().filter(|name| !stage.output.contains(name)).cloned();
        let order: Vec<PlSmallStr> = ordered.chain(extra).collect();
        if !matches!(stage.barrier, Barrier::End) {
            let schema =
                order.iter().map(|name| (name.clone(), stage.output.get(name).cloned().unwrap_or(DataType::UInt64)));
            stage.output = Arc::new(schema.collect());
        }
        for step in stage.steps.iter_mut().rev() {
            step.keep = wanted.clone();
            if let Some(made) = step.op.makes() {
                if !wanted.contains(made) {
                    // Nobody asks for it.
                    step.keep.clear();
                    step.name.clear();
                    continue;
                }
                wanted.retain(|name| name != made);
            }
            let inputs = step.op.inputs(&wanted);
            if step.op.makes_other_columns() {
                wanted = inputs;
            } else {
                wanted.extend(inputs);
            }
            unique(&mut wanted);
        }
        // An empty name marks a definition that nobody asks for.
        stage.steps.retain(|step| !step.name.is_empty());
        let order: Vec<_> = stage.columns.iter().filter(|name| wanted.contains(name)).cloned().collect();
        let extra = wanted.into_iter().filter(|name| !stage.columns.contains(name));
        stage.columns = order.iter().cloned().chain(extra).collect();
        after = Some(stage.columns.clone());
    }
}

fn unique(names: &mut Vec<PlSmallStr>) {
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
}
