//! Collections: which columns of a table are fields of the same objects, and what they are called.
//!
//! The jets of an event are stored in one of four ways, and are the collection `Jet` in each: columns of lists `Jet_pt`,
//! `Jet_eta` with a count `nJet`, or at least two such columns without it (NanoAOD); columns of lists `Jet.pt`; one column
//! `Jet` of lists of objects; a bank of HIPO, `REC::Particle.px`, which is also called by the last part of its name.

use crate::error::{Error, Result};
use crate::lists::inner;
use polars::prelude::*;

/// Columns with a value for each object of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Collection {
    /// The name, as it begins the names of the columns.
    pub name: String,
    /// The column of whole objects, where they are stored in one.
    pub objects: Option<PlSmallStr>,
    /// Fields of an object.
    pub fields: Vec<CollectionField>,
    /// The column that says how many objects a row has.
    pub count: Option<PlSmallStr>,
}

/// A field of the objects of a collection.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectionField {
    /// The name within the object.
    pub name: String,
    /// The column that holds it.
    pub column: PlSmallStr,
    /// The type of one value.
    pub dtype: DataType,
}

impl Collection {
    /// The name without the part before `::`.
    pub fn short(&self) -> &str {
        self.name.rsplit("::").next().unwrap_or(&self.name)
    }

    /// Whether a column holds values of the objects.
    pub fn has(&self, column: &str) -> bool {
        self.fields.iter().any(|field| field.column == column)
    }
}

/// All collections of a table, in the order of their first columns.
pub fn collections(schema: &Schema) -> Vec<Collection> {
    let mut found: Vec<Collection> = Vec::new();
    for (column, dtype) in schema.iter() {
        let Some(inner) = inner(dtype) else { continue };
        if let DataType::Struct(fields) = inner {
            let field = |field: &Field| CollectionField {
                name: field.name.to_string(),
                column: column.clone(),
                dtype: field.dtype.clone(),
            };
            found.push(Collection {
                name: column.to_string(),
                objects: Some(column.clone()),
                fields: fields.iter().map(field).collect(),
                count: counted(schema, column),
            });
            continue;
        }
        let Some((prefix, field)) = parts(schema, column) else { continue };
        let field = CollectionField { name: field.to_owned(), column: column.clone(), dtype: inner.clone() };
        match found.iter_mut().find(|have| have.name == prefix && have.objects.is_none()) {
            Some(have) => have.fields.push(field),
            None => found.push(Collection {
                name: prefix.to_owned(),
                objects: None,
                fields: vec![field],
                count: counted(schema, prefix),
            }),
        }
    }
    // One column of lists with a `_` in its name and nothing beside it is only that.
    found.retain(|one| {
        one.fields.len() > 1 || one.count.is_some() || one.objects.is_some() || one.fields[0].column.contains('.')
    });
    found
}

/// The collection of this name: in full, or the last part of it.
///
/// # Errors
/// No such collection, with the nearest names; several whose last parts are this name.
pub fn collection(schema: &Schema, name: &str) -> Result<Collection> {
    let mut all = collections(schema);
    if let Some(at) = all.iter().position(|one| one.name == name) {
        return Ok(all.swap_remove(at));
    }
    let meant: Vec<&Collection> = all.iter().filter(|one| one.short() == name).collect();
    match meant[..] {
        [one] => Ok(one.clone()),
        [] => Err(Error::request(absent(name, &all))),
        _ => {
            let names: Vec<_> = meant.iter().map(|one| format!("`{}`", one.name)).collect();
            Err(Error::request(format!("`{name}` may be {}; write it in full", names.join(" or "))))
        }
    }
}

fn absent(name: &str, all: &[Collection]) -> String {
    if all.is_empty() {
        return format!("no collection `{name}`: no column holds lists");
    }
    let names: Vec<_> = all.iter().map(Collection::short).collect();
    match crate::nearest(name, names.iter().copied()).first() {
        Some(near) => format!("no collection `{name}`; did you mean `{near}`?"),
        None => format!("no collection `{name}`; there are {}", names.join(", ")),
    }
}

/// A column of lists as the name of a collection and of a field.
fn parts<'a>(schema: &Schema, column: &'a str) -> Option<(&'a str, &'a str)> {
    if let Some((prefix, field)) = column.rsplit_once('.')
        && !prefix.is_empty()
        && !field.is_empty()
    {
        return Some((prefix, field));
    }
    let places = column.match_indices('_').map(|(at, _)| at).filter(|&at| at > 0 && at + 1 < column.len());
    let split = |at: usize| (&column[..at], &column[at + 1..]);
    let mut counted_prefixes = places.clone().map(split).filter(|(prefix, _)| counted(schema, prefix).is_some());
    counted_prefixes.next_back().or_else(|| places.map(split).next())
}

/// The column that counts the objects of a collection.
fn counted(schema: &Schema, prefix: &str) -> Option<PlSmallStr> {
    let name = PlSmallStr::from_string(format!("n{prefix}"));
    schema.get(&name).filter(|dtype| dtype.is_integer()).map(|_| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(columns: &[(&str, DataType)]) -> Schema {
        columns.iter().map(|(name, dtype)| Field::new((*name).into(), dtype.clone())).collect()
    }

    fn list(dtype: DataType) -> DataType {
        DataType::List(Box::new(dtype))
    }

    fn told(schema: &Schema) -> Vec<String> {
        let one = |one: &Collection| {
            let fields: Vec<_> = one.fields.iter().map(|field| field.name.as_str()).collect();
            format!("{} {}: {}", one.name, one.count.as_deref().unwrap_or("-"), fields.join(" "))
        };
        collections(schema).iter().map(one).collect()
    }

    #[test]
    fn the_four_ways_to_store_objects() {
        let floats = || list(DataType::Float32);
        let nano = schema(&[
            ("nJet", DataType::UInt32),
            ("Jet_pt", floats()),
            ("MET_pt", DataType::Float32),
            ("Jet_btag_deep", floats()),
            ("FatJet_sub_pt", floats()),
            ("nFatJet_sub", DataType::Int32),
            ("Tau_pt", floats()),
            ("Tau_eta", floats()),
            ("LHE_weights", floats()),
        ]);
        assert_eq!(told(&nano), ["Jet nJet: pt btag_deep", "FatJet_sub nFatJet_sub: pt", "Tau -: pt eta"]);
        let jet = DataType::Struct(vec![Field::new("pt".into(), DataType::Float64)]);
        let nested = schema(&[("Jet", list(jet)), ("Muon.pt", floats()), ("MET", DataType::Float32)]);
        assert_eq!(told(&nested), ["Jet -: pt", "Muon -: pt"]);
        let hipo =
            schema(&[("REC::Particle.px", floats()), ("MC::Particle.px", floats()), ("RUN::config.run", floats())]);
        assert_eq!(collection(&hipo, "config").unwrap().name, "RUN::config");
        assert_eq!(collection(&hipo, "MC::Particle").unwrap().fields[0].column, "MC::Particle.px");
        let say = |name: &str| collection(&hipo, name).unwrap_err().to_string();
        assert_eq!(say("Particle"), "`Particle` may be `REC::Particle` or `MC::Particle`; write it in full");
        assert_eq!(say("Partcle"), "no collection `Partcle`; did you mean `Particle`?");
        assert!(say("zzzzzzzzzz").ends_with("there are Particle, Particle, config"));
    }
}
