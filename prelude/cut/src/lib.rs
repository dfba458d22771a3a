//! Room `cut`: the selection language.
//!
//! A text in the dialect of `DataFrame.query` ([`parse`]) or an expression built from [`col`] and [`lit`] becomes a
//! [`Cut`]; with a schema it becomes a [`Typed`] cut, and all errors of names and types are told then, before anything
//! is read. A typed cut evaluates over a frame ([`Typed::mask`], [`Typed::values`]), as a Polars expression
//! ([`Typed::expr`]), over statistics ([`Typed::verdict`]) and as an expression of Spark ([`Typed::term`]): five answers,
//! one meaning.
//!
//! Meaning: IEEE comparisons (any with NaN or null is false, `!=` is true), then two-valued logic; arithmetic on integers
//! widens and never wraps; a literal beside an f32 column is f32. Both spellings of a column name of basf2 are understood.
//!
//! It knows no files and no processes: a frame comes in, a mask or a column goes out.

mod check;
mod cut;
mod error;
mod evaluate;
mod lint;
mod lookup;
mod page;
mod polars;
mod spark;
mod syntax;
mod times;
mod value;
mod verdict;
mod words;

#[cfg(test)]
mod tests;

pub use check::typed::Typed;
pub use cut::{Cut, parse};
pub use error::{Error, Problem, Result, Span};
pub use evaluate::fused::FusedCuts;
pub use lint::{Counts, lint};
pub use lookup::{Given, Lookup, Wanted};
pub use page::page;
pub use spark::held_as;
pub use spark::term::{Term, TermKind};
pub use syntax::expr::{Expr, col, lit, where_};
pub use times::{time, time_in};
pub use value::{UserFunction, Value, Width};
pub use verdict::Verdict;
