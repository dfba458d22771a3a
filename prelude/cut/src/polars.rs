//! A cut as a Polars expression with the same meaning.
//!
//! Polars orders NaN above every number, drops rows whose comparison is null, and wraps small integers around; so
//! comparisons are guarded, and integers are widened first. What Polars has no exact word for is
//! computed by our own evaluator as an element-wise function of its inputs.

use crate::check::domain::ROWS;
use crate::check::exact;
use crate::check::members::InList;
use crate::check::program::{Class, Id, Op, Program, Reduce};
use crate::check::typed::Typed;
use crate::check::types::Type;
use crate::evaluate::lane::{integer, number};
use crate::syntax::expr::{Binary, Compare};
use crate::value::Value;
use polars::prelude::*;

/// Up to how many members a list is written as equalities, which Polars can push down to a file.
const FEW: usize = 8;

impl Typed {
    /// The same cut as a Polars expression, for a lazy frame with the columns that were checked.
    /// A selection gives true or false and never null.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # let cut = cut::parse("x > 1.5 & n < 4")?;
    /// # let typed = cut.check(frame.schema())?;
    /// let left = frame.clone().lazy().filter(typed.expr()).collect()?;
    /// assert_eq!(left.height(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn expr(&self) -> Expr {
        match self.program.op(self.root) {
            Op::Column(column) | Op::Leaf(column, None) => col(self.program.columns[*column].clone()),
            // Polars has no words for these; our evaluator computes them from the columns.
            _ if self.program.nodes.iter().any(|node| node.op.is_list()) => self.as_function(),
            _ => lower(&self.program, self.root),
        }
    }

    fn as_function(&self) -> Expr {
        let typed = self.clone();
        let names = typed.program.columns.clone();
        let inputs: Vec<Expr> = names.iter().map(|name| col(name.clone())).collect();
        let dtype = typed.dtype();
        let compute = move |columns: &mut [Column]| -> PolarsResult<Column> {
            let rows = columns.iter().map(Column::len).max().unwrap_or(1);
            let named = columns.iter().zip(&names).map(|(column, name)| column.clone().with_name(name.clone()));
            let frame = DataFrame::new(rows, named.collect())?;
            typed.values(&frame).map(IntoColumn::into_column).map_err(|error| polars_err!(ComputeError: "{error}"))
        };
        let field = move |_: &Schema, fields: &[Field]| {
            Ok(Field::new(fields.first().map_or("".into(), |field| field.name().clone()), dtype.clone()))
        };
        said(map_multiple(compute, inputs, field))
    }
}

/// A function under the name by which Polars shows it in a plan.
fn said(mut function: Expr) -> Expr {
    if let Expr::AnonymousFunction { fmt_str, .. } = &mut function {
        **fmt_str = "recoil".into();
    }
    function
}

fn lower(program: &Program, id: Id) -> Expr {
    // A table may have no value for rows that a condition excludes, which Polars computes all the same.
    if program.nodes[id].fallible {
        return own(program, id);
    }
    match program.op(id) {
        Op::Column(column) => lower_column(program, *column, program.dtype(id)),
        Op::Literal(value) => literal(value, program.dtype(id)),
        Op::Constant(truth) => match program.columns.first() {
            // As long as the table, which a literal is not.
            Some(name) if *truth => col(name.clone()).is_null().or(lit(true)),
            Some(name) => col(name.clone()).is_null().and(lit(false)),
            None => lit(*truth),
        },
        Op::Compare(op, class, left, right) => compare(program, id, *op, *class, *left, *right),
        Op::IsIn(input, members) => is_in(program, id, *input, members),
        Op::IsMissing(_) if inputs_may_leave(program, id) => own(program, id),
        Op::IsMissing(input) => match program.dtype(*input).is_float() {
            true => lower(program, *input).is_nan().fill_null(lit(true)),
            false => lower(program, *input).is_null(),
        },
        Op::And(parts) => join(program, parts, Expr::and),
        Op::Or(parts) => join(program, parts, Expr::or),
        Op::Xor(left, right) => truth(program, *left).xor(truth(program, *right)),
        Op::Not(input) => truth(program, *input).not(),
        Op::Arithmetic(op, left, right) => arithmetic(program, id, *op, *left, *right),
        Op::Where(..) if may_leave(program, id) || inputs_may_leave(program, id) => own(program, id),
        Op::Where(condition, yes, no) => {
            let dtype = program.dtype(id).dtype();
            let side = |id: Id| lower(program, id).cast(dtype.clone());
            when(truth(program, *condition)).then(side(*yes)).otherwise(side(*no))
        }
        Op::Reduce(reduce, input) => {
            let values = lower(program, *input).cast(DataType::Float64).fill_nan(lit(NULL));
            match reduce {
                Reduce::Mean => values.mean(),
                Reduce::Sum => values.sum(),
                Reduce::Min => values.min(),
                Reduce::Max => values.max(),
                Reduce::Std => values.std(1),
                Reduce::Median => values.median(),
            }
        }
        _ => own(program, id),
    }
}

