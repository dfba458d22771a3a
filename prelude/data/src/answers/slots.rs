//! What is filled: for each booking one histogram, and beside it sums of weights for universes whose rows lie in the same bins.

use crate::error::Result;
use crate::lower::ranges::Kept;
use flow::Sink;
use hist::{Axis, Entries, Hist, Sums};
use polars::prelude::*;
use rayon::prelude::*;
use segment::Segment;
use std::sync::Arc;

mod layers;

/// A histogram in a universe.
#[derive(Debug, Clone)]
pub(crate) struct Other {
    contents: Contents,
    /// Whether rows are other rows, or lie in other bins, rather than having other weights alone.
    pub moves: bool,
}

#[derive(Debug, Clone)]
enum Contents {
    Hist(Arc<Hist>),
    /// The sums of weights of all cells, and the number of rows.
    Sums(Arc<[f64]>, u64),
}

impl Other {
    /// What is known as a histogram.
    pub(crate) fn of_hist(hist: Hist, moves: bool) -> Self {
        Self { contents: Contents::Hist(Arc::new(hist)), moves }
    }

    /// What is known as sums of weights.
    pub(crate) fn of_sums(sums: &[f64], entries: u64, moves: bool) -> Self {
        Self { contents: Contents::Sums(sums.into(), entries), moves }
    }

    /// As a histogram, given the nominal one.
    pub(crate) fn hist(&self, nominal: &Hist) -> Result<Hist> {
        match &self.contents {
            Contents::Hist(hist) => Ok((**hist).clone()),
            Contents::Sums(sums, entries) => Ok(nominal.with_sums(sums, *entries)?),
        }
    }

    /// Every row with a factor times its weight.
    pub fn scaled(&self, factor: f64) -> Self {
        let contents = match &self.contents {
            Contents::Hist(hist) => Contents::Hist(Arc::new(hist.scaled(factor))),
            Contents::Sums(sums, entries) => Contents::Sums(sums.iter().map(|sum| sum * factor).collect(), *entries),
        };
        Self { contents, moves: self.moves }
    }
}

/// Where a universe of a booking is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Where {
    Nominal,
    /// In the histogram of a slot.
    Hist(usize),
    /// In the sums of a slot.
    Sum(usize, usize),
}

/// Finds the place of a universe of a booking among those that are filled, or makes one.
pub(super) fn place(bound: &mut Vec<Bound>, own: Bound, sums: bool) -> Where {
    let booking = own.booking;
    if bound[booking].is_same(&own) {
        return Where::Nominal;
    }
    if !sums {
        let known = bound.iter().position(|other| other.booking == booking && other.is_same(&own));
        let slot = known.unwrap_or(bound.len());
        if known.is_none() {
            bound.push(own);
        }
        return Where::Hist(slot);
    }
    let Some(slot) = bound.iter().position(|other| other.booking == booking && other.has_rows_of(&own)) else {
        bound.push(Bound { more: vec![own.weight.clone()], weight: None, empty: None, ..own });
        return Where::Sum(bound.len() - 1, 0);
    };
    let known = bound[slot].more.iter().position(|weight| *weight == own.weight);
    let at = known.unwrap_or(bound[slot].more.len());
    if known.is_none() {
        bound[slot].more.push(own.weight);
        bound[slot].universes.extend(own.universes);
    }
    Where::Sum(slot, at)
}

/// A booking tied to the columns of a process: one histogram, and the sums of universes with the same rows and bins.
pub(super) struct Bound {
    pub booking: usize,
    pub axes: Vec<Axis>,
    pub columns: Vec<String>,
    /// The weight of the histogram.
    pub weight: Option<String>,
    /// The column that says which rows count.
    pub mask: Option<String>,
    /// The empty histogram, where there is one.
    pub empty: Option<Hist>,
    /// The weights of universes.
    pub more: Vec<Option<String>>,
    /// The universe that this was bound for, or those of `more`.
    pub universes: Vec<String>,
}

/// What is filled of a booking.
pub(super) struct Slot {
    pub hist: Option<Hist>,
    sums: Option<Sums>,
}

impl Bound {
    fn is_same(&self, other: &Self) -> bool {
        self.has_rows_of(other) && self.weight == other.weight && self.empty.is_some() == other.empty.is_some()
    }

    /// Whether the same rows lie in the same bins.
    fn has_rows_of(&self, other: &Self) -> bool {
        (&self.columns, &self.mask) == (&other.columns, &other.mask)
    }

    /// The columns it reads beside the mask.
    fn reads(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().chain(&self.weight).chain(self.more.iter().flatten()).map(String::as_str)
    }

    fn slot(&self) -> Slot {
        let sums = (!self.more.is_empty()).then(|| Sums::new(self.axes.clone(), self.more.len()).ok()).flatten();
        Slot { hist: self.empty.clone(), sums }
    }

