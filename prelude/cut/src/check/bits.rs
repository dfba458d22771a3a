//! `&`, `|`, `<<` and `>>`: between conditions they join, between integers they are bit by bit.

use crate::check::checker::{Checked, Checker, comparison_help};
use crate::check::program::{Id, Op};
use crate::check::types::{self, Type};
use crate::syntax::expr::{Binary, Expr, Kind};

impl Checker<'_> {
    /// Parts with `&` or `|` between them.
    pub fn joined(&mut self, parts: &[Expr], and: bool) -> Checked {
        let ids = self.all(parts, Self::node)?;
        if ids.iter().all(|id| matches!(self.program.dtype(*id), Type::Int(_))) {
            let op = if and { Binary::BitAnd } else { Binary::BitOr };
            let mut all = ids[0];
            for (id, part) in ids[1..].iter().zip(&parts[1..]) {
                all = self.bits(part, op, all, *id)?;
            }
            return Ok(all);
        }
        let mut conditions = Vec::with_capacity(ids.len());
        for (at, id) in ids.iter().enumerate() {
            conditions.push(match self.dtype(*id) {
                Type::Bool => Ok(*id),
                Type::Null => Ok(self.push(Op::Constant(false), Type::Bool)),
                dtype => {
                    let part = &parts[at];
                    let help = self.brackets(parts, at, and).unwrap_or_else(|| comparison_help(part, &dtype));
                    self.note(part, format!("{part} is {dtype}, not a condition"), help)
                }
            });
        }
        let conditions = conditions.into_iter().collect::<Checked<Vec<Id>>>()?;
        Ok(self.push(if and { Op::And(conditions) } else { Op::Or(conditions) }, Type::Bool))
    }

    /// What was meant where an integer is combined with a comparison that begins with one: `status & 4 == 4`.
    fn brackets(&mut self, parts: &[Expr], at: usize, and: bool) -> Option<String> {
        let integer = |checker: &mut Self, expr: &Expr| {
            let known = checker.problems_so_far();
            let id = checker.node(expr).ok();
            checker.forget_problems(known);
            id.is_some_and(|id| matches!(checker.program.dtype(id), Type::Int(_)))
        };
        let Kind::Chain(first, rest) = parts.get(at + 1)?.kind() else { return None };
        let (op, value) = rest.first()?;
        if !integer(self, &parts[at]) || !integer(self, first) {
            return None;
        }
        let sign = if and { "&" } else { "|" };
        let part = &parts[at];
        Some(format!(
            "`{sign}` joins whole comparisons; for bits write ({part} {sign} {first}) {} {value}, with the brackets",
            op.symbol()
        ))
    }

    pub fn bits(&mut self, expr: &Expr, op: Binary, a: Id, b: Id) -> Checked {
        let (left, right) = (self.dtype(a), self.dtype(b));
        let (Type::Int(x), Type::Int(y)) = (&left, &right) else {
            let reason = format!("`{}` does not go with {left} and {right}", op.symbol());
            return self.note(expr, reason, "bits are those of integers");
        };
        let dtype = match op {
            Binary::Shl | Binary::Shr => types::int(x.signed, 8),
            _ if x.signed == y.signed => types::int(x.signed, x.bytes.max(y.bytes)),
            _ => types::common(&left, &right, [false; 2]).unwrap_or(Type::F64),
        };
        if dtype == Type::F64 {
            let help = "no integer type holds both; make the signed one positive or narrower";
            return self.note(expr, format!("`{}` of {left} and {right}", op.symbol()), help);
        }
        Ok(self.push(Op::Arithmetic(op, a, b), dtype))
    }
}
