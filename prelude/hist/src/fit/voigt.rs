//! The Voigt profile, by Weideman's rational series for the Faddeeva function (SIAM J. Numer. Anal. 31 (1994) 1497).

use nalgebra::Complex;
use std::f64::consts::{PI, SQRT_2};
use std::sync::OnceLock;

/// Terms of the series: about 12 digits.
const TERMS: usize = 32;

/// The convolution of a normal distribution and a Lorentz distribution of half width `gamma`, at `x`.
pub(super) fn profile(x: f64, sigma: f64, gamma: f64) -> f64 {
    if sigma < 1e-9 * gamma {
        return gamma / (PI * (x * x + gamma * gamma));
    }
    let scale = sigma * SQRT_2;
    faddeeva(Complex::new(x / scale, gamma / scale)).re / (scale * PI.sqrt())
}

/// w(z) in the upper half plane.
fn faddeeva(z: Complex<f64>) -> Complex<f64> {
    let (length, coefficients) = series();
    let i = Complex::new(0.0, 1.0);
    let (above, below) = (Complex::from(*length) + i * z, Complex::from(*length) - i * z);
    let ratio = above / below;
    let sum = coefficients.iter().rev().fold(Complex::from(0.0), |sum, &coefficient| sum * ratio + coefficient);
    sum * 2.0 / (below * below) + 1.0 / (PI.sqrt() * below)
}

fn series() -> &'static (f64, Vec<f64>) {
    static SERIES: OnceLock<(f64, Vec<f64>)> = OnceLock::new();
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
        (length, (1..=TERMS).map(coefficient).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::profile;

    #[test]
    fn the_profile_agrees_with_scipy() {
        for (x, sigma, gamma, value) in [
            (0.0, 1.0, 1.0, 0.20870928052036772),
            (1.5, 2.0, 0.5, 0.13133662464646761),
            (-3.0, 1.0, 0.01, 0.005001439917474671),
            (10.0, 1.0, 2.5, 0.007692654478389641),
            (0.3, 0.01, 1.0, 0.29200947645543),
            (100.0, 1.0, 1.0, 3.183735672659877e-05),
            (2.0, 1.0, 0.0, 0.05399096651318806),
        ] {
            let have = profile(x, sigma, gamma);
            assert!((have - value).abs() < 1e-9 * value, "{x} {sigma} {gamma}: {have} {value}");
        }
    }
}
