use crate::bound::{Bound, bind, find};
use crate::error::Problem;
use crate::evaluate::Evaluator;
use crate::mask::selected;
use crate::program::{Id, Op, Program};
use crate::types::Type;
use crate::{Error, Result, Value};
use polars::prelude::{BooleanChunked, DataFrame, DataType, PlSmallStr, Series};
use std::sync::Arc;

/// A cut tied to the columns and types of a table: it can be evaluated. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Typed {
    pub(crate) program: Arc<Program>,
    pub(crate) root: Id,
    text: Arc<str>,
}

impl Typed {
    pub(crate) fn new(program: Program, root: Id, text: Arc<str>) -> Self {
        Self { program: Arc::new(program), root, text }
    }

    /// The text of the cut.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The type of the result.
    pub fn dtype(&self) -> DataType {
        match self.program.op(self.root) {
            Op::Column(column) => self.program.dtypes[*column].clone(),
            _ => self.program.dtype(self.root).dtype(),
        }
    }

    /// The columns that are needed, as the table names them, in the order of their first use.
    pub fn columns(&self) -> &[PlSmallStr] {
        &self.program.columns
    }

    /// Whether the result is a truth per row.
    pub fn is_selection(&self) -> bool {
        *self.program.dtype(self.root) == Type::Bool
    }

    /// Whether it is a column as it is.
    pub fn is_column(&self) -> bool {
        matches!(self.program.op(self.root), Op::Column(_))
    }

    /// Whether the result comes from comparing, not from a column of truths.
    pub fn is_comparison(&self) -> bool {
        self.program.op(self.root).is_predicate()
    }

    /// Whether the answer for a row depends on the whole table, as in `x > x.mean()`.
    pub fn needs_whole_table(&self) -> bool {
        self.program.nodes.iter().any(|node| matches!(node.op, Op::Reduce(..)))
    }

    /// What it computes, in words that are equal only when the answers are: types, columns and all values. `None` when
    /// it calls a function of the user's own, or when the answer for a row depends on other rows.
    pub fn fingerprint(&self) -> Option<String> {
        let nodes = &self.program.nodes;
        if nodes.iter().any(|node| matches!(node.op, Op::External(..) | Op::Reduce(..))) {
            return None;
        }
        let nodes: Vec<_> = nodes.iter().map(|node| (&node.op, &node.dtype)).collect();
        Some(format!("{:?} {:?} {nodes:?} {}", self.program.columns, self.program.dtypes, self.root))
    }

    /// The same, when it is a selection.
    ///
    /// # Errors
    /// When it is a number or a text, which select nothing.
    pub fn selection(self) -> Result<Self> {
        if self.is_selection() {
            return Ok(self);
        }
        let dtype = self.program.dtype(self.root);
        let reason = format!("{} is {dtype}, not a condition", self.text);
        let help = match dtype {
            Type::Text => format!("write {} == 'something'", self.text),
            _ => format!("write {0} == 1 or {0} != 0", self.text),
        };
        Err(Error::new(self.text.clone(), vec![Problem::new(reason, 0..self.text.len()).help(help)]))
    }

    /// Which rows are kept. The mask has no missing values.
    ///
    /// # Errors
    /// When a column is missing or of another type than was checked, when this is not a selection, or interrupted.
    pub fn mask(&self, frame: &DataFrame) -> segment::Result<BooleanChunked> {
        if !self.is_selection() {
            return Err(self
                .clone()
                .selection()
                .map(|_| ())
                .map_or_else(Into::into, |()| segment::Error::request("no cut")));
        }
        let series = bind(&self.program, frame, &[self.root])?;
        Ok(selected(&Bound::new(&self.program, &series, frame.height())?, &[self.root])?.0)
    }

    /// The value of every row.
    ///
    /// # Errors
    /// When a column is missing or of another type than was checked, or interrupted.
    pub fn values(&self, frame: &DataFrame) -> segment::Result<Series> {
        if let Op::Column(column) = self.program.op(self.root) {
            return Ok(find(&self.program, frame, *column)?.as_materialized_series().clone());
        }
        let series = bind(&self.program, frame, &[self.root])?;
        let bound = Bound::new(&self.program, &series, frame.height())?;
        let mut all = bound.values(&[(self.root, self.text.as_ref().into())])?;
        // One root, one series.
        Ok(all.remove(0))
    }
}

/// The value of a node that needs no table.
pub(crate) fn fold(program: &Program, id: Id) -> Option<Value> {
    let mut evaluator = Evaluator::new(program, &[], &[]);
    evaluator.block(0, 1);
    let lane = evaluator.lane(id);
    if lane.valid.as_ref().is_some_and(|valid| valid[0] == 0) && !program.dtype(id).is_float() {
        return Some(Value::Null);
    }
    Some(match program.dtype(id) {
        Type::Bool => Value::Bool(lane.truth(1)[0] == 1),
        Type::F32 | Type::F64 => Value::Float(lane.f64().get(0)),
        Type::Int(width) if !width.signed => Value::Int(lane.u64().get(0).into()),
        Type::Int(_) => Value::Int(lane.i64().get(0).into()),
        Type::Text => Value::Text(lane.text(0).into()),
        Type::Time(_) => Value::Time(lane.i64().get(0)),
        Type::Duration => Value::Duration(lane.i64().get(0)),
        Type::Null => Value::Null,
    })
}
