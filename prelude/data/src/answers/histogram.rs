//! Terminals that fill histograms: one scan of the rows for all of them.

use crate::answers::rows_of::{IntoBin, Origin};
use crate::error::Result;
use crate::group::Group;
use crate::lower::lowered::Lowered;
use crate::lower::pass::Pass;
use crate::lower::ranges::Kept;
use crate::steps::booking::{Booking, IntoBooking, IntoBookings};
use flow::Sink;
use hist::{Axis, Bins, Entries, Hist, IntoBins, RangeFinder, Storage};
use polars::prelude::{DataFrame, DataType, Series};
use rayon::prelude::*;
use segment::Segment;
use show::Report;
use std::ops::{Add, Deref, Div, Mul, Sub};
use std::sync::Arc;

/// A histogram that knows how it was made: the total, one component per process, and the report of the run.
#[derive(Debug, Clone)]
pub struct Histogram {
    hist: Hist,
    /// The processes that are recorded data.
    measured: Arc<[String]>,
    report: Arc<Report>,
    origin: Arc<Origin>,
}

impl Deref for Histogram {
    type Target = Hist;

    fn deref(&self) -> &Hist {
        &self.hist
    }
}

impl AsRef<Hist> for Histogram {
    fn as_ref(&self) -> &Hist {
        &self.hist
    }
}

impl From<Histogram> for Hist {
    fn from(histogram: Histogram) -> Hist {
        histogram.hist
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
        self.hist.part(at)
    }

    fn plot(&self) -> show::Plot {
        match self.data_and_simulation() {
            Some((data, simulation)) => show::stack(&simulation).data(&data),
            None => self.hist.plot(),
        }
    }
}

impl show::Parts for Histogram {
    fn parts(&self) -> Vec<(String, Hist)> {
        self.hist.parts()
    }
}

impl Histogram {
    /// The recorded and the simulated processes apart, where there are both and they count entries along one axis.
    fn data_and_simulation(&self) -> Option<(Hist, Hist)> {
        if self.hist.dimensions() != 1 || matches!(self.hist.storage(), Storage::Mean | Storage::WeightedMean) {
            return None;
        }
        let of = |measured: bool| {
            let all = self.hist.by_process().iter();
            let parts = all.filter(|(name, _)| self.measured.iter().any(|own| own == name) == measured);
            Hist::from_processes(parts.map(|(name, hist)| (name.to_owned(), hist.clone()))).ok()
        };
        Some((of(true)?, of(false)?))
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
        self.origin.rows(self.hist.axes(), &bin.into_bin())
    }

    /// How the histogram was made: time, rows, bytes, segments, cuts.
    pub fn performance_report(&self) -> &Report {
        &self.report
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
                &self.hist * factor
            }
        }

        impl Mul<$histogram> for f64 {
            type Output = Hist;

            fn mul(self, histogram: $histogram) -> Hist {
                &histogram.hist * self
            }
        }

        impl Div<f64> for $histogram {
            type Output = Hist;

            fn div(self, divisor: f64) -> Hist {
                &self.hist / divisor
            }
        }
    )*};
}
scaling! { Histogram &Histogram }

/// A booking tied to the columns of a process.
struct Bound {
    columns: Vec<String>,
    empty: Hist,
}

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
    pub fn hist(&self, column: impl AsRef<str>, bins: impl IntoBins) -> Result<Histogram> {
        self.fill_one((column, bins).into_booking())
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
        x: impl AsRef<str>,
        x_bins: impl IntoBins,
        y: impl AsRef<str>,
        y_bins: impl IntoBins,
    ) -> Result<Histogram> {
        self.fill_one((x, x_bins, y, y_bins).into_booking())
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
    pub fn profile(&self, x: impl AsRef<str>, bins: impl IntoBins, y: impl AsRef<str>) -> Result<Histogram> {
        self.fill(vec![Booking::new(&[x.as_ref(), y.as_ref()], vec![bins.into_bins()?])]).map(only)
    }

    // Every cell compiles the generic methods above anew, so they only hand on.
    #[inline(never)]
    fn fill_one(&self, booking: Result<Booking>) -> Result<Histogram> {
        self.fill(vec![booking?]).map(only)
    }

    #[inline(never)]
    fn fill_all(&self, bookings: Result<Vec<Booking>>) -> Result<Vec<Histogram>> {
        self.fill(bookings?)
    }

    fn fill(&self, bookings: Vec<Booking>) -> Result<Vec<Histogram>> {
        let wanted: Vec<String> = bookings.iter().flat_map(|booking| booking.columns.clone()).collect();
        let mut pass = Pass::new(self, &wanted)?;
        pass.lowered().iter().try_for_each(|lowered| check(lowered, &bookings))?;
        let (axes, kept) = crate::lower::ranges::axes(&mut pass, &bookings, self.settings.options().memory_budget / 8)?;
        let mut kept = kept.into_iter();
        let recognised = pass.is_recognised();
        let parts = pass.each(|lowered| {
            let sink = Fill { bound: bind(lowered, &bookings, &axes, recognised)?, weight: lowered.weight.clone() };
            let hists = match kept.next().flatten() {
                Some(kept) => lowered.timed(|| sink.fill_kept(kept))?,
                None => lowered.go_on(&sink)?,
            };
            Ok(if lowered.scale == 1.0 { hists } else { hists.iter().map(|hist| hist.scaled(lowered.scale)).collect() })
        })?;
        let measured: Arc<[String]> =
            pass.lowered().iter().filter(|one| one.is_measured()).map(|one| one.name().to_owned()).collect();
        let title = wanted.join(", ");
        let report = Arc::new(pass.report(format!("hist {title}")));
        let mut histograms = Vec::with_capacity(bookings.len());
        for at in 0..bookings.len() {
            let by_process = parts.iter().map(|(process, hists)| (process.to_string(), hists[at].clone()));
            let hist = Hist::from_processes(by_process)?;
            let origin = Arc::new(Origin { group: self.clone(), columns: bookings[at].columns.clone() });
            histograms.push(Histogram { hist, measured: measured.clone(), report: report.clone(), origin });
        }
        Ok(histograms)
    }
}

