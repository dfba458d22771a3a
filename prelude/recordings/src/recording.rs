//! Event cameras: what a cell says to a recording.

use crate::info::EventInfo;
use crate::table::{self, EventSource, Scan};
use ::events::{
    Cancel, EventError, Events, Geometry, PixelCounts, PolaritySelection, Recording, Roi, Selection, Trigger,
};
use data::{Error, Group, ProcessSource, Result};
use polars::prelude::*;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A recording, or a part of it. Lazy: terminals decode, block by block.
///
/// It is also a [`Group`] of one table with the columns t, x, y and polarity, so that all steps and terminals work:
/// `.query("polarity > 0")`, `.hist("t", 100)`, `.count()`, `.collect()`, `.lazy()`.
///
/// ```
#[doc = include_str!("example.txt")]
/// let on = recording.slice(100, 130).query("polarity > 0");
/// assert_eq!(on.column("x")?, [2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct EventData {
    pub(crate) recording: Arc<Recording>,
    pub(crate) selection: Selection,
    /// The table of everything; made when first asked for, because it needs the index.
    everything: Arc<OnceLock<Group>>,
    group: OnceLock<Group>,
}

impl Deref for EventData {
    type Target = Group;

    fn deref(&self) -> &Group {
        self.group.get_or_init(|| self.narrow(self.everything.get_or_init(|| whole(&self.recording))))
    }
}

/// The table of a recording; when it cannot be made, one whose terminals say why.
fn whole(recording: &Arc<Recording>) -> Group {
    let name = recording.path().file_stem().map_or_else(|| "events".into(), |stem| stem.to_string_lossy().into_owned());
    let path = recording.path().display().to_string();
    match EventSource::new(recording.clone()) {
        Ok(source) => Group::from_source(path, ProcessSource::new(name, Arc::new(source)).files(1)),
        Err(error) => Group::failed("events", error.into()),
    }
}

impl EventData {
    pub(crate) fn of(recording: Arc<Recording>) -> Self {
        Self { recording, selection: Selection::default(), everything: Arc::default(), group: OnceLock::new() }
    }

    fn with(&self, change: impl FnOnce(&mut Selection)) -> Self {
        let mut selection = self.selection.clone();
        change(&mut selection);
        Self { selection, group: OnceLock::new(), ..self.clone() }
    }

    /// The selection as steps over the table; bounds of blocks prune what is read.
    fn narrow(&self, everything: &Group) -> Group {
        let mut group = everything.clone();
        if let Some((start, end)) = self.selection.time {
            group = group.query(format!("t >= {start} & t < {end}"));
        }
        if let Some(Roi { x0, y0, x1, y1 }) = self.selection.roi {
            group = group.query(format!("x >= {x0} & x < {x1} & y >= {y0} & y < {y1}"));
        }
        group = match self.selection.polarity {
            PolaritySelection::Both => group,
            PolaritySelection::On => group.query("polarity > 0"),
            PolaritySelection::Off => group.query("polarity <= 0"),
        };
        if self.selection.without_pixels.is_empty() {
            return group;
        }
        let pixels = self.selection.without_pixels.iter().map(|&(x, y)| format!("(x == {x} & y == {y})"));
        group.query(format!("~({})", pixels.collect::<Vec<_>>().join(" | ")))
    }

