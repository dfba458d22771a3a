//! Steps that frames have: rows by place and time, names of columns, joins, buckets of time.

use crate::error::Error;
use crate::group::Group;
use crate::steps::asof::AsOf;
use crate::steps::chain::{How, Order, Step};
use crate::steps::rows::Names;
use crate::steps::selection::Selection;
use crate::steps::windows::Window;
use flow::{Aggregation, Closed, Origin, Resample};
use polars::prelude::DataFrame;
use std::sync::Arc;

impl Group {
    /// The same as [`Group::query`], under the name of SQL.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.r#where("x > 1.5").count()?, data.query("x > 1.5").count()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn r#where(&self, selection: impl Into<Selection>) -> Self {
        self.query(selection)
    }

    /// The last rows of each process.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.tail(2).column("x")?, [3.0, 4.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn tail(&self, rows: impl TryInto<u64> + Copy + std::fmt::Display) -> Self {
        match rows.try_into() {
            Ok(rows) => self.and(Step::Tail(rows)),
            Err(_) => {
                self.broken_by(self.parts.label.clone(), Error::request(format!("tail({rows}): invalid row count")))
            }
        }
    }

    /// Rows of each process from `start` and up to but not with `end`, as `iloc[start:end]`: a negative number counts from the
    /// end, `None` is the end. `row_range(10, 20)`, `row_range(-5, None)`.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.row_range(1, 3).column("x")?, [2.0, 3.0]);
    /// assert_eq!(data.row_range(-1, None).column("x")?, [4.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row_range(&self, start: impl Into<Option<i64>>, end: impl Into<Option<i64>>) -> Self {
        self.and(Step::RowRange(start.into(), end.into()))
    }

    /// Rows whose time (the first column of times) lies between, both ends included: `date_range("2024-01-01",
    /// "2024-01-31")`. A day without a time of day is the whole day; an empty text is no bound.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let times = ["2024-01-01 10:10", "2024-01-01 10:50", "2024-01-02 11:00"];
    /// # let frame = df!("t" => times, "E" => [1.0, 3.0, 5.0])?;
    /// # let frame = frame.lazy().with_column(col("t").str().to_datetime(
    /// #     Some(TimeUnit::Microseconds), None, StrptimeOptions::default(), lit("raise")));
    /// # let data = data::Data::from_frames([("mumu", frame.collect()?)])?;
    /// assert_eq!(data.date_range("2024-01-01", "2024-01-01").count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn date_range(&self, low: impl AsRef<str>, high: impl AsRef<str>) -> Self {
        self.and(Step::DateRange(low.as_ref().to_owned(), high.as_ref().to_owned()))
    }

    /// Gives columns other names, which keep their places: `rename([("mu1P", "p")])`. All at once, so that names can be
    /// exchanged.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.rename([("x", "p")]).column("p")?.len(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rename<O: Into<String>, N: Into<String>>(&self, names: impl IntoIterator<Item = (O, N)>) -> Self {
        self.and(Step::Rename(names.into_iter().map(|(old, new)| (old.into(), new.into())).collect()))
    }

    /// Without these columns.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.drop(["k", "__event__"]).collect()?.width(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn drop(&self, columns: impl Names) -> Self {
        self.and(Step::Drop(columns.names()))
    }

    /// Adds the columns of a frame where the keys are equal; where there is no partner they are missing. A key that the
    /// frame has twice doubles the row. A missing key is equal to a missing key, as in pandas.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let names = df!("k" => ["a"], "charge" => [1])?;
    /// let joined = data.left_join(&names, "k");
    /// assert_eq!((joined.count()?, joined.query("charge == 1").count()?), (4, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn left_join(&self, frame: &DataFrame, keys: impl Names) -> Self {
        self.and(Step::Join { frame: Arc::new(frame.clone()), keys: keys.names(), how: How::Left })
    }

    /// Rows whose keys are not in the frame.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let names = df!("k" => ["a"])?;
    /// assert_eq!(data.anti_join(&names, "k").column("x")?, [2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn anti_join(&self, frame: &DataFrame, keys: impl Names) -> Self {
        self.and(Step::Join { frame: Arc::new(frame.clone()), keys: keys.names(), how: How::Anti })
    }

    /// The objects of a collection as rows: `each("Jet")` gives a row per jet, in which `Jet.pt` is a value; columns of the
    /// event are repeated, weights too. Events without objects have no rows.
    ///
    /// A collection is what [`Group::columns`] lists as one: columns `Jet_pt`, `Jet_eta` of lists, a column `Jet` of lists of
    /// objects, or a bank of HIPO. Combinations of objects are rows with names: `each("a, b in pairs(Muon) if a.charge !=
    /// b.charge")` gives a row per pair, in which `a.pt` and `mass(a, b)` are values.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let pt = ListChunked::from_iter([Some(Series::new("".into(), [40.0, 20.0])), Some(Series::new("".into(), [30.0]))]);
    /// let frame = df!("event" => [1, 2], "nJet" => [2, 1], "Jet_pt" => pt.into_series())?;
    /// let data = data::Data::from_frames([("events", frame)])?;
    /// assert_eq!(data.each("Jet").query("Jet_pt > 25").count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn each(&self, objects: impl Into<String>) -> Self {
        self.and(Step::Each(objects.into()))
    }

    /// A row per event, in which its rows are a collection: after `by_event("cand")` there are `ncand` and a list `cand_x` for
    /// each column `x`, which a selection calls `cand.x`. Events are told by the columns that
    /// [`one_cand_only`](Group::one_cand_only) uses, which stay plain columns. Put weights behind it.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let frame = df!("__event__" => [1, 1, 2], "chi2" => [3.0, 1.0, 2.0])?;
    /// let events = data::Data::from_frames([("mumu", frame)])?.by_event("cand");
    /// assert_eq!(events.query("ncand > 1").count()?, 1);
    /// assert_eq!(events.hist("cand_chi2", (3, 0.5, 3.5))?.values(), [1.0, 1.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn by_event(&self, name: impl Into<String>) -> Self {
        self.and(Step::ByEvent(name.into()))
    }

    /// Adds the rows of another group as a collection, by the columns that name an event: after `attach("gamma", &photons)`
    /// there are `ngamma` and a list `gamma_x` for each column `x` of the photons, in the order of that table. A process gets
    /// the rows of the process of the same name, or those of the only process there is. The other table is held in memory, of
    /// its columns those that are used.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let photons = df!("__event__" => [1, 1, 3], "E" => [0.1, 0.2, 0.3])?;
    /// let photons = data::Data::from_frames([("mumu", photons)])?;
    /// let data = data.attach("gamma", &photons);
    /// assert_eq!(data.query("ngamma == 2").count()?, 2);
    /// assert_eq!(data.query("max(gamma.E) > 0.25").column("x")?, [4.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn attach(&self, name: impl Into<String>, other: &Self) -> Self {
        self.and(Step::Attach { name: name.into(), other: Arc::new(other.clone()) })
    }

    /// Adds the columns of the nearest row of a frame: `asof_join(&frame, "t")` takes the last one at or before, as pandas'
    /// `merge_asof`; see [`AsOf`] for other directions, groups and distances. Without a partner they are missing. Neither side
    /// needs to be in order.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let calibration = df!("x" => [0.0, 2.5], "gain" => [1.0, 1.1])?;
    /// assert_eq!(data.asof_join(&calibration, "x").column("gain")?, [1.0, 1.0, 1.1, 1.1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn asof_join(&self, frame: &DataFrame, on: impl Into<AsOf>) -> Self {
        self.and(Step::AsOf { frame: Arc::new(frame.clone()), asof: on.into() })
    }

    /// Lets the rows of a frame with the same columns come in where they belong by a column that orders both: Polars'
    /// `merge_sorted`. Of equal rows those of the frame come last. All rows are held in memory.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let more = df!("x" => [0.5, 2.5])?;
    /// assert_eq!(data.select(["x"]).merge_sorted(&more, "x").column("x")?, [0.5, 1.0, 2.0, 2.5, 3.0, 4.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn merge_sorted(&self, frame: &DataFrame, by: impl Into<String>) -> Self {
        self.and(Step::Merged { frame: Arc::new(frame.clone()), by: by.into() })
    }

    /// The rows of each process in the order of columns, smallest first, as a step: [`Group::sort`] gives a frame. Missing
    /// values (null, NaN) come last, equal rows keep their order. All rows are held in memory.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.sorted(["k", "x"]).column("x")?, [1.0, 3.0, 4.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sorted(&self, by: impl Names) -> Self {
        self.and(Step::Sorted { by: by.names(), order: Order::Lowest, rows: None })
    }

    /// The same, largest first.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.sorted_descending("x").column("x")?, [4.0, 3.0, 2.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sorted_descending(&self, by: impl Names) -> Self {
        self.and(Step::Sorted { by: by.names(), order: Order::Highest, rows: None })
    }

    /// The rows of each process with the largest values of a column, largest first, as a step: [`Group::top`] gives a frame.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.largest(2, "x").column("x")?, [4.0, 3.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn largest(&self, rows: usize, by: impl AsRef<str>) -> Self {
        self.and(Step::Sorted { by: vec![by.as_ref().to_owned()], order: Order::Highest, rows: Some(rows) })
    }

    /// The rows of each process with the smallest values of a column, smallest first, as a step.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.smallest(2, "x").column("x")?, [1.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn smallest(&self, rows: usize, by: impl AsRef<str>) -> Self {
        self.and(Step::Sorted { by: vec![by.as_ref().to_owned()], order: Order::Lowest, rows: Some(rows) })
    }

    /// The first row of each combination of values of columns, with all its columns, in each process: pandas'
    /// `drop_duplicates`. A row that is left keeps its own weight.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.distinct("k").column("x")?, [1.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn distinct(&self, columns: impl Names) -> Self {
        self.and(Step::Distinct(columns.names()))
    }

    /// Adds columns that depend on the rows of a group, in the order of the rows: `window("run", [cumulative_sum("E"),
    /// lag("t", 1), rank("E")])`. Without keys, `window((), ..)`, all rows of a process are one group. Rows with a missing key
    /// have no value. Each process apart; all its rows are held in memory.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use data::cumulative_sum;
    /// let data = data.window("k", [cumulative_sum("x").alias("so_far")]);
    /// assert_eq!(data.column("so_far")?, [1.0, 2.0, 4.0, 8.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn window(&self, keys: impl Names, windows: impl IntoIterator<Item = Window>) -> Self {
        self.and(Step::Window { keys: keys.names(), windows: windows.into_iter().collect() })
    }

    /// Buckets of time, as pandas makes them but for empty ones, which are left out, by the first column of times:
    /// `resample("1h").agg([mean("E")])`. Units are ns, us, ms, s, min, h, and D, which is from midnight to midnight by the
    /// clocks of the column; or of the calendar W (and W-MON ..), MS, ME, QS, QE, YS, YE.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let times = ["2024-01-01 10:10", "2024-01-01 10:50", "2024-01-02 11:00"];
    /// # let frame = df!("t" => times, "E" => [1.0, 3.0, 5.0])?;
    /// # let frame = frame.lazy().with_column(col("t").str().to_datetime(
    /// #     Some(TimeUnit::Microseconds), None, StrptimeOptions::default(), lit("raise")));
    /// # let data = data::Data::from_frames([("mumu", frame.collect()?)])?;
    /// let hourly = data.resample("1h").agg([flow::mean("E")]);
    /// assert_eq!(hourly.column("E")?, [2.0, 5.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resample(&self, rule: impl Into<String>) -> Resampling<'_> {
        let resample = Resample { origin: Origin::StartDay, calendar: true, ..Resample::new(rule, []) };
        Resampling { group: self, resample, wrong: None }
    }
}

