//! Filters that look at more than one event.

use crate::derive::represent::room;
use crate::model::columns::{Events, Geometry};
use crate::model::error::{EventError, Result};

fn pixels(geometry: Geometry) -> Result<usize> {
    room(&[usize::from(geometry.height), usize::from(geometry.width)], size_of::<u64>())
}

/// Drops events of a pixel that come too soon after the one before of the same pixel, which sensors call refractory.
///
/// It remembers across calls, so a recording can be filtered chunk by chunk.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let mut filter = events::RefractoryFilter::new(sensor, 50)?;
/// filter.apply(&mut some);
/// assert_eq!(some.t, [100, 110, 120], "the pixel of the fourth had one 30 us before");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RefractoryFilter {
    geometry: Geometry,
    period: i64,
    last: Vec<i64>,
}

impl RefractoryFilter {
    /// `period_us`: events are kept when at least so many microseconds have passed since the last that was kept.
    ///
    /// # Errors
    /// When the period is not positive, or a number per pixel does not fit the memory.
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// assert!(events::RefractoryFilter::new(sensor, 0).is_err());
    /// ```
    pub fn new(geometry: Geometry, period_us: i64) -> Result<Self> {
        if period_us <= 0 {
            return Err(EventError::Argument(format!("a refractory period of {period_us} us: it must be positive")));
        }
        Ok(Self { geometry, period: period_us, last: vec![i64::MIN; pixels(geometry)?] })
    }

    /// Filters the next events. Those outside of the sensor are kept: nothing is known about their pixel.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// events::RefractoryFilter::new(sensor, 20)?.apply(&mut some);
    /// assert_eq!(some.len(), 4, "no pixel has two within 20 us");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply(&mut self, events: &mut Events) {
        let (width, period, last) = (usize::from(self.geometry.width), self.period, &mut self.last);
        events.retain(|t, x, y, _| {
            if usize::from(x) >= width {
                return true;
            }
            let Some(last) = last.get_mut(usize::from(y) * width + usize::from(x)) else { return true };
            let keep = *last == i64::MIN || t.saturating_sub(*last) >= period || t < *last;
            if keep {
                *last = t;
            }
            keep
        });
    }
}

/// Events per pixel, from which hot pixels are told.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let mut counts = events::PixelCounts::new(sensor)?;
/// counts.add(&some);
/// assert_eq!(counts.counts[4..7], [2, 1, 1], "the second row");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PixelCounts {
    geometry: Geometry,
    /// Row after row.
    pub counts: Vec<u64>,
    /// Events outside of the sensor.
    pub outside: u64,
}

impl PixelCounts {
    /// Nothing counted yet.
    ///
    /// # Errors
    /// When a number per pixel does not fit the memory.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(events::PixelCounts::new(sensor)?.counts.len(), 12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(geometry: Geometry) -> Result<Self> {
        Ok(Self { geometry, counts: vec![0; pixels(geometry)?], outside: 0 })
    }

    /// Counts the next events.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut counts = events::PixelCounts::new(Geometry { width: 2, height: 2 })?;
    /// counts.add(&some);
    /// assert_eq!((counts.counts.iter().sum::<u64>(), counts.outside), (3, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(&mut self, events: &Events) {
        let width = usize::from(self.geometry.width);
        for (&x, &y) in events.x.iter().zip(&events.y) {
            let (x, y) = (usize::from(x), usize::from(y));
            match self.counts.get_mut(y * width + x) {
                Some(count) if x < width => *count += 1,
                _ => self.outside += 1,
            }
        }
    }

    /// Adds what another counted.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut counts = events::PixelCounts::new(sensor)?;
    /// counts.add(&some);
    /// counts.merge(&counts.clone());
    /// assert_eq!(counts.counts[4], 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.outside += other.outside;
    }

    /// Size of the sensor.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(events::PixelCounts::new(sensor)?.geometry(), sensor);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// Pixels with more events than `percentile` percent of the pixels that saw any.
    ///
    /// # Errors
    /// When the percentile is not between 0 and 100.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut counts = events::PixelCounts::new(sensor)?;
    /// counts.add(&some);
    /// assert_eq!(counts.hot_by_percentile(50.0)?, [(0, 1)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hot_by_percentile(&self, percentile: f64) -> Result<Vec<(u16, u16)>> {
        if !(0.0..=100.0).contains(&percentile) {
            return Err(EventError::Argument(format!("percentile {percentile}: it must be between 0 and 100")));
        }
        let mut seen: Vec<u64> = self.counts.iter().copied().filter(|&count| count > 0).collect();
        if seen.is_empty() {
            return Ok(Vec::new());
        }
        seen.sort_unstable();
        let place = (percentile / 100.0 * (seen.len() - 1) as f64).round() as usize;
        Ok(self.above(seen[place]))
    }

    /// Pixels with more than `times` the mean of the pixels that saw any.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut counts = events::PixelCounts::new(sensor)?;
    /// counts.add(&some);
    /// assert_eq!(counts.hot_by_factor(1.4), [(0, 1)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hot_by_factor(&self, times: f64) -> Vec<(u16, u16)> {
        let seen = self.counts.iter().filter(|&&count| count > 0).count();
        let mean = self.counts.iter().sum::<u64>() as f64 / seen.max(1) as f64;
        self.above((mean * times) as u64)
    }

    fn above(&self, limit: u64) -> Vec<(u16, u16)> {
        let width = usize::from(self.geometry.width).max(1);
        let hot = self.counts.iter().enumerate().filter(|&(_, &count)| count > limit);
        hot.map(|(pixel, _)| ((pixel % width) as u16, (pixel / width) as u16)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Geometry = Geometry { width: 4, height: 3 };

    #[test]
    fn refractory_remembers_across_chunks() {
        let mut filter = RefractoryFilter::new(SMALL, 10).unwrap();
        let chunk = |times: &[i64]| {
            let mut events = Events::default();
            times.iter().for_each(|&t| events.push(t, 1, 1, 1));
            events
        };
        let mut first = chunk(&[0, 5, 9, 10, 15]);
        filter.apply(&mut first);
        assert_eq!(first.t, [0, 10]);
        let mut second = chunk(&[19, 20]);
        filter.apply(&mut second);
        assert_eq!(second.t, [20]);
    }

    #[test]
    fn hot_pixels_are_those_above_the_others() {
        let mut counts = PixelCounts::new(SMALL).unwrap();
        let mut events = Events::default();
        for x in 0..4 {
            events.push(0, x, 0, 1);
        }
        (0..50).for_each(|t| events.push(t, 2, 1, 1));
        events.push(0, 4, 0, 1);
        counts.add(&events);
        assert_eq!(counts.hot_by_percentile(75.0).unwrap(), [(2, 1)]);
        assert_eq!(counts.hot_by_factor(3.0), [(2, 1)]);
        assert_eq!(counts.outside, 1);
        assert!(counts.hot_by_percentile(101.0).is_err());
    }
}
