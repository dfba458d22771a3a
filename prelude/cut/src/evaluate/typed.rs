//! A checked cut over the rows of a frame.

use crate::check::program::{Id, Op, Program};
use crate::check::typed::Typed;
use crate::check::types::Type;
use crate::evaluate::bound::Bound;
use crate::evaluate::evaluator::Evaluator;
use crate::evaluate::lane::Data;
use crate::evaluate::layout::reach;
use crate::evaluate::leaves::{Lists, Tables, find};
use crate::evaluate::listed::Wanted;
use crate::evaluate::mask::selected;
use crate::value::Value;
use polars::prelude::{BooleanChunked, DataFrame, DataType, PlSmallStr, Series};

impl Typed {
    /// Whether of a column of lists only their lengths are asked. Evaluation then takes lengths, a column of u32 under the
    /// name of the lists, as well as lists.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let lists: ListChunked = [Some(Series::new("".into(), [30.0, 20.0])), None].into_iter().collect();
    /// let frame = df!("x" => lists.into_series()).unwrap();
    /// let typed = |text: &str| cut::parse(text).unwrap().check(frame.schema()).unwrap();
    /// assert!(typed("len(x) > 1").asks_lengths_of(&"x".into()) && !typed("sum(x) > 1").asks_lengths_of(&"x".into()));
    /// let lengths = df!("x" => [2_u32, 0]).unwrap();
    /// assert_eq!(typed("len(x) > 1").mask(&lengths).unwrap().sum(), Some(1));
    /// ```
    pub fn asks_lengths_of(&self, column: &PlSmallStr) -> bool {
        let Some(at) = self.program.columns.iter().position(|known| known == column) else { return false };
        let ids: Vec<Id> = self.fields.iter().map(|(_, id)| *id).chain([self.root]).collect();
        let needed = reach(&self.program, &ids).0;
        let reads = |op: &Op| matches!(op, Op::Column(column) | Op::Leaf(column, _) if *column == at);
        matches!(self.program.dtypes[at], DataType::List(_))
            && !self.program.nodes.iter().zip(needed).any(|(node, needed)| needed && reads(&node.op))
    }

    /// Which rows are kept. The mask has no missing values.
    ///
    /// # Errors
    /// When a column is missing or of another type than was checked, when this is not a selection, or interrupted.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # let cut = cut::parse("x > 1.5 & n < 4")?;
    /// # let typed = cut.check(frame.schema())?;
    /// assert_eq!(typed.mask(&frame)?.iter().collect::<Vec<_>>(), [false, true, false, false].map(Some));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn mask(&self, frame: &DataFrame) -> segment::Result<BooleanChunked> {
        if !self.is_selection() {
            return Err(self
                .clone()
                .selection()
                .map(|_| ())
                .map_or_else(Into::into, |()| segment::Error::request("no cut")));
        }
        let tables = Tables::new(&self.program, frame, &[self.root])?;
        Ok(selected(&Bound::new(&self.program, &tables, frame.height())?, &[self.root], &[])?.mask)
    }

    /// The value of every row.
    ///
    /// # Errors
    /// When a column is missing or of another type than was checked, or interrupted.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// let values = cut::parse("2 * n")?.check(frame.schema())?.values(&frame)?;
    /// assert_eq!(values.sum::<i64>()?, 20);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
