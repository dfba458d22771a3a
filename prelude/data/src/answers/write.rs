//! Writing rows to parquet while they come, in order.

use crate::error::Result;
use crate::group::Group;
use crate::lower::pass::Pass;
use crate::lower::process::Lowered;
use flow::Sink;
use polars::prelude::DataFrame;
use segment::Segment;
use sources::parquet::{WriteOptions, Writer};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

impl Group {
    /// Writes the rows that are left as parquet (zstd, floats PLAIN) and gives their number. The file appears whole or not
    /// at all. Several processes give a directory with one subdirectory each, which [`load`](crate::load) opens again.
    ///
    /// # Errors
    /// Everything that is wrong with the steps, before any row is read; a place that cannot be written.
    pub fn write_parquet(&self, path: impl AsRef<Path>) -> Result<u64> {
        self.write_parquet_with(path, &WriteOptions::default())
    }

    /// The same with a compression, a size of row groups, or columns to sort by.
    ///
    /// # Errors
    /// See [`Group::write_parquet`].
    pub fn write_parquet_with(&self, path: impl AsRef<Path>, options: &WriteOptions) -> Result<u64> {
        let several = self.members.len() > 1;
        let (mut pass, _) = Pass::of_everything(self)?;
        let parts = pass.each(|lowered| {
            let path = match several {
                true => path.as_ref().join(lowered.name()).join("part-00000.parquet"),
                false => path.as_ref().to_owned(),
            };
            let (file, rows) = run_into(lowered, Writer::create(&path, &lowered.output(), options)?)?;
            file.finish()?;
            Ok(rows)
        })?;
        pass.report("write_parquet");
        Ok(parts.into_iter().map(|(_, rows)| rows).sum())
    }
}

/// A file in the making, which takes frames in the order of their rows.
pub(crate) trait Frames: Send {
    /// Writes the next rows.
    fn push(&mut self, frame: DataFrame) -> segment::Result<()>;
}

impl Frames for Writer {
    fn push(&mut self, frame: DataFrame) -> segment::Result<()> {
        Self::push(self, frame)
    }
}

/// Runs the chain of a process into a file. Gives the file, which is still to be finished, and the number of rows.
pub(crate) fn run_into<F: Frames>(lowered: &Lowered<'_>, file: F) -> Result<(F, u64)> {
    let file = ToFile(Mutex::new(file));
    let mut rest = lowered.run(&file)?;
    file.push(&mut rest)?;
    Ok((file.0.into_inner().unwrap_or_else(PoisonError::into_inner), rest.rows))
}

/// Hands frames to the file as soon as all rows before them have been handed over.
struct ToFile<F>(Mutex<F>);

/// Frames that wait for their turn, and how many rows have had theirs.
#[derive(Default)]
struct Waiting {
    frames: Vec<DataFrame>,
    rows: u64,
}

impl<F: Frames> ToFile<F> {
    fn push(&self, waiting: &mut Waiting) -> segment::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for frame in waiting.frames.drain(..) {
            waiting.rows += frame.height() as u64;
            file.push(frame)?;
        }
        Ok(())
    }
}

impl<F: Frames> Sink for ToFile<F> {
    type Part = Waiting;

    fn part(&self) -> Waiting {
        Waiting::default()
    }

    fn take(&self, part: &mut Waiting, segment: Segment) -> flow::Result<()> {
        part.frames.push(segment.frame);
        Ok(())
    }

    /// Parts come in order here, so what is complete goes to the file.
    fn merge(&self, whole: &mut Waiting, next: Waiting) -> flow::Result<()> {
        whole.frames.extend(next.frames);
        Ok(self.push(whole)?)
    }
}
