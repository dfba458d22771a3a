//! Writing rows to files while they come, in order.

use crate::error::Result;
use crate::group::Group;
use crate::lower::pass::GroupPlan;
use crate::lower::plan::ProcessPlan;
use crate::steps::rows::Names;
use flow::Sink;
use polars::prelude::{DataFrame, PlSmallStr, Schema};
use segment::Segment;
use sources::NORMALISATION;
use sources::parquet::{WriteOptions, Writer};
use sources::root::{WriteRoot, Writer as RootWriter};
use sources::write::{Partitioned, TableWriter};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

impl Group {
    /// Writes the rows that are left as parquet (zstd, floats PLAIN) and gives their number. Where rows have weights, the column
    /// `__total_weight__` carries the whole weight of each, luminosity included, and the metadata keep the sum of weights before
    /// all cuts ([`Group::normalisation`]). The file appears whole or not at all. Several processes give a directory with one subdirectory each, which [`load`](crate::load) opens again.
    ///
    /// # Errors
    /// Everything that is wrong with the steps, before any row is read; a place that cannot be written.
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0, 3.0], "y" => [2.0, 4.0, 6.0])?)])?;
    /// # let folder = std::env::temp_dir().join(format!("recoil-example-{}-write_parquet", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// assert_eq!(data.query("x > 1").write_parquet(folder.join("some.parquet"))?, 2);
    /// assert_eq!(data::load(folder.join("some.parquet"))?.count()?, 2);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn write_parquet(&self, path: impl AsRef<Path>) -> Result<u64> {
        self.write_parquet_at(path.as_ref(), &WriteOptions::default())
    }

    /// The same with a compression, a size of row groups, or columns to sort by.
    ///
    /// # Errors
    /// See [`Group::write_parquet`].
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0, 3.0], "y" => [2.0, 4.0, 6.0])?)])?;
    /// # let folder = std::env::temp_dir().join(format!("recoil-example-{}-write_parquet_with", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// let options = sources::parquet::WriteOptions::default();
    /// assert_eq!(data.write_parquet_with(folder.join("all.parquet"), &options)?, 3);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn write_parquet_with(&self, path: impl AsRef<Path>, options: &WriteOptions) -> Result<u64> {
        self.write_parquet_at(path.as_ref(), options)
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn write_parquet_at(&self, path: &Path, options: &WriteOptions) -> Result<u64> {
        let several = self.parts.members.len() > 1;
        let kept = self.kept_normalisation();
        let written = self.write_titled("write_parquet", |process, columns| {
            let path = match several {
                true => path.join(process).join("part-00000.parquet"),
                false => path.to_owned(),
            };
            let file = Writer::create(&path, columns, options)?;
            Ok(match kept.iter().find(|(name, _)| name == process) {
                Some((_, text)) => file.attach(NORMALISATION, text),
                None => file,
            })
        })?;
        Ok(written.into_iter().map(|written| written.rows).sum())
    }

    /// Writes the rows that are left as Parquet in folders by the values of columns, `run=1/part-00000.parquet`, and gives
    /// their number; the columns themselves are then in the names of the folders, where [`load`](crate::load) and others find
    /// them. Integers, texts and dates can name folders, a thousand at most; the folder must be empty or not there. Several
    /// processes give a subdirectory each.
    ///
    /// # Errors
    /// See [`Group::write_parquet`]; columns that can name no folder.
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?)])?;
    /// # let folder = std::env::temp_dir().join(format!("recoil-example-{}-write_parquet_by", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// assert_eq!(data.write_parquet_by(folder.join("parts"), "k")?, 3);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn write_parquet_by(&self, path: impl AsRef<Path>, columns: impl Names) -> Result<u64> {
        self.write_parquet_parts(path.as_ref(), &columns.names())
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn write_parquet_parts(&self, path: &Path, names: &[String]) -> Result<u64> {
        let several = self.parts.members.len() > 1;
        let written = self.write_titled("write_parquet_by", |process, columns| {
            let folder = if several { path.join(process) } else { path.to_owned() };
            let found = |name: &String| {
                let known = columns.iter_names().map(|name| name.as_str());
                PlSmallStr::from_str(belle2::escape::find(name, known).unwrap_or(name))
            };
            let by: Vec<_> = names.iter().map(found).collect();
            Ok(Partitioned::create(folder, &by, columns, &WriteOptions::default())?)
        })?;
        Ok(written.into_iter().map(|written| written.rows).sum())
    }

    /// Writes the rows that are left as a text table and gives their number: a header, commas, all digits of numbers, times as
    /// ISO 8601, an empty field for what is missing. The file appears whole or not at all. Several processes give a directory
    /// with one subdirectory each.
    ///
    /// # Errors
    /// See [`Group::write_parquet`]; lists and structs, which no text table holds.
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0, 3.0], "y" => [2.0, 4.0, 6.0])?)])?;
    /// # let folder = std::env::temp_dir().join(format!("recoil-example-{}-write_csv", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// assert_eq!(data.write_csv(folder.join("all.csv"))?, 3);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn write_csv(&self, path: impl AsRef<Path>) -> Result<u64> {
        self.write_csv_at(path.as_ref())
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn write_csv_at(&self, path: &Path) -> Result<u64> {
        self.write_table("write_csv", "csv", path, TableWriter::csv)
    }

    /// Writes the rows that are left as an Arrow IPC file ("feather") and gives their number; else as [`Group::write_csv`].
    ///
    /// # Errors
    /// See [`Group::write_parquet`].
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0, 3.0], "y" => [2.0, 4.0, 6.0])?)])?;
    /// # let folder = std::env::temp_dir().join(format!("recoil-example-{}-write_arrow", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// assert_eq!(data.write_arrow(folder.join("all.arrow"))?, 3);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn write_arrow(&self, path: impl AsRef<Path>) -> Result<u64> {
        self.write_arrow_at(path.as_ref())
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn write_arrow_at(&self, path: &Path) -> Result<u64> {
        self.write_table("write_arrow", "arrow", path, TableWriter::arrow)
    }

    fn write_table(
        &self,
        title: &str,
        ending: &str,
        path: &Path,
        create: fn(PathBuf, &Schema) -> segment::Result<TableWriter>,
    ) -> Result<u64> {
        let several = self.parts.members.len() > 1;
        let written = self.write_titled(title, |process, columns| {
            let path = match several {
                true => path.join(process).join(format!("part-00000.{ending}")),
                false => path.to_owned(),
            };
            Ok(create(path, columns)?)
        })?;
        Ok(written.into_iter().map(|written| written.rows).sum())
    }

    /// Writes the rows that are left into a ROOT file as a TTree (zstd) and gives their number: `out.root:tree`, without a
    /// name the tree is called `tree`. Lists become counted arrays. If there is such a file, its other objects stay in it,
    /// and one of the same name is replaced. The file appears whole or not at all. Several processes give a directory with
    /// one subdirectory each, which [`load`](crate::load) opens again.
    ///
    /// # Errors
    /// Everything that is wrong with the steps, before any row is read; columns that a tree cannot have; a place that
    /// cannot be written; a file that is none of ROOT's.
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0, 3.0], "y" => [2.0, 4.0, 6.0])?)])?;
    /// # let folder = std::env::temp_dir().join(format!("recoil-example-{}-write_root", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// assert_eq!(data.write_root(folder.join("all.root:events"))?, 3);
    /// assert_eq!(data::load(folder.join("all.root:events"))?.count()?, 3);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_root(&self, path: impl AsRef<Path>) -> Result<u64> {
        self.write_root_at(path.as_ref(), WriteRoot::default())
    }

    /// The same as an RNTuple (`WriteRoot::new().format("rntuple")`), or with another compression.
    ///
    /// # Errors
    /// See [`Group::write_root`]; a format that is not known.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// let options = data::WriteRoot::new().format("rntuple");
    /// assert_eq!(data.write_root_with(folder.join("all.root:events"), options)?, 4);
    /// assert_eq!(data::load(folder.join("all.root:events"))?.count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_root_with(&self, path: impl AsRef<Path>, options: impl Into<WriteRoot>) -> Result<u64> {
        self.write_root_at(path.as_ref(), options.into())
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn write_root_at(&self, path: &Path, options: WriteRoot) -> Result<u64> {
        let several = self.parts.members.len() > 1;
        let ((file, tree), kept) = (sources::root::split(path), self.kept_normalisation());
        let tree = tree.map_or_else(String::new, |tree| format!(":{tree}"));
        let written = self.write_titled("write_root", |process, columns| {
            let file = if several { file.join(process).join("part-00000.root") } else { file.clone() };
            let file = RootWriter::create(format!("{}{tree}", file.display()), columns, options.clone())?;
            Ok(match kept.iter().find(|(name, _)| name == process) {
                Some((_, text)) => file.attach(NORMALISATION, text)?,
                None => file,
            })
        })?;
        Ok(written.into_iter().map(|written| written.rows).sum())
    }

    /// Writes the rows that are left in a format of one's own, one file per process: `create` is given the name of a process
    /// and its columns. The writer gets the rows in order while they come, a frame at a time.
    ///
    /// # Errors
    /// Everything that is wrong with the steps, before any row is read; what `create` and the writer say.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # use polars::prelude::DataFrame;
    /// # struct Rows(usize);
    /// # impl data::RowWriter for Rows {
    /// #     type Written = usize;
    /// #     fn push(&mut self, frame: DataFrame) -> segment::Result<()> {
    /// #         self.0 += frame.height();
    /// #         Ok(())
    /// #     }
    /// #     fn finish(self) -> segment::Result<usize> {
    /// #         Ok(self.0)
    /// #     }
    /// # }
    /// // `Rows` counts the rows of the frames it is given.
    /// let written = data.write_rows(|_process, _columns| Ok(Rows(0)))?;
    /// assert_eq!(written[0].result, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn write_rows<W: RowWriter>(
        &self,
        create: impl FnMut(&str, &Schema) -> Result<W>,
    ) -> Result<Vec<Written<W::Written>>> {
        self.write_titled("write_rows", create)
    }

    fn write_titled<W: RowWriter>(
        &self,
        title: &str,
        mut create: impl FnMut(&str, &Schema) -> Result<W>,
    ) -> Result<Vec<Written<W::Written>>> {
        let (mut pass, _) = GroupPlan::of_everything(self)?;
        let parts = pass.each(|lowered| {
            let (file, rows) = run_into(lowered, create(lowered.name(), &lowered.output())?)?;
            Ok((rows, file.finish()?))
        })?;
        pass.report(title);
        let written = |(process, (rows, result))| Written { process, rows, result };
        Ok(parts.into_iter().map(written).collect())
    }
}

