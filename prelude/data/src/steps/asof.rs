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
    pub fn on(column: impl Into<String>) -> Self {
        Self { on: column.into(), by: Vec::new(), direction: Direction::Backward, tolerance: None, wrong: None }
    }

    /// Only rows whose values of these columns are equal.
    #[must_use]
    pub fn by(mut self, keys: impl flow::Names) -> Self {
        self.by = keys.names();
        self
    }

    /// `"backward"` (the last row at or before, the default), `"forward"` (the first at or behind) or `"nearest"`.
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
    #[must_use]
    pub fn tolerance(mut self, length: &str) -> Self {
        match flow::duration(length) {
            Ok(length) => self.tolerance = Some(Tolerance::Time(length)),
            Err(error) => self.wrong = Some(error.to_string()),
        }
        self
    }

    /// No row that is further away than this, of columns of numbers.
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
