//! Ranges that were not given: found in a scan of all processes, which keeps the rows it saw while they are few, so that
//! histograms are filled from them without a second scan.

use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::pass::GroupPlan;
use crate::steps::booking::Booking;
use flow::Sink;
use hist::{Axis, Bins, Clock, Hist, RangeFinder, Sample};
use polars::prelude::*;
use segment::Segment;
use std::sync::atomic::{AtomicI64, Ordering};

/// The rows of one process as the scan saw them: by stretch, in order.
pub(crate) type Kept = Vec<Vec<DataFrame>>;

/// The axes of every booking, and of each process the rows that were kept; `None` where a scan must come.
///
/// `room` is the number of bytes that may be kept.
pub(crate) fn axes(
    pass: &mut GroupPlan<'_>,
    bookings: &[Booking],
    room: u64,
) -> Result<(Vec<Vec<Axis>>, Vec<Option<Kept>>)> {
    let open: Vec<&str> = bookings
        .iter()
        .flat_map(|booking| booking.bins.iter().zip(&booking.columns))
        .filter(|(bins, _)| matches!(bins, Bins::Automatic(_)))
        .map(|(_, column)| column.as_str())
        .collect();
    let mut found = vec![RangeFinder::new(); open.len()];
    let mut kept = Vec::new();
    if !open.is_empty() {
        let room = AtomicI64::new(i64::try_from(room).unwrap_or(i64::MAX));
        let parts = pass.each(|lowered| {
            let columns: Vec<String> = open.iter().map(|column| lowered.name_of(column)).collect();
            if let Some(server) = lowered.server() {
                let found = lowered.on_server(server, lowered.clauses(), |mut table| Ok(table.ranges(&columns)?))?;
                return Ok(Seen { found: found.into_iter().map(RangeFinder::of).collect(), kept: None });
            }
            lowered.run(&FindRanges { columns, mask: lowered.universes.mask.clone(), room: &room })
        })?;
        for (_, part) in parts {
            found.iter_mut().zip(&part.found).for_each(|(found, part)| found.merge(part));
            kept.push(part.kept);
        }
    }
    let group = pass.group();
    let mut found = found.into_iter();
    let mut axis = |booking: &Booking| {
        let each = booking.bins.iter().zip(&booking.columns);
        let each = each.map(|(bins, column)| {
            let clock = pass.lowered().iter().find_map(|lowered| lowered.clock(column));
            let axis = match (bins, &clock) {
                (Bins::Automatic(_), _) => bins.resolve(&found.next().unwrap_or_default())?,
                (Bins::Times(count, ends), Some(clock)) => between(*count, ends, clock)?,
                _ => bins.resolve(&RangeFinder::new())?,
            };
            Ok(labelled(axis, sample(group, column), clock))
        });
        each.collect::<Result<Vec<_>>>()
    };
    Ok((bookings.iter().map(&mut axis).collect::<Result<_>>()?, kept))
}

/// An axis without a name of its own is called after its column, with label and unit of the variable registry.
///
/// An axis of times has a clock, and the zone as its unit.
fn labelled(mut axis: Axis, column: Sample, clock: Option<Clock>) -> Axis {
    if let (Some(clock), None) = (clock, axis.clock()) {
        if axis.unit.is_empty() {
            axis = axis.with_unit(clock.zone().unwrap_or_default());
        }
        axis = axis.with_clock(clock);
    }
    if !axis.name.is_empty() {
        return axis;
    }
    let Sample { name, label, unit } = column;
    let mut axis = axis.named(name);
    if axis.label.is_empty() {
        axis = axis.labelled(label);
    }
    if axis.unit.is_empty() {
        axis = axis.with_unit(unit);
    }
    axis
}

/// Bins between two times that are written as texts.
fn between(count: usize, ends: &[String; 2], clock: &Clock) -> Result<Axis> {
    let seconds = |text: &String| {
        let time = cut::time_in(text, clock.zone()).map_err(Error::request)?;
        Ok::<f64, Error>(time as f64 / 1e9)
    };
    Ok(Axis::regular(count, seconds(&ends[0])?, seconds(&ends[1])?)?)
}

/// A column in words: its name, with the label and unit that the user has given it, or else those of the variable registry.
/// The registry's own units are those of Belle II; for data that are not recognised as such, they are marked as assumed.
pub(crate) fn sample(group: &Group, column: &str) -> Sample {
    let name = belle2::escape::decode(column);
    if let Some([label, unit]) = group.parts.settings.labels.get(column) {
        return Sample { name, label: label.clone(), unit: unit.clone() };
    }
    let (label, unit) = match show::variables::get(column) {
        Some(known) => (
            known.label.unwrap_or_else(|| column.to_owned()),
            unit(column, known.unit.unwrap_or_default(), group.is_recognised()),
        ),
        None => Default::default(),
    };
    Sample { name, label, unit }
}

/// The unit of a column, marked where it is only assumed from the name.
pub(crate) fn unit(column: &str, unit: String, recognised: bool) -> String {
    match recognised || unit.is_empty() || !show::variables::is_built_in(column) {
        true => unit,
        false => format!("{unit}, assumed"),
    }
}

/// The error of a histogram as that of a query: a stop stays a stop.
pub(crate) fn told(error: hist::Error) -> flow::Error {
    match error {
        hist::Error::Segment(error) => error.into(),
        other => segment::Error::request(other.to_string()).into(),
    }
}

/// Adds histograms to those of earlier rows, each to its own.
pub(crate) fn merge(whole: &mut [Hist], next: &[Hist]) -> flow::Result<()> {
    whole.iter_mut().zip(next).try_for_each(|(whole, next)| whole.merge(next)).map_err(told)
}

/// Finds the range of columns, and keeps what it sees as long as there is room.
struct FindRanges<'a> {
    columns: Vec<String>,
    /// The column that says which rows count.
    mask: Option<String>,
    room: &'a AtomicI64,
}

struct Seen {
    found: Vec<RangeFinder>,
    kept: Option<Kept>,
}

impl Sink for FindRanges<'_> {
    type Part = Seen;

    fn part(&self) -> Seen {
        Seen { found: vec![RangeFinder::new(); self.columns.len()], kept: Some(vec![Vec::new()]) }
    }

    fn take(&self, part: &mut Seen, segment: Segment) -> flow::Result<()> {
        let marks = self.mask.as_ref().map(|mask| segment.frame.column(mask)?.bool()?.fill_null_with_values(false));
        let marks = marks.transpose()?;
        for (found, name) in part.found.iter_mut().zip(&self.columns) {
            let column = segment.frame.column(name).map_err(segment::Error::from)?.as_materialized_series();
            match &marks {
                Some(marks) => found.see_series(&column.filter(marks)?).map_err(told)?,
                None => found.see_series(column).map_err(told)?,
            }
        }
        let bytes = i64::try_from(segment.frame.estimated_size()).unwrap_or(i64::MAX);
        if self.room.fetch_sub(bytes, Ordering::Relaxed) < bytes {
            part.kept = None;
        } else if let Some(stretch) = part.kept.as_mut().and_then(|stretches| stretches.last_mut()) {
            stretch.push(segment.frame);
        }
        Ok(())
    }

    fn merge(&self, whole: &mut Seen, next: Seen) -> flow::Result<()> {
        whole.found.iter_mut().zip(&next.found).for_each(|(whole, next)| whole.merge(next));
        whole.kept = whole.kept.take().zip(next.kept).map(|(mut whole, next)| {
            whole.extend(next);
            whole
        });
        Ok(())
    }
}
