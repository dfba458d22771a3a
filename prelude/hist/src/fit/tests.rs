use super::*;
use crate::Axis;

/// Opposite-sign muon pairs of CMS (record 545 of the CERN Open Data portal, CC0) from 80 to 100 GeV.
const Z: [u32; 20] =
    [116, 93, 121, 136, 160, 210, 302, 442, 698, 1084, 1418, 1413, 1024, 564, 318, 205, 138, 78, 76, 49];

fn peak() -> Hist {
    let mut h = Hist::new(Axis::regular(20, 80.0, 100.0).unwrap()).unwrap();
    for (bin, &count) in Z.iter().enumerate() {
        h.fill(&vec![80.5 + bin as f64; count as usize]).unwrap();
    }
    h
}

fn near(fit: &FitResult, name: &str, (value, error): (f64, f64)) {
    let found = &fit[name];
    // The reference is given to four decimals.
    assert!((found.value - value).abs() < 0.01 * error + 5e-5, "{name}: {} against {value}", found.value);
    assert!((found.error / error - 1.0).abs() < 0.01, "{name}: ± {} against ± {error}", found.error);
}

#[test]
fn the_z_peak_agrees_with_iminuit() {
    let h = peak();
    let shape = || Gaussian + Line;
    // iminuit 2.33 with HESSE, on the same bins.
    for (fit, mean, sigma, height, slope, chi2) in [
        (shape().into(), (90.8262, 0.0306), (2.0705, 0.0327), (1269.9106, 22.4878), (-3.3779, 0.3993), 96.0842),
        (shape().likelihood(), (90.8251, 0.0320), (2.0767, 0.0327), (1269.227, 21.3781), (-3.4978, 0.4450), 95.4467),
        (shape().averaged(), (90.8262, 0.0306), (2.0503, 0.0331), (1282.4585, 22.9604), (-3.3777, 0.3993), 96.1325),
        (
            shape().likelihood().averaged(),
            (90.8251, 0.0320),
            (2.0565, 0.0330),
            (1281.6872, 21.808),
            (-3.4978, 0.4450),
            95.4950,
        ),
    ] {
        let fit: Fit = fit;
        let found = h.fit(fit).unwrap();
        near(&found, "mean", mean);
        near(&found, "sigma", sigma);
        near(&found, "height", height);
        near(&found, "slope", slope);
        assert!((found.chi2 - chi2).abs() < 1e-3, "{} against {chi2}", found.chi2);
        assert!(found.errors_reliable && found.ndf == 15);
    }
}

#[test]
fn every_shape_finds_what_was_put_in() {
    let frame = Frame { middle: 50.0, half: 50.0 };
    let cases: [(Model, &[f64]); 7] = [
        (Gaussian + Polynomial(2), &[500.0, 47.0, 6.0, 300.0, -50.0, 20.0]),
        (CrystalBall + Constant, &[900.0, 60.0, 5.0, 1.2, 4.0, 100.0]),
        (Voigt + Line, &[800.0, 52.0, 4.0, 3.0, 200.0, 0.5]),
        (BreitWigner + Constant, &[700.0, 40.0, 8.0, 120.0]),
        (Gaussian + Exponential, &[400.0, 55.0, 4.0, 150.0, -0.02]),
        (Exponential.into(), &[150.0, -0.02]),
        (Function::new([("a", 90.0), ("b", 0.1)], |x, p| 400.0 + p[0] * (p[1] * x).cos()).into(), &[100.0, 0.12]),
    ];
    for (model, truth) in cases {
        let mut h = Hist::weighted(Axis::regular(100, 0.0, 100.0).unwrap()).unwrap();
        let centres = h.centres();
        let weights: Vec<f64> = centres.iter().map(|&x| model.value(x, truth, &frame)).collect();
        h.fill_weighted(&centres, &weights).unwrap();
        // The exact values with errors of a percent: the minimum is the truth.
        for cells in [&mut h.cells] {
            if let crate::cells::Cells::Weight(sums) = cells {
                sums.iter_mut().for_each(|sum| sum[1] = 1e-4 * sum[0] * sum[0]);
            }
        }
        let fit = h.fit(model.clone()).unwrap();
        for (parameter, truth) in fit.parameters.iter().zip(truth) {
            let off = (parameter.value - truth).abs();
            assert!(off < 1e-3 * parameter.error.max(1e-6), "{model:?}: {parameter:?} is not {truth}");
        }
        assert!(fit.chi2 < 1e-6, "{model:?} {}", fit.chi2);
    }
}

#[test]
fn parameters_can_be_fixed_and_started() {
    let h = peak();
    let free = h.fit(Gaussian + Line).unwrap();
    let held = h.fit((Gaussian + Line).fix("sigma", 2.1).start("mean", 92.0).range(82.0, 98.0)).unwrap();
    assert_eq!((held["sigma"].value, held["sigma"].error, held.bins, held.ndf), (2.1, 0.0, 16, 12));
    assert!((held["mean"].value - free["mean"].value).abs() < 0.1);
    assert!(free.correlation("mean", "sigma").unwrap().abs() < 0.5);
    let yields = free.yields();
    assert!((yields[0].1 + yields[1].1 - 8645.0).abs() < 100.0, "{yields:?}");
    assert!(yields[0].2 > 60.0 && yields[0].2 < 150.0, "{yields:?}");
    assert_eq!(free.components(3)[1].1[1], (90.0, free["constant"].value));
}

#[test]
fn a_fit_that_cannot_be_says_why() {
    let h = peak();
    let say = |fit: Fit| h.fit(fit).unwrap_err().to_string();
    assert!(say((Gaussian + Line).fix("width", 1.0)).contains("it has height, mean, sigma, constant, slope"));
    assert!(say((Gaussian + Line).range(90.0, 92.0)).contains("too few for 5 free parameters"));
    assert!(say((Gaussian + Line).range(92.0, 90.0)).contains("must increase"));
    assert!(h.scaled(0.5).fit(Gaussian.likelihood()).unwrap_err().to_string().contains("chi-square"));
    let two = (Gaussian + Gaussian + Line).names();
    assert_eq!(two, ["height", "mean", "sigma", "height2", "mean2", "sigma2", "constant", "slope"]);
}

#[test]
fn a_fit_reads_as_text() {
    insta::assert_snapshot!(peak().fit(Gaussian + Line).unwrap().to_string());
}
