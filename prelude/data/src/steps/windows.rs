//! Window functions: a value for each row that depends on the rows of its group.

use crate::error::{Error, Result};
use std::fmt;

/// How rows of equal values are ranked.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let places = data.window((), [data::rank("__event__").alias("place")]);
/// assert_eq!(data::Ties::default(), data::Ties::Average);
/// assert_eq!(places.column("place")?, [1.5, 1.5, 3.0, 4.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// All get the mean of their places: pandas' default.
    #[default]
    Average,
    /// All get the first of their places.
    Min,
    /// All get the last of their places.
    Max,
    /// Each its own place, in the order of the rows.
    First,
    /// As `Min`, and the next value gets the next number.
    Dense,
}

/// What is computed over the rows of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Over {
    CumulativeSum,
    CumulativeMin,
    CumulativeMax,
    CumulativeCount,
    /// The value so many rows before; of a negative number, behind.
    Lag(i64),
    /// The difference from the value so many rows before.
    Difference(i64),
    Rank {
        ties: Ties,
        descending: bool,
    },
    RowNumber,
}

/// A value for each row from the rows of its group, in their order; [`Group::window`](crate::Group::window) adds it.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let sum: data::Window = data::cumulative_sum("x").alias("sum");
/// assert_eq!(data.window("k", [sum]).column("sum")?, [1.0, 2.0, 4.0, 8.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The column that is looked at; empty for numbers of rows.
    pub(crate) column: String,
    pub(crate) over: Over,
    pub(crate) name: String,
}

impl Window {
    fn new(column: impl Into<String>, over: Over, what: &str) -> Self {
        let column = column.into();
        let name = if column.is_empty() { what.to_owned() } else { format!("{column}_{what}") };
        Self { column, over, name }
    }

    /// Gives the new column this name.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.window((), [data::lag("x", -1).alias("next")]).query("next > 0").column("next")?, [2.0, 3.0, 4.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn alias(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Says how equal values are ranked, `"average"`, `"min"`, `"max"`, `"first"` or `"dense"`; only of [`rank`].
    ///
    /// # Errors
    /// Another text, or another function.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let places = data.window((), [data::rank("__event__").ties("dense")?.alias("place")]);
    /// assert_eq!(places.column("place")?, [1.0, 1.0, 2.0, 3.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ties(mut self, ties: &str) -> Result<Self> {
        let ties = match ties {
            "average" => Ties::Average,
            "min" => Ties::Min,
            "max" => Ties::Max,
            "first" => Ties::First,
            "dense" => Ties::Dense,
            other => {
                let text = format!("ties(\"{other}\"): write average, min, max, first or dense");
                return Err(Error::request(text));
            }
        };
        match &mut self.over {
            Over::Rank { ties: own, .. } => *own = ties,
            _ => return Err(Error::request(format!("ties(..) is said of rank(..), not of {self}"))),
        }
        Ok(self)
    }

    /// Ranks the largest first; only of [`rank`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let places = data.window((), [data::rank("x").descending().alias("place")]);
    /// assert_eq!(places.column("place")?, [4.0, 3.0, 2.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn descending(mut self) -> Self {
        if let Over::Rank { descending, .. } = &mut self.over {
            *descending = true;
        }
        self
    }
}

impl fmt::Display for Window {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} = {:?}({})", self.name, self.over, self.column)
    }
}

/// The sum of a column up to each row: pandas' `groupby(..)[column].cumsum()`. Missing values are passed over.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let data = data.window("k", [data::cumulative_sum("x").alias("sum")]);
/// assert_eq!(data.column("sum")?, [1.0, 2.0, 4.0, 8.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cumulative_sum(column: impl Into<String>) -> Window {
    Window::new(column, Over::CumulativeSum, "cumulative_sum")
}

/// The smallest value of a column up to each row.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let data = data.window((), [data::cumulative_min("x").alias("least")]);
/// assert_eq!(data.column("least")?, [1.0; 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cumulative_min(column: impl Into<String>) -> Window {
    Window::new(column, Over::CumulativeMin, "cumulative_min")
}

/// The largest value of a column up to each row.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let data = data.window((), [data::cumulative_max("x").alias("most")]);
/// assert_eq!(data.column("most")?, [1.0, 2.0, 3.0, 4.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cumulative_max(column: impl Into<String>) -> Window {
    Window::new(column, Over::CumulativeMax, "cumulative_max")
}

/// How many values of a column are not missing up to each row.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let data = data.window("k", [data::cumulative_count("x").alias("n")]);
/// assert_eq!(data.column("n")?, [1.0, 1.0, 2.0, 3.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cumulative_count(column: impl Into<String>) -> Window {
    Window::new(column, Over::CumulativeCount, "cumulative_count")
}

/// The value of a column so many rows before (behind, of a negative number), missing where there is none: `shift`.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let data = data.window("k", [data::lag("x", 1).alias("before")]);
/// assert_eq!(data.query("before == 1").column("x")?, [3.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lag(column: impl Into<String>, rows: i64) -> Window {
    Window::new(column, Over::Lag(rows), "lag")
}

/// The difference of a column from its value so many rows before: `diff`.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let data = data.window("k", [data::difference("x", 1).alias("step")]);
/// assert_eq!(data.query("step == 2").column("x")?, [3.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn difference(column: impl Into<String>, rows: i64) -> Window {
    Window::new(column, Over::Difference(rows), "difference")
}

/// The place of each value among those of its group, the smallest first, from 1 on; missing values have none.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let data = data.window("k", [data::rank("x").alias("place")]);
/// assert_eq!(data.column("place")?, [1.0, 1.0, 2.0, 3.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn rank(column: impl Into<String>) -> Window {
    Window::new(column, Over::Rank { ties: Ties::Average, descending: false }, "rank")
}

/// Numbers the rows of each group from 0 on: pandas' `cumcount`.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let data = data.window("k", [data::row_number().alias("n")]);
/// assert_eq!(data.column("n")?, [0.0, 0.0, 1.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn row_number() -> Window {
    Window::new("", Over::RowNumber, "row_number")
}
