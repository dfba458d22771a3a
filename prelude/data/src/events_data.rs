//! Event cameras: what a cell says to a recording.

use crate::catalog::{Catalog, Process};
use crate::error::{Error, Result};
use crate::events_picture::{EventPicture, EventPlayer};
use crate::events_source::{self, EventSource, Scan};
use crate::group::Group;
use crate::settings::Settings;
use ::events::{
    EventError, EventFrame, Events, Flip, Format, Geometry, Grid, IndexCache, Info, PixelCounts, PolarityRule,
    PolaritySelection, ReadOptions, Recording, Roi, Selection, StackedHistogram, TimeRule, TimeSurface, Trigger,
    VoxelGrid, Window,
};
use polars::prelude::*;
use show::{Bundle, Cell, Table};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Opens a recording of an event camera; the format is told from its content. Nothing is decoded.
///
/// Times are microseconds. Polarity is as the tools of the format give it: -1 and +1 for EVT, as stored in all others.
///
/// ```no_run
/// let recording = data::events("recording.raw")?;
/// recording.slice(1_000_000, 2_000_000).roi(100, 100, 200, 200).frame()?;
/// # Ok::<(), data::Error>(())
/// ```
///
/// # Errors
/// A file that is not there, or no recording; with the reason.
pub fn events(path: impl AsRef<Path>) -> Result<EventData> {
    EventLoader::new(path).load()
}

/// A recording to be opened, with options.
#[derive(Debug, Clone)]
#[must_use = "nothing is opened before .load()"]
pub struct EventLoader {
    path: PathBuf,
    options: ReadOptions,
    format: Option<String>,
}

impl EventLoader {
    /// Opens `path` when asked to.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_path_buf(), options: ReadOptions::default(), format: None }
    }

    /// The format, when the content is not to be asked: `evt2`, `evt2.1`, `evt3`, `dat`, `aedat4`, `hdf5`, `text`...
    pub fn format(mut self, name: impl Into<String>) -> Self {
        self.format = Some(name.into());
        self
    }

    /// Polarity as -1 and +1.
    pub fn signed(mut self) -> Self {
        self.options.polarity = PolarityRule::Signed;
        self
    }

    /// Polarity as 0 and 1.
    pub fn unsigned(mut self) -> Self {
        self.options.polarity = PolarityRule::Unsigned;
        self
    }

    /// Time from the start of the recording, as the vendor's tools count it.
    pub fn shifted(mut self) -> Self {
        self.options.time = TimeRule::Shifted;
        self
    }

    /// Both axes mirrored, as jAER shows its recordings.
    pub fn flipped(mut self) -> Self {
        self.options.flip = Flip::Jaer;
        self
    }

    /// Skips what is damaged and counts it; `info()` tells.
    pub fn lenient(mut self) -> Self {
        self.options.lenient = true;
        self
    }

    /// Order of the columns of a text file, such as `t x y p`.
    pub fn columns(mut self, order: impl Into<String>) -> Self {
        self.options.columns = Some(order.into());
        self
    }

    /// Unit of the times of a text or HDF5 file.
    pub fn time_unit(mut self, unit: ::events::TimeUnit) -> Self {
        self.options.time_unit = Some(unit);
        self
    }

    /// Size of the sensor, when the file does not say it.
    pub fn geometry(mut self, width: u16, height: u16) -> Self {
        self.options.geometry = Some(Geometry { width, height });
        self
    }

    /// Where the index is kept from one session to the next.
    pub fn index_cache(mut self, cache: IndexCache) -> Self {
        self.options.index_cache = cache;
        self
    }

    /// Opens the recording.
    ///
    /// # Errors
    /// See [`events`].
    pub fn load(mut self) -> Result<EventData> {
        if let Some(name) = &self.format {
            let format = Format::from_name(name).ok_or_else(|| {
                let names: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
                Error::request(format!("no event format `{name}`; there are {}", names.join(", ")))
            })?;
            self.options.format = Some(format);
        }
        let recording = Recording::open_with(&self.path, self.options).map_err(events_source::error)?;
        Ok(EventData::of(Arc::new(recording)))
    }
}

