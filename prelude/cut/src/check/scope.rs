//! Names inside of `for` and brackets, and where such an expression is computed.

use crate::check::checker::{Checked, Checker};
use crate::check::domain::{DomainId, Kind};
use crate::check::program::{Id, Op};
use crate::check::shape::{Object, Scope, Shape};
use crate::check::types::Type;
use crate::syntax::expr::{Clause, Expr, Kind as Written, Name};

impl Checker<'_> {
    /// What a name means in the scopes around, innermost first.
    pub fn scoped(&mut self, expr: &Expr, name: &str) -> Checked<Option<Shape>> {
        for at in (0..self.scopes.len()).rev() {
            match self.scopes[at].clone() {
                Scope::Names(names) => {
                    if let Some((_, shape)) = names.iter().rev().find(|(known, _)| &**known == name) {
                        return Ok(Some(shape.clone()));
                    }
                }
                Scope::Fields(object) if self.has_field(&object, name) => {
                    return self.object_field(expr, &object, name).map(|id| Some(Shape::Value(id)));
                }
                Scope::Fields(_) => {}
            }
        }
        Ok(None)
    }

    /// The outermost domain in which all names of an expression have a meaning: what does not depend on the objects
    /// around is computed once.
    pub fn home(&self, exprs: &[&Expr]) -> DomainId {
        let mut home = crate::check::domain::ROWS;
        let mut names = Vec::new();
        exprs.iter().for_each(|expr| free(expr, &mut names));
        for name in names {
            let found = self.scopes.iter().rev().find_map(|scope| match scope {
                Scope::Names(names) => {
                    names.iter().rev().find(|(known, _)| *known == name).map(|(_, shape)| self.shape_domain(shape))
                }
                Scope::Fields(object) => self.has_field(object, &name).then(|| self.object_domain(object)),
            });
            if let Some(domain) = found.filter(|domain| self.in_scope(*domain))
                && self.program.depth(domain) > self.program.depth(home)
            {
                home = domain;
            }
        }
        home
    }

    pub fn object_domain(&self, object: &Object) -> DomainId {
        match object.position {
            Some(position) => self.domain_of(position),
            None => self.collections[object.collection].domain,
        }
    }

    pub fn shape_domain(&self, shape: &Shape) -> DomainId {
        match shape {
            Shape::Value(id) => self.domain_of(*id),
            Shape::Object(object) => self.object_domain(object),
            Shape::Tuple(objects) => objects.first().map_or(self.here, |object| self.object_domain(object)),
        }
    }

    /// Does something within the scope of clauses; afterwards names and place are as before.
    pub fn within<T>(
        &mut self,
        around: &[&Expr],
        clauses: &[Clause],
        body: impl FnOnce(&mut Self, DomainId) -> Checked<T>,
    ) -> Checked<T> {
        let mut all: Vec<&Expr> = around.to_vec();
        all.extend(clauses.iter().map(|clause| match clause {
            Clause::For(_, source) => source,
            Clause::If(condition) => condition,
        }));
        let home = self.home(&all);
        let (here, scopes, bracket) = (self.here, self.scopes.len(), self.bracket.take());
        self.here = home;
        let done = self.enter(clauses).and_then(|()| body(self, home));
        self.scopes.truncate(scopes);
        (self.here, self.bracket) = (here, bracket);
        done
    }

    fn enter(&mut self, clauses: &[Clause]) -> Checked<()> {
        for clause in clauses {
            match clause {
                Clause::For(names, source) => self.enter_for(names, source)?,
                Clause::If(condition) => self.enter_if(condition)?,
            }
        }
        Ok(())
    }

    /// What looks at other lists is asked only of the lanes for which the rest holds.
    fn enter_if(&mut self, condition: &Expr) -> Checked<()> {
        let Some((first, then)) = cheap_and_dear(condition) else {
            let mask = self.mask(condition)?;
            self.keep(mask);
            return Ok(());
        };
        match self.mask(&first) {
            Ok(mask) => self.keep(mask),
            // What is wrong with the rest is told, too.
            Err(noted) => return self.mask(&then).and(Err(noted)),
        }
        let mask = self.mask(&then)?;
        self.keep(mask);
        Ok(())
    }

    fn enter_for(&mut self, names: &[Name], source: &Expr) -> Checked<()> {
        let shape = self.shape(source)?;
        let shape = self.as_list(source, shape)?;
        let (items, element) = self.items(&shape);
        let bound = match (element, names) {
            (element, [name]) => vec![(name.clone(), element)],
            (Shape::Tuple(objects), names) if objects.len() == names.len() => {
                names.iter().cloned().zip(objects.into_iter().map(Shape::Object)).collect()
            }
            (Shape::Tuple(objects), names) => {
                let what = if objects.len() == 2 { "a pair" } else { "a triple" };
                let reason = format!("{what} is named by {} names", names.len());
                let help = format!("give as many names as there are objects, {}, or one", objects.len());
                return self.note(source, reason, help);
            }
            _ => {
                let reason = format!("one object is named by {} names", names.len());
                return self.note(source, reason, "give as many names as there are objects: two for `pairs(..)`");
            }
        };
        self.here = items;
        self.scopes.push(Scope::Names(bound));
        Ok(())
    }

    /// The domain of the items of a list for each lane of here, and what one of them is.
    pub fn items(&mut self, list: &Shape) -> (DomainId, Shape) {
        let of = self.shape_domain(list);
        let outer = self.outer_of(of);
        if outer != self.here {
            self.program.whole(of, outer);
        }
        let items = self.program.domain(self.here, Kind::Items { of, outer });
        let lane = self.program.push(Op::Lane(0), Type::Position, items);
        (items, self.at(list, lane))
    }

    /// The element of a list at a position of its domain.
    pub fn at(&mut self, list: &Shape, position: Id) -> Shape {
        match list {
            Shape::Value(id) => Shape::Value(self.gather(*id, position)),
            Shape::Object(object) => Shape::Object(self.object_at(object, position)),
            Shape::Tuple(objects) => {
                Shape::Tuple(objects.iter().map(|object| self.object_at(object, position)).collect())
            }
        }
    }

    fn object_at(&mut self, object: &Object, position: Id) -> Object {
        let position = match object.position {
            Some(first) => self.gather(first, position),
            None => position,
        };
        Object { collection: object.collection, position: Some(position) }
    }

    /// A condition for each lane of here.
    fn mask(&mut self, condition: &Expr) -> Checked<Id> {
        let id = self.condition(condition)?;
        let domain = self.domain_of(id);
        if !self.is_everywhere(id) && !self.in_scope(domain) {
            return self.note(condition, format!("{condition} is a list"), "fold it: any(..), all(..), count(..) > n");
        }
        Ok(self.spread(id, self.here))
    }

    /// Keeps the lanes of here for which a condition holds; the names of here are those of the lanes that are kept.
    fn keep(&mut self, mask: Id) {
        let before = self.here;
        let parent = self.program.domains[before].parent;
        let kept = self.program.domain(parent, Kind::Filter { of: before, mask });
        let lane = self.program.push(Op::Lane(0), Type::Position, kept);
        for at in 0..self.scopes.len() {
            let Scope::Names(mut names) = self.scopes[at].clone() else { continue };
            for (_, shape) in &mut names {
                if self.shape_domain(shape) == before {
                    *shape = self.at(shape, lane);
                }
            }
            self.scopes[at] = Scope::Names(names);
        }
        self.here = kept;
    }

    /// A list: a combination is one of its objects.
    pub fn as_list(&mut self, expr: &Expr, shape: Shape) -> Checked<Shape> {
        if !self.in_scope(self.shape_domain(&shape)) {
            return Ok(shape);
        }
        match shape {
            Shape::Tuple(objects) => self.members(expr, &objects).map(Shape::Object),
            Shape::Object(_) => self.note(expr, format!("{expr} is one object, not a list"), ""),
            Shape::Value(_) => {
                let help = "lists are written as `Jet.pt`, `Jet[pt > 30]`, `pairs(Jet)`";
                self.note(expr, format!("{expr} is one value, not a list"), help)
            }
        }
    }
}

