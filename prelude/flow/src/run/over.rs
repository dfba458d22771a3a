//! A query meets its table.

use crate::error::Result;
use crate::plan::clause::Clause;
use crate::plan::clause::Query;
use crate::plan::options::Options;
use crate::plan::ranges::ReadRange;
use crate::run::engine::Integrated;
use crate::run::scan::Scan;
use polars::prelude::*;
use sources::memory::{Cutting, Memory};
use sources::{Index, Source};
use std::sync::Arc;

impl Query {
    /// Ties the query to a table.
    ///
    /// ```
    /// # use flow::Query;
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
    /// # use sources::memory::{Cutting, Memory};
    /// # use std::sync::Arc;
    /// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
    /// assert_eq!(Query::new().over(table).count()?.0, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn over(&self, source: Arc<dyn Source>) -> Scan {
        Scan {
            source,
            query: self.clone(),
            read: ReadRange::default(),
            options: Options::default(),
            engine: Arc::new(Integrated),
        }
    }

    /// The answer for a frame in memory. For `resample` and `date_range` its first column of times is the index.
    ///
    /// # Errors
    /// Clauses that do not fit, or an interrupt.
    ///
    /// ```
    /// # use flow::Query;
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
    /// assert_eq!(Query::new().head(2).run(&frame)?.height(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run(&self, frame: &DataFrame) -> Result<DataFrame> {
        let timed = self.clauses().iter().any(|clause| matches!(clause, Clause::Resample(_) | Clause::DateRange(..)));
        let is_time = |column: &&Column| matches!(column.dtype(), DataType::Datetime(..) | DataType::Date);
        let time = frame.columns().iter().find(is_time).filter(|_| timed);
        let index = time.map(|column| Index { columns: vec![column.name().clone()], sorted: None });
        let source = Memory::cut("memory", frame.clone(), index, &Cutting::default())?;
        Ok(self.over(Arc::new(source)).collect()?.0)
    }
}
