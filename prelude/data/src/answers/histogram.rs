//! Terminals that fill histograms: one scan of the rows for all of them.

use crate::answers::fill::{Filling, check};
use crate::answers::rows_of::{IntoBin, Origin};
use crate::answers::variations::Variations;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::pass::GroupPlan;
use crate::steps::booking::{Booking, IntoBookings};
use hist::{Axis, Bins, Hist, IntoBins, Storage};
use polars::prelude::DataFrame;
use segment::{Sealed, Text};
use show::Report;
use std::ops::{Add, Deref, Div, Mul, Sub};
use std::sync::Arc;

/// A histogram that knows how it was made: the total, one component per process, and the report of the run.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let hist = data.hist("x", (2, 0.5, 4.5))?;
/// assert_eq!(hist.by_process().get("mumu").unwrap().counts(), hist.counts());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Histogram {
    /// Together, so that a cell has one thing to drop.
    pub(crate) made: Sealed<Made>,
}

/// A histogram with what is known of how it was made.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    hist: Hist,
    /// The same in the universes of systematic variations.
    pub variations: Arc<Variations>,
    /// The processes that are recorded data.
    measured: Arc<[String]>,
    report: Arc<Report>,
    origin: Arc<Origin>,
}

impl Deref for Histogram {
    type Target = Hist;

    fn deref(&self) -> &Hist {
        &self.made.hist
    }
}

impl AsRef<Hist> for Histogram {
    fn as_ref(&self) -> &Hist {
        &self.made.hist
    }
}

impl From<Histogram> for Hist {
    fn from(histogram: Histogram) -> Hist {
        histogram.made.into_inner().hist
    }
}

impl show::Display for Histogram {
    /// Of simulation and recorded data, data as points over the stack of simulation.
    fn bundle(&self) -> show::Bundle {
        show::Part::plot(self).bundle()
    }
}

impl show::Part for Histogram {
    fn part(&self, at: usize) -> (String, Hist) {
        self.made.hist.part(at)
    }

    fn plot(&self) -> show::Plot {
        match self.data_and_simulation() {
            Some((data, simulation)) => self.with_band(show::stack(&simulation)).data(&data),
            None => self.with_band(self.made.hist.plot()),
        }
    }

    fn spread(&self) -> Option<show::Spread> {
        self.own_spread()
    }
}

impl show::Parts for Histogram {
    fn parts(&self) -> Vec<(String, Hist)> {
        self.made.hist.parts()
    }

    fn spread(&self) -> Option<show::Spread> {
        self.own_spread()
    }
}

impl Histogram {
    /// Writes the histogram to a file, as its ending says: the picture that a cell shows (`.pdf`, `.svg`, `.png`), or the bins
    /// (`.json` as UHI, `.csv`, `.root`).
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0])?)])?;
    /// # let folder = std::env::temp_dir().join(format!("recoil-example-{}-save", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// data.hist("x", (2, 0.0, 4.0))?.save(folder.join("x.pdf"))?;
    /// assert!(std::fs::read(folder.join("x.pdf"))?.starts_with(b"%PDF"));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// An ending that is none of these; a picture that cannot be drawn, or a file that cannot be written.
    pub fn save(&self, path: impl AsRef<std::path::Path>) -> Result<()> {
        self.save_at(path.as_ref())
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn save_at(&self, path: &std::path::Path) -> Result<()> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("pdf" | "svg" | "png") => {
                show::Part::plot(self).save(path).map_err(|error| Error::request(error.to_string()))
            }
            _ => Ok(self.made.hist.save(path)?),
        }
    }

    /// The band of all sources, where there are any and the plot is of one axis.
    fn with_band(&self, plot: show::Plot) -> show::Plot {
        match self.sources_spread() {
            Some(show::Spread { name, up, down }) => plot.band(&name, &up, &down),
            None => plot,
        }
    }

    /// What all sources and statistics do to the sum of the simulation.
    fn sources_spread(&self) -> Option<show::Spread> {
        let sources = self.made.variations.sources.len();
        if sources == 0 || self.made.hist.dimensions() != 1 || self.made.hist.is_profile() {
            return None;
        }
        let words = if sources == 1 { "source" } else { "sources" };
        let band = self.band().ok()?;
        Some(show::Spread { name: format!("±1σ, {sources} {words}"), up: band.up, down: band.down })
    }

    /// The same, where all of the histogram is simulation.
    fn own_spread(&self) -> Option<show::Spread> {
        let all = self.simulated().len() == self.made.hist.by_process().len();
        self.sources_spread().filter(|_| all)
    }

    /// The recorded and the simulated processes apart, where there are both and they count entries along one axis.
    fn data_and_simulation(&self) -> Option<(Hist, Hist)> {
        if self.made.hist.dimensions() != 1 || matches!(self.made.hist.storage(), Storage::Mean | Storage::WeightedMean)
        {
            return None;
        }
        let of = |measured: bool| {
            let all = self.made.hist.by_process().iter();
            let parts = all.filter(|(name, _)| self.made.measured.iter().any(|own| own == name) == measured);
            Hist::from_processes(parts.map(|(name, hist)| (name.to_owned(), hist.clone()))).ok()
        };
        Some((of(true)?, of(false)?))
    }

    /// The positions of the simulated processes: those that are not recorded data, or all where nothing else is there.
    pub(crate) fn simulated(&self) -> Vec<usize> {
        let names: Vec<&str> = self.made.hist.by_process().names().collect();
        let all = 0..names.len();
        let simulated: Vec<usize> =
            all.clone().filter(|&at| !self.made.measured.iter().any(|own| own == names[at])).collect();
        if simulated.is_empty() { all.collect() } else { simulated }
    }

    /// The rows that were filled into a bin, with all their columns: `h.rows_of(12)?`, of two axes `h.rows_of((3, 4))?`. Bins
    /// count from 0. The steps are run once more; with several processes the column `__process__` says which.
    ///
    /// # Errors
    /// A bin that is not there; see [`Group::collect`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let hist = data.hist("x", (4, 0.5, 4.5))?;
    /// assert_eq!(hist.rows_of(2)?.height(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn rows_of(&self, bin: impl IntoBin) -> Result<DataFrame> {
        self.made.origin.rows(self.made.hist.axes(), &bin.into_bin())
    }

    /// How the histogram was made: time, rows, bytes, segments, cuts.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.hist("x", 2)?.performance_report().rows_in, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn performance_report(&self) -> &Report {
        &self.made.report
    }
}

