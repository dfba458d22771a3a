//! Room `cut`: the selection language.
//!
//! A text in the dialect of `DataFrame.query` ([`parse`]) or an expression built from [`col`] and [`lit`] becomes a
//! [`Cut`]; with a schema it becomes a [`Typed`] cut, and all errors of names and types are told then, before anything
//! is read. A typed cut evaluates over a frame ([`Typed::mask`], [`Typed::values`]), as a Polars expression
//! ([`Typed::expr`]) and over statistics ([`Typed::verdict`]): four answers, one meaning.
//!
//! Meaning: IEEE comparisons (any with NaN or null is false, `!=` is true), then two-valued logic; arithmetic on integers
//! widens and never wraps; a literal beside an f32 column is f32. [`escape`] knows the names basf2 gives to columns.
//!
//! It knows no files and no processes: a frame comes in, a mask or a column goes out.

pub mod escape;

mod arithmetic;
mod bound;
mod call;
mod check;
mod compare;
mod comparison;
mod cut;
mod error;
mod evaluate;
mod expr;
mod functions;
mod kernel;
mod lane;
mod lint;
mod locals;
mod lower;
mod mask;
mod members;
mod output;
mod parse;
mod print;
mod program;
mod several;
mod table;
mod text;
mod times;
mod token;
mod typed;
mod types;
mod value;
mod verdict;

#[cfg(test)]
mod tests;

pub use cut::{Cut, parse};
pub use error::{Error, Problem, Result, Span};
pub use expr::{Expr, col, lit, where_};
pub use lint::{Counts, lint};
pub use several::Several;
pub use typed::Typed;
pub use value::{Function, Value, Width};
pub use verdict::Verdict;
