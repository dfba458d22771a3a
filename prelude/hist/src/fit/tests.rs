use super::shape::{Frame, Shape};
use super::*;
use crate::Axis;
use serde_json::{Value, json};

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
    let shape = || (Gaussian + Line).at_middles();
    // iminuit 2.33 with HESSE, on the same bins.
    for (fit, mean, sigma, height, slope, chi2) in [
        (shape().chi_square(), (90.8262, 0.0306), (2.0705, 0.0327), (1269.9106, 22.4878), (-3.3779, 0.3993), 96.0842),
        (shape(), (90.8251, 0.0320), (2.0767, 0.0327), (1269.227, 21.3781), (-3.4978, 0.4450), 95.4467),
        (
            shape().averaged().chi_square(),
            (90.8262, 0.0306),
            (2.0503, 0.0331),
            (1282.4585, 22.9604),
            (-3.3777, 0.3993),
            96.1325,
        ),
        (
            (Gaussian + Line).into(),
            (90.8251, 0.0320),
            (2.0565, 0.0330),
            (1281.6872, 21.808),
            (-3.4978, 0.4450),
            95.4950,
        ),
    ] {
        let found = h.fit(fit).unwrap();
        near(&found, "mean", mean);
        near(&found, "sigma", sigma);
        near(&found, "height", height);
        near(&found, "slope", slope);
        assert!((found.chi2 - chi2).abs() < 1e-3, "{} against {chi2}", found.chi2);
        assert!(found.errors_reliable && found.converged && found.ndf == 15);
        let warning = found.warning().unwrap();
        assert!(
            warning.starts_with("check this fit: the model does not describe the data (p = ")
                && !warning.contains('\n')
        );
    }
    // A second Gaussian describes the tails, and neither is negative.
    let two = h.fit(Gaussian + Gaussian + Line).unwrap();
    assert!(two.warning().is_none() && two["height"].value > 0.0 && two["height2"].value > 0.0, "{two}");
}

/// The models of `tests/tests/differential/fits.py`.
fn model(case: &Value) -> Fit {
    let template =
        |at: usize, name: &str| Template::new(name, &histogram(case, &case["templates"][at], &Value::Null)).unwrap();
    match case["kind"].as_str().unwrap() {
        "gauss_line" | "gauss_line_weighted" => (Gaussian + Line).into(),
        "gauss_line_chi2" => (Gaussian + Line).chi_square().at_middles(),
        "gauss_line_limited" => (Gaussian + Line).limits("sigma", 1.0, 20.0).limits("constant", 0.0, f64::INFINITY),
        "gauss_exponential" => (Gaussian + Exponential).into(),
        "crystal_ball" => (CrystalBall + Constant).into(),
        "double_crystal_ball" => (DoubleCrystalBall + Constant).into(),
        "voigt_line" => (Voigt + Line).into(),
        "breit_wigner" => (BreitWigner + Constant).into(),
        "convolved" => (BreitWigner.convolved() + Constant).into(),
        "johnson" => (Johnson + Constant).into(),
        "exponential" => Exponential.into(),
        "polynomial" => Polynomial(2).into(),
        "chebyshev" => Chebyshev(3).into(),
        "two_gauss" => (Gaussian + Gaussian + Constant).into(),
        "argus_gauss" => (Argus + Gaussian).fix("endpoint", 101.0),
        "constrained" => (Gaussian + Line).constrain("mean", 50.0, 0.4),
        "template" => (template(0, "a") + template(1, "b")).into(),
        other => panic!("no model for {other}"),
    }
}

fn histogram(case: &Value, counts: &Value, variances: &Value) -> Hist {
    let bins = counts.as_array().unwrap().len();
    let axis = json!({ "type": "regular", "lower": case["lower"], "upper": case["upper"], "bins": bins,
        "underflow": false, "overflow": false, "circular": false });
    let storage = match variances.is_null() {
        true => json!({ "type": "double", "values": counts }),
        false => json!({ "type": "weighted", "values": counts, "variances": variances }),
    };
    Hist::from_json(&json!({ "uhi_schema": 1, "axes": [axis], "storage": storage }).to_string()).unwrap()
}