/// A recording, or a part of it. Lazy: terminals decode, block by block.
///
/// It is also a [`Group`] of one table with the columns t, x, y and polarity, so that all steps and terminals work:
/// `.query("polarity > 0")`, `.hist("t", 100)`, `.count()`, `.collect()`, `.lazy()`.
#[derive(Clone)]
pub struct EventData {
    recording: Arc<Recording>,
    selection: Selection,
    /// The table of everything; made when first asked for, because it needs the index.
    everything: Arc<OnceLock<Group>>,
    group: OnceLock<Group>,
}

impl Deref for EventData {
    type Target = Group;

    fn deref(&self) -> &Group {
        self.group.get_or_init(|| self.narrow(self.everything.get_or_init(|| table(&self.recording))))
    }
}

/// The table of a recording; when it cannot be made, one whose terminals say why.
fn table(recording: &Arc<Recording>) -> Group {
    let name = recording.path().file_stem().map_or_else(|| "events".into(), |stem| stem.to_string_lossy().into_owned());
    let path = recording.path().display().to_string();
    let of = |processes| {
        let catalog = Catalog::of(&path, processes, &crate::names::Grammar::default(), Vec::new());
        Group::all(Arc::new(catalog), Arc::new(Settings::default()))
    };
    match EventSource::new(recording.clone()) {
        Ok(source) => of(vec![Process { name: name.into(), parsed: None, source: Arc::new(source), files: 1 }]),
        Err(error) => of(Vec::new()).broken_by("events".into(), error.into()),
    }
}

