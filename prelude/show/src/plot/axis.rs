//! Axes of a picture: from values to places, and where the ticks stand.

use super::clock;
use crate::label::Label;
use crate::text::number;
use hist::Clock;

/// How values go along an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scale {
    Linear,
    Log,
    /// Names, one per unit from 0; a tick in the middle of each.
    Names(Vec<Label>),
    /// Times: seconds, with ticks at round hours and days.
    Clock(Clock),
}

/// One axis between two values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) scale: Scale,
}

/// The ticks of an axis. Places are between 0 and 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Ticks {
    pub(super) major: Vec<(f64, Label)>,
    pub(super) minor: Vec<f64>,
    /// A power of ten that all labels are to be multiplied with, for the end of the axis.
    pub(super) factor: Option<Label>,
}

impl Axis {
    /// A linear axis; values that cannot bound one are widened until they do.
    pub(super) fn linear(low: f64, high: f64) -> Self {
        let (low, high) = sound(low, high);
        Self { low, high, scale: Scale::Linear }
    }

    /// A logarithmic axis; it always begins at a positive number.
    pub(super) fn log(low: f64, high: f64) -> Self {
        let high = if high.is_finite() && high > LEAST { high } else { 1.0 };
        // Nearer than this, the logarithm of the quotient is mostly rounding, and no place on the axis would be right.
        let low = if low > 0.0 && low < high * (1.0 - 1e-9) { low } else { high * 1e-3 };
        Self { low, high, scale: Scale::Log }
    }

    /// An axis of times.
    pub(super) fn times(low: f64, high: f64, clock: &Clock) -> Self {
        Self { scale: Scale::Clock(clock.clone()), ..Self::linear(low, high) }
    }

    pub(super) fn names(names: Vec<Label>) -> Self {
        Self { low: 0.0, high: names.len().max(1) as f64, scale: Scale::Names(names) }
    }

    /// The position of a value: 0 at the low end, 1 at the high end, beyond when it is outside.
    pub(super) fn place(&self, value: f64) -> f64 {
        match self.scale {
            // Below any positive number there is no place; far below the axis is where it is clipped.
            Scale::Log if value <= 0.0 => -10.0,
            Scale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
            _ => (value - self.low) / (self.high - self.low),
        }
    }

    /// The value at a place.
    pub(super) fn value(&self, place: f64) -> f64 {
        match self.scale {
            Scale::Log => self.low * (self.high / self.low).powf(place),
            _ => self.low + (self.high - self.low) * place,
        }
    }

    /// Ticks, about `wanted` with labels.
    pub(super) fn ticks(&self, wanted: usize) -> Ticks {
        match &self.scale {
            Scale::Linear => self.linear_ticks(wanted.max(2)),
            Scale::Log => self.log_ticks(wanted.max(2)),
            Scale::Clock(clock) => self.clock_ticks(clock, wanted.max(2)),
            Scale::Names(names) => {
                let skip = names.len().div_ceil(40).max(1);
                let label = |at: usize| (self.place(at as f64 + 0.5), shortened(&names[at]));
                Ticks { major: (0..names.len()).step_by(skip).map(label).collect(), ..Ticks::default() }
            }
        }
    }

    fn linear_ticks(&self, wanted: usize) -> Ticks {
        let (step, parts) = step((self.high - self.low) / wanted as f64);
        let exponent = common_exponent(self.low.abs().max(self.high.abs()), step);
        let label = |value: f64| tick_label(value / 10f64.powi(exponent), step / 10f64.powi(exponent));
        let multiples = |step: f64| {
            let slack = 1e-9 * (self.high - self.low);
            let first = ((self.low - slack) / step).ceil();
            let count = (((self.high + slack) / step).floor() - first).clamp(-1.0, 1000.0);
            (0..=count as i64).filter(move |_| count >= 0.0).map(move |at| (first + at as f64) * step)
        };
        let major: Vec<_> = multiples(step).map(|value| (self.place(value), label(value))).collect();
        let minor_step = step / f64::from(parts);
        let is_major = |place: f64| major.iter().any(|(at, _)| (at - place).abs() < 1e-6);
        let minor = multiples(minor_step).map(|value| self.place(value)).filter(|place| !is_major(*place)).collect();
        let factor = (exponent != 0).then(|| Label::parse(&format!("×10^{{{exponent}}}")));
        Ticks { major, minor, factor }
    }