/// What differs from iminuit by more than a thousandth of an error.
fn differs(case: &Value) -> Option<String> {
    let found =
        histogram(case, &case["counts"], &case["variances"]).fit(model(case)).map_err(|error| error.to_string());
    let found = match found {
        Ok(found) => found,
        Err(why) => return Some(format!("{}: {why}", case["kind"])),
    };
    let number = |key: &str, at: usize| case[key][at].as_f64().unwrap();
    let free = found.parameters.iter().filter(|parameter| !parameter.fixed);
    // Two peaks of one shape may come in another order.
    let swapped = case["kind"] == "two_gauss" && found["mean"].value > 50.0;
    for (at, parameter) in free.enumerate() {
        let at = if swapped && at < 6 { (at + 3) % 6 } else { at };
        // Errors by exact second derivatives at iminuit's minimum: HESSE is right to some percent where parameters are
        // correlated.
        let (value, error) = (number("values", at), number("errors", at));
        if (parameter.value - value).abs() > 1e-3 * error || (parameter.error - error).abs() > 1e-3 * error {
            let (kind, cost) = (&case["kind"], case["cost"].as_f64().unwrap() - found.chi2);
            return Some(format!("{kind}: {parameter:?} is {value} ± {error} in iminuit, {cost} above ours\n{found}"));
        }
    }
    None
}

#[test]
fn every_kind_of_fit_agrees_with_iminuit() {
    // Answers of iminuit 2.33 to `fits.py 4 1`; with RECOIL_FITS set to a file of more answers, those.
    let more = std::env::var_os("RECOIL_FITS").map(|path| std::fs::read_to_string(path).unwrap());
    let text = more.as_deref().unwrap_or(include_str!("iminuit.txt"));
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(cases.len() >= 72);
    let wrong: Vec<String> = cases.iter().filter_map(differs).collect();
    let shown = wrong.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {} fits differ:\n{shown}", wrong.len(), cases.len());
}

/// The errors of a model with a kink in its curvature, wherever that lies in a bin: of the same data in bins that are moved by
/// parts of a bin they differ by what the data differ, not by what a quadrature makes of the kink.
#[test]
fn the_joint_of_a_tail_adds_no_noise() {
    let truth = [3000.0, 60.0, 5.0, 1.0, 3.0];
    let frame = Frame { middle: 50.0, half: 50.0, width: 2.0 };
    for tenth in 0..10 {
        let shift = 0.2 * f64::from(tenth);
        let mut sums = Vec::new();
        for bin in 0..40 {
            let lower = 10.0 + shift + 2.0 * f64::from(bin);
            let exact = (0..2000).map(|at| CrystalBall.value(lower + (f64::from(at) + 0.5) * 1e-3, &truth, &frame));
            sums.push((exact.sum::<f64>() / 2000.0, CrystalBall.average(lower, lower + 2.0, &truth, &frame)));
        }
        for (exact, ours) in sums {
            assert!((exact - ours).abs() < 3e-7 * exact, "{exact} {ours}");
        }
        // Second differences along sigma are those of a smooth function.
        let cost = |sigma: f64| {
            let p = [3000.0, 60.0, sigma, 1.0, 3.0];
            let lower = 53.0 + shift;
            CrystalBall.average(lower, lower + 2.0, &p, &frame)
        };
        let second = |step: f64| (cost(5.0 + step) - 2.0 * cost(5.0) + cost(5.0 - step)) / (step * step);
        let (fine, coarse) = (second(1e-3), second(4e-3));
        assert!((fine / coarse - 1.0).abs() < 2e-2, "{shift}: {fine} {coarse}");
    }
}

