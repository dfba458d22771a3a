//! Fields as columns, or why one is none.

use super::page;
use super::schema::Schema;
use crate::columns::{Column, Skipped, Type};

/// How a column is read.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    /// Elements of the first column of a field, as this type.
    Leaf { field: usize, of: Type },
    /// Ends and characters.
    Text { field: usize },
    /// Ends, and values of another node.
    List { field: usize, inner: Box<Node> },
    /// Differences of ends.
    Count { field: usize, of: Type },
    /// Values of another node in the rows whose switch has this tag.
    Variant { field: usize, tag: u32, inner: Box<Node> },
    /// So many values of another node.
    Fixed { size: usize, inner: Box<Node> },
}

/// The columns of an ntuple and how each is read, and the fields that are none.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub nodes: Vec<Node>,
    pub columns: Vec<Column>,
    pub skipped: Vec<Skipped>,
}

/// Fields in fields that are followed.
const DEPTH: usize = 32;
/// The largest fixed array.
const LARGEST: u64 = 1 << 24;

impl Plan {
    pub(crate) fn new(schema: &Schema) -> Self {
        let mut plan = Self::default();
        for number in 0..schema.fields.len() {
            if schema.fields[number].parent == number {
                plan.field(schema, number, schema.fields[number].name.clone(), &|node| node, 0);
            }
        }
        plan
    }

    fn field(&mut self, schema: &Schema, number: usize, name: String, wrap: &dyn Fn(Node) -> Node, depth: usize) {
        let field = &schema.fields[number];
        let mut skip = |reason: String| {
            self.skipped.push(Skipped { name: name.clone(), type_name: field.type_name.clone(), reason });
        };
        if depth > DEPTH {
            return skip("fields in fields without end".to_owned());
        }
        let below = schema.below(number);
        let columns = schema.columns_of(number);
        let first = columns.first().and_then(|list| list.first()).map(|column| &schema.columns[*column]);
        if let Some(size) = field.size {
            return self.array(schema, number, size, name, wrap, depth);
        }
        match (field.role, &below[..], first) {
            (0, [], Some(_)) if field.type_name == "std::string" && columns[0].len() == 2 => {
                self.push(schema, number, name, wrap(Node::Text { field: number }));
            }
            (0, [], Some(_)) if field.type_name.starts_with("ROOT::RNTupleCardinality") => {
                let of = if field.type_name.contains("64") { Type::U64 } else { Type::U32 };
                self.push(schema, number, name, wrap(Node::Count { field: number, of }));
            }
            (0, [], Some(column)) => match page::of(column) {
                Ok(of) => self.push(schema, number, name, wrap(Node::Leaf { field: number, of })),
                Err(reason) => skip(reason),
            },
            // A field that only stands for another type, as enumerations and atomics do.
            (0, [only], None) => self.field(schema, *only, name, wrap, depth + 1),
            (1, [only], Some(_)) => {
                let wrap = |inner: Node| wrap(Node::List { field: number, inner: Box::new(inner) });
                self.field(schema, *only, name, &wrap, depth + 1);
            }
            (2 | 0, [_, ..], None) => {
                for inner in &below {
                    let own = &schema.fields[*inner].name;
                    // Bases have names that begin with a colon; their members are members.
                    let name = if own.starts_with(':') { name.clone() } else { format!("{name}.{own}") };
                    self.field(schema, *inner, name, wrap, depth + 1);
                }
            }
            (2, [], _) => skip("a class without members".to_owned()),
            (3, [_, ..], Some(column)) if page::is_switch(column) => {
                for (tag, inner) in (1..).zip(&below) {
                    let wrap = |inner: Node| wrap(Node::Variant { field: number, tag, inner: Box::new(inner) });
                    let name = format!("{name}.{}", schema.fields[*inner].name);
                    self.field(schema, *inner, name, &wrap, depth + 1);
                }
            }
            (role, ..) => skip(match role {
                3 => "values of several types in one field without what tells them apart".to_owned(),
                4 => "an object written by its class's own streamer cannot be read".to_owned(),
                role => format!("a field of role {role} with {} fields below", below.len()),
            }),
        }
    }

    /// A field of as many values in each row, which stand in a field below or in a column of its own.
    fn array(
        &mut self,
        schema: &Schema,
        number: usize,
        size: u64,
        name: String,
        wrap: &dyn Fn(Node) -> Node,
        depth: usize,
    ) {
        let type_name = schema.fields[number].type_name.clone();
        let Some(elements) = Some(size).filter(|size| *size < LARGEST).map(|size| size as usize) else {
            let reason = format!("an array of {size} elements");
            return self.skipped.push(Skipped { name, type_name, reason });
        };
        let wrap = |inner: Node| wrap(Node::Fixed { size: elements, inner: Box::new(inner) });
        let columns = schema.columns_of(number);
        let first = columns.first().and_then(|list| list.first()).map(|column| &schema.columns[*column]);
        let of = match (&schema.below(number)[..], first) {
            ([only], _) => return self.field(schema, *only, name, &wrap, depth + 1),
            ([], Some(column)) => page::of(column),
            _ => Err("an array of nothing that can be read".to_owned()),
        };
        match of {
            Ok(of) => self.push(schema, number, name, wrap(Node::Leaf { field: number, of })),
            Err(reason) => self.skipped.push(Skipped { name, type_name, reason }),
        }
    }

    fn push(&mut self, schema: &Schema, number: usize, name: String, node: Node) {
        let mut unique = name.clone();
        let mut again = 1;
        while self.columns.iter().any(|column| column.name == unique) {
            again += 1;
            unique = format!("{name};{again}");
        }
        let top = schema.fields[number].type_name.clone();
        self.columns.push(Column { name: unique, of: node.of(), type_name: top });
        self.nodes.push(node);
    }
}

impl Node {
    pub(crate) fn of(&self) -> Type {
        match self {
            Self::Leaf { of, .. } | Self::Count { of, .. } => of.clone(),
            Self::Text { .. } => Type::Text,
            Self::List { inner, .. } | Self::Variant { inner, .. } => inner.of().list(),
            Self::Fixed { size, inner } => Type::Fixed(Box::new(inner.of()), *size),
        }
    }
}
