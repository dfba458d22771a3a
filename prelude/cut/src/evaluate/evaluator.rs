//! Evaluates a program over one block of rows at a time.

use crate::check::exact;
use crate::check::members::InList;
use crate::check::program::{Class, Id, Op, Program, Quantity};
use crate::check::types::Type;
use crate::evaluate::arithmetic::{absolute, arithmetic, invert, map, negate, pick, select};
use crate::evaluate::compare::{
    compare_exact, compare_texts, compare_times, contained, holds, narrow, respect_missing, texts_contained,
};
use crate::evaluate::frame::Frame;
use crate::evaluate::integers::{Beyond, at_scale, decimals, narrowed};
use crate::evaluate::kernel::{self, Arg, collect, zip};
use crate::evaluate::lane::{Data, Lane, number, valid_in_all};
use crate::evaluate::leaves::Lists;
use crate::evaluate::table::Column;
use crate::evaluate::texts::{Answered, tested};
use crate::evaluate::{objects, vectors};
use crate::syntax::expr::Compare;
use crate::value::{Body, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

pub(crate) struct Evaluator<'p, 'a> {
    pub(super) program: &'p Program,
    columns: &'p [Column<'a>],
    /// The numbers that stand for the whole table, by node.
    scalars: &'p [Option<f64>],
    pub(super) lists: &'p Lists<'a>,
    pub(super) start: usize,
    pub(super) rows: usize,
    pub(super) chosen: Option<&'p [u32]>,
    /// What several nodes use is computed once per block.
    pub(super) shared: Vec<Option<Rc<Lane<'a>>>>,
    /// The lanes of the node that is computed now.
    lanes: usize,
    /// The lanes of each domain that is looked at now.
    pub(super) frames: Vec<Option<Rc<Frame>>>,
    /// Why it gave up.
    pub(super) stopped: Option<segment::Error>,
    /// Rows for which tables are looked up, where this is not all: a table may have no value for the rest.
    pub(super) asked: Option<Vec<u8>>,
    /// What has been asked of texts, by node; kept from block to block.
    answered: BTreeMap<Id, Answered<'a>>,
}

