//! Folds of lists, part by part: in the order of the list and in f64, so that the parts change no bit.

use crate::check::program::{Fold, Op, Program};
use crate::check::types::Type;
use crate::evaluate::gather::NOWHERE;
use crate::evaluate::integers::narrowed;
use crate::evaluate::kernel::Arg;
use crate::evaluate::lane::{Data, Lane};
use crate::evaluate::vectors::every;

/// What is known so far of the list of each lane. Missing values are left out.
pub(crate) enum State {
    Count(Vec<u32>),
    /// Whether one is true, or (`false`) none is false.
    Truth {
        any: bool,
        marks: Vec<u8>,
    },
    Sum(Vec<f64>),
    Mean {
        sums: Vec<f64>,
        counts: Vec<u32>,
    },
    Extreme {
        largest: bool,
        values: Vec<f64>,
    },
    /// Whole numbers, which are not rounded.
    Whole {
        fold: Fold,
        dtype: Type,
        values: Vec<i128>,
        found: Vec<u8>,
    },
    Best {
        largest: bool,
        keys: Vec<f64>,
        whole: Vec<i128>,
        positions: Vec<u32>,
    },
}

impl State {
    pub fn new(program: &Program, id: usize, lanes: usize) -> Self {
        let (fold, value) = match program.op(id) {
            Op::Fold(fold, value) => (*fold, *value),
            Op::Best { largest, .. } => {
                let (keys, whole, positions) = (vec![f64::NAN; lanes], vec![0; lanes], vec![NOWHERE; lanes]);
                return Self::Best { largest: *largest, keys, whole, positions };
            }
            _ => return Self::Count(vec![0; lanes]),
        };
        let whole = program.dtype(value).width();
        match (fold, whole) {
            (Fold::Count, _) => Self::Count(vec![0; lanes]),
            (Fold::Any, _) => Self::Truth { any: true, marks: vec![0; lanes] },
            (Fold::All, _) => Self::Truth { any: false, marks: vec![1; lanes] },
            (Fold::Mean, _) => Self::Mean { sums: vec![0.0; lanes], counts: vec![0; lanes] },
            (Fold::Sum | Fold::Min | Fold::Max, Some(_)) => {
                Self::Whole { fold, dtype: program.dtype(id).clone(), values: vec![0; lanes], found: vec![0; lanes] }
            }
            (Fold::Sum, None) => Self::Sum(vec![0.0; lanes]),
            (Fold::Min | Fold::Max, None) => {
                Self::Extreme { largest: fold == Fold::Max, values: vec![f64::NAN; lanes] }
            }
        }
    }

    /// How many lanes there are more.
    pub fn count(&mut self, bounds: &[u32]) {
        if let Self::Count(counts) = self {
            counts.iter_mut().zip(bounds.windows(2)).for_each(|(count, bounds)| *count += bounds[1] - bounds[0]);
        }
    }

    /// More values of each list.
    pub fn take(&mut self, lane: &Lane, bounds: &[u32]) {
        let lanes = bounds.last().map_or(0, |end| *end as usize);
        match self {
            Self::Count(counts) => {
                each(&lane.truth(lanes), bounds, counts, |count, truth| *count += u32::from(truth));
            }
            Self::Truth { any: true, marks } => {
                each(&lane.truth(lanes), bounds, marks, |mark, truth| *mark |= truth);
            }
            Self::Truth { any: false, marks } => {
                each(&lane.truth(lanes), bounds, marks, |mark, truth| *mark &= truth);
            }
            Self::Sum(sums) => numbers(&lane.f64(), bounds, sums, |sum, x| *sum += x),
            Self::Mean { sums, counts } => {
                let values = lane.f64();
                numbers(&values, bounds, sums, |sum, x| *sum += x);
                numbers(&values, bounds, counts, |count, _| *count += 1);
            }
            Self::Extreme { largest: true, values } => {
                numbers(&lane.f64(), bounds, values, |most, x| {
                    if most.is_nan() || x > *most {
                        *most = x;
                    }
                });
            }
            Self::Extreme { largest: false, values } => {
                numbers(&lane.f64(), bounds, values, |least, x| {
                    if least.is_nan() || x < *least {
                        *least = x;
                    }
                });
            }
            Self::Whole { fold, values, found, .. } => whole(*fold, lane, bounds, values, found),
            Self::Best { .. } => {}
        }
    }

