//! The store in which a notebook's variables live from cell to cell, and what runs cells, apart from Polars and all that needs
//! it: so it can be built with a sanitizer, and run by Miri, in seconds. The files are the prelude's own.
//!
//! What they import from the rest of the house stands here in its shortest form.
#![allow(dead_code)]

extern crate self as data;
extern crate self as hist;
extern crate self as polars;
extern crate self as recoil;
extern crate self as segment;

pub mod error;
#[path = "../../../prelude/segment/src/lock.rs"]
mod lock;
pub mod prelude;
#[path = "../../../prelude/segment/src/record.rs"]
pub mod record;
pub mod runtime;
#[path = "../../../prelude/segment/src/sealed.rs"]
mod sealed;
#[path = "../../../prelude/segment/src/work.rs"]
pub mod work;

pub use error::Error;
pub use lock::lock;
pub use prelude::{Data, FitResult, Group};
pub use sealed::Sealed;