impl<'p, 'a> Evaluator<'p, 'a> {
    pub fn new(
        program: &'p Program,
        columns: &'p [Column<'a>],
        scalars: &'p [Option<f64>],
        lists: &'p Lists<'a>,
    ) -> Self {
        let (shared, frames) = (vec![None; program.nodes.len()], vec![None; program.domains.len()]);
        let (start, rows, lanes, chosen, stopped) = (0, 0, 0, None, None);
        let answered = BTreeMap::new();
        Self {
            program,
            columns,
            scalars,
            lists,
            start,
            rows,
            chosen,
            shared,
            lanes,
            frames,
            stopped,
            asked: None,
            answered,
        }
    }

    /// Goes to a block, which lies in one chunk of every column.
    pub fn block(&mut self, start: usize, rows: usize) {
        (self.start, self.rows, self.chosen) = (start, rows, None);
        self.forget();
    }

    /// Evaluates only these rows of the block from now on.
    pub fn choose(&mut self, chosen: &'p [u32]) {
        self.chosen = Some(chosen);
        self.forget();
    }

    fn forget(&mut self) {
        self.shared.fill(None);
        self.frames.fill(None);
        self.lanes = self.height();
    }

    /// The rows that are looked at.
    pub(super) fn height(&self) -> usize {
        self.chosen.map_or(self.rows, <[u32]>::len)
    }

    /// Whether all could be computed, and held.
    pub fn check(&mut self) -> segment::Result<()> {
        self.stopped.take().map_or(Ok(()), Err)
    }

    /// A lane, or a missing value everywhere and a note of what could not be held.
    fn noted(&mut self, made: Result<Lane<'a>, Beyond>) -> Lane<'a> {
        made.unwrap_or_else(|beyond| {
            self.stop(beyond.error(""));
            Lane::literal(&Value::Null, self.len())
        })
    }

    pub(super) fn len(&self) -> usize {
        self.lanes
    }

    /// Marks the rows for which a condition holds; with `and`, only clears marks.
    pub fn condition(&mut self, id: Id, and: bool, out: &mut [u8]) {
        if and && self.program.nodes[id].fallible {
            let left = out.to_vec();
            return self.asking(id, &left, |this| this.mark(id, and, out));
        }
        self.mark(id, and, out);
    }

    fn mark(&mut self, id: Id, and: bool, out: &mut [u8]) {
        let uses = self.program.nodes[id].uses;
        match self.program.op(id) {
            Op::And(parts) if uses < 2 => {
                for (position, part) in self.tables_last(parts).enumerate() {
                    self.condition(part, and || position > 0, out);
                }
            }
            Op::Compare(op, class, left, right) if uses < 2 && self.leaf(*op, *class, *left, *right, and, out) => {}
            _ => {
                let lane = self.lane(id);
                match (&lane.data, &lane.valid) {
                    (Data::Bool(marks), None) => merge(marks, and, out),
                    _ => merge(&lane.truth(out.len()), and, out),
                }
            }
        }
    }

    /// A column against a literal, straight from the column's memory; `false` when it is not that simple.
    fn leaf(&mut self, op: Compare, class: Class, left: Id, right: Id, and: bool, out: &mut [u8]) -> bool {
        let (op, column, value) = match (self.program.op(left), self.program.op(right)) {
            (Op::Column(column), Op::Literal(value)) => (op, *column, value),
            (Op::Literal(value), Op::Column(column)) => (op.swap(), *column, value),
            _ => return false,
        };
        let column = &self.columns[column];
        let float = matches!(class, Class::F32 | Class::F64);
        let lane = column.stored(self.start, self.rows, self.chosen);
        // A missing number of a float column is NaN there; anything else would be compared as if it were a value.
        if !matches!(lane.data, Data::F64(_) | Data::F32(_)) && !column.complete(self.start) {
            return false;
        }
        // Digits and times are compared in the units of the column.
        let bound = match (class, exact::of(value)) {
            (Class::Time, Some((number, _))) => exact::in_units(op, number, column.unit()),
            (Class::Exact, Some(number)) => exact::at_scale(op, number, column.decimals()),
            (Class::Time | Class::Exact, None) => return false,
            _ => Ok((op, 0)),
        };
        let own_units = matches!(class, Class::Time | Class::Exact);
        let (op, made) = match bound {
            Ok((op, bound)) => (op, own_units.then_some(Value::Int(bound))),
            Err(truth) => {
                match (truth, and) {
                    (true, true) => {}
                    (truth, _) => out.fill(u8::from(truth)),
                }
                return true;
            }
        };
        let value = made.as_ref().unwrap_or(value);
        match (&lane.data, class) {
            (Data::I128(values, _), _) if !float => narrow(op, values, value, i128::MIN, i128::MAX, |x| x, and, out),
            (Data::F64(values), Class::F64) => kernel::compare_one(op, values, number(value), and, out),
            (Data::F32(values), Class::F32) => kernel::compare_one(op, values, number(value) as f32, and, out),
            (Data::I8(values), _) => narrow(op, values, value, i8::MIN.into(), i8::MAX.into(), |x| x as i8, and, out),
            (Data::I16(values), _) => {
                narrow(op, values, value, i16::MIN.into(), i16::MAX.into(), |x| x as i16, and, out)
            }
            (Data::I32(values), _) => {
                narrow(op, values, value, i32::MIN.into(), i32::MAX.into(), |x| x as i32, and, out)
            }
            (Data::U8(values), _) => narrow(op, values, value, 0, u8::MAX.into(), |x| x as u8, and, out),
            (Data::U16(values), _) => narrow(op, values, value, 0, u16::MAX.into(), |x| x as u16, and, out),
            (Data::U32(values), _) => narrow(op, values, value, 0, u32::MAX.into(), |x| x as u32, and, out),
            (Data::I64(values), _) if !float => {
                narrow(op, values, value, i64::MIN.into(), i64::MAX.into(), |x| x as i64, and, out);
            }
            (Data::U64(values), _) if !float => narrow(op, values, value, 0, u64::MAX.into(), |x| x as u64, and, out),
            _ => return false,
        }
        true
    }

    /// The values of a node.
    pub fn lane(&mut self, id: Id) -> Rc<Lane<'a>> {
        if let Some(lane) = &self.shared[id] {
            return lane.clone();
        }
        let lanes = self.lanes_of(self.program.nodes[id].domain);
        let lanes = std::mem::replace(&mut self.lanes, lanes);
        let lane = if self.program.op(id).is_list() {
            self.list_lane(id)
        } else {
            Rc::new(self.compute(id).with_missing_as_nan())
        };
        self.lanes = lanes;
        // Other users may ask for other rows.
        let partial = self.asked.is_some() && self.program.nodes[id].fallible;
        if (self.program.nodes[id].uses > 1 || self.program.has_lists()) && !partial {
            self.shared[id] = Some(lane.clone());
        }
        lane
    }

    fn compute(&mut self, id: Id) -> Lane<'a> {
        let rows = self.len();
        let program = self.program;
        match program.op(id) {
            Op::Column(column) => self.columns[*column].load(self.start, self.rows, self.chosen),
            Op::Literal(value) => Lane::literal(value, rows),
            Op::Constant(truth) => Lane::marks(vec![u8::from(*truth); rows]),
            Op::Reduce(..) => Lane::literal(&Value::Float(self.scalars[id].unwrap_or(f64::NAN)), rows),
            Op::Compare(op, class, left, right) => self.compare(*op, *class, *left, *right),
            Op::IsIn(input, members) => self.is_in(*input, members),
            Op::IsMissing(input) => Lane::marks(self.lane(*input).missing(rows)),
            Op::And(parts) => {
                let mut marks = vec![1; rows];
                for part in self.tables_last(parts) {
                    self.condition(part, true, &mut marks);
                }
                Lane::marks(marks)
            }
            Op::Or(parts) => self.or(parts),
            Op::Xor(left, right) => {
                let (mut marks, other) = (vec![0; rows], &mut vec![0; rows]);
                self.condition(*left, false, &mut marks);
                self.condition(*right, false, other);
                marks.iter_mut().zip(other.iter()).for_each(|(mark, other)| *mark ^= other);
                Lane::marks(marks)
            }
            Op::Not(input) => {
                let mut marks = vec![0; rows];
                self.condition(*input, false, &mut marks);
                marks.iter_mut().for_each(|mark| *mark = 1 - *mark);
                Lane::marks(marks)
            }
            Op::Arithmetic(op, left, right) => {
                let sides = [program.dtype(*left), program.dtype(*right)];
                let (left, right) = (self.lane(*left), self.lane(*right));
                let made = arithmetic(*op, program.dtype(id), sides, (&left, &right), rows);
                self.noted(made)
            }
            Op::Neg(input) => {
                let made = negate(program.dtype(id), &self.lane(*input), rows);
                self.noted(made)
            }
            Op::Abs(input) => {
                let made = absolute(program.dtype(id), &self.lane(*input), rows);
                self.noted(made)
            }
            Op::Invert(input) => {
                let made = invert(program.dtype(id), &self.lane(*input), rows);
                self.noted(made)
            }
            Op::Function(name, inputs) => self.function(*name, inputs, program.dtype(id)),
            Op::Extreme(largest, inputs) => self.extreme(*largest, inputs, program.dtype(id)),
            Op::Where(condition, yes, no) => self.choose_between(*condition, *yes, *no, program.dtype(id)),
            Op::TextTest(test, input) => {
                let lane = self.lane(*input);
                Lane::marks(tested(test, &lane, rows, self.answered.entry(id).or_default()))
            }
            Op::TextMap(change, input) => {
                let lane = self.lane(*input);
                let made = (0..rows).map(|row| change.apply(lane.text(row)).into()).collect();
                map(&lane, Data::Text(crate::evaluate::lane::Texts::Made(made)))
            }
            Op::TextLength(input) => {
                let lane = self.lane(*input);
                let made: Vec<u32> = (0..rows).map(|row| lane.text(row).chars().count() as u32).collect();
                map(&lane, Data::U32(made.into()))
            }
            Op::At { counted, index, start, end } => {
                let (index, start, end) = (self.lane(*index), self.lane(*start), self.lane(*end));
                objects::at(*counted, &index, &start, &end, rows)
            }
            Op::Present(position) => Lane::marks(objects::present(&self.lane(*position), rows)),
            Op::Same(a, b) => Lane::marks(objects::same(&self.lane(*a), &self.lane(*b), rows)),
            Op::Vector(Quantity::Mass, inputs) if inputs.len() > 4 => self.mass_of_sum(inputs),
            Op::Vector(quantity, inputs) => {
                let lanes: Vec<_> = inputs.iter().map(|id| self.lane(*id)).collect();
                vectors::quantity(*quantity, &lanes, rows)
            }
            // Of these `list_lane` knows.
            Op::Leaf(..)
            | Op::Expand(_)
            | Op::Lane(_)
            | Op::Gather(..)
            | Op::Join(_)
            | Op::Interleave(_)
            | Op::Start(_)
            | Op::End(_)
            | Op::Length(_)
            | Op::Fold(..)
            | Op::Best { .. }
            | Op::Sort(_) => (*self.list_lane(id)).clone(),
            Op::External(function, inputs) => {
                let lanes: Vec<_> = inputs.iter().map(|id| self.lane(*id)).collect();
                let function = match &function.0 {
                    Body::Numbers(function) => function,
                    Body::Table(table) => return self.look_up(&**table, inputs, &lanes),
                };
                let arguments: Vec<_> = lanes.iter().map(|lane| lane.f64()).collect();
                let mut row_arguments = vec![0.0; arguments.len()];
                let made = (0..rows).map(|row| {
                    row_arguments.iter_mut().zip(&arguments).for_each(|(out, argument)| *out = argument.get(row));
                    function(&row_arguments)
                });
                Lane::new(Data::F64(made.collect::<Vec<_>>().into()))
            }
        }
    }

    fn or(&mut self, parts: &[Id]) -> Lane<'a> {
        let mut marks = vec![0; self.len()];
        let mut part_marks = vec![0; self.len()];
        for (position, part) in parts.iter().enumerate() {
            if position == 0 {
                self.condition(*part, false, &mut marks);
                continue;
            }
            self.condition(*part, false, &mut part_marks);
            marks.iter_mut().zip(&part_marks).for_each(|(mark, part)| *mark |= part);
        }
        Lane::marks(marks)
    }

    fn compare(&mut self, op: Compare, class: Class, left: Id, right: Id) -> Lane<'a> {
        let rows = self.len();
        let mut marks = vec![0; rows];
        if self.leaf(op, class, left, right, false, &mut marks) {
            return Lane::marks(marks);
        }
        if class == Class::Time {
            let (left, right) = (self.instants(left), self.instants(right));
            compare_times(op, &left, &right, &mut marks);
            respect_missing(op, &left.0, &right.0, &mut marks);
            return Lane::marks(marks);
        }
        let (left, right) = (self.lane(left), self.lane(right));
        let more = |lane: &Lane| matches!(lane.data, Data::I128(..));
        let class = match class {
            Class::I64 | Class::U64 | Class::Mixed if more(&left) || more(&right) => Class::Exact,
            class => class,
        };
        match class {
            Class::Exact => compare_exact(op, &left, &right, &mut marks),
            Class::Time => {}
            Class::F64 => kernel::compare(op, &left.f64(), &right.f64(), &mut marks),
            Class::F32 => kernel::compare(op, &left.f32(), &right.f32(), &mut marks),
            Class::I64 => kernel::compare(op, &left.i64(), &right.i64(), &mut marks),
            Class::U64 => kernel::compare(op, &left.u64(), &right.u64(), &mut marks),
            Class::Bool => kernel::compare(op, &left.bytes(), &right.bytes(), &mut marks),
            Class::Mixed => {
                let (left, right) = (left.u64(), right.i64());
                for (row, mark) in marks.iter_mut().enumerate() {
                    *mark = u8::from(holds(op, i128::from(left.get(row)).cmp(&i128::from(right.get(row)))));
                }
            }
            Class::Text => compare_texts(op, &left, &right, &mut marks),
        }
        if !matches!(class, Class::F64 | Class::F32) {
            respect_missing(op, &left, &right, &mut marks);
        }
        Lane::marks(marks)
    }

    /// Times or durations, and the nanoseconds of their unit.
    fn instants(&mut self, id: Id) -> (Lane<'a>, i128) {
        match self.program.op(id) {
            Op::Column(column) => {
                let column = &self.columns[*column];
                (column.stored(self.start, self.rows, self.chosen), column.unit())
            }
            _ => ((*self.lane(id)).clone(), 1),
        }
    }

    fn is_in(&mut self, input: Id, members: &InList) -> Lane<'a> {
        if let InList::Time(times) = members {
            let (lane, unit) = self.instants(input);
            let whole = times.iter().filter(|time| *time % unit == 0).map(|time| time / unit);
            let marks = contained(&lane.digits().0, &whole.collect::<Vec<_>>(), self.len());
            return Lane::marks(with_values(marks, &lane));
        }
        let lane = self.lane(input);
        let rows = self.len();
        let more = matches!(lane.data, Data::I128(..));
        let marks: Vec<u8> = match members {
            InList::Exact(set) => contained(&lane.digits().0, set, rows),
            InList::Time(_) => Vec::new(),
            InList::I64(set) if more => contained(&lane.digits().0, &widened(set), rows),
            InList::U64(set) if more => contained(&lane.digits().0, &widened(set), rows),
            InList::I64(set) => contained(&lane.i64(), set, rows),
            InList::U64(set) => contained(&lane.u64(), set, rows),
            InList::F32(set) => contained(&lane.f32(), set, rows),
            InList::F64(set) => contained(&lane.f64(), set, rows),
            InList::Text(set) => texts_contained(&lane, set, rows),
        };
        Lane::marks(with_values(marks, &lane))
    }

    fn function(&mut self, name: crate::check::functions::Name, inputs: &[Id], dtype: &Type) -> Lane<'a> {
        let rows = self.len();
        let first = self.lane(inputs[0]);
        let (made, valid) = match inputs.get(1) {
            // Known by name, it is in the loop and not called for each row.
            None if matches!(name, crate::check::functions::Name::Sqrt) => {
                (collect(rows, &first.f64(), f64::sqrt), first.valid.clone())
            }
            None => {
                let apply = name.unary();
                (collect(rows, &first.f64(), apply), first.valid.clone())
            }
            Some(second) => {
                let (second, apply) = (self.lane(*second), name.binary());
                (zip(rows, &first.f64(), &second.f64(), apply), valid_in_all(&[&first, &second]))
            }
        };
        let data = match dtype {
            Type::F32 => Data::F32(made.into_iter().map(|x| x as f32).collect()),
            _ => Data::F64(made.into()),
        };
        Lane { data, valid: valid.map(|valid| Cow::Owned(valid.into_owned())) }
    }

    fn extreme(&mut self, largest: bool, inputs: &[Id], dtype: &Type) -> Lane<'a> {
        let rows = self.len();
        let mut result = (*self.lane(inputs[0])).clone();
        for input in &inputs[1..] {
            let next = self.lane(*input);
            if by_digits(dtype, &result, &next) {
                let made = digits_of(dtype, &result, &next, rows)
                    .map(|(a, b)| zip(rows, &Arg::Many(a.into()), &Arg::Many(b.into()), |x, y| pick(largest, x, y)));
                let valid = valid_in_all(&[&result, &next]);
                let made = made.map(|values| Lane { data: narrowed(values, dtype), valid });
                result = self.noted(made);
                continue;
            }
            // A missing value on either side makes the result missing, as numpy's minimum does.
            let data = match dtype {
                Type::F32 => Data::F32(zip(rows, &result.f32(), &next.f32(), |x, y| pick(largest, x, y)).into()),
                Type::F64 => Data::F64(zip(rows, &result.f64(), &next.f64(), |x, y| pick(largest, x, y)).into()),
                Type::Bool => Data::Bool(zip(rows, &result.bytes(), &next.bytes(), |x, y| pick(largest, x, y)).into()),
                Type::Int(width) if !width.signed => {
                    Data::U64(zip(rows, &result.u64(), &next.u64(), |x, y| pick(largest, x, y)).into())
                }
                _ => Data::I64(zip(rows, &result.i64(), &next.i64(), |x, y| pick(largest, x, y)).into()),
            };
            result = Lane { data, valid: valid_in_all(&[&result, &next]) };
        }
        result
    }

    fn choose_between(&mut self, condition: Id, yes: Id, no: Id, dtype: &Type) -> Lane<'a> {
        let rows = self.len();
        let mut marks = vec![0; rows];
        self.condition(condition, false, &mut marks);
        let other: Vec<u8> = marks.iter().map(|mark| 1 - mark).collect();
        let yes = self.asking(yes, &marks, |this| this.lane(yes));
        let no = self.asking(no, &other, |this| this.lane(no));
        let valid = (yes.valid.is_some() || no.valid.is_some()).then(|| {
            let chosen =
                |(row, mark): (usize, &u8)| u8::from(if *mark == 1 { yes.is_valid(row) } else { no.is_valid(row) });
            marks.iter().enumerate().map(chosen).collect::<Vec<_>>().into()
        });
        if by_digits(dtype, &yes, &no) {
            let made = digits_of(dtype, &yes, &no, rows)
                .map(|(yes, no)| narrowed(select(&marks, &Arg::Many(yes.into()), &Arg::Many(no.into())), dtype))
                .map(|data| Lane { data, valid });
            return self.noted(made);
        }
        let data = match dtype {
            Type::F32 => Data::F32(select(&marks, &yes.f32(), &no.f32()).into()),
            Type::F64 => Data::F64(select(&marks, &yes.f64(), &no.f64()).into()),
            Type::Bool => Data::Bool(select(&marks, &yes.bytes(), &no.bytes()).into()),
            Type::Text => {
                let text = |(row, mark): (usize, &u8)| {
                    Cow::Owned(if *mark == 1 { yes.text(row).to_owned() } else { no.text(row).to_owned() })
                };
                Data::Text(crate::evaluate::lane::Texts::Made(marks.iter().enumerate().map(text).collect()))
            }
            Type::Int(width) if !width.signed => Data::U64(select(&marks, &yes.u64(), &no.u64()).into()),
            _ => Data::I64(select(&marks, &yes.i64(), &no.i64()).into()),
        };
        Lane { data, valid }
    }
}

