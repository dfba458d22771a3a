//! What a recording looks like.

use crate::recording::EventData;
use ::events::PolaritySelection;
use show::{Bundle, Cell, Table};

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
