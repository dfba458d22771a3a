//! What there is to know of a recording, told by its header where it can.

use super::Recording;
use crate::error::Result;
use crate::format::{self, Format};
use crate::header::Header;
use crate::options::Info;
use crate::pass::Report;
use crate::slot::Slot;

impl Recording {
    /// Everything there is to know. Decodes the file once when the format does not tell, and keeps the index.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn info(&self) -> Result<Info> {
        let told = if self.known_index().is_none() { self.told_by_header()? } else { None };
        let (events, on, time, report, from_header) = match told {
            Some((rows, time)) => (rows, None, time, Report::default(), true),
            None => {
                let index = self.index()?;
                let on = index.entries.iter().map(|entry| entry.on).sum();
                (index.rows(), Some(on), index.bounds(), index.report.clone(), false)
            }
        };
        let shift = self.shift()?;
        let time = time.map(|(first, last)| (first.saturating_sub(shift), last.saturating_sub(shift)));
        let seconds = time.map_or(0.0, |(first, last)| last.saturating_sub(first) as f64 * 1e-6);
        Ok(Info {
            path: self.path().to_path_buf(),
            bytes: self.inner.bytes.len(),
            detection: self.inner.detection.clone(),
            geometry: self.inner.geometry,
            events,
            on,
            time,
            rate: if seconds > 0.0 { events as f64 / seconds } else { 0.0 },
            triggers: report.triggers + self.inner.codec.triggers().len() as u64,
            from_header,
            warnings: report.warnings(),
            metadata: self.inner.metadata.clone(),
        })
    }

    /// Number of events, without decoding where the format tells.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn count(&self) -> Result<u64> {
        if let Some(index) = self.known_index() {
            return Ok(index.rows());
        }
        match self.rows_from_header() {
            Some(rows) => Ok(rows),
            None => Ok(self.index()?.rows()),
        }
    }

    /// What is skipped is known only when it was met.
    fn rows_from_header(&self) -> Option<u64> {
        let codec = &self.inner.codec;
        let told = (0..codec.blocks()).map(|block| codec.rows(block)).sum();
        if self.options().lenient { None } else { told }
    }

    /// Number of events, first and last time, where two blocks tell them as well as all do.
    fn told_by_header(&self) -> Result<Option<(u64, Option<(i64, i64)>)>> {
        // The clock of DAT goes round: only a whole pass knows how often.
        let rows = self.rows_from_header().filter(|_| self.format() != Format::Dat && self.inner.codec.blocks() > 2);
        let Some(rows) = rows else { return Ok(None) };
        let mut bounds: Option<(i64, i64)> = None;
        for block in [0, self.inner.codec.blocks() - 1] {
            let mut slot = Slot::default();
            slot.decode(self, block, None)?;
            for &t in &slot.events.t {
                bounds = Some(bounds.map_or((t, t), |(first, last)| (first.min(t), last.max(t))));
            }
        }
        Ok(Some((rows, bounds)))
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
            .inner
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