#[test]
fn every_shape_finds_what_was_put_in() {
    let frame = Frame { middle: 50.0, half: 50.0, width: 1.0 };
    let cases: [(Model, &[f64]); 12] = [
        (Gaussian + Polynomial(2), &[500.0, 47.0, 6.0, 300.0, -50.0, 20.0]),
        (CrystalBall + Constant, &[900.0, 60.0, 5.0, 1.2, 4.0, 100.0]),
        (CrystalBall + Constant, &[900.0, 40.0, 5.0, -1.2, 4.0, 100.0]),
        (Voigt + Line, &[800.0, 52.0, 4.0, 3.0, 200.0, 0.5]),
        (BreitWigner + Constant, &[700.0, 40.0, 8.0, 120.0]),
        (Gaussian + Exponential, &[400.0, 55.0, 4.0, 150.0, -0.02]),
        (Exponential.into(), &[150.0, -0.02]),
        (Gaussian + Gaussian + Line, &[400.0, 40.0, 4.0, 900.0, 60.0, 6.0, 100.0, -0.4]),
        (DoubleCrystalBall + Constant, &[900.0, 50.0, 5.0, 1.0, 4.0, 1.4, 3.0, 50.0]),
        (Johnson + Constant, &[900.0, 50.0, 8.0, 0.4, 1.4, 50.0]),
        (Chebyshev(3).into(), &[300.0, -50.0, 20.0, 10.0]),
        (FitFunction::new([("a", 90.0), ("b", 0.1)], |x, p| 400.0 + p[0] * (p[1] * x).cos()).into(), &[100.0, 0.12]),
    ];
    for (model, truth) in cases {
        let mut h = Hist::weighted(Axis::regular(100, 0.0, 100.0).unwrap()).unwrap();
        let centres = h.centres();
        let average = |x: &f64| model.sum(truth, |shape, p| shape.average(x - 0.5, x + 0.5, p, &frame));
        let weights: Vec<f64> = centres.iter().map(average).collect();
        h.fill_weighted(&centres, &weights).unwrap();
        // The exact values with errors of a percent: the minimum is the truth.
        if let crate::cells::Cells::Weight(sums) = &mut h.parts.cells {
            sums.iter_mut().for_each(|sum| sum[1] = 1e-4 * sum[0] * sum[0]);
        }
        for fit in [Fit::from(model.clone()), model.clone().chi_square()] {
            let fit = h.fit(fit).unwrap();
            for (parameter, truth) in fit.parameters.iter().zip(truth) {
                let off = (parameter.value - truth).abs();
                assert!(off < 1e-3 * parameter.error.max(1e-6), "{model:?}: {parameter:?} is not {truth}");
            }
            assert!(fit.chi2 < 1e-6, "{model:?} {}", fit.chi2);
        }
    }
}

/// Counts of a Poisson distribution around these expectations, the same in every run.
fn toy(axis: Axis, expected: impl Fn(f64) -> f64, seed: u64) -> Hist {
    let mut state = seed;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut h = Hist::new(axis).unwrap();
    for x in h.centres() {
        let (mut product, mut count, least) = (uniform(), 0, (-expected(x)).exp());
        while product > least {
            (product, count) = (product * uniform(), count + 1);
        }
        h.fill(&vec![x; count]).unwrap();
    }
    h
}

#[test]
fn empty_bins_count() {
    // About half an entry per bin: chi-square leaves empty bins out and then counts them in its integral.
    let h = toy(Axis::regular(60, 0.0, 60.0).unwrap(), |_| 0.45, 5);
    let (n, empty) = (h.sum(), h.counts().iter().filter(|n| **n == 0.0).count());
    assert!(empty > 25, "{empty}");
    let (_, total, error) = h.fit(Constant).unwrap().yields()[0].clone();
    // The likelihood of a constant has its maximum at the mean count.
    assert!((total - n).abs() < 1e-4 * error && (error - n.sqrt()).abs() < 1e-3 * error, "{total} ± {error}");
    let by_chi2 = h.fit(Constant.chi_square()).unwrap();
    assert!(by_chi2.yields()[0].1 > 1.8 * n && by_chi2.skipped == empty, "{by_chi2}");
    assert!(by_chi2.to_string().contains(&format!("{empty} bins without variance left out")));
}