impl EventData {
    fn of(recording: Arc<Recording>) -> Self {
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
    #[must_use]
    pub fn slice(&self, start: i64, end: i64) -> Self {
        self.with(|selection| {
            let (from, to) = selection.time.unwrap_or((i64::MIN, i64::MAX));
            selection.time = Some((start.max(from), end.min(to)));
        })
    }

    /// The events of a rectangle, `x0 <= x < x1` and `y0 <= y < y1`.
    #[must_use]
    pub fn roi(&self, x0: u16, y0: u16, x1: u16, y1: u16) -> Self {
        self.with(|selection| selection.roi = Some(Roi { x0, y0, x1, y1 }))
    }

    /// ON events for a number above 0, OFF events otherwise.
    #[must_use]
    pub fn polarity(&self, polarity: i8) -> Self {
        let wanted = if polarity > 0 { PolaritySelection::On } else { PolaritySelection::Off };
        self.with(|selection| selection.polarity = wanted)
    }

    /// Without the pixels that saw more events than `percentile` percent of the pixels that saw any.
    ///
    /// # Errors
    /// What cannot be decoded, with its place.
    pub fn without_hot_pixels(&self, percentile: f64) -> Result<Self> {
        let mut counts = PixelCounts::new(self.sensor()?);
        self.each(|events| counts.add(events))?;
        let hot = counts.hot_by_percentile(percentile).map_err(events_source::error)?;
        Ok(self.with(|selection| selection.without_pixels.extend(hot)))
    }

    /// Parts of `width` microseconds that cover the slice.
    ///
    /// # Errors
    /// A width that is not positive; what cannot be decoded.
    pub fn windows(&self, width: i64) -> Result<Vec<Self>> {
        let Some((start, end)) = self.bounds()? else { return Ok(Vec::new()) };
        if width <= 0 {
            return Err(Error::request(format!("windows of {width} us: the width must be positive")));
        }
        let count = (end - start - 1) / width + 1;
        Ok((0..count).map(|k| self.slice(start + k * width, start + (k + 1) * width)).collect())
    }

    /// Number of events in each window of `width` microseconds, in one pass: columns `t` (start) and `events`.
    ///
    /// # Errors
    /// See [`EventData::windows`].
    pub fn counts_per_window(&self, width: i64) -> Result<DataFrame> {
        let windows: Vec<Window> = self.recording.windows(width).map_err(events_source::error)?;
        let first = windows.first().map_or(0, |window| window.start);
        let mut counts = vec![0u64; windows.len()];
        self.each(|events| {
            for &t in &events.t {
                if let Some(count) = counts.get_mut(((t - first) / width) as usize) {
                    *count += 1;
                }
            }
        })?;
        let starts: Vec<i64> = windows.iter().map(|window| window.start).collect();
        Ok(df!("t" => starts, "events" => counts)?)
    }

    /// Events per bin of time, as a histogram that displays as a plot.
    ///
    /// # Errors
    /// What cannot be decoded.
    pub fn rate(&self, bins: usize) -> Result<crate::Histogram> {
        let (start, end) = self.bounds()?.unwrap_or((0, 1));
        self.hist("t", (bins, start as f64, end as f64))
    }

    /// Format, geometry, number of events, times, rate, warnings. Without decoding where the format allows.
    ///
    /// # Errors
    /// What cannot be decoded.
    pub fn info(&self) -> Result<EventInfo> {
        Ok(EventInfo(self.recording.info().map_err(events_source::error)?))
    }

    /// Signals on the trigger inputs: columns `t`, `id` and `value`.
    ///
    /// # Errors
    /// What cannot be decoded.
    pub fn triggers(&self) -> Result<DataFrame> {
        let triggers: Vec<Trigger> = self.recording.triggers().map_err(events_source::error)?;
        let column = |of: fn(&Trigger) -> i64| triggers.iter().map(of).collect::<Vec<i64>>();
        Ok(df!("t" => column(|it| it.t), "id" => column(|it| it.id.into()), "value" => column(|it| it.value.into()))?)
    }

    /// The events as plain columns.
    ///
    /// # Errors
    /// What cannot be decoded, or does not fit the memory.
    pub fn read(&self) -> Result<Events> {
        Ok(self.recording.select(self.selection.clone()).map_err(events_source::error)?)
    }

    /// A lazy frame of Polars with the columns t, x, y and polarity. Collecting decodes block by block and keeps only
    /// the wanted columns and rows of each. For the in-memory engine of Polars; its streaming engine has no such sources.
    ///
    /// # Errors
    /// None for a recording that is open.
    pub fn lazy(&self) -> Result<LazyFrame> {
        let scan = Scan { recording: self.recording.clone(), selection: self.selection.clone() };
        let args = ScanArgsAnonymous { name: "EVENTS", ..ScanArgsAnonymous::default() };
        Ok(LazyFrame::anonymous_scan(Arc::new(scan), args)?)
    }

    /// ON and OFF events per pixel, as a picture.
    ///
    /// # Errors
    /// What cannot be decoded.
    pub fn frame(&self) -> Result<EventPicture> {
        let frame = self.counts()?;
        Ok(picture(&frame, format!("{} events", frame.on.iter().chain(&frame.off).map(|&n| u64::from(n)).sum::<u64>())))
    }

    /// ON and OFF events per pixel, as numbers.
    ///
    /// # Errors
    /// What cannot be decoded.
    pub fn counts_per_pixel(&self) -> Result<EventFrame> {
        self.counts()
    }

    fn counts(&self) -> Result<EventFrame> {
        let mut frame = EventFrame::new(self.sensor()?);
        self.each(|events| frame.add(events))?;
        Ok(frame)
    }

    /// How long ago each pixel saw its last event, fading with `tau` microseconds, as a picture.
    ///
    /// # Errors
    /// A tau that is not positive; what cannot be decoded.
    pub fn time_surface(&self, tau: f64) -> Result<EventPicture> {
        let geometry = self.sensor()?;
        let mut surface = TimeSurface::new(geometry, tau).map_err(events_source::error)?;
        self.each(|events| surface.add(events))?;
        let grid = surface.surface();
        let (off, on) = grid.data.split_at(grid.data.len() / 2);
        let (width, height) = (geometry.width.into(), geometry.height.into());
        Ok(EventPicture::new(width, height, on, off, format!("time surface, tau = {tau} us")))
    }

    /// Signed events in points of time, each event shared between two (`[bins, height, width]`).
    ///
    /// # Errors
    /// No bins; what cannot be decoded.
    pub fn voxel_grid(&self, bins: usize) -> Result<EventGrid> {
        let (start, end) = self.bounds()?.unwrap_or((0, 1));
        let mut voxels = VoxelGrid::new(self.sensor()?, bins, start, end).map_err(events_source::error)?;
        self.each(|events| voxels.add(events))?;
        Ok(EventGrid(voxels.grid))
    }

    /// Events in bins of time per polarity (`[2, bins, height, width]`, OFF first).
    ///
    /// # Errors
    /// No bins; what cannot be decoded.
    pub fn stacked_histogram(&self, bins: usize) -> Result<EventGrid> {
        let (start, end) = self.bounds()?.unwrap_or((0, 1));
        let mut stack = StackedHistogram::new(self.sensor()?, bins, start, end).map_err(events_source::error)?;
        self.each(|events| stack.add(events))?;
        Ok(EventGrid(stack.grid))
    }

    /// A picture per window of `width` microseconds, at most 600 of them, that plays when it is displayed.
    ///
    /// # Errors
    /// A width that is not positive or too small; what cannot be decoded.
    pub fn player(&self, width: i64) -> Result<EventPlayer> {
        let windows = self.windows(width)?;
        if windows.len() > 600 {
            return Err(Error::request(format!(
                "{} pictures of {width} us are too many to play; take a slice, or wider windows",
                windows.len()
            )));
        }
        let sensor = self.sensor()?;
        let frames = windows.iter().map(|window| {
            let mut frame = EventFrame::new(sensor);
            window.each(|events| frame.add(events))?;
            let start = window.selection.time.map_or(0, |(start, _)| start);
            Ok(picture(&frame, format!("from {start} us")))
        });
        Ok(EventPlayer::new(frames.collect::<Result<_>>()?, 40))
    }

    /// Writes the events in the format that the name's end says: `.parquet`, `.csv`, `.dat`, `.h5`, `.evt2`, `.evt3`,
    /// or `.raw` (EVT3). Parquet is written block by block; all others in memory.
    ///
    /// # Errors
    /// Another end; events that the format cannot store; what the file system says.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
        let failed = |error: std::io::Error| Error::request(format!("cannot write {}: {error}", path.display()));
        if end == "parquet" {
            return self.write_parquet_file(path);
        }
        let (write, geometry) = (end.as_str(), self.recording.geometry());
        let bytes = match write {
            "csv" => Ok(::events::write::csv(&self.read()?, geometry)),
            "dat" => ::events::write::dat(&self.read()?, geometry),
            "h5" | "hdf5" => ::events::write::hdf5(&self.read()?, geometry),
            "evt2" => ::events::write::evt2(&self.read()?, geometry),
            "evt3" | "raw" => ::events::write::evt3(&self.read()?, geometry),
            _ => {
                let hint = "end the name with .parquet, .csv, .dat, .h5, .evt2, .evt3 or .raw";
                return Err(Error::request(format!("cannot tell from `{}` what to write: {hint}", path.display())));
            }
        };
        std::fs::write(path, bytes.map_err(events_source::error)?).map_err(failed)
    }

