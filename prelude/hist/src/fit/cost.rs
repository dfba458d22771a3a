//! How far a bin is from what the model expects in it, as a residual: what is minimised is the sum of their squares.

use crate::fit::bin::Bin;
use crate::fit::options::Method;

/// The residual of a bin. `variance` is that of the expectation, where the model has templates of few entries.
pub(crate) fn residual(method: Method, bin: &Bin, expected: f64, variance: f64) -> f64 {
    match method {
        Method::ChiSquare => (expected - bin.value) / (bin.variance + variance).sqrt(),
        Method::Likelihood | Method::Unbinned => {
            let (seen, expected, variance) =
                (bin.value * bin.entries, expected * bin.entries, variance * bin.entries * bin.entries);
            if variance > 0.0 && expected > 0.0 {
                with_template(seen, expected, variance)
            } else {
                signed_deviance(seen, expected)
            }
        }
    }
}

/// Barlow and Beeston's treatment, lite: one factor on the expectation of each bin, known to the relative error of the
/// template (Conway, arXiv:1103.0354), and set where the likelihood is largest.
fn with_template(seen: f64, expected: f64, variance: f64) -> f64 {
    let relative = variance / (expected * expected);
    let half = 0.5 * (1.0 - expected * relative);
    // The positive root of b² - (1 - expected * relative) b - seen * relative = 0.
    let root = (half * half + seen * relative).sqrt();
    let factor = if half > 0.0 { half + root } else { seen * relative / (root - half).max(f64::MIN_POSITIVE) };
    let statistical = signed_deviance(seen, expected * factor);
    let pull = (factor - 1.0) / relative.sqrt();
    let size = statistical.hypot(pull);
    if expected < seen { -size } else { size }
}

/// The root of 2 (expected - seen + seen ln(seen / expected)), with the sign of expected - seen.
pub(crate) fn signed_deviance(seen: f64, expected: f64) -> f64 {
    // A model that goes below 0 is led back by a steep but finite wall.
    let floor = 1e-9 * (1.0 + seen);
    let wall = if expected < floor { (floor - expected) / (1.0 + seen.sqrt()) } else { 0.0 };
    let expected = expected.max(floor);
    let distance = expected - seen;
    let relative = if seen > 0.0 { distance / seen } else { f64::INFINITY };
    let half = if seen == 0.0 {
        expected
    } else if relative.abs() < 1e-3 {
        // The difference of nearly equal numbers would lose the digits that derivatives need.
        let series = 0.5 - relative / 3.0 + relative * relative / 4.0 - relative.powi(3) / 5.0;
        seen * relative * relative * series
    } else {
        seen * (relative - relative.ln_1p())
    };
    let size = (2.0 * half.max(0.0)).sqrt();
    if distance < 0.0 { -size - wall } else { size }
}

/// Mean and variance of the deviance of a bin in which so many entries are expected. For many they are 1 and 2; for
/// about one entry the mean is 1.15, for few it goes to 0, and chi-square's distribution misleads.
pub(crate) fn deviance_moments(expected: f64) -> (f64, f64) {
    const MANY: f64 = 60.0;
    if expected >= MANY {
        let mean = 1.0 + 1.0 / (6.0 * expected);
        return (mean, 2.0 * mean * mean);
    }
    let expected = expected.max(1e-12);
    let (mut chance, mut first, mut second) = ((-expected).exp(), 0.0, 0.0);
    let last = (expected + 12.0 * expected.sqrt() + 25.0) as usize;
    for seen in 0..last {
        let deviance = signed_deviance(seen as f64, expected).powi(2);
        first += chance * deviance;
        second += chance * deviance * deviance;
        chance *= expected / (seen + 1) as f64;
    }
    (first, second - first * first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_without_errors_is_exact() {
        for (seen, expected) in [(0.0, 3.0), (5.0, 3.0), (3.0, 3.0), (1000.0, 900.0)] {
            let (exact, nearly) = (signed_deviance(seen, expected), with_template(seen, expected, 1e-9));
            assert!((exact - nearly).abs() < 1e-4, "{seen} {expected}: {exact} {nearly}");
        }
        // iminuit 2.33, template_chi2_jsc(n, mu, mu_var).
        for (seen, expected, variance, wanted) in JSC {
            let have = with_template(seen, expected, variance).powi(2);
            assert!((have - wanted).abs() < 1e-9 * wanted.max(1.0), "{seen} {expected} {variance}: {have} {wanted}");
        }
    }

    const JSC: [(f64, f64, f64, f64); 4] = [
        (0.0, 3.0, 0.5, 5.5),
        (5.0, 3.0, 2.0, 0.656_048_816_993_323_1),
        (1000.0, 900.0, 400.0, 7.391_365_904_933_098),
        (2.0, 8.0, 30.0, 1.114_981_818_756_780_6),
    ];

    #[test]
    fn the_deviance_of_few_entries_has_its_own_moments() {
        let (mean, variance) = deviance_moments(59.9);
        assert!((mean - 1.0028).abs() < 1e-3 && (variance - 2.01).abs() < 0.02, "{mean} {variance}");
        assert!((deviance_moments(1.0).0 - 1.1468).abs() < 1e-3, "{:?}", deviance_moments(1.0));
        assert!(deviance_moments(0.01).0 < 0.1);
    }
}
