//! Room `corrections`: tables of corrections, such as scale factors of particle identification.
//!
//! A text in the format of correctionlib (JSON, version 2) or the rows of a flat table become a checked [`Correction`];
//! inputs go in, a number comes out, or a reason why the table has none. It knows no frames, no cuts and no files: bytes
//! come in, `f64` go out.
//!
//! ```
//! use corrections::{Input, Set};
//! let text = r#"{"schema_version": 2, "corrections": [{"name": "sf", "version": 1,
//!     "inputs": [{"name": "p", "type": "real"}, {"name": "kind", "type": "string"}], "output": {"name": "weight", "type": "real"},
//!     "data": {"nodetype": "category", "input": "kind", "content": [
//!         {"key": "nominal", "value": {"nodetype": "binning", "input": "p", "edges": [0, 1, 3], "content": [0.9, 1.1], "flow": "error"}},
//!         {"key": "up", "value": {"nodetype": "formula", "expression": "1 + 0.1 * x", "parser": "TFormula", "variables": ["p"]}}]}}]}"#;
//! let set = Set::read(text.as_bytes())?;
//! let sf = set.get("sf")?;
//! assert_eq!(sf.value(&[Input::Real(1.5), Input::Text("nominal")])?, 1.1);
//! assert_eq!(sf.value(&[Input::Real(1.5), Input::Text("up")])?, 1.15);
//! let outside = sf.value(&[Input::Real(4.0), Input::Text("nominal")]).unwrap_err();
//! assert_eq!(outside.to_string(), "`p` is 4, above the bins of the table, which end at 3");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Missing values.** An input that is missing (NaN, or [`Input::Missing`]) makes the result NaN wherever the table looks at
//! it. Here it differs from correctionlib, for which NaN is a value above all bins.

mod edges;
mod error;
mod formula;
mod hash;
mod input;
mod node;
mod random;
mod read;
mod rows;
mod set;
#[cfg(test)]
mod tests;

pub use error::{Error, Outside, Result};
pub use input::{Input, Kind, Variable};
pub use rows::{Bins, Flow, Keys, Rows};
pub use set::{Correction, Set};
