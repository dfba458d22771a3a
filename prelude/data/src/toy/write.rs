use super::{BLOCK, PROCESSES, Process, block};
use polars::prelude::{DataFrame, ParquetCompression, ParquetWriter, PolarsError};
use rayon::prelude::*;
use segment::{Error, Place, Result};
use std::path::Path;

/// Blocks of one file; each is a row group.
const BLOCKS: u64 = 40;

/// Writes toy data of `events` events to `directory`, one subdirectory per process, in parallel.
///
/// Returns the number of rows (candidates). Files appear whole or not at all.
///
/// # Errors
/// What the system says when the directory cannot be written, with the file.
pub fn toy(directory: impl AsRef<Path>, events: u64, seed: u64) -> Result<u64> {
    let directory = directory.as_ref();
    let work = segment::work::Task::new("toy data", "events", Some(events));
    let jobs: Vec<_> = PROCESSES.iter().flat_map(|process| files(process, events)).collect();
    let rows = jobs.par_iter().map(|job| job.write(directory, seed, &work)).collect::<Result<Vec<u64>>>()?;
    Ok(rows.iter().sum())
}

/// The blocks of toy data in memory, one after the other: for data that no disk holds.
///
/// # Errors
/// None in practice.
pub fn toy_segments(process: &'static Process, events: u64, seed: u64) -> impl Iterator<Item = Result<DataFrame>> {
    blocks(events).map(move |(number, events)| Ok(block(process, seed, number, events)?))
}

/// One file to write: some blocks of a process.
struct File {
    process: &'static Process,
    number: u64,
    blocks: Vec<(u64, u64)>,
}

fn files(process: &'static Process, events: u64) -> Vec<File> {
    let own = (events as f64 * process.share).round() as u64;
    let blocks: Vec<_> = blocks(own.max(1)).collect();
    let chunks = blocks.chunks(BLOCKS as usize).enumerate();
    chunks.map(|(number, blocks)| File { process, number: number as u64, blocks: blocks.to_vec() }).collect()
}

/// Number and events of each block.
fn blocks(events: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..events.div_ceil(BLOCK)).map(move |number| (number, BLOCK.min(events - number * BLOCK)))
}

impl File {
    fn write(&self, directory: &Path, seed: u64, work: &segment::work::Task) -> Result<u64> {
        let directory = directory.join(self.process.name);
        let path = directory.join(format!("part-{:05}.parquet", self.number));
        let temporary = path.with_extension("tmp");
        let failed = |error: &dyn std::fmt::Display| {
            Error::read(&Place::file(path.display().to_string()), format!("cannot write: {error}"))
        };
        std::fs::create_dir_all(&directory).map_err(|error| failed(&error))?;
        let written = self.write_blocks(&temporary, seed, work);
        if written.is_err() {
            // Nothing half written stays behind; the first error is the one to tell.
            let _ = std::fs::remove_file(&temporary);
        }
        let rows = written.map_err(|error| match error {
            Error::Interrupted => Error::Interrupted,
            error => failed(&error),
        })?;
        std::fs::rename(&temporary, &path).map_err(|error| failed(&error))?;
        Ok(rows)
    }

    fn write_blocks(&self, path: &Path, seed: u64, work: &segment::work::Task) -> Result<u64> {
        let file = std::fs::File::create(path).map_err(PolarsError::from)?;
        let file = std::io::BufWriter::with_capacity(1 << 20, file);
        let mut writer = None;
        let mut file = Some(file);
        let mut rows = 0;
        for &(number, events) in &self.blocks {
            let frame = block(self.process, seed, number, events)?;
            rows += frame.height() as u64;
            if let Some(file) = file.take() {
                let options = ParquetWriter::new(file).with_compression(ParquetCompression::Zstd(None));
                writer = Some(options.batched(frame.schema())?);
            }
            if let Some(writer) = &mut writer {
                writer.write_batch(&frame)?;
            }
            work.advance(events, 0)?;
        }
        if let Some(writer) = writer {
            writer.finish()?;
        }
        Ok(rows)
    }
}
