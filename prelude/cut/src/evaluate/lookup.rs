//! Tables: they are asked only for rows that need an answer.

use crate::check::program::Id;
use crate::check::types::Type;
use crate::evaluate::evaluator::Evaluator;
use crate::evaluate::kernel::Arg;
use crate::evaluate::lane::{Data, Lane};
use crate::lookup::{Given, Lookup};
use std::rc::Rc;

impl<'p, 'a> Evaluator<'p, 'a> {
    /// Conditions that all have to hold, those that look up tables after the others.
    pub(super) fn tables_last(&self, parts: &'p [Id]) -> impl Iterator<Item = Id> + use<'p, 'a> {
        let program = self.program;
        let of =
            move |fallible: bool| parts.iter().copied().filter(move |part| program.nodes[*part].fallible == fallible);
        of(false).chain(of(true))
    }

    /// Does something for which only marked rows ask for values of tables, if it looks any up. Where there are lists, whose
    /// lanes are looked at in parts, all ask.
    pub(super) fn asking<T>(&mut self, id: Id, marks: &[u8], work: impl FnOnce(&mut Self) -> T) -> T {
        let program = self.program;
        if !program.nodes[id].fallible || program.has_lists() || marks.iter().all(|mark| *mark == 1) {
            return work(self);
        }
        let mut marks = marks.to_vec();
        if let Some(outer) = &self.asked {
            marks.iter_mut().zip(outer).for_each(|(mark, outer)| *mark &= outer);
        }
        let outer = self.asked.replace(marks);
        let done = work(self);
        self.asked = outer;
        done
    }

    /// Values of a table for the rows that ask; NaN for the others.
    pub(super) fn look_up(&mut self, table: &dyn Lookup, inputs: &[Id], lanes: &[Rc<Lane<'a>>]) -> Lane<'a> {
        let columns: Vec<Source<'_>> =
            inputs.iter().zip(lanes).map(|(id, lane)| Source::of(self.program.dtype(*id), lane)).collect();
        let mut values = vec![f64::NAN; self.len()];
        let mut given = Vec::with_capacity(columns.len());
        for (row, out) in values.iter_mut().enumerate() {
            if self.asked.as_ref().is_some_and(|asked| asked[row] == 0) {
                continue;
            }
            given.clear();
            given.extend(columns.iter().map(|column| column.get(row)));
            match table.value(&given) {
                Ok(value) => *out = value,
                Err(reason) => {
                    let name = table.name();
                    let help = "select rows before it is looked up, or write `where(condition, value, other)`";
                    self.stop(segment::Error::request(format!(
                        "the table `{name}` has no value for a row: {reason}; {help}"
                    )));
                    break;
                }
            }
        }
        match table.is_condition() {
            true => Lane::marks(values.iter().map(|value| u8::from(*value == 1.0)).collect()),
            false => Lane::new(Data::F64(values.into())),
        }
    }
}

/// The values of an input of a table.
enum Source<'l> {
    Numbers(Arg<'l, f64>),
    Integers(Arg<'l, i64>, &'l Lane<'l>),
    Texts(&'l Lane<'l>),
}

impl<'l> Source<'l> {
    fn of<'a: 'l>(dtype: &Type, lane: &'l Lane<'a>) -> Self {
        match dtype {
            Type::Text => Self::Texts(lane),
            Type::Bool | Type::Int(_) if !matches!(lane.data, Data::I128(..)) => Self::Integers(lane.i64(), lane),
            _ => Self::Numbers(lane.f64()),
        }
    }

    fn get(&self, row: usize) -> Given<'_> {
        match self {
            Self::Numbers(values) => Given::Number(values.get(row)),
            Self::Integers(values, lane) if lane.is_valid(row) => Given::Integer(values.get(row)),
            Self::Texts(lane) if lane.is_valid(row) => Given::Text(lane.text(row)),
            _ => Given::Missing,
        }
    }
}
