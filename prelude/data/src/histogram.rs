//! Terminals that fill histograms: one scan of the rows for all of them.

use crate::error::{Error, Result};
use crate::group::Group;
use crate::run::{Lowered, Pass};
use flow::Sink;
use hist::{Axis, Bins, Entries, Hist, IntoBins, RangeFinder, Storage};
use polars::prelude::Series;
use segment::Segment;
use show::Report;
use std::ops::Deref;
use std::sync::Arc;

/// A histogram that knows how it was made: the total, one component per process, and the report of the run.
#[derive(Debug, Clone)]
pub struct Histogram {
    hist: Hist,
    report: Arc<Report>,
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
    fn bundle(&self) -> show::Bundle {
        self.hist.bundle()
    }
}

impl show::Part for Histogram {
    fn part(&self, at: usize) -> (String, Hist) {
        self.hist.part(at)
    }
}

impl show::Parts for Histogram {
    fn parts(&self) -> Vec<(String, Hist)> {
        self.hist.parts()
    }
}

impl Histogram {
    /// How the histogram was made: time, rows, bytes, segments, cuts.
    pub fn performance_report(&self) -> &Report {
        &self.report
    }
}

/// One histogram as asked for: what is filled on each axis, and its bins.
struct Booking {
    columns: Vec<String>,
    bins: Vec<Bins>,
}

/// A booking tied to the columns of a process.
struct Bound {
    columns: Vec<String>,
    empty: Hist,
}

impl Group {
    /// A histogram of a column or an expression, with a component per process; weights of rows and processes count.
    ///
    /// `bins` is a number (`50`: the range is found first, which takes a pass of its own), `(50, 0.0, 3.0)`, a list of
    /// edges, or an [`Axis`].
    ///
    /// # Errors
    /// Everything that is wrong with the steps, the column or the bins, before any row is read.
    pub fn hist(&self, column: impl AsRef<str>, bins: impl IntoBins) -> Result<Histogram> {
        let booking = Booking { columns: vec![column.as_ref().to_owned()], bins: vec![bins.into_bins()?] };
        self.fill(vec![booking]).map(only)
    }

    /// A histogram of two columns.
    ///
    /// # Errors
    /// See [`Group::hist`].
    pub fn hist2d(
        &self,
        x: impl AsRef<str>,
        x_bins: impl IntoBins,
        y: impl AsRef<str>,
        y_bins: impl IntoBins,
    ) -> Result<Histogram> {
        let columns = vec![x.as_ref().to_owned(), y.as_ref().to_owned()];
        self.fill(vec![Booking { columns, bins: vec![x_bins.into_bins()?, y_bins.into_bins()?] }]).map(only)
    }

    /// A histogram over any number of axes.
    ///
    /// # Errors
    /// See [`Group::hist`].
    pub fn hist_nd(&self, axes: impl IntoIterator<Item = (impl AsRef<str>, Axis)>) -> Result<Histogram> {
        let (columns, bins) =
            axes.into_iter().map(|(column, axis)| (column.as_ref().to_owned(), Bins::Axis(axis))).unzip();
        self.fill(vec![Booking { columns, bins }]).map(only)
    }

    /// Several histograms from one scan of the rows.
    ///
    /// # Errors
    /// See [`Group::hist`].
    pub fn hists<C: AsRef<str>, B: IntoBins>(
        &self,
        bookings: impl IntoIterator<Item = (C, B)>,
    ) -> Result<Vec<Histogram>> {
        let bookings = bookings
            .into_iter()
            .map(|(column, bins)| {
                Ok(Booking { columns: vec![column.as_ref().to_owned()], bins: vec![bins.into_bins()?] })
            })
            .collect::<Result<Vec<_>>>()?;
        if bookings.is_empty() {
            return Err(Error::request("hists([..]) needs at least one column"));
        }
        self.fill(bookings)
    }

    /// The mean of `y` in bins of `x`, per process.
    ///
    /// # Errors
    /// See [`Group::hist`].
    pub fn profile(&self, x: impl AsRef<str>, bins: impl IntoBins, y: impl AsRef<str>) -> Result<Histogram> {
        let columns = vec![x.as_ref().to_owned(), y.as_ref().to_owned()];
        self.fill(vec![Booking { columns, bins: vec![bins.into_bins()?] }]).map(only)
    }

    fn fill(&self, bookings: Vec<Booking>) -> Result<Vec<Histogram>> {
        let wanted: Vec<String> = bookings.iter().flat_map(|booking| booking.columns.clone()).collect();
        let mut pass = Pass::new(self, &wanted)?;
        let axes = axes(&mut pass, &bookings)?;
        let parts = pass.each(|lowered| {
            let sink = Fill { bound: bind(lowered, &bookings, &axes)?, weight: lowered.weight.clone() };
            let hists = lowered.run(&sink)?;
            Ok(if lowered.scale == 1.0 { hists } else { hists.iter().map(|hist| hist.scaled(lowered.scale)).collect() })
        })?;
        let title = wanted.join(", ");
        let report = Arc::new(pass.report(format!("hist {title}")));
        let mut histograms = Vec::with_capacity(bookings.len());
        for at in 0..bookings.len() {
            let by_process = parts.iter().map(|(process, hists)| (process.to_string(), hists[at].clone()));
            histograms.push(Histogram { hist: Hist::from_processes(by_process)?, report: report.clone() });
        }
        Ok(histograms)
    }
}