/// Operators that give a plain histogram: the report of a sum is that of neither side.
macro_rules! operators {
    ($($left:ty, $right:ty;)*) => {$(
        impl Add<$right> for $left {
            type Output = hist::Result<Hist>;

            fn add(self, other: $right) -> hist::Result<Hist> {
                AsRef::<Hist>::as_ref(&self) + AsRef::<Hist>::as_ref(&other)
            }
        }

        impl Div<$right> for $left {
            type Output = hist::Result<hist::Values>;

            fn div(self, other: $right) -> hist::Result<hist::Values> {
                AsRef::<Hist>::as_ref(&self) / AsRef::<Hist>::as_ref(&other)
            }
        }

        impl Sub<$right> for $left {
            type Output = hist::Result<Hist>;

            fn sub(self, other: $right) -> hist::Result<Hist> {
                AsRef::<Hist>::as_ref(&self) - AsRef::<Hist>::as_ref(&other)
            }
        }
    )*};
}
operators! {
    Histogram, Histogram; Histogram, &Histogram; &Histogram, Histogram; &Histogram, &Histogram;
    Histogram, Hist; Histogram, &Hist; &Histogram, Hist; &Histogram, &Hist;
    Hist, Histogram; Hist, &Histogram; &Hist, Histogram; &Hist, &Histogram;
}

macro_rules! scaling {
    ($($histogram:ty)*) => {$(
        impl Mul<f64> for $histogram {
            type Output = Hist;

            fn mul(self, factor: f64) -> Hist {
                &self.made.hist * factor
            }
        }

        impl Mul<$histogram> for f64 {
            type Output = Hist;

            fn mul(self, histogram: $histogram) -> Hist {
                &histogram.made.hist * self
            }
        }

        impl Div<f64> for $histogram {
            type Output = Hist;

            fn div(self, divisor: f64) -> Hist {
                &self.made.hist / divisor
            }
        }
    )*};
}
scaling! { Histogram &Histogram }

