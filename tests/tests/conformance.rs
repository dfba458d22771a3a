//! Every conformance case, through the public API: `cargo test --release --test conformance`.
//! A file per kind; each names the cases that differ.

#[path = "conformance/events.rs"]
mod events;
#[path = "conformance/hipo.rs"]
mod hipo;
#[path = "conformance/query.rs"]
mod query;
