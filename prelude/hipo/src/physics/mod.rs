//! Four-momenta, reactions, and links between the banks of an event.

pub(crate) mod link;
pub(crate) mod lorentz;
pub(crate) mod reaction;
