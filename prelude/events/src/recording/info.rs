//! What there is to know of a recording, told by its header where it can.

use super::Recording;
use crate::model::error::Result;
use crate::model::format::Format;
use crate::model::options::Info;
use crate::model::report::Report;
use crate::recording::pass;
use crate::recording::slot::Slot;

impl Recording {
    /// Everything there is to know. Decodes the file once when the format does not tell, and keeps the index.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn info(&self) -> Result<Info> {
        let told = if self.file.known_index().is_none() { self.told_by_header()? } else { None };
        let (events, on, time, report, from_header) = match told {
            Some((rows, time)) => (rows, None, time, Report::default(), true),
            None => {
                let index = pass::index(&self.file)?;
                let on = index.entries.iter().map(|entry| entry.on).sum();
                (index.rows(), Some(on), index.bounds(), index.report.clone(), false)
            }
        };
        let shift = pass::shift(&self.file)?;
        let time = time.map(|(first, last)| (first.saturating_sub(shift), last.saturating_sub(shift)));
        let seconds = time.map_or(0.0, |(first, last)| last.saturating_sub(first) as f64 * 1e-6);
        Ok(Info {
            path: self.path().to_path_buf(),
            bytes: self.file.bytes().len(),
            detection: self.file.detection().clone(),
            geometry: self.file.geometry(),
            events,
            on,
            time,
            rate: if seconds > 0.0 { events as f64 / seconds } else { 0.0 },
            triggers: report.triggers + self.file.codec().triggers().len() as u64,
            from_header,
            warnings: report.warnings(),
            metadata: self.file.metadata().to_vec(),
        })
    }

    /// Number of events, without decoding where the format tells.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn count(&self) -> Result<u64> {
        if let Some(index) = self.file.known_index() {
            return Ok(index.rows());
        }
        match self.rows_from_header() {
            Some(rows) => Ok(rows),
            None => Ok(pass::index(&self.file)?.rows()),
        }
    }

    /// What is skipped is known only when it was met.
    fn rows_from_header(&self) -> Option<u64> {
        let codec = self.file.codec();
        let told = (0..codec.blocks()).map(|block| codec.rows(block)).sum();
        if self.options().lenient { None } else { told }
    }

    /// Number of events, first and last time, where two blocks tell them as well as all do.
    fn told_by_header(&self) -> Result<Option<(u64, Option<(i64, i64)>)>> {
        // The clock of DAT goes round: only a whole pass knows how often.
        let rows = self.rows_from_header().filter(|_| self.format() != Format::Dat && self.file.codec().blocks() > 2);
        let Some(rows) = rows else { return Ok(None) };
        let mut bounds: Option<(i64, i64)> = None;
        for block in [0, self.file.codec().blocks() - 1] {
            let mut slot = Slot::default();
            slot.decode(&self.file, block, None)?;
            for &t in &slot.events.t {
                bounds = Some(bounds.map_or((t, t), |(first, last)| (first.min(t), last.max(t))));
            }
        }
        Ok(Some((rows, bounds)))
    }
}