#[test]
fn wide_bins_do_not_widen_a_peak() {
    let axis = Axis::regular(20, -10.0, 10.0).unwrap();
    let exact = |a: f64| 0.5 * (1.0 + statrs::function::erf::erf(a / (0.6 * std::f64::consts::SQRT_2)));
    let h = toy(axis, |x| 5000.0_f64.min(4e2 * (exact(x + 0.5) - exact(x - 0.5))), 9);
    let (averaged, middles) = (h.fit(Gaussian).unwrap(), h.fit(Gaussian.at_middles()).unwrap());
    assert!((averaged["sigma"].value - 0.6).abs() < 3.0 * averaged["sigma"].error, "{averaged}");
    assert!(middles["sigma"].value > 1.08 * averaged["sigma"].value, "{middles}");
}

#[test]
fn parameters_can_be_fixed_started_limited_and_tied() {
    let h = peak();
    let free = h.fit(Gaussian + Line).unwrap();
    let held = h.fit((Gaussian + Line).fix("sigma", 2.1).start("mean", 92.0).range(82.0, 98.0)).unwrap();
    assert_eq!((held["sigma"].value, held["sigma"].error, held.bins, held.ndf), (2.1, 0.0, 16, 12));
    assert!((held["mean"].value - free["mean"].value).abs() < 0.1);
    assert!(free.correlation("mean", "sigma").unwrap().abs() < 0.5);
    let (names, matrix) = held.correlations();
    assert_eq!((names.len(), matrix[0][0]), (4, 1.0));
    let yields = free.yields();
    assert!((yields[0].1 + yields[1].1 - 8645.0).abs() < 1.0, "{yields:?}");
    assert!(yields[0].2 > 60.0 && yields[0].2 < 150.0, "{yields:?}");
    assert_eq!(free.components(3)[1].1[1], (90.0, free["constant"].value));
    let limited = h.fit((Gaussian + Line).limits("sigma", 2.3, 5.0)).unwrap();
    assert_eq!(limited["sigma"].limit, Some(2.3));
    assert!(limited.warning().unwrap().contains("`sigma` is at its limit 2.3"), "{limited}");
    let tied = h.fit((Gaussian + Gaussian + Line).tie("mean2", "mean")).unwrap();
    assert_eq!((tied.get("mean2"), tied.ndf), (None, 20 - 7));
    assert!(tied.chi2 < free.chi2 - 50.0, "{tied}");
    let pulls = free.fitted_bins();
    let first = (pulls[0].value - pulls[0].expected) / pulls[0].expected.sqrt();
    assert!(pulls.len() == 20 && (pulls[0].pull - first).abs() < 1e-12);
}

#[test]
fn several_histograms_share_parameters() {
    let shape = |height: f64| move |x: f64| 20.0 + height * (-0.5 * (x / 1.5_f64).powi(2)).exp();
    let axis = || Axis::regular(40, -10.0, 10.0).unwrap();
    let (a, b) = (toy(axis(), shape(200.0), 1), toy(axis(), shape(60.0), 2));
    let (alone, other) = (a.fit(Gaussian + Constant).unwrap(), b.fit(Gaussian + Constant).unwrap());
    let both = Simultaneous::new()
        .channel("a", &a, Gaussian + Constant)
        .channel("b", &b, Gaussian + Constant)
        .share("sigma")
        .share("mean");
    let fit = both.fit().unwrap();
    let names: Vec<&str> = fit.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(names, ["a.height", "mean", "sigma", "a.constant", "b.height", "b.constant"]);
    // Independent measurements of one width: nearly their weighted mean.
    let [one, two] = [&alone["sigma"], &other["sigma"]].map(|p| (p.value, p.error.powi(-2)));
    let mean = (one.0 * one.1 + two.0 * two.1) / (one.1 + two.1);
    let error = (one.1 + two.1).powf(-0.5);
    assert!(
        (fit["sigma"].value - mean).abs() < 0.2 * error && (fit["sigma"].error / error - 1.0).abs() < 0.05,
        "{fit}"
    );
    let second = fit.channel("b").unwrap();
    assert_eq!((second["height"].value, second["sigma"].value), (fit["b.height"].value, fit["sigma"].value));
    assert!(second.value(0.0) < fit.value(0.0) && second.fitted_bins().len() == 40);
    assert!(both.clone().channel("a", &b, Constant).fit().unwrap_err().to_string().contains("two channels"));
    assert!(both.share("width").fit().unwrap_err().to_string().contains("`width` to share"));
}