/// Rows that are to be gathered in buckets of time.
///
/// ```
/// # use polars::prelude::*;
/// # let times = ["2024-01-01 10:10", "2024-01-01 10:50", "2024-01-02 11:00"];
/// # let frame = df!("t" => times, "E" => [1.0, 3.0, 5.0])?;
/// # let frame = frame.lazy().with_column(col("t").str().to_datetime(
/// #     Some(TimeUnit::Microseconds), None, StrptimeOptions::default(), lit("raise")));
/// # let data = data::Data::from_frames([("mumu", frame.collect()?)])?;
/// let daily = data.resample("D").agg([flow::sum("E")]);
/// assert_eq!(daily.column("E")?, [4.0, 5.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "say what to compute with .agg([..])"]
pub struct Resampling<'a> {
    group: &'a Group,
    resample: Resample,
    wrong: Option<Error>,
}

impl Resampling<'_> {
    /// Which side of a bucket is closed, `"left"` or `"right"`.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let times = ["2024-01-01 10:10", "2024-01-01 10:50", "2024-01-02 11:00"];
    /// # let frame = df!("t" => times, "E" => [1.0, 3.0, 5.0])?;
    /// # let frame = frame.lazy().with_column(col("t").str().to_datetime(
    /// #     Some(TimeUnit::Microseconds), None, StrptimeOptions::default(), lit("raise")));
    /// # let data = data::Data::from_frames([("mumu", frame.collect()?)])?;
    /// let hourly = data.resample("1h").closed("right").agg([flow::count("E")]);
    /// assert_eq!(hourly.count()?, 2, "11:00 belongs to the hour before");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn closed(mut self, side: impl AsRef<str>) -> Self {
        self.resample.closed = self.side("closed", side.as_ref());
        self
    }

    /// Which side labels a bucket, `"left"` or `"right"`.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let times = ["2024-01-01 10:10", "2024-01-01 10:50", "2024-01-02 11:00"];
    /// # let frame = df!("t" => times, "E" => [1.0, 3.0, 5.0])?;
    /// # let frame = frame.lazy().with_column(col("t").str().to_datetime(
    /// #     Some(TimeUnit::Microseconds), None, StrptimeOptions::default(), lit("raise")));
    /// # let data = data::Data::from_frames([("mumu", frame.collect()?)])?;
    /// let daily = data.resample("D").label("right").agg([flow::sum("E")]);
    /// assert_eq!(daily.query("t == '2024-01-02'").column("E")?, [4.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn label(mut self, side: impl AsRef<str>) -> Self {
        self.resample.label = self.side("label", side.as_ref());
        self
    }

    fn side(&mut self, what: &str, side: &str) -> Option<Closed> {
        match side {
            "left" => Some(Closed::Left),
            "right" => Some(Closed::Right),
            other => {
                self.wrong = Some(Error::request(format!("{what}(\"{other}\"): the sides are \"left\" and \"right\"")));
                None
            }
        }
    }

    /// Shifts all buckets by a length of time, `"15min"`.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let times = ["2024-01-01 10:10", "2024-01-01 10:50", "2024-01-02 11:00"];
    /// # let frame = df!("t" => times, "E" => [1.0, 3.0, 5.0])?;
    /// # let frame = frame.lazy().with_column(col("t").str().to_datetime(
    /// #     Some(TimeUnit::Microseconds), None, StrptimeOptions::default(), lit("raise")));
    /// # let data = data::Data::from_frames([("mumu", frame.collect()?)])?;
    /// let hourly = data.resample("1h").offset("30min").agg([flow::sum("E")]);
    /// assert_eq!(hourly.column("E")?, [1.0, 3.0, 5.0], "10:30 is now a bound");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn offset(mut self, offset: impl Into<String>) -> Self {
        self.resample.offset = Some(offset.into());
        self
    }

    /// From where buckets are counted: `"start_day"` (midnight before the first time, the default as in pandas), `"epoch"` (midnight of 1970-01-01),
    /// `"start"`, `"end"`, `"end_day"`, or a time.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let times = ["2024-01-01 10:10", "2024-01-01 10:50", "2024-01-02 11:00"];
    /// # let frame = df!("t" => times, "E" => [1.0, 3.0, 5.0])?;
    /// # let frame = frame.lazy().with_column(col("t").str().to_datetime(
    /// #     Some(TimeUnit::Microseconds), None, StrptimeOptions::default(), lit("raise")));
    /// # let data = data::Data::from_frames([("mumu", frame.collect()?)])?;
    /// let hourly = data.resample("1h").origin("start").agg([flow::sum("E")]);
    /// assert_eq!(hourly.column("E")?, [4.0, 5.0], "counted from 10:10");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn origin(mut self, origin: impl AsRef<str>) -> Self {
        self.resample.origin = match origin.as_ref() {
            "epoch" => Origin::LocalEpoch,
            "start" => Origin::Start,
            "start_day" => Origin::StartDay,
            "end" => Origin::End,
            "end_day" => Origin::EndDay,
            time => match flow::time(time) {
                Ok(time) => Origin::At(time),
                Err(error) => {
                    self.wrong = Some(error.into());
                    Origin::Epoch
                }
            },
        };
        self
    }

    /// One row per bucket that has rows, in order, each process apart; a step like others.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let times = ["2024-01-01 10:10", "2024-01-01 10:50", "2024-01-02 11:00"];
    /// # let frame = df!("t" => times, "E" => [1.0, 3.0, 5.0])?;
    /// # let frame = frame.lazy().with_column(col("t").str().to_datetime(
    /// #     Some(TimeUnit::Microseconds), None, StrptimeOptions::default(), lit("raise")));
    /// # let data = data::Data::from_frames([("mumu", frame.collect()?)])?;
    /// let hourly = data.resample("1h").agg([flow::mean("E")]);
    /// assert_eq!(hourly.column("E")?, [2.0, 5.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn agg(mut self, aggregations: impl IntoIterator<Item = Aggregation>) -> Group {
        self.resample.aggregations = aggregations.into_iter().collect();
        match self.wrong {
            Some(error) => self.group.broken_by(self.group.parts.label.clone(), error),
            None => self.group.and(Step::Resample(self.resample)),
        }
    }
}