impl Group {
    /// A histogram of a column or an expression, with a component per process; weights of rows and processes count.
    ///
    /// `bins` is a number (`50`: the range is found first, which takes a pass of its own where the values do not fit into an
    /// eighth of the memory budget), `(50, 0.0, 3.0)`, a list of edges, or an [`Axis`].
    ///
    /// # Errors
    /// Everything that is wrong with the steps, the column or the bins, before any row is read.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let hist = data.hist("x", (4, 0.5, 4.5))?;
    /// assert_eq!(hist.values(), [1.0, 1.0, 1.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn hist(&self, column: impl Text, bins: impl IntoBins) -> Result<Histogram> {
        self.fill_one(column.text(), bins.into_bins())
    }

    /// A histogram of two columns.
    ///
    /// # Errors
    /// See [`Group::hist`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let hist = data.hist2d("x", (4, 0.5, 4.5), "x * x", (2, 0.0, 20.0))?;
    /// assert_eq!(hist.sum(), 4.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn hist2d(
        &self,
        x: impl Text,
        x_bins: impl IntoBins,
        y: impl Text,
        y_bins: impl IntoBins,
    ) -> Result<Histogram> {
        self.fill_two([x.text(), y.text()], [x_bins.into_bins(), y_bins.into_bins()])
    }

    /// A histogram over any number of axes.
    ///
    /// # Errors
    /// See [`Group::hist`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use hist::Axis;
    /// let axes = [("x", Axis::regular(2, 0.0, 5.0)?), ("x * x", Axis::regular(2, 0.0, 20.0)?), ("__event__", Axis::integer(1, 4)?)];
    /// assert_eq!(data.hist_nd(axes)?.dimensions(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn hist_nd(&self, axes: impl IntoIterator<Item = (impl AsRef<str>, Axis)>) -> Result<Histogram> {
        let (columns, bins) =
            axes.into_iter().map(|(column, axis)| (column.as_ref().to_owned(), Bins::Axis(axis))).unzip();
        self.fill(vec![Booking { columns, bins }]).map(only)
    }

    /// Several histograms from one scan of the rows: `hists([("mu1P", 50), ("mu1Theta", 100)])`. Of different kinds they
    /// stand in a tuple: `hists((("mu1P", 50), ("mu1Theta", (100, 0.0, 3.2)), ("mu1P", 50, "mu2P", 50)))`; a name alone,
    /// `hists(["mu1P", "mu2P"])`, gets the bins of the variable registry.
    ///
    /// # Errors
    /// See [`Group::hist`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let hists = data.hists([("x", (4, 0.5, 4.5)), ("x * x", (2, 0.0, 20.0))])?;
    /// assert_eq!(hists.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn hists(&self, bookings: impl IntoBookings) -> Result<Vec<Histogram>> {
        self.fill_all(bookings.into_bookings())
    }

    /// The mean of `y` in bins of `x`, per process.
    ///
    /// # Errors
    /// See [`Group::hist`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let profile = data.profile("__event__", (3, 0.5, 3.5), "x")?;
    /// assert_eq!(profile.values(), [1.5, 3.0, 4.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn profile(&self, x: impl Text, bins: impl IntoBins, y: impl Text) -> Result<Histogram> {
        self.fill_profile(&[x.text(), y.text()], bins.into_bins())
    }

    // Every cell compiles the generic methods above anew, so they only hand on.
    #[inline(never)]
    fn fill_one(&self, column: &str, bins: hist::Result<Bins>) -> Result<Histogram> {
        self.fill(vec![Booking::new(&[column], vec![bins?])]).map(only)
    }

    #[inline(never)]
    fn fill_two(&self, columns: [&str; 2], [x, y]: [hist::Result<Bins>; 2]) -> Result<Histogram> {
        self.fill(vec![Booking::new(&columns, vec![x?, y?])]).map(only)
    }

    #[inline(never)]
    fn fill_profile(&self, columns: &[&str; 2], bins: hist::Result<Bins>) -> Result<Histogram> {
        self.fill(vec![Booking::new(columns, vec![bins?])]).map(only)
    }

    #[inline(never)]
    fn fill_all(&self, bookings: Result<Vec<Booking>>) -> Result<Vec<Histogram>> {
        self.fill(bookings?)
    }

    fn fill(&self, bookings: Vec<Booking>) -> Result<Vec<Histogram>> {
        let wanted: Vec<String> = bookings.iter().flat_map(|booking| booking.columns.clone()).collect();
        let mut pass = GroupPlan::together(self, &wanted)?;
        pass.lowered().iter().try_for_each(|lowered| check(lowered, &bookings))?;
        let (axes, kept) =
            crate::lower::ranges::axes(&mut pass, &bookings, self.parts.settings.options().memory_budget / 8)?;
        let mut kept = kept.into_iter();
        let filling = Filling { bookings: &bookings, axes: &axes, group: self, wanted: &wanted };
        let parts = pass.each(|lowered| filling.process(self, lowered, kept.next().flatten()))?;
        let measured = pass.lowered().iter().filter(|one| one.is_recorded()).map(|one| one.name().to_owned());
        let measured: Arc<[String]> = measured.collect();
        let title = wanted.join(", ");
        let report = Arc::new(pass.report(format!("hist {title}")));
        let mut histograms = Vec::with_capacity(bookings.len());
        for (at, booking) in bookings.iter().enumerate() {
            let by_process = parts.iter().map(|(process, filled)| (process.to_string(), filled.nominal[at].clone()));
            let hist = Hist::from_processes(by_process)?;
            let variations = Arc::new(Variations::new(&hist, &parts, at)?);
            let origin = Arc::new(Origin { group: self.clone(), columns: booking.columns.clone() });
            let (measured, report) = (measured.clone(), report.clone());
            histograms.push(Histogram { made: Sealed::new(Made { hist, variations, measured, report, origin }) });
        }
        Ok(histograms)
    }
}

fn only(mut histograms: Vec<Histogram>) -> Histogram {
    // `fill` gives one histogram per booking, and there was one.
    histograms.remove(0)
}