#[test]
fn intervals_follow_the_likelihood() {
    // One bin of counts: the interval in which -2 ln of the likelihood ratio rises by 1 is known.
    let mut h = Hist::new(Axis::regular(2, 0.0, 2.0).unwrap()).unwrap();
    h.fill(&[0.5, 0.5, 0.5, 1.5, 1.5, 1.5]).unwrap();
    let fit = h.fit(Constant).unwrap();
    let (down, up) = fit.minos("constant").unwrap();
    let rise = |mean: f64| 4.0 * (mean - 3.0 + 3.0 * (3.0 / mean).ln());
    assert!((rise(3.0 - down) - 1.0).abs() < 1e-4 && (rise(3.0 + up) - 1.0).abs() < 1e-4, "{down} {up}");
    let scan = fit.scan("constant", 2.0, 5.0, 4).unwrap();
    assert!((scan[3].1 - rise(5.0)).abs() < 1e-6 && scan[1].1.abs() < 1e-6);
    // iminuit 2.33, MINOS on the Z peak: the likelihood with averages over bins.
    let fit = peak().fit(Gaussian + Line).unwrap();
    for (name, down, up) in MINOS {
        let found = fit.minos(name).unwrap();
        let error = fit[name].error;
        assert!((found.0 - down).abs() < 1e-3 * error && (found.1 - up).abs() < 1e-3 * error, "{name} {found:?}");
    }
    let limited = peak().fit((Gaussian + Line).limits("sigma", 2.04, 3.0)).unwrap();
    assert!((limited.minos("sigma").unwrap().0 - (limited["sigma"].value - 2.04)).abs() < 1e-9);
    assert!(fit.minos("width").unwrap_err().to_string().contains("no parameter `width`"));
}

#[test]
fn a_template_with_few_entries_has_errors() {
    let axis = || Axis::regular(10, 0.0, 10.0).unwrap();
    let signal = |x: f64| (-0.5 * ((x - 5.0) / 1.5_f64).powi(2)).exp();
    let data = toy(axis(), |x| 100.0 * signal(x) + 40.0, 3);
    let fit = |many: f64| {
        let (a, b) = (toy(axis(), |x| many * (signal(x) + 0.02), 4), toy(axis(), |_| many, 5));
        data.fit(Template::new("signal", &a).unwrap() + Template::new("flat", &b).unwrap()).unwrap()
    };
    let (few, many) = (fit(60.0), fit(600.0));
    assert!(few["signal"].error > 1.3 * many["signal"].error, "{few}\n{many}");
    let sum = many["signal"].value + many["flat"].value;
    assert!((sum - data.sum()).abs() < 0.5 * data.sum().sqrt(), "{many}");
    assert!((many.yields()[0].1 - many["signal"].value).abs() < 1e-6 * many["signal"].value);
    assert!(Template::new("two", &Hist::with([axis(), axis()], crate::Storage::Count).unwrap()).is_err());
}