    fn write_parquet_file(&self, path: &Path) -> Result<()> {
        let failed = |error: std::io::Error| Error::request(format!("cannot write {}: {error}", path.display()));
        let file = std::fs::File::create(path).map_err(failed)?;
        let mut writer = ParquetWriter::new(file)
            .with_compression(ParquetCompression::Zstd(None))
            .batched(&events_source::SCHEMA)?;
        for events in self.recording.stream().select(self.selection.clone()).chunk_size(1 << 20).chunks() {
            segment::work::check()?;
            let mut frame = events_source::frame(events.map_err(events_source::error)?)?;
            frame.align_chunks_par();
            writer.write_batch(&frame)?;
        }
        writer.finish()?;
        Ok(())
    }

    /// The recording itself, with everything that the room `events` offers.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// First microsecond, and the one after the last.
    fn bounds(&self) -> Result<Option<(i64, i64)>> {
        let bounds = self.recording.time_bounds().map_err(events_source::error)?;
        let (from, to) = self.selection.time.unwrap_or((i64::MIN, i64::MAX));
        Ok(bounds.map(|(first, last)| (first.max(from), (last + 1).min(to))).filter(|(start, end)| start < end))
    }

    /// Size of the sensor: as the file says, or as its events need.
    fn sensor(&self) -> Result<Geometry> {
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
    fn each(&self, mut work: impl FnMut(&Events)) -> Result<()> {
        if self.selection.time.is_some() {
            self.recording.build_index().map_err(events_source::error)?;
        }
        let task = segment::work::Task::new(self.recording.path().display().to_string(), "events", None);
        let visit = |events: &Events| {
            work(events);
            task.advance(events.len() as u64, 0).map_err(|_| EventError::Cancelled { events: 0 })
        };
        let done = self.recording.stream().select(self.selection.clone()).for_each(visit);
        done.map(|_| ()).map_err(|error| events_source::error(error).into())
    }
}

/// Counts as strengths: the brightest pixels saturate, so that single events stay visible.
fn picture(frame: &EventFrame, caption: String) -> EventPicture {
    let mut seen: Vec<u32> = frame.on.iter().chain(&frame.off).copied().filter(|&count| count > 0).collect();
    seen.sort_unstable();
    let full = seen.get(seen.len() * 95 / 100).copied().unwrap_or(1).max(1) as f32;
    let strength = |counts: &[u32]| -> Vec<f32> {
        counts.iter().map(|&count| if count == 0 { 0.0 } else { 0.25 + 0.75 * count as f32 / full }).collect()
    };
    let Geometry { width, height } = frame.geometry();
    EventPicture::new(width.into(), height.into(), &strength(&frame.on), &strength(&frame.off), caption)
}

impl show::Display for EventData {
    /// What is known without decoding anything.
    fn bundle(&self) -> Bundle {
        let mut table = Table::new(["recording", ""]).row_heads();
        let mut say = |name: &str, value: String| table.push([Cell::text(name), Cell::text(value)]);
        say("file", self.recording.path().display().to_string());
        say("format", self.recording.format().to_string());
        if let Some(geometry) = self.recording.geometry() {
            say("sensor", geometry.to_string());
        }
        if let Some((start, end)) = self.selection.time {
            say("time", format!("{start} to {end} us"));
        }
        if let Some(roi) = self.selection.roi {
            say("pixels", format!("{}..{} x {}..{}", roi.x0, roi.x1, roi.y0, roi.y1));
        }
        if self.selection.polarity != PolaritySelection::Both {
            say("polarity", format!("{:?}", self.selection.polarity));
        }
        table.bundle()
    }
}

/// What there is to know about a recording; displays as a table.
#[derive(Debug, Clone)]
pub struct EventInfo(Info);

impl Deref for EventInfo {
    type Target = Info;

