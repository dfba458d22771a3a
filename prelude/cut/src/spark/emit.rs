//! Nodes of a program, one by one.

use crate::check::members::InList;
use crate::check::program::{Class, Id, Op, Program};
use crate::check::text::{TextMap, TextTest};
use crate::check::types::Type;
use crate::evaluate::lane::{integer, number};
use crate::spark::functions;
use crate::spark::term::{Held, Refused, Term, TermKind, call, null, when};
use crate::syntax::expr::Compare;
use crate::value::Value;

/// Terms of an expression at most: parts of it are written several times, and servers take long over large ones.
const MOST: usize = 20_000;

pub(crate) struct Emitter<'p> {
    pub program: &'p Program,
}

impl Emitter<'_> {
    /// The value of a node, and how it is held.
    pub fn value(&self, id: Id) -> Result<(Term, Held), Refused> {
        let made = self.made(id)?;
        match made.0.size() > MOST {
            true => Err("so long an expression (define parts of it as columns first)".to_owned()),
            false => Ok(made),
        }
    }

    fn made(&self, id: Id) -> Result<(Term, Held), Refused> {
        let program = self.program;
        if program.op(id).is_predicate() {
            return Ok((self.truth(id, true)?, Held::Bool));
        }
        match program.op(id) {
            Op::Column(column) => {
                let held = self.held(id)?;
                Ok((TermKind::Column(program.columns[*column].clone()).into(), held))
            }
            Op::Literal(value) => literal(value, program.dtype(id)),
            Op::Arithmetic(op, left, right) => self.arithmetic(id, *op, *left, *right),
            Op::Neg(input) => self.signed(id, *input, "negative"),
            Op::Abs(input) => self.signed(id, *input, "abs"),
            Op::Invert(input) => {
                let (term, held) = self.signed(id, *input, "negative")?;
                let one: Term = if held == Held::Decimal { 1_i128.into() } else { 1_i64.into() };
                Ok((term.minus(one), held))
            }
            Op::Function(name, inputs) => {
                let inputs =
                    inputs.iter().map(|input| self.number(*input, Held::Double)).collect::<Result<Vec<_>, _>>()?;
                let made = functions::function(*name, inputs)?;
                Ok(match program.dtype(id) {
                    Type::F32 => (made.cast(Held::Float), Held::Float),
                    _ => (made, Held::Double),
                })
            }
            Op::Extreme(largest, inputs) => self.extreme(id, *largest, inputs),
            Op::Where(condition, yes, no) => {
                let condition = self.truth(*condition, false)?;
                let ((yes, no), held) = self.alternatives(id, *yes, *no)?;
                Ok((when(condition, yes, no), held))
            }
            Op::TextMap(..) | Op::TextLength(_) => self.of_text(id),
            Op::Reduce(..) => {
                Err("a number of the whole table, such as x.mean() (agg([mean(\"x\")]) gives it, to be bound with @)"
                    .to_owned())
            }
            Op::External(..) => Err("a function or a table of your own".to_owned()),
            _ => Err("lists and objects".to_owned()),
        }
    }

    fn of_text(&self, id: Id) -> Result<(Term, Held), Refused> {
        match self.program.op(id) {
            Op::TextMap(TextMap::Lower, input) => Ok((self.text(*input)?.of("lower"), Held::Text)),
            Op::TextMap(TextMap::Upper, input) => Ok((self.text(*input)?.of("upper"), Held::Text)),
            Op::TextLength(input) => Ok((self.text(*input)?.of("char_length").cast(Held::Long), Held::Long)),
            _ => Err("spaces around texts".to_owned()),
        }
    }

    /// How the type of a node is held.
    pub fn held(&self, id: Id) -> Result<Held, Refused> {
        let dtype = self.program.dtype(id);
        Held::of(dtype).ok_or_else(|| match dtype {
            Type::Exact(_) => "decimals and integers of 128 bits".to_owned(),
            _ => "times".to_owned(),
        })
    }

    /// A value in the type in which columns of its type are held.
    pub fn stored(&self, id: Id) -> Result<Term, Refused> {
        let (term, held) = self.value(id)?;
        Ok(match self.held(id)? {
            // A whole number that does not fit is an error there as it is here.
            Held::Decimal => TermKind::Cast(Box::new(term), "decimal(20,0)").into(),
            wanted if wanted == held => term,
            wanted => term.cast(wanted),
        })
    }

    /// A number as another kind of number; literals become literals.
    pub fn number(&self, id: Id, to: Held) -> Result<Term, Refused> {
        if let Op::Literal(value) = self.program.op(id)
            && !matches!(value, Value::Null)
        {
            return Ok(match to {
                Held::Float => (number(value) as f32).into(),
                Held::Double => number(value).into(),
                Held::Decimal => integer(value).into(),
                _ => i64::try_from(integer(value)).map_err(|_| "so large an integer".to_owned())?.into(),
            });
        }
        let (term, held) = self.value(id)?;
        Ok(match (held, to) {
            (held, to) if held == to => term,
            (Held::Bool, Held::Long) => when(term.clone(), 1_i64, when(term.negated(), 0_i64, null(0_i64.into()))),
            (Held::Bool, _) => self.number(id, Held::Long)?.cast(to),
            (Held::Text, _) => return Err("a text as a number".to_owned()),
            _ => term.cast(to),
        })
    }

    pub fn text(&self, id: Id) -> Result<Term, Refused> {
        match self.value(id)? {
            (term, Held::Text) => Ok(term),
            _ => Err("a number as a text".to_owned()),
        }
    }

    /// Whether an integer needs more than 64 bits.
    pub fn needs_digits(&self, id: Id) -> Result<bool, Refused> {
        Ok(match self.program.op(id) {
            Op::Literal(value) => i64::try_from(integer(value)).is_err(),
            _ => self.value(id)?.1 == Held::Decimal,
        })
    }

    /// A condition. Where nothing depends on it, NULL may stand for false: a server then sees plain comparisons, by which
    /// it can leave out parts of files.
    pub fn truth(&self, id: Id, strict: bool) -> Result<Term, Refused> {
        let program = self.program;
        let never_null = |term: Term| if strict { term.or_else(false) } else { term };
        let join = |parts: &[Id], with: fn(Term, Term) -> Term| {
            let parts = parts.iter().map(|part| self.truth(*part, strict)).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, Refused>(parts.into_iter().reduce(with).unwrap_or_else(|| true.into()))
        };
        Ok(match program.op(id) {
            Op::Constant(truth) => (*truth).into(),
            Op::Literal(Value::Bool(truth)) => (*truth).into(),
            Op::And(parts) => join(parts, Term::and)?,
            Op::Or(parts) => join(parts, Term::or)?,
            Op::Xor(left, right) => self.truth(*left, true)?.equals(self.truth(*right, true)?).negated(),
            Op::Not(input) => self.truth(*input, true)?.negated(),
            Op::Compare(op, class, left, right) => self.compare(*op, *class, *left, *right, strict)?,
            Op::IsIn(input, members) => never_null(self.is_in(*input, members)?),
            Op::IsMissing(input) => {
                let (term, held) = self.value(*input)?;
                let missing = term.clone().of("isnull");
                match held {
                    Held::Float | Held::Double => missing.or(term.of("isnan")),
                    _ => missing,
                }
            }
            Op::TextTest(test, input) => never_null(text_test(test, self.text(*input)?)?),
            Op::Present(_) | Op::Same(..) => return Err("lists and objects".to_owned()),
            _ => match self.value(id)? {
                (term, Held::Bool) => never_null(term),
                _ => return Err("a number as a condition".to_owned()),
            },
        })
    }

    fn compare(&self, op: Compare, class: Class, left: Id, right: Id, strict: bool) -> Result<Term, Refused> {
        let whole = || match self.needs_digits(left)? || self.needs_digits(right)? {
            true => Ok::<_, Refused>(Held::Decimal),
            false => Ok(Held::Long),
        };
        let held = match class {
            Class::F64 => Held::Double,
            Class::F32 => Held::Float,
            Class::I64 | Class::U64 | Class::Mixed => whole()?,
            Class::Bool => Held::Bool,
            Class::Text => Held::Text,
            Class::Exact => return Err("decimals and integers of 128 bits".to_owned()),
            Class::Time => return Err("times".to_owned()),
        };
        let side = |id: Id| match held {
            Held::Bool => self.value(id).map(|(term, _)| term),
            Held::Text => self.text(id),
            held => self.number(id, held),
        };
        let (a, b) = (side(left)?, side(right)?);
        let guards = self.nan_guards(held, [(left, &a), (right, &b)]);
        let operator = match op {
            Compare::Lt => "<",
            Compare::Le => "<=",
            Compare::Gt => ">",
            Compare::Ge => ">=",
            Compare::Eq | Compare::In | Compare::Ne | Compare::NotIn => "==",
        };
        let holds = a.is(operator, b);
        if matches!(op, Compare::Ne | Compare::NotIn) {
            // True for missing values, NaN among them.
            return Ok(guards.into_iter().fold(holds.negated(), Term::or).or_else(true));
        }
        let holds = guards.into_iter().fold(holds, |all, guard| all.and(guard.negated()));
        Ok(if strict { holds.or_else(false) } else { holds })
    }

    /// Conditions that sides are NaN, as far as they may be.
    fn nan_guards(&self, held: Held, sides: [(Id, &Term); 2]) -> Vec<Term> {
        let literal = |id: Id| matches!(self.program.op(id), Op::Literal(value) if !number(value).is_nan());
        let guarded = |id: Id| matches!(held, Held::Float | Held::Double) && !literal(id) && self.may_be_nan(id);
        sides.into_iter().filter(|(id, _)| guarded(*id)).map(|(_, term)| term.clone().of("isnan")).collect()
    }

    /// Integers are no NaN, whatever they are compared as.
    fn may_be_nan(&self, id: Id) -> bool {
        self.program.dtype(id).is_float() || *self.program.dtype(id) == Type::Null
    }

    fn is_in(&self, input: Id, members: &InList) -> Result<Term, Refused> {
        let (held, members): (Held, Vec<Term>) = match members {
            InList::I64(values) => match self.needs_digits(input)? {
                true => (Held::Decimal, values.iter().map(|x| i128::from(*x).into()).collect()),
                false => (Held::Long, values.iter().map(|x| (*x).into()).collect()),
            },
            InList::U64(values) => (Held::Decimal, values.iter().map(|x| i128::from(*x).into()).collect()),
            InList::F32(values) => (Held::Float, values.iter().map(|x| (*x).into()).collect()),
            InList::F64(values) => (Held::Double, values.iter().map(|x| (*x).into()).collect()),
            InList::Text(values) => {
                let mut values: Vec<_> = values.iter().cloned().collect();
                values.sort();
                (Held::Text, values.into_iter().map(|text| TermKind::Text(text).into()).collect())
            }
            InList::Exact(_) => return Err("decimals and integers of 128 bits".to_owned()),
            InList::Time(_) => return Err("times".to_owned()),
        };
        if members.is_empty() {
            return Ok(false.into());
        }
        let value = if held == Held::Text { self.text(input)? } else { self.number(input, held)? };
        // Both zeros are equal, but not in a set of numbers.
        let zero = members.iter().any(|member| matches!(member.kind, TermKind::Float(0.0) | TermKind::Double(0.0)));
        let zero =
            zero.then(|| value.clone().equals(if held == Held::Float { Term::from(0_f32) } else { 0_f64.into() }));
        let inside = call("in", std::iter::once(value).chain(members).collect::<Vec<_>>());
        Ok(zero.into_iter().fold(inside, Term::or))
    }
}