#[test]
fn weights_scale_values_and_errors() {
    let h = peak();
    let (plain, half) = (h.fit(Gaussian + Line).unwrap(), h.scaled(0.5).fit(Gaussian + Line).unwrap());
    for (name, factor) in [("height", 0.5), ("mean", 1.0), ("sigma", 1.0), ("slope", 0.5)] {
        let (a, b) = (&plain[name], &half[name]);
        assert!(
            (b.value - factor * a.value).abs() < 1e-4 * b.error && (b.error / (factor * a.error) - 1.0).abs() < 1e-4
        );
    }
    // Also where bins are empty.
    let few = toy(Axis::regular(60, 0.0, 60.0).unwrap(), |_| 0.45, 5);
    let (plain, light) = (few.fit(Constant).unwrap(), few.scaled(0.01).fit(Constant).unwrap());
    assert!((light["constant"].value - 0.01 * plain["constant"].value).abs() < 1e-4 * light["constant"].error);
    // A difference has negative bins, and is fitted by chi-square.
    let difference = (&h - &h.scaled(0.9)).unwrap();
    assert_eq!(difference.fit(Gaussian + Line).unwrap().method, Method::Likelihood);
    let difference = (&h - &h).unwrap();
    assert_eq!(difference.fit(Constant).unwrap().method, Method::Likelihood);
    let difference = (&h.scaled(0.9) - &h).unwrap();
    assert_eq!(difference.fit(Constant).unwrap().method, Method::ChiSquare);
    assert!(difference.fit(Constant.likelihood()).unwrap_err().to_string().contains(".chi_square()"));
}

/// A peak and a flat rest, the same in every run.
fn values() -> Vec<f64> {
    let peak = (0..800).map(|at| (f64::from(at) + 0.5) / 800.0).map(|u| 5.0 + 0.3 * (u / (1.0 - u)).ln());
    let rest = (0..600).map(|at| 10.0 * (f64::from(at) * 0.618_033_988_749_895).fract());
    peak.chain(rest).filter(|x| (0.0..=10.0).contains(x)).collect()
}

#[test]
fn values_are_fitted_without_bins() {
    // iminuit 2.33 of the extended likelihood of these values: values, errors by second derivatives, MINOS.
    let wanted = [
        ("height", 628.302_763_891_651_4, 31.169_715_132, (30.563_985_4, 31.791_231_8)),
        ("mean", 5.001_391_595_459_993, 0.021_894_643_601, (0.021_903_423_4, 0.021_906_010_2)),
        ("sigma", 0.495_069_619_963_529_66, 0.020_268_003_302, (0.019_831_137_1, 0.020_729_357_4)),
        ("constant", 62.030_442_826_359_55, 2.989_151_115_7, (2.946_594_858, 3.031_906_288)),
        ("slope", -0.049_197_558_443_308_36, 0.881_286_533_3, (0.881_584_731_6, 0.881_619_284_2)),
    ];
    let fit = super::fit_values(&values(), (Gaussian + Line).range(0.0, 10.0)).unwrap();
    for (name, value, error, (down, up)) in wanted {
        let (found, minos) = (&fit[name], fit.minos(name).unwrap());
        assert!((found.value - value).abs() < 1e-3 * error && (found.error / error - 1.0).abs() < 1e-3, "{found:?}");
        assert!((minos.0 / down - 1.0).abs() < 1e-3 && (minos.1 / up - 1.0).abs() < 1e-3, "{name}: {minos:?}");
    }
    assert!(fit.warning().is_none() && fit.errors_reliable, "{fit}");
    assert!(
        fit.to_string().starts_with("Gaussian + Line fitted by unbinned likelihood to 1400 values in [0, 10]"),
        "{fit}"
    );
    assert_eq!((fit.bin_width(), fit.fitted_bins().len(), fit.ndf), (1.0, 100, 95));
    // Weights of the peak: by the formula of the paper in numpy.
    let splot = fit.splot().unwrap();
    let signal = splot.weight("Gaussian").unwrap();
    for (x, wanted) in [(5.0, 1.106_343_252), (1.0, -0.309_350_730), (6.0, 0.577_254_383)] {
        assert!((signal.at(x).unwrap() - wanted).abs() < 1e-5, "{x}: {:?}", signal.at(x));
    }
    let sum: f64 = values().iter().filter_map(|&x| signal.at(x)).sum();
    assert!((sum - 779.695_775).abs() < 1e-2, "{sum}");
    assert!(signal.at(10.5).is_none() && signal.at(f64::NAN).unwrap().is_nan());
    let of_bins = peak().fit(Gaussian + Line).unwrap().splot().unwrap_err().to_string();
    assert!(of_bins.contains("a fit of values, not of bins"), "{of_bins}");
    let say = |fit: Fit| super::fit_values(&values(), fit).unwrap_err().to_string();
    assert!(say((Gaussian + Line).into()).contains("add `.range(lower, upper)`"));
    assert!(say((Gaussian + Line).range(20.0, 30.0)).contains("none of 1400 values lies between 20 and 30"));
    assert!(say((Gaussian + Line).range(0.0, 10.0).chi_square()).contains("has no bins"));
    assert!(splot.weight("Voigt").unwrap_err().to_string().contains("it has Gaussian, Line"));
    // What is fixed, limited or known from elsewhere counts here, too.
    let held =
        super::fit_values(&values(), (Gaussian + Line).range(0.0, 10.0).fix("slope", 0.0).constrain("mean", 5.1, 0.01));
    let held = held.unwrap();
    assert!((held["mean"].value - 5.0828).abs() < 2e-3 && (held["mean"].error - 0.0091).abs() < 1e-4, "{held}");
}

