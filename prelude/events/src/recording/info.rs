//! What there is to know of a recording.

use super::Recording;
use crate::model::error::Result;
use crate::model::options::Info;
use crate::recording::pass;

impl Recording {
    /// Everything there is to know, all of it checked: decodes the file once, unless an index of it was kept.
    ///
    /// # Errors
    /// When the file is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.info()?.geometry, recording.geometry());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn info(&self) -> Result<Info> {
        let index = pass::index(&self.file)?;
        let (report, events) = (&index.report, index.rows());
        let time = self.time_bounds()?;
        let seconds = time.map_or(0.0, |(first, last)| last.saturating_sub(first) as f64 * 1e-6);
        Ok(Info {
            path: self.path().to_path_buf(),
            bytes: self.file.bytes().len(),
            detection: self.file.detection().clone(),
            geometry: self.file.geometry(),
            events,
            on: Some(index.entries.iter().map(|entry| entry.on).sum()),
            time,
            rate: if seconds > 0.0 { events as f64 / seconds } else { 0.0 },
            triggers: report.triggers + self.file.codec().triggers().len() as u64,
            warnings: report.warnings(),
            metadata: self.file.metadata().to_vec(),
        })
    }

    /// Number of events; where the format has records of one size, without decoding them.
    ///
    /// # Errors
    /// When the file is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
}
