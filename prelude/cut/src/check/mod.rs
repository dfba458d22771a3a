//! Storey `check`: what an expression means for the columns of a table. An expression, bound values and a schema come
//! in; a [`typed::Typed`] program goes out, or all errors of names and types with their places. It reads no data.

mod call;
pub(crate) mod checker;
mod compare;
pub(crate) mod dialect;
pub(crate) mod exact;
pub(crate) mod functions;
pub(crate) mod members;
pub(crate) mod program;
pub(crate) mod text;
pub(crate) mod typed;
pub(crate) mod types;