/// A file in the making, which takes frames in the order of their rows.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// use polars::prelude::DataFrame;
/// struct Rows(usize);
/// impl data::RowWriter for Rows {
///     type Written = usize;
///     fn push(&mut self, frame: DataFrame) -> segment::Result<()> {
///         self.0 += frame.height();
///         Ok(())
///     }
///     fn finish(self) -> segment::Result<usize> {
///         Ok(self.0)
///     }
/// }
/// assert_eq!(data.write_rows(|_, _| Ok(Rows(0)))?[0].result, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait RowWriter: Send {
    /// What there is to say of a finished file.
    type Written;

    /// Writes the next rows.
    ///
    /// # Errors
    /// Rows that the format cannot store; what the system says.
    ///
    /// ```
    /// # use polars::prelude::DataFrame;
    /// # struct Rows(usize);
    /// # impl data::RowWriter for Rows {
    /// #     type Written = usize;
    /// #     fn push(&mut self, frame: DataFrame) -> segment::Result<()> {
    /// #         self.0 += frame.height();
    /// #         Ok(())
    /// #     }
    /// #     fn finish(self) -> segment::Result<usize> {
    /// #         Ok(self.0)
    /// #     }
    /// # }
    /// # use data::RowWriter;
    /// let mut rows = Rows(0);
    /// rows.push(polars::df!("x" => [1.0, 2.0])?)?;
    /// assert_eq!(rows.finish()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn push(&mut self, frame: DataFrame) -> segment::Result<()>;

    /// Finishes the file. A writer that is dropped before leaves no file behind.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// ```
    /// # use polars::prelude::DataFrame;
    /// # struct Rows(usize);
    /// # impl data::RowWriter for Rows {
    /// #     type Written = usize;
    /// #     fn push(&mut self, frame: DataFrame) -> segment::Result<()> {
    /// #         self.0 += frame.height();
    /// #         Ok(())
    /// #     }
    /// #     fn finish(self) -> segment::Result<usize> {
    /// #         Ok(self.0)
    /// #     }
    /// # }
    /// # use data::RowWriter;
    /// assert_eq!(Rows(3).finish()?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn finish(self) -> segment::Result<Self::Written>;
}