    fn deref(&self) -> &Info {
        &self.0
    }
}

impl show::Display for EventInfo {
    fn bundle(&self) -> Bundle {
        let info = &self.0;
        let mut table = Table::new(["recording", ""]).row_heads();
        let mut say = |name: &str, cell: Cell| table.push([Cell::text(name), cell]);
        say("file", Cell::text(info.path.display().to_string()));
        say("format", Cell::text(format!("{} ({})", info.detection.format, info.detection.reason)));
        say("sensor", Cell::text(info.geometry.map_or("not known".to_string(), |geometry| geometry.to_string())));
        say("events", Cell::count(info.events));
        if let Some(on) = info.on {
            say("ON", Cell::count(on));
        }
        if let Some((first, last)) = info.time {
            say("time", Cell::text(format!("{first} to {last} us ({:.6} s)", (last - first) as f64 * 1e-6)));
        }
        say("rate", Cell::text(format!("{:.3} million events/s", info.rate * 1e-6)));
        say("triggers", Cell::count(info.triggers));
        say("bytes", Cell::count(info.bytes));
        info.warnings.iter().fold(table, |table, warning| table.note(warning.clone())).bundle()
    }
}

/// An array of events in time and place; displays as its planes side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct EventGrid(Grid);

impl Deref for EventGrid {
    type Target = Grid;

    fn deref(&self) -> &Grid {
        &self.0
    }
}

impl EventGrid {
    /// Its planes as one picture.
    pub fn picture(&self) -> EventPicture {
        let shape = &self.0.shape;
        let (height, width) = (shape[shape.len() - 2], shape[shape.len() - 1]);
        let bins = shape[shape.len() - 3];
        let most = self.0.data.iter().fold(1.0f32, |most, value| most.max(value.abs()));
        let plane = width * height;
        let side = |bin: usize, sign: f32| -> Vec<f32> {
            // A stack has the OFF events in front and the ON events behind; voxels have them as signs.
            let (start, sign) = match (shape.len(), sign > 0.0) {
                (4, on) => ((bin + if on { bins } else { 0 }) * plane, 1.0),
                _ => (bin * plane, sign),
            };
            self.0.data[start..start + plane].iter().map(|value| (value * sign / most).max(0.0).sqrt()).collect()
        };
        let planes: Vec<EventPicture> = (0..bins)
            .map(|bin| EventPicture::new(width, height, &side(bin, 1.0), &side(bin, -1.0), String::new()))
            .collect();
        EventPicture::beside(&planes, 5, format!("{bins} bins of time"))
    }
}

impl show::Display for EventGrid {
    fn bundle(&self) -> Bundle {
        self.picture().bundle()
    }
}
