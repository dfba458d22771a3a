//! The fields of objects, collections put together, and which objects are the same.

use crate::check::checker::{Checked, Checker, quoted};
use crate::check::domain::Kind;
use crate::check::program::{Id, Op};
use crate::check::shape::{Collection, Fields, Object, Shape};
use crate::check::types::{self, Type};
use crate::syntax::expr::{Expr, Name};
use crate::value::Value;
use polars::prelude::{DataType, PlSmallStr};

/// The field that says of which collection an object is.
const KIND: &str = "kind";

impl Checker<'_> {
    /// The names of the fields of a collection.
    pub fn field_names(&self, collection: usize) -> Vec<Name> {
        match &self.collections[collection].fields {
            Fields::Struct(column) => match self.schema.get(column).map(inner) {
                Some(DataType::Struct(fields)) => fields.iter().map(|field| field.name().as_str().into()).collect(),
                _ => Vec::new(),
            },
            Fields::Columns(columns) => columns.iter().map(|(name, _)| name.clone()).collect(),
            Fields::Named(of, _) => self.field_names(*of),
            Fields::Computed(values) => values.iter().map(|(name, _)| name.clone()).collect(),
            Fields::Concat(parts) => {
                let mut names: Vec<Name> = Vec::new();
                for part in parts {
                    names.extend(self.field_names(part.collection));
                }
                let mut seen = std::collections::HashSet::new();
                names.retain(|name| seen.insert(name.clone()));
                names
            }
        }
    }

    pub fn has_field(&self, object: &Object, name: &str) -> bool {
        self.field_names(object.collection).iter().any(|field| &**field == name)
    }

    /// A field of an object, or of each of a list.
    pub fn object_field(&mut self, expr: &Expr, object: &Object, name: &str) -> Checked {
        let value = self.field_of_all(expr, object.collection, name)?;
        Ok(match object.position {
            Some(position) => self.gather(value, position),
            None => value,
        })
    }

    /// A field of all objects of a collection.
    fn field_of_all(&mut self, expr: &Expr, at: usize, name: &str) -> Checked {
        let Collection { name: collection, domain, fields } = self.collections[at].clone();
        let known = self.field_names(at);
        if !known.iter().any(|field| &**field == name) {
            if name == KIND {
                return Ok(self.kind(at));
            }
            return self.no_field(expr, &collection, name, &known);
        }
        match fields {
            Fields::Struct(column) => {
                let Some(DataType::Struct(fields)) = self.schema.get(&column).map(inner).cloned() else {
                    return self.no_field(expr, &collection, name, &known);
                };
                let dtype = fields.iter().find(|field| field.name() == name).map(|field| field.dtype().clone());
                let kind = self.type_of(expr, name, &dtype.unwrap_or(DataType::Null))?;
                let column = self.use_column(&column);
                Ok(self.program.push(Op::Leaf(column, Some(name.into())), kind, domain))
            }
            Fields::Columns(columns) => {
                let column = columns.iter().find(|(field, _)| &**field == name).map(|(_, column)| column.clone());
                let column = column.unwrap_or_default();
                self.column_of_objects(expr, &column, domain)
            }
            Fields::Concat(parts) => self.field_of_parts(expr, at, &parts, name),
            Fields::Named(of, _) => self.field_of_all(expr, of, name),
            Fields::Computed(values) => {
                let value = values.iter().find(|(field, _)| &**field == name).map(|(_, value)| *value);
                value.ok_or(crate::check::checker::Noted)
            }
        }
    }

    /// A column with a value, or a list of values, for each row.
    pub fn column_of_objects(&mut self, expr: &Expr, name: &PlSmallStr, domain: usize) -> Checked {
        let dtype = self.schema.get(name).cloned().unwrap_or(DataType::Null);
        let kind = self.type_of(expr, name, inner(&dtype))?;
        let column = self.use_column(name);
        if !matches!(dtype, DataType::List(_)) {
            return Ok(self.program.push(Op::Column(column), kind, domain));
        }
        if let Kind::Objects { sources, .. } = &mut self.program.domains[domain].kind
            && !sources.contains(&column)
        {
            sources.push(column);
        }
        Ok(self.program.push(Op::Leaf(column, None), kind, domain))
    }

    pub fn use_column(&mut self, name: &PlSmallStr) -> usize {
        let dtype = self.schema.get(name).cloned().unwrap_or(DataType::Null);
        self.program.column(name, &dtype)
    }

    fn type_of(&mut self, expr: &Expr, name: &str, dtype: &DataType) -> Checked<Type> {
        match Type::of(dtype) {
            Some(kind) => Ok(kind),
            None => {
                let help = "use `.filter` with a Polars expression for it";
                self.note(expr, format!("a cut cannot use `{name}` of type {dtype}"), help)
            }
        }
    }

    fn no_field(&mut self, expr: &Expr, collection: &str, name: &str, known: &[Name]) -> Checked {
        let names: Vec<&str> = known.iter().map(|name| &**name).collect();
        let help = match segment::nearest(name, names.iter().copied()).as_slice() {
            [] => format!("there are {}", names.join(", ")),
            near => format!("did you mean {}?", quoted(near)),
        };
        self.note(expr, format!("`{collection}` has no field `{name}`"), help)
    }

    /// The name of the collection that each object is of.
    fn kind(&mut self, at: usize) -> Id {
        let Collection { name, domain, fields } = self.collections[at].clone();
        let parts = match fields {
            Fields::Concat(parts) => parts,
            Fields::Named(of, _) => return self.kind(of),
            _ => return self.push(Op::Literal(Value::Text(name)), Type::Text),
        };
        let parts = parts.iter().map(|part| {
            let kind = self.kind(part.collection);
            let kind = part.position.map_or(kind, |position| self.gather(kind, position));
            let domain = self.object_domain(part);
            Some(self.spread(kind, domain))
        });
        let parts = parts.collect();
        self.program.push(Op::Join(parts), Type::Text, domain)
    }

    fn field_of_parts(&mut self, expr: &Expr, at: usize, parts: &[Object], name: &str) -> Checked {
        let mut values = Vec::with_capacity(parts.len());
        let mut common: Option<Type> = None;
        for part in parts {
            if !self.has_field(part, name) {
                values.push(None);
                continue;
            }
            let value = self.object_field(expr, part, name)?;
            let dtype = self.dtype(value);
            let joined = match &common {
                None => Some(dtype.clone()),
                Some(before) => types::common(before, &dtype, [false; 2]),
            };
            let Some(joined) = joined else {
                let before = common.map_or_else(String::new, |before| before.to_string());
                let reason = format!("the field `{name}` is {before} in one collection and {dtype} in another");
                return self.note(expr, reason, "make both of one type");
            };
            common = Some(joined);
            let domain = self.object_domain(part);
            values.push(Some(self.spread(value, domain)));
        }
        let domain = self.collections[at].domain;
        Ok(self.program.push(Op::Join(values), common.unwrap_or(Type::Null), domain))
    }

    /// `Muon + Electron`
    pub fn put_together(
        &mut self,
        expr: &Expr,
        (left, a): (&Expr, Object),
        (right, b): (&Expr, Object),
    ) -> Checked<Shape> {
        for (side, object) in [(left, &a), (right, &b)] {
            if self.in_scope(self.object_domain(object)) {
                let help = "of two objects: mass(a, b), pt(a, b)";
                return self.note(expr, format!("`+` puts collections together, and {side} is one object"), help);
            }
        }
        let mut domains = [self.object_domain(&a), self.object_domain(&b)];
        let mut parts = [a, b];
        let outers = domains.map(|domain| self.outer_of(domain));
        let deepest = usize::from(self.program.depth(outers[1]) > self.program.depth(outers[0]));
        let outer = outers[deepest];
        for at in 0..2 {
            let around = self.outer_of(domains[at]);
            self.program.whole(domains[at], around);
            if around != outer {
                let items = self.program.domain(outer, Kind::Items { of: domains[at], outer: around });
                self.program.whole(items, outer);
                let lane = self.program.push(Op::Lane(0), Type::Position, items);
                let Shape::Object(moved) = self.at(&Shape::Object(parts[at]), lane) else { continue };
                (domains[at], parts[at]) = (items, moved);
            }
        }
        let domain = self.program.domain(outer, Kind::Concat(domains.to_vec()));
        self.program.whole(domain, outer);
        let fields = Fields::Concat(parts.to_vec());
        let name = format!("{} + {}", self.collections[a.collection].name, self.collections[b.collection].name);
        let collection = self.collection(Collection { name: name.into(), domain, fields });
        Ok(Shape::Object(Object { collection, position: None }))
    }

    /// Adds a collection, or finds the equal one.
    pub fn collection(&mut self, new: Collection) -> usize {
        self.collections.iter().position(|known| *known == new).unwrap_or_else(|| {
            self.collections.push(new);
            self.collections.len() - 1
        })
    }

    /// The objects of a combination as a list.
    pub fn members(&mut self, expr: &Expr, objects: &[Object]) -> Checked<Object> {
        let collection = objects[0].collection;
        if objects.iter().any(|object| object.collection != collection) {
            return self.note(expr, format!("{expr} has objects of several collections"), "take one: `[0]`, `[1]`");
        }
        let (domain, positions) = self.members_domain(objects);
        let position = self.program.push(Op::Interleave(positions), Type::Position, domain);
        Ok(Object { collection, position: Some(position) })
    }

    /// The domain with a lane for each object of a combination, and their positions.
    pub fn members_domain(&mut self, objects: &[Object]) -> (usize, Vec<Id>) {
        let positions: Vec<Id> = objects.iter().map(|object| self.position(object)).collect();
        let deepest = positions.iter().map(|id| self.domain_of(*id)).max_by_key(|domain| self.program.depth(*domain));
        let parent = deepest.unwrap_or(self.here);
        let positions: Vec<Id> = positions.into_iter().map(|id| self.bring(id, parent)).collect();
        (self.program.domain(parent, Kind::InList(positions.clone())), positions)
    }

    /// Where an object is in its collection.
    pub fn position(&mut self, object: &Object) -> Id {
        let domain = self.collections[object.collection].domain;
        match object.position {
            Some(position) => position,
            None => self.program.push(Op::Lane(0), Type::Position, domain),
        }
    }

    /// Whether two objects are the same one of the table.
    pub fn same(&mut self, a: &Object, b: &Object) -> Id {
        if a.collection == b.collection {
            let (a, b) = (self.position(a), self.position(b));
            return self.push(Op::Same(a, b), Type::Bool);
        }
        let (left, right) = (self.origins(a), self.origins(b));
        let mut found = Vec::new();
        for (one, a) in &left {
            for (_, b) in right.iter().filter(|(other, _)| other == one) {
                found.push(self.push(Op::Same(*a, *b), Type::Bool));
            }
        }
        match found.len() {
            0 => self.push(Op::Constant(false), Type::Bool),
            1 => found[0],
            _ => self.push(Op::Or(found), Type::Bool),
        }
    }

    /// The collections of the table that an object may be of, and its position there.
    fn origins(&mut self, object: &Object) -> Vec<(usize, Id)> {
        let position = self.position(object);
        let Collection { domain, fields, .. } = self.collections[object.collection].clone();
        let parts = match fields {
            Fields::Concat(parts) => parts,
            Fields::Named(of, _) => return self.origins(&Object { collection: of, position: Some(position) }),
            _ => return vec![(object.collection, position)],
        };
        let mut all = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            for (collection, origin) in self.origins(part) {
                let joined = (0..parts.len()).map(|other| (other == at).then_some(origin)).collect();
                let joined = self.program.push(Op::Join(joined), Type::Position, domain);
                all.push((collection, self.gather(joined, position)));
            }
        }
        all
    }
}

/// What a list holds; other types as they are.
pub(crate) fn inner(dtype: &DataType) -> &DataType {
    if let DataType::List(inner) = dtype { inner } else { dtype }
}