#[test]
fn a_fit_that_cannot_be_says_why() {
    let h = peak();
    let say = |fit: Fit| h.fit(fit).unwrap_err().to_string();
    assert!(say((Gaussian + Line).fix("width", 1.0)).contains("it has height, mean, sigma, constant, slope"));
    assert!(say((Gaussian + Line).range(90.0, 92.0)).contains("too few for 5 free parameters"));
    assert!(say((Gaussian + Line).range(92.0, 90.0)).contains("must increase"));
    let empty = Hist::new(Axis::regular(10, 0.0, 5.0).unwrap()).unwrap();
    assert!(empty.fit(Gaussian).unwrap_err().to_string().contains("no bin in the range has entries"));
    assert!(say((Gaussian + Line).limits("sigma", 2.0, 2.0)).contains("limits of `sigma` must increase"));
    assert!(say((Gaussian + Line).constrain("sigma", 2.0, 0.0)).contains("must be positive"));
    assert!(say((Gaussian + Line).tie("mean", "mean")).contains("tied to itself"));
    let two = (Gaussian + Gaussian + Line).names();
    assert_eq!(two, ["height", "mean", "sigma", "height2", "mean2", "sigma2", "constant", "slope"]);
}

#[test]
fn a_profile_is_fitted_where_it_has_samples() {
    let mut h = Hist::with([Axis::regular(10, 0.0, 10.0).unwrap()], crate::Storage::Mean).unwrap();
    let x: Vec<f64> = (0..80).map(|at| f64::from(at) / 10.0).collect();
    let y: Vec<f64> = x.iter().enumerate().map(|(at, x)| 3.0 + 2.0 * x + [0.5, -0.5][at % 2]).collect();
    h.fill_slices(&[&x], None, Some(&y)).unwrap();
    let fit = h.fit(Line).unwrap();
    assert_eq!((fit.method, fit.bins, fit.skipped), (Method::ChiSquare, 8, 2));
    assert!((fit["slope"].value - 2.0).abs() < 0.1, "{fit}");
}

#[test]
fn a_fit_reads_as_text() {
    insta::assert_snapshot!(peak().fit(Gaussian + Line).unwrap().to_string());
}

const MINOS: [(&str, f64, f64); 5] = [
    ("height", 21.64767, 21.96979),
    ("mean", 0.0320066, 0.0319674),
    ("sigma", 0.0328234, 0.0332789),
    ("constant", 3.845378, 3.903543),
    ("slope", 0.4443494, 0.4458560),
];
