//! Which events are wanted.

use crate::model::columns::Events;

/// A rectangle of pixels: `x0 <= x < x1`, `y0 <= y < y1`.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let roi = events::Roi { x0: 0, y0: 0, x1: 1, y1: 3 };
/// let left = events::Selection { roi: Some(roi), ..events::Selection::all() };
/// assert_eq!(recording.select(left)?.t, [100, 130]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roi {
    /// First column.
    pub x0: u16,
    /// First row.
    pub y0: u16,
    /// Column after the last.
    pub x1: u16,
    /// Row after the last.
    pub y1: u16,
}

/// Which polarity.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let on = events::Selection { polarity: events::PolaritySelection::On, ..events::Selection::all() };
/// assert_eq!(recording.select(on)?.t, [110, 130]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PolaritySelection {
    /// Both.
    #[default]
    Both,
    /// Brighter.
    On,
    /// Darker.
    Off,
}

/// What is wanted of a recording. All parts must hold.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let early = events::Selection { time: Some((100, 120)), ..events::Selection::all() };
/// assert_eq!(recording.select(early)?.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Half-open range of time in microseconds, in the time rule of the recording.
    pub time: Option<(i64, i64)>,
    /// Part of the sensor.
    pub roi: Option<Roi>,
    /// Polarity.
    pub polarity: PolaritySelection,
    /// Pixels that are left out.
    pub without_pixels: Vec<(u16, u16)>,
}

/// A stretch of time of a recording.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let windows: Vec<events::Window> = recording.windows(20)?;
/// assert_eq!((windows[0].start, windows[0].end), (100, 120));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First microsecond.
    pub start: i64,
    /// Microsecond after the last.
    pub end: i64,
}

impl Selection {
    /// Everything.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.select(events::Selection::all())?, recording.read()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn all() -> Self {
        Self::default()
    }

    /// Does every event pass?
    ///
    /// ```
    /// use events::Selection;
    /// assert!(Selection::all().is_all() && !Selection { time: Some((0, 10)), ..Selection::all() }.is_all());
    /// ```
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Keeps of `events` what is wanted; `sorted` says that their time never steps back.
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// events::Selection { time: Some((110, 130)), ..events::Selection::all() }.apply(&mut some, true);
    /// assert_eq!(some.t, [110, 120]);
    /// ```
    pub fn apply(&self, events: &mut Events, sorted: bool) {
        if let Some((start, end)) = self.time {
            let whole = events.t.first().is_none_or(|&t| t >= start) && events.t.last().is_none_or(|&t| t < end);
            if !sorted {
                events.retain(|t, _, _, _| t >= start && t < end);
            } else if !whole {
                let from = events.t.partition_point(|&t| t < start);
                let to = events.t.partition_point(|&t| t < end).max(from);
                events.keep_range(from..to);
            }
        }
        match (self.roi, self.polarity) {
            (None, PolaritySelection::Both) => {}
            (None, wanted) => {
                let on = wanted == PolaritySelection::On;
                events.retain(|_, _, _, polarity| (polarity > 0) == on);
            }
            (Some(roi), wanted) => {
                // Bitwise, so that the four comparisons are no branches.
                let inside = |x: u16, y: u16| (x >= roi.x0) & (x < roi.x1) & (y >= roi.y0) & (y < roi.y1);
                match wanted {
                    PolaritySelection::Both => events.retain(|_, x, y, _| inside(x, y)),
                    PolaritySelection::On => events.retain(|_, x, y, polarity| inside(x, y) & (polarity > 0)),
                    PolaritySelection::Off => events.retain(|_, x, y, polarity| inside(x, y) & (polarity <= 0)),
                }
            }
        }
        if !self.without_pixels.is_empty() {
            let hot: std::collections::HashSet<(u16, u16)> = self.without_pixels.iter().copied().collect();
            events.retain(|_, x, y, _| !hot.contains(&(x, y)));
        }
    }
}
