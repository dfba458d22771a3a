//! Events as plain columns, and the small nouns around them.

/// What one event needs in memory: t 8, x 2, y 2, polarity 1 byte.
pub const BYTES_PER_EVENT: u64 = 13;

/// Events, a vector per column, all of the same length.
///
/// The vectors can be moved into a dataframe without a copy.
///
/// ```
/// let mut some = events::Events::default();
/// some.push(100, 3, 4, 1);
/// assert_eq!((some.t[0], some.x[0], some.y[0], some.polarity[0]), (100, 3, 4, 1));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Time in microseconds.
    pub t: Vec<i64>,
    /// Column of the pixel, from the left.
    pub x: Vec<u16>,
    /// Row of the pixel, as stored in the file.
    pub y: Vec<u16>,
    /// Polarity, encoded as [`crate::PolarityRule`] says: greater than 0 is ON.
    pub polarity: Vec<i8>,
}

impl Events {
    /// How many events.
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// assert_eq!(some.len(), 4);
    /// ```
    pub fn len(&self) -> usize {
        self.t.len()
    }

    /// No events at all?
    ///
    /// ```
    /// assert!(events::Events::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.t.is_empty()
    }

    /// Empties the columns and keeps their memory.
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// some.clear();
    /// assert!(some.is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.t.clear();
        self.x.clear();
        self.y.clear();
        self.polarity.clear();
    }

    /// Room for `more` events.
    ///
    /// ```
    /// let mut some = events::Events::default();
    /// some.reserve(1000);
    /// assert!(some.t.capacity() >= 1000 && some.is_empty());
    /// ```
    pub fn reserve(&mut self, more: usize) {
        self.t.reserve(more);
        self.x.reserve(more);
        self.y.reserve(more);
        self.polarity.reserve(more);
    }

    /// Room for `more` events in large pages: taking memory page by page costs more than decoding.
    pub(crate) fn reserve_large(&mut self, more: usize) {
        self.reserve(more);
        self.in_large_pages();
    }

    fn in_large_pages(&mut self) {
        recoil_bytes::in_large_pages(&mut self.t);
        recoil_bytes::in_large_pages(&mut self.x);
        recoil_bytes::in_large_pages(&mut self.y);
        recoil_bytes::in_large_pages(&mut self.polarity);
    }

    /// Columns of `len` events, all zeros, whose memory is not taken before it is written.
    pub(crate) fn zeros(len: usize) -> Self {
        let mut zeros = Self { t: vec![0; len], x: vec![0; len], y: vec![0; len], polarity: vec![0; len] };
        zeros.in_large_pages();
        zeros
    }

    /// Returns memory that is much more than what is in it.
    pub(crate) fn give_back_spare(&mut self) {
        if self.t.capacity() > self.len() + self.len() / 8 {
            self.t.shrink_to_fit();
            self.x.shrink_to_fit();
            self.y.shrink_to_fit();
            self.polarity.shrink_to_fit();
        }
    }

    /// Adds one event.
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// some.push(200, 3, 2, 1);
    /// assert_eq!(some.len(), 5);
    /// ```
    pub fn push(&mut self, t: i64, x: u16, y: u16, polarity: i8) {
        self.t.push(t);
        self.x.push(x);
        self.y.push(y);
        self.polarity.push(polarity);
    }

    /// Adds all events of `other`.
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// some.append(&some.clone());
    /// assert_eq!(some.len(), 8);
    /// ```
    pub fn append(&mut self, other: &Events) {
        self.t.extend_from_slice(&other.t);
        self.x.extend_from_slice(&other.x);
        self.y.extend_from_slice(&other.y);
        self.polarity.extend_from_slice(&other.polarity);
    }

    /// One event as (t, x, y, polarity).
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// assert_eq!((some.get(1), some.get(4)), (Some((110, 1, 1, 1)), None));
    /// ```
    pub fn get(&self, row: usize) -> Option<(i64, u16, u16, i8)> {
        Some((*self.t.get(row)?, *self.x.get(row)?, *self.y.get(row)?, *self.polarity.get(row)?))
    }

    /// Keeps the first `len` events.
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// some.truncate(2);
    /// assert_eq!(some.t, [100, 110]);
    /// ```
    pub fn truncate(&mut self, len: usize) {
        self.t.truncate(len);
        self.x.truncate(len);
        self.y.truncate(len);
        self.polarity.truncate(len);
    }

    /// Keeps the rows of `range`; the rest is dropped.
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// some.keep_range(1..3);
    /// assert_eq!(some.t, [110, 120]);
    /// ```
    pub fn keep_range(&mut self, range: std::ops::Range<usize>) {
        self.truncate(range.end);
        self.t.drain(..range.start);
        self.x.drain(..range.start);
        self.y.drain(..range.start);
        self.polarity.drain(..range.start);
    }

    /// Keeps the events for which `keep` says so, in order.
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// some.retain(|_t, x, _y, _polarity| x == 0);
    /// assert_eq!(some.t, [100, 130]);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(i64, u16, u16, i8) -> bool) {
        let len = self.len();
        // The second slices prove to the compiler that all columns have the same length.
        let (t, x, y, p) = (&mut self.t[..len], &mut self.x[..len], &mut self.y[..len], &mut self.polarity[..len]);
        let mut kept = 0;
        for row in 0..len {
            let event = (t[row], x[row], y[row], p[row]);
            // Always written, counted only when kept: no branch for the processor to guess.
            (t[kept], x[kept], y[kept], p[kept]) = event;
            kept += usize::from(keep(event.0, event.1, event.2, event.3));
        }
        self.truncate(kept);
    }

    /// How many events are ON.
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// assert_eq!(some.count_on(), 2);
    /// ```
    pub fn count_on(&self) -> usize {
        self.polarity.iter().filter(|&&polarity| polarity > 0).count()
    }
}

