//! What there is to know of a recording, told by its header where it can.

use super::Recording;
use crate::bytes::Scratch;
use crate::codec::{Notes, Sink};
use crate::columns::Events;
use crate::error::Result;
use crate::format::{self, Format};
use crate::header::Header;
use crate::options::Info;
use crate::pass::Report;
use crate::stats::Stats;

impl Recording {
    /// Everything there is to know. Decodes the file once when the format does not tell, and keeps the index.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn info(&self) -> Result<Info> {
        let counted = self.rows_from_header();
        let (events, on, time, report, from_header) = match (self.known_index(), counted) {
            (None, Some(rows)) => (rows, None, self.time_from_ends()?, Report::default(), true),
            _ => {
                let index = self.index()?;
                let on = index.entries.iter().map(|entry| entry.on).sum();
                (index.rows(), Some(on), index.bounds(), index.report.clone(), false)
            }
        };
        let shift = self.shift()?;
        let time = time.map(|(first, last)| (first - shift, last - shift));
        let seconds = time.map_or(0.0, |(first, last)| last.saturating_sub(first) as f64 * 1e-6);
        Ok(Info {
            path: self.path().to_path_buf(),
            bytes: self.bytes.len(),
            detection: self.detection.clone(),
            geometry: self.geometry,
            events,
            on,
            time,
            rate: if seconds > 0.0 { events as f64 / seconds } else { 0.0 },
            triggers: report.triggers + self.codec.triggers().len() as u64,
            from_header,
            warnings: report.warnings(),
            metadata: self.metadata.clone(),
        })
    }

    /// Number of events, without decoding where the format tells.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn count(&self) -> Result<u64> {
        match self.rows_from_header() {
            Some(rows) => Ok(rows),
            None => Ok(self.index()?.rows()),
        }
    }

    fn rows_from_header(&self) -> Option<u64> {
        (0..self.codec.blocks()).map(|block| self.codec.rows(block)).sum()
    }

    /// First and last time of formats that need no state: only two blocks are decoded.
    fn time_from_ends(&self) -> Result<Option<(i64, i64)>> {
        if self.format() == Format::Dat || self.codec.blocks() < 3 {
            // The clock of DAT goes round: only a whole pass knows how often.
            return Ok(self.index()?.bounds());
        }
        let mut bounds = None;
        for block in [0, self.codec.blocks() - 1] {
            let mut events = Events::default();
            let mut sink = Sink {
                events: &mut events,
                notes: &mut Notes::default(),
                stats: &mut Stats::default(),
                lenient: self.options.lenient,
                signed: false,
                format: self.format(),
                path: self.path(),
            };
            self.codec.decode(&self.bytes, block, None, &mut Scratch::default(), &mut sink)?;
            let (low, high) = (events.t.iter().min(), events.t.iter().max());
            if let (Some(&low), Some(&high)) = (low, high) {
                bounds = Some(bounds.map_or((low, high), |(first, last): (i64, i64)| (first.min(low), last.max(high))));
            }
        }
        Ok(bounds)
    }

    /// What to do when a file with data has no events: perhaps it is another format.
    pub(crate) fn hint_for_nothing(&self, report: &Report) -> String {
        if report.before_start > 0 {
            return format!(
                "{} events come before the first time word and have no time; the start of the stream is missing",
                report.before_start
            );
        }
        if report.other > 0 {
            return format!("{} items are there, but none is a polarity event", report.other);
        }
        match self
            .bytes
            .head(0, 64 * 1024)
            .ok()
            .and_then(|head| format::plausible_words(&head[Header::parse(&head).body as usize..]))
        {
            Some((format, _)) if format != self.format() => format!("the words look like {format}: try `format`"),
            _ => "is it another format? `format` names one; `lenient` reads it as empty".to_string(),
        }
    }
}