fn only(mut histograms: Vec<Histogram>) -> Histogram {
    // `fill` gives one histogram per booking, and there was one.
    histograms.remove(0)
}

/// That all columns can be filled, before any row is read.
fn check(lowered: &Lowered<'_>, bookings: &[Booking]) -> Result<()> {
    for booking in bookings {
        for (at, column) in booking.columns.iter().enumerate() {
            let dtype = lowered.schema.get(&lowered.name_of(column)).cloned().unwrap_or(DataType::Null);
            let empty = Series::new_empty(column.into(), &dtype);
            match booking.bins.get(at) {
                Some(Bins::Axis(axis)) => axis.accepts(&empty)?,
                // Ranges are found, and means taken, of numbers.
                Some(Bins::Automatic(_)) | None => RangeFinder::new().see_series(&empty)?,
            }
        }
    }
    Ok(())
}

fn bind(lowered: &Lowered<'_>, bookings: &[Booking], axes: &[Vec<Axis>], recognised: bool) -> Result<Vec<Bound>> {
    // A process that counts stays one beside others with weights: its errors are those of counts.
    let weighted = lowered.weight.is_some() || lowered.scale != 1.0;
    let one = |(booking, axes): (&Booking, &Vec<Axis>)| {
        let storage = match (booking.columns.len() > booking.bins.len(), weighted) {
            (true, false) => Storage::Mean,
            (true, true) => Storage::WeightedMean,
            (false, false) => Storage::Count,
            (false, true) => Storage::Weight,
        };
        let columns = booking.columns.iter().map(|column| lowered.name_of(column)).collect();
        let empty = Hist::with(axes.clone(), storage)?;
        let empty = match booking.columns.get(booking.bins.len()) {
            Some(sample) => empty.with_sample(crate::lower::ranges::sample(sample, recognised)),
            None => empty,
        };
        Ok(Bound { columns, empty })
    };
    bookings.iter().zip(axes).map(one).collect()
}

/// Fills histograms.
struct Fill {
    bound: Vec<Bound>,
    weight: Option<String>,
}

impl Sink for Fill {
    type Part = Vec<Hist>;

    fn part(&self) -> Vec<Hist> {
        self.bound.iter().map(|bound| bound.empty.clone()).collect()
    }

    fn take(&self, part: &mut Vec<Hist>, segment: Segment) -> flow::Result<()> {
        self.fill_frame(part, &segment.frame)
    }

    fn merge(&self, whole: &mut Vec<Hist>, next: Vec<Hist>) -> flow::Result<()> {
        for (whole, next) in whole.iter_mut().zip(&next) {
            whole.merge(next).map_err(crate::lower::ranges::told)?;
        }
        Ok(())
    }

    fn identity(&self) -> Option<String> {
        let one = |bound: &Bound| format!("{:?} {:?} {:?}", bound.columns, bound.empty.axes(), bound.empty.storage());
        Some(format!("{:?} {:?}", self.weight, self.bound.iter().map(one).collect::<Vec<_>>()))
    }

    fn save(&self, part: &Vec<Hist>) -> Vec<u8> {
        part.iter().flat_map(Hist::contents).collect()
    }

    fn restore(&self, mut bytes: &[u8]) -> Option<Vec<Hist>> {
        let one = |bound: &Bound| {
            let (own, rest) = bytes.split_at_checked(bound.empty.contents().len())?;
            bytes = rest;
            bound.empty.clone().with_contents(own).ok()
        };
        self.bound.iter().map(one).collect()
    }
}

impl Fill {
    /// Fills rows that an earlier scan has kept: stretch by stretch and merged in order, as a scan would, so that the
    /// result is the same bit for bit.
    fn fill_kept(&self, kept: Kept) -> Result<Vec<Hist>> {
        let stretch = |frames: Vec<DataFrame>| {
            let mut part = self.part();
            frames.iter().try_for_each(|frame| self.fill_frame(&mut part, frame)).map(|()| part)
        };
        let parts = kept.into_par_iter().map(stretch).collect::<flow::Result<Vec<_>>>()?;
        let mut whole = self.part();
        parts.into_iter().try_for_each(|part| self.merge(&mut whole, part))?;
        Ok(whole)
    }

    fn fill_frame(&self, part: &mut [Hist], frame: &DataFrame) -> flow::Result<()> {
        let column = |name: &str| -> flow::Result<&Series> {
            Ok(frame.column(name).map_err(segment::Error::from)?.as_materialized_series())
        };
        let weight = self.weight.as_deref().map(column).transpose()?;
        for (hist, bound) in part.iter_mut().zip(&self.bound) {
            let columns = bound.columns.iter().map(|name| column(name)).collect::<flow::Result<Vec<_>>>()?;
            // A column beyond the axes is the sample of a profile.
            let (axes, sample) = columns.split_at(hist.dimensions());
            let entries = Entries { columns: axes, weight, sample: sample.first().copied(), mask: None };
            hist.fill_entries(&entries).map_err(crate::lower::ranges::told)?;
        }
        Ok(())
    }
}
