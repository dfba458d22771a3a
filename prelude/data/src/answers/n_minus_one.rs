//! What each cut of a selection removes that the others leave.

use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::pass::GroupPlan;
use crate::steps::booking::Booking;
use crate::steps::selection::Selection;
use flow::Sink;
use hist::{Entries, Hist, IntoBins, Storage};
use polars::prelude::*;
use segment::Segment;

/// A histogram for each cut, of the rows that all other cuts keep.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let plots = data.n_minus_one([("x > 1", "x", (4, 0.5, 4.5)), ("k == 'a'", "x", (4, 0.5, 4.5))])?;
/// assert_eq!(plots.iter().count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct NMinusOne {
    parts: Vec<(String, Hist)>,
}

impl NMinusOne {
    /// The histogram of a cut, by its text.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let plots = data.n_minus_one([("x > 1", "x", (4, 0.5, 4.5)), ("k == 'a'", "x", (4, 0.5, 4.5))])?;
    /// assert_eq!(plots.get("k == 'a'").unwrap().counts(), [0.0, 1.0, 1.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, cut: &str) -> Option<&Hist> {
        self.parts.iter().find(|(known, _)| known == cut).map(|(_, hist)| hist)
    }

    /// The cuts, each with its histogram.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let plots = data.n_minus_one([("x > 1", "x", (4, 0.5, 4.5)), ("k == 'a'", "x", (4, 0.5, 4.5))])?;
    /// let cuts: Vec<&str> = plots.iter().map(|(cut, _)| cut).collect();
    /// assert_eq!(cuts, ["x > 1", "k == 'a'"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Hist)> {
        self.parts.iter().map(|(cut, hist)| (cut.as_str(), hist))
    }

    /// The plot of one cut, in which lines and words can be drawn.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let plots = data.n_minus_one([("x > 1", "x", (4, 0.5, 4.5)), ("k == 'a'", "x", (4, 0.5, 4.5))])?;
    /// assert!(plots.plot("x > 1").is_some() && plots.plot("x > 2").is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plot(&self, cut: &str) -> Option<show::Plot> {
        self.get(cut).map(|hist| drawn(cut, hist))
    }
}

fn drawn(cut: &str, hist: &Hist) -> show::Plot {
    show::histogram(hist).title(format!("all cuts but {cut}"))
}

impl show::Display for NMinusOne {
    fn bundle(&self) -> show::Bundle {
        let plots: Vec<show::Bundle> =
            self.parts.iter().map(|(cut, hist)| show::Display::bundle(&drawn(cut, hist))).collect();
        let plain: Vec<String> = self
            .parts
            .iter()
            .zip(&plots)
            .map(|((cut, _), plot)| format!("all cuts but {cut}\n{}", plot.plain()))
            .collect();
        let pictures: String = plots.iter().filter_map(|plot| plot.get("image/svg+xml")).collect();
        show::Bundle::text(plain.join("\n\n")).html(pictures)
    }
}