/// A signal on the camera's trigger input.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let triggers: Vec<events::Trigger> = recording.triggers()?;
/// assert!(triggers.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Time in microseconds.
    pub t: i64,
    /// Number of the input.
    pub id: u16,
    /// Edge: 1 rising, 0 falling.
    pub value: u8,
}

/// Size of the sensor in pixels.
///
/// ```
/// let sensor = events::Geometry { width: 640, height: 480 };
/// assert_eq!(u32::from(sensor.width) * u32::from(sensor.height), 307_200);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl std::fmt::Display for Geometry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A place where time goes back.
///
/// ```
#[doc = include_str!("../example.txt")]
/// some.push(50, 0, 0, 1);
/// let bytes = events::write::dat(&some, Some(sensor))?;
/// let report = events::Recording::from_bytes("run.dat", bytes)?.report()?;
/// let jump: events::TimeJump = report.first_step_back.unwrap();
/// assert_eq!((jump.row, jump.from, jump.to), (4, 130, 50));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeJump {
    /// Number of the first event after the jump, from 0.
    pub row: u64,
    /// Byte offset in the file of the block in which it happens (of the word itself where the format counts time in words).
    pub offset: u64,
    /// Time before, microseconds.
    pub from: i64,
    /// Time after, microseconds.
    pub to: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four() -> Events {
        let mut events = Events::default();
        for k in 0..4 {
            events.push(k, k as u16, 10 + k as u16, (k % 2) as i8);
        }
        events
    }

    #[test]
    fn retain_keeps_order_and_all_columns() {
        let mut events = four();
        events.retain(|_, _, _, polarity| polarity > 0);
        assert_eq!((events.t, events.x, events.y, events.polarity), (vec![1, 3], vec![1, 3], vec![11, 13], vec![1, 1]));
    }

    #[test]
    fn keep_range_cuts_both_ends() {
        let mut events = four();
        events.keep_range(1..3);
        assert_eq!(events.t, [1, 2]);
        assert_eq!(events.y, [11, 12]);
        assert_eq!(events.len(), events.polarity.len());
    }
}
