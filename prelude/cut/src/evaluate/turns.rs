//! Sines, cosines and hyperbolic sines of many numbers at once: the functions of four-vectors that cost most.
//!
//! The arithmetic is that of fdlibm's kernels, without branches, so that the compiler makes vector instructions of it; every
//! width of vectors gives the same bits. Numbers beyond the range that one step of reduction is right for are left to the
//! library. Sines and cosines are at most one unit in the last place from the library's, hyperbolic sines two.

#![expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN is not below a limit, and goes the other way")]

use recoil_vectors::widest;
use std::f64::consts::TAU;

/// Beyond this the reduction by π/2 in three parts loses digits.
const FAR: f64 = 1e5;
/// Beyond this the exponential overflows or nearly does.
const STEEP: f64 = 700.0;
/// Adding it to a small number leaves the nearest whole number in the lowest bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// From here on the nearest whole number is the number, and cannot be found by adding [`ROUND`].
const WHOLE: f64 = 2_251_799_813_685_248.0;
/// π/2 in three parts: the products of the first two with a whole number below 2²⁰ are exact.
const HALF_PI: [f64; 3] = [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_795_950_6e-21];

const SINE: [f64; 6] = [
    -1.666_666_666_666_663_2e-1,
    8.333_333_333_322_49e-3,
    -1.984_126_982_985_795e-4,
    2.755_731_370_707_006_8e-6,
    -2.505_076_025_340_686_3e-8,
    1.589_690_995_211_55e-10,
];
const COSINE: [f64; 6] = [
    4.166_666_666_666_66e-2,
    -1.388_888_888_887_411e-3,
    2.480_158_728_947_673e-5,
    -2.755_731_435_139_066_3e-7,
    2.087_572_321_298_175e-9,
    -1.135_964_755_778_819_5e-11,
];

/// `lengths` times the cosines, or the sines, of `angles`.
pub(crate) fn turned(cosine: bool, lengths: &[f64], angles: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; angles.len()];
    if sines(angles, lengths, u64::from(cosine), &mut out) {
        let far = |(x, _): &(&f64, _)| !(x.abs() < FAR);
        for (x, (length, out)) in angles.iter().zip(lengths.iter().zip(&mut out)).filter(far) {
            *out = length * if cosine { x.cos() } else { x.sin() };
        }
    }
    out
}

/// Differences of angles, between -π and π.
pub(crate) fn apart(angles: &[f64], others: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; angles.len()];
    wrapped(angles, others, &mut out);
    out
}

widest! {
    /// By rounding to whole turns: the remainder of C and Rust keeps the sign of the dividend.
    fn wrapped(angles: &[f64], others: &[f64], out: &mut [f64]) -> () {
        for ((a, b), out) in angles.iter().zip(others).zip(out) {
            let angle = a - b;
            let turns = angle / TAU;
            // From 2⁵¹ on a number is whole.
            let whole = if turns.abs() < WHOLE { (turns + ROUND) - ROUND } else { turns };
            *out = angle - TAU * whole;
        }
    }
}

/// `lengths` times the hyperbolic sines of `slopes`.
pub(crate) fn raised(lengths: &[f64], slopes: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; slopes.len()];
    if hyperbolic(slopes, lengths, &mut out) {
        let steep = |(x, _): &(&f64, _)| !(x.abs() < STEEP);
        for (x, (length, out)) in slopes.iter().zip(lengths.iter().zip(&mut out)).filter(steep) {
            *out = length * x.sinh();
        }
    }
    out
}

widest! {
    /// The sine of each angle and so many quarter turns, times a length; answers whether some lie too far.
    fn sines(angles: &[f64], lengths: &[f64], quarters: u64, out: &mut [f64]) -> bool {
        let mut far = false;
        for ((x, length), out) in angles.iter().zip(lengths).zip(out) {
            far |= !(x.abs() < FAR);
            let shifted = x * std::f64::consts::FRAC_2_PI + ROUND;
            let turns = shifted - ROUND;
            let first = x - turns * HALF_PI[0];
            let second = turns * HALF_PI[1];
            let near = first - second;
            let rest = turns * HALF_PI[2] - ((first - near) - second);
            let r = near - rest;
            let tail = (near - r) - rest;
            let square = r * r;
            let [s1, s2, s3, s4, s5, s6] = SINE;
            let cube = square * r;
            let high = s2 + square * (s3 + square * (s4 + square * (s5 + square * s6)));
            let sine = r - ((square * (0.5 * tail - cube * high) - tail) - cube * s1);
            let [c1, c2, c3, c4, c5, c6] = COSINE;
            let high = square * (c1 + square * (c2 + square * (c3 + square * (c4 + square * (c5 + square * c6)))));
            let half = 0.5 * square;
            let whole = 1.0 - half;
            let cosine = whole + (((1.0 - whole) - half) + (square * high - r * tail));
            let quarter = shifted.to_bits().wrapping_add(quarters);
            let value = if quarter & 1 == 0 { sine } else { cosine };
            *out = length * f64::from_bits(value.to_bits() ^ ((quarter & 2) << 62));
        }
        far
    }
}

