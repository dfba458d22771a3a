//! Writing rows to parquet while they come, in order, a row group at a time.

use crate::error::Result;
use crate::group::Group;
use crate::run::Pass;
use flow::Sink;
use polars::io::parquet::write::BatchedWriter;
use polars::prelude::*;
use segment::{Error, Place, Segment};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Rows of a row group: large enough to read fast, small enough to skip.
const ROW_GROUP: usize = 262_144;

impl Group {
    /// Writes the rows that are left as parquet (zstd) and gives their number. The file appears whole or not at all.
    /// Several processes give a directory with one subdirectory each, which [`load`](crate::load) opens again.
    ///
    /// # Errors
    /// Everything that is wrong with the steps, before any row is read; a place that cannot be written.
    pub fn write_parquet(&self, path: impl AsRef<Path>) -> Result<u64> {
        let several = self.members.len() > 1;
        let (mut pass, _) = Pass::of_everything(self)?;
        let parts = pass.each(|lowered| {
            let path = match several {
                true => path.as_ref().join(lowered.name()).join("part-00000.parquet"),
                false => path.as_ref().to_owned(),
            };
            let writer = RowGroups::create(&path, &lowered.output())?;
            match lowered.run(&writer) {
                Ok(part) => Ok(writer.finish(part)?),
                Err(error) => {
                    writer.discard();
                    Err(error)
                }
            }
        })?;
        Ok(parts.into_iter().map(|(_, rows)| rows).sum())
    }
}

/// A parquet file that is being written under another name.
struct RowGroups {
    path: PathBuf,
    temporary: PathBuf,
    schema: Schema,
    writer: Mutex<BatchedWriter<BufWriter<File>>>,
}

impl RowGroups {
    fn create(path: &Path, schema: &Schema) -> segment::Result<Self> {
        let failed = |error: &dyn std::fmt::Display| cannot(path, error);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        let temporary = path.with_extension(format!("parquet.{}.tmp", std::process::id()));
        let file = File::create(&temporary).map_err(|error| failed(&error))?;
        let writer = ParquetWriter::new(BufWriter::with_capacity(1 << 20, file))
            .with_compression(ParquetCompression::Zstd(None))
            .with_row_group_size(Some(ROW_GROUP))
            .batched(schema)
            .map_err(|error| failed(&error))?;
        Ok(Self { path: path.to_owned(), temporary, schema: schema.clone(), writer: Mutex::new(writer) })
    }

    /// Writes what has come so far; what is less than half a row group may wait.
    fn write(&self, part: &mut Waiting, all: bool) -> segment::Result<()> {
        if part.frames.is_empty() || !all && part.waiting < ROW_GROUP / 2 {
            return Ok(());
        }
        let mut frames = std::mem::take(&mut part.frames).into_iter();
        let mut whole = DataFrame::empty_with_schema(&self.schema);
        frames.try_for_each(|frame| whole.vstack_mut_owned(frame).map(|_| ()))?;
        part.rows += whole.height() as u64;
        part.waiting = 0;
        whole.align_chunks();
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_batch(&whole).map_err(|error| cannot(&self.path, &error))
    }

    fn finish(self, mut part: Waiting) -> segment::Result<u64> {
        let done = self.write(&mut part, true).and_then(|()| {
            let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.finish().map_err(|error| cannot(&self.path, &error))?;
            Ok(())
        });
        let done = done
            .and_then(|()| std::fs::rename(&self.temporary, &self.path).map_err(|error| cannot(&self.path, &error)));
        match done {
            Ok(()) => Ok(part.rows),
            Err(error) => {
                self.discard();
                Err(error)
            }
        }
    }

    /// Nothing half written stays behind; the error that led here is the one to tell.
    fn discard(&self) {
        let _ = std::fs::remove_file(&self.temporary);
    }
}

fn cannot(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::read(&Place::file(path.display().to_string()), format!("cannot write: {error}"))
}

/// Frames that wait for their turn, in order.
#[derive(Default)]
struct Waiting {
    frames: Vec<DataFrame>,
    waiting: usize,
    rows: u64,
}

impl Sink for RowGroups {
    type Part = Waiting;

    fn part(&self) -> Waiting {
        Waiting::default()
    }

    fn take(&self, part: &mut Waiting, segment: Segment) -> flow::Result<()> {
        let frame = segment.frame.select(self.schema.iter_names().map(PlSmallStr::as_str))?;
        part.waiting += frame.height();
        part.frames.push(frame);
        Ok(())
    }

    /// Parts come in order here, so what is complete can go to the file.
    fn merge(&self, whole: &mut Waiting, next: Waiting) -> flow::Result<()> {
        whole.waiting += next.waiting;
        whole.frames.extend(next.frames);
        Ok(self.write(whole, false)?)
    }
}
