//! A recording in stretches of time.

use super::Recording;
use crate::model::error::{EventError, Result};
use crate::model::select::Window;
use crate::recording::pass;

/// More windows than anybody counts in: 30 hours of milliseconds.
const MOST_WINDOWS: i64 = 100_000_000;

impl Recording {
    /// Stretches of `width` microseconds that cover the recording, from its first event on.
    ///
    /// # Errors
    /// When the width is not positive or the file is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.windows(20)?.len(), 2);
    /// assert!(recording.windows(0).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn windows(&self, width: i64) -> Result<Vec<Window>> {
        if width <= 0 {
            return Err(EventError::Argument(format!("windows of {width} us: the width must be positive")));
        }
        let Some((first, last)) = self.time_bounds()? else { return Ok(Vec::new()) };
        let count = (last.saturating_sub(first) / width).saturating_add(1);
        if count > MOST_WINDOWS {
            return Err(EventError::Argument(format!(
                "{count} windows of {width} us from {first} to {last} us are too many; is a time damaged? take wider ones or a slice"
            )));
        }
        let start = |k: i64| first.saturating_add(k.saturating_mul(width));
        Ok((0..count).map(|k| Window { start: start(k), end: start(k).saturating_add(width) }).collect())
    }

    /// Number of events in each of [`Recording::windows`], in one pass.
    ///
    /// # Errors
    /// As [`Recording::windows`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let counts: Vec<u64> = recording.counts_per_window(20)?.into_iter().map(|(_, events)| events).collect();
    /// assert_eq!(counts, [2, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn counts_per_window(&self, width: i64) -> Result<Vec<(Window, u64)>> {
        let windows = self.windows(width)?;
        let mut counts = vec![0u64; windows.len()];
        let Some(first) = windows.first().map(|window| window.start) else { return Ok(Vec::new()) };
        self.stream().for_each(|events| {
            // Times lie close together: one division per window, not per event.
            let (mut window, mut low, mut high) = (0, first, first.saturating_add(width));
            for &t in &events.t {
                if t < low || t >= high {
                    // All times lie at or behind the first, and their distance is that of the windows.
                    window = (t.saturating_sub(first) / width) as usize;
                    low = first.saturating_add((window as i64).saturating_mul(width));
                    high = low.saturating_add(width);
                }
                if let Some(count) = counts.get_mut(window) {
                    *count += 1;
                }
            }
            Ok(())
        })?;
        Ok(windows.into_iter().zip(counts).collect())
    }

    /// The first and the last microsecond of any event.
    ///
    /// # Errors
    /// When the file is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.time_bounds()?, Some((100, 130)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn time_bounds(&self) -> Result<Option<(i64, i64)>> {
        let shift = pass::shift(&self.file)?;
        Ok(pass::index(&self.file)?
            .bounds()
            .map(|(first, last)| (first.saturating_sub(shift), last.saturating_sub(shift))))
    }
}
