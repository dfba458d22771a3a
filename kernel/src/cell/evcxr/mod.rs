//! All that is known of the library evcxr.
//!
//! evcxr keeps the notebook's items and added crates, writes the crate of a cell and drives the worker process. This
//! storey takes the place of cargo for evcxr ([`cargo_shim`]), tells its rust-analyzer as little as it can do with
//! ([`analyzer`]), and starts it with its worker ([`startup`]) in the session's [`folder`].

mod analyzer;
pub(crate) mod cargo_shim;
pub(crate) mod folder;
pub(crate) mod startup;