fn only(mut histograms: Vec<Histogram>) -> Histogram {
    // `fill` gives one histogram per booking, and there was one.
    histograms.remove(0)
}

/// The axes of every booking; ranges that nobody gave are found over all processes, in one scan.
fn axes(pass: &mut Pass<'_>, bookings: &[Booking]) -> Result<Vec<Vec<Axis>>> {
    let open: Vec<(usize, usize)> = bookings
        .iter()
        .enumerate()
        .flat_map(|(at, booking)| booking.bins.iter().enumerate().map(move |(axis, bins)| (at, axis, bins)))
        .filter(|(_, _, bins)| bins.axis().is_none())
        .map(|(at, axis, _)| (at, axis))
        .collect();
    let mut found = vec![RangeFinder::new(); open.len()];
    if !open.is_empty() {
        let parts = pass.each(|lowered| {
            let columns = open.iter().map(|&(at, axis)| lowered.name_of(&bookings[at].columns[axis])).collect();
            lowered.run(&FindRanges { columns })
        })?;
        for (_, part) in &parts {
            for (found, part) in found.iter_mut().zip(part) {
                found.merge(part);
            }
        }
    }
    let mut found = found.iter();
    let mut resolved = Vec::with_capacity(bookings.len());
    for booking in bookings {
        let mut axes = Vec::with_capacity(booking.bins.len());
        for (bins, column) in booking.bins.iter().zip(&booking.columns) {
            let axis = match bins.axis() {
                Some(axis) => axis.clone(),
                None => bins.resolve(found.next().unwrap_or(&RangeFinder::new()))?,
            };
            axes.push(labelled(axis, column));
        }
        resolved.push(axes);
    }
    Ok(resolved)
}

/// An axis without a name of its own is called after its column, with label and unit of the variable registry.
fn labelled(axis: Axis, column: &str) -> Axis {
    if !axis.name.is_empty() {
        return axis;
    }
    let variable = show::variables::get(column);
    let mut axis = axis.named(cut::escape::decode(column));
    if let Some(variable) = variable {
        if axis.label.is_empty() {
            axis = axis.labelled(variable.label.unwrap_or_else(|| column.to_owned()));
        }
        if axis.unit.is_empty() {
            axis = axis.with_unit(variable.unit.unwrap_or_default());
        }
    }
    axis
}

fn bind(lowered: &Lowered<'_>, bookings: &[Booking], axes: &[Vec<Axis>]) -> Result<Vec<Bound>> {
    let weighted = lowered.weight.is_some() || lowered.scale != 1.0 || lowered.any_weight;
    let one = |(booking, axes): (&Booking, &Vec<Axis>)| {
        let storage = match (booking.columns.len() > booking.bins.len(), weighted) {
            (true, false) => Storage::Mean,
            (true, true) => Storage::WeightedMean,
            (false, false) => Storage::Count,
            (false, true) => Storage::Weight,
        };
        let columns = booking.columns.iter().map(|column| lowered.name_of(column)).collect();
        Ok(Bound { columns, empty: Hist::with(axes.clone(), storage)? })
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
        let column = |name: &str| -> flow::Result<&Series> {
            Ok(segment.frame.column(name).map_err(segment::Error::from)?.as_materialized_series())
        };
        let weight = self.weight.as_deref().map(column).transpose()?;
        for (hist, bound) in part.iter_mut().zip(&self.bound) {
            let columns = bound.columns.iter().map(|name| column(name)).collect::<flow::Result<Vec<_>>>()?;
            // A column beyond the axes is the sample of a profile.
            let (axes, sample) = columns.split_at(hist.dimensions());
            let entries = Entries { columns: axes, weight, sample: sample.first().copied(), mask: None };
            hist.fill_entries(&entries).map_err(|error| segment::Error::request(error.to_string()))?;
        }
        Ok(())
    }

    fn merge(&self, whole: &mut Vec<Hist>, next: Vec<Hist>) -> flow::Result<()> {
        for (whole, next) in whole.iter_mut().zip(&next) {
            whole.merge(next).map_err(|error| segment::Error::request(error.to_string()))?;
        }
        Ok(())
    }
}

/// Finds the range of columns.
struct FindRanges {
    columns: Vec<String>,
}

impl Sink for FindRanges {
    type Part = Vec<RangeFinder>;

    fn part(&self) -> Vec<RangeFinder> {
        vec![RangeFinder::new(); self.columns.len()]
    }

    fn take(&self, part: &mut Vec<RangeFinder>, segment: Segment) -> flow::Result<()> {
        for (found, name) in part.iter_mut().zip(&self.columns) {
            let column = segment.frame.column(name).map_err(segment::Error::from)?.as_materialized_series();
            found.see_series(column).map_err(|error| segment::Error::request(error.to_string()))?;
        }
        Ok(())
    }

    fn merge(&self, whole: &mut Vec<RangeFinder>, next: Vec<RangeFinder>) -> flow::Result<()> {
        whole.iter_mut().zip(&next).for_each(|(whole, next)| whole.merge(next));
        Ok(())
    }
}
