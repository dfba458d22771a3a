//! The Voigt profile, by Weideman's rational series for the Faddeeva function (SIAM J. Numer. Anal. 31 (1994) 1497), at many
//! places side by side.

use recoil_vectors::widest;
use std::f64::consts::{PI, SQRT_2};
use std::sync::OnceLock;

/// Terms of the series: the error is below 1e-15 of the height of a Gaussian.
const TERMS: usize = 40;
/// Places that are looked at side by side.
const LANES: usize = 8;

/// The series: its length, and its coefficients, those of the highest powers first.
#[derive(Debug)]
struct Series {
    length: f64,
    coefficients: [f64; TERMS],
}

/// Adds to as many sums `scale` times the convolution of a normal distribution and a Lorentz distribution of half width
/// `gamma`, at each `x` less `mean`.
pub(super) fn add_profile(x: &[f64], mean: f64, sigma: f64, gamma: f64, scale: f64, sums: &mut [f64]) {
    if sigma < 1e-9 * gamma {
        for (x, sum) in x.iter().zip(sums) {
            *sum += scale * gamma / (PI * ((x - mean) * (x - mean) + gamma * gamma));
        }
        return;
    }
    let wide = sigma * SQRT_2;
    let (above, scale) = (gamma / wide, scale / (wide * PI.sqrt()));
    add_all(x, mean, wide, above, scale, series(), sums);
}

widest! {
    fn add_all(x: &[f64], mean: f64, wide: f64, above: f64, scale: f64, series: &Series, sums: &mut [f64]) -> () {
        for (x, sums) in x.chunks(LANES).zip(sums.chunks_mut(LANES)) {
            let mut along = [0.0; LANES];
            along.iter_mut().zip(x).for_each(|(along, x)| *along = (x - mean) / wide);
            let found = faddeeva(&along, above, series);
            sums.iter_mut().zip(found).for_each(|(sum, value)| *sum += scale * value);
        }
    }
}

/// The real part of w(x + iy) for y ≥ 0.
#[inline(always)]
fn faddeeva(x: &[f64; LANES], y: f64, series: &Series) -> [f64; LANES] {
    let length = series.length;
    let below = length + y;
    let (mut real, mut imaginary) = ([0.0; LANES], [0.0; LANES]);
    let (mut turn, mut tilt, mut size) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    for at in 0..LANES {
        // (length + iz) / (length - iz), and 1 / |length - iz|².
        size[at] = 1.0 / (below * below + x[at] * x[at]);
        turn[at] = ((length - y) * below - x[at] * x[at]) * size[at];
        tilt[at] = 2.0 * length * x[at] * size[at];
    }
    for &coefficient in &series.coefficients {
        for at in 0..LANES {
            let next = real[at] * turn[at] - imaginary[at] * tilt[at] + coefficient;
            imaginary[at] = real[at] * tilt[at] + imaginary[at] * turn[at];
            real[at] = next;
        }
    }
    let mut found = [0.0; LANES];
    for at in 0..LANES {
        let (a, b) = (below * size[at], x[at] * size[at]);
        found[at] = 2.0 * (real[at] * (a * a - b * b) - imaginary[at] * (2.0 * a * b)) + a / PI.sqrt();
    }
    found
}