/// What was written of a process.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// # use polars::prelude::DataFrame;
/// # struct Rows(usize);
/// # impl data::RowWriter for Rows {
/// #     type Written = usize;
/// #     fn push(&mut self, frame: DataFrame) -> segment::Result<()> {
/// #         self.0 += frame.height();
/// #         Ok(())
/// #     }
/// #     fn finish(self) -> segment::Result<usize> {
/// #         Ok(self.0)
/// #     }
/// # }
/// let written = data.write_rows(|_, _| Ok(Rows(0)))?;
/// assert_eq!((written[0].process.as_str(), written[0].rows), ("mumu", 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Written<T> {
    /// Its name.
    pub process: String,
    /// How many rows.
    pub rows: u64,
    /// What the writer says of the file.
    pub result: T,
}

impl RowWriter for Writer {
    type Written = ();

    fn push(&mut self, frame: DataFrame) -> segment::Result<()> {
        Self::push(self, frame)
    }

    fn finish(self) -> segment::Result<()> {
        Self::finish(self).map(drop)
    }
}

impl RowWriter for TableWriter {
    type Written = ();

    fn push(&mut self, frame: DataFrame) -> segment::Result<()> {
        Self::push(self, &frame)
    }

    fn finish(self) -> segment::Result<()> {
        Self::finish(self)
    }
}

impl RowWriter for Partitioned {
    type Written = ();

    fn push(&mut self, frame: DataFrame) -> segment::Result<()> {
        Self::push(self, &frame)
    }

    fn finish(self) -> segment::Result<()> {
        Self::finish(self)
    }
}

impl RowWriter for RootWriter {
    type Written = ();

    fn push(&mut self, frame: DataFrame) -> segment::Result<()> {
        Self::push(self, &frame)
    }

    fn finish(self) -> segment::Result<()> {
        Self::finish(self).map(drop)
    }
}

/// Runs the chain of a process into a file. Gives the file, which is still to be finished, and the number of rows.
fn run_into<F: RowWriter>(lowered: &ProcessPlan<'_>, file: F) -> Result<(F, u64)> {
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

impl<F: RowWriter> ToFile<F> {
    fn push(&self, waiting: &mut Waiting) -> segment::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for frame in waiting.frames.drain(..) {
            waiting.rows += frame.height() as u64;
            file.push(frame)?;
        }
        Ok(())
    }
}

impl<F: RowWriter> Sink for ToFile<F> {
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
