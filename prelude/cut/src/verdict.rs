//! What statistics say about a cut, before anything is read.

use crate::check::program::{Class, Id, Op, Program};
use crate::check::typed::Typed;
use crate::syntax::expr::Compare;
use crate::value::Value;
use segment::{ColumnStatistics, Scalar, Statistics};

/// Which rows of a segment a cut keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every row.
    All,
    /// No row: the segment need not be read.
    None,
    /// Only the values can tell.
    Unknown,
}

impl Verdict {
    fn of(truth: bool) -> Self {
        if truth { Self::All } else { Self::None }
    }

    fn not(self) -> Self {
        match self {
            Self::All => Self::None,
            Self::None => Self::All,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl Typed {
    /// Which rows of a segment with these statistics are kept. Never wrong: what is not known is [`Verdict::Unknown`].
    pub fn verdict(&self, statistics: &Statistics) -> Verdict {
        judge(&self.program, self.root, statistics)
    }
}

/// What is known of one side of a comparison.
#[derive(Debug, Clone)]
struct Side {
    min: Option<Scalar>,
    max: Option<Scalar>,
    missing: Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Never,
    Always,
    Perhaps,
}

fn judge(program: &Program, id: Id, statistics: &Statistics) -> Verdict {
    let each = |id: &Id| judge(program, *id, statistics);
    match program.op(id) {
        Op::Constant(truth) | Op::Literal(Value::Bool(truth)) => Verdict::of(*truth),
        Op::And(parts) => {
            let parts: Vec<_> = parts.iter().map(each).collect();
            match () {
                () if parts.contains(&Verdict::None) => Verdict::None,
                () if parts.iter().all(|part| *part == Verdict::All) => Verdict::All,
                () => Verdict::Unknown,
            }
        }
        Op::Or(parts) => {
            let parts: Vec<_> = parts.iter().map(each).collect();
            match () {
                () if parts.contains(&Verdict::All) => Verdict::All,
                () if parts.iter().all(|part| *part == Verdict::None) => Verdict::None,
                () => Verdict::Unknown,
            }
        }
        Op::Xor(a, b) => match (each(a), each(b)) {
            (Verdict::Unknown, _) | (_, Verdict::Unknown) => Verdict::Unknown,
            (a, b) => Verdict::of(a != b),
        },
        Op::Not(a) => each(a).not(),
        Op::Compare(op, class, a, b) => {
            match (side(program, *a, *class, statistics), side(program, *b, *class, statistics)) {
                (Some(a), Some(b)) => compare(*op, &a, &b),
                _ => Verdict::Unknown,
            }
        }
        Op::IsIn(input, members) => is_in(program, *input, members, statistics),
        Op::IsMissing(input) => match program.op(*input) {
            Op::Column(column) => match missing(program, *column, statistics) {
                Missing::Never => Verdict::None,
                Missing::Always => Verdict::All,
                Missing::Perhaps => Verdict::Unknown,
            },
            _ => Verdict::Unknown,
        },
        Op::Column(column) => {
            let one = Side { min: Some(Scalar::Bool(true)), max: Some(Scalar::Bool(true)), missing: Missing::Never };
            compare(Compare::Eq, &column_side(program, *column, statistics), &one)
        }
        _ => Verdict::Unknown,
    }
}

fn known<'s>(program: &Program, column: usize, statistics: &'s Statistics) -> Option<&'s ColumnStatistics> {
    statistics.columns.get(program.columns[column].as_str())
}

fn missing(program: &Program, column: usize, statistics: &Statistics) -> Missing {
    let Some(known) = known(program, column, statistics) else { return Missing::Perhaps };
    let float = program.dtypes[column].is_float();
    let nans = known.nans.or(if float { None } else { Some(0) });
    match (known.nulls, nans) {
        (Some(0), Some(0)) => Missing::Never,
        (nulls, nans) if statistics.rows > 0 && nulls.unwrap_or(0) + nans.unwrap_or(0) >= statistics.rows => {
            Missing::Always
        }
        _ => Missing::Perhaps,
    }
}

fn column_side(program: &Program, column: usize, statistics: &Statistics) -> Side {
    let known = known(program, column, statistics);
    Side {
        min: known.and_then(|known| known.min.clone()),
        max: known.and_then(|known| known.max.clone()),
        missing: missing(program, column, statistics),
    }
}

fn side(program: &Program, id: Id, class: Class, statistics: &Statistics) -> Option<Side> {
    match program.op(id) {
        Op::Column(column) => Some(column_side(program, *column, statistics)),
        Op::Literal(value) => {
            let scalar = scalar(value, class)?;
            let missing =
                if matches!(scalar, Scalar::Float(x) if x.is_nan()) { Missing::Always } else { Missing::Never };
            Some(Side { min: Some(scalar.clone()), max: Some(scalar), missing })
        }
        _ => None,
    }
}

fn scalar(value: &Value, class: Class) -> Option<Scalar> {
    Some(match value {
        Value::Bool(value) if class == Class::Bool => Scalar::Bool(*value),
        Value::Bool(value) => Scalar::Int(i128::from(*value)),
        Value::Int(value) | Value::Sized(value, _) if class == Class::F32 => Scalar::Float(f64::from(*value as f32)),
        Value::Int(value) | Value::Sized(value, _) => Scalar::Int(*value),
        // Beside an f32 column a literal is f32.
        Value::Float(value) if class == Class::F32 => Scalar::Float(f64::from(*value as f32)),
        Value::Float(value) => Scalar::Float(*value),
        Value::Text(value) => Scalar::Text(value.clone()),
        Value::Time(value) => Scalar::Time(i64::try_from(*value).ok()?),
        Value::Duration(value) => Scalar::Time(*value),
        _ => return None,
    })
}

/// The answer for rows without missing values is in the bounds; missing values make every comparison but `!=` false.
fn compare(op: Compare, a: &Side, b: &Side) -> Verdict {
    if op == Compare::Ne {
        return compare(Compare::Eq, a, b).not();
    }
    if a.missing == Missing::Always || b.missing == Missing::Always {
        return Verdict::None;
    }
    let order = |x: &Option<Scalar>, y: &Option<Scalar>| number(x.as_ref()?).compare(&number(y.as_ref()?));
    // How the largest left compares with the smallest right, and the smallest left with the largest right.
    let (high, low) = (order(&a.max, &b.min), order(&a.min, &b.max));
    let (always, never) = match op {
        Compare::Lt => (high.is_some_and(|o| o.is_lt()), low.is_some_and(|o| o.is_ge())),
        Compare::Le => (high.is_some_and(|o| o.is_le()), low.is_some_and(|o| o.is_gt())),
        Compare::Gt => (low.is_some_and(|o| o.is_gt()), high.is_some_and(|o| o.is_le())),
        Compare::Ge => (low.is_some_and(|o| o.is_ge()), high.is_some_and(|o| o.is_lt())),
        _ => (
            high.is_some_and(|o| o.is_eq()) && low.is_some_and(|o| o.is_eq()),
            high.is_some_and(|o| o.is_lt()) || low.is_some_and(|o| o.is_gt()),
        ),
    };
    match (always, never) {
        (_, true) => Verdict::None,
        (true, _) if a.missing == Missing::Never && b.missing == Missing::Never => Verdict::All,
        _ => Verdict::Unknown,
    }
}

/// Booleans count as 0 and 1 beside numbers.
fn number(scalar: &Scalar) -> Scalar {
    match scalar {
        Scalar::Bool(value) => Scalar::Int(i128::from(*value)),
        other => other.clone(),
    }
}

fn is_in(program: &Program, input: Id, members: &crate::check::members::InList, statistics: &Statistics) -> Verdict {
    use crate::check::members::InList;
    let Op::Column(column) = program.op(input) else { return Verdict::Unknown };
    let column_side = column_side(program, *column, statistics);
    let scalars: Vec<Scalar> = match members {
        InList::I64(values) => values.iter().map(|x| Scalar::Int((*x).into())).collect(),
        InList::U64(values) => values.iter().map(|x| Scalar::Int((*x).into())).collect(),
        InList::F32(values) => values.iter().map(|x| Scalar::Float((*x).into())).collect(),
        InList::F64(values) => values.iter().map(|x| Scalar::Float(*x)).collect(),
        InList::Text(values) => values.iter().map(|x| Scalar::Text(x.clone())).collect(),
        InList::Time(values) => match values.iter().map(|x| Some(Scalar::Time(i64::try_from(*x).ok()?))).collect() {
            Some(times) => times,
            None => return Verdict::Unknown,
        },
        // Statistics of decimals are not exact.
        InList::Exact(_) => return Verdict::Unknown,
    };
    let point =
        |scalar: &Scalar| Side { min: Some(scalar.clone()), max: Some(scalar.clone()), missing: Missing::Never };
    let each: Vec<_> = scalars.iter().map(|scalar| compare(Compare::Eq, &column_side, &point(scalar))).collect();
    match () {
        () if each.contains(&Verdict::All) => Verdict::All,
        () if each.iter().all(|verdict| *verdict == Verdict::None) => Verdict::None,
        () => Verdict::Unknown,
    }
}
