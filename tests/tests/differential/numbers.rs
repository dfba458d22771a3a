//! Means, efficiencies, cutflows, running sums and profiles against numpy and boost-histogram, and fits against iminuit.

use hist::{
    Argus, Axis, BreitWigner, Chebyshev, Constant, CrystalBall, DoubleCrystalBall, Exponential, Fit, FitResult,
    Fitting, Gaussian, Hist, Johnson, Line, Polynomial, Simultaneous, Storage, Template, Voigt, fit_values,
};
use polars::prelude::*;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde_json::{Value, json};
use std::f64::consts::{PI, TAU};
use std::path::PathBuf;
use std::process::Command;

const CASES: usize = 500;
/// What iminuit answered for 100 fits of each kind (`fits.py 100 13`), for where there is no Python and no half hour.
const PINNED: &[u8] = include_bytes!("fits.jsonl.zst");

pub(crate) fn python(test: &str) -> Option<PathBuf> {
    let packages =
        ["boost-histogram==1.8.1", "hist==2.12.1", "uhi==1.2.1", "iminuit==2.33.0", "scipy", "numpy", "uproot"];
    recoil_tests::python::environment(test, "hist", &packages)
}

/// What a script beside this file prints.
pub(crate) fn said(python: &PathBuf, script: &str, arguments: &[&str]) -> String {
    let script = recoil_tests::cases::project().join("tests/tests/differential").join(script);
    let output = Command::new(python).arg("-B").arg(script).args(arguments).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

pub(crate) fn floats(value: &Value) -> Vec<f64> {
    // JSON has no NaN.
    value.as_array().expect("a list").iter().map(|number| number.as_f64().unwrap_or(f64::NAN)).collect()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs().max(1.0) || (a.is_nan() && b.is_nan())
}

pub(crate) fn same(what: &str, ours: &[f64], theirs: &[f64]) -> Result<(), String> {
    match ours.iter().zip(theirs).position(|(&a, &b)| !near(a, b)) {
        _ if ours.len() != theirs.len() => Err(format!("{what}: {} numbers, not {}", ours.len(), theirs.len())),
        Some(at) => Err(format!("{what}: number {at} is {}, not {}", ours[at], theirs[at])),
        None => Ok(()),
    }
}

/// One case of `moments.py`.
fn check(case: &Value) -> Result<(), String> {
    let number = |key: &str| case[key].as_f64().expect("a number");
    let [x, w, y] = ["x", "w", "y"].map(|key| floats(&case[key]));
    let passed: Vec<bool> = case["passed"].as_array().expect("a list").iter().map(|one| one == true).collect();
    let bins = case["bins"].as_u64().expect("a number") as usize;
    let fill = |storage: Storage, weights: bool, keep: &dyn Fn(usize) -> bool| {
        let axis = Axis::regular(bins, number("low"), number("high")).expect("an axis");
        let mut h = Hist::with([axis], storage).expect("a histogram");
        let rows: Vec<usize> = (0..x.len()).filter(|&row| keep(row)).collect();
        let of = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<_>>();
        let profile = storage == Storage::WeightedMean;
        let (x, w, y) = (of(&x), of(&w), of(&y));
        h.fill_slices(&[&x], weights.then_some(&w), profile.then_some(&y)).expect("rows fit");
        h
    };
    let all = |_: usize| true;
    let plain = fill(Storage::Count, false, &all);
    same("mean and standard deviation", &[plain.mean(), plain.std_dev()], &[number("mean"), number("std")])?;
    let total = fill(Storage::Weight, true, &all);
    let weighted = [number("weighted_mean"), number("weighted_std")];
    same("weighted mean and standard deviation", &[total.mean(), total.std_dev()], &weighted)?;
    let part = fill(Storage::Weight, true, &|row| passed[row]);
    let efficiency = part.efficiency(&total).map_err(|error| error.to_string())?;
    same("efficiency", &efficiency.values(), &floats(&case["efficiency"]))?;
    let theirs = floats(&case["efficiency_error"]);
    let known =
        |values: Vec<f64>| values.into_iter().zip(&theirs).filter(|(_, b)| b.is_finite()).map(|(a, _)| a).collect();
    let (errors, theirs): (Vec<f64>, Vec<f64>) = (known(efficiency.errors()), known(theirs.clone()));
    same("error of the efficiency", &errors, &theirs)?;
    let running = |h: hist::Result<Hist>| h.map(|h| h.counts()).map_err(|error| error.to_string());
    same("running sum", &running(total.cumulative())?, &floats(&case["below"]))?;
    same("running sum from above", &running(total.cumulative_from_above())?, &floats(&case["above"]))?;
    let profile = fill(Storage::WeightedMean, true, &all);
    same("profile", &profile.values(), &floats(&case["profile"]))?;
    same("errors of the profile", &profile.errors(), &floats(&case["profile_error"]))?;
    cutflow(case, &x, &y, &w)
}

/// What each cut of a chain leaves, under the weights of the whole chain.
fn cutflow(case: &Value, x: &[f64], y: &[f64], w: &[f64]) -> Result<(), String> {
    let frame = df!("x" => x, "y" => y, "w" => w).map_err(|error| error.to_string())?;
    let data = data::Data::from_frames([("p", frame)]).map_err(|error| error.to_string())?;
    let mut chain = data.all().clone();
    for step in case["steps"].as_array().expect("a list") {
        let name = step[1].as_str().expect("a name");
        chain = match step[2].as_f64() {
            Some(cut) => chain.query(format!("{name} > {cut}")),
            None => chain.weight(name),
        };
    }
    let cutflow = chain.cutflow().map_err(|error| error.to_string())?.total();
    let left: Vec<f64> =
        cutflow.iter().flat_map(|left| [left.candidates as f64, left.weighted, left.variance]).collect();
    let theirs: Vec<f64> = case["left"].as_array().expect("a list").iter().flat_map(floats).collect();
    same("cutflow", &left, &theirs)
}

#[test]
fn numpy_and_boost_histogram_agree_on_moments_efficiencies_cutflows_and_sums() {
    let Some(python) = python("differential moments and efficiencies") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path of text");
    said(&python, "moments.py", &[&CASES.to_string(), "20261128", path]);
    let text = std::fs::read_to_string(folder.path().join("cases.json")).expect("the answers");
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(cases.len(), CASES);
    let wrong: Vec<String> = cases.iter().filter_map(|case| check(case).err()).collect();
    assert!(wrong.is_empty(), "{} of {CASES} differ, the first: {}", wrong.len(), wrong[0]);
}

fn histogram(case: &Value, counts: &Value, variances: &Value) -> Hist {
    let bins = counts.as_array().expect("a list").len();
    let axis = json!({ "type": "regular", "lower": case["lower"], "upper": case["upper"], "bins": bins,
        "underflow": false, "overflow": false, "circular": false });
    let storage = match variances.is_null() {
        true => json!({ "type": "double", "values": counts }),
        false => json!({ "type": "weighted", "values": counts, "variances": variances }),
    };
    let document = json!({ "uhi_schema": 1, "axes": [axis], "storage": storage });
    Hist::from_json(&document.to_string()).expect("a histogram")
}

/// The models of `fits.py`.
fn model(case: &Value) -> Fit {
    let template = |at: usize, name: &str| {
        Template::new(name, &histogram(case, &case["templates"][at], &Value::Null)).expect("a template")
    };
    match case["kind"].as_str().expect("a kind") {
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
        _ => (Gaussian + Line).into(),
    }
}

/// The fit of a case: of its values, or of its bins.
fn fitted(case: &Value) -> Result<FitResult, String> {
    let model: Fit = match case["kind"].as_str().expect("a kind") {
        "unbinned_gauss_line" => (Gaussian + Line).range(0.0, 10.0),
        "unbinned_crystal_ball" => (CrystalBall + Exponential).range(0.0, 10.0),
        "unbinned_voigt" => (Voigt + Constant).range(0.0, 10.0),
        "simultaneous" => {
            let [one, two] = ["counts", "second"].map(|counts| histogram(case, &case[counts], &Value::Null));
            let fit =
                Simultaneous::new().channel("one", &one, Gaussian + Constant).channel("two", &two, Gaussian + Constant);
            return fit.share("mean").share("sigma").fit().map_err(|error| error.to_string());
        }
        _ => {
            let bins = histogram(case, &case["counts"], &case["variances"]);
            return bins.fit(model(case)).map_err(|error| error.to_string());
        }
    };
    let x = drawn(case);
    if x.len() as u64 != case["rows"] {
        return Err(format!("{}: {} values are drawn, not {}", case["kind"], x.len(), case["rows"]));
    }
    fit_values(&x, model).map_err(|error| error.to_string())
}

/// The values of a case, drawn as `fits.py` draws them.
fn drawn(case: &Value) -> Vec<f64> {
    let (truth, top) = (floats(&case["truth"]), case["top"].as_f64().expect("a number"));
    let (seed, tries) = (case["seed"].as_u64().expect("a seed"), case["tries"].as_u64().expect("a number"));
    let number = |place: u64| (segment::random::lot(seed, place) >> 11) as f64 / 2_f64.powi(53);
    let one = |at: u64| {
        let [a, b, c, d] = [0, 1, 2, 3].map(|place| number(4 * at + place));
        if case["kind"] != "unbinned_voigt" {
            return Some(10.0 * a).filter(|&x| b * top < density(case, &truth, x));
        }
        let peak =
            truth[1] + truth[2] * (-2.0 * b.ln()).sqrt() * (TAU * c).cos() + truth[3] / 2.0 * (PI * (d - 0.5)).tan();
        Some(if a < top { peak } else { 10.0 * b }).filter(|x| (0.0..10.0).contains(x) && *x > 0.0)
    };
    (0..tries).filter_map(one).map(|x| (x * 1e4 + 0.5).floor() / 1e4).collect()
}

/// The density of a case whose values are drawn one by one.
fn density(case: &Value, p: &[f64], x: f64) -> f64 {
    let t = (x - p[1]) / p[2];
    if case["kind"] == "unbinned_gauss_line" {
        return p[0] * (-0.5 * t * t).exp() + p[3] + p[4] * (x - 5.0);
    }
    let (alpha, n) = (p[3], p[4]);
    let tail = || (n * (n / alpha).ln() - alpha * alpha / 2.0 - n * (n / alpha - alpha - t).ln()).exp();
    let peak = if t > -alpha { (-0.5 * t * t).exp() } else { tail() };
    p[0] * peak + p[5] * (p[6] * (x - 5.0)).exp()
}

/// What differs from iminuit by more than a thousandth of an error.
fn differs(case: &Value) -> Option<String> {
    let found = match fitted(case) {
        Ok(found) => found,
        Err(why) => return Some(format!("{}: {why}", case["kind"])),
    };
    let (values, errors) = (floats(&case["values"]), floats(&case["errors"]));
    // Two peaks of one shape may come in another order.
    let swapped = case["kind"] == "two_gauss" && found["mean"].value > 50.0;
    // How well the reference knows its errors, and we no better than it: `how_well_known` in `fits.py`.
    let known = case["known"].as_array().map(|_| floats(&case["known"]));
    let little = |at: usize| 1e-3 + known.as_ref().map_or(0.0, |known| 2.0 * known[at]);
    // A Gaussian is the same with either sign of its width.
    let value = |at: usize, name: &str| if name.starts_with("sigma") { values[at].abs() } else { values[at] };
    let free = found.parameters.iter().filter(|parameter| !parameter.fixed).enumerate();
    let wrong = free.map(|(at, ours)| (if swapped && at < 6 { (at + 3) % 6 } else { at }, ours)).find(|&(at, ours)| {
        (ours.value - value(at, &ours.name)).abs() > 1e-3 * errors[at]
            || (ours.error - errors[at]).abs() > little(at) * errors[at]
    });
    let weights = || case.get("weights").and_then(|_| splot_differs(case, &found).err());
    let wrong = wrong.map(|(at, ours)| {
        let above = case["cost"].as_f64().unwrap_or(f64::NAN) - found.chi2;
        format!("{}: {ours:?} is {} ± {} in iminuit, {above:e} above ours", case["kind"], values[at], errors[at])
    });
    wrong.or_else(|| correlations_differ(case, &found, swapped)).or_else(weights)
}

/// A covariance that differs by more than a thousandth of the product of both errors.
fn correlations_differ(case: &Value, found: &FitResult, swapped: bool) -> Option<String> {
    let free: Vec<&str> = found.parameters.iter().filter(|one| !one.fixed).map(|one| one.name.as_str()).collect();
    let theirs = floats(&case["correlations"]);
    assert_eq!(theirs.len(), free.len() * (free.len() - 1) / 2, "{}", case["kind"]);
    let place = |at: usize| if swapped && at < 6 { (at + 3) % 6 } else { at };
    // What is known of the correlations stands behind what is known of the errors.
    let known = case["known"].as_array().and_then(|known| known[free.len()].as_f64());
    let little = 1e-3 + 2.0 * known.unwrap_or(0.0);
    let mut pairs = (0..free.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    pairs.find_map(|(a, b)| {
        let (low, high) = (place(a).min(place(b)), place(a).max(place(b)));
        // A width is the same with either sign.
        let sign = if turned(case, free[a], place(a)) != turned(case, free[b], place(b)) { -1.0 } else { 1.0 };
        let theirs = sign * theirs[high * (high - 1) / 2 + low];
        let ours = found.correlation(free[a], free[b]).expect("both are parameters");
        let differs = (ours - theirs).abs() > little;
        differs.then(|| format!("{}: {} and {}: {ours}, in iminuit {theirs}", case["kind"], free[a], free[b]))
    })
}

/// Whether iminuit's minimum has the other sign of a width.
fn turned(case: &Value, name: &str, at: usize) -> bool {
    name.starts_with("sigma") && floats(&case["values"])[at] < 0.0
}

/// Yields and sPlot weights of a fit of values.
fn splot_differs(case: &Value, found: &FitResult) -> Result<(), String> {
    let splot = found.splot().map_err(|error| error.to_string())?;
    let yields = found.yields();
    for (at, name) in splot.names().iter().enumerate() {
        let (ours, theirs) = (yields[at].1, case["yields"][at].as_f64().expect("a number"));
        if (ours - theirs).abs() > 1e-3 * yields[at].2 {
            return Err(format!("{}: {ours} entries of {name}, not {theirs}", case["kind"]));
        }
        let weight = splot.weight(name).map_err(|error| error.to_string())?;
        for (place, theirs) in floats(&case["weights"][at]).into_iter().enumerate() {
            let place = 0.5 + place as f64;
            let ours = weight.at(place).expect("it is in the range");
            if (ours - theirs).abs() > 1e-3 * theirs.abs().max(1.0) {
                return Err(format!("{}: the weight of {name} at {place} is {ours}, not {theirs}", case["kind"]));
            }
        }
    }
    Ok(())
}

/// Fits every case, a line each, and names all that differ.
fn agree(lines: &str, at_least: usize) {
    let cases: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(cases.len() >= at_least, "{} fits", cases.len());
    let wrong: Vec<String> = cases.par_iter().filter_map(differs).collect();
    assert!(wrong.is_empty(), "{} of {} fits differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn pinned_fits_of_iminuit_are_ours() {
    let lines = zstd::decode_all(PINNED).expect("Zstandard");
    agree(&String::from_utf8(lines).expect("text"), 2_200);
}

#[test]
fn iminuit_agrees_on_random_fits() {
    let Some(python) = python("differential fits") else { return };
    // More of each kind, with another seed: RECOIL_FITS_EACH=100.
    let each = std::env::var("RECOIL_FITS_EACH").unwrap_or_else(|_| "2".to_owned());
    let seed = std::env::var("RECOIL_FITS_SEED").unwrap_or_else(|_| "7".to_owned());
    agree(&said(&python, "fits.py", &[&each, &seed]), 42);
}
