use crate::BLOCK;
use crate::PROCESSES;
use crate::Process;
use crate::block;
use rayon::prelude::*;
use segment::Result;
use segment::work::Task;
use sources::parquet::{WriteOptions, Writer};
use std::path::Path;

/// Blocks of one file.
const BLOCKS: usize = 40;

/// Writes toy data of `events` events to `directory`, one subdirectory per process, in parallel.
///
/// Returns the number of rows (candidates). Files appear whole or not at all.
///
/// # Errors
/// What the system says when the directory cannot be written, with the file.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("recoil-example-{}-toy", std::process::id()));
/// let rows = toy::toy(&folder, 1000, 7)?;
/// assert!(rows > 1000, "an eighth of the events have several candidates");
/// assert!(folder.join(toy::PROCESSES[0].name).is_dir());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn toy(directory: impl AsRef<Path>, events: u64, seed: u64) -> Result<u64> {
    write_at(directory.as_ref(), events, seed)
}

// Every cell compiles the generic function above anew, so it only hands on.
#[inline(never)]
fn write_at(directory: &Path, events: u64, seed: u64) -> Result<u64> {
    segment::record::seed("toy", seed);
    let work = Task::new("toy data", "events", Some(events));
    let jobs: Vec<_> = PROCESSES.iter().flat_map(|process| files(process, events)).collect();
    let rows = jobs.par_iter().map(|job| job.write(directory, seed, &work)).collect::<Result<Vec<u64>>>()?;
    Ok(rows.iter().sum())
}

/// One file to write: some blocks of a process.
struct File {
    process: &'static Process,
    number: usize,
    blocks: Vec<(u64, u64)>,
}

fn files(process: &'static Process, events: u64) -> Vec<File> {
    let own = (events as f64 * process.share).round() as u64;
    let blocks: Vec<_> = blocks(own.max(1)).collect();
    let chunks = blocks.chunks(BLOCKS).enumerate();
    chunks.map(|(number, blocks)| File { process, number, blocks: blocks.to_vec() }).collect()
}

/// Number and events of each block.
fn blocks(events: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..events.div_ceil(BLOCK)).map(move |number| (number, BLOCK.min(events - number * BLOCK)))
}

impl File {
    fn write(&self, directory: &Path, seed: u64, work: &Task) -> Result<u64> {
        let path = directory.join(self.process.name).join(format!("part-{:05}.parquet", self.number));
        let mut writer: Option<Writer> = None;
        let mut rows = 0;
        for &(number, events) in &self.blocks {
            let frame = block(self.process, seed, number, events)?;
            rows += frame.height() as u64;
            match &mut writer {
                Some(writer) => writer.push(frame)?,
                None => {
                    let mut first = Writer::create(&path, frame.schema(), &WriteOptions::default())?;
                    first.push(frame)?;
                    writer = Some(first);
                }
            }
            work.advance(events, 0)?;
        }
        if let Some(writer) = writer {
            writer.finish()?;
        }
        Ok(rows)
    }
}