fn series() -> &'static Series {
    static SERIES: OnceLock<Series> = OnceLock::new();
    SERIES.get_or_init(|| {
        let points = 2 * TERMS as i32;
        let length = (TERMS as f64 / SQRT_2).sqrt();
        let coefficient = |term: usize| {
            let of = |at: i32| {
                let angle = f64::from(at) * PI / f64::from(points);
                let t = length * (0.5 * angle).tan();
                (-t * t).exp() * (length * length + t * t) * (term as f64 * angle).cos()
            };
            (1 - points..points).map(of).sum::<f64>() / f64::from(2 * points)
        };
        Series { length, coefficients: std::array::from_fn(|at| coefficient(TERMS - at)) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(x: f64, sigma: f64, gamma: f64) -> f64 {
        let mut sum = [0.0];
        add_profile(&[x], 0.0, sigma, gamma, 1.0, &mut sum);
        sum[0]
    }

    /// x, y, and the real part of w(x + iy) in scipy.special.wofz.
    const WOFZ: [(f64, f64, f64); 72] = [
        (0.0, 0.0, 1.0),
        (0.2, 0.0, 0.9607894391523232),
        (1.0, 0.0, 0.36787944117144233),
        (2.5, 0.0, 0.0019304541362277093),
        (4.0, 0.0, 1.1253517471925912e-07),
        (6.0, 0.0, 2.3195228302435696e-16),
        (8.5, 0.0, 4.1900931944943974e-32),
        (40.0, 0.0, 0.0),
        (2000.0, 0.0, 0.0),
        (0.0, 1e-06, 0.9999988716218327),
        (0.2, 1e-06, 0.9607883986752431),
        (1.0, 1e-06, 0.36787952710731897),
        (2.5, 1e-06, 0.0019305843721614724),
        (4.0, 1e-06, 1.51784726821477e-07),
        (6.0, 1e-06, 1.6375340765768473e-08),
        (8.5, 1e-06, 7.976873706375684e-09),
        (40.0, 1e-06, 3.5294958721554864e-10),
        (2000.0, 1e-06, 1.4104744877974558e-13),
        (0.0, 0.003, 0.996623842228315),
        (0.2, 0.003, 0.9576759434425441),
        (1.0, 0.003, 0.3681339498942853),
        (2.5, 0.003, 0.002320961224548373),
        (4.0, 0.003, 0.00011786107137529631),
        (6.0, 0.003, 4.9126007927718354e-05),
        (8.5, 0.003, 2.3930617982966618e-05),
        (40.0, 0.003, 1.0588487556775532e-06),
        (2000.0, 0.003, 4.2314234633828476e-10),
        (0.0, 0.1, 0.8964569799691268),
        (0.2, 0.1, 0.8649825483882888),
        (1.0, 0.1, 0.37317014831126744),
        (2.5, 0.1, 0.014698406828789578),
        (4.0, 0.1, 0.003921752098964252),
        (6.0, 0.1, 0.001637027778205248),
        (8.5, 0.1, 0.0007975712339599208),
        (40.0, 0.1, 3.5294737645409e-05),
        (2000.0, 0.1, 1.4104744842712665e-08),
        (0.0, 0.5, 0.6156903441929258),
        (0.2, 0.5, 0.6015132279083472),
        (1.0, 0.5, 0.35490033286757783),
        (2.5, 0.5, 0.05843747264332954),
        (4.0, 0.5, 0.019224945518739368),
        (6.0, 0.5, 0.008124885586462557),
        (8.5, 0.5, 0.003973971890050962),
        (40.0, 0.5, 0.00017644716324837745),
        (2000.0, 0.5, 7.052371998213644e-08),
        (0.0, 1.0, 0.427583576155807),
        (0.2, 1.0, 0.42146838596082586),
        (1.0, 1.0, 0.30474420525691254),
        (2.5, 1.0, 0.09375074340507822),
        (4.0, 1.0, 0.036281456489988706),
        (6.0, 1.0, 0.01588512815610909),
        (8.5, 1.0, 0.007862437347028945),
        (40.0, 1.0, 0.0003527286482467838),
        (2000.0, 1.0, 1.4104741351786135e-07),
        (0.0, 4.0, 0.1369994576250614),
        (0.2, 4.0, 0.1367014317790814),
        (1.0, 4.0, 0.12988815993084055),
        (2.5, 4.0, 0.10155383239817235),
        (4.0, 4.0, 0.07157043342636545),
        (6.0, 4.0, 0.044140923423642585),
        (8.5, 4.0, 0.02590660056474053),
        (40.0, 4.0, 0.0013977899527727578),
        (2000.0, 4.0, 5.641875383668544e-07),
        (0.0, 30.0, 0.018795888861416754),
        (0.2, 30.0, 0.018795055836408538),
        (1.0, 30.0, 0.018775085315541475),
        (2.5, 30.0, 0.018666616229671716),
        (4.0, 30.0, 0.018468456456921165),
        (6.0, 30.0, 0.018074834555813893),
        (8.5, 30.0, 0.017402492298414535),
        (40.0, 30.0, 0.006772387224356552),
        (2000.0, 30.0, 4.230471606448149e-06),
    ];

    #[test]
    fn the_function_is_that_of_scipy() {
        for (x, y, value) in WOFZ {
            let found = faddeeva(&[x; LANES], y, series())[0];
            // Far out beside a narrow resonance the value itself is small.
            assert!((found - value).abs() < 2e-15_f64.max(1e-12 * value), "{x} {y}: {found} {value}");
        }
    }

    #[test]
    fn places_side_by_side_have_the_values_of_each_alone() {
        let x: Vec<f64> = (0..53).map(|at| 0.37 * f64::from(at) - 9.0).collect();
        let mut sums = vec![0.5; x.len()];
        add_profile(&x, 1.5, 0.7, 0.4, 3.0, &mut sums);
        for (x, sum) in x.iter().zip(sums) {
            let mut alone = [0.5];
            add_profile(&[*x], 1.5, 0.7, 0.4, 3.0, &mut alone);
            assert_eq!(alone[0].to_bits(), sum.to_bits(), "{x}");
        }
    }

    #[test]
    fn a_profile_without_resolution_is_that_of_the_resonance() {
        assert!((profile(0.7, 1e-12, 0.5) - 0.5 / (PI * (0.49 + 0.25))).abs() < 1e-15);
        assert!((profile(2.0, 1.0, 0.0) - 0.05399096651318806).abs() < 1e-14);
    }
}
