//! Terminals of the engine itself: rows for the next stage, and the first and last time.

use crate::error::Result;
use crate::memory::spill::Spill;
use crate::plan::time::nanoseconds;
use crate::run::store::{EntityId, Store};
use crate::sink::Sink;
use polars::prelude::*;
use segment::Segment;

/// Gathers frames as entities of a store, in order.
pub(crate) struct Gather<'a> {
    pub store: &'a Store,
    pub limit: Option<u64>,
    pub fetches: u32,
    /// Where frames go when the store holds more than so many bytes.
    pub spill: Option<(&'a Spill, u64)>,
}

impl Sink for Gather<'_> {
    type Part = (Vec<EntityId>, u64);

    fn part(&self) -> Self::Part {
        (Vec::new(), 0)
    }

    fn take(&self, part: &mut Self::Part, segment: Segment) -> Result<()> {
        part.1 += segment.frame.height() as u64;
        let rows = segment.rows.start..segment.rows.start + segment.frame.height() as u64;
        part.0.push(self.store.push_or_spill(segment.frame, rows, self.fetches, self.spill));
        Ok(())
    }

    fn merge(&self, whole: &mut Self::Part, next: Self::Part) -> Result<()> {
        whole.0.extend(next.0);
        whole.1 += next.1;
        Ok(())
    }

    fn morsels(&self) -> usize {
        usize::MAX
    }

    fn enough(&self, whole: &Self::Part) -> bool {
        self.limit.is_some_and(|limit| whole.1 >= limit)
    }
}

/// The first and last time.
pub(crate) struct Bounds {
    pub index: PlSmallStr,
}

impl Sink for Bounds {
    type Part = Option<(i64, i64)>;

    fn part(&self) -> Self::Part {
        None
    }

    fn take(&self, part: &mut Self::Part, segment: Segment) -> Result<()> {
        let times = nanoseconds(segment.frame.column(&self.index)?.as_materialized_series())?;
        if let (Some(low), Some(high)) = (times.min(), times.max()) {
            self.merge(part, Some((low, high)))?;
        }
        Ok(())
    }

    fn merge(&self, whole: &mut Self::Part, next: Self::Part) -> Result<()> {
        *whole = match (*whole, next) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (a, b) => a.or(b),
        };
        Ok(())
    }
}

/// Frames as one, which has the schema even without rows.
pub(crate) fn stack(frames: Vec<DataFrame>, schema: &SchemaRef) -> Result<DataFrame> {
    let mut frames = frames.into_iter();
    let Some(mut all) = frames.next() else { return Ok(DataFrame::empty_with_schema(schema)) };
    let mut many = false;
    for frame in frames {
        all.vstack_mut(&frame)?;
        many = true;
    }
    if many {
        all.rechunk_mut_par();
    }
    Ok(all)
}
