//! Expressions over objects: names, fields, positions, slices, selections, and the expression before a `for`.

use crate::check::checker::{Checked, Checker};
use crate::check::collection::inner;
use crate::check::domain::{DomainId, Kind as Lanes};
use crate::check::program::{Id, Op};
use crate::check::shape::{Object, Scope, Shape};
use crate::check::types::Type;
use crate::syntax::expr::{Binary, Clause, Expr, Kind, Unary};
use crate::value::Value;
use polars::prelude::DataType;

impl Checker<'_> {
    /// What an expression is; [`Checker::node`] wants a value.
    pub fn shape(&mut self, expr: &Expr) -> Checked<Shape> {
        let shape = match expr.kind() {
            Kind::Column(name) => self.name(expr, name)?,
            Kind::Field(value, name) => self.field(expr, value, name)?,
            Kind::Item(value, inner) => self.item(expr, value, inner)?,
            Kind::Slice(value, from, to) => self.slice(expr, value, from.as_ref(), to.as_ref())?,
            Kind::For(element, clauses) => self.list_of(element, clauses)?,
            Kind::Binary(Binary::Add, left, right) => self.sum_of(expr, left, right)?,
            Kind::Call(name, arguments) => self.call_shape(expr, name, arguments)?,
            _ => Shape::Value(self.scalar(expr)?),
        };
        if let (Shape::Value(id), Some(span)) = (&shape, expr.span()) {
            self.places.insert(*id, span);
        }
        Ok(shape)
    }

    pub fn node(&mut self, expr: &Expr) -> Checked {
        let shape = self.shape(expr)?;
        self.value(expr, shape)
    }

    pub fn value(&mut self, expr: &Expr, shape: Shape) -> Checked {
        let objects = match shape {
            Shape::Value(id) => return Ok(id),
            Shape::Object(object) => vec![object],
            Shape::Tuple(objects) => objects,
        };
        let names = self.field_names(objects[0].collection);
        let field = names.iter().find(|name| &***name == "pt").or(names.first()).map_or("pt", |name| &**name);
        let list = !self.in_scope(self.object_domain(&objects[0]));
        let what = if list { "is a collection" } else { "is an object" };
        let help = if names.iter().any(|name| matches!(&**name, "pt" | "px")) {
            format!("{expr}.{field}; of its four-vector: mass({expr}), pt({expr})")
        } else {
            format!("{expr}.{field}")
        };
        self.note(expr, format!("{expr} {what}: of which field?"), help)
    }

    fn name(&mut self, expr: &Expr, name: &str) -> Checked<Shape> {
        if let Some(shape) = self.scoped(expr, name)? {
            return Ok(shape);
        }
        if let Some(shape) = self.defined(expr, name)? {
            return Ok(shape);
        }
        match self.find_column(name) {
            Some((_, dtype)) if matches!(inner(&dtype), DataType::Struct(_)) => {}
            Some((name, DataType::List(_))) => return self.list_column(expr, &name),
            Some(_) => return self.column(expr, name).map(Shape::Value),
            None => {}
        }
        match self.find_collection(expr, name)? {
            Some(object) => Ok(Shape::Object(object)),
            None => self.column(expr, name).map(Shape::Value),
        }
    }

    fn field(&mut self, expr: &Expr, value: &Expr, name: &str) -> Checked<Shape> {
        let collection = match value.kind() {
            Kind::Column(column) if !self.is_known(column) => self.find_collection(value, column)?,
            _ => None,
        };
        let shape = match collection {
            Some(object) => Shape::Object(object),
            None if matches!(value.kind(), Kind::Call(name, _) if &**name == "boost") => self.objects_of(value)?,
            None => self.shape(value)?,
        };
        match shape {
            Shape::Object(object) => self.object_field(expr, &object, name).map(Shape::Value),
            Shape::Tuple(objects) => self.field_of_members(expr, value, &objects, name).map(Shape::Value),
            Shape::Value(_) => {
                let place = self.place(expr);
                let reason = format!("`.{name}` is not a value");
                let help = format!("methods are called with brackets: `.{name}()`; fields belong to objects");
                self.note_at(place.end - name.len()..place.end, reason, help)
            }
        }
    }

    fn is_known(&self, name: &str) -> bool {
        let defined = self.definitions.iter().any(|(known, _)| *known == name);
        defined
            || self.scopes.iter().any(|scope| match scope {
                Scope::Names(names) => names.iter().any(|(known, _)| &**known == name),
                Scope::Fields(object) => self.has_field(object, name),
            })
    }

    /// A field of the objects of a combination.
    fn field_of_members(&mut self, expr: &Expr, value: &Expr, objects: &[Object], name: &str) -> Checked {
        if !self.in_scope(self.object_domain(&objects[0])) {
            let help = format!("name the objects: for a, b in {value}");
            return self.note(expr, format!("{value} is a list of combinations"), help);
        }
        let mut fields = Vec::with_capacity(objects.len());
        let mut dtype: Option<Type> = None;
        for object in objects {
            let field = self.object_field(expr, object, name)?;
            let own = self.dtype(field);
            let common = match &dtype {
                None => Some(own.clone()),
                Some(before) => crate::check::types::common(before, &own, [false; 2]),
            };
            let Some(common) = common else {
                return self.note(expr, format!("the field `{name}` has several types in {value}"), "take one: `[0]`");
            };
            dtype = Some(common);
            fields.push(field);
        }
        let (domain, _) = self.members_domain(objects);
        let parent = self.program.domains[domain].parent;
        let fields = fields.into_iter().map(|field| self.spread(field, parent)).collect();
        Ok(self.program.push(Op::Interleave(fields), dtype.unwrap_or(Type::Null), domain))
    }

    /// `x[0]`, `x[-1]`, `x[position]`, `x[condition]`
    fn item(&mut self, expr: &Expr, value: &Expr, inner: &Expr) -> Checked<Shape> {
        let shape = self.shape(value)?;
        let counted = counted(inner);
        if self.in_scope(self.shape_domain(&shape)) {
            return match (&shape, counted) {
                (Shape::Tuple(objects), Some(at)) => {
                    let length = objects.len() as i64;
                    match usize::try_from(if at < 0 { at + length } else { at }).ok().and_then(|at| objects.get(at)) {
                        Some(object) => Ok(Shape::Object(*object)),
                        None => self.note(expr, format!("a combination of {length} has no object {at}"), ""),
                    }
                }
                (Shape::Tuple(objects), None) => {
                    let objects = objects.clone();
                    let list = Shape::Object(self.members(value, &objects)?);
                    self.choose(value, &list, inner)
                }
                _ => self.note(expr, format!("{value} is not a list"), "brackets stand behind lists: `Jet[0]`"),
            };
        }
        match counted {
            Some(at) => {
                let index = self.push(
                    Op::Literal(Value::Int(at.into())),
                    Type::literal(&Value::Int(at.into())).unwrap_or(Type::Null),
                );
                Ok(self.element(&shape, index, true))
            }
            None => self.choose(value, &shape, inner),
        }
    }

    /// The element at a position that may not be there.
    fn element(&mut self, list: &Shape, index: Id, counted: bool) -> Shape {
        let domain = self.shape_domain(list);
        let outer = self.outer_of(domain);
        self.program.whole(domain, outer);
        let start = self.program.push(Op::Start(domain), Type::Position, outer);
        let end = self.program.push(Op::End(domain), Type::Position, outer);
        let position = self.push(Op::At { counted, index, start, end }, Type::Position);
        self.at(list, position)
    }

    /// The objects for which a condition holds, or the one at a computed position.
    fn choose(&mut self, value: &Expr, list: &Shape, inner: &Expr) -> Checked<Shape> {
        let domain = self.shape_domain(list);
        let outer = self.outer_of(domain);
        let (here, bracket, scopes) = (self.here, self.bracket, self.scopes.len());
        let home = self.home(&[value, inner]);
        let home = if self.program.depth(home) > self.program.depth(outer) { home } else { outer };
        self.here = home;
        let (items, element) = self.items(list);
        if let Shape::Object(object) = &element {
            self.scopes.push(Scope::Fields(*object));
        }
        (self.here, self.bracket) = (items, Some((items, domain)));
        let condition = self.node(inner);
        self.scopes.truncate(scopes);
        let kept = condition.and_then(|condition| self.selected(inner, condition, items, domain));
        (self.here, self.bracket) = (here, bracket);
        Ok(match kept? {
            Chosen::Where(kept) => {
                let lane = self.program.push(Op::Lane(0), Type::Position, kept);
                self.at(&element, lane)
            }
            Chosen::At(index) => self.element(list, index, false),
        })
    }

    fn selected(&mut self, inner: &Expr, condition: Id, items: DomainId, list: DomainId) -> Checked<Chosen> {
        let dtype = self.dtype(condition);
        match dtype {
            Type::Bool | Type::Null => {
                let condition = match self.domain_of(condition) {
                    own if own == list && own != items => {
                        let lane = self.program.push(Op::Lane(0), Type::Position, items);
                        self.gather(condition, lane)
                    }
                    own if self.in_scope(own) || self.is_everywhere(condition) => self.spread(condition, items),
                    _ => {
                        return self.note(
                            inner,
                            format!("{inner} is a list"),
                            "fold it: any(..), all(..), count(..) > n",
                        );
                    }
                };
                let parent = self.program.domains[items].parent;
                Ok(Chosen::Where(self.program.domain(parent, Lanes::Filter { of: items, mask: condition })))
            }
            Type::Int(_) if self.domain_of(condition) != items && self.in_scope(self.domain_of(condition)) => {
                Ok(Chosen::At(condition))
            }
            _ => {
                let help = "brackets hold a condition, `Jet[pt > 30]`, or a position, `Jet[0]`";
                self.note(inner, format!("{inner} is {dtype}, neither a condition nor a position"), help)
            }
        }
    }

    fn slice(&mut self, expr: &Expr, value: &Expr, from: Option<&Expr>, to: Option<&Expr>) -> Checked<Shape> {
        let shape = self.shape(value)?;
        let list = self.as_list(value, shape)?;
        let mut bounds = [None, None];
        for (bound, written) in bounds.iter_mut().zip([from, to]) {
            let Some(written) = written else { continue };
            *bound = counted(written);
            if bound.is_none() {
                return self.note(expr, format!("{written} is not a whole number"), "slices are written `Jet[0:2]`");
            }
        }
        let of = self.shape_domain(&list);
        let outer = self.outer_of(of);
        self.program.whole(of, outer);
        let [from, to] = bounds;
        let slice = self.program.domain(outer, Lanes::Slice { of, from, to });
        let lane = self.program.push(Op::Lane(0), Type::Position, slice);
        Ok(self.at(&list, lane))
    }

    /// `[element for ..]`
    fn list_of(&mut self, element: &Expr, clauses: &[Clause]) -> Checked<Shape> {
        self.within(&[element], clauses, |checker, _| {
            let shape = checker.shape(element)?;
            checker.in_for(element, shape)
        })
    }

    /// Brings the expression before a `for` to its innermost lanes.
    pub fn in_for(&mut self, element: &Expr, shape: Shape) -> Checked<Shape> {
        let everywhere = matches!(shape, Shape::Value(id) if self.is_everywhere(id));
        if !everywhere && !self.in_scope(self.shape_domain(&shape)) {
            let help = "a list of lists has no meaning; fold the inner one, or write a second `for`";
            return self.note(element, format!("{element} is a list for each object"), help);
        }
        let here = self.here;
        let moved = |checker: &mut Self, object: Object| {
            let position = checker.position(&object);
            Object { collection: object.collection, position: Some(checker.spread(position, here)) }
        };
        Ok(match shape {
            Shape::Value(id) => Shape::Value(self.spread(id, here)),
            Shape::Object(object) => Shape::Object(moved(self, object)),
            Shape::Tuple(objects) => Shape::Tuple(objects.into_iter().map(|object| moved(self, object)).collect()),
        })
    }

    fn sum_of(&mut self, expr: &Expr, left: &Expr, right: &Expr) -> Checked<Shape> {
        let (a, b) = (self.shape(left), self.shape(right));
        match (a?, b?) {
            (Shape::Object(a), Shape::Object(b)) => self.put_together(expr, (left, a), (right, b)),
            (a, b) => {
                let (a, b) = (self.value(left, a), self.value(right, b));
                self.arithmetic(expr, Binary::Add, (left, a?), (right, b?)).map(Shape::Value)
            }
        }
    }
}

/// The contents of a bracket.
enum Chosen {
    Where(DomainId),
    At(Id),
}

/// A whole number as it is written.
fn counted(expr: &Expr) -> Option<i64> {
    match expr.kind() {
        Kind::Literal(Value::Int(at)) => i64::try_from(*at).ok(),
        Kind::Unary(Unary::Neg, inner) => counted(inner).map(|at| -at),
        _ => None,
    }
}
