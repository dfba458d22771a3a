//! What an expression is: a value, an object, or a combination of objects; of each also a list.

use crate::check::domain::DomainId;
use crate::check::program::Id;
use crate::syntax::expr::Name;
use polars::prelude::PlSmallStr;

/// Whether it is one or a list is told by its domain: one that is not in scope is a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Value(Id),
    Object(Object),
    /// The objects of a pair or a triple.
    Tuple(Vec<Object>),
}

/// An object of a collection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Object {
    pub collection: usize,
    /// Its position; `None`: each object of the collection.
    pub position: Option<Id>,
}

/// Objects with common fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Collection {
    pub name: Name,
    pub domain: DomainId,
    pub fields: Fields,
}

/// Where the fields of a collection are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fields {
    /// In a column of structs, or of lists of structs.
    Struct(PlSmallStr),
    /// In a column each: name of the field, name of the column.
    Columns(Vec<(Name, PlSmallStr)>),
    /// In the collections that were put together.
    Concat(Vec<Object>),
    /// Those of another collection, of which some are named as the components of a four-vector: component, field.
    Named(usize, Vec<(Name, Name)>),
    /// Computed: the components of a four-vector that is no object of the table.
    Computed(Vec<(Name, Id)>),
}

/// Names that are known inside of something.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    /// The names of a `for`.
    Names(Vec<(Name, Shape)>),
    /// The fields of the object before a bracket.
    Fields(Object),
}
