//! Filling: the histograms of one process, nominal and in all universes, from one scan of its rows.

use crate::answers::slots::{Bound, Fill, Other, Slot, Where, place};
use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::plan::{ProcessPlan, WEIGHT};
use crate::lower::ranges::Kept;
use crate::lower::universes::{Key, Mode, Universe};
use crate::steps::booking::Booking;
use crate::steps::chain::{Chain, Step};
use crate::steps::vary::{Member, Variation, Varied};
use hist::{Axis, Bins, Hist, RangeFinder, Storage};
use polars::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is filled.
pub(crate) struct Filling<'a> {
    pub bookings: &'a [Booking],
    pub axes: &'a [Vec<Axis>],
    pub group: &'a Group,
    /// The columns and expressions of all bookings.
    pub wanted: &'a [String],
}

/// The histograms of one process.
pub(crate) struct Filled {
    /// Of each booking.
    pub nominal: Vec<Hist>,
    /// The variations that concern the process.
    pub variations: Vec<Arc<Variation>>,
    /// By universe, of each booking; `None` where it is nominal.
    pub universes: BTreeMap<Key, Vec<Option<Other>>>,
}

impl Filling<'_> {
    /// Fills all histograms of a process.
    pub(crate) fn process(&self, group: &Group, lowered: &ProcessPlan<'_>, kept: Option<Kept>) -> Result<Filled> {
        if let Some(server) = lowered.server() {
            return self.on_server(lowered, server);
        }
        let (sink, universes) = self.sink(lowered)?;
        let part = match kept {
            Some(kept) => lowered.timed(|| sink.fill_kept(kept))?,
            None => lowered.go_on(&sink)?,
        };
        let other = |place: Where| sink.other(&part, place, lowered.scale);
        let of = |places: Vec<Where>| places.into_iter().map(other).collect::<Vec<_>>();
        let mut universes: BTreeMap<_, _> = universes.into_iter().map(|(key, places)| (key, of(places))).collect();
        let hists = self.nominal(part, lowered.scale);
        let variations = lowered.universes.variations.clone();
        for key in apart(lowered) {
            let hists = self.alone(group, lowered, &key)?;
            universes.insert(key, hists.into_iter().map(|hist| Some(Other::of_hist(hist, true))).collect());
        }
        let mut filled = Filled { nominal: hists, variations, universes };
        self.keep_norms(group, lowered, &mut filled)?;
        Ok(filled)
    }

    /// The histograms that a server fills.
    fn on_server(&self, lowered: &ProcessPlan<'_>, server: &cluster::Server) -> Result<Filled> {
        if let (Mode::Together(_), Some(variation)) = (&lowered.universes.mode, lowered.universes.variations.first()) {
            return Err(Error::request(format!(
                "vary(\"{}\", ..): universes are not filled on {server}; leave .on(..) out, or fill one: \
                 .universe(\"{}\", Up)",
                variation.source, variation.source
            )));
        }
        let mut booked = Vec::with_capacity(self.bookings.len());
        for at in 0..self.bookings.len() {
            let Bound { columns, empty: Some(empty), .. } = self.bind(lowered, at, None)? else { continue };
            if empty.is_profile() {
                return Err(Error::request(format!("profiles are not filled on {server}; leave .on(..) out")));
            }
            booked.push(cluster::Booked { columns, empty });
        }
        let hists = lowered.hists_on(server, &booked)?;
        let scaled = |hist: Hist| if lowered.scale == 1.0 { hist } else { hist.scaled(lowered.scale) };
        let nominal = hists.into_iter().map(scaled).collect();
        Ok(Filled { nominal, variations: Vec::new(), universes: BTreeMap::new() })
    }

    /// Scales universes of sources that keep the sum of weights before cuts.
    fn keep_norms(&self, group: &Group, lowered: &ProcessPlan<'_>, filled: &mut Filled) -> Result<()> {
        let kept = crate::answers::normalisation::kept(lowered);
        for variation in filled.variations.iter().filter(|variation| variation.keep_norm) {
            // A skim has lost rows, and says what there was.
            let known = |member: Member| match member {
                Member::Towards(direction) => {
                    kept.as_ref().and_then(|kept| Some(kept.sum / kept.varied(&variation.source, direction)?))
                }
                Member::Weight(_) => None,
            };
            let before = lowered.before_cuts(group, &variation.source);
            let total = |group: &Group| {
                let all = lowered.alone(group, &Chain::none(), &[])?;
                let sum = all.sum_of_weights()?.0;
                lowered.absorb(&all);
                Ok::<f64, Error>(sum)
            };
            let mut nominal = None;
            for member in variation.members() {
                let factor = match (known(member), nominal) {
                    (Some(factor), _) => factor,
                    (None, sum) => {
                        let sum = sum.map_or_else(|| total(&before), Ok)?;
                        nominal = Some(sum);
                        sum / total(&before.and(Step::Universe(variation.source.clone(), member)))?
                    }
                };
                let hists = filled.universes.entry((variation.source.clone(), member));
                let hists = hists.or_insert_with(|| vec![None; filled.nominal.len()]);
                for (other, nominal) in hists.iter_mut().zip(&filled.nominal).filter(|_| factor != 1.0) {
                    *other = Some(match other {
                        Some(other) => other.scaled(factor),
                        None => Other::of_hist(nominal.scaled(factor), false),
                    });
                }
            }
        }
        Ok(())
    }

    /// The histograms of a universe that takes a pass of its own.
    fn alone(&self, group: &Group, lowered: &ProcessPlan<'_>, key: &Key) -> Result<Vec<Hist>> {
        let group = group.and(Step::Universe(key.0.clone(), key.1));
        let alone = lowered.alone(&group, lowered.steps_before(&group), self.wanted)?;
        let (sink, _) = self.sink(&alone)?;
        let part = alone.go_on(&sink)?;
        lowered.absorb(&alone);
        Ok(self.nominal(part, alone.scale))
    }

    /// The histograms of nominal, which come first.
    fn nominal(&self, part: Vec<Slot>, scale: f64) -> Vec<Hist> {
        let hists = part.into_iter().take(self.bookings.len()).filter_map(|slot| slot.hist);
        hists.map(|hist| if scale == 1.0 { hist } else { hist.scaled(scale) }).collect()
    }

    /// What fills nominal and all universes that the plan has, and where each universe is.
    fn sink(&self, lowered: &ProcessPlan<'_>) -> Result<(Fill, Vec<(Key, Vec<Where>)>)> {
        let mut bound = Vec::new();
        for at in 0..self.bookings.len() {
            bound.push(self.bind(lowered, at, None)?);
        }
        let mut universes = Vec::new();
        for universe in &lowered.universes.list {
            let mut places = Vec::with_capacity(self.bookings.len());
            for at in 0..self.bookings.len() {
                let own = self.bind(lowered, at, Some(universe))?;
                let sums = self.sums(lowered, at) && !universe.with_errors;
                places.push(place(&mut bound, own, sums));
            }
            universes.push((universe.key.clone(), places));
        }
        Ok((Fill { bound }, universes))
    }

    /// Whether sums of weights are enough for the universes of a booking: not for means, and not for entries of lists.
    fn sums(&self, lowered: &ProcessPlan<'_>, at: usize) -> bool {
        let booking = &self.bookings[at];
        let is_list = |column: &String| {
            let dtype = lowered.schema.get(&lowered.name_of(column));
            dtype.is_some_and(|dtype| segment::lists::inner(dtype).is_some())
        };
        booking.columns.len() == booking.bins.len() && !booking.columns.iter().any(is_list)
    }

    fn bind(&self, lowered: &ProcessPlan<'_>, at: usize, universe: Option<&Universe>) -> Result<Bound> {
        let (booking, axes) = (&self.bookings[at], &self.axes[at]);
        let own = universe.and_then(|universe| universe.names.get(WEIGHT)).cloned();
        let weight = own.or_else(|| lowered.weight.clone());
        // A process that counts stays one beside others with weights: its errors are those of counts.
        let weighted = weight.is_some() || lowered.scale != 1.0;
        let storage = match (booking.columns.len() > booking.bins.len(), weighted) {
            (true, false) => Storage::Mean,
            (true, true) => Storage::WeightedMean,
            (false, false) => Storage::Count,
            (false, true) => Storage::Weight,
        };
        let name = |column: &String| {
            let nominal = lowered.name_of(column);
            universe.map_or_else(|| nominal.clone(), |universe| universe.name(&nominal))
        };
        let columns = booking.columns.iter().map(name).collect();
        let empty = Hist::with(axes.clone(), storage)?;
        let empty = match booking.columns.get(booking.bins.len()) {
            Some(sample) => empty.with_sample(crate::lower::ranges::sample(self.group, sample)),
            None => empty,
        };
        let mask = universe.map_or_else(|| lowered.universes.mask.clone(), |universe| universe.mask.clone());
        let universes = universe.iter().map(|universe| format!("`{}` {}", universe.key.0, universe.key.1)).collect();
        let (empty, axes, more) = (Some(empty), axes.clone(), Vec::new());
        Ok(Bound { booking: at, columns, weight, mask, empty, axes, more, universes })
    }
}

