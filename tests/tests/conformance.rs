//! Every conformance case, through the public API: `cargo test --release --test conformance`.
//! A file per kind; each names the cases that differ.

#[path = "conformance/candidates.rs"]
mod candidates;
#[path = "conformance/combine.rs"]
mod combine;
#[path = "conformance/events.rs"]
mod events;
#[path = "conformance/hipo.rs"]
mod hipo;
#[path = "conformance/hist.rs"]
mod hist;
#[path = "conformance/jagged.rs"]
mod jagged;
#[path = "conformance/names.rs"]
mod names;
#[path = "conformance/pipeline.rs"]
mod pipeline;
#[path = "conformance/query.rs"]
mod query;
#[path = "conformance/root.rs"]
mod root_files;
#[path = "conformance/systematics.rs"]
mod systematics;