    /// More keys of each list, and the position each belongs to. The first of equal ones stays; NaN never wins.
    pub fn take_best(&mut self, key: &Lane, at: &[u32], bounds: &[u32]) {
        let Self::Best { largest, keys, whole, positions } = self else { return };
        let float = matches!(key.data, Data::F32(_) | Data::F64(_)) || matches!(&key.data, Data::One(_));
        if float {
            let keys_of = key.f64();
            let values = every(&keys_of, at.len());
            for (lane, range) in bounds.windows(2).enumerate() {
                let list = range[0] as usize..range[1] as usize;
                for (&value, &position) in values[list.clone()].iter().zip(&at[list]) {
                    let better = if *largest { value > keys[lane] } else { value < keys[lane] };
                    if better || (keys[lane].is_nan() && !value.is_nan()) {
                        (keys[lane], positions[lane]) = (value, position);
                    }
                }
            }
            return;
        }
        let values = key.digits().0;
        for (lane, range) in bounds.windows(2).enumerate() {
            for next in (range[0] as usize..range[1] as usize).filter(|next| key.is_valid(*next)) {
                let value = values.get(next);
                let better = if *largest { value > whole[lane] } else { value < whole[lane] };
                if better || positions[lane] == NOWHERE {
                    (whole[lane], positions[lane]) = (value, at[next]);
                }
            }
        }
    }

    pub fn finish<'a>(self) -> Lane<'a> {
        match self {
            Self::Count(counts) => Lane::new(Data::U32(counts.into())),
            Self::Truth { marks, .. } => Lane::marks(marks),
            Self::Sum(values) | Self::Extreme { values, .. } => Lane::new(Data::F64(values.into())),
            Self::Mean { sums, counts } => {
                let mean = |(sum, count): (f64, u32)| if count > 0 { sum / f64::from(count) } else { f64::NAN };
                Lane::new(Data::F64(sums.into_iter().zip(counts).map(mean).collect()))
            }
            Self::Whole { fold, dtype, values, found } => {
                let missing = fold != Fold::Sum && found.contains(&0);
                Lane { data: narrowed(values, &dtype), valid: missing.then(|| found.into()) }
            }
            Self::Best { positions, .. } => Lane::new(Data::U32(positions.into())),
        }
    }
}

fn each<T, V: Copy>(values: &[V], bounds: &[u32], states: &mut [T], mut take: impl FnMut(&mut T, V)) {
    for (state, bounds) in states.iter_mut().zip(bounds.windows(2)) {
        values[bounds[0] as usize..bounds[1] as usize].iter().for_each(|value| take(state, *value));
    }
}

/// All that are numbers.
fn numbers<T>(values: &Arg<f64>, bounds: &[u32], states: &mut [T], mut take: impl FnMut(&mut T, f64)) {
    let lanes = bounds.last().map_or(0, |end| *end as usize);
    each(&every(values, lanes), bounds, states, |state, value| {
        if !value.is_nan() {
            take(state, value);
        }
    });
}

fn whole(fold: Fold, lane: &Lane, bounds: &[u32], values: &mut [i128], found: &mut [u8]) {
    let numbers = lane.digits().0;
    for (state, bounds) in bounds.windows(2).enumerate() {
        for at in (bounds[0] as usize..bounds[1] as usize).filter(|at| lane.is_valid(*at)) {
            let value = numbers.get(at);
            values[state] = match fold {
                Fold::Sum => values[state] + value,
                _ if found[state] == 0 => value,
                Fold::Max => values[state].max(value),
                _ => values[state].min(value),
            };
            found[state] = 1;
        }
    }
}

/// The positions of values from the smallest on, list by list; missing ones last.
pub(crate) fn order(lane: &Lane, dtype: &Type, bounds: &[u32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..bounds.last().copied().unwrap_or(0)).collect();
    let floats = lane.f64();
    let digits = lane.digits().0;
    for bounds in bounds.windows(2) {
        let list = &mut order[bounds[0] as usize..bounds[1] as usize];
        list.sort_by(|a, b| {
            let (a, b) = (*a as usize, *b as usize);
            if dtype.is_float() {
                let (x, y) = (floats.get(a), floats.get(b));
                return x.partial_cmp(&y).unwrap_or_else(|| x.is_nan().cmp(&y.is_nan()));
            }
            (!lane.is_valid(a)).cmp(&!lane.is_valid(b)).then(digits.get(a).cmp(&digits.get(b)))
        });
    }
    order
}