fn lower_column(program: &Program, column: usize, dtype: &Type) -> Expr {
    let plain = col(program.columns[column].clone());
    if program.dtypes[column] == DataType::UInt128 {
        // Larger numbers are an error.
        return plain.strict_cast(dtype.dtype());
    }
    if program.dtypes[column] == dtype.dtype() { plain } else { plain.cast(dtype.dtype()) }
}

fn literal(value: &Value, dtype: &Type) -> Expr {
    match value {
        Value::Null => lit(NULL),
        Value::Bool(value) => lit(*value),
        Value::Text(value) => lit(value.to_string()),
        Value::Float(value) if *dtype == Type::F32 => lit(*value as f32),
        Value::Float(value) => lit(*value),
        Value::Decimal(digits, scale) => lit(exact::float((*digits, *scale))),
        Value::Time(value) => lit((*value).clamp(i64::MIN.into(), i64::MAX.into()) as i64).cast(dtype.dtype()),
        Value::Duration(value) => lit(*value).cast(dtype.dtype()),
        other => match u64::try_from(integer(other)) {
            Ok(value) => lit(value).cast(dtype.dtype()),
            Err(_) => lit(integer(other) as i64).cast(dtype.dtype()),
        },
    }
}

/// A condition without nulls.
fn truth(program: &Program, id: Id) -> Expr {
    let lowered = lower(program, id);
    if program.op(id).is_predicate() || matches!(program.op(id), Op::Literal(_)) {
        lowered
    } else {
        lowered.fill_null(lit(false))
    }
}

fn join(program: &Program, parts: &[Id], with: fn(Expr, Expr) -> Expr) -> Expr {
    parts.iter().map(|part| truth(program, *part)).reduce(with).unwrap_or_else(|| lit(true))
}

fn compare(program: &Program, id: Id, op: Compare, class: Class, left: Id, right: Id) -> Expr {
    if class == Class::Time {
        return times(program, op, left, right).unwrap_or_else(|| own(program, id));
    }
    // Polars rounds decimals and integers of 128 bits twice on their way to floating point numbers.
    let by_digits = [left, right].iter().any(|&side| matches!(program.dtype(side), Type::Exact(_)));
    if class == Class::Mixed || by_digits || inputs_may_leave(program, id) {
        return own(program, id);
    }
    let (a, b) = match narrow(program, left, right) {
        Some(sides) => sides,
        None => (side(program, left, class), side(program, right, class)),
    };
    let nan_guards: Vec<Expr> = [(left, &a), (right, &b)]
        .into_iter()
        .filter(|(id, _)| {
            program.dtype(*id).is_float() && !matches!(program.op(*id), Op::Literal(Value::Float(x)) if !x.is_nan())
        })
        .map(|(_, side)| side.clone().is_nan())
        .collect();
    guarded(op, a, b, nan_guards)
}

fn guarded(op: Compare, a: Expr, b: Expr, nan_guards: Vec<Expr>) -> Expr {
    let plain = match op {
        Compare::Lt => a.lt(b),
        Compare::Le => a.lt_eq(b),
        Compare::Gt => a.gt(b),
        Compare::Ge => a.gt_eq(b),
        Compare::Eq | Compare::In => a.eq(b),
        Compare::Ne | Compare::NotIn => {
            return nan_guards.into_iter().fold(a.neq(b), Expr::or).fill_null(lit(true));
        }
    };
    nan_guards.into_iter().fold(plain, |all, guard| all.and(guard.not())).fill_null(lit(false))
}