    fn clock_ticks(&self, clock: &Clock, wanted: usize) -> Ticks {
        let Some((ticks, common)) = clock::ticks(self.low, self.high, clock, wanted) else {
            return self.linear_ticks(wanted);
        };
        let major = ticks.into_iter().map(|(seconds, text)| (self.place(seconds), Label::verbatim(&text))).collect();
        Ticks { major, minor: Vec::new(), factor: common.map(|text| Label::verbatim(&text)) }
    }

    fn log_ticks(&self, wanted: usize) -> Ticks {
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        if self.high / self.low < 20.0 {
            return self.narrow_log_ticks(wanted);
        }
        let skip = ((last - first) as usize).div_ceil(wanted.max(2) + 2).max(1) as i32;
        let inside = |place: &f64| (-1e-9..=1.0 + 1e-9).contains(place);
        // With hardly two decades, powers of ten alone do not say enough.
        let few = self.high / self.low < 300.0;
        let mut ticks = Ticks::default();
        for exponent in first..=last {
            let decade = 10f64.powi(exponent);
            let place = self.place(decade);
            if inside(&place) && exponent.rem_euclid(skip) == 0 {
                ticks.major.push((place, if few { multiple(1, exponent) } else { power(exponent) }));
            } else if inside(&place) {
                ticks.minor.push(place);
            }
            for digit in (2..10).filter(|_| skip == 1) {
                let place = self.place(f64::from(digit) * decade);
                match digit {
                    2 | 5 if few && inside(&place) => ticks.major.push((place, multiple(digit, exponent))),
                    _ if inside(&place) => ticks.minor.push(place),
                    _ => {}
                }
            }
        }
        ticks
    }

    /// Less than a decade or so: the ticks of a linear axis, at their logarithmic places.
    fn narrow_log_ticks(&self, wanted: usize) -> Ticks {
        let linear = Axis { scale: Scale::Linear, ..self.clone() };
        let Ticks { major, minor, factor } = linear.linear_ticks(wanted);
        let moved = |place: f64| self.place(linear.value(place));
        Ticks {
            major: major.into_iter().map(|(place, label)| (moved(place), label)).collect(),
            minor: minor.into_iter().map(moved).collect(),
            factor,
        }
    }
}

/// Below this, numbers have too few digits for powers of ten: on an axis they are zero.
const LEAST: f64 = 1e-300;

fn sound(low: f64, high: f64) -> (f64, f64) {
    let (low, high) = if low <= high { (low, high) } else { (high, low) };
    if !low.is_finite() || !high.is_finite() || !(high - low).is_finite() {
        return (0.0, 1.0);
    }
    let largest = low.abs().max(high.abs());
    if largest > LEAST && high - low > 1e-12 * largest {
        return (low, high);
    }
    let wider = if largest <= LEAST { 0.5 } else { 0.5 * low.abs() };
    (low - wider, high + wider)
}

/// The step 1, 2, 2.5 or 5 times a power of ten nearest above a size, and into how many parts it is divided.
fn step(size: f64) -> (f64, u32) {
    let decade = 10f64.powf(size.log10().floor());
    let ratio = size / decade;
    let (digit, parts) = match ratio {
        r if r <= 1.0 + 1e-9 => (1.0, 5),
        r if r <= 2.0 + 1e-9 => (2.0, 4),
        r if r <= 2.5 + 1e-9 => (2.5, 5),
        r if r <= 5.0 + 1e-9 => (5.0, 5),
        _ => (10.0, 5),
    };
    (digit * decade, parts)
}

/// The power of ten that labels share: none between 0.001 and 99 999.
fn common_exponent(largest: f64, step: f64) -> i32 {
    if largest == 0.0 || (largest < 1e5 && step >= 0.9e-3) {
        return 0;
    }
    let exponent = (largest * (1.0 + 1e-9)).log10().floor() as i32;
    // A narrow range far from zero needs its digits, not an exponent.
    if !(1e-2..1e5).contains(&largest) { exponent } else { 0 }
}

fn tick_label(value: f64, step: f64) -> Label {
    let decimals = (0..12).find(|&places| {
        let scaled = step * 10f64.powi(places);
        (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1e-300)
    });
    let value = if value.abs() < step * 1e-6 { 0.0 } else { value };
    let text = match decimals {
        Some(places) => format!("{value:.*}", places as usize),
        None => number(value, 6),
    };
    Label::verbatim(&text.replace('-', "−"))
}

