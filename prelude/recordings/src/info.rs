//! What there is to know about a recording.

use ::events::Info;
use show::{Bundle, Cell, Table};
use std::ops::Deref;

/// What there is to know about a recording; displays as a table.
///
/// ```
#[doc = include_str!("example.txt")]
/// let info: recordings::EventInfo = recording.info()?;
/// assert_eq!(info.events, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct EventInfo(Info);

impl Deref for EventInfo {
    type Target = Info;

    fn deref(&self) -> &Info {
        &self.0
    }
}

impl EventInfo {
    pub(crate) fn new(info: Info) -> Self {
        Self(info)
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
