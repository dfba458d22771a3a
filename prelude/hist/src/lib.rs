//! Room `hist`: axes, what is kept per bin, and what physicists do with it.
//!
//! Columns and weights come in, as slices or as Polars series read in place; a [`Hist`] goes out, with its parts by
//! process, its uncertainties, its fits and its text in the UHI format. Filling is parallel, and the result is the
//! same bit for bit with any number of threads. It knows no files, no selections and no pixels.

mod arithmetic;
mod axis;
mod bins;
mod cell_sums;
mod cells;
mod clock;
mod column;
mod compare;
mod contents;
mod error;
mod fill;
mod fit;
mod hist;
mod interval;
mod locate;
mod mean;
mod moments;
mod numbers;
mod optimise;
mod process;
mod root_file;
mod slice;
mod slots;
mod sum;
mod sums;
mod text;
mod uhi;
mod unfold;
mod values;

pub use arithmetic::sum;
pub use axis::{Axis, Kind};
pub use bins::{Bins, Count, IntoBins, Number, RangeFinder};
pub use cell_sums::CellSums;
pub use cells::Storage;
pub use clock::Clock;
pub use compare::{Agreement, Compared, Comparison, chi2, compare};
pub use error::{Error, Result};
pub use fill::Entries;
pub use fill::together::{Layer, Layered, fill_together};
pub use fill::universes::Sums;
pub use fit::{
    Argus, BreitWigner, Chebyshev, Constant, Convolved, CrystalBall, DoubleCrystalBall, Exponential, Fit, FitFunction,
    FitResult, Fitted, Fitting, Gaussian, Johnson, Line, Method, Model, Parameter, Polynomial, SPlot, SWeight,
    Simultaneous, Template, Voigt, fit_values,
};
pub use hist::{AxisText, Hist, Sample};
pub use interval::{Efficiency, ONE_SIGMA, clopper_pearson, efficiency, poisson_interval, share, wilson};
pub use locate::{AxisAt, Locator, Place, loc};
pub use optimise::{Best, CutScan, Merit, Roc, RocPoint, Side, cut_scan, roc};
pub use process::ByProcess;
pub use root_file::write_root;
pub use unfold::{Unfolded, unfold};
pub use values::{Kolmogorov, Pair, Values, pair};

#[cfg(test)]
mod properties;
