//! A recording as pictures and grids.

use crate::grid::EventGrid;
use crate::picture::{EventPicture, EventPlayer};
use crate::recording::EventData;
use crate::table;
use ::events::{EventFrame, Geometry, StackedHistogram, TimeSurface, VoxelGrid};
use data::{Error, Result};

impl EventData {
    /// ON and OFF events per pixel, as a picture.
    ///
    /// # Errors
    /// What cannot be decoded.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.frame()?.size(), (4, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn frame(&self) -> Result<EventPicture> {
        let frame = self.counts()?;
        Ok(picture(&frame, format!("{} events", frame.on.iter().chain(&frame.off).map(|&n| u64::from(n)).sum::<u64>())))
    }

    /// ON and OFF events per pixel, as numbers.
    ///
    /// # Errors
    /// What cannot be decoded.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let counts = recording.counts_per_pixel()?;
    /// assert_eq!(counts.on.iter().chain(&counts.off).sum::<u32>(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn counts_per_pixel(&self) -> Result<EventFrame> {
        self.counts()
    }

    fn counts(&self) -> Result<EventFrame> {
        let mut frame = EventFrame::new(self.sensor()?).map_err(table::error)?;
        self.each(|events| frame.add(events))?;
        Ok(frame)
    }

    /// How long ago each pixel saw its last event, fading with `tau` microseconds, as a picture.
    ///
    /// # Errors
    /// A tau that is not positive; what cannot be decoded.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.time_surface(10.0)?.size(), (4, 3));
    /// assert!(recording.time_surface(0.0).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn time_surface(&self, tau: f64) -> Result<EventPicture> {
        let geometry = self.sensor()?;
        let mut surface = TimeSurface::new(geometry, tau).map_err(table::error)?;
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
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.voxel_grid(2)?.shape, [2, 3, 4]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn voxel_grid(&self, bins: usize) -> Result<EventGrid> {
        let (start, end) = self.bounds()?.unwrap_or((0, 1));
        let mut voxels = VoxelGrid::new(self.sensor()?, bins, start, end).map_err(table::error)?;
        self.each(|events| voxels.add(events))?;
        Ok(EventGrid::new(voxels.grid))
    }

    /// Events in bins of time per polarity (`[2, bins, height, width]`, OFF first).
    ///
    /// # Errors
    /// No bins; what cannot be decoded.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let grid = recording.stacked_histogram(2)?;
    /// assert_eq!((grid.shape.as_slice(), grid.data.iter().sum::<f32>()), ([2, 2, 3, 4].as_slice(), 4.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn stacked_histogram(&self, bins: usize) -> Result<EventGrid> {
        let (start, end) = self.bounds()?.unwrap_or((0, 1));
        let mut stack = StackedHistogram::new(self.sensor()?, bins, start, end).map_err(table::error)?;
        self.each(|events| stack.add(events))?;
        Ok(EventGrid::new(stack.grid))
    }

    /// A picture per window of `width` microseconds, at most 600 of them, that plays when it is displayed.
    ///
    /// # Errors
    /// A width that is not positive or too small; what cannot be decoded.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.player(20)?.frames().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
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
            let mut frame = EventFrame::new(sensor).map_err(table::error)?;
            window.each(|events| frame.add(events))?;
            let start = window.selection.time.map_or(0, |(start, _)| start);
            Ok(picture(&frame, format!("from {start} us")))
        });
        Ok(EventPlayer::new(frames.collect::<Result<_>>()?, 40))
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
    let caption = format!("{caption}; full colour at {full} events of a pixel");
    EventPicture::new(width.into(), height.into(), &strength(&frame.on), &strength(&frame.off), caption)
}