/// An integer column against a literal of its range: no cast, so that Polars can use the statistics of a file.
fn narrow(program: &Program, left: Id, right: Id) -> Option<(Expr, Expr)> {
    let native = |column: Id, value: Id| {
        let (Op::Column(_), Op::Literal(Value::Int(number))) = (program.op(column), program.op(value)) else {
            return None;
        };
        let Type::Int(width) = program.dtype(column) else { return None };
        let bits = u32::from(width.bytes) * 8;
        let (min, max) = match width.signed {
            true => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
            false => (0, (1i128 << bits) - 1),
        };
        let fits = (min..=max).contains(number);
        fits.then(|| (lower(program, column), literal(&Value::Int(*number), program.dtype(column))))
    };
    native(left, right).or_else(|| native(right, left).map(|(column, value)| (value, column)))
}

fn side(program: &Program, id: Id, class: Class) -> Expr {
    let dtype = match class {
        Class::F64 => DataType::Float64,
        Class::F32 => DataType::Float32,
        Class::U64 => DataType::UInt64,
        Class::I64 => DataType::Int64,
        Class::Bool | Class::Text | Class::Mixed | Class::Exact | Class::Time => return lower(program, id),
    };
    match program.op(id) {
        Op::Literal(value) if class == Class::F64 => lit(number(value)),
        Op::Literal(value) if class == Class::F32 => lit(number(value) as f32),
        _ if program.dtype(id).dtype() == dtype => lower(program, id),
        _ => lower(program, id).cast(dtype),
    }
}

/// A column of times against a literal, in the unit of the column: nanoseconds do not go far enough.
fn times(program: &Program, op: Compare, left: Id, right: Id) -> Option<Expr> {
    let (op, column, value) = match (program.op(left), program.op(right)) {
        (Op::Column(column), Op::Literal(value)) => (op, *column, value),
        (Op::Literal(value), Op::Column(column)) => (op.swap(), *column, value),
        _ => return None,
    };
    let (name, dtype) = (col(program.columns[column].clone()), &program.dtypes[column]);
    let unit = match dtype {
        DataType::Date => 86_400_000_000_000,
        DataType::Datetime(unit, _) | DataType::Duration(unit) => match unit {
            TimeUnit::Nanoseconds => 1,
            TimeUnit::Microseconds => 1_000,
            TimeUnit::Milliseconds => 1_000_000,
        },
        _ => return None,
    };
    let (op, bound) = match exact::in_units(op, exact::of(value)?.0, unit) {
        Ok(bound) => bound,
        // Equal to no whole unit.
        Err(truth) => return Some(if truth { name.is_null().or(lit(true)) } else { name.is_null().and(lit(false)) }),
    };
    let bound = match dtype {
        DataType::Date => lit(i32::try_from(bound).ok()?),
        _ => lit(i64::try_from(bound).ok()?),
    };
    Some(guarded(op, name, bound.cast(dtype.clone()), vec![]))
}

fn is_in(program: &Program, id: Id, input: Id, members: &InList) -> Expr {
    let dtype = program.dtype(input);
    if may_leave(program, input)
        || members.len() > FEW
        || members.len() == 0
        || !(dtype.is_number() || *dtype == Type::Text)
    {
        return own(program, id);
    }
    let side = |class| side(program, input, class);
    let equal = |side: Expr, value: Expr, float: bool| {
        let guards = if float { vec![side.clone().is_nan()] } else { vec![] };
        guarded(Compare::Eq, side, value, guards)
    };
    let parts: Vec<Expr> = match members {
        InList::I64(values) => values.iter().map(|x| equal(side(Class::I64), lit(*x), false)).collect(),
        InList::U64(values) => values.iter().map(|x| equal(side(Class::U64), lit(*x), false)).collect(),
        InList::F32(values) => values.iter().map(|x| equal(side(Class::F32), lit(*x), true)).collect(),
        InList::F64(values) => values.iter().map(|x| equal(side(Class::F64), lit(*x), true)).collect(),
        InList::Text(values) => values.iter().map(|x| equal(side(Class::Text), lit(x.to_string()), false)).collect(),
        InList::Exact(_) | InList::Time(_) => return own(program, id),
    };
    parts.into_iter().reduce(Expr::or).unwrap_or_else(|| lit(false))
}

