//! What recordings and arrays of events look like.

use crate::picture::EventPicture;
use crate::recording::EventData;
use ::events::{Grid, Info, PolaritySelection};
use show::{Bundle, Cell, Table};
use std::ops::Deref;

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
    pub(crate) fn new(grid: Grid) -> Self {
        Self(grid)
    }

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