impl Group {
    /// For each cut a histogram of its variable, of the rows that all other cuts keep: what the cut does after the others.
    /// All from one pass.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let data = data::Data::from_frames([("mumu", df!("x" => [1, 2, 3, 4], "y" => [4, 3, 2, 1])?)])?;
    /// let plots = data.n_minus_one([("x > 1", "x", (4, 1.0, 5.0)), ("y > 1", "y", (4, 1.0, 5.0))])?;
    /// assert_eq!(plots.get("x > 1").unwrap().counts(), [1.0, 1.0, 1.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// See [`Group::hist`]; fewer than two cuts.
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn n_minus_one<S: Into<Selection>, C: AsRef<str>, B: IntoBins>(
        &self,
        cuts: impl IntoIterator<Item = (S, C, B)>,
    ) -> Result<NMinusOne> {
        let (mut selections, mut bookings) = (Vec::new(), Vec::new());
        for (cut, column, bins) in cuts {
            selections.push(cut.into());
            bookings.push(Booking::new(&[column.as_ref()], vec![bins.into_bins()?]));
        }
        self.leave_one_out(&selections, &bookings)
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn leave_one_out(&self, cuts: &[Selection], bookings: &[Booking]) -> Result<NMinusOne> {
        if cuts.len() < 2 {
            return Err(Error::request("plots of all cuts but one need two cuts or more".to_owned()));
        }
        let name = |at: usize| format!("__cut_{at}__");
        let marked = cuts.iter().enumerate().fold(self.clone(), |group, (at, cut)| group.define(name(at), cut.clone()));
        let mut wanted: Vec<String> = bookings.iter().flat_map(|booking| booking.columns.clone()).collect();
        wanted.extend((0..cuts.len()).map(name));
        let mut pass = GroupPlan::new(&marked, &wanted)?;
        for lowered in pass.lowered() {
            for (at, cut) in cuts.iter().enumerate() {
                let dtype = lowered.schema.get(&lowered.name_of(&name(at))).cloned().unwrap_or(DataType::Null);
                if !dtype.is_bool() {
                    return Err(Error::request(format!("`{cut}` is {dtype}, not a condition")));
                }
            }
        }
        let (axes, _) = crate::lower::ranges::axes(&mut pass, bookings, 0)?;
        let parts = pass.each(|lowered| {
            let storage =
                if lowered.weight.is_some() || lowered.scale != 1.0 { Storage::Weight } else { Storage::Count };
            let sink = LeaveOneOut {
                columns: bookings.iter().map(|booking| lowered.name_of(&booking.columns[0])).collect(),
                marks: (0..cuts.len()).map(|at| lowered.name_of(&name(at))).collect(),
                weight: lowered.weight.clone(),
                empty: axes.iter().map(|axes| Hist::with(axes.clone(), storage)).collect::<hist::Result<_>>()?,
            };
            let hists = lowered.run(&sink)?;
            Ok(if lowered.scale == 1.0 { hists } else { hists.iter().map(|hist| hist.scaled(lowered.scale)).collect() })
        })?;
        pass.report("n_minus_one");
        let one = |(at, cut): (usize, &Selection)| -> Result<(String, Hist)> {
            let by_process = parts.iter().map(|(process, hists)| (process.to_string(), hists[at].clone()));
            Ok((cut.to_string(), Hist::from_processes(by_process)?))
        };
        Ok(NMinusOne { parts: cuts.iter().enumerate().map(one).collect::<Result<_>>()? })
    }
}

struct LeaveOneOut {
    columns: Vec<String>,
    /// Columns of truths, one for each cut.
    marks: Vec<String>,
    weight: Option<String>,
    empty: Vec<Hist>,
}

impl Sink for LeaveOneOut {
    type Part = Vec<Hist>;

    fn part(&self) -> Vec<Hist> {
        self.empty.clone()
    }

    fn take(&self, part: &mut Vec<Hist>, segment: Segment) -> flow::Result<()> {
        let frame = &segment.frame;
        let column = |name: &str| -> flow::Result<&Series> { Ok(frame.column(name)?.as_materialized_series()) };
        let weight = self.weight.as_deref().map(column).transpose()?;
        let marks = self.marks.iter().map(|name| Ok(frame.column(name)?.bool()?.clone()));
        let marks = marks.collect::<flow::Result<Vec<BooleanChunked>>>()?;
        for (at, (hist, name)) in part.iter_mut().zip(&self.columns).enumerate() {
            let others = marks.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, marks)| marks.clone());
            let mask = others.reduce(|all, next| &all & &next);
            let kept = match &mask {
                Some(mask) => frame.filter(mask)?,
                None => frame.clone(),
            };
            let values = kept.column(name)?.as_materialized_series();
            let weight = match (weight, &mask) {
                (Some(weight), Some(mask)) => Some(weight.filter(mask)?),
                (weight, _) => weight.cloned(),
            };
            let entries = Entries { columns: &[values], weight: weight.as_ref(), sample: None, mask: None };
            hist.fill_entries(&entries).map_err(crate::lower::ranges::told)?;
        }
        Ok(())
    }

    fn merge(&self, whole: &mut Vec<Hist>, next: Vec<Hist>) -> flow::Result<()> {
        crate::lower::ranges::merge(whole, &next)
    }
}