fn arithmetic(program: &Program, id: Id, op: Binary, left: Id, right: Id) -> Expr {
    let dtype = program.dtype(id);
    let narrow = |id: Id| program.dtype(id).width().is_some_and(|width| width.bytes < 8);
    // Polars wraps 64-bit integers around.
    let exact = dtype.is_float() || (dtype.width().is_some() && narrow(left) && narrow(right));
    let simple = matches!(op, Binary::Add | Binary::Sub | Binary::Mul) || (op == Binary::Div && dtype.is_float());
    let number = |id: Id| program.dtype(id).is_number();
    if !exact || !simple || !number(left) || !number(right) || inputs_may_leave(program, id) {
        return own(program, id);
    }
    let side = |id: Id| match (program.op(id), dtype) {
        (Op::Literal(value), Type::F64) => lit(crate::evaluate::lane::number(value)),
        (Op::Literal(value), Type::F32) => lit(crate::evaluate::lane::number(value) as f32),
        _ => lower(program, id).cast(dtype.dtype()),
    };
    let (a, b) = (side(left), side(right));
    match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        _ => a / b,
    }
}

/// Whether a value may need more than 64 bits before it is compared or turned into a floating point number: no column
/// holds it in between.
fn may_leave(program: &Program, id: Id) -> bool {
    let computed = matches!(
        program.op(id),
        Op::Arithmetic(..) | Op::Neg(_) | Op::Abs(_) | Op::Invert(_) | Op::Where(..) | Op::Extreme(..)
    );
    computed && program.dtype(id).is_wide()
}

fn inputs_may_leave(program: &Program, id: Id) -> bool {
    program.op(id).inputs().iter().any(|input| may_leave(program, *input))
}

/// What a node needs, in a program of its own, and the expressions that give its columns.
#[derive(Default)]
struct Part {
    program: Program,
    inputs: Vec<Expr>,
}

impl Part {
    fn copy(&mut self, program: &Program, id: Id) -> Id {
        let ids: Vec<(Id, Id)> =
            program.op(id).inputs().into_iter().map(|input| (input, self.input(program, input))).collect();
        let new = |input: Id| ids.iter().find(|(old, _)| *old == input).map_or(input, |(_, new)| *new);
        self.program.push(program.op(id).with_inputs(new), program.dtype(id).clone(), ROWS)
    }

    fn input(&mut self, program: &Program, id: Id) -> Id {
        let dtype = program.dtype(id).clone();
        let (plain, own) = match program.op(id) {
            Op::Literal(value) => return self.program.push(Op::Literal(value.clone()), dtype, ROWS),
            // A column as it is: a cast of times or decimals may lose some.
            Op::Column(column) => (col(program.columns[*column].clone()), program.dtypes[*column].clone()),
            // Only our evaluator asks a table for no more rows than needed.
            _ if may_leave(program, id) || program.nodes[id].fallible => return self.copy(program, id),
            _ => (lower(program, id).cast(dtype.dtype()), dtype.dtype()),
        };
        let column = self.program.columns.len();
        self.program.columns.push(format!("{column}").into());
        self.program.dtypes.push(own);
        self.inputs.push(plain);
        self.program.push(Op::Column(column), dtype, ROWS)
    }
}

/// A node that our own evaluator computes from the columns that its inputs give.
fn own(program: &Program, id: Id) -> Expr {
    let mut part = Part::default();
    let root = part.copy(program, id);
    let Part { program: small, inputs } = part;
    let dtype = program.dtype(id).dtype();
    let typed = Typed::new(small, root, Vec::new(), "".into());
    let compute = move |columns: &mut [Column]| -> PolarsResult<Column> {
        let rows = columns.iter().map(Column::len).max().unwrap_or(1);
        let named = columns.iter().enumerate().map(|(position, column)| {
            let column = if column.len() == rows { column.clone() } else { column.new_from_index(0, rows) };
            column.with_name(format!("{position}").into())
        });
        let frame = DataFrame::new(rows, named.collect())?;
        typed.values(&frame).map(IntoColumn::into_column).map_err(|error| polars_err!(ComputeError: "{error}"))
    };
    let field = move |_: &Schema, fields: &[Field]| {
        Ok(Field::new(fields.first().map_or("".into(), |field| field.name().clone()), dtype.clone()))
    };
    said(map_multiple(compute, inputs, field))
}
