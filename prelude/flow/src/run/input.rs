//! Where a stage reads.

use crate::run::store::Store;
use sources::Source;

/// Where the units' rows come from.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    Source(&'a dyn Source),
    Store(&'a Store),
}