/// ln 2 in two parts: the product of the first with a whole number below 2¹¹ is exact.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
const EXPONENTIAL: [f64; 5] = [
    1.666_666_666_666_660_2e-1,
    -2.777_777_777_701_559_3e-3,
    6.613_756_321_437_934e-5,
    -1.653_390_220_546_525_2e-6,
    4.138_136_797_057_238_5e-8,
];
/// 1/3!, 1/5!, .. 1/17!
const ODD: [f64; 8] = [
    1.0 / 6.0,
    1.0 / 120.0,
    1.0 / 5_040.0,
    1.0 / 362_880.0,
    1.0 / 39_916_800.0,
    1.0 / 6_227_020_800.0,
    1.0 / 1_307_674_368_000.0,
    1.0 / 355_687_428_096_000.0,
];

widest! {
    /// The hyperbolic sine of each number, times a length; answers whether some are too large.
    fn hyperbolic(slopes: &[f64], lengths: &[f64], out: &mut [f64]) -> bool {
        let mut steep = false;
        for ((x, length), out) in slopes.iter().zip(lengths).zip(out) {
            let size = x.abs();
            steep |= !(size < STEEP);
            let square = x * x;
            let [a, b, c, d, e, f, g, h] = ODD;
            let series = a + square * (b + square * (c + square * (d + square * (e + square * (f + square * (g + square * h))))));
            let gentle = x + x * (square * series);
            let shifted = size * std::f64::consts::LOG2_E + ROUND;
            let twos = shifted - ROUND;
            let (high, low) = (size - twos * LN_2[0], twos * LN_2[1]);
            let r = high - low;
            let t = r * r;
            let [p1, p2, p3, p4, p5] = EXPONENTIAL;
            let near = r - t * (p1 + t * (p2 + t * (p3 + t * (p4 + t * p5))));
            let grown = 1.0 - ((low - (r * near) / (2.0 - near)) - high);
            let power = f64::from_bits(grown.to_bits().wrapping_add(shifted.to_bits() << 52));
            let curved = 0.5 * (power - 1.0 / power);
            let value = if size < 1.0 { gentle.abs() } else { curved };
            *out = length * value.copysign(*x);
        }
        steep
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use segment::random::lot;

    fn numbers(range: f64, many: u64) -> Vec<f64> {
        let mut all: Vec<f64> = (0..many).map(|at| (lot(7, at) as f64 / u64::MAX as f64 * 2.0 - 1.0) * range).collect();
        all.extend([
            0.0,
            -0.0,
            1.0,
            -1.0,
            f64::MIN_POSITIVE,
            1e-300,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e9,
            -1e17,
        ]);
        all.extend((-40..40).map(|at| f64::from(at) * std::f64::consts::FRAC_PI_4));
        all.extend((-40..40).map(|at| f64::from(at as f32 * std::f32::consts::FRAC_PI_2)));
        all
    }

    fn close(what: &str, units: i64, found: &[f64], expected: &[f64]) {
        for (found, expected) in found.iter().zip(expected) {
            let apart = (found.to_bits() as i64 - expected.to_bits() as i64).abs();
            assert!(apart <= units || found.is_nan() && expected.is_nan(), "{what}: {found:e} and {expected:e}");
        }
    }

    #[test]
    fn the_library_says_the_same_to_a_unit_or_two_in_the_last_place() {
        for range in [1e-9, 1.0, 3.2, 100.0, 9e4] {
            let all = numbers(range, 20_000);
            let ones = vec![1.0; all.len()];
            close("sin", 1, &turned(false, &ones, &all), &all.iter().map(|x| x.sin()).collect::<Vec<_>>());
            close("cos", 1, &turned(true, &ones, &all), &all.iter().map(|x| x.cos()).collect::<Vec<_>>());
            close("sinh", 2, &raised(&ones, &all), &all.iter().map(|x| x.sinh()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_angle_is_wrapped_on_both_sides() {
        for (angle, expected) in [(6.2, 6.2 - TAU), (-6.2, TAU - 6.2), (0.5, 0.5), (9.0, 9.0 - TAU)] {
            assert!((apart(&[angle], &[0.0])[0] - expected).abs() < 1e-15, "{angle}");
        }
        for angle in numbers(1e6, 20_000).into_iter().chain([1e16, -3e18, 1e300]) {
            let expected = angle - TAU * (angle / TAU).round_ties_even();
            let found = apart(&[angle], &[0.0])[0];
            assert!(found == expected || found.is_nan() && expected.is_nan(), "{angle}: {found} and {expected}");
        }
    }

    #[test]
    fn a_number_gives_the_same_bits_alone() {
        let all = numbers(6.0, 1_000);
        let twos = vec![2.0; all.len()];
        for (together, alone) in [
            (turned(true, &twos, &all), all.iter().map(|x| turned(true, &[2.0], &[*x])[0]).collect::<Vec<_>>()),
            (turned(false, &twos, &all), all.iter().map(|x| turned(false, &[2.0], &[*x])[0]).collect()),
            (raised(&twos, &all), all.iter().map(|x| raised(&[2.0], &[*x])[0]).collect()),
        ] {
            assert!(together.iter().zip(&alone).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()));
        }
    }
}
