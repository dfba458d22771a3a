//! Functions of lists: folds, combinations, the best of something, whether something is there.

use crate::check::checker::{Checked, Checker};
use crate::check::domain::{DomainId, Kind as Lanes};
use crate::check::program::{Fold, Id, Op};
use crate::check::shape::{Collection, Fields, Object, Scope, Shape};
use crate::check::types::{self, Type};
use crate::syntax::expr::{Clause, Compare, Expr, Kind};
use crate::value::Value;
use crate::words;

impl Fold {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "sum" => Self::Sum,
            "mean" => Self::Mean,
            "min" => Self::Min,
            "max" => Self::Max,
            "count" => Self::Count,
            "any" => Self::Any,
            "all" => Self::All,
            _ => return None,
        })
    }
}

impl Checker<'_> {
    pub fn call_shape(&mut self, expr: &Expr, name: &str, arguments: &[Expr]) -> Checked<Shape> {
        if !words::is_function(name) {
            return self.no_function(expr, name).map(Shape::Value);
        }
        match (name, arguments) {
            ("pairs", [list]) => self.combinations(list, 2),
            ("triples", [list]) => self.combinations(list, 3),
            ("argmin" | "argmax", [key]) => self.best(expr, name == "argmax", key),
            ("sort", [list]) => self.sort(list).map(Shape::Value),
            ("len", [list]) => self.length(list).map(Shape::Value),
            ("has", [object]) => self.has(object).map(Shape::Value),
            ("p4", [objects, names]) if matches!(names.kind(), Kind::Literal(Value::Text(_))) => {
                self.named(expr, objects, names)
            }
            ("boost", [_, _]) => {
                let help = format!("its energy is {expr}.E, its momentum pt({expr}), momentum({expr})");
                self.note(expr, "a vector that was boosted is no object of the table: of which quantity?", help)
            }
            ("p4", _) => {
                let help = "write p4(Jet, \"pt = rawPt, eta = eta, phi = phi, mass = mass\")";
                self.note(expr, "`p4` takes objects and a text that names their components", help)
            }
            ("boost", _) => self.note(
                expr,
                format!("`boost` takes an object and what it is boosted to, not {}", arguments.len()),
                "",
            ),
            ("pairs" | "triples" | "argmin" | "argmax" | "sort" | "len" | "has", _) => {
                self.note(expr, format!("`{name}` takes one argument, not {}", arguments.len()), "")
            }
            _ => self.call(expr, name, arguments).map(Shape::Value),
        }
    }

    /// `sum(..)`, `any(..)`: of a list, or of the expression before a `for`.
    pub fn fold_of(&mut self, expr: &Expr, name: &str, fold: Fold, argument: &Expr) -> Checked {
        if let Kind::For(element, clauses) = argument.kind() {
            return self.within(&[element], clauses, |checker, home| {
                let value = checker.folded(name, fold, element)?;
                let value = checker.in_for(element, Shape::Value(value))?;
                let Shape::Value(value) = value else { return Err(crate::check::checker::Noted) };
                Ok(checker.push_fold(fold, value, home))
            });
        }
        let shape = self.shape(argument)?;
        if matches!(shape, Shape::Value(id) if self.is_everywhere(id) || self.in_scope(self.domain_of(id))) {
            let help = format!("of a whole column: `x.{name}()`; of a list: `{name}(Jet.pt)`");
            return self.note(expr, format!("`{name}` of {argument}, which is one value and not a list"), help);
        }
        if !matches!(shape, Shape::Value(_)) && matches!(fold, Fold::Count | Fold::Any | Fold::All) {
            let help = format!("{name}({argument}.pt > 30); how many there are is len({argument})");
            return self.note(argument, format!("`{name}` takes a condition: of which field?"), help);
        }
        let value = self.value(argument, shape)?;
        let value = self.foldable(name, fold, argument, value)?;
        let outer = self.outer_of(self.domain_of(value));
        Ok(self.push_fold(fold, value, outer))
    }

    fn folded(&mut self, name: &str, fold: Fold, element: &Expr) -> Checked {
        let value = self.node(element)?;
        self.foldable(name, fold, element, value)
    }

    /// A condition or a number, as a fold needs it.
    fn foldable(&mut self, name: &str, fold: Fold, expr: &Expr, value: Id) -> Checked {
        let dtype = self.dtype(value);
        let fits = match fold {
            Fold::Any | Fold::All | Fold::Count => matches!(dtype, Type::Bool | Type::Null),
            _ => dtype.is_number() || dtype == Type::Null,
        };
        if fits {
            return Ok(value);
        }
        let help = match fold {
            Fold::Count => format!("how many there are is len(..); `{name}` counts where a condition holds"),
            Fold::Any | Fold::All => crate::check::checker::comparison_help(expr, &dtype),
            _ => String::new(),
        };
        let wanted = if matches!(fold, Fold::Any | Fold::All | Fold::Count) { "a condition" } else { "a number" };
        self.note(expr, format!("{expr} is {dtype}, not {wanted}"), help)
    }

    /// Folds a list to a value of a domain around it.
    pub fn push_fold(&mut self, fold: Fold, value: Id, to: DomainId) -> Id {
        let dtype = match (fold, self.dtype(value)) {
            (Fold::Any | Fold::All, _) => Type::Bool,
            (Fold::Count, _) => types::int(false, 4),
            (Fold::Sum, Type::Int(width)) => types::int(width.signed, 8),
            (Fold::Sum, Type::Bool) => types::int(false, 4),
            (Fold::Min | Fold::Max, dtype @ Type::Int(_)) => dtype,
            (Fold::Min | Fold::Max, Type::Bool) => types::int(false, 1),
            _ => Type::F64,
        };
        self.program.push(Op::Fold(fold, value), dtype, to)
    }

    fn combinations(&mut self, list: &Expr, size: usize) -> Checked<Shape> {
        let shape = self.shape(list)?;
        let Shape::Object(object) = self.as_list(list, shape)? else {
            return self.note(list, format!("{list} is no list of objects"), "combinations are made of objects");
        };
        let of = self.object_domain(&object);
        let outer = self.outer_of(of);
        self.program.whole(of, outer);
        let domain = self.program.domain(outer, Lanes::Combinations { of, size });
        let objects = (0..size).map(|at| {
            let lane = self.program.push(Op::Lane(at), Type::Position, domain);
            match self.at(&Shape::Object(object), lane) {
                Shape::Object(object) => object,
                _ => object,
            }
        });
        Ok(Shape::Tuple(objects.collect()))
    }

    /// The object, or the objects, with the lowest or highest key.
    fn best(&mut self, expr: &Expr, largest: bool, argument: &Expr) -> Checked<Shape> {
        let Kind::For(key, clauses) = argument.kind() else {
            let name = if largest { "argmax" } else { "argmin" };
            let reason = format!("`{name}` gives an object, and needs a key for names");
            return self.note(expr, reason, format!("write {name}(x.pt for x in Jet)"));
        };
        self.within(&[key], clauses, |checker, home| {
            let id = checker.number(key)?;
            let Shape::Value(id) = checker.in_for(key, Shape::Value(id))? else {
                return Err(crate::check::checker::Noted);
            };
            let found = checker.named_by(clauses);
            let mut objects = Vec::new();
            for shape in &found {
                match shape {
                    Shape::Object(object) => objects.push(*object),
                    Shape::Tuple(more) => objects.extend(more),
                    Shape::Value(value) if found.len() == 1 => {
                        return checker.best_value(argument, largest, id, *value, home);
                    }
                    Shape::Value(_) => {
                        return checker.note(argument, "values and objects together have no best one", "use max(..)");
                    }
                }
            }
            let best = objects.iter().map(|object| {
                let position = checker.position(object);
                let position = checker.spread(position, checker.here);
                let best = checker.program.push(Op::Best { largest, key: id, position }, Type::Position, home);
                Object { collection: object.collection, position: Some(best) }
            });
            let best: Vec<Object> = best.collect();
            Ok(if best.len() == 1 { Shape::Object(best[0]) } else { Shape::Tuple(best) })
        })
    }

    /// The value whose key is the best.
    fn best_value(&mut self, expr: &Expr, largest: bool, key: Id, value: Id, home: DomainId) -> Checked<Shape> {
        let Op::Gather(values, position) = *self.program.op(value) else {
            return self.note(expr, "the best of values that are all the same", "");
        };
        let position = self.spread(position, self.here);
        let best = self.program.push(Op::Best { largest, key, position }, Type::Position, home);
        Ok(Shape::Value(self.gather(values, best)))
    }

    /// What the names of clauses stand for now.
    fn named_by(&self, clauses: &[Clause]) -> Vec<Shape> {
        let fors: Vec<_> = clauses
            .iter()
            .filter_map(|clause| if let Clause::For(names, _) = clause { Some(names) } else { None })
            .collect();
        let scopes = &self.scopes[self.scopes.len().saturating_sub(fors.len())..];
        let names =
            scopes.iter().flat_map(|scope| if let Scope::Names(names) = scope { names.clone() } else { Vec::new() });
        names.map(|(_, shape)| shape).collect()
    }

    fn sort(&mut self, list: &Expr) -> Checked {
        let shape = self.shape(list)?;
        let shape = self.as_list(list, shape)?;
        let value = self.value(list, shape)?;
        let dtype = self.dtype(value);
        if !dtype.is_number() && !matches!(dtype, Type::Time(_) | Type::Duration) {
            return self.note(list, format!("{list} is {dtype}, which is not sorted"), "");
        }
        let of = self.domain_of(value);
        let outer = self.outer_of(of);
        self.program.whole(of, outer);
        let domain = self.program.domain(outer, Lanes::Sorted(of));
        Ok(self.program.push(Op::Sort(value), dtype, domain))
    }

    fn length(&mut self, list: &Expr) -> Checked {
        let shape = self.shape(list)?;
        let domain = match &shape {
            // Of objects of several collections, too.
            Shape::Tuple(objects) if self.in_scope(self.shape_domain(&shape)) => self.members_domain(objects).0,
            _ => {
                let shape = self.as_list(list, shape)?;
                self.shape_domain(&shape)
            }
        };
        let outer = self.outer_of(domain);
        Ok(self.program.push(Op::Length(domain), types::int(false, 4), outer))
    }

    fn has(&mut self, expr: &Expr) -> Checked {
        let shape = self.shape(expr)?;
        if !self.in_scope(self.shape_domain(&shape)) {
            return self.note(expr, format!("{expr} is a list"), format!("write len({expr}) > 0"));
        }
        let objects = match shape {
            Shape::Value(id) => {
                let missing = self.push(Op::IsMissing(id), Type::Bool);
                return Ok(self.push(Op::Not(missing), Type::Bool));
            }
            Shape::Object(object) => vec![object],
            Shape::Tuple(objects) => objects,
        };
        let mut parts = Vec::with_capacity(objects.len());
        for object in objects {
            let mut collection = self.collections[object.collection].clone();
            while let Fields::Named(of, _) = collection.fields {
                collection = self.collections[of].clone();
            }
            let Collection { domain, fields, .. } = collection;
            parts.push(match fields {
                // An object of the table may be missing itself.
                Fields::Struct(column) => {
                    let column = self.use_column(&column);
                    let there = self.program.push(Op::Leaf(column, None), Type::Bool, domain);
                    object.position.map_or(there, |position| self.gather(there, position))
                }
                _ => {
                    let position = self.position(&object);
                    self.push(Op::Present(position), Type::Bool)
                }
            });
        }
        Ok(self.push(Op::And(parts), Type::Bool))
    }

    /// `a == b`, `a != b`, `a in list`, `a not in list` of objects.
    pub fn compare_objects(
        &mut self,
        expr: &Expr,
        op: Compare,
        (left, a): (&Expr, Shape),
        (right, b): (&Expr, Shape),
    ) -> Checked {
        let Shape::Object(a) = a else {
            return self.note(left, format!("{left} is no object"), "objects are compared with objects");
        };
        let negated = matches!(op, Compare::Ne | Compare::NotIn);
        let one = |checker: &Self, shape: &Shape| checker.in_scope(checker.shape_domain(shape));
        let found = match (op, b) {
            (Compare::Eq | Compare::Ne, Shape::Object(b)) => self.same(&a, &b),
            (Compare::In | Compare::NotIn, Shape::Tuple(objects)) if one(self, &Shape::Tuple(objects.clone())) => {
                let parts: Vec<Id> = objects.iter().map(|object| self.same(&a, object)).collect();
                self.push(Op::Or(parts), Type::Bool)
            }
            (Compare::In | Compare::NotIn, list @ Shape::Object(_)) if !one(self, &list) => {
                if !one(self, &Shape::Object(a)) {
                    let help = format!("write [x for x in {left} if x {} {right}]", op.symbol());
                    return self.note(expr, format!("{left} is a list"), help);
                }
                self.found_in(&a, &list)
            }
            _ => {
                let help = "objects have `==`, `!=`, `in` and `not in`; their fields have the rest";
                return self.note(expr, format!("`{}` does not go with {left} and {right}", op.symbol()), help);
            }
        };
        Ok(if negated { self.push(Op::Not(found), Type::Bool) } else { found })
    }

    fn found_in(&mut self, object: &Object, list: &Shape) -> Id {
        let own = self.object_domain(object);
        let here = std::mem::replace(&mut self.here, own);
        let outer = self.outer_of(self.shape_domain(list));
        if self.program.depth(outer) > self.program.depth(self.here) {
            self.here = outer;
        }
        let home = self.here;
        let (items, element) = self.items(list);
        self.here = items;
        let same = match &element {
            Shape::Object(other) => self.same(object, other),
            _ => self.push(Op::Constant(false), Type::Bool),
        };
        let same = self.spread(same, items);
        self.here = here;
        self.push_fold(Fold::Any, same, home)
    }
}
