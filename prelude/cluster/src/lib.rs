//! Room `cluster`: queries that run on Apache Spark or Sail.
//!
//! In comes a [`Server`], the Parquet files of a table and the clauses of a query; they become a relation of Spark
//! Connect ([`Table`]), and out come counts, sums, bins and rows that mean what the engines of this machine mean: each
//! expression is written so that NaN, infinities, missing values and zero divisors give the IEEE answers
//! ([`cut::Typed::term`]). What a server cannot do in the same sense is an error that names the step; no rows are fetched
//! without being asked for.
//!
//! It must not know physics, nor how anything is displayed.

mod aggregate;
mod bins;
mod expression;
mod groups;
mod rows;
mod server;
mod steps;
mod table;

pub use aggregate::Booked;
pub use groups::{Computed, Of, Source, grouped};
pub use server::{IntoServer, Server};
pub use table::Table;