/// The parts of a condition that look at no other lists, call nothing of the user's own, and are comparisons; and the others.
fn cheap_and_dear(condition: &Expr) -> Option<(Expr, Expr)> {
    let Written::And(parts) = condition.kind() else { return None };
    let (dear, cheap): (Vec<Expr>, Vec<Expr>) = parts.iter().cloned().partition(is_dear);
    // Between integers `&` means bits, and is one expression.
    let compares = |part: &Expr| match part.kind() {
        Written::Chain(..) => true,
        Written::Call(name, _) => matches!(&**name, "any" | "all"),
        _ => false,
    };
    if dear.is_empty() || cheap.is_empty() || !parts.iter().all(compares) {
        return None;
    }
    let joined = |mut parts: Vec<Expr>| match parts.len() {
        1 => parts.remove(0),
        _ => Expr::new(Written::And(parts), condition.span()),
    };
    Some((joined(cheap), joined(dear)))
}

fn is_dear(expr: &Expr) -> bool {
    match expr.kind() {
        Written::For(..) | Written::LocalCall(..) => true,
        Written::Call(name, _) if matches!(&**name, "any" | "all" | "count" | "sort") => true,
        kind => kind.children().any(is_dear),
    }
}

/// The names that an expression does not bind itself.
fn free(expr: &Expr, out: &mut Vec<Name>) {
    match expr.kind() {
        Written::Column(name) => out.push(name.clone()),
        Written::For(element, clauses) => {
            let mut inner = Vec::new();
            let mut bound: Vec<Name> = Vec::new();
            for clause in clauses {
                match clause {
                    Clause::For(names, source) => {
                        let mut own = Vec::new();
                        free(source, &mut own);
                        inner.extend(own.into_iter().filter(|name| !bound.contains(name)));
                        bound.extend(names.iter().cloned());
                    }
                    Clause::If(condition) => {
                        let mut own = Vec::new();
                        free(condition, &mut own);
                        inner.extend(own.into_iter().filter(|name| !bound.contains(name)));
                    }
                }
            }
            let mut own = Vec::new();
            free(element, &mut own);
            inner.extend(own.into_iter().filter(|name| !bound.contains(name)));
            out.extend(inner);
        }
        kind => kind.children().for_each(|child| free(child, out)),
    }
}