    /// The events with `start <= t < end`, microseconds; within the slice there is already.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.slice(110, 130).column("t")?, [110.0, 120.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn slice(&self, start: i64, end: i64) -> Self {
        self.with(|selection| {
            let (from, to) = selection.time.unwrap_or((i64::MIN, i64::MAX));
            selection.time = Some((start.max(from), end.min(to)));
        })
    }

    /// The events of a rectangle, `x0 <= x < x1` and `y0 <= y < y1`; within the rectangle there is already.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.roi(1, 1, 3, 2).column("x")?, [1.0, 2.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn roi(&self, x0: u16, y0: u16, x1: u16, y1: u16) -> Self {
        self.with(|selection| {
            selection.roi = Some(selection.roi.map_or(Roi { x0, y0, x1, y1 }, |outer| Roi {
                x0: x0.max(outer.x0),
                y0: y0.max(outer.y0),
                x1: x1.min(outer.x1),
                y1: y1.min(outer.y1),
            }));
        })
    }

    /// ON events for a number above 0, OFF events otherwise; the last call counts.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.polarity(1).column("t")?, [110.0, 130.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn polarity(&self, polarity: i8) -> Self {
        let wanted = if polarity > 0 { PolaritySelection::On } else { PolaritySelection::Off };
        self.with(|selection| selection.polarity = wanted)
    }

    /// Without the pixels that saw more events than `percentile` percent of the pixels that saw any.
    ///
    /// # Errors
    /// What cannot be decoded, with its place.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.without_hot_pixels(50.0)?.column("x")?, [2.0, 3.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn without_hot_pixels(&self, percentile: f64) -> Result<Self> {
        let mut counts = PixelCounts::new(self.sensor()?).map_err(table::error)?;
        self.each(|events| counts.add(events))?;
        let hot = counts.hot_by_percentile(percentile).map_err(table::error)?;
        Ok(self.with(|selection| selection.without_pixels.extend(hot)))
    }

    /// Parts of `width` microseconds that cover the slice.
    ///
    /// # Errors
    /// A width that is not positive; what cannot be decoded.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let windows = recording.windows(20)?;
    /// assert_eq!((windows.len(), windows[0].count()?), (2, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn windows(&self, width: i64) -> Result<Vec<Self>> {
        let (count, start) = self.windows_of(width)?;
        let at = |k: i64| start.saturating_add(k.saturating_mul(width));
        Ok((0..count).map(|k| self.slice(at(k), at(k).saturating_add(width))).collect())
    }

    /// How many windows cover the slice, and where the first begins.
    fn windows_of(&self, width: i64) -> Result<(i64, i64)> {
        if width <= 0 {
            return Err(Error::request(format!("windows of {width} us: the width must be positive")));
        }
        let Some((start, end)) = self.bounds()? else { return Ok((0, 0)) };
        let count = (end.saturating_sub(start) - 1) / width + 1;
        if count > 1_000_000 {
            return Err(Error::request(format!(
                "{count} windows of {width} us are too many; take a slice, or wider ones"
            )));
        }
        Ok((count, start))
    }

    /// Number of events in each of [`EventData::windows`], in one pass: columns `t` (start) and `events`.
    ///
    /// # Errors
    /// See [`EventData::windows`].
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let counts = recording.counts_per_window(20)?;
    /// assert_eq!(counts.column("events")?.u64()?.get(0), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn counts_per_window(&self, width: i64) -> Result<DataFrame> {
        let (count, first) = self.windows_of(width)?;
        let mut counts = vec![0u64; usize::try_from(count).unwrap_or(0)];
        self.each(|events| {
            for &t in &events.t {
                if let Some(count) = counts.get_mut((t.saturating_sub(first) / width) as usize) {
                    *count += 1;
                }
            }
        })?;
        let starts: Vec<i64> = (0..count).map(|k| first.saturating_add(k.saturating_mul(width))).collect();
        Ok(df!("t" => starts, "events" => counts)?)
    }

    /// Events per bin of time, as a histogram that displays as a plot.
    ///
    /// # Errors
    /// What cannot be decoded.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.rate(2)?.counts(), [2.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn rate(&self, bins: usize) -> Result<data::Histogram> {
        let (start, end) = self.bounds()?.unwrap_or((0, 1));
        self.hist("t", (bins, start as f64, end as f64))
    }

    /// Format, geometry, number of events, times, rate, warnings. Without decoding where the format allows.
    ///
    /// # Errors
    /// What cannot be decoded.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.info()?.events, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn info(&self) -> Result<EventInfo> {
        Ok(EventInfo::new(self.recording.info().map_err(table::error)?))
    }

    /// Signals on the trigger inputs: columns `t`, `id` and `value`.
    ///
    /// # Errors
    /// What cannot be decoded.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.triggers()?.height(), 0, "a text file has none");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn triggers(&self) -> Result<DataFrame> {
        let triggers: Vec<Trigger> = self.recording.triggers().map_err(table::error)?;
        let column = |of: fn(&Trigger) -> i64| triggers.iter().map(of).collect::<Vec<i64>>();
        Ok(df!("t" => column(|it| it.t), "id" => column(|it| it.id.into()), "value" => column(|it| it.value.into()))?)
    }

    /// The events as plain columns. Tells how far it is, and stops when asked to.
    ///
    /// # Errors
    /// What cannot be decoded, or does not fit the memory.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.read()?.t, [100, 110, 120, 130]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn read(&self) -> Result<Events> {
        if self.selection.time.is_some() {
            self.recording.build_index().map_err(table::error)?;
        }
        let task = segment::work::Task::new(self.recording.path().display().to_string(), "events", None);
        let (cancel, mut told) = (Cancel::new(), 0);
        let stop = cancel.clone();
        let stream = self.recording.stream().select(self.selection.clone()).cancel(cancel).progress(|progress| {
            if task.advance(progress.events - told, 0).is_err() {
                stop.cancel();
            }
            told = progress.events;
        });
        Ok(stream.collect().map_err(table::error)?)
    }

    /// The events as a frame with the columns t, x, y and polarity: 13 bytes per event, taken once and not copied again.
    ///
    /// # Errors
    /// As [`EventData::read`].
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.collect()?.get_column_names(), ["t", "x", "y", "polarity"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn collect(&self) -> Result<DataFrame> {
        Ok(table::frame(self.read()?)?)
    }

    /// A lazy frame of Polars with the columns t, x, y and polarity. Collecting decodes block by block and keeps only
    /// the wanted columns and rows of each. For the in-memory engine of Polars; its streaming engine has no such sources.
    ///
    /// # Errors
    /// None for a recording that is open.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// use polars::prelude::{col, lit};
    /// let left = recording.lazy()?.filter(col("x").lt(lit(2))).collect()?;
    /// assert_eq!(left.height(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn lazy(&self) -> Result<LazyFrame> {
        let scan = Scan { recording: self.recording.clone(), selection: self.selection.clone() };
        let args = ScanArgsAnonymous { name: "EVENTS", ..ScanArgsAnonymous::default() };
        Ok(LazyFrame::anonymous_scan(Arc::new(scan), args)?)
    }

    /// The recording itself, with everything that the room `events` offers.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.recording().count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// First microsecond, and the one after the last.
    pub(crate) fn bounds(&self) -> Result<Option<(i64, i64)>> {
        let bounds = self.recording.time_bounds().map_err(table::error)?;
        let (from, to) = self.selection.time.unwrap_or((i64::MIN, i64::MAX));
        Ok(bounds
            .map(|(first, last)| (first.max(from), last.saturating_add(1).min(to)))
            .filter(|(start, end)| start < end))
    }

    /// Size of the sensor: as the file says, or as its events need.
    pub(crate) fn sensor(&self) -> Result<Geometry> {
        if let Some(geometry) = self.recording.geometry() {
            return Ok(geometry);
        }
        let (mut x, mut y) = (0, 0);
        let whole = Self { selection: Selection::default(), ..self.clone() };
        whole.each(|events| {
            x = events.x.iter().fold(x, |most, &place| place.max(most));
            y = events.y.iter().fold(y, |most, &place| place.max(most));
        })?;
        Ok(Geometry { width: x.saturating_add(1), height: y.saturating_add(1) })
    }

    /// Calls `work` with the selected events of block after block; tells how far it is, and stops when asked to.
    pub(crate) fn each(&self, mut work: impl FnMut(&Events)) -> Result<()> {
        if self.selection.time.is_some() {
            self.recording.build_index().map_err(table::error)?;
        }
        let task = segment::work::Task::new(self.recording.path().display().to_string(), "events", None);
        let visit = |events: &Events| {
            work(events);
            task.advance(events.len() as u64, 0).map_err(|_| EventError::Cancelled { events: 0 })
        };
        let done = self.recording.stream().select(self.selection.clone()).for_each(visit);
        done.map(|_| ()).map_err(|error| table::error(error).into())
    }
}
