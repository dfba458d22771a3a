//! Where to cut: a figure of merit at every place at which histograms of signal and background can be cut, and the
//! curve of one against the other. Filled once, all places are looked at without reading again.

mod kept;
mod merit;
mod roc;

pub use kept::Side;
pub use merit::{Best, CutScan, Merit, cut_scan};
pub use roc::{Roc, RocPoint, roc};
