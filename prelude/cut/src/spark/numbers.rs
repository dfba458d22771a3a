//! Arithmetic, with the answers that IEEE numbers and integers have here.

use crate::check::program::{Id, Op};
use crate::check::types::Type;
use crate::evaluate::lane::integer;
use crate::spark::emit::Emitter;
use crate::spark::functions::{floor, power};
use crate::spark::term::{Held, Refused, Term, TermKind, call, null, when};
use crate::syntax::expr::Binary;

/// The largest exponent for which a power of integers is written as a product.
const PRODUCT: i128 = 16;

impl Emitter<'_> {
    pub(super) fn arithmetic(&self, id: Id, op: Binary, left: Id, right: Id) -> Result<(Term, Held), Refused> {
        let wide = |id: Id| self.program.dtype(id).is_wide();
        match self.program.dtype(id) {
            Type::F32 => {
                let sides = (self.number(left, Held::Float)?, self.number(right, Held::Float)?);
                Ok((self.floats(op, Held::Float, sides, right)?, Held::Float))
            }
            Type::F64
                if (wide(left) || wide(right))
                    && matches!(op, Binary::FloorDiv | Binary::Mod)
                    && self.whole(left, right) =>
            {
                Err(format!("`{}` of 64-bit integers by a column (multiply by 1.0 first)", op.symbol()))
            }
            Type::F64 => {
                let sides = (self.number(left, Held::Double)?, self.number(right, Held::Double)?);
                Ok((self.floats(op, Held::Double, sides, right)?, Held::Double))
            }
            Type::Int(_) => self.integers(id, op, left, right),
            Type::Exact(_) => Err("decimals and integers of 128 bits".to_owned()),
            _ => Err("arithmetic with times".to_owned()),
        }
    }

    fn whole(&self, left: Id, right: Id) -> bool {
        !self.program.dtype(left).is_float() && !self.program.dtype(right).is_float()
    }

    fn floats(&self, op: Binary, held: Held, (a, b): (Term, Term), right: Id) -> Result<Term, Refused> {
        // Quotients and powers of `float` are those of `double`, rounded once more: the same number.
        let widen = |term: Term| if held == Held::Float { widened(term) } else { term };
        let back = |term: Term| if held == Held::Float { term.cast(Held::Float) } else { term };
        let divisor = self.program.value(right).map(crate::evaluate::lane::number);
        Ok(match op {
            Binary::Add => a.plus(b),
            Binary::Sub => a.minus(b),
            Binary::Mul => a.times(b),
            Binary::Div => back(divided(widen(a), widen(b), divisor)),
            Binary::FloorDiv => back(floor_divided(widen(a), widen(b), divisor).0),
            Binary::Mod => back(floor_divided(widen(a), widen(b), divisor).1),
            Binary::Pow if divisor == Some(2.0) && held == Held::Double => a.clone().times(a),
            Binary::Pow => back(power(widen(a), widen(b))),
            _ => return Err(format!("`{}` of floating point numbers", op.symbol())),
        })
    }

    /// Both sides as the narrower of the two ways to hold integers.
    fn both(&self, left: Id, right: Id, digits: bool) -> Result<(Term, Term, Held), Refused> {
        let digits = digits || self.needs_digits(left)? || self.needs_digits(right)?;
        let held = if digits { Held::Decimal } else { Held::Long };
        Ok((self.number(left, held)?, self.number(right, held)?, held))
    }

    fn integers(&self, id: Id, op: Binary, left: Id, right: Id) -> Result<(Term, Held), Refused> {
        let wide = |id: Id| self.program.dtype(id).is_wide();
        let unsigned = self.program.dtype(id).width().is_some_and(|width| !width.signed && width.bytes == 8);
        let digits = wide(left) || wide(right) || unsigned;
        match op {
            Binary::Add | Binary::Sub | Binary::Mul => {
                let (a, b, held) = self.both(left, right, digits)?;
                let made = match op {
                    Binary::Add => a.plus(b),
                    Binary::Sub => a.minus(b),
                    _ => a.times(b),
                };
                // The sum of two numbers of 38 digits is one of 38 digits, or an error.
                Ok((if held == Held::Decimal { made.cast(Held::Decimal) } else { made }, held))
            }
            Binary::FloorDiv | Binary::Mod => self.floored(op, left, right),
            Binary::Pow => match self.program.op(right) {
                Op::Literal(value) if (1..=PRODUCT).contains(&integer(value)) => {
                    let base = self.number(left, Held::Decimal)?;
                    let product =
                        (1..integer(value)).fold(base.clone(), |all, _| all.times(base.clone()).cast(Held::Decimal));
                    Ok((product, Held::Decimal))
                }
                _ => Err("a power of integers (write 2.0 for a floating point one)".to_owned()),
            },
            Binary::BitAnd | Binary::BitOr => {
                let (a, b, held) = self.both(left, right, false)?;
                match held {
                    Held::Long => Ok((call(if op == Binary::BitAnd { "&" } else { "|" }, [a, b]), held)),
                    _ => Err("bits of unsigned 64-bit integers".to_owned()),
                }
            }
            _ => Err(format!("`{}` of integers", op.symbol())),
        }
    }

    /// Python's `//` and `%` of integers by a number that is not 0.
    fn floored(&self, op: Binary, left: Id, right: Id) -> Result<(Term, Held), Refused> {
        let (a, b, held) = self.both(left, right, false)?;
        if held == Held::Decimal {
            return Err(format!("`{}` of integers beyond 64 bits", op.symbol()));
        }
        let rest = call("%", [a.clone(), b.clone()]);
        let zero = || Term::from(0_i64);
        let differs = rest.clone().is("<", zero()).equals(b.clone().is("<", zero())).negated();
        let adjusts = rest.clone().equals(zero()).negated().and(differs);
        let rest = when(adjusts, rest.clone().plus(b.clone()), rest);
        Ok((if op == Binary::Mod { rest } else { call("div", [a.minus(rest), b]) }, held))
    }

    /// `-x` and `abs(x)`.
    pub(super) fn signed(&self, id: Id, input: Id, name: &'static str) -> Result<(Term, Held), Refused> {
        let dtype = self.program.dtype(id);
        let held = match dtype {
            Type::F32 => Held::Float,
            Type::F64 => Held::Double,
            Type::Int(_) if self.program.dtype(input).is_wide() || self.needs_digits(input)? => Held::Decimal,
            Type::Int(_) | Type::Bool => Held::Long,
            _ => return Err("decimals and times".to_owned()),
        };
        Ok((self.number(input, held)?.of(name), held))
    }

    /// Two values of one type, and how it is held.
    pub(super) fn alternatives(&self, id: Id, yes: Id, no: Id) -> Result<((Term, Term), Held), Refused> {
        let held = match (self.held(id)?, self.program.dtype(id)) {
            (_, Type::Int(_)) if self.needs_digits(yes)? || self.needs_digits(no)? => Held::Decimal,
            (held, _) => held,
        };
        let side = |id: Id| match held {
            Held::Text | Held::Bool => match self.program.value(id) {
                Some(crate::value::Value::Null) => Ok(None),
                _ => self.value(id).map(|(term, _)| Some(term)),
            },
            held => self.number(id, held).map(Some),
        };
        let sides = match (side(yes)?, side(no)?) {
            (Some(a), Some(b)) => (a, b),
            (Some(a), None) => (a.clone(), null(a)),
            (None, Some(b)) => (null(b.clone()), b),
            (None, None) => return Err("a choice between missing values".to_owned()),
        };
        Ok((sides, held))
    }

    /// The smallest or largest; missing where any is missing.
    pub(super) fn extreme(&self, id: Id, largest: bool, inputs: &[Id]) -> Result<(Term, Held), Refused> {
        let mut held = self.held(id)?;
        for input in inputs {
            if matches!(held, Held::Long) && self.needs_digits(*input)? {
                held = Held::Decimal;
            }
        }
        let mut all = inputs.iter().map(|input| self.number(*input, held));
        let first = all.next().ok_or_else(|| "the extreme of nothing".to_owned())??;
        let made = all.try_fold(first, |x, y| y.map(|y| pick(largest, held, x, y)))?;
        Ok((made, held))
    }
}

