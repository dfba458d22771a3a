//! Storey `check`: what an expression means for the columns of a table. An expression, bound values and a schema come
//! in; a [`typed::Typed`] program goes out, or all errors of names and types with their places. It reads no data.

mod bits;
mod call;
pub(crate) mod checker;
mod collection;
mod compare;
mod definitions;
pub(crate) mod dialect;
pub(crate) mod domain;
mod domains;
pub(crate) mod exact;
mod folds;
pub(crate) mod functions;
mod lists;
mod lookup;
pub(crate) mod members;
mod momenta;
pub(crate) mod program;
mod scope;
mod settle;
pub(crate) mod shape;
pub(crate) mod text;
pub(crate) mod typed;
pub(crate) mod types;
mod vectors;
