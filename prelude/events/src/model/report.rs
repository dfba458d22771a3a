//! What a pass over a recording noticed.

use crate::model::columns::TimeJump;

/// What a pass noticed. Nothing is dropped or doubtful without being counted here.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let report: events::Report = recording.report()?;
/// assert_eq!((report.events, report.steps_back), (4, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Events decoded, before any selection.
    pub events: u64,
    /// Triggers in the event stream.
    pub triggers: u64,
    /// Events and triggers before the stream first says what time it is: they have no time and are dropped.
    pub before_start: u64,
    /// Items that say they are no valid events: frames, IMU, special and invalid ones.
    pub other: u64,
    /// Damaged words, records, lines, packets or blocks that `lenient` skipped.
    pub skipped: u64,
    /// Their size; lines without their end, blocks of HDF5 in rows.
    pub skipped_bytes: u64,
    /// Where the first of them is, and what is wrong with it.
    pub first_skipped: Option<(u64, String)>,
    /// Events outside of the sensor that the file names; they are kept.
    pub outside: u64,
    /// How often time steps back.
    pub steps_back: u64,
    /// The first place where it does.
    pub first_step_back: Option<TimeJump>,
    /// The place where it steps back the furthest.
    pub largest_step_back: Option<TimeJump>,
}

impl Report {
    /// Is time in order from the first event to the last?
    ///
    /// ```
    /// assert!(events::Report::default().sorted());
    /// assert!(!events::Report { steps_back: 1, ..Default::default() }.sorted());
    /// ```
    pub fn sorted(&self) -> bool {
        self.steps_back == 0
    }

    /// What a user should hear, a line each.
    ///
    /// ```
    /// let report = events::Report { outside: 3, ..Default::default() };
    /// assert!(report.warnings()[0].starts_with("3 events lie outside"));
    /// ```
    pub fn warnings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some((offset, what)) = &self.first_skipped {
            lines.push(format!(
                "{} damaged items skipped, {} bytes in all; the first at byte {offset}: {what}",
                self.skipped, self.skipped_bytes
            ));
        }
        if let (Some(first), Some(largest)) = (self.first_step_back, self.largest_step_back) {
            lines.push(format!(
                "time steps back {} times: first at event {} (byte {}) from {} to {} us, furthest at event {} by {} us",
                self.steps_back,
                first.row,
                first.offset,
                first.from,
                first.to,
                largest.row,
                largest.from.saturating_sub(largest.to)
            ));
        }
        if self.before_start > 0 {
            lines.push(format!("{} events before the first time word have no time and are dropped", self.before_start));
        }
        if self.outside > 0 {
            lines.push(format!("{} events lie outside of the sensor that the file names", self.outside));
        }
        lines
    }
}