/// The universes of a process that take a pass of their own: those that its plan cannot express, and those of other files.
fn apart(lowered: &ProcessPlan<'_>) -> Vec<Key> {
    let mut keys: Vec<Key> = lowered.universes.apart.keys().cloned().collect();
    for variation in &lowered.universes.variations {
        if let Varied::Sample { .. } = variation.varied {
            keys.extend(variation.members().into_iter().map(|member| (variation.source.clone(), member)));
        }
    }
    keys
}

/// That all columns can be filled, before any row is read.
pub(crate) fn check(lowered: &ProcessPlan<'_>, bookings: &[Booking]) -> Result<()> {
    for booking in bookings {
        for (at, column) in booking.columns.iter().enumerate() {
            let dtype = lowered.schema.get(&lowered.name_of(column)).cloned().unwrap_or(DataType::Null);
            let empty = Series::new_empty(column.into(), &dtype);
            match booking.bins.get(at) {
                Some(Bins::Axis(axis)) => axis.accepts(&empty)?,
                Some(Bins::Times(_, [low, high])) if hist::Clock::of(&dtype).is_none() => {
                    return Err(Error::request(format!(
                        "hist(\"{column}\", ..): the range from \"{low}\" to \"{high}\" is of times, but the column is {dtype}"
                    )));
                }
                // Ranges are found, and means taken, of numbers.
                Some(Bins::Automatic(_) | Bins::Times(..)) | None => RangeFinder::new().see_series(&empty)?,
            }
        }
    }
    Ok(())
}