    fn fill(&self, slot: &mut Slot, rows: &DataFrame, place: Option<&Segment>) -> flow::Result<()> {
        let column = |name: &str| -> flow::Result<&Series> {
            Ok(rows.column(name).map_err(segment::Error::from)?.as_materialized_series())
        };
        let weight = |weight: &Option<String>| weight.as_deref().map(column).transpose();
        let columns = self.columns.iter().map(|name| column(name)).collect::<flow::Result<Vec<_>>>()?;
        let more = self.more.iter().map(weight).collect::<flow::Result<Vec<_>>>()?;
        for ((universe, name), own) in self.universes.iter().zip(&self.more).zip(&more) {
            // A weight that is missing in nominal too shows as NaN in both.
            if let Some(own) = own.filter(|_| *name != self.weight) {
                has_weights(universe, own, weight(&self.weight)?, rows, place)?;
            }
        }
        // A column beyond the axes is the sample of a profile.
        let (axes, sample) = columns.split_at(self.axes.len());
        let entries =
            Entries { columns: axes, weight: weight(&self.weight)?, sample: sample.first().copied(), mask: None };
        let filled = match (&mut slot.hist, &mut slot.sums) {
            (Some(hist), Some(sums)) => sums.fill_with(hist, &entries, &more),
            (Some(hist), None) => hist.fill_entries(&entries),
            (None, Some(sums)) => sums.fill(axes, &more),
            (None, None) => Ok(()),
        };
        filled.map_err(crate::lower::ranges::told)
    }
}

/// Whether a weight may be missing: a null, or NaN. It is asked for every universe and histogram, and makes nothing.
fn lacks_any(weights: &Series) -> PolarsResult<bool> {
    // Without a branch per value: NaN alone is not itself.
    let nan = match weights.dtype() {
        DataType::Float32 => {
            weights.f32()?.downcast_iter().any(|all| all.values().iter().fold(false, |nan, x| nan | x.is_nan()))
        }
        DataType::Float64 => {
            weights.f64()?.downcast_iter().any(|all| all.values().iter().fold(false, |nan, x| nan | x.is_nan()))
        }
        dtype => dtype.is_float(),
    };
    Ok(nan || weights.null_count() > 0)
}

/// Refuses a weight of a universe that is missing where rows have weights in nominal.
fn has_weights(
    universe: &str,
    own: &Series,
    nominal: Option<&Series>,
    rows: &DataFrame,
    place: Option<&Segment>,
) -> flow::Result<()> {
    let missing = |weights: &Series| -> flow::Result<Vec<bool>> {
        let numbers = weights.cast(&DataType::Float64)?;
        Ok(numbers.f64()?.iter().map(|weight| weight.is_none_or(f64::is_nan)).collect())
    };
    if !lacks_any(own)? {
        return Ok(());
    }
    let own = missing(own)?;
    if !own.contains(&true) {
        return Ok(());
    }
    let known = nominal.map(missing).transpose()?.unwrap_or_else(|| vec![false; own.len()]);
    let Some(at) = own.iter().zip(&known).position(|(own, nominal)| *own && !nominal) else { return Ok(()) };
    let row = rows.slice(at as i64, 1);
    let shown = |column: &Column| {
        format!("{} = {}", column.name(), column.get(0).map_or(String::new(), |value| value.to_string()))
    };
    let hidden = |column: &&Column| !column.name().starts_with("__recoil_");
    let values: Vec<String> = row.columns().iter().filter(hidden).map(shown).collect();
    let place = place.map_or(String::new(), |one| {
        format!(" among rows {} to {} of {}", one.rows.start, one.rows.end, one.place.file)
    });
    Err(segment::Error::request(format!(
        "source {universe}: the weight of a row is missing or NaN{place}, where {}; every row needs a weight in every universe: \
         fill the column, or leave the process out with .only([..])",
        values.join(", ")
    ))
    .into())
}

/// Fills histograms.
pub(super) struct Fill {
    pub bound: Vec<Bound>,
}

impl Sink for Fill {
    type Part = Vec<Slot>;

    fn part(&self) -> Vec<Slot> {
        self.bound.iter().map(Bound::slot).collect()
    }

    fn take(&self, part: &mut Vec<Slot>, segment: Segment) -> flow::Result<()> {
        self.fill_frame(part, &segment.frame, Some(&segment))
    }

    fn merge(&self, whole: &mut Vec<Slot>, next: Vec<Slot>) -> flow::Result<()> {
        for (whole, next) in whole.iter_mut().zip(next) {
            if let (Some(whole), Some(next)) = (&mut whole.hist, &next.hist) {
                whole.merge(next).map_err(crate::lower::ranges::told)?;
            }
            if let (Some(whole), Some(next)) = (&mut whole.sums, &next.sums) {
                whole.merge(next).map_err(crate::lower::ranges::told)?;
            }
        }
        Ok(())
    }

