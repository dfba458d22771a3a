//! Events written to files, in the format that the name's end says.

use crate::recording::EventData;
use crate::table;
use ::events::{Events, Geometry};
use data::{Error, Result};
use polars::prelude::*;
use std::path::Path;

impl EventData {
    /// Writes the events in the format that the name's end says: `.parquet`, `.csv`, `.dat`, `.h5`, `.evt2`, `.evt3`,
    /// or `.raw` (EVT3). Parquet is written block by block; all others in memory.
    ///
    /// # Errors
    /// Another end; events that the format cannot store; what the file system says.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let again = folder.path().join("again.dat");
    /// recording.write(&again)?;
    /// assert_eq!(EventLoader::new(&again).index_cache(IndexCache::Off).load()?.read()?, recording.read()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let end = end_of(path);
        if end == "parquet" {
            return self.write_parquet_file(path);
        }
        if !ENDS.contains(&end.as_str()) {
            return Err(unknown_end(path));
        }
        write_file(path, &end, &self.read()?, self.recording.geometry())
    }

    fn write_parquet_file(&self, path: &Path) -> Result<()> {
        let failed = |error: std::io::Error| Error::request(format!("cannot write {}: {error}", path.display()));
        let file = std::fs::File::create(path).map_err(failed)?;
        let mut writer =
            ParquetWriter::new(file).with_compression(ParquetCompression::Zstd(None)).batched(&table::SCHEMA)?;
        for events in self.recording.stream().select(self.selection.clone()).chunk_size(1 << 20).chunks() {
            segment::work::check()?;
            let mut frame = table::frame(events.map_err(table::error)?)?;
            frame.align_chunks_par();
            writer.write_batch(&frame)?;
        }
        writer.finish()?;
        Ok(())
    }
}

/// Ends of names that say an event format.
const ENDS: [&str; 7] = ["csv", "dat", "h5", "hdf5", "evt2", "evt3", "raw"];

fn end_of(path: &Path) -> String {
    path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn unknown_end(path: &Path) -> Error {
    let hint = "end the name with .parquet, .csv, .dat, .h5, .evt2, .evt3 or .raw";
    Error::request(format!("cannot tell from `{}` what to write: {hint}", path.display()))
}

fn write_file(path: &Path, end: &str, events: &Events, geometry: Option<Geometry>) -> Result<()> {
    let bytes = match end {
        "csv" => Ok(::events::write::csv(events, geometry)),
        "dat" => ::events::write::dat(events, geometry),
        "h5" | "hdf5" => ::events::write::hdf5(events, geometry),
        "evt2" => ::events::write::evt2(events, geometry),
        "evt3" | "raw" => ::events::write::evt3(events, geometry),
        _ => return Err(unknown_end(path)),
    };
    std::fs::write(path, bytes.map_err(table::error)?)
        .map_err(|error| Error::request(format!("cannot write {}: {error}", path.display())))
}

/// Writes a frame with the columns t (microseconds), x, y and polarity as a recording of a sensor of `width` x `height`
/// pixels. The name's end says the format, as in [`EventData::write`].
///
/// # Errors
/// A column that is missing or has values that are none; another end; events that the format cannot store.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("run.csv");
/// let frame = polars::df!("t" => [100, 110], "x" => [1, 2], "y" => [1, 1], "polarity" => [0, 1])?;
/// recordings::write_events(&frame, &path, 640, 480)?;
/// # let recording = recordings::EventLoader::new(&path).index_cache(recordings::IndexCache::Off).load()?;
/// assert_eq!(recording.column("t")?, [100.0, 110.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
pub fn write_events(frame: &DataFrame, path: impl AsRef<Path>, width: u16, height: u16) -> Result<()> {
    let column = |name: &str, dtype: DataType| -> Result<Column> {
        let column = frame
            .column(name)
            .map_err(|_| segment::Error::column(name, frame.get_column_names().iter().map(|name| name.as_str())))?;
        let cast = column.strict_cast(&dtype)?;
        if cast.null_count() > 0 {
            return Err(Error::request(format!("column `{name}` has missing values; an event has none")));
        }
        Ok(cast)
    };
    let (t, x, y, polarity) = (
        column("t", DataType::Int64)?,
        column("x", DataType::UInt16)?,
        column("y", DataType::UInt16)?,
        column("polarity", DataType::Int8)?,
    );
    let events = Events {
        t: t.i64()?.into_no_null_iter().collect(),
        x: x.u16()?.into_no_null_iter().collect(),
        y: y.u16()?.into_no_null_iter().collect(),
        polarity: polarity.i8()?.into_no_null_iter().collect(),
    };
    write_file(path.as_ref(), &end_of(path.as_ref()), &events, Some(Geometry { width, height }))
}
