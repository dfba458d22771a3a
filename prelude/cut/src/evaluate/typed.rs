//! A checked cut over the rows of a frame.

use crate::check::program::{Id, Op, Program};
use crate::check::typed::Typed;
use crate::check::types::Type;
use crate::evaluate::bound::Bound;
use crate::evaluate::evaluator::Evaluator;
use crate::evaluate::lane::Data;
use crate::evaluate::leaves::{Lists, Tables, find};
use crate::evaluate::listed::Wanted;
use crate::evaluate::mask::selected;
use crate::value::Value;
use polars::prelude::{BooleanChunked, DataFrame, Series};

impl Typed {
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
        let tables = Tables::new(&self.program, frame, &[self.root])?;
        Ok(selected(&Bound::new(&self.program, &tables, frame.height())?, &[self.root])?.0)
    }

    /// The value of every row.
    ///
    /// # Errors
    /// When a column is missing or of another type than was checked, or interrupted.
    pub fn values(&self, frame: &DataFrame) -> segment::Result<Series> {
        if let Op::Column(column) | Op::Leaf(column, None) = self.program.op(self.root) {
            return Ok(find(&self.program, frame, *column)?.as_materialized_series().clone());
        }
        let wanted = Wanted { root: self.root, fields: self.fields.clone() };
        let tables = Tables::new(&self.program, frame, &wanted.ids().collect::<Vec<_>>())?;
        let bound = Bound::new(&self.program, &tables, frame.height())?;
        let mut all = bound.values(&[(wanted, self.text.as_ref().into())])?;
        // One root, one series.
        Ok(all.remove(0))
    }
}

/// The value of a node that needs no table.
pub(crate) fn fold(program: &Program, id: Id) -> Option<Value> {
    let lists = Lists::default();
    let mut evaluator = Evaluator::new(program, &[], &[], &lists);
    evaluator.block(0, 1);
    let lane = evaluator.lane(id);
    evaluator.check().ok()?;
    if lane.valid.as_ref().is_some_and(|valid| valid[0] == 0) && !program.dtype(id).is_float() {
        return Some(Value::Null);
    }
    Some(match program.dtype(id) {
        // More digits than 64 bits have.
        Type::Int(_) if matches!(lane.data, Data::I128(..)) => Value::Decimal(lane.digits().0.get(0), 0),
        Type::Bool => Value::Bool(lane.truth(1)[0] == 1),
        Type::F32 | Type::F64 => Value::Float(lane.f64().get(0)),
        Type::Int(width) if !width.signed => Value::Int(lane.u64().get(0).into()),
        Type::Int(_) => Value::Int(lane.i64().get(0).into()),
        Type::Text => Value::Text(lane.text(0).into()),
        Type::Exact(scale) => Value::Decimal(lane.digits().0.get(0), *scale),
        Type::Time(_) => Value::Time(lane.i64().get(0).into()),
        Type::Duration => Value::Duration(lane.i64().get(0)),
        Type::Null | Type::Position => Value::Null,
    })
}