fn literal(value: &Value, dtype: &Type) -> Result<(Term, Held), Refused> {
    Ok(match value {
        Value::Null => (null(0_f64.into()), Held::Double),
        Value::Bool(value) => ((*value).into(), Held::Bool),
        Value::Text(value) => (TermKind::Text(value.clone()).into(), Held::Text),
        Value::Float(value) if *dtype == Type::F32 => ((*value as f32).into(), Held::Float),
        Value::Float(value) => ((*value).into(), Held::Double),
        Value::Int(value) | Value::Sized(value, _) => match i64::try_from(*value) {
            Ok(value) => (value.into(), Held::Long),
            Err(_) => ((*value).into(), Held::Decimal),
        },
        Value::Decimal(..) => return Err("decimals".to_owned()),
        Value::Time(_) | Value::Duration(_) => return Err("times".to_owned()),
        _ => return Err("such a value".to_owned()),
    })
}

fn text_test(test: &TextTest, text: Term) -> Result<Term, Refused> {
    let one = |name: &'static str, part: &std::sync::Arc<str>| {
        call(name, [text.clone(), TermKind::Text(part.clone()).into()])
    };
    let any = |name: &'static str, parts: &[std::sync::Arc<str>]| {
        parts.iter().map(|part| one(name, part)).reduce(Term::or).unwrap_or_else(|| false.into())
    };
    match test {
        TextTest::Starts(parts) => Ok(any("startswith", parts)),
        TextTest::Ends(parts) => Ok(any("endswith", parts)),
        TextTest::Contains(part, _) => Ok(one("contains", part)),
        TextTest::Matches(_) => Err("regular expressions, whose dialects differ".to_owned()),
    }
}