/// A name that leaves room for its neighbours.
fn shortened(name: &Label) -> Label {
    if name.width(false) < 14.0 { name.clone() } else { Label::verbatim(&crate::text::one_line(&name.plain(), 26)) }
}

/// `20`, `0.5`, `5×10³`: two digits are shorter than a power.
fn multiple(digit: i32, exponent: i32) -> Label {
    match exponent {
        -2..=3 => Label::verbatim(&number(f64::from(digit) * 10f64.powi(exponent), 6)),
        _ => Label::parse(&format!("{digit}×10^{{{exponent}}}")),
    }
}

fn power(exponent: i32) -> Label {
    match exponent {
        0 => Label::verbatim("1"),
        1 => Label::verbatim("10"),
        _ => Label::parse(&format!("10^{{{exponent}}}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(axis: &Axis) -> String {
        let ticks = axis.ticks(5);
        let words: Vec<_> = ticks.major.iter().map(|(_, label)| label.plain()).collect();
        words.join(" ") + &ticks.factor.map(|factor| format!(" {}", factor.plain())).unwrap_or_default()
    }

    #[test]
    fn numbers_too_small_for_powers_of_ten_bound_no_axis() {
        for (low, high) in [(-6.1e-311, 0.0), (0.0, 5e-324), (-1e-305, 1e-305)] {
            for axis in [Axis::linear(low, high), Axis::log(low, high)] {
                assert!(axis.high - axis.low > 0.5, "{axis:?}");
                let ticks = axis.ticks(5);
                assert!(ticks.major.iter().all(|(place, label)| place.is_finite() && !label.plain().contains("NaN")));
            }
        }
        assert_eq!(Axis::linear(0.0, 1e-200).high, 1e-200);
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(&Axis::linear(0.0, 3.0)), "0 1 2 3");
        assert_eq!(labels(&Axis::linear(-0.31, 0.31)), "−0.2 0.0 0.2");
        assert_eq!(labels(&Axis::linear(0.0, 2.6e6)), "0 1 2 ×10⁶");
        assert_eq!(labels(&Axis::linear(5.2, 5.3)), "5.20 5.22 5.24 5.26 5.28 5.30");
        assert_eq!(labels(&Axis::log(0.5, 2e4)), "1 10 10² 10³ 10⁴");
        assert_eq!(labels(&Axis::log(1e-12, 1e12)), "10⁻¹² 10⁻⁸ 10⁻⁴ 1 10⁴ 10⁸ 10¹²");
        assert_eq!(labels(&Axis::log(2.0, 7.0)), "2 3 4 5 6 7");
        assert_eq!(labels(&Axis::log(150.0, 9000.0)), "200 500 1000 2000 5000");
        assert_eq!(labels(&Axis::names(["mumu", "ee"].map(Label::verbatim).to_vec())), "mumu ee");
    }

    #[test]
    fn axes_without_extent_get_one() {
        assert_eq!(Axis::linear(4.0, 4.0), Axis::linear(2.0, 6.0));
        assert_eq!(Axis::linear(f64::NAN, 1.0), Axis::linear(0.0, 1.0));
        assert!(Axis::log(-1.0, 0.0).low > 0.0);
        assert_eq!(Axis::log(1.0, 1.0 + 1e-15), Axis::log(0.0, 1.0 + 1e-15));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn any_axis_has_few_ticks_inside_it(low in any::<f64>(), width in any::<f64>(), log: bool) {
            let axis = if log { Axis::log(low, low + width) } else { Axis::linear(low, low + width) };
            let ticks = axis.ticks(5);
            prop_assert!(ticks.major.len() <= 30, "{} ticks", ticks.major.len());
            for place in ticks.major.iter().map(|(place, _)| place).chain(&ticks.minor) {
                prop_assert!((-1e-6..=1.0 + 1e-6).contains(place), "{axis:?}: {place}");
            }
        }

        #[test]
        fn place_and_value_undo_each_other(low in -1e6f64..1e6, width in 1e-3f64..1e6, place in 0.0f64..1.0) {
            let axis = Axis::linear(low, low + width);
            prop_assert!((axis.place(axis.value(place)) - place).abs() < 1e-6);
        }
    }
}
