//! Histograms and sums of universes that are filled in one walk over the rows.

use super::{Bound, Fill, Slot, lacks_any};
use hist::{Layer, Layered, Storage, fill_together};
use polars::prelude::*;

impl Fill {
    /// Whether there are universes, so that rows are best walked over once for all.
    pub(super) fn is_together(&self) -> bool {
        self.bound.iter().any(|bound| bound.mask.is_some() || !bound.more.is_empty())
    }

    /// Whether no weight of a universe is missing in any row; where one is, it is told by universe and row.
    pub(super) fn has_all_weights(&self, frame: &DataFrame) -> flow::Result<bool> {
        let mut names: Vec<&String> = self.bound.iter().flat_map(|bound| bound.more.iter().flatten()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            if lacks_any(frame.column(name)?.as_materialized_series())? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Fills what can be filled together: a layer for each mask with its weights.
    pub(super) fn fill_layers(
        &self,
        part: &mut [Slot],
        frame: &DataFrame,
        is_layered: &dyn Fn(&Bound) -> bool,
    ) -> flow::Result<()> {
        let column = |name: &String| -> PolarsResult<&Series> { Ok(frame.column(name)?.as_materialized_series()) };
        let mut of: Vec<&Bound> = Vec::new();
        let mut layers = Vec::new();
        let mut all = Vec::with_capacity(part.len());
        for (slot, bound) in part.iter_mut().zip(&self.bound).filter(|(_, bound)| is_layered(bound)) {
            let known = of.iter().position(|other| other.has_layer_of(bound));
            let layer = known.unwrap_or(of.len());
            if known.is_none() {
                let mask = bound.mask.as_ref().map(|mask| frame.column(mask)?.bool()).transpose()?;
                let weight = bound.hist_weight().map(column).transpose()?;
                let more = bound.more.iter().map(|weight| weight.as_ref().map(column).transpose());
                layers.push(Layer { mask, weight, more: more.collect::<PolarsResult<_>>()? });
                of.push(bound);
            }
            let columns = bound.columns.iter().map(column).collect::<PolarsResult<_>>()?;
            all.push(Layered { layer, columns, hist: slot.hist.as_mut(), sums: slot.sums.as_mut() });
        }
        fill_together(&layers, &mut all).map_err(crate::lower::ranges::told)
    }
}

impl Bound {
    /// Whether it can be filled together with others: a weighted histogram or sums, of plain columns.
    pub(super) fn is_layered(&self, frame: &DataFrame) -> bool {
        let plain =
            |name: &String| frame.column(name).is_ok_and(|column| segment::lists::inner(column.dtype()).is_none());
        let weighted =
            self.empty.as_ref().is_none_or(|hist| hist.storage() == Storage::Weight && self.weight.is_some());
        weighted && self.columns.len() == self.axes.len() && self.columns.iter().all(plain)
    }

    /// The weight of its histogram, if it has one.
    fn hist_weight(&self) -> Option<&String> {
        self.weight.as_ref().filter(|_| self.empty.is_some())
    }

    /// Whether the same rows have the same weights.
    fn has_layer_of(&self, other: &Self) -> bool {
        (&self.mask, self.hist_weight(), &self.more) == (&other.mask, other.hist_weight(), &other.more)
    }
}