/// Whether two lanes are taken by their digits: decimals, and integers or times that have left 64 bits.
fn by_digits(dtype: &Type, left: &Lane, right: &Lane) -> bool {
    let more = |lane: &Lane| matches!(lane.data, Data::I128(..));
    let held = matches!(dtype, Type::Int(_) | Type::Time(_) | Type::Duration);
    matches!(dtype, Type::Exact(_)) || held && (more(left) || more(right))
}

fn digits_of(dtype: &Type, left: &Lane, right: &Lane, rows: usize) -> Result<(Vec<i128>, Vec<i128>), Beyond> {
    let scale = decimals(dtype);
    Ok((at_scale(left, scale, rows)?, at_scale(right, scale, rows)?))
}

fn widened<T: Copy + Into<i128>>(set: &[T]) -> Vec<i128> {
    set.iter().map(|member| (*member).into()).collect()
}

fn merge(marks: &[u8], and: bool, out: &mut [u8]) {
    if and {
        out.iter_mut().zip(marks).for_each(|(out, mark)| *out &= mark);
    } else {
        out.copy_from_slice(marks);
    }
}

/// Marks of rows that have a value.
fn with_values(mut marks: Vec<u8>, lane: &Lane) -> Vec<u8> {
    if let Some(valid) = &lane.valid {
        marks.iter_mut().zip(valid.iter()).for_each(|(mark, valid)| *mark &= valid);
    }
    marks
}
