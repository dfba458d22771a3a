//! RNTuple 1.0: fields, columns and pages.
//!
//! In goes the anchor of an ntuple, out come the values of columns. Everything behind the anchor is little-endian and has
//! a checksum, which is compared. What a file needs that this reader does not know is refused by its name.

mod anchor;
mod envelope;
mod page;
mod pages;
mod plan;
mod read;
mod schema;

pub(crate) use read::Ntuple;

/// Whether objects of a class are ntuples.
pub(crate) fn is_ntuple(class: &str) -> bool {
    matches!(class, "ROOT::RNTuple" | "ROOT::Experimental::RNTuple")
}