fn pick(largest: bool, held: Held, x: Term, y: Term) -> Term {
    let (less, not) = if largest { (y.clone(), x.clone()) } else { (x.clone(), y.clone()) };
    let missing = x.clone().of("isnull").or(y.clone().of("isnull"));
    let chosen = when(x.clone().is("<", y.clone()), less, not);
    let chosen = match held {
        Held::Float | Held::Double => when(x.clone().of("isnan"), x.clone(), when(y.clone().of("isnan"), y, chosen)),
        _ => chosen,
    };
    when(missing, null(x), chosen)
}

fn widened(term: Term) -> Term {
    match term.kind {
        TermKind::Float(value) => f64::from(value).into(),
        _ => term.cast(Held::Double),
    }
}

/// `x / y` as IEEE has it; `divisor` is `y` where it is a literal.
pub(crate) fn divided(x: Term, y: Term, divisor: Option<f64>) -> Term {
    let zero = |sign: f64| x.clone().times(f64::INFINITY.copysign(sign));
    match divisor {
        Some(divisor) if divisor == 0.0 => zero(divisor),
        Some(_) => x.over(y),
        None => {
            let by_zero = when(y.clone().equals_negative_zero(), zero(-1.0), zero(1.0));
            // No branch divides by zero, not even where a server computes all of them.
            let quotient = x.over(call("nullif", [y.clone(), 0_f64.into()]));
            when(y.equals(0_f64), by_zero, quotient)
        }
    }
}

/// Python's `//` and `%`: the remainder has the sign of the divisor.
fn floor_divided(x: Term, y: Term, divisor: Option<f64>) -> (Term, Term) {
    let by = match divisor {
        Some(divisor) if divisor != 0.0 => y.clone(),
        _ => call("nullif", [y.clone(), 0_f64.into()]),
    };
    let is_zero = |term: &Term| term.clone().equals(0_f64);
    let negative = |term: &Term| term.clone().is("<", 0_f64);
    // A remainder of 0 has the sign of the divisor; which zero it is shows in no comparison, and is left alone.
    let rest = call("%", [x.clone(), by.clone()]);
    let differs = negative(&y).equals(negative(&rest)).negated().and(rest.clone().of("isnan").negated());
    let adjusts = is_zero(&rest).negated().and(differs);
    let remainder = when(adjusts.clone(), rest.clone().plus(y.clone()), rest.clone());
    let missing = x.clone().of("isnull").or(y.clone().of("isnull"));
    let remainder = when(is_zero(&y), when(missing, null(0_f64.into()), f64::NAN), remainder);
    let quotient = x.clone().minus(rest).over(by);
    let quotient = when(adjusts, quotient.clone().minus(1_f64), quotient);
    let floored = floor(quotient.clone());
    let floored = when(
        quotient.minus(floored.clone()).is(">", 0.5_f64).and(x.clone().of("isnan").negated()),
        floored.clone().plus(1_f64),
        floored,
    );
    (when(is_zero(&y), divided(x, y, divisor), floored), remainder)
}
