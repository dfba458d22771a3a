//! Joins with the nearest row: of which column, of which groups, in which direction, and how far.

/// Which row of the other table is the partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Direction {
    /// The last one at or before.
    #[default]
    Backward,
    /// The first one at or behind.
    Forward,
    /// The nearer of both; the one before where they are equally far.
    Nearest,
}

/// How far the partner may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Tolerance {
    /// A length of time, in nanoseconds.
    Time(i64),
    Number(f64),
}

/// A join with the nearest row: `AsOf::on("t").by(["run"]).direction("nearest").tolerance("5min")`. A text is the column alone.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// # let calibration = polars::df!("x" => [0.0, 2.5], "gain" => [1.0, 1.1])?;
/// let near = data::AsOf::on("x").direction("nearest").within(0.6);
/// assert_eq!(data.asof_join(&calibration, near).query("gain > 0").column("gain")?, [1.1, 1.1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct AsOf {
    pub(crate) on: String,
    pub(crate) by: Vec<String>,
    pub(crate) direction: Direction,
    pub(crate) tolerance: Option<Tolerance>,
    /// What was wrong with a text.
    pub(crate) wrong: Option<String>,
}

impl AsOf {
    /// The last row at or before the value of this column: pandas' `merge_asof`.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let calibration = polars::df!("x" => [0.0, 2.5], "gain" => [1.0, 1.1])?;
    /// assert_eq!(data.asof_join(&calibration, data::AsOf::on("x")).column("gain")?, [1.0, 1.0, 1.1, 1.1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on(column: impl Into<String>) -> Self {
        Self { on: column.into(), by: Vec::new(), direction: Direction::Backward, tolerance: None, wrong: None }
    }

    /// Only rows whose values of these columns are equal.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let calibration = polars::df!("k" => ["a", "b"], "x" => [0.0, 0.0], "gain" => [1.0, 1.1])?;
    /// let by_kind = data::AsOf::on("x").by("k");
    /// assert_eq!(data.asof_join(&calibration, by_kind).column("gain")?, [1.0, 1.1, 1.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn by(mut self, keys: impl flow::Names) -> Self {
        self.by = keys.names();
        self
    }

    /// `"backward"` (the last row at or before, the default), `"forward"` (the first at or behind) or `"nearest"`.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let calibration = polars::df!("x" => [0.0, 2.5], "gain" => [1.0, 1.1])?;
    /// let next = data::AsOf::on("x").direction("forward");
    /// assert_eq!(data.asof_join(&calibration, next).query("gain > 0").column("gain")?, [1.1, 1.1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn direction(mut self, direction: &str) -> Self {
        self.direction = match direction {
            "backward" => Direction::Backward,
            "forward" => Direction::Forward,
            "nearest" => Direction::Nearest,
            other => {
                let text = format!("direction(\"{other}\"): write backward, forward or nearest");
                self.wrong = Some(text);
                Direction::Backward
            }
        };
        self
    }

    /// No row that is further away than this length of time: `"5min"`.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let times = ["2024-01-01 10:10", "2024-01-01 10:50", "2024-01-02 11:00"];
    /// # let frame = df!("t" => times, "E" => [1.0, 3.0, 5.0])?;
    /// # let frame = frame.lazy().with_column(col("t").str().to_datetime(
    /// #     Some(TimeUnit::Microseconds), None, StrptimeOptions::default(), lit("raise")));
    /// # let data = data::Data::from_frames([("mumu", frame.collect()?)])?;
    /// let gains = data.select(["t"]).head(1).define("gain", "1.5 + 0").collect()?;
    /// let close = data::AsOf::on("t").tolerance("45min");
    /// assert_eq!(data.asof_join(&gains, close).query("gain > 0").count()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn tolerance(mut self, length: &str) -> Self {
        match flow::duration(length) {
            Ok(length) => self.tolerance = Some(Tolerance::Time(length)),
            Err(error) => self.wrong = Some(error.to_string()),
        }
        self
    }

    /// No row that is further away than this, of columns of numbers.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let calibration = polars::df!("x" => [0.0, 2.5], "gain" => [1.0, 1.1])?;
    /// let close = data::AsOf::on("x").within(0.6);
    /// assert_eq!(data.asof_join(&calibration, close).query("gain > 0").column("x")?, [3.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn within(mut self, distance: impl Into<f64>) -> Self {
        self.tolerance = Some(Tolerance::Number(distance.into()));
        self
    }
}

impl From<&str> for AsOf {
    fn from(column: &str) -> Self {
        Self::on(column)
    }
}

impl From<&String> for AsOf {
    fn from(column: &String) -> Self {
        Self::on(column)
    }
}
