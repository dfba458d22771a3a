//! The four spellings of a field of objects: a column `A.b`, a struct or a list of structs `A`, columns `A_b`, and the
//! columns of a bank whose last part is `A`.

use crate::check::checker::{Checked, Checker, quoted};
use crate::check::collection::inner;
use crate::check::domain::{Kind, ROWS};
use crate::check::shape::{Collection, Fields, Object, Shape};
use crate::check::types::Type;
use crate::syntax::expr::{Expr, Name};
use polars::prelude::{DataType, PlSmallStr};

impl Checker<'_> {
    /// The collection, or the object of each row, that has a name; `None` when there is none.
    pub fn find_collection(&mut self, expr: &Expr, name: &str) -> Checked<Option<Object>> {
        let mut found = self.spellings(name);
        if found.len() > 1 {
            let names: Vec<&str> = found.iter().map(|(what, ..)| what.as_str()).collect();
            let reason = format!("`{name}` can be {}", quoted(&names));
            return self.note(expr, reason, "rename one of them, or write the column between backticks");
        }
        let Some((_, fields, is_list)) = found.pop() else { return Ok(None) };
        let domain = match is_list {
            true => self.objects(name, &fields),
            false => ROWS,
        };
        let collection = self.collection(Collection { name: name.into(), domain, fields });
        Ok(Some(Object { collection, position: None }))
    }

    /// All that a name can stand for: how it is spelled, where its fields are, and whether it is a list.
    fn spellings(&self, name: &str) -> Vec<(String, Fields, bool)> {
        let mut found = Vec::new();
        let bank = |column: &str| column.rsplit_once("::").map_or(column == name, |(_, last)| last == name);
        for (column, dtype) in self.schema.iter() {
            if bank(column) && !self.hidden.contains(&column.as_str()) && matches!(inner(dtype), DataType::Struct(_)) {
                let is_list = matches!(dtype, DataType::List(_));
                found.push((column.to_string(), Fields::Struct(column.clone()), is_list));
            }
        }
        let mut prefixes: Vec<String> = Vec::new();
        for column in self.schema.iter_names() {
            for (at, sign) in column.match_indices(['.', '_']) {
                let prefix = format!("{}{sign}", &column[..at]);
                if bank(&column[..at]) && !prefixes.contains(&prefix) {
                    prefixes.push(prefix);
                }
            }
        }
        found.extend(prefixes.iter().filter_map(|prefix| self.with_prefix(name, prefix)));
        found
    }

    /// The columns that begin with a prefix: lists, or else values.
    fn with_prefix(&self, name: &str, prefix: &str) -> Option<(String, Fields, bool)> {
        let all = || self.schema.iter().filter(|(column, _)| column.len() > prefix.len() && column.starts_with(prefix));
        let fields = |lists: bool| -> Vec<(Name, PlSmallStr)> {
            let of_kind = all().filter(|(_, dtype)| {
                matches!(dtype, DataType::List(inner) if Type::of(inner).is_some()) == lists
                    && Type::of(inner(dtype)).is_some()
            });
            of_kind.map(|(column, _)| (column[prefix.len()..].into(), column.clone())).collect()
        };
        let lists = fields(true);
        let counted = self.schema.contains(&format!("n{name}"));
        if lists.len() > 1 || (counted && !lists.is_empty()) || (prefix.ends_with('.') && !lists.is_empty()) {
            return Some((format!("{prefix}{}", lists[0].0), Fields::Columns(lists), true));
        }
        let values = fields(false);
        let single = lists.is_empty() && !values.is_empty();
        single.then(|| (format!("{prefix}{}", values[0].0), Fields::Columns(values), false))
    }

    /// The domain of the objects of a collection of the table.
    fn objects(&mut self, name: &str, fields: &Fields) -> usize {
        let sources = match fields {
            Fields::Struct(column) => vec![self.use_column(column)],
            _ => Vec::new(),
        };
        let name = match fields {
            Fields::Struct(column) => column.as_str().into(),
            Fields::Columns(columns) => columns.first().map_or(name, |(_, column)| column.as_str()).into(),
            Fields::Concat(_) | Fields::Named(..) | Fields::Computed(_) => name.into(),
        };
        self.program.domain(ROWS, Kind::Objects { name, sources })
    }

    /// Sees to it that the lengths of all lists are known: of a collection of which no field is used, by its counter, or
    /// else by its first column.
    pub fn lengths(&mut self) {
        for domain in 1..self.program.domains.len() {
            let Kind::Objects { sources, .. } = &self.program.domains[domain].kind else { continue };
            let Some(collection) = self.collections.iter().find(|collection| collection.domain == domain) else {
                continue;
            };
            let Fields::Columns(columns) = &collection.fields else { continue };
            if !sources.is_empty() {
                continue;
            }
            let counter = PlSmallStr::from(format!("n{}", collection.name));
            let counts = self.schema.get(&counter).is_some_and(DataType::is_integer);
            let column = if counts { counter } else { columns[0].1.clone() };
            let column = self.use_column(&column);
            if let Kind::Objects { sources, .. } = &mut self.program.domains[domain].kind {
                sources.push(column);
            }
        }
    }

    /// A column of lists of values: the field of a collection if its name says so, else a collection of its own.
    pub fn list_column(&mut self, expr: &Expr, name: &PlSmallStr) -> Checked<Shape> {
        for (at, _) in name.match_indices(['.', '_']) {
            let (prefix, field) = (&name[..at], &name[at + 1..]);
            let prefix = prefix.rsplit_once("::").map_or(prefix, |(_, last)| last).to_owned();
            let known = self.spellings(&prefix);
            let [(_, Fields::Columns(columns), true)] = known.as_slice() else { continue };
            if !columns.iter().any(|(known, column)| &**known == field && column == name) {
                continue;
            }
            let field = field.to_owned();
            if let Some(object) = self.find_collection(expr, &prefix)? {
                return self.object_field(expr, &object, &field).map(Shape::Value);
            }
        }
        let column = self.use_column(name);
        let domain = self.program.domain(ROWS, Kind::Objects { name: name.as_str().into(), sources: vec![column] });
        self.column_of_objects(expr, name, domain).map(Shape::Value)
    }
}