    fn identity(&self) -> Option<String> {
        let one = |bound: &Bound| {
            let Bound { columns, weight, mask, empty, axes, more, .. } = bound;
            format!("{columns:?} {weight:?} {mask:?} {axes:?} {:?} {more:?}", empty.as_ref().map(Hist::storage))
        };
        Some(format!("{:?}", self.bound.iter().map(one).collect::<Vec<_>>()))
    }

    fn save(&self, part: &Vec<Slot>) -> Vec<u8> {
        let one = |slot: &Slot| {
            let hist = slot.hist.as_ref().map(Hist::contents).unwrap_or_default();
            [hist, slot.sums.as_ref().map(Sums::contents).unwrap_or_default()].concat()
        };
        part.iter().flat_map(one).collect()
    }

    fn restore(&self, mut bytes: &[u8]) -> Option<Vec<Slot>> {
        let mut take = |count: usize| {
            let (own, rest) = bytes.split_at_checked(count)?;
            bytes = rest;
            Some(own)
        };
        let one = |bound: &Bound| {
            let Slot { hist, sums } = bound.slot();
            let hist = match hist {
                Some(empty) => Some(empty.clone().with_contents(take(empty.contents().len())?).ok()?),
                None => None,
            };
            let sums = match sums {
                Some(empty) => Some(empty.clone().with_contents(take(empty.contents().len())?)?),
                None => None,
            };
            Some(Slot { hist, sums })
        };
        self.bound.iter().map(one).collect()
    }
}

impl Fill {
    /// Fills rows that an earlier scan has kept: stretch by stretch and merged in order, as a scan would, so that the
    /// result is the same bit for bit.
    pub fn fill_kept(&self, kept: Kept) -> Result<Vec<Slot>> {
        let stretch = |frames: Vec<DataFrame>| {
            let mut part = self.part();
            frames.iter().try_for_each(|frame| self.fill_frame(&mut part, frame, None)).map(|()| part)
        };
        let parts = kept.into_par_iter().map(stretch).collect::<flow::Result<Vec<_>>>()?;
        let mut whole = self.part();
        parts.into_iter().try_for_each(|part| self.merge(&mut whole, part))?;
        Ok(whole)
    }

    /// What a place holds, as it is filled.
    pub fn other(&self, part: &[Slot], place: Where, scale: f64) -> Option<Other> {
        let (slot, at) = match place {
            Where::Nominal => return None,
            Where::Hist(slot) => (slot, None),
            Where::Sum(slot, at) => (slot, Some(at)),
        };
        let moves = !self.bound[slot].has_rows_of(&self.bound[self.bound[slot].booking]);
        let other = match at {
            None => Other::of_hist(part[slot].hist.clone()?, moves),
            Some(at) => {
                let sums = part[slot].sums.as_ref()?;
                Other::of_sums(&sums.of(at), sums.entries(), moves)
            }
        };
        Some(if scale == 1.0 { other } else { other.scaled(scale) })
    }

    fn fill_frame(&self, part: &mut [Slot], frame: &DataFrame, place: Option<&Segment>) -> flow::Result<()> {
        let together = self.is_together() && self.has_all_weights(frame)?;
        let is_layered = |bound: &Bound| together && bound.is_layered(frame);
        if together {
            self.fill_layers(part, frame, &is_layered)?;
        }
        let mut masks: Vec<&Option<String>> = Vec::new();
        for bound in self.bound.iter().filter(|bound| !is_layered(bound)) {
            if !masks.contains(&&bound.mask) {
                masks.push(&bound.mask);
            }
        }
        for mask in masks {
            let rows = self.rows(frame, mask.as_deref())?;
            if rows.height() == 0 {
                continue;
            }
            let under = |bound: &&Bound| bound.mask == *mask && !is_layered(bound);
            for (slot, bound) in part.iter_mut().zip(&self.bound).filter(|(_, bound)| under(bound)) {
                bound.fill(slot, &rows, place)?;
            }
        }
        Ok(())
    }

    /// The rows that a mask leaves, with the columns that are read under it.
    fn rows(&self, frame: &DataFrame, mask: Option<&str>) -> flow::Result<DataFrame> {
        let Some(mask) = mask else { return Ok(frame.clone()) };
        let marks = frame.column(mask)?.bool()?.fill_null_with_values(false)?;
        let mut columns: Vec<Column> = Vec::new();
        for name in self.bound.iter().filter(|bound| bound.mask.as_deref() == Some(mask)).flat_map(Bound::reads) {
            if !columns.iter().any(|column| column.name() == name) {
                let column = frame.column(name)?.as_materialized_series().filter(&marks)?;
                columns.push(column.into_column());
            }
        }
        Ok(DataFrame::new(marks.sum().unwrap_or(0) as usize, columns)?)
    }
}
